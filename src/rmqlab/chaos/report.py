"""A campaign's report, as Markdown and as a page of HTML without any network: promised, and seen."""

from __future__ import annotations

from collections import Counter, defaultdict
from html import escape
from typing import TYPE_CHECKING

from rmqlab.chaos.hazards import HAZARDS
from rmqlab.chaos.matrix import matrix
from rmqlab.chaos.picture import SIGNS, draw_matrix, draw_timeline
from rmqlab.chaos.recipes import RECIPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rmqlab.chaos.matrix import Cell, Matrix
    from rmqlab.chaos.run import Run

_TITLE = "Recipes against faults"
_SIGNS = (
    "✔ runs without a loss; ✕ acknowledged messages that are lost, and in how many of the runs; in brackets: "
    "no promise; - cannot be tried; ∅ void; · not tried."
)
_COLUMNS = (
    "fault",
    "promised",
    "runs",
    "acknowledged",
    "lost",
    "stored, not delivered in time",
    "duplicated",
    "out of order",
    "sends again after",
    "receives again after",
)
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem;"
    "color-scheme:light dark}table{border-collapse:collapse;margin:1rem 0}"
    "pre{overflow:auto}th,td{border:1px solid #8888;padding:.25rem .6rem;text-align:left}svg{margin:.4rem 0}"
)


def markdown(runs: Iterable[Run]) -> str:
    """Return the report as Markdown; its last line sums up."""
    table = matrix(runs)
    return "\n".join(
        [
            f"# {_TITLE}",
            "",
            *_where(table),
            "",
            *rows(table),
            "",
            _SIGNS,
            *_sections(table),
            "",
            table.summary,
            "",
        ]
    )


def rows(table: Matrix) -> Iterator[str]:
    """Return the table itself, line by line; docs/reliability.md has it."""
    yield f"| | {' | '.join(table.hazards)} |"
    yield f"| --- |{' --- |' * len(table.hazards)}"
    for recipe in table.recipes:
        cells = (_cell(table.cell(recipe, hazard)) for hazard in table.hazards)
        yield f"| **{recipe}** | {' | '.join(cells)} |"


def _sections(table: Matrix) -> Iterator[str]:
    """Return what was promised and seen, recipe by recipe."""
    for recipe in table.recipes:
        yield from (
            "",
            f"## {recipe}",
            "",
            f"{RECIPES[recipe].summary[:1].upper()}{RECIPES[recipe].summary[1:]}.",
            "",
        )
        yield f"| {' | '.join(_COLUMNS)} |"
        yield f"|{' --- |' * len(_COLUMNS)}"
        for hazard in table.hazards:
            cell = table.cell(recipe, hazard)
            if cell.runs:
                yield _row(cell)
        rest = [table.cell(recipe, hazard) for hazard in table.hazards]
        yield from (
            f"\n{cell.hazard}: {cell.verdict}: {cell.why}."
            for cell in rest
            if not cell.runs and cell.all_runs
        )


def _cell(cell: Cell) -> str:
    sign, _ = SIGNS[cell.verdict]
    if not cell.runs:
        return sign
    seen = (
        f"{sign} {cell.lost:,} ({cell.runs_with_loss}/{len(cell.runs)})"
        if cell.lost
        else f"{sign} {len(cell.runs)}"
    )
    return f"**{seen} BROKEN**" if cell.broken else seen if cell.promised else f"[{seen}]"


def _row(cell: Cell) -> str:
    sends = _range([run.sends_stalled_s for run in cell.runs])
    receives = _range([run.receives_stalled_s for run in cell.runs if run.receives_stalled_s is not None])
    if any(run.consumers and run.receives_stalled_s is None for run in cell.runs):
        receives += " or not at all"
    promised = "yes" if cell.promised else f"no: {RECIPES[cell.recipe].weak_against.get(cell.hazard, '')}"
    return (
        f"| {cell.hazard} | {promised} | {len(cell.runs)} | {cell.acknowledged:,} | {cell.lost:,} | "
        f"{cell.undelivered:,} | {cell.duplicated:,} | {cell.reordered:,} | {sends} | {receives} |"
    )


def _range(seconds: list[float]) -> str:
    if not seconds:
        return ""
    low, high = min(seconds), max(seconds)
    return f"{low:.1f} s" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f} s"


def _where(table: Matrix) -> list[str]:
    runs = table.runs
    if not runs:
        return ["No runs."]
    seeds = ", ".join(str(seed) for seed in sorted({run.seed for run in runs}))
    days = sorted({run.when[:10] for run in runs if run.when})
    backends = ", ".join(sorted({run.backend for run in runs}))
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}" if days else "an unknown day"
    return [
        f"{len(runs)} runs, seed {seeds}, {when}, backend {backends}. To repeat them:",
        "",
        *_commands(runs),
    ]


def _commands(runs: Iterable[Run]) -> Iterator[str]:
    """Return command lines: one for the faults of a recipe that were tried equally often."""
    times: dict[tuple[str, int, str], Counter[str]] = defaultdict(Counter)
    for name in {run.name for run in runs}:
        recipe, hazard, seed, _, backend, _ = name
        times[recipe, seed, backend][hazard] += 1
    for (recipe, seed, backend), tried in sorted(times.items()):
        for often in sorted(set(tried.values())):
            hazards = ",".join(hazard for hazard in HAZARDS if tried[hazard] == often)
            how = f"--runs {often} --seed {seed} --backend {backend}"
            yield f"    rmqlab chaos {recipe} --faults {hazards} {how}"


def html(runs: Iterable[Run]) -> str:
    """Return the report as one page: the table, each cell in words, a timeline of one run a cell."""
    table = matrix(runs)
    parts = [f"<h1>{_TITLE}</h1>", f"<p>{escape(_where(table)[0])}</p>", "<pre>"]
    parts += [escape("\n".join(_where(table)[2:])), "</pre>", draw_matrix(table).svg]
    for recipe in table.recipes:
        parts.append(f"<h2>{escape(recipe)}</h2><p>{escape(RECIPES[recipe].summary)}.</p>")
        for hazard in table.hazards:
            parts += _told(table.cell(recipe, hazard))
    parts.append(f"<p><strong>{escape(table.summary)}</strong></p>")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_TITLE}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _told(cell: Cell) -> Iterator[str]:
    sign, _ = SIGNS[cell.verdict]
    promise = "promised" if cell.promised else "not promised"
    yield (
        f"<h3>{escape(cell.hazard)}</h3><p>{sign} {cell.verdict} ({promise}): {escape(cell.why)}. "
        f"{escape(HAZARDS[cell.hazard].summary[:1].upper() + HAZARDS[cell.hazard].summary[1:])}.</p>"
    )
    if cell.runs:
        run = max(cell.runs, key=lambda each: each.lost)
        twice = (
            f"{run.stored_twice:,} stored twice, {run.delivered_twice:,} delivered twice, "
            f"{run.done_twice:,} done twice, {run.effects_twice} effects twice"
        )
        numbers = (
            f"{run.duplicated:,} duplicated ({twice}), {run.reordered:,} out of order, {run.outbox:,} in the "
            "outbox. "
        )
        yield f"<p>{escape(numbers)}{escape(' '.join(run.evidence))}</p>"
        yield draw_timeline(run).svg


def write_report(runs: Iterable[Run], file: Path) -> tuple[Path, Path]:
    """Write both beside a file of runs; return their paths."""
    runs = tuple(runs)
    paths = file.with_suffix(".md"), file.with_suffix(".html")
    for path, text in zip(paths, (markdown(runs), html(runs)), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
