"""Transactions of a real broker, as a snapshot has them: fates, check-backs, and the numbers of mqadmin."""

from __future__ import annotations

import threading
import time

import pytest

from rmqlab.checks import eventually
from rmqlab.client import Message, TransactionMQProducer, TransactionStatus
from rmqlab.client.admin import Admin
from rmqlab.mqadmin import mqadmin
from rmqlab.observe import Gap, Interest, Reader
from rmqlab.observe.transaction_queues import GIVEN_UP_TOPIC, HALF_TOPIC, OP_TOPIC
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster
from rmqlab.views import show

pytestmark = pytest.mark.live
DEADLINE_S = 40
TRANSACTIONS = Interest(transactions=True)


@pytest.fixture(scope="module")
def shop():
    """A broker that asks after half a second, and twice."""
    options = ClusterOptions.of(transaction_check_ms=500, properties={"transactionCheckMax": 2})
    cluster = start_cluster("single", name="transactions", options=options, lease_s=300)
    with Admin(cluster.namesrv) as admin:
        for topic in ("orders", "slow", "late", "paused"):
            admin.create_topic(topic, queues=1)
    yield cluster
    cluster.stop()


@pytest.fixture
def reader(shop):
    reader = Reader(shop)
    yield reader
    reader.close()


def sends(shop, topic, outcomes, check, execute=None):
    """Send a half message for each key, let it end so, and return the producer, still running."""
    producer = TransactionMQProducer(f"shop-{topic}", check, namesrv=shop.namesrv)
    producer.start()
    for key, outcome in outcomes.items():
        producer.send_in_transaction(Message(topic, key, keys=key), execute or (lambda _, end: end), outcome)
    return producer


def by_key(reader, topic):
    return {each.keys: each for each in reader.read(TRANSACTIONS).transactions.of(topic)}


def until(look, good):
    seen = eventually(look, until=good, timeout_s=DEADLINE_S)
    assert good(seen), seen
    return seen


def mqadmin_extent(shop, topic):
    """The first queue's min and max offset, as mqadmin topicStatus prints them."""
    told = mqadmin(shop, ["topicStatus", "-t", topic])
    (row,) = [line.split() for line in told.splitlines() if line.startswith("broker-a")]
    return int(row[2]), int(row[3])


def test_each_ending_is_what_the_broker_holds_and_its_numbers_are_mqadmins(shop, reader):
    def check(message):
        return TransactionStatus.COMMIT if message.keys == b"late" else TransactionStatus.UNKNOWN

    outcomes = {
        "commit": TransactionStatus.COMMIT,
        "rollback": TransactionStatus.ROLLBACK,
        "late": TransactionStatus.UNKNOWN,
        "never": TransactionStatus.UNKNOWN,
    }
    producer = sends(shop, "orders", outcomes, check)
    try:
        seen = until(
            lambda: by_key(reader, "orders"),
            lambda found: len(found) == 4 and all(each.settled or each.given_up for each in found.values()),
        )
    finally:
        producer.shutdown()
    fates = {key: (each.fate, each.checks, len(each.halves), len(each.visible)) for key, each in seen.items()}
    assert fates == {
        "commit": ("committed", 0, 1, 1),
        "rollback": ("rolled back", 0, 1, 0),
        "late": ("committed", 1, 2, 1),
        "never": ("given up", 2, 3, 0),
    }
    assert {each.group for each in seen.values()} == {"shop-orders"}
    with Admin(shop.namesrv) as admin:
        stored = {message.msg_id: message.queue_offset for message in admin.messages("orders")}
    assert stored == {each.msg_id: place.offset for each in seen.values() for place in each.visible}
    (log,) = reader.read(TRANSACTIONS).transactions.logs
    assert {HALF_TOPIC: log.half, OP_TOPIC: log.op, GIVEN_UP_TOPIC: log.given_up} == {
        topic: mqadmin_extent(shop, topic) for topic in (HALF_TOPIC, OP_TOPIC, GIVEN_UP_TOPIC)
    }
    view = show("transactions", shop, topic="orders")
    assert [row[5] for row in view.snapshot().drawing.rows] == [each.fate for each in seen.values()]
    view.close()


def test_two_commits_are_two_messages(shop, reader):
    asked = threading.Event()

    def check(_):
        asked.set()
        return TransactionStatus.COMMIT

    def slow(_message, outcome):
        assert asked.wait(DEADLINE_S)
        return outcome

    sends(shop, "slow", {"slow": TransactionStatus.COMMIT}, check, slow).shutdown()
    until(lambda: by_key(reader, "slow"), lambda found: len(found["slow"].visible) == 2)


def test_a_half_message_is_open_and_then_visible_before_it_is_written_down(shop, reader):
    during = []

    def look(_message, outcome):
        during.append(by_key(reader, "late")["look"].fate)
        return outcome

    sends(
        shop, "late", {"look": TransactionStatus.COMMIT}, lambda _: TransactionStatus.COMMIT, look
    ).shutdown()
    assert during == ["open"]
    until(lambda: by_key(reader, "late")["look"].fate, lambda fate: fate == "committed")


def test_a_paused_broker_is_a_gap_and_no_hang(shop, reader):
    assert reader.read(TRANSACTIONS).gaps == ()
    with shop.fault("pause", "broker-a"):
        began = time.monotonic()
        seen = reader.read(TRANSACTIONS)
        assert time.monotonic() - began < 2
        assert (seen.gaps, seen.transactions.found) == ((Gap("broker-a", "paused"),), ())
