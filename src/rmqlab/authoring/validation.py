"""`rmqlab check`: the notebooks' own tests, run by pytest."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from rmqlab.authoring.folder import lab_folders
from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def validate(root: Path, only: Sequence[str] | None = None, *, pytest_arguments: Sequence[str] = ()) -> int:
    """Check the notebooks in both directions, on real clusters; return pytest's exit code (0: all is well).

    Args:
        root: The folder that holds course/, labs/, solutions/ and nbtests/.
        only: Numbers or slugs of labs; all if None or empty.
        pytest_arguments: More arguments for pytest.

    Raises:
        CourseError: If there is no such lab, or no nbtests/.
    """
    folders = lab_folders(root / "course", only)
    tests = root / "nbtests"
    if not tests.is_dir():
        raise CourseError(f"There is no {tests}. Run this in the folder that holds course/ and nbtests/.")
    labs = [f"--lab={folder.number}" for folder in folders] if only else []
    quick = ["-p", "no:hypothesispytest"]  # what nobody needs here takes a second to load
    command = [sys.executable, "-m", "pytest", str(tests), f"--rootdir={root}", *quick, *labs]
    command += pytest_arguments
    return subprocess.run(command, cwd=root, check=False).returncode
