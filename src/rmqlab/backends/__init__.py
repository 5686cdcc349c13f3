"""Running nodes: one small interface, several ways."""

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


__all__ = ["Backend", "ProcessBackend", "find_backend"]
