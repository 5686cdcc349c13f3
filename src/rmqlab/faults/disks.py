"""Faults of a broker's disk: slow to flush, full. By orders in files that the broker's JVM looks at."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rmqlab.client import remoting
from rmqlab.errors import FaultError
from rmqlab.faults.evidence import find_node
from rmqlab.runtime.slow_disk import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rmqlab.cluster import Cluster
    from rmqlab.node import Node

FULL = "disk-full"
"""Beside a broker's store, it makes the disk full: runtime/loopback/rmqlab/FullDiskFlags.java."""

_COMMIT_INTERVALS = ("commitIntervalCommitLog", "commitCommitLogThoroughInterval")
_DEFAULTS = dict.fromkeys(_COMMIT_INTERVALS, "200")  # MessageStoreConfig

TRANSIENT_POOL = {
    "transientStorePoolEnable": "true",
    "transientStorePoolSize": "3",
    **dict.fromkeys(_COMMIT_INTERVALS, "20"),
}
"""Properties of a broker whose flush can be slowed on any system: messages wait in a pool of buffers."""

_LONGEST_MS = 60_000
_SEND_MESSAGE = 10  # RequestCode
_GET_BROKER_CONFIG = 26
_SERVICE_NOT_AVAILABLE = 14  # ResponseCode: the answer of a broker that cannot store
_EVIDENCE_S = 5.0
_POLL_S = 0.02


@contextmanager
def disk_full(cluster: Cluster, node: str) -> Iterator[str]:
    """Let a broker take its disk for full: it refuses messages, and serves those it has."""
    broker = find_node(cluster, node, broker=True)
    broker.require_running("fill the disk of")
    if broker.spec.release != "rocketmq" or _property(broker, "enableControllerMode") == "true":
        raise FaultError(
            f"The disk of {node} cannot be full by order: a 4.9 broker, or one under a controller, does not "
            "load the class that would say so (docs/faults.md). Take a topology without."
        )
    if broker.role == "SLAVE":
        raise FaultError(f"{node} is a slave, which takes messages from its master alone. Fill the master's.")
    with refusing(cluster, broker) as remark:
        yield f"{node} refuses a message: {remark}"


@contextmanager
def refusing(cluster: Cluster, broker: Node) -> Iterator[str]:
    """Let a broker refuse messages as it does when its disk is full; yield its own words.

    Raises:
        FaultError: it takes them all the same.
    """
    order = _folder(cluster, broker) / FULL
    try:
        order.touch()
        answer = _probe(cluster, broker)
        if answer.code != _SERVICE_NOT_AVAILABLE or "disk is full" not in answer.remark:
            raise FaultError(
                f"{broker.name} does not take its disk for full: it answered {answer.code} {answer.remark}. "
                "Restart it, and try again."
            )
        yield answer.remark
    finally:
        order.unlink(missing_ok=True)


def slow_flush(cluster: Cluster, node: str, ms: int = 200) -> AbstractContextManager[str]:
    """Let each flush of a broker's files take longer; a send that waits for it takes as long.

    With `slow_disk=True` the disk itself is slow (runtime/slow_disk/). With the properties of
    `TRANSIENT_POOL`, which work on any system, messages wait in a buffer for up to so long before they are
    handed to the disk: until then nobody can read them, and a kill loses them. Sends wait with flush="sync".

    Args:
        cluster: One that was started with either.
        node: A broker.
        ms: How long, up to a minute.
    """
    broker = find_node(cluster, node, broker=True)
    broker.require_running("slow")
    if not 1 <= ms <= _LONGEST_MS:
        raise FaultError(f"A flush can take 1 to {_LONGEST_MS} ms longer, not {ms}.")
    if "SLOW_DISK_ORDER" in broker.spec.environment:
        return _slow_disk(_folder(cluster, broker) / ORDER, broker, ms)
    if _property(broker, "transientStorePoolEnable") == "true":
        return _slow_pool(cluster, broker, ms)
    raise FaultError(
        f"The disk of {node} cannot be slowed while it runs. Start the cluster with slow_disk=True "
        "(Linux, with a C compiler), or with the properties of rmqlab.faults.TRANSIENT_POOL."
    )


@contextmanager
def _slow_disk(order: Path, broker: Node, ms: int) -> Iterator[str]:
    """Order a delay of the library before the broker's C library, and wait for the first flush."""
    counted = order.with_name(f"{order.name}.count")
    counted.unlink(missing_ok=True)
    try:
        order.write_text(str(ms), encoding="ascii")
        # the broker flushes its checkpoint every second, whether anybody sends or not
        deadline = time.monotonic() + _EVIDENCE_S
        while not counted.exists():
            if time.monotonic() > deadline:
                raise FaultError(
                    f"{broker.name} flushed nothing slowly within {_EVIDENCE_S:g} s. The end of its log:\n"
                    f"{broker.log_tail(5)}"
                )
            time.sleep(_POLL_S)
        yield f"{broker.name} flushes slowly: each flush waits {ms} ms, and the first one does."
    finally:
        order.unlink(missing_ok=True)


@contextmanager
def _slow_pool(cluster: Cluster, broker: Node, ms: int) -> Iterator[str]:
    """Let the broker hand its buffers to the disk seldom (CommitLog.CommitRealTimeService)."""
    _require_pool_in_use(cluster, broker)
    try:
        _configure(cluster, broker, dict.fromkeys(_COMMIT_INTERVALS, str(ms)))
        if configuration(cluster, broker)["commitIntervalCommitLog"] != str(ms):
            raise FaultError(f"{broker.name} did not take commitIntervalCommitLog={ms}.")
        yield f"{broker.name} flushes slowly: it hands messages to the disk every {ms} ms, and says so."
    finally:
        if broker.state == "up":  # one that starts again reads its file
            _configure(cluster, broker, {name: _property(broker, name) for name in _COMMIT_INTERVALS})


def configuration(cluster: Cluster, broker: Node) -> dict[str, str]:
    """Return the properties that a broker runs with, by its own word."""
    answer = remoting.ask(broker.address, _GET_BROKER_CONFIG, credentials=cluster.credentials)
    return dict(line.split("=", 1) for line in answer.body.decode().splitlines() if "=" in line)


def _require_pool_in_use(cluster: Cluster, broker: Node) -> None:
    """See to it that messages wait in the pool: only a new commit log file takes a buffer of it.

    Raises:
        FaultError: the broker goes on in a file of its last life, without the pool.
    """
    deadline = time.monotonic() + _EVIDENCE_S
    while True:
        answer = remoting.ask(
            broker.address, remoting.GET_BROKER_RUNTIME_INFO, credentials=cluster.credentials
        )
        if answer.code == remoting.SUCCESS:
            break
        if time.monotonic() > deadline:  # a broker has no figures before its first second
            raise FaultError(f"{broker.name} does not say how it is: {answer.remark}. Try again.")
        time.sleep(_POLL_S)
    told = answer.json()["table"]
    buffers = int(configuration(cluster, broker)["transientStorePoolSize"])
    unused = int(told["remainTransientStoreBufferNumbs"]) >= buffers
    if unused and int(told["commitLogMaxOffset"]):
        raise FaultError(
            f"{broker.name} was started again, and writes on in its last commit log file, without the pool: "
            "its flush cannot be slowed before the next file. Start the cluster anew, with fresh=True."
        )


def _configure(cluster: Cluster, broker: Node, properties: dict[str, str]) -> None:
    body = "".join(f"{name}={value}\n" for name, value in properties.items()).encode()
    answer = remoting.ask(
        broker.address, remoting.UPDATE_BROKER_CONFIG, body=body, credentials=cluster.credentials
    )
    if answer.code != remoting.SUCCESS:
        raise FaultError(f"{broker.name} refused to change {', '.join(properties)}: {answer.remark}")


def _property(broker: Node, name: str) -> str:
    conf = dict(line.split("=", 1) for line in broker.spec.files["broker.conf"].splitlines())
    return conf.get(name, _DEFAULTS.get(name, ""))


def mend(cluster: Cluster) -> None:
    """Take back every order."""
    for node in cluster.nodes.values():
        if node.spec.is_broker:
            for order in (FULL, ORDER):
                (_folder(cluster, node) / order).unlink(missing_ok=True)


def troubles(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    """Return which brokers' disks are full or slow by order."""
    words = {FULL: "disk full", ORDER: "slow to flush"}
    return {
        node.name: tuple(word for order, word in words.items() if (_folder(cluster, node) / order).exists())
        for node in cluster.nodes.values()
        if node.spec.is_broker
    }


def _folder(cluster: Cluster, node: Node) -> Path:
    return cluster.folder / node.name


def _probe(cluster: Cluster, broker: Node) -> remoting.Answer:
    """Send a message to the topic that RocketMQ keeps for trials (TopicValidator)."""
    fields = {
        "producerGroup": "rmqlab",
        "topic": "BenchmarkTest",
        "defaultTopic": "TBW102",
        "defaultTopicQueueNums": "4",
        "queueId": "0",
        "sysFlag": "0",
        "bornTimestamp": str(int(time.time() * 1000)),
        "flag": "0",
        "properties": "",
        "reconsumeTimes": "0",
        "unitMode": "false",
        "batch": "false",
    }
    return remoting.ask(broker.address, _SEND_MESSAGE, fields, b"probe", credentials=cluster.credentials)
