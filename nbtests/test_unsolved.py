"""A learner who answers nothing gets to the end of every notebook, and each check says NOT ATTEMPTED."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import papermill
import pytest

from rmqlab.authoring.execution import CELL_TIMEOUT_S
from rmqlab.authoring.folder import declared_exercises
from rmqlab.authoring.trials import verdicts

if TYPE_CHECKING:
    from pathlib import Path

    from rmqlab.authoring.folder import LabFolder

# A lab may take 180 s, and is not alone on the machine.
pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(450)]


def test_unsolved_notebook_runs_to_the_end_with_every_exercise_not_attempted(
    lab: LabFolder, unsolved_environment: dict[str, str], tmp_path: Path
) -> None:
    root = lab.path.parents[1]
    with patch.dict("os.environ", unsolved_environment):
        ran = papermill.execute_notebook(
            root / "labs" / f"{lab.slug}.ipynb",
            tmp_path / f"{lab.slug}.ipynb",
            cwd=root / "labs",
            kernel_name="python3",
            progress_bar=False,
            execution_timeout=CELL_TIMEOUT_S,
        )
    outputs = [output for cell in ran.cells for output in cell.get("outputs", ())]
    outcomes = {verdict["exercise"]: verdict["outcome"] for verdict in verdicts(outputs)}
    assert outcomes == dict.fromkeys(declared_exercises(lab), "NOT ATTEMPTED")
