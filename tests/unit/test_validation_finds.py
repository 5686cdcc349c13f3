"""The validation validated: a small lab without a broker passes, and each defect put into it is found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from rmqlab.authoring import build
from rmqlab.quality import LANES

pytestmark = [pytest.mark.unit, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "course_fixture"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A built copy of the small course."""
    root = tmp_path_factory.mktemp("workspace")
    shutil.copytree(FIXTURE / "course", root / "course", ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FIXTURE))
        build(root)
    return root


@pytest.fixture
def root(built, tmp_path):
    shutil.copytree(built, tmp_path / "workspace")
    return tmp_path / "workspace"


def validation_of(root: Path, *arguments: str) -> str:
    """Run the validation on a course and return what pytest printed, lines of passed tests included."""
    environment = {**os.environ, "RMQLAB_COURSE": str(root / "course"), "PYTHONPATH": str(FIXTURE)}
    command = [sys.executable, "-m", "pytest", str(ROOT / "nbtests"), f"--rootdir={ROOT}", "-v", "--color=no"]
    command += ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    ran = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return ran.stdout


def edit_solution(root: Path, old: str, new: str) -> None:
    """Change the source or an output of a cell of the reference notebook."""
    path = root / "solutions" / "90-stand-in.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_whole_lab_passes_and_the_report_counts_its_cells(root):
    output = validation_of(root)
    assert "90-stand-in: 9 cells run, 5 compared, 4 without output, 0 ignored, 0 never executed" in output
    assert "2 of 2 solutions passed" in output
    assert "failed" not in output.splitlines()[-1]


def test_in_lanes_it_passes_too_and_counts_the_same(root):
    output = validation_of(root, *LANES)
    # By one of the processes: there are more than lanes here, and the slowest gets none.
    assert re.search(r"\[gw\d\] .*PASSED", output)
    assert "90-stand-in: 9 cells run, 5 compared, 4 without output, 0 ignored, 0 never executed" in output
    assert "2 of 2 solutions passed" in output
    assert "failed" not in output.splitlines()[-1]


def test_reference_that_was_never_executed_fails_although_nbval_is_content(root):
    path = root / "solutions" / "90-stand-in.ipynb"
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)
    output = validation_of(root, "-k", "Cell or compared")
    assert "0 compared" in output
    assert "nbval compared something FAILED" in output
    assert "1 failed" in output.splitlines()[-1]


def test_output_that_differs_is_found(root):
    edit_solution(root, '"sent again\\n"', '"sent before\\n"')
    output = validation_of(root, "-k", "cell or compared")
    assert "Cell outputs differ" in output
    assert "1 failed" in output.splitlines()[-1]


def test_duplicate_message_is_found_although_ids_differ_in_every_run(root):
    lab = root / "course" / "90_stand_in" / "lab.py"
    text = lab.read_text(encoding="utf-8")
    build_source = text.replace("print(ids)", "print(ids[:1] * 2)")
    lab.write_text(build_source, encoding="utf-8")
    edit_solution(root, '"print(ids)"', '"print(ids[:1] * 2)"')
    output = validation_of(root, "-k", "cell")
    assert "Cell outputs differ" in output


def test_wrong_answer_that_gets_another_feedback_is_found(root):
    wrong = root / "course" / "90_stand_in" / "wrong.py"
    text = wrong.read_text(encoding="utf-8")
    wrong.write_text(text.replace('expect="overwritten"', 'expect="replaced"'), encoding="utf-8")
    output = validation_of(root, "-k", "wrong_answer")
    assert (
        "test_wrong_answer_gets_its_own_feedback[90.2 an equal message replaces the first] FAILED" in output
    )
    assert "1 failed" in output.splitlines()[-1]


def test_check_that_passes_whatever_is_answered_is_found(root):
    checks = root / "course" / "90_stand_in" / "checks.py"
    text = checks.read_text(encoding="utf-8")
    checks.write_text(text.replace("if not stored.issuperset(ids):", "if False:"), encoding="utf-8")
    output = validation_of(root, "-k", "wrong_answer")
    assert "test_wrong_answer_gets_its_own_feedback[90.1 forged] FAILED" in output


def test_unsolved_notebook_that_raises_is_found(root):
    path = root / "labs" / "90-stand-in.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("print(ids)", "print(ids[0])"), encoding="utf-8")
    output = validation_of(root, "-k", "unsolved")
    assert "1 failed" in output.splitlines()[-1]


def test_unknown_lab_is_named(root):
    assert "There is no lab '42'" in validation_of(root, "--lab=42")
