"""A cluster that somebody else runs: a learner works there, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from actors import eventually, stored
from external_kit import real_names, send, sit_down
from rocketmq.client import ConsumeStatus, PushConsumer

from rmqlab import attach, connect, list_clusters, start_cluster, start_lab
from rmqlab.client.admin import Admin
from rmqlab.client.java import java_class
from rmqlab.client.membership import VARIABLE
from rmqlab.client.signing import signing_hook
from rmqlab.observe import Interest, Reader

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


def test_its_nodes_are_those_that_the_nameserver_tells(lab_there, school):
    nodes = [(node.name, node.role, node.address, node.state) for node in lab_there.nodes.values()]
    assert nodes == [
        ("namesrv", "NAMESRV", school.namesrv, "up"),
        ("broker-a", "MASTER", school.broker, "up"),
    ]
    assert lab_there.nodes["broker-a"].pid is None


def test_its_proxy_is_where_we_say_it_is(ada, school):
    cluster = connect(proxy=school.broker, name="with-proxy")  # what listens there does not matter here
    try:
        assert cluster.proxy == school.broker
        assert [(node.name, node.state) for node in cluster.nodes.values()][-1] == ("proxy", "up")
    finally:
        cluster.stop()


def test_a_notebooks_own_code_works_there_by_the_names_that_it_writes(lab_there, school):
    assert (lab_there.topic("orders", queues=2), lab_there.group("stock")) == ("orders", "stock")
    sent = send(lab_there.namesrv, "orders")
    received = []
    consumer = PushConsumer("stock")
    consumer.set_name_server_address(lab_there.namesrv)
    consumer.subscribe(
        "orders",
        lambda message: received.append((message.topic, message.id)) or ConsumeStatus.CONSUME_SUCCESS,
    )
    consumer.start()
    try:
        eventually(lambda: received, timeout_s=20, why="it was not delivered")
        assert received == [("orders", sent.msg_id)]
        eventually(lambda: lab_there.admin.groups("orders") == ("stock",), timeout_s=20, why="no progress")
        assert len(lab_there.admin.consumers("stock")) == 1
        assert len(lab_there.admin.consume_stats("stock", "orders")) == 2
    finally:
        consumer.shutdown()
    (message,) = stored(lab_there.admin, "orders", 1)
    assert (message.topic, message.msg_id) == ("orders", sent.msg_id)
    assert lab_there.admin.message(message.queue, message.queue_offset) == message
    assert lab_there.admin.topics() == ["orders"]
    assert {lab_there.real_name("orders"), "rmqlab-ada-00-welcome%stock"} <= real_names(school)


def test_a_program_that_the_notebook_starts_works_in_the_same_namespace(lab_there):
    lab_there.topic("orders")
    script = (
        "import sys; from rocketmq.client import Producer, Message\n"
        "producer = Producer('child'); producer.set_name_server_address(sys.argv[1]); producer.start()\n"
        "message = Message('orders'); message.set_body('from a child'); producer.send_sync(message)\n"
        "producer.shutdown()"
    )
    subprocess.run([sys.executable, "-c", script, lab_there.namesrv], check=True, timeout=60)
    assert [message.body for message in stored(lab_there.admin, "orders", 1)] == [b"from a child"]


def test_pictures_are_drawn_from_its_numbers(lab_there):
    lab_there.topic("orders", queues=1)
    send(lab_there.namesrv, "orders")
    stored(lab_there.admin, "orders", 1)
    reader = Reader(lab_there.cluster)
    try:
        snapshot = reader.read(Interest(frozenset({"orders"}), messages=4, registrations=True))
        assert snapshot.gaps == ()
        assert [node.registered for node in snapshot.nodes] == [None, True]
        assert [queue.ref.topic for queue in snapshot.topics[0].queues] == ["orders"]
        assert snapshot.topics[0].queues[0].count == 1
    finally:
        reader.close()


def test_two_learners_with_the_same_topics_and_groups_do_not_meet(school, monkeypatch, tmp_path):
    seen = {}
    with monkeypatch.context() as adas:
        sit_down(adas, school, tmp_path / "ada", "ada")
        ada = start_lab("00-welcome", backend="external")
        ada.topic("orders", queues=1)
        send(ada.namesrv, "orders", "ada's")
        with monkeypatch.context() as bobs:
            sit_down(bobs, school, tmp_path / "bob", "bob")
            bob = start_lab("00-welcome", backend="external")
            bob.topic("orders", queues=3)
            send(bob.namesrv, "orders", "bob's")
            seen["bob"] = [message.body for message in stored(bob.admin, "orders", 1)]
            assert len(bob.admin.topic_stats("orders")) == 3
            bob.stop()
        seen["ada"] = [message.body for message in stored(ada.admin, "orders", 1)]
        assert len(ada.admin.topic_stats("orders")) == 1
        ada.stop()
    assert seen == {"ada": [b"ada's"], "bob": [b"bob's"]}


def test_stop_removes_what_is_ours_and_nothing_else(ada, school):
    before = real_names(school)
    lab = start_lab("00-welcome", backend="external")
    lab.topic("orders")
    lab.group("stock")
    consumer = PushConsumer("stock")
    consumer.set_name_server_address(lab.namesrv)
    consumer.subscribe("orders", lambda _message: ConsumeStatus.CONSUME_SUCCESS)
    consumer.start()
    consumer.shutdown()
    assert real_names(school) > before
    lab.stop()
    assert real_names(school) == before
    assert "payroll" in before
    assert list_clusters() == []


def test_rmqlab_down_removes_it_too_from_another_process(ada, school):
    before = real_names(school)
    lab = start_lab("00-welcome", backend="external")
    lab.topic("orders")
    subprocess.run([sys.executable, "-m", "rmqlab", "down", "--all"], check=True, capture_output=True)
    assert real_names(school) == before


def test_another_process_attaches_by_name(lab_there):
    lab_there.topic("orders")
    script = (
        "from rmqlab import attach; from rocketmq.client import Producer, Message\n"
        "cluster = attach('00-welcome')\n"
        "producer = Producer('other'); producer.set_name_server_address(cluster.namesrv); producer.start()\n"
        "message = Message('orders'); message.set_body('attached'); producer.send_sync(message)\n"
        "producer.shutdown()"
    )
    without = {key: value for key, value in os.environ.items() if key != VARIABLE}
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env=without)
    assert [message.body for message in stored(lab_there.admin, "orders", 1)] == [b"attached"]
    assert attach("00-welcome").namesrv == lab_there.namesrv


def test_fresh_begins_with_an_empty_namespace(lab_there):
    lab_there.topic("orders")
    again = start_lab("00-welcome", backend="external", fresh=True)
    assert again.admin.topics() == []


def test_a_frozen_broker_is_seen_as_paused(ada):
    cluster = start_cluster("single", name="cold", backend="process", lease_s=60)
    try:
        seen = connect(cluster.namesrv, name="seen")
        cluster.nodes["broker-a"].pause()
        eventually(lambda: seen.nodes["broker-a"].state == "paused", timeout_s=10, why="it seems awake")
        cluster.nodes["broker-a"].resume()
        eventually(lambda: seen.nodes["broker-a"].state == "up", timeout_s=10, why="it seems frozen")
        seen.stop()
    finally:
        cluster.stop()


def test_stop_removes_groups_that_nobody_consumed_as(ada, school):
    lab = start_lab("00-welcome", backend="external")
    lab.group("accounting")
    real = lab.real_name("accounting")
    assert real in school.admin.at(school.broker).all_groups()
    lab.stop()
    assert real not in school.admin.at(school.broker).all_groups()


def test_thirty_learners_at_once_do_not_meet(school):
    producer_class = java_class("org.apache.rocketmq.client.producer.DefaultMQProducer")
    message_class = java_class("org.apache.rocketmq.common.message.Message")
    before = real_names(school)

    def work(number):
        namespace, queues = f"rmqlab-learner{number}-02", 1 + number % 4
        with Admin(
            school.namesrv, credentials=school.credentials, namespace=namespace, timeout_s=20
        ) as admin:
            admin.create_topic("orders", queues=queues)
            producer = producer_class("shop", signing_hook(school.credentials))
            producer.setNamesrvAddr(school.namesrv)
            producer.setNamespace(namespace)
            producer.setInstanceName(namespace)
            producer.start()
            for count in range(5):
                producer.send(message_class("orders", f"{number}-{count}".encode()))
            producer.shutdown()
            bodies = [message.body.decode() for message in stored(admin, "orders", 5)]
            seen = (bodies, len(admin.topic_stats("orders")), admin.topics())
            admin.delete_topic("orders")
        return seen, ([f"{number}-{count}" for count in range(5)], queues, ["orders"])

    with ThreadPoolExecutor(30) as pool:
        for seen, expected in pool.map(work, range(30)):
            assert seen == expected
    assert real_names(school) == before
