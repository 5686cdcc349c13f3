"""Running nodes: one small interface, several ways."""

import os

from rmqlab.backends.base import Backend
from rmqlab.backends.process import ProcessBackend
from rmqlab.errors import ClusterError

_BACKENDS: dict[str, type[Backend]] = {"process": ProcessBackend}


def find_backend(name: str) -> Backend:
    """Return the backend of that name.

    Raises:
        ClusterError: there is none, such as in a record that a newer version wrote.
    """
    if name not in _BACKENDS:
        raise ClusterError(f"There is no backend called {name!r}. There are: {', '.join(_BACKENDS)}.")
    return _BACKENDS[name]()


def choose_backend(name: str | None = None) -> tuple[Backend, str]:
    """Return the backend to start a cluster on, and why it is that one."""
    if name := name or os.environ.get("RMQLAB_BACKEND"):
        return find_backend(name), "it was asked for"
    return find_backend("process"), "it works everywhere"


__all__ = ["Backend", "ProcessBackend", "choose_backend", "find_backend"]
