"""What can be seen of a node from outside, for the sentences that prove a fault."""

from __future__ import annotations

import difflib
import time
from typing import TYPE_CHECKING

from rmqlab.client import remoting
from rmqlab.errors import AdminError, FaultError

if TYPE_CHECKING:
    from rmqlab.cluster import Cluster
    from rmqlab.node import Node

SILENT_S = 0.5
"""For how long a node is asked before it counts as silent."""


def find_node(cluster: Cluster, name: str, *, broker: bool = False) -> Node:
    """Return a node of that name.

    Raises:
        FaultError: there is none, or it is no broker.
    """
    known = {node.name: node for node in cluster.nodes.values() if node.spec.is_broker or not broker}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    what = "broker" if broker else "node"
    raise FaultError(f"There is no {what} called {name!r}.{guess} There are: {', '.join(known) or 'none'}.")


def answer_s(node: Node, timeout_s: float = SILENT_S) -> float | None:
    """Return how long a NameServer or broker takes to answer a question, None where it does not.

    Raises:
        ConnectionError: nobody is there to answer.
    """
    # any broker answers the second one, if only to refuse
    code = remoting.GET_BROKER_CLUSTER_INFO if node.spec.is_nameserver else remoting.GET_BROKER_RUNTIME_INFO
    begun = time.monotonic()
    try:
        remoting.ask(node.address, code, timeout_s=timeout_s)
    except TimeoutError:
        return None
    except AdminError:
        pass  # it answered, if not in RocketMQ's words
    return time.monotonic() - begun


def said_of_answers(node: Node) -> str:
    """Return whether a NameServer or broker answers, as the end of a sentence; empty for other nodes."""
    if not (node.spec.is_nameserver or node.spec.is_broker):
        return ""
    try:
        took = answer_s(node)
    except OSError:
        return f"; nobody answers at {node.address}"
    if took is None:
        return f"; {node.address} gives no answer within {SILENT_S:g} s"
    return f"; {node.address} answers within {took:.1f} s"


def whereabouts(node: Node) -> str:
    """Return what the node is to the operating system: `process 4711`, or a container's name."""
    handle = node.handle
    return f"process {handle['pid']}" if "pid" in handle else f"container {handle['mark']}"
