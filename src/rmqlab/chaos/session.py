"""`rmqlab chaos`: a campaign with progress, report, and an exit code: were promises kept?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from rmqlab.chaos.campaign import campaign
from rmqlab.chaos.hazards import HAZARDS
from rmqlab.chaos.matrix import matrix
from rmqlab.chaos.recipes import RECIPES
from rmqlab.chaos.report import write_report
from rmqlab.chaos.run import Run, read_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rich.console import Console


def run(  # noqa: PLR0913  (what the command line takes)
    recipes: Sequence[str],
    hazards: Sequence[str],
    *,
    runs: int,
    seed: int,
    backend: str | None,
    file: Path | None,
    console: Console,
) -> int:
    """Run a campaign and print its report; return 1 where a recipe that promises no loss lost something."""
    recipes = [*RECIPES] if "all" in recipes else recipes
    hazards = hazards or [*HAZARDS]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("chaos", total=len(recipes) * len(hazards) * runs)

        def told(done: Run) -> None:
            progress.console.print(str(done), highlight=False)
            progress.update(task, advance=1, description=f"{done.recipe}, {done.hazard}")

        results = campaign(recipes, hazards, runs=runs, seed=seed, backend=backend, out=file, told=told)
    if file is not None:
        _written(results, file, console)
    return _conclude(results, console)


def report_on(file: Path, console: Console) -> int:
    """Write a report on a file of runs beside it; return as `run` does."""
    results = read_runs(file)
    _written(results, file, console)
    return _conclude(results, console)


def explain(console: Console) -> None:
    """Print the recipes and the faults."""
    recipes = Table("recipe", "what it is", "weak against", title="Recipes", title_justify="left")
    for recipe in RECIPES.values():
        recipes.add_row(recipe.name, recipe.summary, ", ".join(recipe.weak_against))
    hazards = Table("fault", "what happens", title="Faults", title_justify="left")
    for hazard in HAZARDS.values():
        hazards.add_row(hazard.name, hazard.summary)
    console.print(recipes)
    console.print(hazards)


def _written(results: Iterable[Run], file: Path, console: Console) -> None:
    for path in write_report(results, file):
        console.print(f"Written: {path}", highlight=False)


def _conclude(results: Iterable[Run], console: Console) -> int:
    """Print the matrix, what was broken, and last the sum."""
    table = matrix(results)
    for cell in table.broken:
        console.print(f"[red]broken[/] {cell.recipe}, {cell.hazard}: {cell.why}", highlight=False)
    twice = sum(each.effects_twice + each.effects_missing for each in table.runs if each.counts)
    if twice:
        console.print(f"[red]broken[/] {twice} effects did not happen exactly once.", highlight=False)
    console.print(table.summary, highlight=False)
    return 1 if table.broken or twice else 0
