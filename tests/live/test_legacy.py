"""The 4.9 broker: what it alone answers, and that it behaves among nodes of RocketMQ 5."""

from __future__ import annotations

import time
import uuid

import psutil
import pytest
from actors import eventually, stored
from rocketmq.client import ConsumeStatus, Message, Producer, PushConsumer, SendStatus

from rmqlab.client.admin import Admin
from rmqlab.client.broker_questions import asking
from rmqlab.client.java import java_class
from rmqlab.errors import AdminError, ClusterError
from rmqlab.observe import Interest, Reader
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def legacy():
    """One 4.9 broker, a SYNC_MASTER without a slave."""
    cluster = start_cluster("legacy-4.9", name="legacy", backend="process", lease_s=300)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def admin(legacy):
    with Admin(legacy.namesrv) as admin:
        yield admin


@pytest.fixture
def orders(admin):
    name = f"orders-{uuid.uuid4().hex[:6]}"
    admin.create_topic(name)
    return name


@pytest.fixture
def producer(legacy):
    producer = Producer(f"shop-{uuid.uuid4().hex[:6]}")
    producer.set_name_server_address(legacy.namesrv)
    producer.start()
    yield producer
    producer.shutdown()


def send(producer, topic, body="book"):
    message = Message(topic)
    message.set_body(body)
    return producer.send_sync(message)


def test_it_is_a_49_broker(admin):
    def version():
        try:
            return admin.runtime_stats("broker-a")["brokerVersionDesc"]
        except AdminError:  # one that has counted nothing yet cannot tell (StoreStatsService.getPutTps)
            return ""

    assert eventually(version, timeout_s=20, why="it does not say").startswith("V4_9_")


def test_every_send_of_the_classic_client_is_answered_slave_not_available(producer, orders):
    assert {send(producer, orders).status for _ in range(20)} == {SendStatus.SLAVE_NOT_AVAILABLE}


def test_the_java_client_sees_the_same_status(legacy, orders):
    package = "org.apache.rocketmq.client.producer."
    producer = java_class(package + "DefaultMQProducer")(f"java-{uuid.uuid4().hex[:6]}")
    producer.setNamesrvAddr(legacy.namesrv)
    producer.start()
    try:
        message = java_class("org.apache.rocketmq.common.message.Message")(orders, b"book")
        assert str(producer.send(message).getSendStatus()) == "SLAVE_NOT_AVAILABLE"
    finally:
        producer.shutdown()


def test_a_message_with_that_status_is_stored_and_delivered(legacy, admin, producer, orders):
    sent = send(producer, orders, "kept all the same")
    assert [message.msg_id for message in stored(admin, orders, 1)] == [sent.msg_id]
    received = []
    consumer = PushConsumer(f"stock-{uuid.uuid4().hex[:6]}")
    consumer.set_name_server_address(legacy.namesrv)
    consumer.subscribe(orders, lambda message: received.append(message.body) or ConsumeStatus.CONSUME_SUCCESS)
    consumer.start()
    try:
        eventually(lambda: received == [b"kept all the same"], timeout_s=15, why="it was not delivered")
    finally:
        consumer.shutdown()


def test_all_its_ports_listen_on_the_loopback_address_only(legacy):
    for node in legacy.nodes.values():
        sockets = psutil.Process(node.pid).net_connections("inet")
        listening = {(s.laddr.ip, s.laddr.port) for s in sockets if s.status == psutil.CONN_LISTEN}
        assert {port for _, port in listening} == set(node.spec.ports), node
        assert {ip.removeprefix("::ffff:") for ip, _ in listening} == {"127.0.0.1"}, node


def test_a_topic_can_be_deleted_and_its_files_are_unmapped(legacy, admin, producer, orders):
    send(producer, orders)
    admin.delete_topic(orders)
    assert admin.route(orders) == ()
    queues = legacy.folder / "broker-a" / "store" / "consumequeue" / orders
    assert [path for path in queues.rglob("*") if path.is_file()] == []


def test_a_question_that_it_does_not_know_is_answered_with_one_sentence_at_once(admin, orders):
    began = time.monotonic()
    with (
        pytest.raises(
            AdminError, match="request type 351 not supported: this broker is of a RocketMQ too old"
        ),
        asking(f"examine {orders}"),
    ):
        admin._ext.examineTopicStats(orders)
    assert time.monotonic() - began < 3


def test_a_snapshot_of_it_is_whole_and_does_not_hang(legacy, admin, producer, orders):
    send(producer, orders)
    stored(admin, orders, 1)
    reader = Reader(legacy)
    try:
        began = time.monotonic()
        snapshot = reader.read(Interest(frozenset({orders}), messages=8, registrations=True))
        assert time.monotonic() - began < 5
        assert snapshot.gaps == ()
        assert sum(queue.count for queue in snapshot.topics[0].queues) == 1
    finally:
        reader.close()


def test_a_paused_one_is_a_gap_and_no_hang(legacy, orders):
    reader = Reader(legacy)
    broker = legacy.nodes["broker-a"]
    broker.pause()
    try:
        began = time.monotonic()
        snapshot = reader.read(Interest(frozenset({orders}), registrations=True))
        assert time.monotonic() - began < 5
        assert [(gap.source, gap.reason) for gap in snapshot.gaps] == [("broker-a", "paused")]
    finally:
        broker.resume()
        reader.close()


def test_it_comes_back_from_a_kill_with_its_messages(legacy, admin, orders):
    with_own_life = Producer(f"shop-{uuid.uuid4().hex[:6]}")
    with_own_life.set_name_server_address(legacy.namesrv)
    with_own_life.start()
    try:
        sent = send(with_own_life, orders)
        store = legacy.folder / "broker-a" / "store" / "consumequeue"

        def is_there():
            return sent.msg_id in {message.msg_id for message in admin.messages(orders)}

        # One that is killed between making a queue's file and giving it its size does not start again.
        eventually(
            lambda: is_there() and all(file.stat().st_size for file in store.rglob("0*")),
            timeout_s=20,
            why="a queue has no file, or an empty one",
        )
        legacy.nodes["broker-a"].restart()
        eventually(is_there, timeout_s=20, why="the message is gone")
    finally:
        with_own_life.shutdown()


def test_its_log_is_read(legacy):
    assert "boot success" in legacy.nodes["broker-a"].log_tail(200)


def test_authentication_which_it_does_not_know_is_refused_before_anything_starts():
    with pytest.raises(ClusterError, match=r"4\.9 broker does not know RocketMQ 5's authentication"):
        start_cluster(
            "legacy-4.9", name="legacy-open", backend="process", options=ClusterOptions(authentication=True)
        )
