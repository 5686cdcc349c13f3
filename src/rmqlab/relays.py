"""Talking to a cluster's relay: which links it has, how they are, and orders to cut or slow one.

A link is named `ONE>OTHER`: ONE opens the connections, OTHER accepts them. `clients` are all that is no node.
The relay itself is runtime/relay/ (Java): it forwards bytes between loopback addresses.
"""

from __future__ import annotations

import difflib
import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.errors import FaultError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_LOSS = 0.9
_ANSWER_S = 3.0


@dataclass(frozen=True)
class Link:
    """How one link is.

    Attributes:
        name: `ONE>OTHER`.
        cut: Nothing passes, either way.
        latency_ms: What each byte takes, each way.
        loss: The share of chunks that have to be sent again, each of which waits for a time-out of TCP.
        up: Bytes that passed from ONE to OTHER.
        down: Bytes that passed back.
        held: Bytes that are on their way, or wait for a cut link.
        connections: Open connections.
    """

    name: str
    cut: bool
    latency_ms: int
    loss: float
    up: int
    down: int
    held: int
    connections: int

    @property
    def ends(self) -> frozenset[str]:
        """Who it joins."""
        return frozenset(self.name.split(">"))


def links(control: str) -> dict[str, Link]:
    """Return how every link is, by name.

    Args:
        control: `host:port` of the relay's control port.

    Raises:
        FaultError: the relay does not answer.
    """
    return _order(control, "show")


def cut(control: str, link: str) -> Link:
    """Let nothing pass a link until `restore`."""
    return _order(control, f"cut {link}")[link]


def restore(control: str, link: str) -> Link:
    """Let a cut link pass again, what was held first."""
    return _order(control, f"restore {link}")[link]


def slow(control: str, link: str, latency_ms: int, loss: float) -> Link:
    """Delay what passes a link from now on; 0 and 0.0 undo it.

    Raises:
        FaultError: the latency is below 0, or the loss not between 0 and `MOST_LOSS`.
    """
    if latency_ms < 0 or not 0 <= loss <= MOST_LOSS:
        raise FaultError(
            f"A link cannot have {latency_ms} ms latency and a loss of {loss}: "
            f"latency is 0 or more, loss between 0 and {MOST_LOSS}."
        )
    return _order(control, f"slow {link} {latency_ms} {loss}")[link]


def links_between(known: Iterable[Link], one: str, other: str) -> list[Link]:
    """Return the links that join two ends, whoever opens the connections.

    Raises:
        FaultError: none does; the message names the pairs that there are.
    """
    known = list(known)
    found = [link for link in known if link.ends == {one, other}]
    if found:
        return found
    ends = sorted({end for link in known for end in link.ends})
    guesses = []
    for end in (one, other):
        near = difflib.get_close_matches(end, ends, n=1)
        if end not in ends and near:
            guesses.append(f" Did you mean {near[0]}?")
    pairs = ", ".join(" and ".join(sorted(link.ends)) for link in known)
    raise FaultError(f"No link joins {one} and {other}.{''.join(guesses)} Joined are: {pairs}.")


def _order(control: str, line: str) -> dict[str, Link]:
    host, _, port = control.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_ANSWER_S) as connection:
            connection.sendall(f"{line}\n".encode())
            answer = connection.makefile(encoding="utf-8").readline()
        state = json.loads(answer)
    except (OSError, ValueError) as error:
        raise FaultError(
            f"The relay at {control} does not answer ({error}). `.restart()` its node, named relay."
        ) from error
    if "error" in state:
        raise FaultError(f"The relay at {control} refused {line!r}: {state['error']}.")
    return {name: Link(name=name, **facts) for name, facts in state.items()}
