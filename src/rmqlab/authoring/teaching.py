"""What a teacher wants to know of each lab, made from the course map and the recorded wrong answers.

python -m rmqlab.authoring.teaching > docs/teaching-labs.md
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.authoring.course_map import Place, course_map
from rmqlab.authoring.folder import declared_exercises, wrong_answers

if TYPE_CHECKING:
    from collections.abc import Iterator

_TITLE = """# Lab by lab, for teachers

Made from `course/map.toml` and the recorded wrong answers (`course/NN_*/wrong.py`) by `python -m
rmqlab.authoring.teaching`. *What learners believe* is what the checks know by name: each of these gets its
own feedback. In a class they are worth a question before the cell is run. How a lab goes:
[teaching.md](teaching.md).
"""


def as_markdown(course: Path) -> str:
    """Return the guide, as it stands in docs/teaching-labs.md.

    Raises:
        CourseError: The map is wrong, or a lab's files cannot be loaded.
    """
    return "\n".join([_TITLE, *(line for place in course_map(course) for line in _lab(place))])


def _lab(place: Place) -> Iterator[str]:
    builds_on = f", after {' and '.join(place.needs)}" if place.needs else ""
    yield f"## {place.lab.number} · {place.question}"
    yield ""
    yield f"{place.minutes} minutes{builds_on}." + (f" **Show live:** {place.show}." if place.show else "")
    yield ""
    yield "| exercise | what learners believe |"
    yield "| --- | --- |"
    believed: dict[str, list[str]] = {}
    for answer in wrong_answers(place.lab):
        if answer.misconception:
            believed.setdefault(answer.exercise, []).append(f"“{answer.name}”")
    for exercise, declared in declared_exercises(place.lab).items():
        yield f"| {exercise} {declared.title} | {'; '.join(believed.get(exercise, ()))} |"
    yield ""


if __name__ == "__main__":
    print(as_markdown(Path("course")), end="")  # noqa: T201  (its output is the document)
