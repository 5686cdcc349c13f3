"""What this process does to a cluster, or notices of it, told to whoever records it.

Nobody listens as a rule, and then it costs a look at an empty tuple.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = ("cell", "note", "node", "fault", "send", "receive", "trouble")


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened.

    Attributes:
        kind: one of `KINDS`.
        text: what happened, in a few words.
        where: the cluster's name, or the NameServers' addresses as a client knows them; empty for everywhere.
    """

    kind: str
    text: str
    where: str = ""


listeners: tuple[Callable[[Happening], None], ...] = ()
"""Whom to tell; who is about to make up many words looks here first."""

_lock = threading.Lock()


def tell(kind: str, text: str, where: str = "") -> None:
    """Tell all listeners. Never raises: what happens must not fail because somebody listens."""
    for listener in listeners:
        with contextlib.suppress(Exception):
            listener(Happening(kind, text, where))


@contextlib.contextmanager
def listening(listener: Callable[[Happening], None]) -> Iterator[None]:
    """Be told what happens, on the thread on which it happens, until the end of the `with`."""
    global listeners  # noqa: PLW0603  (there is one process)
    with _lock:
        listeners = (*listeners, listener)
    try:
        yield
    finally:
        with _lock:
            listeners = tuple(each for each in listeners if each is not listener)
