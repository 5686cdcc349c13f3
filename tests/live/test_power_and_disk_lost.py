"""A power failure takes what was not flushed and no more; a broker that is lost with its disk is gone."""

from __future__ import annotations

import itertools
import threading
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from actors import eventually

from rmqlab.client import Message, Producer
from rmqlab.client.admin import Admin
from rmqlab.errors import FaultError
from rmqlab.ledger import Answer, Ledger
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.cluster import Cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

THREADS = 4
BODY = "x" * 2000


@pytest.fixture(params=["process", "docker"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "docker":
        request.getfixturevalue("docker_engine")
    return request.param


@contextmanager
def started(topology: str, backend: str = "process", **options) -> Iterator[Cluster]:
    name = f"machines-{uuid.uuid4().hex[:6]}"
    cluster = start_cluster(
        topology, name=name, backend=backend, options=ClusterOptions.of(**options), lease_s=300
    )
    try:
        yield cluster
    finally:
        cluster.stop()


def a_topic(cluster: Cluster) -> str:
    name = f"orders-{uuid.uuid4().hex[:6]}"
    with Admin(cluster.namesrv, timeout_s=15) as admin:
        for broker in cluster.brokers:  # a slave learns of a topic at its next synchronization only
            admin.command(broker.address).create_topic(name, 4, {})
        admin.create_topic(name)
    return name


@contextmanager
def sending(cluster: Cluster, ledger: Ledger, topic: str) -> Iterator[itertools.count]:
    """Send from several threads, whatever happens to the broker."""
    stop = threading.Event()
    acknowledged = itertools.count()
    producer = ledger.producer(Producer("shop", namesrv=cluster.namesrv, timeout_ms=1000, retries=0))

    def send() -> None:
        while not stop.is_set():
            with suppress(Exception):
                producer.send(Message(topic, BODY))
                next(acknowledged)

    with producer:
        threads = [threading.Thread(target=send) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: told(acknowledged) > 100, timeout_s=30, why="the sends do not begin")
            yield acknowledged
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def told(counter: itertools.count) -> int:
    return int(repr(counter)[6:-1])


def offsets(cluster: Cluster, topic: str) -> int:
    with Admin(cluster.namesrv, timeout_s=15) as admin:
        return sum(extent.max_offset for extent in admin.topic_stats(topic).values())


def test_a_power_failure_loses_no_message_whose_answer_waited_for_the_disk() -> None:
    with started("single", flush="sync") as cluster:
        for number in range(3):
            topic, ledger = a_topic(cluster), Ledger(cluster, f"sync-{number}")
            with sending(cluster, ledger, topic), cluster.fault("power_loss", "broker-a") as fault:
                assert "failed (a simulation)" in fault.evidence
                assert "is gone; nobody answers" in fault.evidence
                assert cluster.nodes["broker-a"].state == "down"
            account = ledger.reconcile()
            assert account.lost == 0
            assert account.count(Answer.ACKNOWLEDGED) > 100


def test_a_power_failure_takes_what_was_not_flushed_and_offsets_go_on_at_the_cut(backend: str) -> None:
    seldom = {"flushIntervalCommitLog": "60000"}  # 500 by default: a fault just after a flush takes nothing
    with started("single", backend, flush="async", properties=seldom) as cluster:
        topic, ledger = a_topic(cluster), Ledger(cluster)
        with sending(cluster, ledger, topic):
            fault = cluster.fault("power_loss", "broker-a")
        fault.undo()
        account = ledger.reconcile()
        assert account.lost > 0
        kept = sum(bool(entry.stored) for entry in account.entries)
        assert offsets(cluster, topic) == kept
        with ledger.producer(Producer("shop", namesrv=cluster.namesrv)) as producer:
            for _ in range(8):
                producer.send(Message(topic, "after"))
        assert offsets(cluster, topic) == kept + 8
        assert ledger.reconcile().lost == account.lost


def test_a_broker_that_is_lost_without_a_copy_takes_all_its_messages_along() -> None:
    with started("single", flush="sync") as cluster:
        topic, ledger = a_topic(cluster), Ledger(cluster)
        with ledger.producer(Producer("shop", namesrv=cluster.namesrv)) as producer:
            for _ in range(20):
                producer.send(Message(topic, BODY))
        with cluster.fault("replica_loss", "broker-a") as fault:
            assert "broker-a is gone for good" in fault.evidence
            assert not (cluster.folder / "broker-a" / "store").exists()
            assert ledger.reconcile(without=["broker-a"]).lost == 20
        assert ledger.reconcile().lost == 20


def test_a_broker_that_is_lost_with_a_copy_loses_no_message_that_the_slave_had(backend: str) -> None:
    with started("master-slave-sync", backend) as cluster:
        topic, ledger = a_topic(cluster), Ledger(cluster)
        with sending(cluster, ledger, topic):
            fault = cluster.fault("replica_loss", "broker-a")
            during = ledger.reconcile(without=["broker-a"])
        assert during.lost == 0
        fault.undo()
        account = ledger.reconcile()
        assert (account.lost, account.count(Answer.ACKNOWLEDGED) > 100) == (0, True)
        with ledger.producer(Producer("shop", namesrv=cluster.namesrv)) as producer:
            assert producer.send(Message(topic, "after")).ok
        eventually(
            lambda: cluster.nodes["broker-a-s1"].state == "up", timeout_s=10, why="there is no new slave"
        )


@pytest.mark.parametrize("topology", ["controller", "legacy-4.9"])
def test_a_broker_that_does_not_say_what_it_flushed_keeps_its_power(topology: str) -> None:
    with started(topology) as cluster:
        with pytest.raises(FaultError, match="does not say what it has flushed"):
            cluster.fault("power_loss", "broker-a")
        assert cluster.nodes["broker-a"].state == "up"
