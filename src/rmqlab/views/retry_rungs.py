"""The rungs of the retry ladder, and the messages on them as dots that climb down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.observe.retries import FIRST_LEVEL, Failed, GroupRetries
from rmqlab.views.countdown import countdown
from rmqlab.views.ink import KEYS
from rmqlab.views.markup import PAD, at, el, facts, shorten, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.views.looker import Looker

WIDTH = 864.0
HEIGHT = 36.0
CELLS = {"waiting": (190.0, 300.0), "again": (500.0, 170.0), "done": (680.0, 168.0)}
"""Where a message can stand on a rung: each cell's left edge and width."""
_DEAD = (190.0, 658.0)
_PITCH = 21.0
_RADIUS = 8.5
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORDS = {
    "waiting": "waits for its next try",
    "again": "is tried again, not yet committed",
    "done": "consumed",
    "dead": "in the DLQ: nobody tries it again",
}


@dataclass(frozen=True, slots=True)
class Sign:
    """The letter and the ink of a message's key."""

    letter: str
    ink: str


_PLAIN = Sign("·", KEYS[-1])


def signs(messages: tuple[Failed, ...]) -> dict[str, Sign]:
    """Give each key its letter and colour, by the order in which the messages were sent."""
    keys = [key for key in dict.fromkeys(each.keys for each in messages) if key]
    return {
        key: Sign(_ALPHABET[number] if number < len(_ALPHABET) else "*", KEYS[number % (len(KEYS) - 1)])
        for number, key in enumerate(keys)
    }


def row(times: int, y: float, found: GroupRetries, taken_ms: int, looker: Looker) -> str:
    """Draw the rung of the n-th retry, its top at `y`, without its messages; `taken_ms` is now."""
    level = FIRST_LEVEL + times - 1
    wait = found.delay(level)
    return el(
        "g",
        facts(f"retry {times}: after {wait} in delay level {level}"),
        text(PAD, y + 22, f"retry {times}", "f-ink b"),
        text(84, y + 22, f"after {wait}" if wait else "", "f-soft s"),
        *(
            el("rect", x=x, y=y + 4, width=width, height=HEIGHT - 8, rx=7, class_="f-card s-line")
            for x, width in CELLS.values()
        ),
        _next(found, times, y, taken_ms, looker),
        *(_count(found, where, times, x + width, y) for where, (x, width) in CELLS.items()),
        data_id=f"rung-{times}",
    )


def foot(y: float, found: GroupRetries) -> str:
    """Draw the DLQ, its top at `y`, without its messages."""
    x, width = _DEAD
    return el(
        "g",
        facts(f"%DLQ%{found.group}", "no consumer reads it unless one subscribes to it by name"),
        text(PAD, y + 22, "DLQ", f"{'f-down' if found.dead else 'f-soft'} b"),
        text(84, y + 22, "given up", "f-soft s"),
        el(
            "rect",
            x=x,
            y=y + 4,
            width=width,
            height=HEIGHT - 8,
            rx=7,
            class_=f"f-card s-{'down' if found.dead else 'line'}",
            stroke_width=1.5,
        ),
        text(x + width - 8, y + 22, f"{found.dead:,}", f"{'f-down' if found.dead else 'f-soft'} b e"),
        data_id="rung-dlq",
    )


def dots(
    found: GroupRetries, tops: Mapping[int, float], foot_y: float, known: Mapping[str, Sign], looker: Looker
) -> str:
    """Draw the messages, on the rungs at `tops` and in the DLQ, in one group: they move from each to each."""
    taken: dict[tuple[str, int], int] = {}
    parts = []
    for message in found.messages:
        times = 0 if message.where == "dead" else message.times
        x, width = _DEAD if message.where == "dead" else CELLS[message.where]
        number = taken.get((message.where, times), 0)
        taken[message.where, times] = number + 1
        room = _room(width - 70 if message.where == "waiting" else width)  # beside the countdown
        if number < room and (times in tops or not times):
            place = at(x + 14 + number * _PITCH, (tops[times] if times else foot_y) + HEIGHT / 2)
            parts.append(_dot(message, found, place, known.get(message.keys, _PLAIN), looker))
    return el("g", *parts, data_id="failed")


def fate(message: Failed, found: GroupRetries) -> str:
    """Say where a message stands, in words that do not change with time."""
    if message.where == "waiting":
        return f"waits in level {message.level} ({found.delay(message.level)})"
    return _WORDS[message.where]


def _room(width: float) -> int:
    return int((width - 56) // _PITCH)


def _next(found: GroupRetries, times: int, y: float, taken_ms: int, looker: Looker) -> str:
    """Draw how long the first of those that wait still has to; nothing in a still."""
    due = [each.due_ms for each in found.messages if each.where == "waiting" and each.times == times]
    if not due or not looker.live:
        return ""
    x, width = CELLS["waiting"]
    return countdown(x + width - 90, y + 22, min(due) - taken_ms, "f-soft s", runs=not looker.held)


def _count(found: GroupRetries, where: str, times: int, right: float, y: float) -> str:
    here = sum(each.where == where and each.times == times for each in found.messages)
    return text(right - 8, y + 22, f"{here:,}", "f-ink b e") if here else ""


def _dot(message: Failed, found: GroupRetries, place: str, sign: Sign, looker: Looker) -> str:
    filled = message.where in {"waiting", "again"}
    name = message.keys or "a message without key"
    control = {"data_action": "select", "data_target": message.msg_id, "role": "button", "tabindex": 0}
    return el(
        "g",
        facts(
            name, f"of topic {message.topic}" if message.topic else "", fate(message, found), clip(message)
        ),
        el("circle", r=_RADIUS + 3, class_="none s-accent", stroke_width=2)
        if looker.live and looker.selected == message.msg_id
        else "",
        el(
            "circle",
            r=_RADIUS,
            class_=f"hot fade s-{sign.ink} f-{sign.ink if filled else 'paper'}",
            stroke_width=1.5,
        ),
        text(0, 4, sign.letter, f"fade s b mid f-{'on' if filled else sign.ink}"),
        data_id=f"m-{message.msg_id or message.born_ms}",
        style=place,
        class_="move new" if looker.live else None,
        **({**control, "aria_label": f"{name}: show its facts"} if looker.live else {}),
    )


def clip(message: Failed) -> str:
    """Return the beginning of a body, if it is text."""
    return shorten(message.body[:400].decode(errors="replace"), 80)
