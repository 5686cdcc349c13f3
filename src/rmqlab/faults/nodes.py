"""Faults of whole nodes: killed, stopped, paused."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rmqlab.errors import FaultError
from rmqlab.faults.evidence import find_node, said_of_answers, whereabouts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.cluster import Cluster
    from rmqlab.node import Node


@contextmanager
def kill(cluster: Cluster, node: str) -> Iterator[str]:
    """Kill -9: what was not handed to the operating system is gone. Undone: started again on its files."""
    broken = find_node(cluster, node)
    broken.require_running("kill")
    was = whereabouts(broken)
    try:
        broken.kill()
        require_state(broken, "down")
        yield f"{node} was killed: {was} is gone{said_of_answers(broken)}."
    finally:
        start(cluster, broken)


@contextmanager
def stop(cluster: Cluster, node: str) -> Iterator[str]:
    """Stop as an administrator does: unregister, flush, close. Undone: started again on its files."""
    broken = find_node(cluster, node)
    broken.require_running("stop")
    was = whereabouts(broken)
    begun = time.monotonic()
    try:
        broken.stop()
        require_state(broken, "down")
        took = time.monotonic() - begun
        yield f"{node} ended after {took:.1f} s: {was} is gone{said_of_answers(broken)}."
    finally:
        start(cluster, broken)


@contextmanager
def pause(cluster: Cluster, node: str) -> Iterator[str]:
    """Freeze: connections stay open, nothing is answered. Undone: it goes on where it stood."""
    broken = find_node(cluster, node)
    broken.require_running("pause")
    try:
        broken.pause()
        require_state(broken, "paused")
        yield f"{node} is paused: {whereabouts(broken)} stands still{said_of_answers(broken)}."
    finally:
        if broken.state == "paused":
            broken.resume()


def require_state(node: Node, state: str) -> None:
    """See to it that a fault took effect.

    Raises:
        FaultError: it did not.
    """
    if node.state != state:
        raise FaultError(f"{node.name} should be {state} and is {node.state}. Try again.")


def start(cluster: Cluster, node: Node) -> None:
    """Start a node that is down again on its files."""
    if node.state == "down":
        cluster.launch([node.spec])
