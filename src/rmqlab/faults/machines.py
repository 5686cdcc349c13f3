"""Faults of a broker's machine: its power fails, or it is gone with its disk."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rmqlab.client import remoting
from rmqlab.client.store_facts import Positions, positions_of
from rmqlab.errors import FaultError
from rmqlab.faults.disks import configuration, refusing
from rmqlab.faults.evidence import find_node, said_of_answers, whereabouts
from rmqlab.faults.nodes import require_state, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rmqlab.cluster import Cluster
    from rmqlab.node import Node

_QUIET_S = 0.05
_MARGIN_S = 1.0


@contextmanager
def power_loss(cluster: Cluster, node: str) -> Iterator[str]:
    """Simulate that a broker's power fails: it dies, and what it had not flushed is gone.

    The broker refuses messages for a moment, until no send that is under way can be answered any more. Then
    it says up to which byte its commit log is flushed, and is killed; then all bytes from there on are
    zeros, as in a file that was laid out and not written. Nothing is removed that was flushed before its
    answer. Undone: started again on what is left (RocketMQ's recovery finds the end and cuts the consume
    queues).
    """
    broker = find_node(cluster, node, broker=True)
    broker.require_running("take the power from")
    log = _store(cluster, broker) / "commitlog"
    settings = configuration(cluster, broker)
    if _positions(cluster, broker).flushed is None:
        raise FaultError(
            f"The power of {node} cannot fail: a 4.9 broker, or one under a controller, does not say what it "
            "has flushed (docs/faults.md), and that must not be taken from it. Take a topology without."
        )
    was = whereabouts(broker)
    try:
        if broker.role == "SLAVE":  # it answers no send
            flushed = _positions(cluster, broker).flushed or 0
        else:
            with refusing(cluster, broker):
                flushed = _when_nothing_is_under_way(cluster, broker, settings)
                broker.kill()
        if broker.state != "down":
            broker.kill()
        require_state(broker, "down")
        removed = cut_off(log, flushed)
        yield (
            f"The power of {node} failed (a simulation): {was} is gone{said_of_answers(broker)}. Its commit "
            f"log was on the disk up to byte {flushed:,}; the {removed:,} bytes behind it are gone."
        )
    finally:
        start(cluster, broker)


@contextmanager
def replica_loss(cluster: Cluster, node: str) -> Iterator[str]:
    """Lose a broker with its disk, for good: it is killed, and its store is removed.

    Undone: if a slave has a copy, the slave's disk goes on as the master's (what administrators do when they
    make the slave the master), and a new, empty slave copies from it. If none has, an empty broker starts.
    """
    broker = find_node(cluster, node, broker=True)
    broker.require_running("lose")
    store = _store(cluster, broker)
    was = whereabouts(broker)
    try:
        broker.kill()
        require_state(broker, "down")
        files = [path for path in store.rglob("*") if path.is_file()]
        size = sum(len(path.read_bytes().rstrip(b"\0")) for path in files if path.parent.name == "commitlog")
        shutil.rmtree(store)
        yield (
            f"{node} is gone for good: {was} is gone{said_of_answers(broker)}, and so is its store, "
            f"{len(files)} files with {size:,} bytes of messages."
        )
    finally:
        heir = _heir(cluster, broker)
        if broker.state == "down" and heir is not None and not store.exists():
            if heir.state != "down":
                heir.kill()
            shutil.move(cluster.folder / heir.name / "store", store)
            cluster.launch([broker.spec, heir.spec])
        else:
            start(cluster, broker)


def cut_off(log: Path, position: int) -> int:
    """Zero a commit log from a byte on; return how many bytes that were not zero are gone.

    A commit log is files of one size, named by the offset of their first byte (MappedFileQueue).
    """
    removed = 0
    for path in sorted(path for path in log.iterdir() if path.name.isdigit()):
        size = path.stat().st_size
        kept = min(max(position - int(path.name), 0), size)
        if kept < size:
            with path.open("r+b") as file:
                file.seek(kept)
                removed += len(file.read().rstrip(b"\0"))
                file.truncate(kept)
                file.truncate(size)
    return removed


def _when_nothing_is_under_way(cluster: Cluster, broker: Node, settings: dict[str, str]) -> int:
    """Return the flushed position of a broker that refuses messages, once it has answered all it took.

    A send waits for the disk (SYNC_FLUSH) and for slaves (inSyncReplicas) at most as long as the broker's own
    time-outs; then it has been answered, if with a reservation.
    """
    waits_for_disk = settings["flushDiskType"] == "SYNC_FLUSH"
    waits_for_slave = settings["brokerRole"] == "SYNC_MASTER" and int(settings["inSyncReplicas"]) > 1
    # what waits in the pool's buffers has no position yet
    waits_unseen = waits_for_disk and settings["transientStorePoolEnable"] == "true"
    patience_ms = max(
        int(settings["syncFlushTimeout"]) if waits_for_disk else 0,
        int(settings["slaveTimeout"]) if waits_for_slave else 0,
    )
    deadline = time.monotonic() + patience_ms / 1000 + _MARGIN_S
    before = _positions(cluster, broker)
    while True:
        time.sleep(_QUIET_S)
        now = _positions(cluster, broker)
        flushed = now.flushed or 0
        copied = min((link.acked for link in now.links), default=0)
        is_open = (
            now.max_offset != before.max_offset
            or (waits_for_disk and flushed < now.max_offset)
            or (waits_for_slave and copied < now.max_offset)
            or waits_unseen
        )
        if not is_open or time.monotonic() > deadline:
            return flushed
        before = now


def _positions(cluster: Cluster, broker: Node) -> Positions:
    answer = remoting.ask(broker.address, remoting.GET_BROKER_HA_STATUS, credentials=cluster.credentials)
    if answer.code != remoting.SUCCESS:  # 4.9 does not know the question
        return Positions(is_master=broker.role != "SLAVE", max_offset=0)
    return positions_of(answer.json())


def _store(cluster: Cluster, broker: Node) -> Path:
    """Return where a broker keeps its messages.

    Raises:
        FaultError: we may not change them.
    """
    store = cluster.folder / broker.name / "store"
    log = store / "commitlog"
    if not log.is_dir() or not all(os.access(path, os.W_OK) for path in (log, *log.iterdir())):
        raise FaultError(
            f"The store of {broker.name} cannot be changed from here: it is not in {store}, or belongs to "
            "another user. Start the cluster on processes: RMQLAB_BACKEND=process."
        )
    return store


def _heir(cluster: Cluster, broker: Node) -> Node | None:
    """Return a slave that has a copy. Under a controller the other replica is the master by now."""
    for node in cluster.brokers:
        if (
            node.spec.broker_name == broker.spec.broker_name
            and node.spec.broker_id > broker.spec.broker_id == 0
        ):
            return node
    return None
