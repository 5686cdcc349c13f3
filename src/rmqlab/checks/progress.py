"""The learner's record: which exercises are passed, how many hints were taken. Kept outside the notebooks.

One JSON file under `state_dir()`, by exercise id, so that it survives new copies of a notebook. Several
kernels may write at once: every change is made under a lock, on a copy that replaces the file in one step.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from rmqlab.checks.verdict import Outcome, Verdict
from rmqlab.errors import CourseError
from rmqlab.places import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_LOCK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands with one exercise.

    Attributes:
        outcome: What the last check said.
        attempts: Checks with an answer (NOT ATTEMPTED and ERROR do not count).
        hints: Hints taken, 0 to 3.
        passed_at: When it was first passed (ISO 8601, UTC), or "". Once passed stays passed.
        solution_seen: Whether the solution was shown before passing.
    """

    outcome: str = Outcome.NOT_ATTEMPTED.value
    attempts: int = 0
    hints: int = 0
    passed_at: str = ""
    solution_seen: bool = False

    @property
    def passed(self) -> bool:
        """Say whether the exercise was ever passed."""
        return bool(self.passed_at)


def progress_file() -> Path:
    """Return where the record lies."""
    return state_dir() / "progress.json"


def standings() -> dict[str, Standing]:
    """Return the whole record by exercise id; empty if there is none yet."""
    if not progress_file().exists():
        return {}
    # Under the lock, because Windows lets nobody replace a file that somebody reads.
    with _lock():
        return _read(progress_file())


def standing(exercise_id: str) -> Standing:
    """Return where the learner stands with one exercise."""
    return standings().get(exercise_id, Standing())


def record_verdict(verdict: Verdict) -> None:
    """Remember what a check said."""
    tried = verdict.outcome in (Outcome.PASSED, Outcome.NOT_YET)

    def change(before: Standing) -> Standing:
        return replace(
            before,
            outcome=verdict.outcome.value,
            attempts=before.attempts + tried,
            passed_at=before.passed_at or (_now() if verdict.passed else ""),
        )

    _change(verdict.exercise, change)


def take_hint(exercise_id: str, available: int) -> int:
    """Count one more hint and return its number from 1, or 0 if all `available` ones were given before."""
    taken = 0

    def change(before: Standing) -> Standing:
        nonlocal taken
        taken = before.hints + 1 if before.hints < available else 0
        return replace(before, hints=taken or before.hints)

    _change(exercise_id, change)
    return taken


def record_solution_seen(exercise_id: str) -> None:
    """Remember that the solution was shown before the exercise was passed."""
    _change(
        exercise_id, lambda before: replace(before, solution_seen=not before.passed or before.solution_seen)
    )


def reset(target: str, known: Iterable[str]) -> tuple[str, ...]:
    """Forget one exercise ("01.2") or one lab's ("01").

    Args:
        target: What to forget.
        known: The ids of all exercises, to tell a typing error from an exercise without a record.

    Returns:
        The ids that had a record, in order.

    Raises:
        CourseError: If there is no such exercise or lab.
    """
    known = tuple(known)
    if not any(_belongs(exercise_id, target) for exercise_id in known):
        raise CourseError(f"There is no exercise or lab {target!r}. There are: {', '.join(sorted(known))}.")
    with _locked() as record:
        forgotten = tuple(sorted(found for found in record if _belongs(found, target)))
        for exercise_id in forgotten:
            del record[exercise_id]
    return forgotten


def _belongs(exercise_id: str, target: str) -> bool:
    return exercise_id == target or exercise_id.startswith(f"{target}.")


def _change(exercise_id: str, change: Callable[[Standing], Standing]) -> None:
    with _locked() as record:
        record[exercise_id] = change(record.get(exercise_id, Standing()))


def _lock() -> FileLock:
    return FileLock(progress_file().with_suffix(".lock"), timeout=_LOCK_TIMEOUT_S)


@contextmanager
def _locked() -> Iterator[dict[str, Standing]]:
    path = progress_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lock():
        record = _read(path)
        yield record
        _write(path, record)


def _read(path: Path) -> dict[str, Standing]:
    try:
        exercises = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        return {exercise_id: _standing(facts) for exercise_id, facts in exercises.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, AttributeError, TypeError):
        # Never lose what might be mended by hand, and never let a broken record stop a check.
        path.replace(path.with_suffix(".damaged.json"))
        return {}


def _standing(facts: Mapping[str, Any]) -> Standing:
    # A newer version of the package may have written facts that this one does not know.
    return Standing(**{name: facts[name] for name in Standing.__slots__ if name in facts})


def _write(path: Path, record: Mapping[str, Standing]) -> None:
    exercises = {exercise_id: asdict(record[exercise_id]) for exercise_id in sorted(record)}
    text = json.dumps({"version": 1, "exercises": exercises}, indent=1) + "\n"
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
