"""`rmqlab lab`: JupyterLab on the learner's copy of a lab, with the broker's files already here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.learner_copies import bring_up_to_date, find_notebook, take_fresh
from rmqlab.runtime import ensure_archive, ensure_jars, ensure_native, find_java
from rmqlab.workspace import repository

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_LAB = "00"
WORK = "work"
_SETTINGS = Path(__file__).parent / "jupyter_settings"


def jupyter_command(
    work: Path, notebook: str, *, browser: bool = True, port: int | None = None, more: Sequence[str] = ()
) -> list[str]:
    """Return the command line of a JupyterLab that shows `work` and opens `notebook` in it.

    Args:
        work: The learner's folder; nothing outside of it is shown.
        notebook: A file in it.
        browser: Open a browser.
        port: The port to listen on; Jupyter's own choice (8888 or the next free one) if None.
        more: More arguments for JupyterLab.
    """
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={work}",
        f"--LabApp.default_url=/lab/tree/{notebook}",
        # What remains is the address, and warnings.
        "--log-level=WARN",
        "--LabApp.log_level=WARN",
        *(["--allow-root"] if _is_root() else []),
        *([] if browser else ["--no-browser"]),
        *([] if port is None else [f"--port={port}"]),
        *more,
    ]


def jupyter_environment() -> dict[str, str]:
    """Return the environment variables of that JupyterLab: this process's, and two of Jupyter's own."""
    paths = [str(_SETTINGS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    return {
        **os.environ,
        # Nobody is asked about news and updates in their first minute; the user's own settings stay.
        "JUPYTER_CONFIG_PATH": os.pathsep.join(paths),
        # A kernel installed for the user elsewhere must not stand in for this environment's.
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def open_lab(
    lab: str = FIRST_LAB,
    *,
    fresh: bool = False,
    browser: bool = True,
    port: int | None = None,
    more: Sequence[str] = (),
) -> int:
    """Fetch what is missing, bring the learner's copies up to date, and run JupyterLab until it ends.

    On POSIX this process becomes JupyterLab, so that Ctrl-C and signals reach it alone.

    Args:
        lab: Number or slug of the lab to open.
        fresh: Take that lab anew (the learner's copy is kept under another name).
        browser: Open a browser.
        port: The port to listen on.
        more: More arguments for JupyterLab.

    Returns:
        JupyterLab's exit code.

    Raises:
        CourseError: No course here, or no such lab.
        RuntimeFilesError: The broker's files could not be fetched, or there is no Java.
    """
    root = repository()
    labs, work = root / "labs", root / WORK
    if fresh:
        _, earlier = take_fresh(labs, work, lab)
        _say(f"Lab {lab} is fresh." + (f" What you had is in {WORK}/{earlier.name}." if earlier else ""))
    copied = bring_up_to_date(labs, work)
    if copied.renewed:
        _say(f"Renewed in {WORK}/, because you had changed nothing there: {', '.join(copied.renewed)}")
    for name in copied.kept:
        _say(f"{WORK}/{name} is yours and stays. The course has a newer one: rmqlab lab {name[:2]} --fresh")
    notebook = find_notebook(work.glob("*.ipynb"), lab)
    find_java()
    ensure_jars()
    ensure_native()
    ensure_archive()
    command = jupyter_command(work, notebook.name, browser=browser, port=port, more=more)
    return _become(command, jupyter_environment(), work)


def _is_root() -> bool:
    """Tell whether this is root, as in most containers. Jupyter refuses that unless asked."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201  (what a terminal command says)


def _become(command: list[str], environment: dict[str, str], folder: Path) -> int:
    sys.stdout.flush()
    if os.name != "nt":
        os.chdir(folder)
        os.execve(command[0], command, environment)  # noqa: S606  (an argument list, no shell)
    with subprocess.Popen(command, env=environment, cwd=folder) as server:
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:  # JupyterLab gets it as well, and decides
                continue
