"""Hazards: what a campaign does to a running trial, each a named context manager that yields its evidence.

They are built on the faults of a cluster (`rmqlab.faults`), and on the consumers' processes. A hazard ends
with its `with` block; then everything runs again.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rmqlab.client import remoting
from rmqlab.errors import FaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from random import Random

    from rmqlab.cluster import Cluster

_SLOW_FLUSH_MS = 1500
_BEYOND = 1.3
"""A pause is so many times as long as a producer's time-out."""


class Consumer(Protocol):
    """A consumer's process, as a hazard sees it."""

    name: str
    pid: int

    def hold(self) -> str:
        """Let it keep the next message between its work and its acknowledgement; return that message."""

    def release(self) -> None:
        """Let it go on."""

    def suspend(self) -> None:
        """Freeze the process."""

    def resume(self) -> None:
        """Let the process go on."""

    def kill(self) -> None:
        """Kill -9."""

    def replace(self) -> None:
        """Start another process in its place."""


@dataclass(frozen=True)
class Scene:
    """What a hazard can break.

    Attributes:
        cluster: The trial's.
        consumers: Its consumers.
        timeout_s: The producer's time-out.
        luck: Which broker, which consumer.
    """

    cluster: Cluster
    consumers: Sequence[Consumer]
    timeout_s: float
    luck: Random

    def master(self) -> str:
        """Return the node's name of one of the masters, as the NameServer knows them."""
        known = remoting.registered_brokers(self.cluster.namesrv.split(";")[0])
        masters = {address for (_, broker_id), address in known.items() if broker_id == 0}
        return self.luck.choice([node.name for node in self.cluster.brokers if node.address in masters])

    def slave_of(self, master: str) -> str:
        """Return a node that is the replica of a master."""
        name = self.cluster.nodes[master].spec.broker_name
        return next(
            node.name
            for node in self.cluster.brokers
            if node.spec.broker_name == name and node.name != master
        )

    def consumer(self) -> Consumer:
        """Return one of the consumers.

        Raises:
            FaultError: there is none.
        """
        if not self.consumers:
            raise FaultError("This trial has no consumers. Ask for some: consumers=2.")
        return self.luck.choice(list(self.consumers))


@dataclass(frozen=True)
class Hazard:
    """One hazard.

    Attributes:
        name: How it is asked for.
        summary: What happens.
        hold: A context manager over a scene that yields the evidence.
        lasts_s: For how long it lasts; None: longer than the producer's time-out.
        of_consumers: It needs consumers.
    """

    name: str
    summary: str
    hold: Callable[[Scene], AbstractContextManager[str]]
    lasts_s: float | None = 1.0
    of_consumers: bool = False

    def seconds(self, timeout_s: float) -> float:
        """Return for how long it lasts."""
        return timeout_s * _BEYOND if self.lasts_s is None else self.lasts_s


def _of_master(fault: str, **how: int) -> Callable[[Scene], AbstractContextManager[str]]:
    """Return a hazard that is a fault of one master."""

    @contextmanager
    def hold(scene: Scene) -> Iterator[str]:
        with scene.cluster.fault(fault, scene.master(), **how) as begun:
            yield begun.evidence

    return hold


@contextmanager
def _cut_replica(scene: Scene) -> Iterator[str]:
    master = scene.master()
    with scene.cluster.fault("cut", master, scene.slave_of(master)) as fault:
        yield fault.evidence


@contextmanager
def _cut_clients(scene: Scene) -> Iterator[str]:
    with scene.cluster.fault("cut", "clients", scene.master()) as fault:
        yield fault.evidence


@contextmanager
def _namesrv_gone(scene: Scene) -> Iterator[str]:
    namesrv = next(node.name for node in scene.cluster.nodes.values() if node.spec.is_nameserver)
    with scene.cluster.fault("kill", namesrv) as fault:
        yield fault.evidence


@contextmanager
def _restart_all(scene: Scene) -> Iterator[str]:
    nodes = [node for node in scene.cluster.nodes.values() if node.role != "RELAY"]
    try:
        for node in nodes:
            node.kill()
        alive = [node.name for node in nodes if node.state != "down"]
        if alive:
            raise FaultError(f"{', '.join(alive)} should be down.")
        yield f"Killed within a moment: {', '.join(node.name for node in nodes)}. None of them runs."
    finally:
        scene.cluster.heal()


@contextmanager
def _consumer_killed(scene: Scene) -> Iterator[str]:
    consumer = scene.consumer()
    message = consumer.hold()
    pid = consumer.pid
    consumer.kill()
    try:
        yield (
            f"{consumer.name} was killed: process {pid} is gone. It had done the work of {message}, "
            "and not acknowledged it."
        )
    finally:
        consumer.replace()


@contextmanager
def _consumer_late(scene: Scene) -> Iterator[str]:
    consumer = scene.consumer()
    message = consumer.hold()
    try:
        consumer.suspend()
        yield (
            f"{consumer.name} stands still (process {consumer.pid}). It had done the work of {message}, and "
            "acknowledges it when it comes back."
        )
    finally:
        consumer.resume()
        consumer.release()


HAZARDS = {
    hazard.name: hazard
    for hazard in (
        Hazard("kill-master", "kill -9 of a master; it starts again on its files", _of_master("kill")),
        Hazard(
            "power-loss",
            "a simulation: a master dies, and what it had not flushed is gone; it starts again",
            _of_master("power_loss"),
        ),
        Hazard(
            "replica-loss",
            "a master and its disk are gone for good; its slave's copy goes on, if it has one",
            _of_master("replica_loss"),
        ),
        Hazard(
            "pause", "a master stands still for longer than a send waits", _of_master("pause"), lasts_s=None
        ),
        Hazard("cut-replica", "nothing passes between a master and its slave", _cut_replica, lasts_s=2.5),
        Hazard(
            "cut-clients",
            "nothing passes between a master and all clients, for longer than a send waits",
            _cut_clients,
            lasts_s=None,
        ),
        Hazard(
            "slow-disk",
            f"each flush of a master takes {_SLOW_FLUSH_MS} ms longer",
            _of_master("slow_flush", ms=_SLOW_FLUSH_MS),
            lasts_s=3.5,
        ),
        Hazard("disk-full", "a master refuses messages, as with a full disk", _of_master("disk_full")),
        Hazard(
            "consumer-killed",
            "kill -9 of a consumer between its work and its acknowledgement; another starts in its place",
            _consumer_killed,
            of_consumers=True,
        ),
        Hazard(
            "consumer-late",
            "a consumer stands still between its work and its acknowledgement, and comes back late",
            _consumer_late,
            lasts_s=3.0,
            of_consumers=True,
        ),
        Hazard("namesrv-gone", "kill -9 of the NameServer; it starts again", _namesrv_gone, lasts_s=2.0),
        Hazard("restart-all", "kill -9 of every node; all start again", _restart_all, lasts_s=0.2),
    )
}
"""Every hazard, by name."""
