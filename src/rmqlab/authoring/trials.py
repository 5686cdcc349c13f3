"""Trying a lab's recorded wrong answers, then its solutions, in one kernel on one cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient

from rmqlab.authoring.execution import CELL_TIMEOUT_S, QUIET_KERNEL
from rmqlab.authoring.folder import wrong_answers
from rmqlab.authoring.notebooks import attempts
from rmqlab.authoring.source import read_lab

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rmqlab.authoring.folder import LabFolder

#: What `rmqlab.checks` puts beside a verdict's picture; a test keeps the two in step.
VERDICT = "application/vnd.rmqlab.verdict+json"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one answer.

    Attributes:
        exercise: The exercise's id, "" for cells that belong to none.
        name: The wrong answer's name, "" for the solution.
        outcome: "PASSED", "NOT YET", ..., or "" if there was no verdict.
        key: The feedback's key, or "".
        error: What a cell raised, or "".
        said: What the cells printed and showed as text, the verdict with it.
    """

    exercise: str
    name: str
    outcome: str
    key: str
    error: str
    said: str = ""


def try_answers(
    folder: LabFolder, *, to: Sequence[str], working_directory: Path, environment: dict[str, str]
) -> tuple[Tried, ...]:
    """Run all cells of a lab, those of each exercise once for each wrong answer and then with the solution.

    Args:
        folder: The lab.
        to: The exercises whose wrong answers are tried.
        working_directory: The kernel's.
        environment: The kernel's environment variables.

    Raises:
        CourseError: If the source is broken.
        CellTimeoutError: If a cell takes longer than `CELL_TIMEOUT_S`.
    """
    wrong = [answer for answer in wrong_answers(folder) if answer.exercise in to]
    planned = tuple(attempts(read_lab(folder.lab_py), wrong))
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for attempt in planned for source in attempt.sources]
    )
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        extra_arguments=QUIET_KERNEL,
        allow_errors=True,
        resources={"metadata": {"path": str(working_directory)}},
    )
    client.execute(env=environment)
    cells = iter(notebook.cells)
    tried = []
    for attempt in planned:
        ran = [next(cells) for _ in attempt.sources]
        outputs = [output for cell in ran for output in cell.outputs]
        verdict = next((v for v in verdicts(outputs) if v["exercise"] == attempt.exercise), {})
        raised = [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]
        tried.append(
            Tried(
                exercise=attempt.exercise,
                name=attempt.name,
                outcome=verdict.get("outcome", ""),
                key=verdict.get("key", ""),
                error="; ".join(raised),
                said="\n".join(_text(output) for output in outputs),
            )
        )
    return tuple(tried)


def _text(output: Mapping[str, Any]) -> str:
    return output.get("text") or output.get("data", {}).get("text/plain", "")


def verdicts(outputs: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], ...]:
    """Return the verdicts among a notebook's outputs: exercise, outcome and key of each."""
    return tuple(output["data"][VERDICT] for output in outputs if VERDICT in output.get("data", {}))
