"""One polling thread for a process, however many pictures look.

A watch says what it is interested in and is called with each snapshot. The thread reads each watched cluster
once a turn, with the interests of all its watches joined, and ends when nobody watches any more. Watches are
held weakly: a picture that is gone is not polled for. What was read lately is kept, within bounds, for the
pictures of how things went.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from typing import TYPE_CHECKING

from rmqlab.observe.history import History
from rmqlab.observe.reader import Observable, Reader
from rmqlab.observe.snapshot import Interest, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

_DEFAULT_HZ = 4.0
# A reading may take at most this share of a core: slow answers make the feed slower, not the kernel.
_SHARE = 0.3
# Groups and members come and go seldom; what is stored and committed is asked for each time.
_GROUP_AGE_S = 1.0


class Watch:
    """One looker: hold on to it for as long as you look.

    Args:
        source: the cluster.
        interest: returns what to read; asked before each reading, None while nobody looks.
        callback: called with each snapshot, on the feed's thread.
        on_error: called with what a reading or the callback raised, there as well. The last one is kept in
        `error`
            until a turn succeeds.
    """

    def __init__(
        self,
        source: Observable,
        interest: Callable[[], Interest | None],
        callback: Callable[[Snapshot], None],
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        self.source = source
        self.interest = interest
        self.callback = callback
        self._on_error = on_error
        self.error: Exception | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Hand a snapshot over. Never raises: a thread that prints would write into somebody's cell."""
        try:
            self.callback(snapshot)
            self.error = None
        except Exception as error:  # noqa: BLE001 - whatever a picture does, the others go on
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Hand an error over, and keep it. Never raises."""
        self.error = error
        if self._on_error is not None:
            with contextlib.suppress(Exception):
                self._on_error(error)


class Feed:
    """Polls for its watches, `rate_hz` times a second (change it at any time)."""

    def __init__(
        self, rate_hz: float = _DEFAULT_HZ, make_reader: Callable[[Observable], Reader] = Reader
    ) -> None:
        self.rate_hz = rate_hz
        self._make_reader = make_reader
        self._lock = threading.Lock()
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()
        self._readers: dict[Observable, Reader] = {}
        self._histories: weakref.WeakKeyDictionary[Observable, History] = weakref.WeakKeyDictionary()
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
        return self._read(source, interest, group_age_s=0)

    def _read(self, source: Observable, interest: Interest, group_age_s: float) -> Snapshot:
        snapshot = self._reader(source).read(interest, group_age_s=group_age_s)
        self._history(source).add(interest, snapshot)
        return snapshot

    def history(self, source: Observable, interest: Interest) -> tuple[Snapshot, ...]:
        """Return what was read of a cluster lately, oldest first, where at least so much was asked.

        It reaches back as far as `History` keeps it; while nobody looked, nothing was read.
        """
        return self._history(source).of(interest)

    def _history(self, source: Observable) -> History:
        with self._lock:
            return self._histories.setdefault(source, History())

    def _reader(self, source: Observable) -> Reader:
        with self._lock:
            if source not in self._readers:
                self._readers[source] = self._make_reader(source)
            return self._readers[source]

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            looked_at = self._turn()
            with self._lock:
                idle = [source for source in self._readers if source not in looked_at]
                closing = [self._readers.pop(source) for source in idle]
                if not looked_at:
                    self._thread = None
            for reader in closing:
                reader.close()
            if not looked_at:
                return
            spent = time.monotonic() - began
            self._wake.wait(max(1 / self.rate_hz - spent, spent * (1 / _SHARE - 1)))
            self._wake.clear()

    def _turn(self) -> set[Observable]:
        """Read once for everybody; return what was looked at."""
        with self._lock:
            watches = list(self._watches)
        interests: dict[Observable, Interest] = {}
        lookers: dict[Observable, list[Watch]] = {}
        for watch in watches:
            interest = watch.interest()
            if interest is not None:
                interests[watch.source] = interests.get(watch.source, Interest()) | interest
                lookers.setdefault(watch.source, []).append(watch)
        for source, interest in interests.items():
            try:
                snapshot = self._read(source, interest, _GROUP_AGE_S)
            except Exception as error:  # noqa: BLE001 - shown by those who look, and tried again
                for watch in lookers[source]:
                    watch.fail(error)
            else:
                for watch in lookers[source]:
                    watch.show(snapshot)
        return set(interests)


feed = Feed()
