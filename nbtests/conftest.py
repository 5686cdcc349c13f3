"""One lab after the other: unsolved on a fresh cluster, then solved on another, then its wrong answers there.

Every stage has a state folder of its own, so that clusters, ports and progress of the user stay untouched;
the clusters that it started end with it.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from strict_nbval import StrictNotebook

from rmqlab.authoring.execution import CELL_TIMEOUT_S, fresh_home
from rmqlab.authoring.folder import LabFolder, declared_exercises, lab_folders, wrong_answers
from rmqlab.authoring.trials import Tried, try_answers
from rmqlab.lanes import half

if TYPE_CHECKING:
    from collections.abc import Iterator

_NBVAL_DEFAULT_TIMEOUT_S = 2000


class Stages:
    """The stage that runs now: a lab, unsolved or solved, with its own state folder."""

    def __init__(self, course: Path) -> None:
        self.course = course
        self._now: tuple[str, str] | None = None
        self._environment: dict[str, str] = {}
        self._stack = ExitStack()

    def enter(self, lab: LabFolder, stage: str) -> dict[str, str]:
        """Return the environment of a stage, a fresh one unless this stage runs already."""
        if self._now != (lab.slug, stage):
            self.leave()
            self._environment = self._stack.enter_context(fresh_home(self.course))
            self._now = (lab.slug, stage)
        return self._environment

    def leave(self) -> None:
        """End the clusters of the stage that runs now."""
        self._now = None
        self._stack.close()


_STAGES_KEY = pytest.StashKey[Stages]()
_NOTEBOOKS_KEY = pytest.StashKey[list[StrictNotebook]]()
_TOLD_KEY = pytest.StashKey[list[str]]()
_NBVAL = "nbval"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lab", action="append", default=[], help="a lab's number or slug; repeatable")


def pytest_configure(config: pytest.Config) -> None:
    course = Path(os.environ.get("RMQLAB_COURSE") or config.rootpath / "course").resolve()
    config.stash[_STAGES_KEY] = Stages(course)
    config.stash[_NOTEBOOKS_KEY] = []
    config.stash[_TOLD_KEY] = []
    if config.option.nbval_cell_timeout == _NBVAL_DEFAULT_TIMEOUT_S:
        config.option.nbval_cell_timeout = float(CELL_TIMEOUT_S)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test its labs, its exercises or its wrong answers."""
    labs = _labs(metafunc.config)
    if "wrong_answer" in metafunc.fixturenames:
        answers = [(lab, answer) for lab in labs for answer in wrong_answers(lab)]
        ids = [f"{answer.exercise} {answer.name}" for _, answer in answers]
        metafunc.parametrize(("lab", "wrong_answer"), answers, ids=ids)
    elif "exercise" in metafunc.fixturenames:
        exercises = [(lab, exercise) for lab in labs for exercise in declared_exercises(lab)]
        metafunc.parametrize(("lab", "exercise"), exercises, ids=[exercise for _, exercise in exercises])
    elif "lab" in metafunc.fixturenames:
        metafunc.parametrize("lab", labs, ids=[lab.slug for lab in labs])


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if module_path.name == "test_solutions.py":
        return SolutionsModule.from_parent(parent, path=module_path)
    return None


class SolutionsModule(pytest.Module):
    """test_solutions.py: one nbval notebook for each lab."""

    def collect(self) -> Iterator[Any]:
        yield from super().collect()
        stages = self.config.stash[_STAGES_KEY]
        for lab in _labs(self.config):
            notebook = StrictNotebook.from_parent(
                self,
                path=stages.course.parent / "solutions" / f"{lab.slug}.ipynb",
                lab=lab,
                exercises=tuple(declared_exercises(lab)),
                stages=stages,
            )
            self.config.stash[_NOTEBOOKS_KEY].append(notebook)
            yield notebook


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the tests of each lab together, in the places that all of them had."""
    placed = [(index, place) for index, item in enumerate(items) if (place := _place(item))]
    ordered = [items[index] for index, _ in sorted(placed, key=lambda pair: pair[1])]
    for (index, _), item in zip(placed, ordered, strict=True):
        items[index] = item


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End a stage's clusters with its last test."""
    place, following = _place(item), _place(nextitem) if nextitem else None
    if place and (not following or following[:2] != place[:2]):
        item.config.stash[_STAGES_KEY].leave()


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.stash[_STAGES_KEY].leave()
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told[_NBVAL] = _summaries(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a lane (pytest-xdist) counted."""
    node.config.stash[_TOLD_KEY] += getattr(node, "workeroutput", {}).get(_NBVAL, ())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if lines := sorted(config.stash[_TOLD_KEY] + _summaries(config)):
        terminalreporter.section("nbval")
        for line in lines:
            terminalreporter.write_line(line)


def _summaries(config: pytest.Config) -> list[str]:
    """Return a line for each notebook that this process ran."""
    lines = []
    for notebook in config.stash[_NOTEBOOKS_KEY]:
        if counts := notebook.counts:
            passed = sum(outcome == "PASSED" for outcome in notebook.outcomes.values())
            lines.append(
                f"{notebook.lab.slug}: {counts['run']} cells run, {counts['compared']} compared, "
                f"{counts['silent']} without output, {counts['ignored']} ignored, "
                f"{counts['never executed']} never executed; "
                f"{passed} of {len(notebook.exercises)} solutions passed"
            )
    return lines


def _labs(config: pytest.Config) -> tuple[LabFolder, ...]:
    return lab_folders(config.stash[_STAGES_KEY].course, config.option.lab)


def _place(item: pytest.Item) -> tuple[str, int, int] | None:
    """Return where a test belongs: its lab, its stage, its place there; None if it is about no single lab."""
    if isinstance(item.parent, StrictNotebook):
        return item.parent.lab.slug, 1, 0
    lab = getattr(item, "callspec", None) and item.callspec.params.get("lab")
    if not isinstance(lab, LabFolder):
        return None
    return (lab.slug, 0, 0) if item.path.name == "test_unsolved.py" else (lab.slug, 1, 1)


@pytest.fixture
def unsolved_environment(lab: LabFolder, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a fresh cluster for the unsolved notebook."""
    return request.config.stash[_STAGES_KEY].enter(lab, "unsolved")


@pytest.fixture(scope="session")
def _tried_labs() -> dict[tuple[LabFolder, str], tuple[Tried, ...]]:
    return {}


@pytest.fixture
def tried(
    lab: LabFolder,
    request: pytest.FixtureRequest,
    _tried_labs: dict[tuple[LabFolder, str], tuple[Tried, ...]],
) -> tuple[Tried, ...]:
    """What came of a lab's answers, tried once: all of them, on the cluster that the solutions ran on before,
    or those of one half (`rmqlab.lanes`)."""
    part = _part(request)
    if (lab, part) not in _tried_labs:
        stages = request.config.stash[_STAGES_KEY]
        _tried_labs[lab, part] = try_answers(
            lab,
            to=[exercise for exercise in declared_exercises(lab) if part in ("", half(exercise))],
            working_directory=stages.course.parent / "solutions",
            environment=stages.enter(lab, "solved"),
        )
    return _tried_labs[lab, part]


def _part(request: pytest.FixtureRequest) -> str:
    """Return the half of the lab whose wrong answers are tried with this test's, "" for all."""
    if not request.config.getoption("wrong_apart", default=False):
        return ""
    params = request.node.callspec.params
    exercise = params["wrong_answer"].exercise if "wrong_answer" in params else params.get("exercise")
    return half(exercise) if exercise else "even"
