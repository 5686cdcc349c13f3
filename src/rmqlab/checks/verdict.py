"""What a check answers: a frozen verdict that says what was expected, what was seen, why, and what to try.

Rendering lives in `rmqlab.checks.rendering`; deciding lives in each lab's own checks.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rmqlab.checks import rendering

#: The machine-readable form of a verdict in a notebook's outputs: what nbtests read back.
MIME_TYPE = "application/vnd.rmqlab.verdict+json"


class Outcome(StrEnum):
    """The four things that a check can say."""

    PASSED = "PASSED"
    NOT_YET = "NOT YET"
    ERROR = "ERROR"
    NOT_ATTEMPTED = "NOT ATTEMPTED"


#: A sign beside the word, so that colour never carries the meaning alone, and the colour of the word's
#: background: white text has at least 4.5:1 on each, whatever the theme around it.
_SIGNS = {
    Outcome.PASSED: ("✔", "#1a7f37"),
    Outcome.NOT_YET: ("↻", "#8a5300"),
    Outcome.ERROR: ("⚠", "#b3261e"),
    Outcome.NOT_ATTEMPTED: ("○", "#57606a"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one `lab.check(...)`.

    Attributes:
        outcome: PASSED, NOT YET, ERROR or NOT ATTEMPTED.
        key: A stable name for this feedback ("nothing-stored"); recorded wrong answers expect it.
        message: One sentence, for every outcome but NOT YET.
        expected: What the check looked for.
        seen: What it found instead.
        why: The likely reason, in RocketMQ's terms.
        try_next: One thing to do now.
        exercise: The exercise's id ("01.2"), filled in by the engine.
        title: The exercise's title, filled in by the engine.
        notice: A sentence about the notebook itself (built for other checks), filled in by the engine.
    """

    outcome: Outcome
    key: str
    message: str = ""
    expected: str = ""
    seen: str = ""
    why: str = ""
    try_next: str = ""
    exercise: str = ""
    title: str = ""
    notice: str = ""

    @property
    def passed(self) -> bool:
        """Say whether the exercise is solved."""
        return self.outcome is Outcome.PASSED

    def _card(self) -> rendering.Card:
        sign, colour = _SIGNS[self.outcome]
        facts = (
            ("expected", self.expected),
            ("seen", self.seen),
            ("why", self.why),
            ("try next", self.try_next),
            ("note", self.notice),
        )
        return rendering.Card(
            sign=sign,
            word=self.outcome.value,
            colour=colour,
            heading=f"{self.exercise} {self.title}".strip(),
            text=self.message,
            facts=tuple((name, value) for name, value in facts if value),
        )

    def __str__(self) -> str:
        return rendering.to_text(self._card())

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Show the verdict in a notebook (an IPython protocol); both arguments are IPython's, unused."""
        del include, exclude
        return {
            "text/plain": str(self),
            "text/html": rendering.to_html(self._card()),
            MIME_TYPE: {"exercise": self.exercise, "outcome": self.outcome.value, "key": self.key},
        }


def passed(message: str) -> Verdict:
    """Say that the exercise is solved.

    Args:
        message: One sentence on what the broker showed. It must be the same in every run.
    """
    return Verdict(Outcome.PASSED, key="passed", message=message)


def not_yet(key: str, *, expected: str, seen: str, why: str, try_next: str) -> Verdict:
    """Say what is missing.

    Args:
        key: A stable name for this feedback, unique within the exercise ("nothing-stored").
        expected: What the check looked for.
        seen: What it found instead.
        why: The likely reason, in RocketMQ's terms.
        try_next: One thing to do now.

    Raises:
        ValueError: If any of them is empty: a verdict without its reason helps nobody.
    """
    facts = {"key": key, "expected": expected, "seen": seen, "why": why, "try_next": try_next}
    missing = [name for name, value in facts.items() if not value]
    if missing:
        raise ValueError(f"not_yet(...) needs a text for {', '.join(missing)}")
    return Verdict(Outcome.NOT_YET, key=key, expected=expected, seen=seen, why=why, try_next=try_next)


def not_attempted(message: str) -> Verdict:
    """Say that there is nothing to judge yet, and where the answer goes."""
    return Verdict(Outcome.NOT_ATTEMPTED, key="not-attempted", message=message)


def error(key: str, message: str) -> Verdict:
    """Say in one line that no judgement was possible, and what to do about it."""
    return Verdict(Outcome.ERROR, key=key, message=message)
