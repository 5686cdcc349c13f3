"""The learner's own copies of the labs: made on first use, renewed while untouched, never overwritten.

labs/ is generated and belongs to the course; the learner works in `work/`, which git ignores. What a notebook
looked like when it was copied is remembered as a fingerprint of its cells: running a lab is no change, typing
into one is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MEMORY = ".copied.json"


@dataclass(frozen=True, slots=True)
class Copied:
    """What one call did: the names of notebooks by what became of them."""

    new: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Changed by the learner, while the course has a newer one."""


def bring_up_to_date(labs: Path, work: Path) -> Copied:
    """Copy new labs, renew those whose cells the learner has not changed, and leave all others alone.

    Args:
        labs: The generated notebooks.
        work: The learner's folder; created if there is none.

    Raises:
        CourseError: `labs` holds no notebook.
    """
    originals = sorted(labs.glob("*.ipynb"))
    if not originals:
        raise CourseError(f"There are no notebooks in {labs}. `rmqlab build` makes them from course/.")
    work.mkdir(parents=True, exist_ok=True)
    memory = _read_memory(work)
    new, renewed, kept = [], [], []
    for original in originals:
        copy, print_now = work / original.name, fingerprint(original)
        if not copy.exists():
            new.append(original.name)
        elif memory.get(original.name) == print_now or fingerprint(copy) == print_now:
            memory[original.name] = print_now
            continue
        elif fingerprint(copy) == memory.get(original.name):
            renewed.append(original.name)
        else:
            kept.append(original.name)
            continue
        shutil.copyfile(original, copy)
        memory[original.name] = print_now
    _write_memory(work, memory)
    return Copied(tuple(new), tuple(renewed), tuple(kept))


def take_fresh(labs: Path, work: Path, lab: str) -> tuple[Path, Path | None]:
    """Give the learner one lab anew, and put what they had beside it under another name.

    Args:
        labs: The generated notebooks.
        work: The learner's folder.
        lab: The lab's number or slug: `01` or `01-concepts`.

    Returns:
        The fresh copy, and where the old one is now (None if there was none).

    Raises:
        CourseError: There is no such lab.
    """
    original = find_notebook(labs.glob("*.ipynb"), lab)
    work.mkdir(parents=True, exist_ok=True)
    copy, earlier = work / original.name, None
    if copy.exists():
        earlier = copy.with_name(f"{copy.stem}.before-{time.strftime('%Y%m%d-%H%M%S')}.ipynb")
        copy.rename(earlier)
    shutil.copyfile(original, copy)
    _write_memory(work, {**_read_memory(work), original.name: fingerprint(original)})
    return copy, earlier


def find_notebook(notebooks: Iterable[Path], lab: str) -> Path:
    """Return the notebook of a lab, named by its number or its slug.

    Raises:
        CourseError: There is no such lab.
    """
    there = sorted(notebooks)
    for path in there:
        if lab in (path.stem, path.stem.partition("-")[0]):
            return path
    names = ", ".join(path.stem for path in there) or "none"
    raise CourseError(f"There is no lab called {lab}. There are: {names}.")


def fingerprint(notebook: Path) -> str:
    """Return a hash of the kinds and texts of a notebook's cells; of its bytes where it cannot be read."""
    content = notebook.read_bytes()
    try:
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(content)["cells"]]
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _read_memory(work: Path) -> dict[str, str]:
    try:
        return json.loads((work / _MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # then every changed copy counts as the learner's


def _write_memory(work: Path, memory: dict[str, str]) -> None:
    partial = work / f"{_MEMORY}.new"
    partial.write_text(json.dumps(memory, indent=1, sort_keys=True), encoding="utf-8")
    partial.replace(work / _MEMORY)
