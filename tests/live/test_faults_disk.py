"""A slow flush on any system, by RocketMQ's transient pool; and brokers that cannot have a fault."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from actors import eventually, send_to

from rmqlab.errors import FaultError
from rmqlab.faults import TRANSIENT_POOL
from rmqlab.options import ClusterOptions
from rmqlab.runtime import platforms
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rmqlab.cluster import Cluster

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def pooled() -> Iterator[Cluster]:
    """A broker whose messages wait in a pool of buffers."""
    options = ClusterOptions(flush="sync", properties=TRANSIENT_POOL)
    cluster = start_cluster("single", name="pooled", backend="process", options=options, lease_s=120)
    yield cluster
    cluster.stop()


def took_s(cluster: Cluster) -> float:
    begun = time.monotonic()
    assert send_to(cluster.nodes["broker-a"].address) == 0
    return time.monotonic() - begun


def test_a_pool_that_is_emptied_seldom_makes_a_send_wait_on_any_system(pooled: Cluster) -> None:
    took_s(pooled)  # the first send makes the queue's files
    eventually(lambda: took_s(pooled) < 0.5, timeout_s=10, why="its flushes are slow before the fault")
    with pooled.fault("slow_flush", "broker-a", ms=1000) as fault:
        took_s(pooled)
        assert took_s(pooled) >= 0.9  # two sends: the second begins just after a flush
        assert "every 1000 ms, and says so" in fault.evidence
    eventually(lambda: took_s(pooled) < 0.5, timeout_s=10, why="its flushes stay slow")


def test_a_pool_that_a_restarted_broker_does_not_use_cannot_be_slow() -> None:
    options = ClusterOptions(flush="sync", properties=TRANSIENT_POOL)
    cluster = start_cluster("single", name="pooled-again", backend="process", options=options, lease_s=120)
    try:
        took_s(cluster)
        cluster.nodes["broker-a"].restart()
        with pytest.raises(FaultError, match=r"without the pool.*fresh=True"):
            cluster.fault("slow_flush", "broker-a", ms=1000)
        eventually(lambda: took_s(cluster) < 0.5, timeout_s=10, why="its flushes are slow")
    finally:
        cluster.stop()


def test_a_broker_with_a_pool_starts_where_the_c_library_cannot_lock_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platforms, "_WINDOWS", True)
    monkeypatch.setenv("RMQLAB_NODE_OPTIONS", f"-Xlog:class+load:file={tmp_path}/%p.log")
    options = ClusterOptions(flush="sync", properties=TRANSIENT_POOL)
    cluster = start_cluster("single", name="pooled-unlocked", backend="process", options=options, lease_s=120)
    try:
        took_s(cluster)
    finally:
        cluster.stop()
    loaded = [line for log in tmp_path.glob("*.log") for line in log.read_text().splitlines()]
    (libc,) = (line for line in loaded if ".store.util.LibC " in line)
    assert "/runtime/windows/" in libc


def test_a_delay_beyond_reason_is_refused(pooled: Cluster) -> None:
    with pytest.raises(FaultError, match="1 to 60000 ms longer, not 0"):
        pooled.fault("slow_flush", "broker-a", ms=0)


def test_a_cluster_that_was_started_without_it_says_what_a_fault_needs(cluster: Cluster) -> None:
    with pytest.raises(FaultError, match=r"slow_disk=True .*or with .*TRANSIENT_POOL"):
        cluster.fault("slow_flush", "broker-a")
    with pytest.raises(FaultError, match=r"has no relay.*links=True"):
        cluster.fault("cut", "clients", "broker-a")


@pytest.mark.parametrize("topology", ["controller", "legacy-4.9"])
def test_a_broker_without_our_classes_refuses_a_full_disk_and_takes_messages_on(topology: str) -> None:
    cluster = start_cluster(topology, name=f"no-full-disk-{topology}", backend="process", lease_s=120)
    try:
        with pytest.raises(FaultError, match="cannot be full by order"):
            cluster.fault("disk_full", "broker-a")
        assert cluster.troubles()["broker-a"] == ()
    finally:
        cluster.stop()
