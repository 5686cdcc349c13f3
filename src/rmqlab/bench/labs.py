"""`rmqlab bench labs`: a lab's own time, solved from top to bottom, and the time of `rmqlab check` of it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import nbformat
from rich.table import Table

from rmqlab.authoring.execution import execute, fresh_home
from rmqlab.authoring.folder import LabFolder, lab_folders
from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

BUDGET = 3.0
"""How many times a lab's own time its check may take."""


def run(root: Path, labs: Sequence[str], console: Console) -> int:
    """Time each lab and its check, in turn; print a table; return 1 if a check missed its budget.

    Args:
        root: The clone.
        labs: Numbers or slugs; all if empty.
        console: Where to print.

    Raises:
        CourseError: There is no such lab, or one of them does not pass.
    """
    table = Table("lab", "own time", "check", "ratio", f"budget: {BUDGET:g}")
    missed = False
    for lab in lab_folders(root / "course", labs):
        own_s, check_s = _own_time(root, lab), _check_time(root, lab)
        kept = check_s <= BUDGET * own_s
        missed = missed or not kept
        verdict = "kept" if kept else "MISSED"
        table.add_row(lab.slug, f"{own_s:.0f} s", f"{check_s:.0f} s", f"{check_s / own_s:.1f}", verdict)
        console.print(f"{lab.slug}: {own_s:.0f} s, its check {check_s:.0f} s")
    console.print(table)
    return int(missed)


def _own_time(root: Path, lab: LabFolder) -> float:
    """Return the seconds from the start of a kernel to the end of the last cell, on a new cluster."""
    solutions = root / "solutions"
    notebook = nbformat.read(solutions / f"{lab.slug}.ipynb", as_version=4)
    with fresh_home(root / "course") as environment:
        began = time.monotonic()
        execute(notebook, folder=solutions, environment=environment, name=lab.slug)
        return time.monotonic() - began


def _check_time(root: Path, lab: LabFolder) -> float:
    """Return the seconds of the command, as its user waits for it."""
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "rmqlab", "check", lab.number],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise CourseError(f"`rmqlab check {lab.number}` failed:\n{ran.stdout[-3000:]}")
    return time.monotonic() - began
