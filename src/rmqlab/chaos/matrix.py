"""The table of recipes against hazards: what was promised, and what was seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rmqlab.chaos.hazards import HAZARDS
from rmqlab.chaos.recipes import RECIPES
from rmqlab.chaos.run import Run, total
from rmqlab.views import Still
from rmqlab.views.drawing import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Word = Literal["kept", "lost", "void", "impossible", "not run"]


@dataclass(frozen=True)
class Cell:
    """All runs of one recipe under one hazard.

    Attributes:
        recipe, hazard: Which.
        all_runs: Also those that prove nothing.
    """

    recipe: str
    hazard: str
    all_runs: tuple[Run, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that count."""
        return tuple(run for run in self.all_runs if run.counts)

    @property
    def promised(self) -> bool:
        """Whether the recipe promises that no acknowledged message is lost."""
        return self.hazard in RECIPES[self.recipe].promises

    @property
    def acknowledged(self) -> int:
        """Messages that were acknowledged."""
        return int(total(self.runs, "acknowledged"))

    @property
    def lost(self) -> int:
        """Messages that were acknowledged, and that no broker holds."""
        return int(total(self.runs, "lost"))

    @property
    def undelivered(self) -> int:
        """Messages that are stored, and that the consumers did not get while the trial waited."""
        return int(total(self.runs, "undelivered"))

    @property
    def duplicated(self) -> int:
        """Messages that were stored more than once, or done more than once."""
        return int(total(self.runs, "duplicated"))

    @property
    def reordered(self) -> int:
        """Messages that were done after a later one of the same key."""
        return int(total(self.runs, "reordered"))

    @property
    def runs_with_loss(self) -> int:
        """Runs in which something was lost."""
        return sum(run.lost > 0 for run in self.runs)

    @property
    def stalled_s(self) -> float:
        """After how long sends worked again: the median, in seconds."""
        stalls = sorted(run.sends_stalled_s for run in self.runs)
        return stalls[len(stalls) // 2] if stalls else 0.0

    @property
    def verdict(self) -> Word:
        """What was seen, in a word."""
        if self.runs:
            return "lost" if self.lost else "kept"
        if self.why_impossible:
            return "impossible"
        return "void" if self.all_runs else "not run"

    @property
    def broken(self) -> bool:
        """Whether a promise was broken."""
        return self.promised and self.lost > 0

    @property
    def why_impossible(self) -> str:
        """Why the hazard cannot be tried; empty where it can."""
        said = next((run.impossible for run in self.all_runs if run.impossible), "")
        return said or RECIPES[self.recipe].cannot_have(self.hazard)

    @property
    def why(self) -> str:
        """A sentence on the verdict."""
        match self.verdict:
            case "impossible":
                return self.why_impossible
            case "void":
                return self.all_runs[-1].void
            case "not run":
                return "nobody has tried"
            case "kept":
                promise = "as promised" if self.promised else f"no promise: {self._weakness}"
                return f"none of {self.acknowledged:,} acknowledged messages is lost, {promise}"
            case "lost":
                promise = "AGAINST THE PROMISE" if self.promised else self._weakness
                return (
                    f"{self.lost:,} of {self.acknowledged:,} acknowledged messages are lost, in "
                    f"{self.runs_with_loss} of {len(self.runs)} runs: {promise}"
                )

    @property
    def _weakness(self) -> str:
        return RECIPES[self.recipe].weak_against.get(self.hazard, "")


@dataclass(frozen=True)
class Matrix:
    """Recipes (rows) against hazards (columns). As the last expression of a cell it is a picture.

    Attributes:
        recipes, hazards: The names of rows and columns.
        cells: All of them, by both names.
        runs: What they are made of.
    """

    recipes: tuple[str, ...]
    hazards: tuple[str, ...]
    cells: dict[tuple[str, str], Cell]
    runs: tuple[Run, ...]

    def cell(self, recipe: str, hazard: str) -> Cell:
        """Return one cell."""
        return self.cells[recipe, hazard]

    @property
    def broken(self) -> tuple[Cell, ...]:
        """The cells in which a promise was broken."""
        return tuple(cell for cell in self.cells.values() if cell.broken)

    @property
    def summary(self) -> str:
        """One sentence on all of it: the last line of a report."""
        promised = [cell for cell in self.cells.values() if cell.promised]
        others = [cell for cell in self.cells.values() if not cell.promised]
        kept, weak = (
            (
                sum(cell.lost for cell in part),
                sum(cell.acknowledged for cell in part),
                sum(len(cell.runs) for cell in part),
            )
            for part in (promised, others)
        )
        void = sum(bool(run.void) for run in self.runs)
        head = "A PROMISE WAS BROKEN: " if kept[0] else ""
        more = f"; {count(void, 'run')} void" if void else ""
        return (
            f"{head}acknowledged and lost: {kept[0]:,} of {kept[1]:,} in {count(kept[2], 'run')} under a "
            f"promise, {weak[0]:,} of {weak[1]:,} in {count(weak[2], 'run')} without one"
            f"{more}."
        )

    def __repr__(self) -> str:
        from rmqlab.chaos.picture import draw_matrix  # noqa: PLC0415  (it draws one of these)

        return draw_matrix(self).text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from rmqlab.chaos.picture import draw_matrix  # noqa: PLC0415

        return Still(draw_matrix(self))._repr_mimebundle_()


def matrix(
    runs: Iterable[Run], recipes: Sequence[str] | None = None, hazards: Sequence[str] | None = None
) -> Matrix:
    """Return the table of some runs.

    Args:
        runs: What was tried.
        recipes: The rows. Default: those that occur.
        hazards: The columns. Default: those that occur.
    """
    runs = tuple(runs)
    rows = tuple(recipes or (name for name in RECIPES if any(run.recipe == name for run in runs)))
    columns = tuple(hazards or (name for name in HAZARDS if any(run.hazard == name for run in runs)))
    cells = {
        (recipe, hazard): Cell(
            recipe, hazard, tuple(run for run in runs if (run.recipe, run.hazard) == (recipe, hazard))
        )
        for recipe in rows
        for hazard in columns
    }
    shown = tuple(run for run in runs if (run.recipe, run.hazard) in cells)
    return Matrix(rows, columns, cells, shown)
