"""One reading: what it holds, what it asks, and what it makes of silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from observe_stand_ins import FakeCluster, FakeNode

from rmqlab.client.facts import QueueRef
from rmqlab.errors import AdminError
from rmqlab.observe import Gap, Interest, Reader

pytestmark = pytest.mark.unit
ORDERS = Interest(topics=frozenset({"orders"}), messages=10)


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def reader(cluster):
    reader = Reader(cluster, cluster.connect, cluster.registered)
    yield reader
    reader.close()


def asked(cluster, question):
    return [each for each in cluster.asked if each[0].startswith(question)]


def test_it_holds_queues_messages_and_progress(cluster, reader):
    cluster.send(0, "A")
    cluster.send(0, "B")
    cluster.committed[QueueRef("orders", "broker-a", 0)] = 1
    orders = reader.read(ORDERS).topic("orders")
    assert [queue.ref.broker for queue in orders.queues] == ["broker-a", "broker-a", "broker-b", "broker-b"]
    assert [message.keys for message in orders.queues[0].messages] == ["A", "B"]
    assert (orders.count, orders.groups[0].lag, orders.groups[0].members) == (2, 1, ("somebody@1",))


def test_members_are_asked_what_they_hold_if_somebody_wants_to_know(cluster, reader):
    cluster.committed[QueueRef("orders", "broker-a", 0)] = 0
    held = tuple(QueueRef("orders", broker, 0) for broker in ("broker-a", "broker-b"))
    (group,) = reader.read(replace(ORDERS, assignments=True)).topic("orders").groups
    assert group.assigned == {"somebody@1": held}
    (group,) = reader.read(ORDERS).topic("orders").groups
    assert group.assigned == {"somebody@1": ()}


def test_groups_and_members_are_not_asked_again_while_their_answers_are_young_enough(cluster, reader):
    cluster.committed[QueueRef("orders", "broker-a", 0)] = 0
    reader.read(ORDERS, group_age_s=60)
    before = {question: len(asked(cluster, question)) for question in ("groups", "members", "progress")}
    cluster.send(0, "A")
    cluster.committed[QueueRef("orders", "broker-a", 0)] = 1
    orders = reader.read(ORDERS, group_age_s=60).topic("orders")
    assert (orders.count, orders.groups[0].lag, orders.groups[0].members) == (1, 0, ("somebody@1",))
    added = {question: len(asked(cluster, question)) - count for question, count in before.items()}
    assert added == {"groups": 0, "members": 0, "progress": 2}
    reader.read(ORDERS)
    added = {question: len(asked(cluster, question)) - count for question, count in before.items()}
    assert added == {"groups": 2, "members": 2, "progress": 4}


def test_a_map_needs_no_connection(cluster):
    def connect(namesrv):
        raise AssertionError("a JVM was started")

    snapshot = Reader(cluster, connect, cluster.registered).read(Interest(registrations=True))
    assert [(node.name, node.registered) for node in snapshot.nodes] == [
        ("namesrv", None),
        ("broker-a", True),
        ("broker-b", True),
    ]


def test_under_a_controller_the_master_is_whoever_is_registered_as_one(cluster):
    cluster.nodes["broker-a-s1"] = FakeNode("broker-a-s1", "SLAVE", "127.0.0.1:4")
    alive = {("broker-a", 0): "127.0.0.1:4", ("broker-a", 2): "127.0.0.1:2", ("broker-b", 0): "127.0.0.1:3"}

    def roles():
        reader = Reader(cluster, cluster.connect, lambda _: alive)
        nodes = reader.read(Interest(registrations=True)).nodes
        return {node.name: (node.role, node.registered) for node in nodes if node.role != "NAMESRV"}

    expected = {"broker-a": ("SLAVE", True), "broker-b": ("MASTER", True), "broker-a-s1": ("MASTER", True)}
    assert roles() == expected
    del alive["broker-a", 2]  # it died
    assert roles() == expected | {"broker-a": ("SLAVE", False)}
    del alive["broker-a", 0]
    alive["broker-a", 1] = "127.0.0.1:2"  # a slave that is alone is none the less a slave
    assert roles()["broker-a"] == ("SLAVE", True)


def test_what_is_wrong_with_a_nodes_links_and_disk_is_read_with_the_map(cluster, reader):
    cluster.troubled = {"broker-a": ("cut off from clients", "disk full")}
    nodes = reader.read(Interest(registrations=True)).nodes
    assert [node.troubles for node in nodes] == [(), ("cut off from clients", "disk full"), ()]


def test_a_message_is_read_once(cluster, reader):
    cluster.send(0, "A")
    reader.read(ORDERS)
    cluster.asked.clear()
    reader.read(ORDERS)
    assert asked(cluster, "messages") == []
    cluster.send(0, "B")
    reader.read(ORDERS)
    assert [each[0] for each in asked(cluster, "messages")] == ["messages from 1"]


def test_a_topic_that_was_made_again_shows_its_new_messages(cluster, reader):
    cluster.send(0, "old")
    cluster.send(1, "old")
    reader.read(ORDERS)
    cluster.stored[QueueRef("orders", "broker-a", 0)].clear()
    cluster.send(0, "new")
    first = reader.read(ORDERS).topic("orders").queues[0]
    assert [message.keys for message in first.messages] == ["new"]


def test_messages_are_not_read_where_they_would_not_be_drawn(cluster, reader):
    cluster.send(0, "A")
    snapshot = reader.read(Interest(topics=frozenset({"orders"}), messages=10, detailed_queues=3))
    assert asked(cluster, "messages") == []
    assert snapshot.topic("orders").count == 1


def test_only_the_newest_messages_are_read_and_kept(cluster, reader):
    for number in range(30):
        cluster.send(0, str(number))
    queue = reader.read(ORDERS).topic("orders").queues[0]
    assert [message.keys for message in queue.messages] == [str(number) for number in range(20, 30)]


def test_a_paused_broker_is_not_asked_and_its_queues_stay_as_last_seen(cluster, reader):
    cluster.send(0, "A")
    reader.read(ORDERS)
    cluster.nodes["broker-a"].pause()
    cluster.asked.clear()
    snapshot = reader.read(ORDERS)
    assert snapshot.gaps == (Gap("broker-a", "paused"),)
    assert {each[1] for each in cluster.asked if each[0] != "route"} == {cluster.nodes["broker-b"].address}
    first = snapshot.topic("orders").queues[0]
    assert (first.silent, first.count, first.messages[0].keys) == ("paused", 1, "A")


def test_a_dead_broker_leaves_the_route_and_stays_in_the_picture(cluster, reader):
    reader._topics._routes.clear()
    reader.read(ORDERS)
    cluster.nodes["broker-a"].kill()
    reader._topics._routes.clear()
    silent = [queue.ref.broker for queue in reader.read(ORDERS).topic("orders").queues if queue.silent]
    assert silent == ["broker-a", "broker-a"]


def test_when_all_brokers_are_dead_that_is_said_and_not_that_there_is_no_route(cluster, reader):
    reader.read(ORDERS)
    for name in ("broker-a", "broker-b"):
        cluster.nodes[name].kill()
    expected = (Gap("broker-a", "down"), Gap("broker-b", "down"))
    assert reader.read(ORDERS).gaps == expected  # the route as last known
    reader._topics._routes.clear()
    assert reader.read(ORDERS).gaps == expected  # the NameServer has forgotten it


def test_one_brokers_silence_does_not_spoil_the_others_answer(cluster, reader):
    cluster.send(0, "A", "broker-b")
    cluster.silent.add(cluster.nodes["broker-a"].address)
    snapshot = reader.read(ORDERS)
    assert [(gap.source, gap.reason) for gap in snapshot.gaps] == [("broker-a", "no answer")]
    assert [queue.silent for queue in snapshot.topic("orders").queues] == ["no answer", "no answer", "", ""]
    assert snapshot.topic("orders").queues[2].messages[0].keys == "A"


def test_a_topic_without_route_is_a_gap(cluster, reader):
    snapshot = reader.read(Interest(topics=frozenset({"nothing"})))
    assert snapshot.gaps == (Gap("nothing", "no route"),)
    assert snapshot.topic("nothing").queues == ()


def test_a_connection_that_fails_is_a_gap(cluster):
    def connect(namesrv):
        raise AdminError("no JVM")

    snapshot = Reader(cluster, connect, cluster.registered).read(ORDERS)
    assert snapshot.gaps == (Gap("NameServer", "no answer", "no JVM"),)
    assert len(snapshot.nodes) == 3


def test_a_paused_nameserver_leaves_the_last_known_route(cluster, reader):
    reader.read(ORDERS)
    cluster.nodes["namesrv"].pause()
    reader._topics._routes = {
        topic: (float("-inf"), route) for topic, (_, route) in reader._topics._routes.items()
    }
    snapshot = reader.read(ORDERS)
    assert len(snapshot.topic("orders").queues) == 4
    assert Gap("namesrv", "paused") in snapshot.gaps


def test_a_silent_nameserver_leaves_registrations_unknown(cluster, reader):
    cluster.silent.add(cluster.namesrv)
    snapshot = reader.read(Interest(registrations=True))
    assert {node.registered for node in snapshot.nodes} == {None}
    assert [(gap.source, gap.reason) for gap in snapshot.gaps] == [("NameServer", "no answer")]


def test_a_closed_reader_opens_again(cluster, reader):
    reader.read(ORDERS)
    reader.close()
    assert cluster.closed == 1
    assert reader.read(ORDERS).topic("orders").queues
