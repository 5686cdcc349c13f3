"""Judging order: what of each key was stored and consumed, in which order, and what came late, twice or not.

Within a queue there is an order: its offsets. Between queues there is none, so only a program that says which
step comes before which (`order`) can call something late that lies in another queue.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from rmqlab.client.facts import QueueRef, StoredMessage
from rmqlab.observe.snapshot import SHARDING_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Named = tuple[str, str]

BY = ("key", "sharding")
STEP = ("tag", "body")
# What can be said of a lane, the worst first.
_VERDICTS = {
    "failed": "✕ fails",
    "late": "✕ out of order",
    "twice": "↻ twice",
    "blocked": "‖ blocked",
    "waiting": "… waiting",
    "": "✓ in order",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One message in a lane, as it was stored, or as it was consumed.

    Attributes:
        step: what the message is called within its key.
        nth: 1, or more where the key has several of that name.
        message: the stored one; None where the broker's part of the picture does not have it.
        mark: `late`, `twice`; of what has not been consumed `failed`, `blocked` or `waiting`; else empty.
        failures: how often the program has failed to consume it.
    """

    step: str
    nth: int = 1
    message: StoredMessage | None = None
    mark: str = ""
    failures: int = 0

    @property
    def done(self) -> bool:
        """Whether it was consumed (asked of a place among the consumed)."""
        return self.mark not in {"failed", "blocked", "waiting"}


@dataclass(frozen=True)  # no slots: what is counted once is kept
class Lane:
    """One key: its messages in the order of storing, and in the order of consuming, then what is to come."""

    key: str
    stored: tuple[Place, ...] = ()
    consumed: tuple[Place, ...] = ()

    @cached_property
    def queues(self) -> tuple[QueueRef, ...]:
        """The queues that hold its messages."""
        return tuple(sorted({place.message.queue for place in self.stored if place.message}))

    @cached_property
    def marks(self) -> Counter[str]:
        """How many of its places have each mark."""
        return Counter(place.mark for place in (*self.stored, *self.consumed) if place.mark)

    @cached_property
    def severity(self) -> int:
        """How bad the worst is that can be said of it, 0 the worst."""
        return next(n for n, mark in enumerate(_VERDICTS) if not mark or self.marks[mark])

    @property
    def verdict(self) -> str:
        """The worst that can be said of it, as symbol and word."""
        if not self.marks and not self.consumed and len(self.queues) > 1:
            return "? several queues"  # between which nothing is before or after anything
        return [*_VERDICTS.values()][self.severity]


@dataclass(frozen=True, slots=True)
class Told:
    """What the program tells: what it consumed (None: it does not say), what it failed to, in its order."""

    consumed: tuple[Named, ...] | None = None
    failed: tuple[Named, ...] = ()
    order: tuple[str, ...] = ()
    by: str = "key"
    step: str = "tag"
    since: Mapping[tuple[str, int], int] = field(default_factory=dict)


def lanes(messages: Iterable[StoredMessage], told: Told) -> tuple[Lane, ...]:
    """Return a lane for each key, by the order in which their first messages were stored.

    Args:
        messages: the topic's, in any order.
        told: what the program knows, and how keys and steps are found.
    """
    after = [m for m in messages if m.queue_offset >= told.since.get((m.broker, m.queue_id), 0)]
    after.sort(key=StoredMessage.stored_order)
    stored: dict[str, list[Place]] = {}
    times: Counter[Named] = Counter()
    for message in after:
        key = key_of(message, told.by)
        name = message.tags if told.step == "tag" else message.body.decode(errors="replace")
        times[key, name] += 1
        stored.setdefault(key, []).append(Place(name, times[key, name], message))
    consumed: dict[str, list[str]] = {key: [] for key in stored}
    for key, step in told.consumed or ():
        consumed.setdefault(key, []).append(step)
    fails = Counter(told.failed)
    held_up = _held_up(stored, consumed, fails)
    return tuple(
        Lane(
            key,
            tuple(_judged(stored.get(key, []), told.order, apart=True)),
            ()
            if told.consumed is None
            else tuple(_consumption(key, stored.get(key, []), steps, fails, held_up, told.order)),
        )
        for key, steps in consumed.items()
    )


def key_of(message: StoredMessage, by: str) -> str:
    """Return a message's (first) key, or the sharding key that it was sent by; empty if it has none."""
    return message.properties.get(SHARDING_KEY, "") if by == "sharding" else message.keys.partition(" ")[0]


def _judged(places: Sequence[Place], order: tuple[str, ...], *, apart: bool) -> list[Place]:
    """Mark what came late or twice; `apart`: judge each queue alone."""
    rank = {step: number for number, step in enumerate(order)}
    furthest: dict[object, int] = {}
    judged = []
    for place in places:
        queue = place.message.queue if place.message else None
        if rank:
            track, position = (queue if apart else None), rank.get(place.step, -1)
        else:
            track, position = queue, place.message.queue_offset if place.message else -1
        before = furthest.get(track, -1)
        mark = "twice" if place.nth > 1 else "late" if -1 < position < before else ""
        furthest[track] = max(position, before)
        judged.append(replace(place, mark=mark) if mark else place)
    return judged


def _consumption(  # noqa: PLR0913, PLR0917 - what is known of one key
    key: str,
    stored: list[Place],
    steps: list[str],
    fails: Counter[Named],
    held_up: Mapping[QueueRef, int],
    order: tuple[str, ...],
) -> list[Place]:
    known = {(place.step, place.nth): place.message for place in stored}
    first = {place.step: place.message for place in reversed(stored)}
    times: Counter[str] = Counter()
    places = []
    for step in steps:
        times[step] += 1
        message = known.pop((step, times[step]), first.get(step))
        places.append(Place(step, times[step], message, failures=fails[key, step]))
    to_come = [
        Place(step, nth, message, _why_not(message, fails[key, step], held_up), fails[key, step])
        for (step, nth), message in known.items()
    ]
    return [*_judged(places, order, apart=False), *to_come]


def _why_not(message: StoredMessage, failures: int, held_up: Mapping[QueueRef, int]) -> str:
    if failures:
        return "failed"
    first = held_up.get(message.queue)
    return "blocked" if first is not None and message.queue_offset > first else "waiting"


def _held_up(
    stored: Mapping[str, list[Place]], consumed: Mapping[str, list[str]], fails: Counter[Named]
) -> dict[QueueRef, int]:
    """Return for each queue the first offset that the program tried, and has not managed yet."""
    first: dict[QueueRef, int] = {}
    for key, places in stored.items():
        for place in places:
            message = place.message
            if message and fails[key, place.step] and place.step not in consumed[key]:
                first[message.queue] = min(
                    message.queue_offset, first.get(message.queue, message.queue_offset)
                )
    return first
