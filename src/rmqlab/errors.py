"""Every error that RocketMQ Lab raises, as one tree.

    RmqLabError
    ├── RuntimeFilesError        the broker's files: jars, Java
    │   ├── DownloadError        a jar could not be fetched
    │   ├── WrongHashError       a jar is not the file that the lock names
    │   ├── DiskSpaceError       the cache's disk is full
    │   └── JavaNotFoundError    no Java 17 or newer
    ├── ClusterError             the life of a cluster
    │   ├── UnknownTopologyError
    │   ├── UnknownPropertyError a broker would ignore it
    │   ├── EngineError          no container engine, or one that refuses
    │   │   └── EngineGoneError  none runs: nothing runs on it either
    │   ├── PortTakenError       somebody else listens there
    │   ├── StartError           a node died, or was not ready in time
    │   ├── NoSuchClusterError   no record of that name
    │   ├── NodeDownError        a fault was asked of a node that does not run
    │   ├── FaultError           a fault that this cluster cannot have, or that did not take effect
    │   └── ExternalClusterError a cluster that others run: not reached, not let in, or not ours to handle
    ├── ClientError              talking to RocketMQ
    │   └── AdminError           a question or command that the cluster refused
    │       └── NotOursError     a change to what is not ours, on a cluster that others use
    ├── CourseError              a lab's source, or an unknown lab or exercise
    ├── RecordingError           a recording that cannot be made, found or read
    ├── LedgerError              a ledger that cannot be written, read or closed against the broker
    └── ChaosError               no such recipe or fault, or a campaign's file that is none

A message says what happened, the evidence, and what to do next.
"""

from __future__ import annotations


class RmqLabError(Exception):
    """The base of all errors of this package."""

    def _render_traceback_(self) -> list[str]:
        """Show one line in a notebook instead of a traceback (an IPython protocol)."""
        return [f"{type(self).__name__}: {self}"]


class RuntimeFilesError(RmqLabError):
    """The broker's files could not be made ready."""


class DownloadError(RuntimeFilesError):
    """A jar could not be fetched."""


class WrongHashError(RuntimeFilesError):
    """A fetched jar is not the file that the lock names."""


class DiskSpaceError(RuntimeFilesError):
    """There is no room for the broker's files."""


class JavaNotFoundError(RuntimeFilesError):
    """There is no Java 17 or newer."""


class ClusterError(RmqLabError):
    """Something in the life of a cluster went wrong."""


class UnknownTopologyError(ClusterError):
    """No topology has that name."""


class UnknownPropertyError(ClusterError):
    """A broker has no property of that name."""


class EngineError(ClusterError):
    """There is no container engine, or it cannot run our nodes."""


class EngineGoneError(EngineError):
    """No container engine runs here, so nothing runs on it either."""


class PortTakenError(ClusterError):
    """Somebody else listens on a port that was asked for."""


class StartError(ClusterError):
    """A node died while starting, or was not ready in time."""


class NoSuchClusterError(ClusterError):
    """No running cluster has that name."""


class NodeDownError(ClusterError):
    """A fault was asked of a node that does not run."""


class FaultError(ClusterError):
    """A cluster cannot have that fault, or it did not take effect."""


class ExternalClusterError(ClusterError):
    """A cluster that others run cannot be reached, lets nobody in, or is not ours to start, end or hurt."""


class ClientError(RmqLabError):
    """Talking to RocketMQ went wrong."""


class AdminError(ClientError):
    """The cluster refused a question or a command, or did not answer."""

    code: int | None = None
    """RocketMQ's response code (ResponseCode), where there is one."""


class NotOursError(AdminError):
    """A cluster that others use holds more than what is ours, and only ours is changed."""


class CourseError(RmqLabError):
    """A lab's source is wrong, or there is no such lab or exercise."""


class RecordingError(RmqLabError):
    """A recording cannot be made, is not there, or is not what a recorder writes."""


class LedgerError(RmqLabError):
    """A ledger cannot be written or read, or a broker is silent, so that nobody can say what is lost."""


class ChaosError(RmqLabError):
    """No recipe or fault has that name, or a file of runs cannot be read."""
