"""One row of the queues' picture: label, extent, dots, and a rail a group that shows how far it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.views.legend import Legend, group_mark
from rmqlab.views.markup import PAD, at, el, facts, shorten, text
from rmqlab.views.message_dot import RADIUS, dot

if TYPE_CHECKING:
    from rmqlab.observe import GroupState, QueueState, TopicState
    from rmqlab.views.looker import Looker

WIDTH = 864.0
RAILS = 3
_TRACK = 180.0
_PITCH = 22.0
_SLOTS = 23
_OLDER = 3  # slots that the count of older messages takes
_BUDGET = 96  # dots in the whole picture


def slots(queues: int) -> int:
    """Return how many messages a row has room for when there are that many rows."""
    return max(6, min(_SLOTS, _BUDGET // max(1, queues)))


def row_height(topic: TopicState) -> float:
    """Return the height of each row; it grows with the number of groups."""
    return 36 + 14 * min(len(topic.groups), RAILS)


def row(queue: QueueState, topic: TopicState, legend: Legend, looker: Looker, y: float) -> str:
    """Draw one queue of a topic, its top at `y`."""
    scale = _Scale(queue, slots(len(topic.queues)))
    middle = 18.0
    label = f"queue {queue.ref.queue_id}"
    if len({each.ref.broker for each in topic.queues}) > 1:
        label = f"{shorten(queue.ref.broker, 11)} · {queue.ref.queue_id}"
    parts = [
        el("path", d=f"M{PAD} 0H{WIDTH - PAD}", class_="s-line", stroke_width=0.7),
        text(PAD, middle + 4.5, label, f"{'f-soft' if queue.silent else 'f-ink'} b"),
    ]
    known = queue.count > 0 or not queue.silent
    if known:
        parts += [
            text(164, middle + 4.5, f"{queue.min_offset}", "f-soft m e"),
            text(728, middle + 4.5, f"{queue.max_offset}", "f-ink m e"),
        ]
    if queue.silent:
        parts.append(text(WIDTH - PAD, middle + 4.5, queue.silent, "f-paused b s e"))
    if known and not queue.count:
        parts.append(text(_TRACK, middle + 4.5, "empty", "f-soft s"))
    if scale.older:
        parts.append(_older(scale, middle))
    done = min((_committed(group, queue) for group in topic.groups), default=0)
    parts += [
        dot(
            message,
            legend,
            looker,
            at(scale.x(message.queue_offset) + _PITCH / 2, middle),
            "remembered" if queue.silent else "committed" if message.queue_offset < done else "waiting",
        )
        for message in queue.messages
        if message.queue_offset >= scale.first
    ]
    parts += [_rail(number, group, queue, scale) for number, group in enumerate(topic.groups[:RAILS])]
    return el(
        "g",
        *parts,
        data_id=f"q-{queue.ref.broker}-{queue.ref.queue_id}",
        style=at(0, y),
    )


class _Scale:
    """Where an offset lies: the older ones share a pill at the left, each of the others has a slot."""

    def __init__(self, queue: QueueState, room: int) -> None:
        self.minimum = queue.min_offset
        self.maximum = queue.max_offset
        crowded = queue.count > room
        self.first = (
            max(queue.min_offset, queue.max_offset - (room - _OLDER)) if crowded else queue.min_offset
        )
        self.older = self.first - queue.min_offset
        self.start = _TRACK + (_OLDER * _PITCH if self.older else 0)

    def x(self, offset: int) -> float:
        """Return the left edge of an offset's slot."""
        if offset >= self.first:
            return self.start + (min(offset, self.maximum) - self.first) * _PITCH
        share = (max(offset, self.minimum) - self.minimum) / max(1, self.older)
        return _TRACK + share * (_OLDER * _PITCH - 4)


def _committed(group: GroupState, queue: QueueState) -> int:
    progress = group.progress.get(queue.ref)
    return progress.consumer_offset if progress else 0


def _older(scale: _Scale, middle: float) -> str:
    return el(
        "g",
        facts(f"{scale.older:,} messages, offsets {scale.minimum} to {scale.first - 1}"),
        el(
            "rect",
            x=_TRACK,
            y=middle - RADIUS,
            width=_OLDER * _PITCH - 4,
            height=2 * RADIUS,
            rx=RADIUS,
            class_="f-card s-line",
        ),
        text(_TRACK + (_OLDER * _PITCH - 4) / 2, middle + 4, f"{_short(scale.older)} older", "f-soft c mid"),
        data_id="older",
    )


def _rail(number: int, group: GroupState, queue: QueueState, scale: _Scale) -> str:
    progress = group.progress.get(queue.ref)
    y = 38 + 14 * number
    end = scale.x(queue.max_offset)
    if progress is None:
        return text(WIDTH - PAD, y + 4, "nothing yet", "f-soft c e", data_id=f"r-{number}")
    reached = scale.x(progress.consumer_offset)
    return el(
        "g",
        facts(
            f"{group.name} has committed offset {progress.consumer_offset}: the next one it wants",
            f"{progress.lag} of the queue's messages lie before it" if progress.lag else "it has them all",
        ),
        el("path", d=f"M{_TRACK} {y}H{end}", class_="s-line", stroke_width=2) if end > _TRACK else "",
        el("path", d=f"M{_TRACK} {y}H{reached}", class_="s-accent", stroke_width=2.5)
        if reached > _TRACK
        else "",
        el("g", group_mark(0, 0, number), style=at(reached, y), class_="move", data_id=f"g-{number}"),
        group_mark(WIDTH - PAD - 112, y, number),
        text(WIDTH - PAD - 58, y + 4, _short(progress.consumer_offset), "f-ink m e"),
        text(
            WIDTH - PAD,
            y + 4,
            f"lag {_short(progress.lag)}",
            f"{'f-paused b' if progress.lag else 'f-soft'} s e",
        ),
        data_id=f"r-{number}",
    )


def _short(number: int) -> str:
    """Return a number in at most five characters."""
    for limit, divisor, unit in ((10_000, 1, ""), (10_000_000, 1_000, "k")):
        if number < limit:
            return f"{number // divisor:,}{unit}" if divisor == 1 else f"{number / divisor:.0f}{unit}"
    return f"{number / 1_000_000:.0f}M"
