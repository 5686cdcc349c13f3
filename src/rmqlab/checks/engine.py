"""What stands behind `lab.check`, `lab.hint` and `lab.solution`. Nothing raises into a learner's notebook.

The lab object is handed in and only passed on to the check, its `slug` aside: this layer knows no cluster.
"""

from __future__ import annotations

import contextlib
import difflib
import sys
import types
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rmqlab.authoring.folder import line_of_fault
from rmqlab.checks import progress, rendering
from rmqlab.checks.course import LabChecks, lab_checks
from rmqlab.checks.verdict import Outcome, Verdict, error, not_attempted
from rmqlab.errors import RmqLabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rmqlab.checks.declarations import Exercise

_REPORT = "This is not your answer's fault: please report this line in the course's issue tracker."


def check(
    lab: Any, exercise_id: str, answers: Mapping[str, Any], *, before: Callable[[], object] | None = None
) -> Verdict:
    """Judge the answers to one exercise by the facts of the lab's broker, and record the verdict.

    Args:
        lab: The lab object; its `slug` says which lab's checks apply.
        exercise_id: "NN.k".
        answers: The learner's answers by name.
        before: Called before the cluster is looked at; by default, nothing is.
    """
    try:
        loaded = lab_checks(lab.slug)
        exercise = loaded.exercises.get(exercise_id)
        if exercise is None:
            return replace(
                error("no-such-exercise", _no_such_exercise(exercise_id, loaded)), exercise=str(exercise_id)
            )
    except RmqLabError as broken:
        return replace(error("no-checks", str(broken)), exercise=str(exercise_id))
    blank = _unanswered(exercise, answers)
    if blank is None and before is not None:
        before()
    verdict = replace(
        _judged(lab, exercise, answers, loaded) if blank is None else blank,
        exercise=exercise_id,
        title=exercise.title,
        notice=_version_notice(loaded),
    )
    try:
        progress.record_verdict(verdict)
        if verdict.passed and not verdict.notice:
            return replace(verdict, notice=_lab_notice(loaded))
    except OSError as refused:
        # A full disk or a lock that nobody gives back must not take the verdict away from the learner.
        return replace(verdict, notice=f"Your progress could not be saved: {refused}.")
    return verdict


def _lab_notice(loaded: LabChecks) -> str:
    """Return a sentence if every exercise of the lab is passed: nobody should wonder when to move on."""
    record = progress.standings()
    if all(found in record and record[found].passed for found in loaded.exercises):
        return f"All {len(loaded.exercises)} exercises of this lab are passed."
    return ""


def _unanswered(exercise: Exercise, answers: Mapping[str, Any]) -> Verdict | None:
    strangers = [name for name in answers if name not in (*exercise.answers, *exercise.optional)]
    if strangers:
        call = ", ".join(f"{name}={name}" for name in (*exercise.answers, *exercise.optional))
        return error(
            "unknown-answer",
            f'This exercise takes no answer `{strangers[0]}`. Call `lab.check("{exercise.id}", {call})`.',
        )
    missing = [name for name in exercise.answers if _is_blank(answers.get(name))]
    if not missing:
        return None
    names = " and ".join(f"`{name}`" for name in missing)
    return not_attempted(
        f"Nothing to check yet: put your answer in the place of `...` for {names}, run the cell "
        f'again, then this one. `lab.hint("{exercise.id}")` gives a first idea.'
    )


def _is_blank(answer: Any) -> bool:
    """Say whether an answer is the `...` of the notebook, or a function that still has it as its body."""
    if answer is None or answer is Ellipsis:
        return True
    return isinstance(answer, types.FunctionType) and answer.__code__.co_code in _BLANK_BODIES


def _blank() -> None: ...


def _blank_with_docstring() -> None:
    """Do nothing."""


_BLANK_BODIES = {_blank.__code__.co_code, _blank_with_docstring.__code__.co_code}


def _judged(lab: Any, exercise: Exercise, answers: Mapping[str, Any], loaded: LabChecks) -> Verdict:
    try:
        verdict = exercise.check(lab, **answers)
    except RmqLabError as refused:
        return error("no-answer-from-the-cluster", f"The check could not look at the cluster: {refused}")
    except Exception as broken:  # noqa: BLE001 - whatever a check does, a learner's notebook goes on
        where = f"{loaded.folder.checks_py.name}:{line_of_fault(broken, loaded.folder.checks_py)}"
        text = str(broken).splitlines()
        detail = f"{type(broken).__name__}: {text[0]}" if text else type(broken).__name__
        return error(
            "check-failed",
            f"The check itself failed ({loaded.folder.path.name}/{where}, {detail}). {_REPORT}",
        )
    if not isinstance(verdict, Verdict):
        return error("check-failed", f"The check of {exercise.id} gave no verdict but {verdict!r}. {_REPORT}")
    return verdict


def _no_such_exercise(exercise_id: str, loaded: LabChecks) -> str:
    near = difflib.get_close_matches(str(exercise_id), loaded.exercises, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    known = ", ".join(loaded.exercises)
    return f"Lab {loaded.folder.slug} has no exercise {exercise_id!r}, only {known}.{meant}"


def _version_notice(loaded: LabChecks) -> str:
    """Return a sentence if the notebook was built for other checks than the ones installed, else ""."""
    # Only a notebook has a namespace to look at; a script has not even loaded IPython.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    built_for = shell.user_ns.get("CHECKS_VERSION") if shell else None
    if built_for in (None, loaded.version):
        return ""
    return (
        f"This notebook was built for version {built_for} of the checks, installed is {loaded.version}: "
        "take a fresh copy of the notebook if a verdict puzzles you."
    )


@dataclass(frozen=True, slots=True)
class Note:
    """A hint, a solution or a sentence about them, as it is shown in the notebook."""

    card: rendering.Card

    def __str__(self) -> str:
        return rendering.to_text(self.card)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": str(self), "text/html": rendering.to_html(self.card)}


def _note(sign: str, word: str, heading: str, text: str = "", code: str = "") -> Note:
    return Note(rendering.Card(sign=sign, word=word, colour="#1f5fa8", heading=heading, text=text, code=code))


def _found(lab: Any, exercise_id: str) -> tuple[LabChecks, Exercise] | Note:
    try:
        loaded = lab_checks(lab.slug)
    except RmqLabError as broken:
        return _note("⚠", Outcome.ERROR.value, str(exercise_id), str(broken))
    if exercise_id not in loaded.exercises:
        return _note("⚠", Outcome.ERROR.value, str(exercise_id), _no_such_exercise(exercise_id, loaded))
    return loaded, loaded.exercises[exercise_id]


def hint(lab: Any, exercise_id: str) -> Note:
    """Give the next hint: the idea, then the API, then almost the code, then where to find the solution."""
    found = _found(lab, exercise_id)
    if isinstance(found, Note):
        return found
    _, exercise = found
    heading = f"{exercise_id} {exercise.title}"
    try:
        number = progress.take_hint(exercise_id, len(exercise.hints))
    except OSError as refused:
        return _note("⚠", Outcome.ERROR.value, heading, f"Hints are counted, and this failed: {refused}.")
    if not number:
        return _note(
            "?",
            "NO MORE HINTS",
            heading,
            f"All {len(exercise.hints)} hints are given. "
            f'`lab.solution("{exercise_id}", reveal=True)` shows the solution.',
        )
    return _note("?", f"HINT {number} of {len(exercise.hints)}", heading, exercise.hints[number - 1])


def solution(lab: Any, exercise_id: str, *, reveal: bool = False) -> Note:
    """Show the solution once the exercise is passed, or at once with `reveal=True`."""
    found = _found(lab, exercise_id)
    if isinstance(found, Note):
        return found
    loaded, exercise = found
    heading = f"{exercise_id} {exercise.title}"
    # A record that cannot be read or written shows nothing less to somebody who insists.
    passed = False
    with contextlib.suppress(OSError):
        passed = progress.standing(exercise_id).passed
        if reveal and not passed:
            progress.record_solution_seen(exercise_id)
    if not (passed or reveal):
        return _note(
            "?",
            "NOT SHOWN",
            heading,
            "The solution is shown once you have passed, or on request: "
            f'`lab.solution("{exercise_id}", reveal=True)`. `lab.hint("{exercise_id}")` helps with less.',
        )
    try:
        return _note("=", "SOLUTION", heading, code=loaded.solution(exercise_id))
    except RmqLabError as broken:
        return _note("⚠", Outcome.ERROR.value, heading, str(broken))
