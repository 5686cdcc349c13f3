"""The learner's record against the course: what `rmqlab progress` prints and `rmqlab reset` forgets."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from rmqlab.authoring.course_map import course_map
from rmqlab.checks import progress
from rmqlab.checks.course import all_exercises, find_course

if TYPE_CHECKING:
    from rmqlab.authoring.course_map import Place


@dataclass(frozen=True, slots=True)
class Row:
    """One exercise and where the learner stands with it."""

    exercise: str
    title: str
    standing: progress.Standing


def rows() -> tuple[Row, ...]:
    """Return all exercises of the course in order.

    Raises:
        CourseError: If there is no course, or a lab's checks.py cannot be loaded.
    """
    record = progress.standings()
    return tuple(
        Row(exercise=found.id, title=found.title, standing=record.get(found.id, progress.Standing()))
        for found in all_exercises().values()
    )


def progress_table() -> Table:
    """Return the learner's record as a table for the terminal; sign and word, never colour alone.

    Raises:
        CourseError: If there is no course, its map is wrong, or a lab's checks.py cannot be loaded.
    """
    board = rows()
    places = {place.lab.number: place for place in course_map(find_course())}
    passed = sum(row.standing.passed for row in board)
    table = Table(title=f"{passed} of {len(board)} exercises passed", title_justify="left")
    for name in ("exercise", "title", "state", "attempts", "hints"):
        table.add_column(name, justify="right" if name in ("attempts", "hints") else "left")
    for number, exercises in itertools.groupby(board, key=lambda row: row.exercise.partition(".")[0]):
        table.add_section()
        if place := places.get(number):
            table.add_row(number, f"[bold]{place.question}[/]", _needs(place))
        for row in exercises:
            table.add_row(row.exercise, row.title, *_standing(row.standing))
    return table


def next_step() -> str:
    """Name the lab to go on with: the first unfinished one that builds on finished ones only.

    Raises:
        CourseError: If there is no course, its map is wrong, or a lab's checks.py cannot be loaded.
    """
    unfinished = {row.exercise.partition(".")[0] for row in rows() if not row.standing.passed}
    for place in course_map(find_course()):
        if place.lab.number in unfinished and not unfinished.intersection(place.needs):
            return (
                f"Next: rmqlab lab {place.lab.number} ({place.minutes} min). Afterwards you can {place.then}."
            )
    return "" if unfinished else "You have passed all of them."


def _needs(place: Place) -> str:
    builds_on = f", builds on {', '.join(place.needs)}" if place.needs else ""
    return f"{place.minutes} min{builds_on}"


def _standing(standing: progress.Standing) -> tuple[str, str, str]:
    if standing.passed:
        state = "✔ passed, solution seen before" if standing.solution_seen else "✔ passed"
    else:
        state = "↻ not yet" if standing.attempts else "○ not attempted"
    return state, str(standing.attempts), str(standing.hints)


def reset(target: str) -> tuple[str, ...]:
    """Forget the record of an exercise ("01.2") or of a lab ("01") and return the ids that had one.

    Raises:
        CourseError: If there is no such exercise or lab.
    """
    return progress.reset(target, all_exercises())
