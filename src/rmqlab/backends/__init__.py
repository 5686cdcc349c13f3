"""Running nodes: one small interface, several ways."""

from rmqlab.backends.base import Backend
from rmqlab.backends.choice import choose_backend, find_backend
from rmqlab.backends.docker import DockerBackend
from rmqlab.backends.external import ExternalBackend
from rmqlab.backends.process import ProcessBackend

__all__ = ["Backend", "DockerBackend", "ExternalBackend", "ProcessBackend", "choose_backend", "find_backend"]
