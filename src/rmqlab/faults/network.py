"""Faults of the network between nodes, or between clients and a node, through the cluster's relay."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rmqlab import relays
from rmqlab.errors import FaultError
from rmqlab.faults.evidence import SILENT_S, answer_s, said_of_answers
from rmqlab.links import CLIENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.cluster import Cluster
    from rmqlab.node import Node
    from rmqlab.relays import Link

_POLL_S = 0.05
_LONGEST_QUESTION_S = 30.0


@contextmanager
def cut(cluster: Cluster, one: str, other: str) -> Iterator[str]:
    """Pull the cable: connections stay open, nothing passes. Undone: what was held passes.

    Args:
        cluster: One that was started with `links=True`.
        one: A node, or `clients` for all that is no node.
        other: A node, or `clients`.
    """
    relay, links = _find(cluster, one, other)
    try:
        before = {link.name: relays.cut(relay.address, link.name) for link in links}
        yield f"Nothing passes between {one} and {other}: {_silence(cluster, relay.address, before)}."
    finally:
        for link in links if relay.state == "up" else ():  # a relay that starts again has whole links
            relays.restore(relay.address, link.name)


@contextmanager
def slow_link(
    cluster: Cluster, one: str, other: str, latency_ms: int = 0, loss: float = 0.0
) -> Iterator[str]:
    """Make a link slow, or lossy. Undone: it is as quick as before.

    Args:
        cluster: One that was started with `links=True`.
        one: A node, or `clients` for all that is no node.
        other: A node, or `clients`.
        latency_ms: What everything takes each way; an answer to a question comes after twice that.
        loss: The share that has to be sent again, up to 0.9. TCP does so after 200 ms, and after twice as
            long each time that it is lost again; what was sent after it waits.
    """
    relay, links = _find(cluster, one, other)
    try:
        before = _question_ms(cluster, links)
        for link in links:
            relays.slow(relay.address, link.name, latency_ms, loss)
        after = _question_ms(cluster, links)
        told = f"{latency_ms} ms each way, {loss:.0%} sent again"
        measured = f": a question takes {after}, before it took {before}" if before and after else ""
        yield f"The link between {one} and {other} is slow ({told}){measured}."
    finally:
        for link in links if relay.state == "up" else ():
            relays.slow(relay.address, link.name, 0, 0.0)


def mend(cluster: Cluster) -> None:
    """Restore every link of a relay that runs."""
    relay = _relay(cluster)
    if relay is not None and relay.state == "up":
        for link in relays.links(relay.address).values():
            if link.cut:
                relays.restore(relay.address, link.name)
            if link.latency_ms or link.loss:
                relays.slow(relay.address, link.name, 0, 0.0)


def troubles(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    """Return from whom each node is cut off, and to whom its link is slow.

    Raises:
        FaultError: the relay does not answer.
    """
    relay = _relay(cluster)
    found: dict[str, tuple[str, ...]] = {}
    if relay is not None and relay.state == "up":
        for link in relays.links(relay.address).values():
            word = "cut off from" if link.cut else "slow to" if link.latency_ms or link.loss else ""
            one, _, other = link.name.partition(">")
            for here, there in ((one, other), (other, one)) if word else ():
                found[here] = (*found.get(here, ()), f"{word} {there}")
    return found


def _relay(cluster: Cluster) -> Node | None:
    return next((node for node in cluster.nodes.values() if node.role == "RELAY"), None)


def _find(cluster: Cluster, one: str, other: str) -> tuple[Node, list[Link]]:
    relay = _relay(cluster)
    if relay is None:
        raise FaultError(
            f"{cluster.name} has no relay, so its links cannot be cut or slowed. "
            "Start a cluster with links=True (`rmqlab up --links`)."
        )
    return relay, relays.links_between(relays.links(relay.address).values(), one, other)


def _silence(cluster: Cluster, control: str, before: dict[str, Link]) -> str:
    """Watch cut links for a while, and say what was seen.

    Raises:
        FaultError: something passed.
    """
    asked = "".join(said_of_answers(cluster.nodes[name]) for name in _asked(before.values()))
    until = time.monotonic() + (0 if asked else SILENT_S)
    while time.monotonic() < until:
        time.sleep(_POLL_S)
    after = {name: link for name, link in relays.links(control).items() if name in before}
    passed = sum(after[name].up + after[name].down - link.up - link.down for name, link in before.items())
    if passed:
        raise FaultError(f"The link is cut, but {passed} bytes passed. Try again.")
    held = sum(link.connections for link in after.values())
    return f"0 bytes in {SILENT_S:g} s, connections held: {held}{asked}"


def _question_ms(cluster: Cluster, links: list[Link]) -> str:
    """Return how long a question through the link takes; empty where only nodes use it, or nobody answers."""
    for name in _asked(links):
        with suppress(ConnectionError):
            took = answer_s(cluster.nodes[name], timeout_s=_LONGEST_QUESTION_S)
            if took is not None:
                return f"{took * 1000:.0f} ms"
    return ""


def _asked(links: list[Link]) -> list[str]:
    """Return the nodes that we, as clients, reach through these links."""
    return [link.name.partition(">")[2] for link in links if CLIENTS in link.ends]
