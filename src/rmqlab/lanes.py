"""A pytest plugin: what runs beside what in `rmqlab test` (pytest-xdist).

A lane is what runs in one process, one test after the other: a stage of a lab, unsolved or solved with its
wrong answers (`--wrong-apart`: these on two clusters of their own, quicker for a single lab); all of the
browser's tests, which share a JupyterLab; all unit tests; the live tests, which share clusters, but for those
files that start all of their own. (xdist's own `--dist loadgroup` does not group with pytest 9.)
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_SUITES = ("unit", "browser", "live")
_APART = ("test_capstone.py", "test_labs_on_containers.py", "test_topologies.py")
_LAB = re.compile(r"(?:::|/|\[)(\d\d)[-.]")
_EXERCISE = re.compile(r"\[(\d\d\.\d+)")


def half(exercise: str) -> str:
    """Return which half of its lab an exercise belongs to ("06.5": "odd"): each half can have a lane."""
    return "odd" if int(exercise.partition(".")[2]) % 2 else "even"


def lane(nodeid: str, *, wrong_apart: bool = False) -> str:
    """Return what a test has to share a lane with.

    Args:
        nodeid: pytest's, such as `nbtests/test_wrong_answers.py::test_wrong_answer_gets_its_own_feedback[01.1
            forged]`; of a cell `solutions/01-concepts.ipynb::cell 3 (01.1)`, or, where the course lies not
            below pytest's root, `nbtests/test_solutions.py::01-concepts.ipynb::cell 3 (01.1)`.
        wrong_apart: Whether a lab's wrong answers do without the cluster that its solutions ran on, those to
            its even exercises and those to its odd ones side by side.
    """
    file = nodeid.partition("::")[0]
    if "nbtests/" not in file and not file.endswith(".ipynb"):
        if file.endswith(_APART):
            return file
        return next((suite for suite in _SUITES if f"{suite}/" in file), file)
    lab = _LAB.search(nodeid)
    if lab is None:
        return nodeid
    name = Path(file).name
    if wrong_apart and name == "test_wrong_answers.py":
        exercise = _EXERCISE.search(nodeid)
        return f"{lab[1]} wrong, {half(exercise[1]) if exercise else 'even'}"
    return f"{lab[1]} {'unsolved' if name == 'test_unsolved.py' else 'solved'}"


class _Lanes(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid, wrong_apart=self.config.option.wrong_apart)


def pytest_addoption(parser: Any) -> None:
    """Add `--wrong-apart`."""
    parser.addoption("--wrong-apart", action="store_true", help="two lanes for each lab's wrong answers")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End what session fixtures hold with their lane.

    The lane's process goes on with another one, and clusters, kernels and a browser that nobody uses would
    take processor time from it. pytest has no scope for that; its own teardown, which follows, finds nothing.
    """
    apart = item.config.option.wrong_apart
    if nextitem and lane(item.nodeid, wrong_apart=apart) != lane(nextitem.nodeid, wrong_apart=apart):
        item.session._setupstate.teardown_exact(None)  # noqa: SLF001


def pytest_xdist_make_scheduler(config: Any, log: Any) -> LoadScopeScheduling:
    """Deal out by `lane`, the largest share first."""
    return _Lanes(config, log)
