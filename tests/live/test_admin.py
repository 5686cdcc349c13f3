"""Questions and commands, put to a real cluster."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid

import pytest
from rocketmq.client import ConsumeStatus, Message, Producer, PushConsumer

from rmqlab.client.admin import Admin
from rmqlab.client.broker_commands import KINDS
from rmqlab.client.facts import ConsumerInfo, Progress, QueueRef, QueueStats
from rmqlab.errors import AdminError

pytestmark = pytest.mark.live
DEADLINE_S = 15


@pytest.fixture(scope="module")
def admin(namesrv):
    with Admin(namesrv) as admin:
        yield admin


@pytest.fixture
def name():
    return f"admin-{uuid.uuid4().hex[:8]}"


def until(ask, expected):
    deadline = time.monotonic() + DEADLINE_S
    while (seen := ask()) != expected:
        assert time.monotonic() < deadline, f"expected {expected}, saw {seen}"
        time.sleep(0.02)


def send(namesrv, topic, count, *, tag="pay"):
    """Send `count` messages with keys k0, k1, k0, ... to whatever queues; return their ids."""
    producer = Producer(f"p-{uuid.uuid4().hex[:6]}")
    producer.set_name_server_address(namesrv)
    producer.start()
    try:
        ids = []
        for number in range(count):
            message = Message(topic)
            message.set_keys(f"k{number % 2}")
            message.set_tags(tag)
            message.set_body(f"body {number}")
            ids.append(producer.send_sync(message).msg_id)
        return ids
    finally:
        producer.shutdown()


@pytest.fixture
def consumer(namesrv):
    """Start a consumer of a group on a topic; shut down at the end."""
    started = []

    def start(group, topic):
        consumer = PushConsumer(group)
        consumer.set_name_server_address(namesrv)
        consumer.subscribe(topic, lambda message: ConsumeStatus.CONSUME_SUCCESS)
        consumer.start()
        started.append(consumer)
        return consumer

    yield start
    for consumer in started:
        consumer.shutdown()


def test_it_knows_the_brokers(admin, cluster):
    assert admin.brokers() == {"broker-a": {0: cluster.nodes["broker-a"].address}}


def test_a_created_topic_has_a_route_and_empty_queues(admin, name):
    admin.create_topic(name, queues=3)
    assert [(route.broker, route.read_queues, route.write_queues) for route in admin.route(name)] == [
        ("broker-a", 3, 3)
    ]
    assert admin.topic_stats(name) == {
        QueueRef(name, "broker-a", number): QueueStats(0, 0) for number in range(3)
    }
    assert name in admin.topics()


def test_a_topic_can_get_more_queues(admin, name):
    admin.create_topic(name, queues=1)
    admin.create_topic(name, queues=2)
    until(lambda: len(admin.topic_stats(name)), 2)


def test_topics_of_rocketmqs_own_are_listed_only_on_request(admin, topic):
    ours = topic()
    plain, everything = admin.topics(), admin.topics(system=True)
    assert ours in plain
    assert "SCHEDULE_TOPIC_XXXX" in everything
    assert not {"SCHEDULE_TOPIC_XXXX", "TBW102", "broker-a", "RMQ_SYS_TRANS_HALF_TOPIC"} & set(plain)


@pytest.mark.parametrize("kind", KINDS)
def test_a_topic_can_be_made_for_one_kind_of_message(admin, name, kind):
    admin.create_topic(name, kind=kind)
    held = admin._ext.examineTopicConfig(admin.brokers()["broker-a"][0], name).getAttributes()
    assert dict(held).get("message.type", "NORMAL") == kind.upper()


def test_a_kind_that_rocketmq_does_not_know_is_refused_before_it_is_asked(admin, name):
    with pytest.raises(AdminError, match="normal, fifo, delay or transaction, not 'ordered'"):
        admin.create_topic(name, kind="ordered")
    assert name not in admin.topics()


def test_a_deleted_topic_is_gone_and_may_be_deleted_again(admin, name):
    admin.create_topic(name)
    admin.delete_topic(name)
    until(lambda: admin.route(name), ())
    assert admin.topic_stats(name) == {}
    admin.delete_topic(name)


def test_an_unknown_topic_has_no_route_and_no_queues(admin):
    assert admin.route("no-such-topic") == ()
    assert admin.topic_stats("no-such-topic") == {}
    assert admin.messages("no-such-topic") == []
    assert admin.message(QueueRef("no-such-topic", "broker-a", 0), 0) is None


def test_messages_are_read_in_the_order_in_which_they_were_sent(admin, namesrv, topic):
    name = topic(queues=4)
    ids = send(namesrv, name, 10)
    messages = admin.messages(name)
    assert [message.msg_id for message in messages] == ids
    assert [message.body for message in messages] == [f"body {number}".encode() for number in range(10)]
    assert {(message.keys, message.tags) for message in messages} == {("k0", "pay"), ("k1", "pay")}
    assert all(message.born_ms <= message.store_ms for message in messages)
    extents = admin.topic_stats(name)
    assert sum(extent.max_offset for extent in extents.values()) == 10
    newest = messages[-1]
    assert extents[newest.queue].last_update_ms == newest.store_ms


def test_reading_is_not_consuming(admin, namesrv, topic):
    name = topic()
    send(namesrv, name, 3)
    admin.messages(name)
    assert admin.groups(name) == ()


def test_more_messages_than_one_answer_holds_are_read(admin, namesrv, topic):
    name = topic(queues=1)
    send(namesrv, name, 100)
    offsets = [message.queue_offset for message in admin.messages(name, limit=70)]
    assert offsets == list(range(30, 100))


def test_one_message_is_found_by_place_by_id_and_by_key(admin, namesrv, topic):
    name = topic(queues=1)
    ids = send(namesrv, name, 3)
    message = admin.message(QueueRef(name, "broker-a", 0), 1)
    assert (message.msg_id, message.keys, message.body) == (ids[1], "k1", b"body 1")
    assert admin.message(QueueRef(name, "broker-a", 0), 3) is None
    until(lambda: len(admin.messages_by_key(name, "k0")), 2)
    assert admin.messages_by_key(name, "k1") == [message]
    assert admin.message_by_id(name, message.msg_id) == message
    assert admin.message_by_id(name, message.offset_msg_id) == message
    assert admin.messages_by_key(name, "no-such-key") == []
    assert admin.message_by_id(name, ids[0][:-8] + "FFFFFFFF") is None


def test_a_groups_members_queues_and_progress(admin, namesrv, topic, name, consumer):
    orders = topic(queues=2)
    admin.create_group(name)
    assert admin.consume_stats(name) == {}
    assert admin.consumers(name) == ()
    first = consumer(name, orders)
    queues = tuple(QueueRef(orders, "broker-a", number) for number in range(2))
    until(lambda: [member.assigned for member in admin.consumers(name)], [queues])
    send(namesrv, orders, 6)

    def behind():
        stats = admin.consume_stats(name, orders)
        return {ref: (each.consumer_offset, each.lag) for ref, each in stats.items()}

    until(behind, {ref: (extent.max_offset, 0) for ref, extent in admin.topic_stats(orders).items()})
    assert set(queues) <= set(admin.consume_stats(name))
    assert admin.groups(orders) == (name,)
    assert [member.assigned for member in admin.consumers(name, assignments=False)] == [()]
    first.shutdown()
    until(lambda: admin.consumers(name), ())
    assert admin.groups(orders) == (name,)  # it left its progress behind


def test_a_brokers_properties_can_be_read_and_changed(admin):
    admin.update_broker_config("broker-a", syncFlushTimeout=4321)
    assert "brokerVersionDesc" in admin.runtime_stats("broker-a")
    admin.update_broker_config("broker-a", syncFlushTimeout=5000)


def test_an_unknown_broker_is_refused_with_those_that_are_known(admin):
    with pytest.raises(AdminError, match="no broker 'broker-x'; it knows: broker-a"):
        admin.runtime_stats("broker-x")


def test_nobody_at_the_nameservers_address_is_said_in_one_line():
    with (
        Admin("127.0.0.1:9", timeout_s=1) as lonely,
        pytest.raises(AdminError, match=r"127\.0\.0\.1:9") as caught,
    ):
        lonely.topics()
    assert "\n" not in str(caught.value)


def test_nobody_at_a_brokers_address_is_an_error_and_not_a_hang(admin):
    began = time.monotonic()
    with pytest.raises(AdminError, match="127"):
        admin.at("127.0.0.1:9").topic_stats("orders")
    assert time.monotonic() - began < 4


def test_a_closed_admin_refuses(namesrv):
    admin = Admin(namesrv)
    admin.close()
    admin.close()
    with pytest.raises(AdminError):
        admin.topics()


def test_closing_does_not_wait_for_an_idle_client(namesrv):
    took = []
    for _ in range(10):
        admin = Admin(namesrv)
        admin.brokers()
        began = time.monotonic()
        admin.close()
        took.append(time.monotonic() - began)
    assert max(took) < 2.5  # NettyEventExecutor sleeps for three seconds, in every other close


def test_a_script_that_forgets_to_close_ends_all_the_same(namesrv):
    script = f"from rmqlab.client.admin import Admin; print(Admin({namesrv!r}).brokers())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "broker-a" in done.stdout


def test_answers_are_plain_values():
    assert Progress(10, 4).lag == 6
    assert Progress(10, 12).lag == 0
    assert ConsumerInfo("a") == ConsumerInfo("a", ())
