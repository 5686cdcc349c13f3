"""The named shapes of a cluster. Facts only: no ports, no files, no processes."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Literal

from rmqlab.errors import UnknownTopologyError

Role = Literal["ASYNC_MASTER", "SYNC_MASTER", "SLAVE"]
LEGACY = "rocketmq-4.9"
KAFKA = "kafka"


@dataclass(frozen=True)
class BrokerShape:
    """One broker: its brokerName, its brokerId (0 = master), its brokerRole.

    Where a controller gives out the roles, the shape holds what each begins as.
    """

    name: str = "broker-a"
    broker_id: int = 0
    role: Role = "ASYNC_MASTER"

    @property
    def node_name(self) -> str:
        """How the node is called: a slave's name carries its id."""
        return self.name if self.broker_id == 0 else f"{self.name}-s{self.broker_id}"


@dataclass(frozen=True)
class Topology:
    """A shape with a name.

    Attributes:
        name: How it is asked for.
        summary: One line on what it is.
        nameservers: How many NameServers.
        brokers: Which brokers.
        properties: Broker properties that belong to the shape.
        controller: The first NameServer runs a controller, which gives out the brokers' roles.
        proxy: RocketMQ 5's gRPC proxy: `local` in the broker's own process, `cluster` in one of its own.
        release: The jars that the brokers run on, as their lock file is called.
    """

    name: str
    summary: str
    nameservers: int = 1
    brokers: tuple[BrokerShape, ...] = (BrokerShape(),)
    properties: dict[str, str] = field(default_factory=dict)
    controller: bool = False
    proxy: Literal["", "local", "cluster"] = ""
    release: str = "rocketmq"

    @property
    def has_slaves(self) -> bool:
        """Tell whether any broker is another's replica."""
        return any(shape.broker_id for shape in self.brokers)


def _masters(letters: str, role: Role = "ASYNC_MASTER") -> tuple[BrokerShape, ...]:
    return tuple(BrokerShape(f"broker-{letter}", 0, role) for letter in letters)


def _pairs(letters: str, role: Role = "ASYNC_MASTER") -> tuple[BrokerShape, ...]:
    slaves = {letter: BrokerShape(f"broker-{letter}", 1, "SLAVE") for letter in letters}
    return tuple(shape for master in _masters(letters, role) for shape in (master, slaves[master.name[-1]]))


# A consumer may read from the slave while the master is down (BrokerConfig.slaveReadEnable, off by default).
_READ_FROM_SLAVES = {"slaveReadEnable": "true"}

# SYNC_MASTER alone waits for nobody in RocketMQ 5: inSyncReplicas, 1 by default, counts the master itself.
_BOTH_IN_SYNC = {**_READ_FROM_SLAVES, "inSyncReplicas": "2"}

TIMERS = {
    "timerWheelEnable": "true",
    # the whole wheel is scanned at every flush, each second by default: a sixth of a core
    "timerFlushIntervalMs": "10000",
}
"""Messages to the moment."""

_FOR_GRPC = {
    **TIMERS,  # without them a broker gives no message to a gRPC consumer (PopMessageProcessor)
    "recallMessageEnable": "true",  # a producer may take back a message whose moment has not come
}

TOPOLOGIES = {
    shape.name: shape
    for shape in (
        Topology("single", "one NameServer, one master broker"),
        Topology("multi-master", "two masters, no slaves", brokers=_masters("ab")),
        Topology("multi-master-3", "three masters, no slaves", brokers=_masters("abc")),
        Topology(
            "master-slave-async",
            "a master that does not wait for its slave",
            brokers=_pairs("a"),
            properties=_READ_FROM_SLAVES,
        ),
        Topology(
            "master-slave-sync",
            "a master that answers once its slave has the message",
            brokers=_pairs("a", "SYNC_MASTER"),
            properties=_BOTH_IN_SYNC,
        ),
        Topology("2m-2s", "two masters, a slave each", brokers=_pairs("ab"), properties=_READ_FROM_SLAVES),
        Topology(
            "controller",
            "two replicas; a controller in the NameServer makes one the master, and the other when it dies",
            brokers=_pairs("a"),
            controller=True,
        ),
        Topology("two-nameservers", "two NameServers that know nothing of each other", nameservers=2),
        Topology(
            "proxy", "RocketMQ 5's gRPC proxy in the broker's process", properties=_FOR_GRPC, proxy="local"
        ),
        Topology(
            "proxy-cluster",
            "RocketMQ 5's gRPC proxy in a process of its own",
            properties=_FOR_GRPC,
            proxy="cluster",
        ),
        Topology(
            "legacy-4.9",
            "a 4.9 broker: the last that answers SLAVE_NOT_AVAILABLE",
            brokers=_masters("a", "SYNC_MASTER"),
            release=LEGACY,
        ),
    )
}
"""RocketMQ's."""

BESIDE = {
    shape.name: shape
    for shape in (
        Topology(KAFKA, "no RocketMQ: one node of Apache Kafka 4, to compare with", 0, (), release=KAFKA),
    )
}
"""What else is started by the same means, to be held beside RocketMQ."""


def find_topology(name: str) -> Topology:
    """Return the topology of that name.

    Raises:
        UnknownTopologyError: there is none; the message names the nearest and all.
    """
    known = {**TOPOLOGIES, **BESIDE}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise UnknownTopologyError(f"There is no topology called {name!r}.{guess} There are: {', '.join(known)}.")
