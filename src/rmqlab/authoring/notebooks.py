"""One lab's source to notebooks: the learner's, the solved one, and the cells that try its wrong answers."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import jupytext
import nbformat
from nbformat import NotebookNode

from rmqlab.authoring.source import BEGIN, END, LabText, Region
from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rmqlab.authoring.folder import LabFolder

#: The tag that papermill looks for.
PARAMETERS = "parameters"
#: A check in a cell's source; its group `id` is the exercise.
CHECK_CALL = re.compile(r"""lab\.check\(\s*["'](?P<id>[^"']+)["']""")
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def learner_notebook(folder: LabFolder, text: LabText) -> NotebookNode:
    """Return the notebook without solutions and outputs."""
    return _notebook(folder, text, lambda region: region.learner)


def solved_notebook(folder: LabFolder, text: LabText) -> NotebookNode:
    """Return the notebook with its solutions, not yet executed."""
    return _notebook(folder, text, lambda region: region.solution)


def dumps(notebook: NotebookNode) -> str:
    """Return the text of a notebook file, the same for the same cells on every machine."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Return a copy as it was before it was executed."""
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    return bare


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the cells of an exercise.

    Attributes:
        exercise: Its id.
        name: The wrong answer's name, or "" for the solution.
        sources: The cells' code.
    """

    exercise: str
    name: str
    sources: tuple[str, ...]


class Replacement(Protocol):
    """What stands in the place of an exercise's solution: one text for each of its regions."""

    @property
    def exercise(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def code(self) -> tuple[str, ...]: ...  # noqa: D102


def attempts(text: LabText, wrong: Sequence[Replacement]) -> Iterator[Attempt]:
    """Yield the lab's code cells in order, those of an exercise once for each wrong answer, then solved.

    So all wrong answers of a lab run in one kernel on one cluster, each followed by what a learner does next.
    What lies between a guess and its check, and does not read it, has run with the first of several guesses.
    """
    marked = _code_cells(text, lambda region: [BEGIN, *region.solution, END])
    solved = _code_cells(text, lambda region: region.solution)
    at = 0
    for exercise, first, last in _groups(marked):
        for source in solved[at:first]:
            yield Attempt(exercise="", name="", sources=(source,))
        at = last + 1
        guessed = False
        for answer in wrong:
            if answer.exercise == exercise:
                cells = tuple(_code_cells(text, _replacing(text, answer))[first:at])
                again = guessed
                guessed = _is_guess(cells)
                sources = (cells[0], cells[-1]) if guessed and again else cells
                yield Attempt(exercise=exercise, name=answer.name, sources=sources)
        yield Attempt(exercise=exercise, name="", sources=tuple(solved[first:at]))
    for source in solved[at:]:
        yield Attempt(exercise="", name="", sources=(source,))


def _is_guess(cells: Sequence[str]) -> bool:
    """Say whether the first cell only names plain values, and no cell before the check reads them."""
    if len(cells) == 1:
        return False
    try:
        given, *between = map(ast.parse, cells[:-1])
    except SyntaxError:  # an answer that is no Python
        return False
    if not all(isinstance(each, ast.Assign) and _is_plain(each.value) for each in given.body):
        return False
    named = {name.id for name in ast.walk(given) if isinstance(name, ast.Name)}
    read = {
        name.id
        for cell in between
        for name in ast.walk(cell)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)
    }
    return named.isdisjoint(read)


def _is_plain(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):  # no literal; a key that cannot be one
        return False
    return True


def _groups(marked: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield (exercise, first cell, last cell): from its first solution region to its check."""
    first: int | None = None
    for number, source in enumerate(marked):
        if BEGIN in source and first is None:
            first = number
        for call in CHECK_CALL.finditer(source):
            if first is not None:
                yield call["id"], first, number
            first = None


def _replacing(text: LabText, answer: Replacement) -> Callable[[Region], Sequence[str]]:
    regions = text.regions_of(answer.exercise)
    lines = {region.first: code.splitlines() for region, code in zip(regions, answer.code, strict=True)}
    return lambda region: lines.get(region.first, region.solution)


def _code_cells(text: LabText, choose: Callable[[Region], Sequence[str]]) -> list[str]:
    return [cell.source for cell in _read(text, choose).cells if cell.cell_type == "code"]


def _read(text: LabText, choose: Callable[[Region], Sequence[str]]) -> NotebookNode:
    return jupytext.reads(text.with_regions(choose), fmt={"extension": ".py", "format_name": "percent"})


def _notebook(folder: LabFolder, text: LabText, choose: Callable[[Region], Sequence[str]]) -> NotebookNode:
    solved = _read(text, lambda region: region.solution)
    chosen = _read(text, choose)
    if len(solved.cells) != len(chosen.cells):
        raise CourseError(
            f"{text.path}:1: the learner's notebook has other cells than the solved one. "
            "Keep cell marks (# %%) out of solutions."
        )
    # Both notebooks share their ids: a cell is the same cell, solved or not.
    identities = _cell_ids(folder.slug, [cell.source for cell in solved.cells])
    cells = [_cell(cell, identity, folder) for cell, identity in zip(chosen.cells, identities, strict=True)]
    metadata = {
        "kernelspec": _KERNEL,
        "language_info": {"name": "python"},
        "rmqlab": {"generated_from": f"course/{folder.path.name}/lab.py"},
    }
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _cell(cell: NotebookNode, identity: str, folder: LabFolder) -> dict[str, object]:
    tags = cell.metadata.get("tags", [])
    made: dict[str, object] = {
        "cell_type": cell.cell_type,
        "id": identity,
        "metadata": {"tags": tags} if tags else {},
        "source": cell.source,
    }
    if cell.cell_type == "code":
        made |= {"execution_count": None, "outputs": []}
        if PARAMETERS in tags:
            version = f'CHECKS_VERSION = "{folder.checks_version()}"  # the build writes it: leave it'
            made["source"] = f"{cell.source}\n{version}"
    return made


def _cell_ids(slug: str, sources: Sequence[str]) -> list[str]:
    """Return an id for each cell from its text, so that a cell added above leaves the others' ids alone."""
    identities: list[str] = []
    for source in sources:
        copies = 0
        while True:
            digest = hashlib.sha256(f"{slug}\n{copies}\n{source}".encode()).hexdigest()[:10]
            if digest not in identities:
                break
            copies += 1
        identities.append(digest)
    return identities
