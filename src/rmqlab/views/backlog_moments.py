"""What a topic held and what its groups had consumed, moment by moment, out of a history of snapshots."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rmqlab.observe import Snapshot, TopicState

_RATE_S = 5.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What a topic held at a moment (seconds since some zero), and what each group had consumed of it."""

    seconds: float
    produced: int
    consumed: dict[str, int]
    lag: dict[str, int]
    after_silence: bool = False


@dataclass(frozen=True, slots=True)
class _Sums:
    """A topic's queues, added up."""

    produced: int
    consumed: dict[str, int]
    lag: dict[str, int]
    silent: bool


# A history is drawn again with each of its snapshots; what each adds up to is kept as long as it is.
_known: dict[int, tuple[weakref.ref[TopicState], _Sums]] = {}


def moments_of(seen: Sequence[Snapshot], topic_name: str, groups: str | Iterable[str] | None) -> list[Moment]:
    """Return what was known of the topic, except while a queue was silent; `groups` are all if None."""
    wanted = None if groups is None else {groups} if isinstance(groups, str) else set(groups)
    moments: list[Moment] = []
    silent = False
    for snapshot in seen:
        topic = snapshot.topic(topic_name)
        sums = _sums(topic) if topic is not None and topic.queues else None
        if sums is None or sums.silent:
            silent = True
            continue
        moments.append(
            Moment(
                snapshot.taken_ms / 1000,
                sums.produced,
                _chosen(sums.consumed, wanted),
                _chosen(sums.lag, wanted),
                after_silence=silent and bool(moments),
            )
        )
        silent = False
    return moments


def rates_of(window: Sequence[Moment]) -> dict[str, float]:
    """Return how many messages a second came in (under the empty name) and each group consumed, lately."""
    lately = [each for each in window if window[-1].seconds - each.seconds <= _RATE_S]
    if len(lately) < 2 or lately[-1].seconds <= lately[0].seconds:  # noqa: PLR2004 - a rate is between two
        return {}
    first, last = lately[0], lately[-1]
    seconds = last.seconds - first.seconds
    rates = {
        group: max(0, done - first.consumed.get(group, done)) / seconds
        for group, done in last.consumed.items()
    }
    return {**rates, "": max(0, last.produced - first.produced) / seconds}


def _chosen(by_group: dict[str, int], wanted: set[str] | None) -> dict[str, int]:
    return by_group if wanted is None else {name: by_group[name] for name in by_group if name in wanted}


def _sums(topic: TopicState) -> _Sums:
    place = id(topic)
    known = _known.get(place)
    if known is None or known[0]() is not topic:
        kept = weakref.ref(topic, lambda gone: _forget(place, gone))
        known = _known[place] = (kept, _add_up(topic))
    return known[1]


def _forget(place: int, gone: weakref.ref[TopicState]) -> None:
    known = _known.get(place)
    if known is not None and known[0] is gone:
        del _known[place]


def _add_up(topic: TopicState) -> _Sums:
    return _Sums(
        sum(queue.max_offset for queue in topic.queues),
        {group.name: sum(each.consumer_offset for each in group.progress.values()) for group in topic.groups},
        {group.name: group.lag for group in topic.groups},
        any(queue.silent for queue in topic.queues),
    )
