"""Snapshots of a real cluster: true, quick, and never a hang."""

from __future__ import annotations

import time
from statistics import median

import pytest
from rocketmq.client import Message, Producer

from rmqlab.client.admin import Admin
from rmqlab.client.facts import QueueRef
from rmqlab.client.remoting import SUCCESS, ask
from rmqlab.mqadmin import mqadmin
from rmqlab.observe import Feed, Gap, Interest, Reader, Watch
from rmqlab.starting import start_cluster
from rmqlab.views import KINDS
from rmqlab.views.looker import Looker

pytestmark = pytest.mark.live
DEADLINE_S = 20
UPDATE_CONSUMER_OFFSET = 15  # RequestCode


@pytest.fixture(scope="module")
def admin(namesrv):
    with Admin(namesrv) as admin:
        yield admin


@pytest.fixture
def reader(cluster):
    reader = Reader(cluster)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def fragile():
    """A cluster that tests may hurt."""
    cluster = start_cluster("single", name="fragile", lease_s=120)
    with Admin(cluster.namesrv) as admin:
        admin.create_topic("orders", queues=2)
    yield cluster
    cluster.stop()


def send(namesrv, topic, count):
    producer = Producer("observed")
    producer.set_name_server_address(namesrv)
    producer.start()
    try:
        for number in range(count):
            message = Message(topic)
            message.set_keys(f"k{number}")
            message.set_body("x")
            producer.send_sync(message)
    finally:
        producer.shutdown()


def commit(cluster, admin, group, topic, queues):
    """Commit offset 0 of each queue for a group, as a consumer that has read nothing does."""
    admin.create_group(group)
    for queue_id in range(queues):
        fields = {"consumerGroup": group, "topic": topic, "queueId": str(queue_id), "commitOffset": "0"}
        answer = ask(cluster.nodes["broker-a"].address, UPDATE_CONSUMER_OFFSET, fields)
        assert answer.code == SUCCESS, answer.remark


def until(ask, expected):
    deadline = time.monotonic() + DEADLINE_S
    while (seen := ask()) != expected:
        assert time.monotonic() < deadline, f"expected {expected}, saw {seen}"
        time.sleep(0.02)


def test_a_message_sent_by_mqadmin_is_in_the_picture(cluster, reader, topic):
    name = topic(queues=2)
    what = {"topic": name}
    mqadmin(cluster, f"sendMessage -t {name} -p hello -k from-mqadmin -b broker-a -i 1".split())
    drawing = KINDS["queues"].draw(reader.read(KINDS["queues"].interest(what)), what, Looker())
    assert drawing.rows == (("broker-a 0", "0", "0", ""), ("broker-a 1", "0", "1", "A"))
    assert "from-mqadmin" in drawing.svg


def test_its_numbers_are_mqadmins(cluster, reader, topic):
    name = topic(queues=3)
    send(cluster.namesrv, name, 7)
    state = reader.read(Interest(topics=frozenset({name}))).topic(name)
    told = [line.split() for line in mqadmin(cluster, ["topicStatus", "-t", name]).splitlines()]
    rows = {
        (words[0], int(words[1])): (int(words[2]), int(words[3]))
        for words in told
        if words[:1] == ["broker-a"]
    }
    assert rows == {(q.ref.broker, q.ref.queue_id): (q.min_offset, q.max_offset) for q in state.queues}


def test_sixty_four_queues_and_eight_groups_are_read_in_fifty_milliseconds(cluster, reader, admin, topic):
    name = topic(queues=64)
    groups = [f"{name}-g{number}" for number in range(8)]
    for group in groups:
        commit(cluster, admin, group, name, queues=64)
    assert admin.groups(name) == tuple(groups)
    interest = Interest(topics=frozenset({name}), registrations=True)
    state = reader.read(interest).topic(name)
    assert (len(state.queues), [len(group.progress) for group in state.groups]) == (64, [64] * 8)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        reader.read(interest)
        times.append(time.perf_counter() - began)
    assert median(times) < 0.05 * 2  # the budget, and as much again for a busy machine


def test_the_map_shows_a_broker_that_is_paused_killed_and_restarted(fragile):
    reader = Reader(fragile)
    interest = Interest(topics=frozenset({"orders"}), messages=5, registrations=True)
    send(fragile.namesrv, "orders", 3)
    broker = fragile.nodes["broker-a"]

    reader.read(interest)  # connects

    def seen():
        began = time.monotonic()
        snapshot = reader.read(interest)
        assert time.monotonic() - began < 2, "a hang"
        node = next(node for node in snapshot.nodes if node.name == "broker-a")
        orders = snapshot.topic("orders")
        return node.state, node.registered, orders.count, {queue.silent for queue in orders.queues}

    try:
        until(seen, ("up", True, 3, {""}))
        broker.pause()
        assert seen() == ("paused", True, 3, {"paused"})
        assert Gap("broker-a", "paused") in reader.read(interest).gaps
        broker.resume()
        until(seen, ("up", True, 3, {""}))
        broker.kill()
        until(seen, ("down", False, 3, {"down"}))
        broker.restart()
        until(seen, ("up", True, 3, {""}))
        until(lambda: reader.read(interest).gaps, ())
    finally:
        fragile.heal()
        reader.close()


def test_a_paused_nameserver_is_a_gap_and_the_queues_are_still_read(fragile):
    reader = Reader(fragile)
    interest = Interest(topics=frozenset({"orders"}), registrations=True)
    reader.read(interest)
    namesrv = fragile.nodes["namesrv"]
    namesrv.pause()
    try:
        began = time.monotonic()
        snapshot = reader.read(interest)
        assert time.monotonic() - began < 2
        assert Gap("namesrv", "paused") in snapshot.gaps
        assert [queue.silent for queue in snapshot.topic("orders").queues] == ["", ""]
    finally:
        namesrv.resume()
        reader.close()


def test_the_feed_follows_through_a_restart(fragile):
    feed, seen = Feed(rate_hz=10), []
    watch = Watch(fragile, lambda: Interest(topics=frozenset({"orders"}), messages=5), seen.append)
    feed.add(watch)

    def silent():
        return {queue.silent for queue in seen[-1].topic("orders").queues} if seen else None

    try:
        until(silent, {""})
        before = seen[-1].topic("orders").count
        fragile.nodes["broker-a"].kill()
        until(silent, {"down"})
        fragile.nodes["broker-a"].restart()
        send(fragile.namesrv, "orders", 2)
        until(lambda: (silent(), seen[-1].topic("orders").count), ({""}, before + 2))
        assert watch.error is None
    finally:
        feed.remove(watch)
        fragile.heal()
    until(lambda: feed.running, expected=False)


def test_idle_pictures_cost_little(cluster, topic):
    name = topic(queues=4)
    feed, seen = Feed(), []
    watch = Watch(
        cluster, lambda: Interest(topics=frozenset({name}), messages=23, registrations=True), seen.append
    )
    feed.add(watch)
    until(lambda: len(seen) > 4, expected=True)
    began, spent, turns = time.monotonic(), time.process_time(), len(seen)
    until(lambda: len(seen) - turns, 12)
    share = (time.process_time() - spent) / (time.monotonic() - began)
    feed.remove(watch)
    assert share < 0.2, f"{share:.0%} of a core"


def test_a_stranger_reads_nothing_of_a_queue_it_never_saw(reader):
    snapshot = reader.read(Interest(topics=frozenset({"no-such-topic"})))
    assert snapshot.gaps == (Gap("no-such-topic", "no route"),)
    assert snapshot.topic("no-such-topic").queues == ()
    assert QueueRef("no-such-topic", "broker-a", 0) not in [q.ref for t in snapshot.topics for q in t.queues]
