"""A campaign: recipes x hazards x runs, a cluster a recipe, a line a run; what is there is not run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.chaos.hazards import HAZARDS
from rmqlab.chaos.recipes import find_hazard, find_recipe
from rmqlab.chaos.run import Run, read_runs
from rmqlab.chaos.trial import Stage, perform, staged
from rmqlab.errors import RmqLabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from rmqlab.chaos.recipes import Recipe

    Begin = Callable[[Recipe, tuple[str, ...]], AbstractContextManager[Stage]]
    Perform = Callable[..., Run]


def campaign(  # noqa: PLR0913  (each is one choice of the caller)
    recipes: Sequence[str],
    hazards: Sequence[str] = tuple(HAZARDS),
    *,
    runs: int = 1,
    seed: int = 1,
    consumers: int = 2,
    backend: str | None = None,
    out: Path | str | None = None,
    told: Callable[[Run], None] = lambda _: None,
) -> tuple[Run, ...]:
    """Try each recipe under each hazard, so often.

    Args:
        recipes: Names of `RECIPES`.
        hazards: Names of `HAZARDS`.
        runs: How often each pair is tried.
        seed: Settles, with a run's number, when the hazard comes and what it hits.
        consumers: Consumers of each trial; with 0 messages are only sent and stored.
        backend: `process` or `docker`.
        out: A file: each run is added to it as a line at once. Runs that it has already are not run again,
            but for those that proved nothing (`void`).
        told: Is called with each run that is new.

    Returns:
        All runs that were asked for, those of the file included.

    Raises:
        ChaosError: there is no such recipe or hazard, or the file is no campaign's.
        StartError: a cluster does not start.
    """
    return play(
        [find_recipe(name) for name in recipes],
        [find_hazard(name).name for name in hazards],
        [*range(runs)],
        Run("", "", seed, 0, backend or "process", consumers),
        Path(out) if out else None,
        told,
        lambda recipe, wanted: staged(recipe, wanted, consumers=consumers, backend=backend),
        perform,
    )


def play(  # noqa: PLR0913, PLR0917  (what `campaign` was asked for, and the hands that do it)
    recipes: Iterable[Recipe],
    hazards: Sequence[str],
    numbers: Sequence[int],
    like: Run,
    out: Path | None,
    told: Callable[[Run], None],
    begin: Begin,
    do: Perform,
) -> tuple[Run, ...]:
    """Do what is not in the file yet; a cluster that is no longer whole is replaced by a new one."""
    known = {run.name: run for run in (read_runs(out) if out and out.exists() else ()) if not run.void}
    results = []
    for recipe in recipes:
        # round by round, so that a campaign that is cut off has tried everything at least
        plan = [
            replace(like, recipe=recipe.name, hazard=hazard, number=number)
            for number in numbers
            for hazard in hazards
        ]
        open_ = [run for run in plan if run.name not in known]
        while open_:
            with begin(recipe, tuple(hazards)) as stage:
                while open_ and stage.whole:
                    run = open_.pop(0)
                    done = do(stage, HAZARDS[run.hazard], seed=run.seed, number=run.number)
                    known[done.name] = done
                    _keep(done, out)
                    told(done)
        results += [known[run.name] for run in plan]
    return tuple(results)


def _keep(run: Run, out: Path | None) -> None:
    if out is None:
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a", encoding="utf-8") as file:
            file.write(run.to_json() + "\n")
    except OSError as error:
        raise RmqLabError(f"{out} cannot be written: {error.strerror}.") from error
