"""Checks that look at the broker: what a lab's checks.py and wrong.py import.

The engine behind `lab.check` is in `rmqlab.checks.engine`, the learner's record in `rmqlab.checks.progress`.
"""

from __future__ import annotations

from rmqlab.checks.declarations import Exercise, WrongAnswer, exercise, wrong
from rmqlab.checks.patience import eventually
from rmqlab.checks.verdict import Outcome, Verdict, not_attempted, not_yet, passed

__all__ = [
    "Exercise",
    "Outcome",
    "Verdict",
    "WrongAnswer",
    "eventually",
    "exercise",
    "not_attempted",
    "not_yet",
    "passed",
    "wrong",
]
