"""A row of the delay board: what waits, on its way to the right, where it is delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.views.countdown import countdown, words
from rmqlab.views.markup import PAD, at, el, facts, text
from rmqlab.views.message_dot import clock, preview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rmqlab.observe import Waiting
    from rmqlab.views.legend import Legend
    from rmqlab.views.looker import Looker

WIDTH = 864
HEIGHT = 23
LANE, EDGE = 124.0, 540.0
COUNT, NEXT, OFFSETS = 618.0, 728.0, float(WIDTH - PAD)
_RADIUS = 8.0
_PITCH = 2 * _RADIUS + 3
_DOTS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """What a row shows.

    Attributes:
        name: the level's number, or `timers`.
        delay: how long a message waits, as configured; empty for timers.
        delay_ms: the same in milliseconds, 0 where a message's place says nothing but its turn.
        waiting: how many messages wait.
        next: the next of them, the soonest first.
        offsets: what was delivered of what was stored, in words; empty for timers.
        hints: more to know when the pointer rests on the row.
        hidden: how many of those that wait are never drawn.
    """

    name: str
    delay: str
    delay_ms: int
    waiting: int
    next: tuple[Waiting, ...]
    offsets: str = ""
    hints: tuple[str, ...] = ()
    hidden: int = 0

    @property
    def due_ms(self) -> int:
        """When the next message is due; 0 if that is not known, as in a still."""
        return self.next[0].due_ms if self.next else 0


def draw(row: Row, y: float, now_ms: int, legend: Legend, looker: Looker) -> str:
    """Draw a row, its top at `y`; `now_ms` is the snapshot's moment."""
    middle = y + HEIGHT / 2
    ink = "f-ink" if row.waiting else "f-soft"
    strong = " b" if row.waiting else ""
    return el(
        "g",
        facts(*row.hints),
        el("rect", x=PAD, y=y, width=WIDTH - 2 * PAD, height=HEIGHT, class_="f-paper"),
        text(PAD + 22, middle + 4.5, row.name, f"{ink} e{strong}")
        if row.delay
        else text(PAD, middle + 4.5, row.name, f"{ink}{strong}"),
        text(LANE - 14, middle + 4.5, row.delay, f"{ink} e{strong}"),
        _lane(middle, full=bool(row.waiting)),
        _dots(row, middle, now_ms, legend, live=looker.live),
        text(COUNT, middle + 4.5, f"{row.waiting:,}" if row.waiting else "0", f"{ink} e{strong}"),
        countdown(NEXT, middle + 4.5, row.due_ms - now_ms, "f-ink e", runs=looker.live and not looker.held)
        if row.due_ms
        else "",
        text(OFFSETS, middle + 4.5, row.offsets, "f-soft s e"),
        data_id=f"row-{row.name}",
    )


def _lane(y: float, *, full: bool) -> str:
    line = el("path", d=f"M{LANE} {y}H{EDGE}", class_="s-line none", stroke_width=1.5)
    arrow = f"M{EDGE} {y - 5}L{EDGE + 8} {y}L{EDGE} {y + 5}Z"
    return line + el("path", d=arrow, class_="f-accent" if full else "f-line")


def _dots(row: Row, y: float, now_ms: int, legend: Legend, *, live: bool) -> str:
    shown = row.next[:_DOTS]
    parts = [
        el(
            "g",
            facts(*_facts(row, waiting, now_ms)),
            el("circle", r=_RADIUS, class_=f"f-{legend.colour(legend.name(waiting.message))}"),
            text(0, 4, legend.letter(legend.name(waiting.message)), "f-on s b mid"),
            data_id=f"m-{waiting.message.broker}-{row.name}-{waiting.message.queue_offset}",
            style=at(x, y),
            class_="move new" if live else None,
        )
        for waiting, x in zip(shown, _places(row, shown, now_ms, live=live), strict=True)
    ]
    more = row.waiting - row.hidden - len(shown)
    if more > 0:
        label = f"{more:,} more" if shown else f"{more:,} not shown"
        width = len(label) * 6.6 + 16
        parts.append(
            el("rect", x=LANE, y=y - 8.5, width=width, height=17, rx=8.5, class_="f-card s-line")
            + text(LANE + width / 2, y + 4, label, "f-soft c mid")
        )
    return "".join(parts)


def _places(row: Row, shown: Sequence[Waiting], now_ms: int, *, live: bool) -> list[float]:
    """Return where each dot is: by what is left of its wait, but none upon another.

    A still knows no moments: its dots stand in line from the middle, since none of them is delivered yet.
    """
    # The first third is left to the sign that says how many more there are.
    far = LANE + _RADIUS + ((EDGE - LANE) / 3 if row.waiting - row.hidden > len(shown) else 0)
    near = EDGE - _RADIUS - 4
    places: list[float] = []
    for waiting in shown:
        share = 0.0 if live or waiting.due_ms else 0.5
        if row.delay_ms and waiting.due_ms:
            share = (waiting.due_ms - now_ms) / row.delay_ms
        wanted = near - min(1.0, max(0.0, share)) * (near - far)
        places.append(min(wanted, places[-1] - _PITCH) if places else wanted)
    # Where many have just come, the last ones hold their place, and the others make room.
    for place in reversed(range(len(places))):
        places[place] = max(places[place], far + (len(places) - 1 - place) * _PITCH)
    return [round(place, 1) for place in places]


def _facts(row: Row, waiting: Waiting, now_ms: int) -> tuple[str, ...]:
    message = waiting.message
    return (
        f"to {waiting.topic}",
        f"key {message.keys}" if message.keys else "no key",
        f"tag {message.tags}" if message.tags else "",
        preview(message, 60),
        f"level {row.name}, offset {message.queue_offset}" if row.delay else "timer",
        f"due {clock(waiting.due_ms)}, in {words(waiting.due_ms - now_ms)}" if waiting.due_ms else "",
    )
