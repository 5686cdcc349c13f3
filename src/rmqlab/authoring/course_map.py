"""The course map, `course/map.toml`: how long each lab takes, what it builds on, what one can do after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rmqlab.authoring.folder import LabFolder, lab_folders, read_table
from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FILE = "map.toml"
_KEYS, _SHOW = {"minutes", "needs", "then"}, "show"


@dataclass(frozen=True, slots=True)
class Place:
    """A lab's place on the map.

    Attributes:
        lab: its folder.
        question: what it asks, the title of its notebook.
        minutes: how long a learner takes.
        needs: the numbers of the labs that it builds on, themselves not repeated for what those build on.
        then: what one can do after it.
        show: what a teacher shows live; empty if nobody said.
    """

    lab: LabFolder
    question: str
    minutes: int
    needs: tuple[str, ...]
    then: str
    show: str


def course_map(course: Path) -> tuple[Place, ...]:
    """Return the places of all labs, in order; none where the course has no map.

    Args:
        course: The folder with the labs' folders.

    Raises:
        CourseError: The map is not readable, leaves a lab out, has one that does not exist, or lets one build
            on a later one.
    """
    path = course / _FILE
    if not path.is_file():
        return ()
    found = read_table(path)
    labs = {lab.number: lab for lab in lab_folders(course)}
    for number in sorted(set(found) ^ set(labs)):
        lacks = "has no place on the map" if number in labs else "is no lab"
        raise CourseError(f"{path}: {number} {lacks}.")
    return tuple(_place(path, labs[number], found[number]) for number in sorted(labs))


def as_markdown(places: Iterable[Place], link: str = "") -> str:
    """Return the map as a table in Markdown.

    Args:
        places: The labs.
        link: Where a lab's number leads to, with `{slug}` in it; no links if empty.
    """
    lines = [
        "| lab | question | minutes | builds on | afterwards you can |",
        "| --- | --- | --- | --- | --- |",
    ]
    for place in places:
        number = place.lab.number
        name = f"[{number}]({link.format(slug=place.lab.slug)})" if link else number
        needs = ", ".join(place.needs) or "Python"
        lines.append(f"| {name} | {place.question} | {place.minutes} | {needs} | {place.then} |")
    return "\n".join(lines)


def _place(path: Path, lab: LabFolder, entry: dict[str, Any]) -> Place:
    if not isinstance(entry, dict) or set(entry) | {_SHOW} != _KEYS | {_SHOW}:
        needed = ", ".join(sorted(_KEYS))
        raise CourseError(f"{path}: {lab.number} has to have {needed}, perhaps {_SHOW}, and nothing else.")
    needs = tuple(entry["needs"])
    for need in needs:
        if need >= lab.number:
            raise CourseError(f"{path}: {lab.number} builds on {need}, which does not come before it.")
    return Place(
        lab, _question(lab), int(entry["minutes"]), needs, str(entry["then"]), str(entry.get(_SHOW, ""))
    )


def _question(lab: LabFolder) -> str:
    """Return the question in the notebook's first title, `# # 01 · Where does my message live?`."""
    for line in lab.lab_py.read_text(encoding="utf-8").splitlines():
        if line.startswith("# # "):
            return line.removeprefix("# # ").partition("·")[2].strip()
    raise CourseError(f"{lab.lab_py}: there is no title `# # {lab.number} · ...?`.")
