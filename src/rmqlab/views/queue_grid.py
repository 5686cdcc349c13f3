"""Many queues at a glance: a tile each, filled by how much waits; if too many, a bar each broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.views.drawing import count
from rmqlab.views.legend import told_groups
from rmqlab.views.markup import PAD, el, facts, shorten, text

if TYPE_CHECKING:
    from rmqlab.observe import QueueState, TopicState

_COLUMNS = 14
_TILE_W, _TILE_H = 54.0, 34.0
_TILES = 128


def draw(topic: TopicState, y: float, width: float) -> tuple[str, float]:
    """Draw a topic's queues as tiles from `y` down; return them and where they end."""
    brokers: dict[str, list[QueueState]] = {}
    for queue in topic.queues:
        brokers.setdefault(queue.ref.broker, []).append(queue)
    most = max(1, *(_waiting(topic, queue) for queue in topic.queues))
    noun = "lag" if topic.groups else "messages"
    parts = [
        text(
            PAD,
            y + 12,
            f"each tile is a queue: its number, its {noun}; the fuller the bar, the more",
            "f-soft c",
        )
    ]
    y += 26
    for broker, queues in brokers.items():
        total = sum(_waiting(topic, queue) for queue in queues)
        silent = next((queue.silent for queue in queues if queue.silent), "")
        summary = f"{count(len(queues), 'queue')}, {silent or f'{noun} {total:,}'}"
        parts.append(
            text(PAD, y + 14, shorten(broker, 30), "f-ink b")
            + text(width - PAD, y + 14, summary, "f-soft s e")
        )
        y += 24
        if len(topic.queues) > _TILES:
            parts.append(_bar(PAD, y, width - 2 * PAD, 10, total / max(1, most * len(queues))))
            y += 24
            continue
        for number, queue in enumerate(queues):
            x = PAD + (number % _COLUMNS) * (_TILE_W + 5)
            top = y + (number // _COLUMNS) * (_TILE_H + 5)
            parts.append(_tile(queue, x, top, _waiting(topic, queue), most))
        y += ((len(queues) - 1) // _COLUMNS + 1) * (_TILE_H + 5) + 8
    told, rest = told_groups(topic.groups)
    for _, group in told:
        parts.append(
            text(
                PAD,
                y + 12,
                f"{group.name}: {count(len(group.members), 'consumer')}, lag {group.lag:,}",
                "f-soft s",
            )
        )
        y += 18
    if rest:
        parts.append(text(PAD, y + 12, rest, "f-soft s"))
        y += 18
    return "".join(parts), y + 4


def _waiting(topic: TopicState, queue: QueueState) -> int:
    """Return the largest lag of a group in the queue; without groups, the queue's messages."""
    if not topic.groups:
        return queue.count
    lags = (group.progress.get(queue.ref) for group in topic.groups)
    return max((progress.lag if progress else queue.count) for progress in lags)


def _tile(queue: QueueState, x: float, y: float, waiting: int, most: int) -> str:
    return el(
        "g",
        facts(
            f"queue {queue.ref.queue_id} of {queue.ref.broker}",
            queue.silent or f"offsets {queue.min_offset} to {queue.max_offset}, {waiting:,} waiting",
        ),
        el("rect", x=x, y=y, width=_TILE_W, height=_TILE_H, rx=5, class_="f-card s-line"),
        text(x + 5, y + 13, str(queue.ref.queue_id), "f-soft c"),
        text(x + _TILE_W - 5, y + 13, queue.silent[:6] or _short(waiting), "f-ink c b e"),
        _bar(x + 5, y + 22, _TILE_W - 10, 6, waiting / most),
        data_id=f"t-{queue.ref.broker}-{queue.ref.queue_id}",
    )


def _bar(x: float, y: float, width: float, height: float, share: float) -> str:
    filled = width * min(1.0, share)
    return el("rect", x=x, y=y, width=width, height=height, rx=height / 2, class_="f-line") + (
        el("rect", x=x, y=y, width=max(filled, height), height=height, rx=height / 2, class_="f-accent fade")
        if share > 0
        else ""
    )


def _short(number: int) -> str:
    return f"{number:,}" if number < 10_000 else f"{number / 1000:,.0f}k"  # noqa: PLR2004 - five characters fit
