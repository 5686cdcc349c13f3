"""A lab's own time and that of its check, and which of them miss the budget."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from rmqlab.authoring import build
from rmqlab.bench import labs
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit

FIXTURE = Path(__file__).parents[1] / "course_fixture"


def measured(root, monkeypatch, own_s, check_s):
    """Return the exit code and what was printed, were these the times."""
    monkeypatch.setattr(labs, "_own_time", lambda *_: own_s)
    monkeypatch.setattr(labs, "_check_time", lambda *_: check_s)
    printed = io.StringIO()
    return labs.run(root, ["90"], Console(file=printed, width=100)), printed.getvalue()


def test_a_check_of_three_times_the_labs_own_time_keeps_the_budget(root, monkeypatch):
    code, printed = measured(root, monkeypatch, own_s=40, check_s=120)
    assert code == 0
    assert "3.0" in printed
    assert "kept" in printed


def test_a_longer_one_misses_it_and_the_command_fails(root, monkeypatch):
    code, printed = measured(root, monkeypatch, own_s=40, check_s=124)
    assert code == 1
    assert "MISSED" in printed


def test_a_labs_own_time_is_that_of_its_cells_and_its_kernel(root, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(FIXTURE))
    build(root)
    (lab,) = labs.lab_folders(root / "course", ["90"])
    assert 0.1 < labs._own_time(root, lab) < 60


def test_a_check_that_fails_is_not_measured(root):
    (lab,) = labs.lab_folders(root / "course", ["90"])
    with pytest.raises(CourseError, match="`rmqlab check 90` failed"):
        labs._check_time(root, lab)  # there are no nbtests here
