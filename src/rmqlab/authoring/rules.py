"""What every lab must have. A mistake is a `CourseError` that names file, line and remedy."""

from __future__ import annotations

import ast
import json
from pathlib import Path  # noqa: TC003 - used at run time
from typing import TYPE_CHECKING, Any

from rmqlab.authoring.folder import LabFolder, declared_exercises, wrong_answers
from rmqlab.authoring.source import BEGIN, END, LEARNER, LabText, read_lab
from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FILES = frozenset({"lab.py", "checks.py", "wrong.py"})
_HINTS = 3
_WRONG_ANSWERS = 2
_FORGED = "forged"
#: How methods that change something on a broker begin, in the client and in `Lab`.
_TOUCHES = ("send", "subscribe", "pull", "start", "create", "delete", "update", "topic", "group")
#: A solution line shorter than this ("pass", "n = 1") proves nothing when it is found elsewhere.
_TELLING_LINE = 12


def checked(folder: LabFolder) -> LabText:
    """Return a lab's parsed source if the lab keeps all rules.

    Raises:
        CourseError: For the first mistake.
    """
    _only_known_files(folder)
    text = read_lab(folder.lab_py)
    _has_parameters(text)
    exercises = declared_exercises(folder)
    _checks_match(folder, text, exercises)
    _verdicts_are_shown(text)
    for exercise in exercises.values():
        _exercise_is_whole(folder, text, exercise)
    answers = wrong_answers(folder)
    _answers_are_enough(folder, text, exercises, answers)
    return text


def no_leaks(notebook: Path, text: LabText) -> None:
    """Refuse a learner's notebook that has outputs or a line of a solution.

    Raises:
        CourseError: Naming the notebook and the line.
    """
    if not notebook.is_file():
        raise CourseError(f"{notebook}:1: missing. Run `rmqlab build`.")
    raw = notebook.read_text(encoding="utf-8")
    secret = _solution_lines(text) | {BEGIN, END, LEARNER}
    for cell in json.loads(raw)["cells"]:
        if cell.get("outputs") or cell.get("execution_count"):
            raise CourseError(
                f"{notebook}:{_line_of(raw, cell.get('id', ''))}: a learner's notebook with outputs. "
                "Run `rmqlab build`."
            )
        for line in "".join(cell["source"]).splitlines():
            if line.strip() in secret or line.strip().startswith(LEARNER):
                at = _line_of(raw, json.dumps(line.strip())[1:-1])
                raise CourseError(
                    f"{notebook}:{at}: a line of a solution: {line.strip()!r}. Run `rmqlab build`."
                )


def nothing_unlisted(root: Path, slugs: Sequence[str]) -> None:
    """Refuse a notebook in labs/ or solutions/ that no lab of the course builds.

    Raises:
        CourseError: Naming the file.
    """
    for folder in (root / "labs", root / "solutions"):
        for path in sorted(folder.glob("*.ipynb")):
            if path.stem not in slugs:
                raise CourseError(
                    f"{path}:1: no lab in course/ builds this. Delete it, or add course/NN_slug/."
                )


def _only_known_files(folder: LabFolder) -> None:
    for path in sorted(folder.path.iterdir()):
        if path.name not in _FILES and not path.name.startswith((".", "__pycache__")):
            raise CourseError(
                f"{path}:1: not a part of a lab ({', '.join(sorted(_FILES))}). Move it out of course/."
            )


def _has_parameters(text: LabText) -> None:
    tagged = [
        n for n, line in enumerate(text.lines, start=1) if line.startswith("# %%") and '"parameters"' in line
    ]
    if len(tagged) != 1:
        at = tagged[1] if tagged else 1
        raise CourseError(
            f'{text.path}:{at}: {len(tagged)} parameters cells. Write exactly one: # %% tags=["parameters"]'
        )


def _verdicts_are_shown(text: LabText) -> None:
    """Refuse a check that is not the last expression of its cell: its verdict would go unseen."""
    body = ast.parse("\n".join(text.lines)).body
    ends = {statement.lineno: statement for statement in body}
    for call in text.checks:
        statement = ends.get(call.line)
        following = next((other.lineno for other in body if other.lineno > call.line), len(text.lines) + 1)
        rest = text.lines[call.line : following - 1]
        is_last = following > len(text.lines) or any(line.startswith("# %%") for line in rest)
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call) or not is_last:
            raise CourseError(
                f"{text.path}:{call.line}: this verdict would not be shown. Write lab.check(...) alone, "
                "as the last line of its cell."
            )


def _checks_match(folder: LabFolder, text: LabText, exercises: dict[str, Any]) -> None:
    seen: dict[str, int] = {}
    for call in text.calls:
        if call.method != "check":
            raise CourseError(
                f"{text.path}:{call.line}: lab.{call.method} in a cell gives the answer away when all cells "
                "are run. Write it as a comment."
            )
        if call.exercise not in exercises:
            raise CourseError(
                f"{text.path}:{call.line}: {call.exercise} has no check. Declare it in {folder.checks_py}."
            )
        if call.exercise in seen:
            raise CourseError(
                f"{text.path}:{call.line}: line {seen[call.exercise]} checks {call.exercise} too. Keep one."
            )
        seen[call.exercise] = call.line
    for exercise in exercises.values():
        at = _where(folder.checks_py, f'"{exercise.id}"')
        if exercise.id not in seen:
            raise CourseError(f"{at}: {exercise.id} is never checked. Write lab.check in {text.path}.")
        if not exercise.id.startswith(f"{folder.number}."):
            raise CourseError(
                f'{at}: {exercise.id} is not an id of lab {folder.number}. Write "{folder.number}.k".'
            )
    if not exercises:
        raise CourseError(f"{folder.checks_py}:1: no exercise. Declare one with @exercise(...).")


def _exercise_is_whole(folder: LabFolder, text: LabText, exercise: Any) -> None:
    at = _where(folder.checks_py, f'"{exercise.id}"')
    hints = [hint for hint in exercise.hints if hint.strip()]
    if len(hints) != _HINTS or len(hints) != len(exercise.hints):
        raise CourseError(
            f"{at}: {exercise.id} has {len(hints)} hints. Write three: the idea, the API, almost the code."
        )
    if not exercise.title.strip():
        raise CourseError(f"{at}: {exercise.id} has no title. Say in a few words what it asks.")
    if not text.regions_of(exercise.id):
        raise CourseError(
            f"{at}: {exercise.id} has no solution. Mark it in {text.path} with {BEGIN!r} and {END!r}."
        )


def _answers_are_enough(
    folder: LabFolder, text: LabText, exercises: dict[str, Any], answers: Sequence[Any]
) -> None:
    path = folder.wrong_py
    names: set[tuple[str, str]] = set()
    for answer in answers:
        at = _where(path, f'"{answer.name}"')
        if answer.exercise not in exercises:
            raise CourseError(f"{at}: there is no exercise {answer.exercise}. Mend the id.")
        if (answer.exercise, answer.name) in names:
            raise CourseError(
                f"{at}: {answer.exercise} has two wrong answers called {answer.name!r}. Rename one."
            )
        names.add((answer.exercise, answer.name))
        regions = len(text.regions_of(answer.exercise))
        if len(answer.code) != regions:
            raise CourseError(
                f"{at}: {len(answer.code)} texts for {regions} solution regions. Write one for each region."
            )
        _is_code(at, answer.code)
        if answer.name == _FORGED:
            _leaves_the_broker_alone(at, answer.code)
    for exercise_id in exercises:
        own = [answer for answer in answers if answer.exercise == exercise_id]
        at = _where(path, f'"{exercise_id}"')
        if len(own) < _WRONG_ANSWERS or len({answer.expect for answer in own}) < _WRONG_ANSWERS:
            raise CourseError(
                f"{at}: {exercise_id} has {len(own)} wrong answers. "
                f"Record at least {_WRONG_ANSWERS} with feedback of their own (different `expect`)."
            )
        if not any(answer.misconception for answer in own):
            raise CourseError(
                f"{at}: no wrong answer of {exercise_id} is something that people believe. "
                "Record one with misconception=True and name it after the belief."
            )
    if not any(answer.name == _FORGED for answer in answers):
        raise CourseError(
            f'{path}:1: no answer called "forged". Record one that fakes a result, the broker untouched.'
        )


def _is_code(at: str, texts: Iterable[str]) -> None:
    for text in texts:
        try:
            ast.parse(text)
        except SyntaxError as broken:
            raise CourseError(
                f"{at}: the wrong answer is no Python: {broken.msg}. It must run, and be wrong."
            ) from None


def _leaves_the_broker_alone(at: str, texts: Iterable[str]) -> None:
    """Refuse a forged answer that talks to RocketMQ: the broker must know of nothing."""
    for node in (node for text in texts for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name.startswith(_TOUCHES):
                raise CourseError(
                    f"{at}: a forged answer leaves the broker untouched, and this calls {name}()."
                )


def _solution_lines(text: LabText) -> set[str]:
    inside = {line.strip() for region in text.regions for line in region.solution}
    spans = {n for region in text.regions for n in range(region.first, region.last + 1)}
    outside = {line.strip() for n, line in enumerate(text.lines, start=1) if n not in spans}
    given = {line.strip() for region in text.regions for line in region.learner}
    return {line for line in inside - outside - given if len(line) >= _TELLING_LINE}


def _where(path: Path, needle: str) -> str:
    """Return `file:line` of the first line with a text, or of the file's first line."""
    return f"{path}:{_line_of(path.read_text(encoding='utf-8'), needle)}"


def _line_of(text: str, needle: str) -> int:
    return next((n for n, line in enumerate(text.splitlines(), start=1) if needle in line), 1)
