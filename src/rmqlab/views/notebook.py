"""Where a view is shown: in a running notebook or not, in which cell, and since when a cell runs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from rmqlab import happenings

if TYPE_CHECKING:
    from collections.abc import Callable

_running: list[float] = []  # when the cell that runs now began
_watched: list[Any] = []  # the shell whose cells are watched: a process has one
_shown: dict[str, list[Callable[[], None]]] = {}  # what is to be done when a cell's outputs are replaced


def in_kernel() -> bool:
    """Whether there is a kernel, and so perhaps somebody at the other end who can click."""
    return getattr(_shell(), "kernel", None) is not None


def cell_began() -> float | None:
    """Return when the running cell began (`time.monotonic`), None between cells and before `watch_cells`."""
    return _running[0] if _running else None


def watch_cells() -> None:
    """Note from now on when a cell begins and ends."""
    shell = _shell()
    if shell is not None and shell not in _watched:
        _watched.append(shell)
        shell.events.register("pre_run_cell", _begin)
        shell.events.register("post_run_cell", lambda _result: _running.clear())


def when_replaced(do: Callable[[], None]) -> None:
    """Have something done once, when the outputs of the running cell are replaced, or deleted with it.

    Front ends that do not name their cells never replace any, as far as is known here.
    """
    cell = _request().get("cellId")
    if cell:
        _shown.setdefault(cell, []).append(do)


def _begin(info: Any) -> None:
    _running.append(time.monotonic())
    request = _request()
    for cell in (request.get("cellId"), *request.get("deletedCells", ())):
        for do in _shown.pop(cell, ()):
            do()
    lines = [line.strip() for line in str(getattr(info, "raw_cell", "")).splitlines()]
    happenings.tell("cell", next(filter(None, lines), ""))


def _request() -> dict[str, Any]:
    """Return what the front end says of the request that runs: JupyterLab and VS Code name the cell."""
    kernel = getattr(_shell(), "kernel", None)
    return kernel.get_parent().get("metadata") or {} if kernel is not None else {}


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
