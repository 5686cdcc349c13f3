"""What a snapshot says of transactions, from what a broker has written down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from views_hand_made import message

from rmqlab.client.facts import QueueRef, QueueStats
from rmqlab.client.half_messages import HalfMessage, half_message
from rmqlab.client.names import Names
from rmqlab.errors import AdminError
from rmqlab.observe import Gap, Interest, NodeState
from rmqlab.observe.asking import Asking
from rmqlab.observe.transaction_queues import GIVEN_UP_TOPIC, HALF_TOPIC, NEWEST, OP_TOPIC
from rmqlab.observe.transactions import read

pytestmark = pytest.mark.unit


class Broker:
    """A broker that writes transactions down as RocketMQ does, and answers what is asked."""

    def __init__(self, name: str = "broker-a") -> None:
        self.name = name
        self.written = {HALF_TOPIC: [], OP_TOPIC: [], GIVEN_UP_TOPIC: []}
        self.delivered: dict[str, list[int]] = {}
        self.asked: list[tuple] = []
        self.silent = False
        self.clock = 0

    def half(self, msg_id: str, topic: str = "orders", checks: int = 0) -> int:
        return self._write(HALF_TOPIC, msg_id, topic, checks)

    def settle(self, *offsets: int) -> None:
        self.clock += 1
        body = "".join(f"{offset}," for offset in offsets).encode()
        number = len(self.written[OP_TOPIC])
        self.written[OP_TOPIC].append(message(0, number, body=body, store_ms=self.clock, broker=self.name))

    def deliver(self, msg_id: str) -> None:
        self.clock += 1
        self.delivered.setdefault(msg_id, []).append(self.clock)

    def give_up(self, msg_id: str, checks: int) -> None:
        self._write(GIVEN_UP_TOPIC, msg_id, "orders", checks)

    def _write(self, where: str, msg_id: str, topic: str, checks: int) -> int:
        self.clock += 1
        queue = self.written[where]
        queue.append(
            HalfMessage(len(queue), self.clock, msg_id, topic, 0, f"key-{msg_id}", "", "shop", checks)
        )
        return len(queue) - 1

    # -- what is asked (BrokerQuestions) -------------------------------------------------------------

    def topic_stats(self, topic, *, missing_ok):
        if self.silent:
            raise AdminError("no answer")
        assert missing_ok
        queue = self.written[topic]
        if topic == GIVEN_UP_TOPIC and not queue:
            return {}
        last = queue[-1].store_ms if queue else 0
        return {QueueRef(topic, self.name, 0): QueueStats(0, len(queue), last)}

    def half_messages(self, queue, offset, count):
        self.asked.append(("half", queue.topic, offset, count))
        return self.written[queue.topic][offset : offset + count]

    def messages(self, queue, offset, count):
        return self.written[queue.topic][offset : offset + count]

    def messages_by_id(self, topic, msg_id):
        self.asked.append(("id", topic, msg_id))
        return [message(0, at, store_ms=at) for at in self.delivered.get(msg_id, [])]


class Cluster:
    """Stands in for an Admin, and remembers from reading to reading as a Reader does."""

    def __init__(self, *brokers: Broker) -> None:
        self.brokers = {broker.name: broker for broker in brokers}
        self.states = dict.fromkeys(self.brokers, "up")
        self.memory = {}

    def at(self, address: str) -> Broker:
        return self.brokers[address]

    def read(self):
        nodes = tuple(NodeState(name, "MASTER", self.states[name], name) for name in self.brokers)
        asking = Asking(nodes, Interest(transactions=True), self.memory)
        with ThreadPoolExecutor(2) as pool:
            asking.through(self, pool)
            return read(asking), asking.gaps


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def cluster(broker):
    return Cluster(broker)


def fates(cluster):
    return {each.msg_id: each.fate for each in cluster.read()[0].found}


def test_a_half_message_is_open(broker, cluster):
    broker.half("A")
    assert fates(cluster) == {"A": "open"}


def test_what_is_settled_and_delivered_is_committed_and_what_is_only_settled_is_rolled_back(broker, cluster):
    first, second = broker.half("A"), broker.half("B")
    broker.deliver("A")
    broker.settle(first, second)  # one note for both
    assert fates(cluster) == {"A": "committed", "B": "rolled back"}


def test_a_commit_counts_before_it_is_written_down(broker, cluster):
    broker.half("A")
    broker.deliver("A")
    assert fates(cluster) == {"A": "committed"}


def test_check_backs_are_chained_by_the_senders_id(broker, cluster):
    broker.half("A")
    broker.half("B")
    broker.half("A", checks=1)
    copy = broker.half("A", checks=2)
    broker.settle(copy)
    (a, b) = cluster.read()[0].found
    assert ([half.offset for half in a.halves], a.checks, a.fate) == ([0, 2, 3], 2, "rolled back")
    assert ([half.offset for half in b.halves], b.checks, b.fate) == ([1], 0, "open")


def test_what_was_asked_about_too_often_is_given_up_until_somebody_puts_it_back(broker, cluster):
    broker.half("A")
    broker.half("A", checks=1)
    broker.give_up("A", checks=1)
    assert fates(cluster) == {"A": "given up"}
    broker.half("A")
    assert fates(cluster) == {"A": "open"}


def test_a_message_that_was_committed_twice_is_seen_twice(broker, cluster):
    original, copy = broker.half("A"), broker.half("A", checks=1)
    broker.deliver("A")
    broker.settle(copy)
    (seen,) = cluster.read()[0].found
    assert len(seen.visible) == 1
    broker.deliver("A")
    broker.settle(original)
    (seen,) = cluster.read()[0].found
    assert len(seen.visible) == 2


def test_nothing_is_read_twice_that_cannot_change(broker, cluster):
    broker.settle(broker.half("A"))
    cluster.read()
    broker.asked.clear()
    assert fates(cluster) == {"A": "rolled back"}
    assert broker.asked == []
    broker.half("B")
    cluster.read()
    assert broker.asked == [("half", HALF_TOPIC, 1, 1), ("id", "orders", "B")]


def test_a_broker_with_another_store_is_read_anew(broker, cluster):
    broker.settle(broker.half("A"))
    cluster.read()
    broker.written = {HALF_TOPIC: [], OP_TOPIC: [], GIVEN_UP_TOPIC: []}
    broker.half("B")
    assert fates(cluster) == {"B": "open"}


def test_of_very_many_the_newest_are_read_and_the_others_counted(broker, cluster):
    for number in range(NEWEST + 100):
        broker.half(f"{number}")
    seen, _ = cluster.read()
    assert (len(seen.found), seen.older) == (NEWEST, 100)
    assert seen.found[-1].msg_id == f"{NEWEST + 99}"


def test_a_half_message_whose_note_may_be_too_old_to_be_read_is_not_called_open(broker, cluster):
    for number in range(NEWEST + 10):
        broker.settle(broker.half(f"{number}"))
    seen, _ = cluster.read()
    assert set(seen.fates()) == {"rolled back"}
    assert len(seen.found) + seen.older == NEWEST + 10


def test_the_extents_are_the_queues(broker, cluster):
    broker.settle(broker.half("A"))
    broker.half("A")
    (log,) = cluster.read()[0].logs
    assert (log.broker, log.half, log.op, log.given_up) == ("broker-a", (0, 2), (0, 1), (0, 0))


def test_a_silent_broker_is_a_gap_and_the_other_one_is_read(broker):
    other = Broker("broker-b")
    cluster = Cluster(broker, other)
    broker.silent = True
    other.half("B")
    seen, gaps = cluster.read()
    assert [each.broker for each in seen.found] == ["broker-b"]
    assert {(gap.source, gap.reason) for gap in gaps} == {("broker-a", "no answer")}
    cluster.states["broker-b"] = "paused"
    seen, gaps = cluster.read()
    assert seen.found == ()
    assert Gap("broker-b", "paused") in gaps


def test_a_still_has_no_ids_offsets_and_times(broker, cluster):
    broker.half("Z")
    broker.deliver("Z")
    early, _ = cluster.read()
    broker.settle(0)
    late, _ = cluster.read()
    assert early != late
    assert early.still() == late.still()
    (still,) = late.still().found
    assert (still.msg_id, still.keys, still.fate, late.still().logs) == ("", "key-Z", "committed", ())


def test_a_half_message_says_where_it_goes():
    said = {"REAL_TOPIC": "orders", "REAL_QID": "3", "PGROUP": "shop", "TRANSACTION_CHECK_TIMES": "2"}
    half = half_message(message(0, 7, properties=said), Names())
    assert (half.offset, half.topic, half.queue_id, half.group, half.checks) == (7, "orders", 3, "shop", 2)
