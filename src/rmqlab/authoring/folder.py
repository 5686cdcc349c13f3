"""A course on disk: which labs there are, which files each has, and loading its declarations by path."""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
import traceback
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOLDER = re.compile(r"(?P<number>\d\d)_(?P<words>[a-z0-9]+(?:_[a-z0-9]+)*)")


@dataclass(frozen=True, slots=True, order=True)
class LabFolder:
    """One lab's folder, `course/NN_slug`."""

    path: Path

    @property
    def number(self) -> str:
        """Return the lab's number, "01"."""
        return self.path.name[:2]

    @property
    def slug(self) -> str:
        """Return the name that `start_lab` takes and the notebook has, "01-concepts"."""
        return self.path.name.replace("_", "-")

    @property
    def lab_py(self) -> Path:
        """Return the notebook's source."""
        return self.path / "lab.py"

    @property
    def checks_py(self) -> Path:
        """Return the exercises."""
        return self.path / "checks.py"

    @property
    def wrong_py(self) -> Path:
        """Return the recorded wrong answers."""
        return self.path / "wrong.py"

    def checks_version(self) -> str:
        """Return a short hash of the checks: a notebook carries the one that it was built for.

        Raises:
            CourseError: If there is no checks.py.
        """
        if not self.checks_py.is_file():
            raise CourseError(
                f"{self.checks_py}:1: there is no such file. A lab's exercises are declared there."
            )
        # Read as text, because line ends differ by platform and by git's settings; the checks do not.
        text = self.checks_py.read_text(encoding="utf-8")
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def lab_folders(course: Path, only: Sequence[str] | None = None) -> tuple[LabFolder, ...]:
    """Return the labs of a course in order.

    Args:
        course: The folder with the labs' folders.
        only: Numbers ("01") or slugs ("01-concepts") to choose; all labs if None or empty.

    Raises:
        CourseError: If `only` names a lab that does not exist, or a folder is not named NN_slug.
    """
    if not course.is_dir():
        raise CourseError(f"There is no course at {course}. Run this in the folder that holds course/.")
    found = []
    for path in sorted(course.iterdir()):
        if not path.is_dir() or path.name.startswith((".", "__")):
            continue
        if not _FOLDER.fullmatch(path.name):
            raise CourseError(f"{path}:1: a lab's folder is named NN_slug (01_concepts). Rename or move it.")
        found.append(LabFolder(path))
    if not only:
        return tuple(found)
    chosen = []
    for name in only:
        match = [lab for lab in found if name in (lab.number, lab.slug, lab.path.name)]
        if not match:
            raise CourseError(f"There is no lab {name!r}. There are: {', '.join(lab.slug for lab in found)}.")
        chosen += match
    return tuple(dict.fromkeys(chosen))


def read_table(path: Path) -> dict[str, Any]:
    """Return what a TOML file of the course holds.

    Raises:
        CourseError: It is missing or unreadable.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: {error}") from error


def declared_exercises(folder: LabFolder) -> dict[str, Any]:
    """Return the exercises (`rmqlab.checks.Exercise`) of a lab by id, in the order of its checks.py.

    Raises:
        CourseError: If checks.py cannot be loaded or declares an id twice.
    """
    exercises: dict[str, Any] = {}
    for value in vars(load_module(folder.checks_py)).values():
        declared = getattr(value, "declared_exercise", None)
        if declared is None:
            continue
        if declared.id in exercises:
            line = value.__code__.co_firstlineno
            raise CourseError(f"{folder.checks_py}:{line}: {declared.id} is declared twice. Renumber one.")
        exercises[declared.id] = declared
    return exercises


def wrong_answers(folder: LabFolder) -> tuple[Any, ...]:
    """Return the recorded wrong answers (`rmqlab.checks.WrongAnswer`) of a lab in order.

    Raises:
        CourseError: If wrong.py cannot be loaded or records nothing.
    """
    module = load_module(folder.wrong_py)
    if not getattr(module, "WRONG_ANSWERS", ()):
        raise CourseError(f"{folder.wrong_py}:1: no WRONG_ANSWERS. Write WRONG_ANSWERS = (wrong(...), ...).")
    return tuple(module.WRONG_ANSWERS)


def load_module(path: Path) -> Any:
    """Run a lab's checks.py or wrong.py anew and return it as a module.

    Raises:
        CourseError: With file and line, if there is no such file or it raises.
    """
    if not path.is_file():
        raise CourseError(f"{path}:1: there is no such file. A lab has lab.py, checks.py and wrong.py.")
    name = f"rmqlab_course.{path.parent.name}.{path.stem}"
    module = types.ModuleType(name)
    module.__file__ = str(path)
    # A dataclass looks its module up by name while it is made.
    sys.modules[name] = module
    try:
        # Without a cache of byte code, which would lie in the course and miss two changes within a second.
        code = compile(path.read_bytes(), path, "exec", dont_inherit=True)
        exec(code, vars(module))  # noqa: S102
    except SyntaxError as broken:
        raise CourseError(f"{broken.filename}:{broken.lineno}: {broken.msg}. Mend the syntax.") from None
    except Exception as broken:
        raise CourseError(
            f"{path}:{line_of_fault(broken, path)}: {type(broken).__name__}: {broken}"
        ) from broken
    return module


def line_of_fault(fault: BaseException, path: Path) -> int:
    """Return the innermost line of a file in an exception's traceback, or 1 if the file has no part in it."""
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if Path(frame.filename) == path]
    return (frames[-1].lineno or 1) if frames else 1
