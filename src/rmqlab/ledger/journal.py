"""What a ledger is told: events as lines of JSON, one file a process, in one folder a ledger.

A file is mapped into memory: a report is in the operating system's hands once it is copied there, without a
system call, and a process that is killed takes nothing along that it has reported. Whoever adds up reads all
files; zeros at the end are room that was not used, and a last line that is cut off is left out.
"""

from __future__ import annotations

import json
import mmap
import os
import threading
import time
import uuid
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rmqlab.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX = ".jsonl"
_FILE_BYTES = 1 << 20
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Sent:
    """A program is about to send a message, or to send it once more.

    Attributes:
        entry: the ledger's name for the message; it travels as the property `LEDGER`.
        topic: where to.
        key: the keys that the program gave it; order is judged within a key.
        at: seconds since 1970, as in all events.
    """

    kind: ClassVar[str] = "sent"
    entry: str
    topic: str
    key: str
    at: float

    def parts(self) -> tuple[str | float, ...]:
        """Return what a line has besides the kind; `astuple` takes ten times as long."""
        return (self.entry, self.topic, self.key, self.at)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a send came to.

    Attributes:
        entry: the message.
        answer: a SendStatus by name (`OK`, `FLUSH_DISK_TIMEOUT`, ...), `TIMEOUT`, `NONE` (oneway), `FAILED`,
            or `REFUSED`: it was never sent.
        detail: an error's own words.
        at: when.
    """

    kind: ClassVar[str] = "answered"
    entry: str
    answer: str
    detail: str
    at: float

    def parts(self) -> tuple[str | float, ...]:
        """Return what a line has besides the kind; `astuple` takes ten times as long."""
        return (self.entry, self.answer, self.detail, self.at)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A consumer's callback is called with a message.

    Attributes:
        entry: the message.
        group: the consumer group, and the member of it.
        instance: that member.
        times: how often the message has come before (reconsumeTimes).
        at: when.
    """

    kind: ClassVar[str] = "delivered"
    entry: str
    group: str
    instance: str
    times: int
    at: float

    def parts(self) -> tuple[str | float, ...]:
        """Return what a line has besides the kind; `astuple` takes ten times as long."""
        return (self.entry, self.group, self.instance, self.times, self.at)


@dataclass(frozen=True, slots=True)
class Processed:
    """A callback has returned.

    Attributes:
        entry: the message.
        group: the consumer group, and the member of it.
        instance: that member.
        done: whether it returned CONSUME_SUCCESS; otherwise the message comes again.
        at: when.
    """

    kind: ClassVar[str] = "processed"
    entry: str
    group: str
    instance: str
    done: bool
    at: float

    def parts(self) -> tuple[str | float, ...]:
        """Return what a line has besides the kind; `astuple` takes ten times as long."""
        return (self.entry, self.group, self.instance, self.done, self.at)


Event = Sent | Answered | Delivered | Processed
_KINDS: dict[str, type[Event]] = {each.kind: each for each in (Sent, Answered, Delivered, Processed)}


class Journal:
    """One process's file in a ledger's folder. Thread-safe; the file is made with the first event."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._map: mmap.mmap | None = None
        self._end = 0
        _journals.add(self)

    def write(self, event: Event) -> None:
        """Write an event down.

        Raises:
            LedgerError: it could not be written.
        """
        line = _encode((event.kind, *event.parts())).encode() + b"\n"
        try:
            with self._lock:
                room = self._room(len(line))
                room[self._end : self._end + len(line)] = line
                self._end += len(line)
        except (OSError, ValueError) as error:
            raise LedgerError(f"The ledger at {self._folder} cannot be written: {error}.") from error

    def close(self) -> None:
        """Close the file; a further event opens another."""
        with self._lock:
            self._leave_file()

    def clear(self) -> None:
        """Remove what all processes wrote into the folder; an event that comes meanwhile is kept."""
        with self._lock:  # a file opened before the others are gone would go with them
            self._leave_file()
            for path in self._folder.glob(f"*{_SUFFIX}"):
                path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Let go of the file, which is another process's; for a child after a fork."""
        self._lock = threading.Lock()  # whoever held it lives in the parent
        self._map = None

    def _leave_file(self) -> None:
        if self._map is not None:
            self._map.close()
            self._map = None

    def _room(self, size: int) -> mmap.mmap:
        """Return a mapped file with so much room left; a full one is left for another."""
        if self._map is None or self._end + size > len(self._map):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._end = 0
            path = self._folder / f"{time.time():.0f}-{os.getpid()}-{uuid.uuid4().hex[:6]}{_SUFFIX}"
            with path.open("x+b") as file:
                # Written, not only lengthened: a full disk has to say so here, and not by a signal later.
                file.write(bytes(max(_FILE_BYTES, size)))
                file.flush()
                self._map = mmap.mmap(file.fileno(), 0)
        return self._map


_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


def _leave_to_the_parent() -> None:
    for journal in _journals:
        journal.forget()


if hasattr(os, "register_at_fork"):  # a child that wrote into its parent's file would write over its lines
    os.register_at_fork(after_in_child=_leave_to_the_parent)


def read_events(folder: Path) -> Iterator[Event]:
    """Read what all processes wrote into a ledger's folder, file by file, each in its own order.

    Raises:
        LedgerError: a line is no event; the message names file and line.
    """
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        text = path.read_bytes().rstrip(b"\0").decode("utf-8", errors="replace")
        *lines, _cut_off = text.split("\n")  # its writer was killed, or writes it this moment
        for number, line in enumerate(lines, 1):
            try:
                kind, *parts = json.loads(line)
                yield _KINDS[kind](*parts)
            except (ValueError, KeyError, TypeError) as error:
                raise LedgerError(
                    f"{path.name}, line {number}, is no event of a ledger: {error!r}."
                ) from error
