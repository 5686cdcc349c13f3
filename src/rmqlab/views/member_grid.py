"""Many consumers against many queues at a glance: a tile a consumer with its queues, and those of nobody."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rmqlab.views.drawing import count
from rmqlab.views.markup import PAD, at, el, facts, shorten, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rmqlab.client.facts import QueueRef
    from rmqlab.observe import GroupState

_COLUMNS = 3
_WIDE, _HIGH = 190.0, 38.0
_TILES = 48


def draw(group: GroupState, free: list[QueueRef], y: float, name: Callable[[str], str]) -> tuple[str, float]:
    """Draw the members as tiles from `y` down, the idle ones last; return them and where they end."""
    ordered = sorted(group.members, key=lambda member: not group.assigned.get(member))
    several = len({ref.broker for held in (*group.assigned.values(), free) for ref in held}) > 1
    parts = []
    for place, member in enumerate(ordered[:_TILES]):
        x = PAD + (place % _COLUMNS) * (_WIDE + 8)
        held = group.assigned.get(member, ())
        parts.append(
            _tile(name(member), held, spans(held, several=several), x, y + (place // _COLUMNS) * (_HIGH + 7))
        )
    y += -(-min(len(ordered), _TILES) // _COLUMNS) * (_HIGH + 7)
    rest = ordered[_TILES:]
    lines = []
    if rest:
        idle = sum(not group.assigned.get(member) for member in rest)
        lines.append(f"and {count(len(rest), 'more consumer')}, {idle:,} of them idle")
    if free:
        lines.append(f"of nobody: {shorten(spans(free, several=several), 78)}")
    for line in lines:
        parts.append(text(PAD, y + 13, line, "f-paused s" if line.startswith("of nobody") else "f-soft s"))
        y += 19
    return "".join(parts), y


def spans(refs: Iterable[QueueRef], *, several: bool) -> str:
    """Return queues in short: `0-3, 7`; of several brokers with the broker's name before each one's."""
    told = []
    for broker, held in groupby(sorted(refs), key=lambda ref: ref.broker):
        runs = _runs([ref.queue_id for ref in held])
        told.append(f"{broker} {runs}" if several else runs)
    return "; ".join(told)


def _runs(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def _tile(name: str, held: tuple[QueueRef, ...], told: str, x: float, y: float) -> str:
    word = count(len(held), "queue") if held else "idle"
    return el(
        "g",
        facts(name, f"holds {told}" if held else "more consumers than queues: it waits for one"),
        el(
            "rect",
            width=_WIDE,
            height=_HIGH,
            rx=7,
            class_=f"f-card s-{'line' if held else 'paused'}",
            stroke_dasharray=None if held else "5 4",
        ),
        text(9, 16, shorten(name, 16), "f-ink b s" if held else "f-soft b s"),
        text(_WIDE - 9, 16, word, "f-soft s e" if held else "f-paused b s e"),
        text(9, 31, shorten(told, 30), "f-soft c"),
        data_id=f"c-{name}",
        style=at(x, y),
        class_="move",
    )
