"""`rmqlab build`: course/ to labs/ and solutions/, and the proof that neither has drifted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - dataclasses read annotations
from typing import TYPE_CHECKING

import nbformat

from rmqlab.authoring import execution, rules
from rmqlab.authoring.folder import LabFolder, lab_folders
from rmqlab.authoring.notebooks import dumps, learner_notebook, solved_notebook, without_outputs
from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbformat import NotebookNode


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did to one lab.

    Attributes:
        slug: "01-concepts".
        written: The files that changed.
        executed: Whether the solution was run.
    """

    slug: str
    written: tuple[Path, ...]
    executed: bool


def build(  # noqa: PLR0913 - each is one switch of the command
    root: Path,
    only: Sequence[str] | None = None,
    *,
    check: bool = False,
    execute: bool = True,
    fresh: bool = False,
    report: Callable[[str], None] = lambda _: None,
) -> tuple[Built, ...]:
    """Build the notebooks of a course.

    Args:
        root: The folder that holds course/; labs/ and solutions/ are written beside it.
        only: Numbers or slugs of labs; all if None or empty.
        check: Write nothing; raise if a file is not what a build would write, outputs aside.
        execute: Run the solutions whose code changed or has no outputs, on a fresh cluster each.
        fresh: Run them all.
        report: Is told a line about each lab as it comes.

    Returns:
        What was done, by lab.

    Raises:
        CourseError: For a mistake in a lab's source, with file and line; for drift, with `check`; for a
            solution that does not run.
    """
    course = root / "course"
    folders = lab_folders(course, only)
    results = []
    for folder in folders:
        text = rules.checked(folder)
        learner, solved = learner_notebook(folder, text), solved_notebook(folder, text)
        labs, solutions = root / "labs" / f"{folder.slug}.ipynb", root / "solutions" / f"{folder.slug}.ipynb"
        if check:
            rules.no_leaks(labs, text)
            _no_drift(labs, dumps(learner))
            _no_drift(solutions, dumps(solved))
            continue
        solved = _with_outputs(solved, solutions)
        run = execute and (fresh or not _was_executed(solved))
        if run:
            report(f"{folder.slug}: running the solution on a fresh cluster")
            solved = _executed(without_outputs(solved), folder, course)
        written = [path for path, node in ((labs, learner), (solutions, solved)) if _write(path, dumps(node))]
        results.append(Built(slug=folder.slug, written=tuple(written), executed=run))
        report(f"{folder.slug}: " + (", ".join(str(p.relative_to(root)) for p in written) or "unchanged"))
    if not only:
        rules.nothing_unlisted(root, [folder.slug for folder in folders])
    return tuple(results)


def _executed(solved: NotebookNode, folder: LabFolder, course: Path) -> NotebookNode:
    # nbval runs a notebook in the notebook's own folder: so does the run that makes its reference.
    solutions = course.parent / "solutions"
    solutions.mkdir(exist_ok=True)
    with execution.fresh_home(course) as environment:
        return execution.execute(solved, folder=solutions, environment=environment, name=str(folder.lab_py))


def _with_outputs(solved: NotebookNode, path: Path) -> NotebookNode:
    """Return a notebook with the outputs of its file, as long as the code is the same: prose may change."""
    if not path.is_file():
        return solved
    before, now = _code_cells(_read(path)), _code_cells(solved)
    if [(cell.id, cell.source) for cell in before] == [(cell.id, cell.source) for cell in now]:
        for old, new in zip(before, now, strict=True):
            new.execution_count, new.outputs = old.execution_count, old.outputs
    return solved


def _was_executed(solved: NotebookNode) -> bool:
    return all(cell.execution_count for cell in _code_cells(solved) if cell.source)


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _no_drift(path: Path, wanted: str) -> None:
    if not path.is_file():
        raise CourseError(f"{path}:1: missing. Run `rmqlab build`.")
    found = _bare(path)
    if found == wanted:
        return
    pairs = zip(found.splitlines(), wanted.splitlines(), strict=False)
    line = next((n for n, (a, b) in enumerate(pairs, start=1) if a != b), 1)
    raise CourseError(
        f"{path}:{line}: not what the source builds. Change course/, never this file, and run `rmqlab build`."
    )


def _bare(path: Path) -> str:
    return dumps(without_outputs(_read(path)))


def _read(path: Path) -> NotebookNode:
    try:
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as broken:
        raise CourseError(f"{path}:1: not a notebook ({broken}). Run `rmqlab build`.") from None


def _write(path: Path, text: str) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return True
