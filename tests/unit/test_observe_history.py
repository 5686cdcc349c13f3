"""The history that a feed keeps: what is in it, and that it stays within bounds."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest
from observe_stand_ins import FakeCluster

from rmqlab.client.facts import QueueRef
from rmqlab.observe import Feed, GroupState, Interest, QueueState, Reader, Snapshot, TopicState
from rmqlab.observe.history import History, still

pytestmark = pytest.mark.unit
ORDERS = Interest(topics=frozenset({"orders"}))
NODES = Interest()


def reading(at_ms, messages=0, queues=1, groups=0):
    refs = [QueueRef("orders", "broker-a", number) for number in range(queues)]
    topic = TopicState(
        "orders",
        tuple(QueueState(ref, 0, messages) for ref in refs),
        tuple(GroupState(f"g{n}") for n in range(groups)),
    )
    return Snapshot("test", at_ms, topics=(topic,))


def times(history, interest=ORDERS):
    return [snapshot.taken_ms for snapshot in history.of(interest)]


def test_it_keeps_what_changed_oldest_first():
    history = History()
    for moment in (1, 2, 3):
        history.add(ORDERS, reading(moment, messages=moment))
    assert times(history) == [1, 2, 3]


def test_a_time_without_change_costs_its_first_and_its_last_snapshot():
    history = History()
    for moment in range(100):
        history.add(ORDERS, reading(moment, messages=moment // 50))
    assert times(history) == [0, 49, 50, 99]


def test_the_oldest_go_when_there_are_too_many():
    history = History(most_snapshots=3)
    for moment in range(10):
        history.add(ORDERS, reading(moment, messages=moment))
    assert times(history) == [7, 8, 9]


def test_the_oldest_go_when_together_they_hold_too_much_and_the_newest_stays():
    history = History(most_queues=100)
    for moment in range(10):
        history.add(ORDERS, reading(moment, messages=moment, queues=10, groups=2))
    assert times(history) == [7, 8, 9]
    history.add(ORDERS, reading(10, queues=500))
    assert times(history) == [10]


def test_unchanged_snapshots_are_not_counted_twice():
    history = History(most_queues=40)
    for moment in range(100):
        history.add(ORDERS, reading(moment, queues=10))
    history.add(ORDERS, reading(100, messages=1, queues=10))
    assert times(history) == [0, 99, 100]


def test_only_readings_that_asked_for_enough_are_told():
    history = History()
    history.add(NODES, Snapshot("test", 1))
    history.add(ORDERS, reading(2))
    history.add(ORDERS | Interest(assignments=True), reading(3))
    assert times(history, NODES) == [1, 2, 3]
    assert times(history) == [2, 3]
    assert times(history, ORDERS | Interest(assignments=True)) == [3]


def test_it_keeps_no_messages_and_does_not_ask_for_them():
    cluster, history = FakeCluster(), History()
    cluster.send(0, "A")
    wanted = ORDERS | Interest(messages=5)
    snapshot = Reader(cluster, cluster.connect, cluster.registered).read(wanted)
    assert snapshot.topic("orders").queues[0].messages
    history.add(wanted, snapshot)
    history.add(ORDERS, replace(snapshot, taken_ms=0))
    kept = history.of(wanted)
    assert [queue.messages for each in kept for queue in each.topic("orders").queues] == [()] * 8
    assert [each.topic("orders").count for each in kept] == [1, 1]


def test_an_interest_covers_what_it_holds():
    assert ORDERS.covers(NODES)
    assert not NODES.covers(ORDERS)
    assert Interest(messages=5).covers(Interest(messages=4))
    assert not Interest(messages=4).covers(Interest(registrations=True))


def test_a_still_of_a_history_counts_time_from_its_oldest_snapshot():
    stills = still((reading(5_000), reading(5_250, messages=1)))
    assert [(each.cluster, each.taken_ms) for each in stills] == [("", 0), ("", 250)]


def test_a_feed_keeps_a_history_of_each_cluster_as_long_as_somebody_holds_the_cluster():
    one, other = FakeCluster(name="one"), FakeCluster(name="other")
    feed = Feed(100, lambda source: Reader(source, source.connect, source.registered))
    feed.read(one, ORDERS)
    one.send(0, "A")
    feed.read(one, ORDERS)
    feed.read(other, NODES)
    assert [snapshot.topics[0].count for snapshot in feed.history(one, ORDERS)] == [0, 1]
    assert [snapshot.cluster for snapshot in feed.history(other, NODES)] == ["other"]
    kept = weakref.ref(feed._history(one))
    feed._readers.clear()
    del one
    gc.collect()
    assert kept() is None
