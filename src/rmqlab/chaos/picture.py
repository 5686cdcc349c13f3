"""Pictures of a campaign: the table of recipes against hazards, and what happened when in one run. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.chaos.run import TICK_S
from rmqlab.views.drawing import Drawing
from rmqlab.views.looker import Looker
from rmqlab.views.markup import PAD, el, facts, picture, text
from rmqlab.views.parts import head

if TYPE_CHECKING:
    from rmqlab.chaos.matrix import Cell, Matrix
    from rmqlab.chaos.run import Run

_NAMES = 132
_CELL, _ROW, _TOP = 59, 46, 104
_TIMELINE_W, _TIMELINE_H, _BARS = 864, 172, 44

SIGNS = {
    "kept": ("✔", "f-up"),
    "lost": ("✕", "f-down"),
    "void": ("∅", "f-paused"),
    "impossible": ("-", "f-soft"),
    "not run": ("·", "f-soft"),
}


_LEGEND = (
    "✔ kept: nothing acknowledged is lost · ✕ lost: how many, and in how many of the runs",
    "- cannot be tried · ∅ void: proves nothing · a dot: not tried",
    "A frame: the recipe promises that nothing is lost.",
)


def draw_matrix(table: Matrix) -> Drawing:
    """Draw the table: a sign, a word and a number in each cell, and a frame where a promise was made."""
    title = "Acknowledged and lost: recipes against faults"
    width = max(700, PAD + _NAMES + _CELL * len(table.hazards) + PAD // 2)
    body = head(width, title, table.summary, Looker())
    for column, hazard in enumerate(table.hazards):
        x = PAD + _NAMES + column * _CELL + _CELL / 2
        for line, word in enumerate(hazard.split("-")):
            body += text(x, 78 + 14 * line, word, "f-soft c mid")
    for row, recipe in enumerate(table.recipes):
        y = _TOP + row * _ROW
        body += text(PAD, y + 25, recipe, "f-ink b", data_id=f"recipe-{recipe}")
        for column, hazard in enumerate(table.hazards):
            body += _cell(table.cell(recipe, hazard), PAD + _NAMES + column * _CELL, y)
    y = _TOP + len(table.recipes) * _ROW + 18
    for number, line in enumerate(_LEGEND):
        body += text(PAD, y + 17 * number, line, "f-soft s")
    rows = tuple(
        (recipe, *(_words(table.cell(recipe, hazard)) for hazard in table.hazards))
        for recipe in table.recipes
    )
    label = f"{title}. {table.summary}"
    return Drawing(
        title,
        picture(width, y + 17 * len(_LEGEND), label, body),
        ("recipe", *table.hazards),
        rows,
        (table.summary,),
    )


def _words(cell: Cell) -> str:
    sign, _ = SIGNS[cell.verdict]
    number = f" {cell.lost:,} in {cell.runs_with_loss}/{len(cell.runs)}" if cell.lost else ""
    runs = f" {len(cell.runs)} runs" if cell.verdict == "kept" and len(cell.runs) != 1 else ""
    return f"{sign} {cell.verdict}{number}{runs}{'' if cell.promised or not cell.runs else ' (no promise)'}"


def _cell(cell: Cell, x: float, y: float) -> str:
    sign, ink = SIGNS[cell.verdict]
    runs = len(cell.runs)
    below = {
        "kept": f"{runs} run{'s' if runs != 1 else ''}",
        "lost": f"in {cell.runs_with_loss}/{runs}",
        "void": "void",
        "impossible": "",
        "not run": "",
    }[cell.verdict]
    said = f"{sign} {cell.lost:,}" if cell.lost else sign
    frame = {"class_": "f-card s-up", "stroke_width": 1.5} if cell.promised else {"class_": "f-card"}
    if cell.broken:
        frame = {"class_": "f-card s-down", "stroke_width": 3}
    return el(
        "g",
        facts(
            f"{cell.recipe}, {cell.hazard}: {cell.why}",
            *(run.evidence[0] for run in cell.runs[:1] if run.evidence),
        ),
        el("rect", x=x + 2, y=y + 2, width=_CELL - 4, height=_ROW - 4, rx=5, **frame),
        text(x + _CELL / 2, y + 21, said, f"{ink} b mid"),
        text(x + _CELL / 2, y + 36, below, "f-soft c mid") if below else "",
        data_id=f"cell-{cell.recipe}-{cell.hazard}",
    )


def draw_timeline(run: Run) -> Drawing:
    """Draw one run: acknowledgements, failures below them, deliveries beneath; the fault lies behind."""
    line = run.timeline
    ticks = max(len(line.acknowledged), 1)
    left, scale = PAD + 96, (_TIMELINE_W - 2 * PAD - 96) / ticks
    most = max((*line.acknowledged, *line.failed, *line.delivered, 1))
    title = f"{run.recipe}, {run.hazard}, run {run.number}"
    said = (
        f"{run.acknowledged:,} acknowledged, {run.lost:,} of them lost; sends worked again after "
        f"{run.sends_stalled_s:.1f} s, receives {_after(run)}"
    )
    body = head(_TIMELINE_W, title, said, Looker())
    x, width = left + line.begun / TICK_S * scale, max(2.0, (line.ended - line.begun) / TICK_S * scale)
    body += el(
        "g",
        facts(*run.evidence),
        el("rect", x=round(x, 1), y=62, width=round(width, 1), height=86, class_="f-line", opacity=0.55),
        text(x + 3, 74, "fault", "f-ink c"),
    )
    sent, received = 62 + _BARS, 62 + 2 * _BARS - 2
    body += text(PAD, sent - 14, "acknowledged", "f-up s") + text(
        PAD, received - 8, "delivered", "f-accent s"
    )
    if any(line.failed):
        body += text(PAD, sent + 5, "failed", "f-down s")
    body += _bars(line.acknowledged, left, sent, scale, most, "f-up")
    body += _bars(line.failed, left, sent + 6, scale, most * 4, "f-down")
    body += _bars(line.delivered, left, received, scale, most * 1.3, "f-accent")
    every = 5 if ticks * TICK_S > 12 else 1  # noqa: PLR2004
    for second in range(0, int(ticks * TICK_S) + 1, every):
        body += text(left + second / TICK_S * scale, 163, f"{second} s", "f-soft c mid")
    rows = ((f"{line.begun:.1f} s", f"{line.ended:.1f} s", f"{run.acknowledged:,}", f"{run.lost:,}"),)
    columns = ("fault begins", "is mended", "acknowledged", "lost")
    return Drawing(
        f"{title}: {said}",
        picture(_TIMELINE_W, _TIMELINE_H, f"{title}: {said}", body),
        columns,
        rows,
        run.evidence,
    )


def _after(run: Run) -> str:
    return "did not" if run.receives_stalled_s is None else f"after {run.receives_stalled_s:.1f} s"


def _bars(counts: tuple[int, ...], left: float, base: float, scale: float, most: float, ink: str) -> str:  # noqa: PLR0913, PLR0917
    """Return one path of bars that stand on a line."""
    parts = []
    for tick, count in enumerate(counts):
        if count:
            height = max(1.5, count / most * (_BARS - 10))
            parts.append(
                f"M{left + tick * scale:.1f} {base}v-{height:.1f}h{max(scale - 0.4, 0.5):.1f}v{height:.1f}z"
            )
    return el("path", d="".join(parts), class_=ink) if parts else ""
