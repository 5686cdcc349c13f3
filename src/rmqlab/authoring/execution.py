"""Running a solved notebook on a fresh cluster, so that it carries real outputs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from rmqlab.errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

#: Seconds that one cell may take, here and in nbtests. The longest take 30, more on a busy machine.
CELL_TIMEOUT_S = 120
#: A kernel warns on stderr that it listens on TCP; on this machine alone, it does so to nobody's harm.
QUIET_KERNEL = ["--IPKernelApp.log_level=ERROR"]
_END_TIMEOUT_S = 60
_LIVE_VIEW = "application/vnd.jupyter.widget-view+json"
#: Should this process be killed, its cluster goes after so many seconds without a kernel.
_LEASE_S = "120"


@contextmanager
def fresh_home(course: Path) -> Iterator[dict[str, str]]:
    """Give an environment with no cluster and no progress; whatever cluster is started in it ends with it.

    Args:
        course: The course's folder, which the checks in the kernel are read from.
    """
    with tempfile.TemporaryDirectory(prefix="rmqlab-build-", ignore_cleanup_errors=True) as home:
        environment = {
            **os.environ,
            "RMQLAB_HOME": home,
            "RMQLAB_COURSE": str(course.resolve()),
            "RMQLAB_LEASE": _LEASE_S,
        }
        try:
            yield environment
        finally:
            end_clusters(environment)


def end_clusters(environment: dict[str, str]) -> None:
    """End every cluster that the environment's `RMQLAB_HOME` knows.

    Raises:
        CourseError: If that does not work: a cluster may be left running.
    """
    if not any(path.is_dir() for path in Path(environment["RMQLAB_HOME"]).iterdir()):
        return
    # By the command and not by import: this layer knows nothing of clusters.
    command = [sys.executable, "-m", "rmqlab", "down", "--all"]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_END_TIMEOUT_S, check=False
    )
    if ended.returncode:
        raise CourseError(f"`rmqlab down --all` failed: {ended.stderr.strip()[-500:]}")


def execute(notebook: NotebookNode, *, folder: Path, environment: dict[str, str], name: str) -> NotebookNode:
    """Run all cells in a new kernel and return a copy with their outputs.

    Args:
        notebook: The notebook; it is left as it is.
        folder: The kernel's working directory.
        environment: The kernel's environment variables.
        name: What to call the notebook in errors.

    Raises:
        CourseError: If a cell raises, takes longer than `CELL_TIMEOUT_S`, or the kernel dies.
    """
    executed = nbformat.from_dict(notebook)
    client = NotebookClient(
        executed,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        extra_arguments=QUIET_KERNEL,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,  # times differ in every run
    )
    try:
        client.execute(env=environment)
    except CellExecutionError as raised:
        raise CourseError(
            f"{name}: a cell of the solution raises {raised.ename}: {raised.evalue}\n{raised}"
        ) from None
    except (CellTimeoutError, DeadKernelError) as stuck:
        raise CourseError(f"{name}: {stuck}") from None
    executed.metadata = notebook.metadata  # without the widgets' state, which would hide their pictures
    return _with_still_pictures(executed)


def _with_still_pictures(notebook: NotebookNode) -> NotebookNode:
    """Drop the live view of each widget that left a picture beside it.

    Without its kernel a live view is an error message in JupyterLab, which prefers it to the picture; and its
    id is another one in every run.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if any(mime in data for mime in ("image/svg+xml", "text/html")):
                data.pop(_LIVE_VIEW, None)
    return notebook
