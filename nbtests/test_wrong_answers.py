"""Each recorded wrong answer gets exactly its feedback, and the solution still passes after it.

All answers of a lab run in one kernel, on the cluster that its solutions ran on before: the second run there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rmqlab.authoring.folder import LabFolder
    from rmqlab.authoring.trials import Tried
    from rmqlab.checks import WrongAnswer

# The first of a lab's tests runs the whole lab.
pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(1800)]


def test_wrong_answer_gets_its_own_feedback(wrong_answer: WrongAnswer, tried: tuple[Tried, ...]) -> None:
    (got,) = (t for t in tried if (t.exercise, t.name) == (wrong_answer.exercise, wrong_answer.name))
    assert not got.error
    assert (got.outcome, got.key) == ("NOT YET", wrong_answer.expect), got.said


def test_solution_passes_on_the_same_cluster_after_its_wrong_answers(
    exercise: str, tried: tuple[Tried, ...]
) -> None:
    (got,) = (t for t in tried if (t.exercise, t.name) == (exercise, ""))
    assert not got.error
    assert got.outcome == "PASSED", got.said


def test_cells_between_the_exercises_run_again_on_the_same_cluster(
    lab: LabFolder, tried: tuple[Tried, ...]
) -> None:
    raised = [t.error for t in tried if not t.exercise and t.error]
    assert not raised, f"{lab.slug}: {raised}"
