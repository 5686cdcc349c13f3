"""The course at run time: where its source lies, and what one lab's checks.py declares."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.authoring.folder import LabFolder, declared_exercises, lab_folders
from rmqlab.authoring.source import read_lab
from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.checks.declarations import Exercise


def find_course() -> Path:
    """Return the course's folder.

    `RMQLAB_COURSE` if set; else `course/` in the working directory or above it; else the package's copy, or
    the checkout that an editable install points to.

    Raises:
        CourseError: If there is none of them.
    """
    named = os.environ.get("RMQLAB_COURSE")
    if named:
        return Path(named)
    here = Path.cwd()
    above = (folder / "course" for folder in (here, *here.parents))
    packaged = Path(__file__).parents[1] / "_course"
    checkout = Path(__file__).parents[3] / "course"
    for course in (*above, packaged, checkout):
        if course.is_dir() and any(course.glob("[0-9][0-9]_*/checks.py")):
            return course
    raise CourseError(
        f"There is no course/ folder at {here} or above it. Start the notebook from inside the course, "
        "or name the folder in RMQLAB_COURSE."
    )


def lab_slugs() -> tuple[str, ...]:
    """Return the labs' slugs, as `start_lab` takes them, in order.

    Raises:
        CourseError: If there is no course.
    """
    return tuple(folder.slug for folder in lab_folders(find_course()))


@dataclass(frozen=True, slots=True)
class LabChecks:
    """One lab's exercises, loaded."""

    folder: LabFolder
    version: str
    exercises: Mapping[str, Exercise]

    def solution(self, exercise_id: str) -> str:
        """Return the solution's text from the lab's source."""
        return read_lab(self.folder.lab_py).solution(exercise_id)


def lab_checks(slug: str) -> LabChecks:
    """Return a lab's exercises; a changed checks.py is loaded anew, without a restart of the kernel.

    Raises:
        CourseError: If there is no such lab, or its checks.py cannot be loaded.
    """
    (folder,) = lab_folders(find_course(), [slug])
    return _load(folder, folder.checks_version())


@cache
def _load(folder: LabFolder, version: str) -> LabChecks:
    return LabChecks(folder=folder, version=version, exercises=declared_exercises(folder))


def all_exercises() -> dict[str, Exercise]:
    """Return the exercises of all labs by id, in order."""
    return {
        exercise_id: found
        for folder in lab_folders(find_course())
        for exercise_id, found in _load(folder, folder.checks_version()).exercises.items()
    }
