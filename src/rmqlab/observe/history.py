"""What was read lately of one cluster, as far back as it fits.

A time in which nothing changed costs two snapshots, its first and its last. The oldest go when there are too
many of them, or when together they hold too much. The messages of queues are not kept: a busy queue's newest
are others each time.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rmqlab.observe.snapshot import Interest, Snapshot

MOST_SNAPSHOTS = 1_200
"""Five minutes of changes at four a second."""
MOST_QUEUES = 200_000
"""So many queues, each counted once and once a group that reads it, are kept: some 30 MB."""


class History:
    """A bounded row of snapshots, oldest first; thread-safe.

    Args:
        most_snapshots: keep at most so many.
        most_queues: keep at most so many queues in all of them; the newest snapshot is always kept.
    """

    def __init__(self, most_snapshots: int = MOST_SNAPSHOTS, most_queues: int = MOST_QUEUES) -> None:
        self._most_snapshots = most_snapshots
        self._most_queues = most_queues
        self._kept: deque[tuple[Interest, Snapshot]] = deque()
        self._queues = 0
        self._lock = threading.Lock()

    def add(self, interest: Interest, snapshot: Snapshot) -> None:
        """Keep a snapshot, and what was asked when it was taken."""
        interest, snapshot = replace(interest, messages=0), _without_messages(snapshot)
        with self._lock:
            if len(self._kept) > 1 and all(
                asked == interest and same(known, snapshot)
                for asked, known in (self._kept[-1], self._kept[-2])
            ):
                self._queues -= _queues(self._kept.pop()[1])
            self._kept.append((interest, snapshot))
            self._queues += _queues(snapshot)
            while len(self._kept) > 1 and (
                len(self._kept) > self._most_snapshots or self._queues > self._most_queues
            ):
                self._queues -= _queues(self._kept.popleft()[1])

    def of(self, interest: Interest) -> tuple[Snapshot, ...]:
        """Return the snapshots, oldest first, for which at least so much was asked, messages apart."""
        interest = replace(interest, messages=0)
        with self._lock:
            return tuple(snapshot for asked, snapshot in self._kept if asked.covers(interest))


def same(one: Snapshot, other: Snapshot) -> bool:
    """Tell whether two snapshots differ in nothing but when they were taken."""
    return replace(one, taken_ms=0) == replace(other, taken_ms=0)


def still(history: tuple[Snapshot, ...]) -> tuple[Snapshot, ...]:
    """Return a history without what differs from run to run, save how it went.

    Each snapshot is its `Snapshot.still()`, with `taken_ms` counted from the oldest one. How many there are,
    and when, is the history's own fact: a picture that is to be equal from run to run draws what does not
    depend on it.
    """
    return tuple(
        replace(snapshot.still(), taken_ms=snapshot.taken_ms - history[0].taken_ms) for snapshot in history
    )


def _without_messages(snapshot: Snapshot) -> Snapshot:
    topics = tuple(
        replace(topic, queues=tuple(replace(queue, messages=()) for queue in topic.queues))
        for topic in snapshot.topics
    )
    return replace(snapshot, topics=topics)


def _queues(snapshot: Snapshot) -> int:
    return sum(len(topic.queues) * (1 + len(topic.groups)) for topic in snapshot.topics)
