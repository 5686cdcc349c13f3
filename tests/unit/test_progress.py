"""The learner's record: outside the notebook, safe among several kernels, never a reason to fail."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from rmqlab.checks import not_yet, passed, progress, scoreboard
from rmqlab.checks.verdict import error
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit

NOT_YET = replace(not_yet("k", expected="e", seen="s", why="w", try_next="t"), exercise="00.1")
PASSED = replace(passed("p"), exercise="00.1")
ONE_PLACE = """
[90]
minutes = 25
needs = []
then = "count"
show = "a dead broker"
"""


@pytest.fixture
def course(tmp_path):
    """A copy of the small course, which has no map."""
    fixture = Path(__file__).parents[1] / "course_fixture" / "course"
    return Path(shutil.copytree(fixture, tmp_path / "course"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RMQLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_exercise_without_a_record_is_not_attempted():
    assert progress.standing("00.1") == progress.Standing()


def test_attempts_are_counted_and_errors_are_not():
    for verdict in (NOT_YET, replace(error("k", "e"), exercise="00.1"), PASSED):
        progress.record_verdict(verdict)
    assert progress.standing("00.1").attempts == 2


def test_passed_stays_passed():
    progress.record_verdict(PASSED)
    first = progress.standing("00.1").passed_at
    progress.record_verdict(NOT_YET)
    standing = progress.standing("00.1")
    assert (standing.passed_at, standing.outcome) == (first, "NOT YET")


def test_record_survives_in_a_file_of_its_own(home):
    progress.record_verdict(PASSED)
    assert json.loads((home / "progress.json").read_text())["exercises"]["00.1"]["outcome"] == "PASSED"
    assert [path.name for path in home.iterdir() if path.suffix == ".tmp"] == []


def test_damaged_record_is_kept_aside_and_a_new_one_begun(home):
    home.mkdir()
    (home / "progress.json").write_text('{"exercises": {"00.1":', encoding="utf-8")
    progress.record_verdict(PASSED)
    assert progress.standing("00.1").passed
    assert (home / "progress.damaged.json").read_text() == '{"exercises": {"00.1":'


@pytest.mark.parametrize("text", ["[]", '{"exercises": []}', '{"exercises": {"00.1": 3}}', ""])
def test_record_of_another_shape_is_damaged(home, text):
    home.mkdir()
    (home / "progress.json").write_text(text, encoding="utf-8")
    assert progress.standings() == {}


def test_facts_of_a_newer_version_are_passed_over(home):
    home.mkdir()
    (home / "progress.json").write_text(
        '{"exercises": {"00.1": {"hints": 2, "mood": "good"}}}', encoding="utf-8"
    )
    assert progress.standing("00.1").hints == 2


def test_several_kernels_may_write_at_once():
    script = (
        "import sys\nfrom rmqlab.checks import progress\n"
        "for n in range(20): progress.take_hint(f'{sys.argv[1]}.{n}', 3); progress.take_hint('00.1', 1000)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, f"0{n}"]) for n in range(1, 4)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert progress.standing("00.1").hints == 60
    assert len(progress.standings()) == 61


def test_reset_forgets_one_exercise_or_a_whole_lab():
    known = ("00.1", "00.2", "01.1")
    for exercise in known:
        progress.take_hint(exercise, 3)
    assert progress.reset("00.2", known) == ("00.2",)
    assert progress.reset("00", known) == ("00.1",)
    assert set(progress.standings()) == {"01.1"}
    assert progress.reset("00", known) == ()


def test_reset_of_something_unknown_names_what_there_is():
    with pytest.raises(CourseError, match=r"no exercise or lab '0'. There are: 00.1, 01.1"):
        progress.reset("0", ("00.1", "01.1"))


def test_table_has_every_exercise_of_the_course_with_sign_and_word(monkeypatch):
    monkeypatch.setenv("RMQLAB_COURSE", str(Path(__file__).parents[1] / "course_fixture" / "course"))
    progress.record_verdict(replace(PASSED, exercise="90.1"))
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(scoreboard.progress_table())
    text = console.file.getvalue()
    assert "1 of 2 exercises passed" in text
    assert "✔ passed" in text
    assert "○ not attempted" in text
    assert scoreboard.reset("90") == ("90.1",)


def test_table_follows_the_course_map_and_the_next_lab_is_one_whose_ground_is_laid(monkeypatch, course):
    monkeypatch.setenv("RMQLAB_COURSE", str(course))
    (course / "map.toml").write_text(ONE_PLACE, encoding="utf-8")
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(scoreboard.progress_table())
    assert "25 min" in console.file.getvalue()
    assert scoreboard.next_step() == "Next: rmqlab lab 90 (25 min). Afterwards you can count."
    for exercise in ("90.1", "90.2"):
        progress.record_verdict(replace(PASSED, exercise=exercise))
    assert scoreboard.next_step() == "You have passed all of them."


def test_course_without_a_map_names_no_next_lab(monkeypatch, course):
    monkeypatch.setenv("RMQLAB_COURSE", str(course))
    assert scoreboard.next_step() == ""
