"""What all faults share: their names, their beginning, their end, and that the cluster is ready after it."""

from __future__ import annotations

import difflib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rmqlab import happenings
from rmqlab.errors import FaultError
from rmqlab.faults import disks, machines, network, nodes

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Self

    from rmqlab.cluster import Cluster


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    Attributes:
        name: How it is asked for.
        hold: A context manager over (cluster, where and how): it is the fault, and yields the evidence.
        needs: What the cluster has to be started with; empty for nothing.
        backends: Where it can be had.
        keeps_ready: Whether a cluster can be asked whether it is ready while the fault lasts.
        whole_node: Whether it takes a node as a process, whatever runs in it.
    """

    name: str
    hold: Callable[..., AbstractContextManager[str]]
    needs: str = ""
    backends: tuple[str, ...] = ("process", "docker")
    keeps_ready: bool = True
    whole_node: bool = False


FAULTS = {
    kind.name: kind
    for kind in (
        Kind("kill", nodes.kill, whole_node=True),
        Kind("stop", nodes.stop, whole_node=True),
        Kind("pause", nodes.pause, whole_node=True),
        Kind("cut", network.cut, needs="links=True", keeps_ready=False),
        Kind("slow_link", network.slow_link, needs="links=True"),
        Kind("slow_flush", disks.slow_flush, needs="slow_disk=True"),
        Kind("disk_full", disks.disk_full),
        Kind("power_loss", machines.power_loss),
        Kind("replica_loss", machines.replica_loss),
    )
}
"""Every fault, by name."""

_lasting: dict[str, list[Fault]] = {}
"""The faults that last, by cluster, as far as this process began them."""


class Fault:
    """A fault that lasts. It began when it was made; `with` undoes it, or `undo()`.

    Attributes:
        kind: What it is.
        evidence: What shows that it took effect, in plain sentences.
    """

    def __init__(self, cluster: Cluster, kind: Kind, where: tuple[str, ...], how: dict[str, Any]) -> None:
        self.kind = kind
        self.where = where
        self._cluster = cluster
        self._held = kind.hold(cluster, *where, **how)
        self.evidence = self._held.__enter__()
        self._lasts = True
        _lasting.setdefault(cluster.name, []).append(self)
        self._tell("begins")

    def undo(self) -> None:
        """End the fault, and return when the cluster is ready again; a second time does nothing.

        While another fault cuts a link, nobody can say whether the cluster is ready: then the last one waits.

        Raises:
            StartError: a node did not become ready.
        """
        if not self._lasts:
            return
        self._lasts = False
        others = _lasting[self._cluster.name]
        others.remove(self)
        self._held.__exit__(None, None, None)
        if all(other.kind.keeps_ready for other in others):
            nodes = self._cluster.nodes.values()
            # Its own nodes by name: one that was launched this moment may not look up yet.
            self._cluster.wait_until_ready([node.spec for node in nodes if node.name in self.where])
        self._tell("is undone")

    def _tell(self, what: str) -> None:
        where = " ".join(self.where)
        happenings.tell("fault", f"the fault {self.kind.name} {where} {what}", self._cluster.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()

    def __repr__(self) -> str:
        return (
            f"<Fault {self.kind.name} {' '.join(self.where)}: {self.evidence if self._lasts else 'undone'}>"
        )


def begin(cluster: Cluster, name: str, where: tuple[str, ...], how: dict[str, Any]) -> Fault:
    """Begin a fault by its name.

    Raises:
        FaultError: there is no such fault, it is asked for wrongly, or it did not take effect.
        ClusterError: the cluster is a Kafka, and the fault is about RocketMQ.
        NodeDownError: the node does not run.
    """
    kind = FAULTS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, FAULTS, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise FaultError(f"There is no fault called {name!r}.{guess} There are: {', '.join(FAULTS)}.")
    if cluster.backend.name not in kind.backends:
        raise FaultError(
            f"{cluster.name} runs on the backend {cluster.backend.name}, where nothing can be broken. "
            f"Start a cluster of your own: the backends {' and '.join(kind.backends)} have this fault."
        )
    if cluster.namespace is not None:
        raise FaultError(
            f"{name} is not for a cluster that others use: somebody else runs {cluster.name}. "
            "A cluster of your own can be hurt: RMQLAB_BACKEND=process."
        )
    if not kind.whole_node:
        cluster.require_rocketmq(f"the fault {name}")
    try:
        return Fault(cluster, kind, where, how)
    except TypeError as error:
        if kind.hold.__name__ not in str(error):
            raise
        raise FaultError(
            f"{name} cannot be asked for like that: {error}. docs/faults.md shows how."
        ) from None


def mend(cluster: Cluster) -> None:
    """Undo what a fault may have left behind whose process ended before it could: of links and disks."""
    if _is_ours(cluster):
        with suppress(FaultError):
            network.mend(cluster)
        disks.mend(cluster)


def troubles(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    """Return what is wrong with each node's links and disk now, whoever did it: a few words each."""
    found: dict[str, tuple[str, ...]] = {}
    if _is_ours(cluster):
        with suppress(FaultError):
            found = network.troubles(cluster)
        for name, words in disks.troubles(cluster).items():
            found[name] = (*found.get(name, ()), *words)
    return found


def _is_ours(cluster: Cluster) -> bool:
    return any(cluster.backend.name in kind.backends for kind in FAULTS.values())
