"""What the course promises, `course/syllabus.toml`, and where it keeps it.

python -m rmqlab.authoring.coverage > docs/coverage.md
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.authoring.folder import LabFolder, declared_exercises, lab_folders, read_table
from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FILE = "syllabus.toml"
_HEADING = "# #"
_TITLE = """# What the course covers

Made from `course/syllabus.toml` by `python -m rmqlab.authoring.coverage`. Each point of the syllabus, the
section in which it is shown, and the exercises in which the learner does it. A test finds each section, and
in it the words that the point is about.

| lab | point | section | exercises |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the syllabus.

    Attributes:
        lab: the lab's folder.
        point: what is promised.
        section: the heading under which it is shown.
        words: what has to stand there, in prose or code.
        exercises: in which the learner does it.
    """

    lab: LabFolder
    point: str
    section: str
    words: tuple[str, ...]
    exercises: tuple[str, ...] = ()


def syllabus(course: Path) -> tuple[Point, ...]:
    """Return the points of all labs, in order.

    Args:
        course: The folder with the labs' folders.

    Raises:
        CourseError: The file is missing or unreadable, or has a lab that does not exist.
    """
    path = course / _FILE
    found = read_table(path)
    labs = {lab.number: lab for lab in lab_folders(course)}
    if unknown := sorted(set(found) - set(labs)):
        raise CourseError(f"{path}: there is no lab {', '.join(unknown)}.")
    try:
        return tuple(
            Point(
                labs[number],
                each["point"],
                each["section"],
                tuple(each["words"]),
                tuple(each.get("exercises", ())),
            )
            for number in sorted(found)
            for each in found[number]
        )
    except (KeyError, TypeError) as error:
        raise CourseError(f"{path}: a point has to have point, section and words: {error}") from error


def gaps(course: Path) -> list[str]:
    """Return what is promised and not kept, and what no point speaks of; a sentence each."""
    points = syllabus(course)
    found = list(_not_kept(points))
    for lab in lab_folders(course):
        its = [point for point in points if point.lab == lab]
        spoken_of = {exercise for point in its for exercise in point.exercises}
        exercises = declared_exercises(lab)
        found += [
            f"{lab.slug}: no point speaks of exercise {each}" for each in exercises if each not in spoken_of
        ]
        found += [f"{lab.slug}: there is no exercise {each}" for each in sorted(spoken_of - set(exercises))]
        if not its:
            found.append(f"{lab.slug}: no point speaks of it")
    return found


def as_markdown(points: Iterable[Point]) -> str:
    """Return the table, as it stands in docs/coverage.md."""
    rows = (
        f"| [{point.lab.number}](../labs/{point.lab.slug}.ipynb) | {point.point} | {point.section} | "
        f"{', '.join(point.exercises)} |"
        for point in points
    )
    return _TITLE + "\n".join(rows) + "\n"


def _not_kept(points: Iterable[Point]) -> Iterator[str]:
    for point in points:
        text = _section(point.lab, point.section)
        if text is None:
            yield f"{point.lab.slug}: there is no section {point.section!r}"
            continue
        for word in point.words:
            if word not in text:
                yield f"{point.lab.slug}, {point.section}: nothing of {word!r}"


def _section(lab: LabFolder, title: str) -> str | None:
    """Return the text from a heading to the next one of its rank or above; None if there is none."""
    found: list[str] | None = None
    rank = 0
    for line in lab.lab_py.read_text(encoding="utf-8").splitlines():
        if line.startswith(_HEADING):
            hashes, _, heading = line.removeprefix("# ").partition(" ")
            if found is not None and len(hashes) <= rank:
                break
            if found is None and heading == title:
                found, rank = [], len(hashes)
        if found is not None:
            found.append(line)
    return None if found is None else "\n".join(found)


if __name__ == "__main__":
    print(as_markdown(syllabus(Path("course"))), end="")  # noqa: T201  (its output is the document)
