"""Which backend a cluster starts on: containers if they can start at once, else processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rmqlab.backends.docker import DockerBackend
from rmqlab.backends.docker_engine import AT_ONCE_S, image_for
from rmqlab.backends.external import ExternalBackend
from rmqlab.backends.process import ProcessBackend
from rmqlab.errors import ClusterError, EngineError

if TYPE_CHECKING:
    from rmqlab.backends.base import Backend

_BACKENDS: dict[str, type[Backend]] = {
    "process": ProcessBackend,
    "docker": DockerBackend,
    "external": ExternalBackend,
}


def find_backend(name: str) -> Backend:
    """Return the backend of that name.

    Raises:
        ClusterError: there is none, such as in a record that a newer version wrote.
    """
    if name not in _BACKENDS:
        raise ClusterError(f"There is no backend called {name!r}. There are: {', '.join(_BACKENDS)}.")
    return _BACKENDS[name]()


def choose_backend(name: str | None = None) -> tuple[Backend, str]:
    """Return the backend to start a cluster on, and one line that says which it is and why.

    Args:
        name: The one that somebody asked for; by default RMQLAB_BACKEND's. Where that is unset too: docker,
            if an engine answers and the image is on this machine, else process. Nothing is downloaded.

    Raises:
        ClusterError: there is no backend of that name.
        EngineError: containers were asked for, and cannot be had; the message says why, and the next step.
    """
    asked = "asked for" if name else "RMQLAB_BACKEND says so"
    if name := name or os.environ.get("RMQLAB_BACKEND"):
        backend = find_backend(name)
        if missing := backend.missing():
            raise EngineError(missing)
        return backend, f"{_what_it_is(backend)} ({asked})."
    docker = DockerBackend()
    missing = docker.missing(AT_ONCE_S)
    if missing is None:
        return docker, f"{_what_it_is(docker)}: an engine answers. RMQLAB_BACKEND=process leaves it out."
    return ProcessBackend(), f"On plain processes. {missing.partition('. ')[0]}."


def _what_it_is(backend: Backend) -> str:
    if backend.name == "docker":
        return f"On containers of {image_for()}"
    return "On a cluster that others run" if backend.name == "external" else "On plain processes"
