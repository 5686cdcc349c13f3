"""nbval, strict, taught three things: message ids have names, verdicts are read back, cells are counted.

nbval runs the cells and compares their outputs. Its sanitize file cannot name ids by order of appearance,
because it sees one text at a time and not which side it is from; `compare_outputs` sees both.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from rmqlab.authoring.comparison import Names
from rmqlab.authoring.notebooks import CHECK_CALL
from rmqlab.authoring.trials import verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator


class StrictNotebook(IPyNbFile):
    """One solved notebook: its cells, then what they amount to."""

    def __init__(self, *args: Any, lab: Any, exercises: tuple[str, ...], stages: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lab, self.exercises, self.stages = lab, exercises, stages
        self.compare_outputs = True
        self.reference_names, self.test_names = Names(), Names()
        self.counts: Counter[str] = Counter()
        self.outcomes: dict[str, str] = {}
        self.add_marker(pytest.mark.notebooks)

    def collect(self) -> Iterator[pytest.Item]:
        if not self.path.is_file():
            raise self.CollectError(f"{self.path} is missing. Run `rmqlab build`.")
        for cell in super().collect():
            # nbval's numbers count from 0: an exercise's id, or the cell's own, finds it.
            checked = CHECK_CALL.search(cell.cell.source)
            name = f"cell {cell.cell_num + 1} ({checked['id'] if checked else cell.cell.id})"
            yield StrictCell.from_parent(
                self, name=name, cell_num=cell.cell_num, cell=cell.cell, options=cell.options
            )
        yield SomethingWasCompared.from_parent(self, name="nbval compared something")
        for exercise in self.exercises:
            yield SolutionPassed.from_parent(self, name=f"solution of {exercise} passed")

    def setup(self) -> None:
        environment = self.stages.enter(self.lab, "solved")
        # nbval offers no environment of its own for the kernel: it inherits this process's.
        with patch.dict("os.environ", environment):
            super().setup()


class StrictCell(IPyNbCell):
    """One cell: run by nbval, compared by nbval, with ids and ports made comparable first."""

    def runtest(self) -> None:
        counts = self.parent.counts
        counts["run"] += 1
        if not self.options["check"]:
            counts["ignored"] += 1
        elif self.cell.execution_count is None and self.cell.source.strip():
            counts["never executed"] += 1
        try:
            super().runtest()
        finally:
            for verdict in verdicts(self.test_outputs or ()):
                self.parent.outcomes[verdict["exercise"]] = verdict["outcome"]

    def compare_outputs(self, test: list[Any], ref: list[Any], skip_compare: Any = None) -> bool:
        self.parent.counts["compared" if ref else "silent"] += 1
        return super().compare_outputs(
            self.parent.test_names.comparable(test), self.parent.reference_names.comparable(ref), skip_compare
        )


class _Conclusion(pytest.Item):
    """A test of what the cells before it amount to."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Any, int, str]:
        return self.path, 0, f"{self.path.name}: {self.name}"


class SomethingWasCompared(_Conclusion):
    """The guard: strict nbval compares nothing in a cell that was never executed, and does not say so."""

    def runtest(self) -> None:
        counts = self.parent.counts
        if not counts["compared"] or counts["never executed"]:
            raise AssertionError(
                f"{self.path}: {counts['compared']} cells with outputs compared, {counts['never executed']} "
                "never executed when the notebook was built. Run `rmqlab build`."
            )


class SolutionPassed(_Conclusion):
    """The reference solution of one exercise gets PASSED."""

    def runtest(self) -> None:
        exercise = self.name.split()[2]
        outcome = self.parent.outcomes.get(exercise, "no verdict")
        if outcome != "PASSED":
            raise AssertionError(f"{self.path}: the solution of {exercise} got {outcome}.")
