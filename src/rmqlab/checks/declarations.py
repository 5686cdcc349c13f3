"""How a lab declares its exercises (checks.py) and its recorded wrong answers (wrong.py)."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.checks.verdict import Verdict

    #: Takes the lab object and the learner's answers by name.
    Check = Callable[..., Verdict]


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of a lab.

    Attributes:
        id: "NN.k".
        title: What it asks, in a few words.
        hints: From the idea, over the API, to almost the code.
        check: The function that judges.
        answers: The names of the answers that the check cannot do without.
        optional: The names of the answers that have a default.
    """

    id: str
    title: str
    hints: tuple[str, ...]
    check: Check
    answers: tuple[str, ...]
    optional: tuple[str, ...]


def exercise(exercise_id: str, *, title: str, hints: tuple[str, ...]) -> Callable[[Check], Check]:
    """Declare the function below as the check of an exercise.

    The function takes the lab object, then the learner's answers as parameters; it is called only once all
    answers without a default are there. It returns `passed`, `not_yet` or `not_attempted`, and looks at the
    broker (`lab.admin`), never at texts.

    Args:
        exercise_id: "NN.k", NN being the lab's number.
        title: What the exercise asks, in a few words.
        hints: Three: the idea, the API, almost the code. `backticks` mark code.
    """

    def declare(check: Check) -> Check:
        _, *parameters = inspect.signature(check).parameters.values()
        declared = Exercise(
            id=exercise_id,
            title=title,
            hints=tuple(hints),
            check=check,
            answers=tuple(p.name for p in parameters if p.default is p.empty),
            optional=tuple(p.name for p in parameters if p.default is not p.empty),
        )
        check.declared_exercise = declared  # type: ignore[attr-defined]
        return check

    return declare


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongAnswer:
    """An answer that somebody could give, and the feedback that it must get.

    Attributes:
        exercise: The exercise's id.
        name: What is wrong about it, as a name: "forged", "counts the replies, not the messages".
        code: What stands in the place of the solution; one text for each solution region of the exercise.
        expect: The key of the `not_yet` that it must get.
        misconception: True if people really believe this; each exercise has at least one.
    """

    exercise: str
    name: str
    code: tuple[str, ...]
    expect: str
    misconception: bool = False


def wrong(
    exercise_id: str,
    *,
    name: str,
    code: str | tuple[str, ...],
    expect: str,
    misconception: bool = False,
) -> WrongAnswer:
    """Record a wrong answer for `WRONG_ANSWERS` of wrong.py. The arguments are those of `WrongAnswer`.

    `code` may be indented as a whole: it is moved to where the solution stood.
    """
    texts = (code,) if isinstance(code, str) else tuple(code)
    return WrongAnswer(
        exercise=exercise_id,
        name=name,
        code=tuple(inspect.cleandoc(text) for text in texts),
        expect=expect,
        misconception=misconception,
    )
