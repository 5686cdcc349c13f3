"""What a broker says of its commit log and of its replication, and a controller of replicas, as plain values.

The answers are read as they come: RocketMQ's own decoding would drop the fields that our brokers add
(runtime/loopback/rmqlab/StorePositions.java).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SlaveLink:
    """A slave as its master sees it (HAConnectionRuntimeInfo).

    Attributes:
        address: the slave's end of the connection, on a port of no further meaning.
        acked: the commit log offset up to which the slave said it has everything.
        in_sync: RocketMQ's word: less than haMaxGapNotInSync (256 MB) behind; under a controller, that it is
            in the sync-state set.
    """

    address: str
    acked: int
    in_sync: bool


@dataclass(frozen=True, slots=True)
class Positions:
    """Commit log offsets of one broker at one moment (HARuntimeInfo).

    Attributes:
        is_master: whether it is one now.
        max_offset: where its commit log ends.
        links: a master's slaves that are connected.
        flushed, dispatched: up to where it is on the disk, and in the consume queues; None from a broker
            that does not say.
    """

    is_master: bool
    max_offset: int
    links: tuple[SlaveLink, ...] = ()
    flushed: int | None = None
    dispatched: int | None = None


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """What a broker is configured as: brokerName, flushDiskType, controllerAddr, allAckInSyncStateSet."""

    broker: str
    sync_flush: bool = False
    controller: str = ""
    all_ack: bool = False


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """A broker's replicas by address, as the controller keeps them (BrokerReplicasInfo)."""

    broker: str
    master: str
    in_sync: tuple[str, ...]
    others: tuple[str, ...] = ()


def positions_of(told: dict[str, Any]) -> Positions:
    """Read a HARuntimeInfo: a master tells of its slaves, a slave of itself."""
    is_master = bool(told["master"])
    own = told["masterCommitLogMaxOffset"] if is_master else told["haClientRuntimeInfo"]["maxOffset"]
    links = tuple(
        SlaveLink(each["addr"], max(0, each["slaveAckOffset"]), each["inSync"])
        for each in told.get("haConnectionInfo", ())
    )
    return Positions(is_master, own, links, told.get("flushedOffset"), told.get("dispatchedOffset"))


def replica_sets_of(told: dict[str, Any]) -> tuple[ReplicaSet, ...]:
    """Read a BrokerReplicasInfo, sorted by broker."""
    return tuple(
        ReplicaSet(
            broker,
            each.get("masterAddress") or "",
            tuple(sorted(one["brokerAddress"] for one in each["inSyncReplicas"])),
            tuple(sorted(one["brokerAddress"] for one in each["notInSyncReplicas"])),
        )
        for broker, each in sorted(told["replicasInfoTable"].items())
    )
