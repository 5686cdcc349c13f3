"""The ledger on a real broker: what it says is lost is lost, and what it says is there is there."""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest
from actors import eventually
from rocketmq.client import ConsumeStatus as ClassicStatus
from rocketmq.client import Message as ClassicMessage
from rocketmq.client import Producer as ClassicProducer
from rocketmq.client import PushConsumer as ClassicConsumer

from rmqlab.client import ConsumeStatus, Message, Producer, PushConsumer
from rmqlab.client.admin import Admin
from rmqlab.errors import LedgerError
from rmqlab.ledger import Answer, Ledger, Verdict
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.cluster import Cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def fragile() -> Iterator[Cluster]:
    """A cluster that tests may hurt."""
    cluster = start_cluster("single", name="ledgers", backend="process", lease_s=120)
    yield cluster
    cluster.stop()


@pytest.fixture
def ledger(fragile: Cluster) -> Iterator[Ledger]:
    ledger = Ledger(fragile, f"ledger-{uuid.uuid4().hex[:6]}")
    yield ledger
    ledger.clear()


@pytest.fixture
def orders(fragile: Cluster) -> str:
    name = f"orders-{uuid.uuid4().hex[:6]}"
    with Admin(fragile.namesrv, timeout_s=15) as admin:
        admin.create_topic(name)
    return name


def processed(ledger: Ledger, group: str) -> int:
    entries = ledger.reconcile().entries
    return sum(any(each.group == group for each in entry.processed) for entry in entries)


def test_what_was_sent_in_every_way_and_consumed_is_all_right(fragile, ledger, orders):
    group = f"stock-{uuid.uuid4().hex[:6]}"
    with ledger.producer(Producer("shop", namesrv=fragile.namesrv)) as producer:
        for number in range(10):
            producer.send(Message(orders, "x", keys=f"order-{number}"))
        for _ in range(10):
            producer.send_async(Message(orders, "x"))
        producer.send_batch([Message(orders, "x") for _ in range(10)])
        for _ in range(10):
            producer.send_oneway(Message(orders, "x"))
    consumer = PushConsumer(group, namesrv=fragile.namesrv)
    consumer.subscribe(orders, ledger.callback(lambda _: ConsumeStatus.CONSUME_SUCCESS, group=group))
    with consumer:
        eventually(lambda: processed(ledger, group) == 40, timeout_s=40, why="not all were consumed")
    account = ledger.reconcile()
    assert account.verdicts() == {Verdict.UNKNOWN_AND_STORED: 10}
    assert (account.count(Answer.ACKNOWLEDGED), account.count(Answer.UNKNOWN)) == (30, 10)
    assert [entry.key for entry in account.entries[:2]] == ["order-0", "order-1"]


def test_the_classic_packages_own_classes_report_as_well(fragile, ledger, orders):
    group = f"stock-{uuid.uuid4().hex[:6]}"
    producer = ClassicProducer("shop")
    producer.set_name_server_address(fragile.namesrv)
    producer.start()
    reporting = ledger.producer(producer)
    message = ClassicMessage(orders)
    message.set_keys("order-1")
    message.set_body("x")
    reporting.send_sync(message)
    reporting.shutdown()
    consumer = ClassicConsumer(group)
    consumer.set_name_server_address(fragile.namesrv)
    consumer.subscribe(orders, ledger.callback(lambda _: ClassicStatus.CONSUME_SUCCESS, group=group))
    consumer.start()
    try:
        eventually(lambda: processed(ledger, group) == 1, timeout_s=40, why="it was not consumed")
    finally:
        consumer.shutdown()
    (entry,) = ledger.reconcile().entries
    assert (entry.key, entry.answer, entry.verdicts) == ("order-1", Answer.ACKNOWLEDGED, ())


def test_what_the_broker_no_longer_holds_is_acknowledged_and_lost(fragile, ledger, orders):
    with ledger.producer(Producer("shop", namesrv=fragile.namesrv)) as producer:
        for _ in range(7):
            producer.send(Message(orders, "x"))
    with Admin(fragile.namesrv, timeout_s=15) as admin:
        admin.delete_topic(orders)
    account = ledger.reconcile()
    assert (account.lost, account.verdicts()) == (7, {Verdict.ACKNOWLEDGED_AND_LOST: 7})


def test_a_message_that_no_callback_can_use_is_dead_lettered_and_not_lost(fragile, ledger, orders):
    group = f"stock-{uuid.uuid4().hex[:6]}"
    with ledger.producer(Producer("shop", namesrv=fragile.namesrv)) as producer:
        producer.send(Message(orders, "poison"))
    consumer = PushConsumer(group, namesrv=fragile.namesrv, max_reconsume_times=0)
    consumer.subscribe(orders, ledger.callback(lambda _: ConsumeStatus.RECONSUME_LATER, group=group))
    with consumer:
        eventually(
            lambda: ledger.reconcile().verdicts() == {Verdict.DEAD_LETTERED: 1},
            timeout_s=40,
            why="it is not in the dead-letter topic",
        )


SENDER = """
import sys
from rmqlab import attach
from rmqlab.client import Message, Producer
from rmqlab.ledger import Ledger
cluster = attach("ledgers")
with Ledger(cluster, sys.argv[1]).producer(Producer("shop", namesrv=cluster.namesrv)) as producer:
    while True:
        print(producer.send(Message(sys.argv[2], "x")).offset, flush=True)
"""


def test_what_a_process_reported_survives_its_kill(fragile, ledger, orders):
    command = [sys.executable, "-c", SENDER, ledger.name, orders]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
        acknowledged = [sender.stdout.readline() for _ in range(50)]
        sender.kill()
        acknowledged += sender.stdout.readlines()
    assert all(acknowledged[:50]), "the sender ended by itself"
    account = ledger.reconcile()
    assert account.count(Answer.ACKNOWLEDGED) >= len(acknowledged) - 1  # the last line may be cut off
    assert len(account.entries) - account.count(Answer.ACKNOWLEDGED) <= 1
    assert account.lost == 0


def test_while_a_broker_is_silent_nobody_says_what_is_lost(fragile, ledger, orders):
    with ledger.producer(Producer("shop", namesrv=fragile.namesrv, timeout_ms=1000, retries=0)) as producer:
        producer.send(Message(orders, "x"))
        fragile.nodes["broker-a"].kill()
        try:
            with pytest.raises(LedgerError, match="obody can say now which messages are lost"):
                ledger.reconcile()
            assert ledger.reconcile(without=["broker-a"]).lost == 1
        finally:
            fragile.nodes["broker-a"].restart()
    eventually(lambda: _answers(ledger), timeout_s=30, why="the broker is silent for ever")
    assert ledger.reconcile().verdicts() == {}


def _answers(ledger: Ledger) -> bool:
    try:
        return bool(ledger.reconcile().entries)
    except LedgerError:
        return False


def test_a_name_that_cannot_be_a_folders_is_refused(fragile):
    with pytest.raises(LedgerError, match="cannot name a ledger"):
        Ledger(fragile, "../elsewhere")
