"""One polling thread for a process, however many pictures look.

A watch says what it is interested in and is called with each snapshot. The thread reads each watched cluster once a
turn, with the interests of all its watches joined, and ends when nobody watches any more. Watches are held weakly: a
picture that is gone is not polled for.
"""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING

from rmqlab.observe.reader import Observable, Reader
from rmqlab.observe.snapshot import Interest, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

_DEFAULT_HZ = 4.0
# A reading may take at most this share of a core: slow answers make the feed slower, not the kernel.
_SHARE = 0.3


class Watch:
    """One looker: hold on to it for as long as you look.

    Args:
        source: the cluster.
        interest: returns what to read; asked before each reading, None while nobody looks.
        callback: called with each snapshot, on the feed's thread. What it raises is kept in `error`.
    """

    def __init__(
        self,
        source: Observable,
        interest: Callable[[], Interest | None],
        callback: Callable[[Snapshot], None],
    ) -> None:
        self.source = source
        self.interest = interest
        self.callback = callback
        self.error: BaseException | None = None


class Feed:
    """Polls for its watches, `rate_hz` times a second (change it at any time)."""

    def __init__(self, rate_hz: float = _DEFAULT_HZ, make_reader: Callable[[Observable], Reader] = Reader) -> None:
        self.rate_hz = rate_hz
        self._make_reader = make_reader
        self._lock = threading.Lock()
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()
        self._readers: dict[str, Reader] = {}
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the polling thread lives."""
        return self._thread is not None

    def add(self, watch: Watch) -> None:
        """Poll for a watch, from now on or again; to be called when somebody looks (again)."""
        with self._lock:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rmqlab-feed", daemon=True)
                self._thread.start()
        self._wake.set()

    def remove(self, watch: Watch) -> None:
        """Poll no more for a watch."""
        with self._lock:
            self._watches.discard(watch)
        self._wake.set()

    def read(self, source: Observable, interest: Interest) -> Snapshot:
        """Take one snapshot at once, through the connection that the feed uses."""
        return self._reader(source).read(interest)

    def _reader(self, source: Observable) -> Reader:
        with self._lock:
            reader = self._readers.get(source.namesrv)
            if reader is None or reader.source is not source:
                old, reader = reader, self._make_reader(source)
                self._readers[source.namesrv] = reader
                if old is not None:
                    old.close()
            return reader

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            looked = self._turn()
            with self._lock:
                if not looked:
                    self._thread = None
                    readers, self._readers = self._readers, {}
                    break
            spent = time.monotonic() - began
            self._wake.wait(max(1 / self.rate_hz - spent, spent * (1 / _SHARE - 1)))
            self._wake.clear()
        for reader in readers.values():
            reader.close()

    def _turn(self) -> bool:
        """Read once for everybody; return whether anybody looked."""
        with self._lock:
            watches = list(self._watches)
        wanted: dict[str, tuple[Observable, Interest, list[Watch]]] = {}
        for watch in watches:
            interest = watch.interest()
            if interest is None:
                continue
            source, joined, lookers = wanted.get(watch.source.namesrv, (watch.source, Interest(), []))
            wanted[watch.source.namesrv] = (source, joined | interest, [*lookers, watch])
        for source, interest, lookers in wanted.values():
            try:
                snapshot = self._reader(source).read(interest)
                for watch in lookers:
                    watch.callback(snapshot)
            except Exception as error:  # noqa: BLE001 - a thread that prints would write into somebody's cell
                for watch in lookers:
                    watch.error = error
        return bool(wanted)


feed = Feed()
