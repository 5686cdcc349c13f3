"""One NameServer or broker of a running cluster, and what can be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab import happenings
from rmqlab.errors import NodeDownError

if TYPE_CHECKING:
    from rmqlab.backends.base import Handle, NodeState, Usage
    from rmqlab.cluster import Cluster
    from rmqlab.plan import NodeSpec

STOP_S = 60.0
"""How long a graceful stop may take; a broker's takes 12 to 16 seconds, longer on a busy machine."""


class Node:
    """One NameServer or broker of a running cluster."""

    def __init__(self, cluster: Cluster, spec: NodeSpec) -> None:
        self._cluster = cluster
        self.spec = spec

    name = property(lambda self: self.spec.name, doc="`namesrv`, `broker-a`, ...")
    role = property(lambda self: self.spec.role, doc="`NAMESRV`, `MASTER`, `SLAVE`, `PROXY` or `RELAY`.")
    address = property(lambda self: self.spec.address, doc="`host:port`.")

    @property
    def metrics_url(self) -> str:
        """Where a broker's metrics are, in Prometheus' text format; empty without `metrics=True`."""
        return f"http://{self.spec.metrics}/metrics" if self.spec.metrics else ""

    def __repr__(self) -> str:
        return f"<Node {self.name} {self.role} {self.address} {self.state}>"

    @property
    def pid(self) -> int | None:
        """The process id, or None where the node does not run, or not as a process of this machine."""
        pid = self.handle.get("pid")
        return int(pid) if pid and self.state != "down" else None

    @property
    def state(self) -> NodeState:
        """`up`, `paused` or `down`, as the operating system sees it."""
        return self._cluster.backend.state(self.handle)

    @property
    def usage(self) -> Usage | None:
        """What the node takes of its machine: processor seconds so far, MB of memory.

        None where it does not run, or nobody here can tell.
        """
        return self._cluster.backend.usage(self.handle)

    def kill(self) -> None:
        """Kill -9: what was not handed to the operating system is gone."""
        self.require_running("kill")
        self._cluster.backend.kill(self.handle)
        self._tell("was killed")

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Stop in RocketMQ's orderly way: unregister, flush, close. A broker takes 12 to 16 seconds."""
        self.require_running("stop")
        self._cluster.backend.stop(self.handle, timeout_s)
        self._tell("was stopped")

    def pause(self) -> None:
        """Freeze the node: connections stay open, nothing is answered."""
        self.require_running("pause")
        self._cluster.backend.pause(self.handle)
        self._tell("was paused")

    def resume(self) -> None:
        """Let a paused node go on."""
        self.require_running("resume")
        self._cluster.backend.resume(self.handle)
        self._tell("was resumed")

    def restart(self) -> None:
        """Start the node again on its own files, killing it first if it runs; return when it is ready."""
        self._cluster.backend.kill(self.handle)
        self._cluster.launch([self.spec])
        self._cluster.wait_until_ready([self.spec])
        self._tell("was restarted")

    def log_tail(self, lines: int = 20) -> str:
        """Return the end of the node's log."""
        return self._cluster.backend.log_tail(self.spec, self._cluster.folder / self.name, lines)

    @property
    def handle(self) -> Handle:
        """What finds the node again: a process and its start, or a container."""
        return self._cluster.record.handles.get(self.name, {"pid": 0, "created": 0.0, "mark": ""})

    def _tell(self, what: str) -> None:
        happenings.tell("node", f"{self.name} {what}", self._cluster.name)

    def require_running(self, verb: str) -> None:
        """See to it that there is something to break.

        Raises:
            NodeDownError: the node does not run.
            NoSuchClusterError: the whole cluster has ended.
        """
        self._cluster.require_alive()
        if self.state == "down":
            raise NodeDownError(
                f"{self.name} does not run, so there is nothing to {verb}. Use .restart() first."
            )
