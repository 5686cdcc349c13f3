"""A test run in lanes (pytest-xdist) finds what a run in one process finds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rmqlab.lanes import lane
from rmqlab.quality import LANES

pytestmark = pytest.mark.unit

NBTESTS = "nbtests/test_wrong_answers.py::"
BARE_PYTEST = [sys.executable, "-m", "pytest"] + [
    word for plugin in ("cacheprovider", "hypothesispytest", "nbval") for word in ("-p", f"no:{plugin}")
]


def test_a_stage_of_a_lab_is_one_lanes_and_so_is_each_suite_but_for_files_that_share_nothing():
    assert lane("tests/live/test_soak.py::test_x[00-a]") == lane("tests/live/test_admin.py::test_y") == "live"
    assert lane("tests/unit/test_plan.py::test_a") == lane("tests/unit/test_ports.py::test_b") == "unit"
    topologies = "tests/live/test_topologies.py"
    assert lane(f"{topologies}::test_a[1]") == lane(f"{topologies}::test_b") == topologies
    solved = [
        "solutions/01-concepts.ipynb::cell 3 (01.1)",
        "solutions/01-concepts.ipynb::nbval compared something",
        "../nbtests/test_solutions.py::01-concepts.ipynb::cell 3 (01.1)",  # of a course that lies elsewhere
        NBTESTS + "test_wrong_answer_gets_its_own_feedback[01.1 00.1 is enough]",
        NBTESTS + "test_solution_passes_on_the_same_cluster_after_its_wrong_answers[01.4]",
        NBTESTS + "test_cells_between_the_exercises_run_again_on_the_same_cluster[01-concepts]",
    ]
    assert {lane(nodeid) for nodeid in solved} == {"01 solved"}
    assert lane("nbtests/test_unsolved.py::test_unsolved_notebook_runs[01-concepts]") == "01 unsolved"
    assert (
        lane("tests/browser/test_replays.py::test_a[b]")
        == lane("tests/browser/test_x.py::test_y")
        == "browser"
    )
    assert lane("../nbtests/test_of_no_lab.py::test_z") == "../nbtests/test_of_no_lab.py::test_z"
    assert {lane(nodeid, wrong_apart=True) for nodeid in solved[:3]} == {"01 solved"}
    assert [lane(nodeid, wrong_apart=True) for nodeid in solved[3:]] == [
        "01 wrong, odd",
        "01 wrong, even",
        "01 wrong, even",
    ]


def test_pytest_calls_the_cells_of_a_lab_by_names_that_tell_their_lane():
    root = Path(__file__).parents[2]
    words = ["nbtests", "--lab=00", "--collect-only", "-q", "-p", "no:cacheprovider"]
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    named = [line for line in collected.stdout.splitlines() if "::" in line]
    assert any(line.startswith("solutions/00-welcome.ipynb::cell") for line in named)
    assert {lane(line) for line in named} == {"00 solved", "00 unsolved"}


KEEPING = """
import pathlib
import pytest

@pytest.fixture(scope="session")
def kept():
    diary = pathlib.Path(__file__).with_name("diary")
    with diary.open("a") as file:
        file.write("begins\\n")
    yield diary
    with diary.open("a") as file:
        file.write("ends\\n")
"""


@pytest.mark.timeout(400)
def test_what_a_session_fixture_holds_ends_with_the_lane(tmp_path):
    (tmp_path / "conftest.py").write_text(KEEPING, encoding="utf-8")
    for suite in ("browser", "live"):
        (tmp_path / "tests" / suite).mkdir(parents=True)
        for file in ("a", "b"):
            (tmp_path / "tests" / suite / f"test_{suite}_{file}.py").write_text(
                "def test_one(kept):\n    assert kept.read_text().split()[-1] == 'begins'\n", encoding="utf-8"
            )
    ran = subprocess.run(
        [*BARE_PYTEST, f"--rootdir={tmp_path}", *LANES, "-n", "1", "tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "4 passed" in ran.stdout.splitlines()[-1], ran.stdout
    assert (tmp_path / "diary").read_text().split() == ["begins", "ends"] * 2


LEAVING = """
import subprocess
import sys

def test_that_leaves_a_process_behind():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
"""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("lanes", [(), (*LANES, "-n", "1")], ids=["one process", "a lane"])
def test_a_process_that_is_left_behind_is_named_and_fails_the_run(tmp_path, lanes):
    shutil.copy(Path(__file__).parents[1] / "conftest.py", tmp_path)
    (tmp_path / "test_leaving.py").write_text(LEAVING, encoding="utf-8")
    command = [*BARE_PYTEST, f"--rootdir={tmp_path}", *lanes]
    ran = subprocess.run(
        [*command, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert "1 passed" in ran.stdout.splitlines()[-1]
    assert "LEFT BEHIND by this session, and ended now" in ran.stdout
    assert "time.sleep(120)" in ran.stdout
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
