"""One transaction from left to right: half message, check-backs, end, and what consumers see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.views.drawing import count
from rmqlab.views.markup import PAD, at, el, facts, shorten, text
from rmqlab.views.sends import duration

if TYPE_CHECKING:
    from rmqlab.observe import Snapshot, Transaction

LANE = 50
HALF, FIRST, END, SEEN, RIGHT = 206.0, 304.0, 560.0, 700.0, 848.0
_ROOM = 6
_STEP = 37.0
_MIDDLE = 22.0

# What an end is called, its ink, and the sign in its circle.
ENDS = {
    "open": ("open", "paused", ""),
    "committed": ("committed", "up", "M-4.5 .5l3 3.5l6 -8"),
    "rolled back": ("rolled back", "soft", "M-4 -4l8 8M4 -4l-8 8"),
    "given up": ("given up", "down", "M-4 -1.5H4M-4 2.5H4"),
    "settled": ("settled", "soft", "M-4 0H4"),
}


def lane(number: int, y: float, transaction: Transaction, snapshot: Snapshot) -> str:
    """Draw the transaction with its top at `y`; in a still, it is known by its number."""
    name = transaction.msg_id or f"{number}"
    dashed = transaction.fate == "open" or None
    parts = [
        facts(*_facts(transaction)),
        el("rect", x=PAD - 6, width=RIGHT - PAD + 12, height=LANE - 4, rx=8, class_="f-paper"),
        text(PAD, 18, shorten(transaction.keys or "no key", 22), "f-ink b"),
        text(PAD, 34, shorten(f"of group {transaction.group}", 28), "f-soft s"),
        el(
            "path",
            d=f"M{HALF} {_MIDDLE}H{END}",
            class_="none s-line",
            stroke_width=2,
            stroke_dasharray="3 5" if dashed else None,
        ),
        _half(),
        *_checks(transaction),
        _answer(transaction),
        _end(transaction, snapshot),
        _seen(transaction),
    ]
    return el("g", *parts, data_id=f"t-{name}", style=at(0, y), class_="move new")


def first_answer(transaction: Transaction) -> str:
    """Return what the broker heard before it asked; unknown and silence are the same to it."""
    if transaction.checks:
        return "no outcome"
    return {
        "committed": "commit",
        "rolled back": "roll back",
        "settled": "an outcome",
    }.get(transaction.fate, "not yet")


def seen_by_consumers(transaction: Transaction) -> str:
    """Return how often consumers find the message."""
    found = transaction.visible
    if found is None:
        return "not looked up"
    if len(found) > 1:
        return f"{len(found)} times"
    return "once" if found else "nothing"


def _facts(transaction: Transaction) -> list[str]:
    lines = [
        f"key {transaction.keys}" if transaction.keys else "no key",
        f"for the topic {transaction.topic}",
        f"asked back {count(transaction.checks, 'time')}" if transaction.checks else "not asked back",
    ]
    if transaction.msg_id:  # of a live picture: offsets and ids differ from run to run
        offsets = ", ".join(f"{half.offset}" for half in transaction.halves)
        lines.append(f"half message at offset {offsets} of {transaction.broker}")
        lines += [f"settled by op message {place.offset}" for place in transaction.settled]
        if transaction.given_up:
            lines.append(f"given up: TRANS_CHECK_MAX_TIME_TOPIC, offset {transaction.given_up.offset}")
        lines += [
            f"{transaction.topic} queue {transaction.queue_id}, offset {place.offset}"
            for place in transaction.visible or ()
        ]
        lines.append(f"id {transaction.msg_id}")
    return lines


def _half() -> str:
    """Return the half message: a circle of which one half is filled."""
    return el(
        "g",
        el("circle", r=9, class_="f-paper s-accent", stroke_width=1.8),
        el("path", d="M0 -9A9 9 0 0 0 0 9Z", class_="f-accent"),
        transform=f"translate({HALF} {_MIDDLE})",
    )


def _answer(transaction: Transaction) -> str:
    """Return what the broker was told, above the line: at first, and after it asked."""
    word = first_answer(transaction)
    ink = "f-paused" if word in {"no outcome", "not yet"} else "f-soft"
    if not transaction.checks:
        return text((HALF + END) / 2, _MIDDLE - 6, word, f"{ink} s mid")
    last = {"committed": "commit", "rolled back": "roll back"}.get(transaction.fate, "")
    room = transaction.checks < _ROOM
    return text((HALF + FIRST) / 2 + 1, _MIDDLE - 6, word, f"{ink} s mid") + (
        text(END - 16, _MIDDLE - 6, last, "f-soft s e") if last and room else ""
    )


def _checks(transaction: Transaction) -> list[str]:
    """Return a mark for each time the broker asked; of many the last ones."""
    marks = []
    first = max(1, transaction.checks - _ROOM + 1)
    began = transaction.halves[0].store_ms
    # The copies that were read are the last ones.
    copies = dict(zip(range(transaction.checks, 0, -1), reversed(transaction.halves[1:]), strict=False))
    for place, number in enumerate(range(first, transaction.checks + 1)):
        x = FIRST + place * _STEP
        copy = copies.get(number)
        when = duration((copy.store_ms - began) / 1000) if copy and copy.store_ms > began else ""
        marks.append(
            el(
                "g",
                facts(f"check-back {number}", f"{when} after the half message" if when else ""),
                el("circle", r=9, class_="f-paper s-paused", stroke_width=1.6),
                text(0, 4, f"?{number}" if number < 10 else f"{number}", "f-paused s b mid"),  # noqa: PLR2004
                text(0, 21, when, "f-soft c mid") if when else "",
                transform=f"translate({x} {_MIDDLE})",
                class_="new",
            )
        )
    return marks


def _end(transaction: Transaction, snapshot: Snapshot) -> str:
    word, ink, sign = ENDS[transaction.fate]
    when = _when(transaction, snapshot)
    return el(
        "g",
        el(
            "circle",
            r=10,
            class_=f"fade {'f-paper' if transaction.fate == 'open' else f'f-{ink}'} s-{ink}",
            stroke_width=1.8,
            stroke_dasharray="2.5 3" if transaction.fate == "open" else None,
        ),
        el("path", d=sign, class_="none s-paper", stroke_width=2) if sign else "",
        text(18, 0, word, f"f-{ink} b"),
        text(18, 15, when, "f-soft s") if when else "",
        transform=f"translate({END} {_MIDDLE})",
    )


def _when(transaction: Transaction, snapshot: Snapshot) -> str:
    """Return how long after the half message it ended, or for how long it has been open."""
    began = transaction.halves[0].store_ms
    if not began:
        return ""
    if transaction.fate == "open":
        return f"for {duration(max(0, snapshot.taken_ms - began) / 1000)}"
    ended = (transaction.visible or transaction.settled or (transaction.given_up,))[0]
    return f"after {duration((ended.store_ms - began) / 1000)}" if ended and ended.store_ms > began else ""


def _seen(transaction: Transaction) -> str:
    word = seen_by_consumers(transaction)
    found = transaction.visible or ()
    ink = "s-down" if len(found) > 1 else ("s-up" if found else "s-line")
    where = ", ".join(f"{place.offset}" for place in found) if transaction.msg_id else ""
    label = f"{transaction.topic}"
    return el(
        "g",
        el(
            "rect",
            width=RIGHT - SEEN,
            height=36,
            rx=8,
            class_=f"f-card {ink}",
            stroke_width=1.5,
            stroke_dasharray=None if found else "4 4",
        ),
        text(12, 16, word, f"{'f-down' if len(found) > 1 else 'f-ink' if found else 'f-soft'} b s"),
        text(12, 30, shorten(f"{label} offset {where}" if where else label, 22), "f-soft c"),
        transform=f"translate({SEEN} {_MIDDLE - 18})",
    )
