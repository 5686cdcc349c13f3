"""The picture of a trial: its score by parts, why it is not full, and what happened. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.capstone.reasons import REASONS
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Looker
from rmqlab.views.markup import PAD, el, facts, picture, shorten, text
from rmqlab.views.parts import head

if TYPE_CHECKING:
    from rmqlab.capstone.judging import Part
    from rmqlab.capstone.outcome import Happened, Outcome

_WIDTH = 864
_TOP, _ROW, _LINE = 72, 34, 19
_BAR_X, _BAR_W = 116, 580
_CHIP_W, _CHIP_H, _IN_A_ROW = 104, 46, 8
_ORDERS_SHOWN = 20


def draw_outcome(outcome: Outcome) -> Drawing:
    """Draw a bar for each part of the score, its reasons below it, and the dangers in their order."""
    score = outcome.score
    title = f"{score.total} of 100"
    dangers = count(len(outcome.happened), "danger") if outcome.happened else "a quiet day"
    subtitle = f"{count(score.orders, 'order')}, {dangers}"
    body, y = "", _TOP
    for part in score.parts:
        drawn, height = _part(part, y)
        body += drawn
        y += height
    rows = [(part.name, f"{part.points} of {part.most}", _words(part)) for part in score.parts]
    if outcome.happened:
        body += text(PAD, y + 16, "What happened, one after the other", "f-soft s")
        for number, each in enumerate(outcome.happened):
            row, column = divmod(number, _IN_A_ROW)
            body += _chip(number, each, PAD + column * _CHIP_W, y + 26 + row * (_CHIP_H + 8))
        y += 26 + ((len(outcome.happened) - 1) // _IN_A_ROW + 1) * (_CHIP_H + 8)
    notes = tuple(
        f"{number}. {each.name}: {each.evidence}" for number, each in enumerate(outcome.happened, 1)
    )
    label = f"{title}: {subtitle}"
    svg = picture(_WIDTH, y + PAD, label, head(_WIDTH, title, subtitle, Looker()) + body)
    return Drawing(label, svg, ("part", "points", "why"), tuple(rows), notes)


def _part(part: Part, y: float) -> tuple[str, float]:
    full = part.points == part.most
    sign, ink = ("✔", "f-up") if full else ("✕", "f-down")
    body = text(PAD, y + 17, f"{sign} {part.name}", f"{ink} b")
    # what is missing lies below what there is
    body += el("rect", x=_BAR_X, y=y + 5, width=_BAR_W, height=16, rx=4, class_=ink)
    if part.points and not full:
        width = round(_BAR_W * part.points / part.most, 1)
        body += el("rect", x=_BAR_X, y=y + 5, width=width, height=16, rx=4, class_="f-up")
    body += text(_WIDTH - PAD, y + 17, f"{part.points} of {part.most}", "f-ink b e")
    lines = _reasons(part)
    for number, (line, numbers) in enumerate(lines):
        body += el(
            "g", facts(*numbers), text(_BAR_X, y + 38 + number * _LINE, shorten(line, 105), "f-down s")
        )
    return body, _ROW + len(lines) * _LINE


def _reasons(part: Part) -> list[tuple[str, tuple[str, ...]]]:
    lines = [
        (f"{len(numbers)} × {REASONS[key].seen}", numbers[:_ORDERS_SHOWN])  # noqa: RUF001
        for key, numbers in part.wrong.items()
    ]
    if part.missing:
        lines.append((f"{REASONS['refused'].seen}: {part.missing} too few were served", ()))
    return lines


def _words(part: Part) -> str:
    return "; ".join(line for line, _ in _reasons(part))


def _chip(number: int, happened: Happened, x: float, y: float) -> str:
    ink = "f-ink" if happened.took_effect else "f-paused"
    words = happened.name.split("-")
    return el(
        "g",
        facts(happened.name, happened.evidence),
        el("rect", x=x, y=y, width=_CHIP_W - 8, height=_CHIP_H, rx=5, class_="f-card s-line"),
        text(x + 9, y + 19, f"{number + 1}. {words[0]}", f"{ink} s b"),
        text(x + 9, y + 36, " ".join(words[1:]) if happened.took_effect else "no effect", "f-soft s"),
        data_id=f"danger-{number}",
    )
