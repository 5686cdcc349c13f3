"""`rmqlab test`: all that CI runs, the quick and static first, then one pytest run over everything.

pytest's closing line is the last line; a static step that failed shows in its summary and in the exit code.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.errors import CourseError
from rmqlab.runtime import ensure_archive, find_java
from rmqlab.workspace import repository

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED_STEPS = "RMQLAB_FAILED_STEPS"
"""The environment variable by which tests/conftest.py learns what failed before pytest."""

SUITES = ("tests/unit", "tests/live", "tests/browser", "nbtests")
"""In the order in which a fault is cheapest to understand."""

LANES = ("-p", "rmqlab.lanes", "-n", str(min(4, 1 + (os.cpu_count() or 1))))
"""Lanes at a time (`rmqlab.lanes`; `-n 0`: none), one more than there are cores, because labs wait for
brokers a quarter of their time and more. Four at most: with more, the lane of the live tests is the longest.
"""


def static_steps() -> dict[str, list[str]]:
    """Return the steps that need no broker: name to command line."""
    python = [sys.executable, "-m"]
    return {
        "ruff check": [*python, "ruff", "check", "."],
        "ruff format": [*python, "ruff", "format", "--check", "."],
        "import layers": [str(Path(sys.executable).parent / "lint-imports")],
        "generated notebooks": [*python, "rmqlab", "build", "--check"],
    }


def run_all(arguments: Sequence[str] = ()) -> int:
    """Run the static steps, then pytest; return 0 only if all of them passed.

    Args:
        arguments: More arguments for pytest. Paths among them replace the suites.

    Raises:
        CourseError: There are no tests here.
        RuntimeFilesError: The broker's files could not be fetched, or there is no Java.
    """
    root = repository()
    if not suites(root):
        raise CourseError(f"There are no tests in {root}: run `make test` in a clone of RocketMQ Lab.")
    find_java()
    ensure_archive()  # here, under a progress bar, and not within some test's deadline
    failed = []
    for name, command in static_steps().items():
        print(f"== {name}", flush=True)  # noqa: T201  (what a terminal command says)
        if subprocess.run(command, cwd=root, check=False).returncode:
            failed.append(name)
    print("== pytest", flush=True)  # noqa: T201
    paths = (
        [] if any((root / argument.partition("::")[0]).exists() for argument in arguments) else suites(root)
    )
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", *LANES, *paths, *arguments],
        cwd=root,
        env={**os.environ, FAILED_STEPS: ", ".join(failed)},
        check=False,
    )
    return tested.returncode or (1 if failed else 0)


def suites(root: Path) -> list[str]:
    """Return the suites that are there."""
    return [suite for suite in SUITES if (root / suite).is_dir()]


def refresh_environment() -> int:
    """Bring `.venv` in line with pyproject.toml, as `rmqlab env` does inside of it; return the exit code.

    Raises:
        CourseError: There is no clone.
    """
    bootstrap = repository() / "rmqlab" / "__main__.py"
    if not bootstrap.is_file():
        raise CourseError("This environment was not made from a clone: update it with the tool that made it.")
    return subprocess.run([sys.executable, str(bootstrap), "env"], check=False).returncode
