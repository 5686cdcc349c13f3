"""What a ledger is told: events as lines of JSON, one file a process, in one folder a ledger.

A line is handed to the operating system before the call returns: a process that is killed takes nothing
along that it has reported. Whoever adds up reads all files; a last line that is cut off is left out.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, ClassVar

from rmqlab.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX = ".jsonl"


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


Event = Sent | Answered | Delivered | Processed
_KINDS: dict[str, type[Event]] = {each.kind: each for each in (Sent, Answered, Delivered, Processed)}


class Journal:
    """One process's file in a ledger's folder. Thread-safe; the file is made with the first event."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: int | None = None
        self._pid = 0

    def write(self, event: Event) -> None:
        """Write an event down.

        Raises:
            LedgerError: it could not be written.
        """
        line = json.dumps((event.kind, *astuple(event)), ensure_ascii=False) + "\n"
        try:
            with self._lock:
                os.write(self._open(), line.encode())
        except OSError as error:
            raise LedgerError(f"The ledger at {self._folder} cannot be written: {error}.") from error

    def close(self) -> None:
        """Close the file; a further event opens another."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _open(self) -> int:
        if self._file is None or self._pid != os.getpid():  # after a fork the file is the parent's
            self._folder.mkdir(parents=True, exist_ok=True)
            self._pid = os.getpid()
            path = self._folder / f"{time.time():.0f}-{self._pid}-{uuid.uuid4().hex[:6]}{_SUFFIX}"
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return self._file


def read_events(folder: Path) -> Iterator[Event]:
    """Read what all processes wrote into a ledger's folder, file by file, each in its own order.

    Raises:
        LedgerError: a line is no event; the message names file and line.
    """
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            if not line.endswith("\n"):
                break  # its writer was killed, or writes it this moment
            try:
                kind, *parts = json.loads(line)
                yield _KINDS[kind](*parts)
            except (ValueError, KeyError, TypeError) as error:
                raise LedgerError(
                    f"{path.name}, line {number}, is no event of a ledger: {error!r}."
                ) from error


def forget_events(folder: Path) -> None:
    """Remove what was written into a ledger's folder."""
    for path in folder.glob(f"*{_SUFFIX}"):
        path.unlink(missing_ok=True)
