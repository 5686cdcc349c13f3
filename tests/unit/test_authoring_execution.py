"""The fresh state folder that a notebook is run in, and its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rmqlab.authoring import execution
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit


@pytest.fixture
def commands(monkeypatch):
    """Record what would be run; the first command succeeds, later ones fail."""
    ran = []

    def run(command, **options):
        ran.append((command, options["env"]["RMQLAB_HOME"]))
        return subprocess.CompletedProcess(
            command, returncode=len(ran) > 1, stdout="", stderr="no such place"
        )

    monkeypatch.setattr(execution.subprocess, "run", run)
    return ran


def test_kernel_sees_the_course_and_a_state_folder_of_its_own(tmp_path, commands):
    with execution.fresh_home(tmp_path) as environment:
        home = Path(environment["RMQLAB_HOME"])
        assert home.is_dir()
        assert list(home.iterdir()) == []
        assert environment["RMQLAB_COURSE"] == str(tmp_path.resolve())
        assert environment["PATH"] == os.environ["PATH"]
    assert not home.exists()
    assert commands == []


def test_cluster_that_was_started_there_is_ended_even_after_an_error(tmp_path, commands):
    def start_and_fail():
        with execution.fresh_home(tmp_path) as environment:
            home.append(environment["RMQLAB_HOME"])
            (Path(environment["RMQLAB_HOME"]) / "clusters").mkdir()
            raise ZeroDivisionError

    home = []
    with pytest.raises(ZeroDivisionError):
        start_and_fail()
    assert commands == [([sys.executable, "-m", "rmqlab", "down", "--all"], *home)]


def test_cluster_that_cannot_be_ended_is_said(tmp_path, commands):
    commands.append("one before")
    (tmp_path / "clusters").mkdir()
    with pytest.raises(CourseError, match="`rmqlab down --all` failed: no such place"):
        execution.end_clusters({"RMQLAB_HOME": str(tmp_path)})
