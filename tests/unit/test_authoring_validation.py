"""`rmqlab check`: which tests it runs, and what it refuses before it runs any."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rmqlab.authoring import validate, validation
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit


@pytest.fixture
def root(tmp_path):
    for folder in ("course/00_welcome", "course/01_concepts", "nbtests"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def commands(monkeypatch):
    ran = []

    def run(command, **_):
        ran.append(command)
        return subprocess.CompletedProcess(command, returncode=3)

    monkeypatch.setattr(validation.subprocess, "run", run)
    return ran


def test_runs_the_notebook_tests_and_returns_pytests_exit_code(root, commands):
    assert validate(root) == 3
    command = [sys.executable, "-m", "pytest", str(root / "nbtests"), f"--rootdir={root}"]
    assert commands == [[*command, "-p", "no:hypothesispytest"]]


def test_chosen_labs_are_handed_on_by_number(root, commands):
    validate(root, only=["01-concepts"], pytest_arguments=["-x"])
    assert commands[0][-2:] == ["--lab=01", "-x"]


def test_unknown_lab_is_refused(root, commands):
    with pytest.raises(CourseError, match=r"There is no lab '7'. There are: 00-welcome, 01-concepts"):
        validate(root, only=["7"])
    assert commands == []


def test_folder_without_notebook_tests_is_refused(root, commands):
    (root / "nbtests").rmdir()
    with pytest.raises(CourseError, match=r"There is no .*nbtests"):
        validate(root)
