"""The learner's record against the course: what `rmqlab progress` prints and `rmqlab reset` forgets."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

from rmqlab.checks import progress
from rmqlab.checks.course import all_exercises


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
        CourseError: If there is no course, or a lab's checks.py cannot be loaded.
    """
    board = rows()
    passed = sum(row.standing.passed for row in board)
    table = Table(title=f"{passed} of {len(board)} exercises passed", title_justify="left")
    for name in ("exercise", "title", "state", "attempts", "hints"):
        table.add_column(name, justify="right" if name in ("attempts", "hints") else "left")
    for row in board:
        standing = row.standing
        if standing.passed:
            state = "✔ passed, solution seen before" if standing.solution_seen else "✔ passed"
        else:
            state = "↻ not yet" if standing.attempts else "○ not attempted"
        table.add_row(row.exercise, row.title, state, str(standing.attempts), str(standing.hints))
    return table


def reset(target: str) -> tuple[str, ...]:
    """Forget the record of an exercise ("01.2") or of a lab ("01") and return the ids that had one.

    Raises:
        CourseError: If there is no such exercise or lab.
    """
    return progress.reset(target, all_exercises())
