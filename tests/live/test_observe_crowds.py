"""Facts of many topics and of failed messages, on a real broker: true, and quickly read."""

from __future__ import annotations

import time
import uuid
from statistics import median

import pytest
from classic_kit import wait_until

from rmqlab.client.admin import Admin
from rmqlab.client.remoting import SUCCESS, ask
from rmqlab.observe import Interest, Reader
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.live
TOPICS = 1000
CREATE_TOPIC, UPDATE_CONSUMER_OFFSET = 17, 15  # RequestCode
LEVELS = "1s 1s 1s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s"


@pytest.fixture(scope="module")
def crowded():
    """A cluster whose delay levels are short, so that retries come soon."""
    options = ClusterOptions.of(properties={"messageDelayLevel": LEVELS})
    cluster = start_cluster(name="crowded", lease_s=180, options=options)
    yield cluster
    cluster.stop()


@pytest.fixture
def reader(crowded):
    reader = Reader(crowded)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def send(crowded):
    from rocketmq.client import Message, Producer  # noqa: PLC0415 - the import waits for the JVM

    producer = Producer("crowds")
    producer.set_name_server_address(crowded.namesrv)
    producer.start()

    def send(topic, key=""):
        message = Message(topic)
        message.set_keys(key)
        message.set_body("x")
        producer.send_sync(message)

    yield send
    producer.shutdown()


def consumer(cluster, group, topic, answer, **settings):
    """Start a consumer; `answer(key, times)` says whether it is done."""
    from rocketmq.client import ConsumeStatus  # noqa: PLC0415 - as above

    from rmqlab.client import PushConsumer  # noqa: PLC0415 - as above

    def callback(message):
        keys = message.keys.decode() if isinstance(message.keys, bytes) else message.keys
        done = answer(keys, message.reconsume_times)
        return ConsumeStatus.CONSUME_SUCCESS if done else ConsumeStatus.RECONSUME_LATER

    orderly = settings.pop("orderly", False)
    made = PushConsumer(group, orderly=orderly, **settings)
    made.set_name_server_address(cluster.namesrv)
    made.subscribe(topic, callback)
    made.start()
    return made


def test_failed_messages_climb_down_the_ladder_and_into_the_dlq(crowded, reader, send):
    with Admin(crowded.namesrv) as admin:
        admin.create_topic("orders")
    for key in ("fine", "once", "twice", "never"):
        send("orders", key)
    fails = {"fine": 0, "once": 1, "twice": 2, "never": 99}
    stock = consumer(
        crowded, "stock", "orders", lambda key, times: times >= fails[key], max_reconsume_times=2
    )
    interest = Interest(retries=frozenset({"stock"}))
    seen = set()

    def end():
        found = reader.read(interest).retries.of("stock")
        seen.update((each.keys, each.where, each.times) for each in found.messages)
        states = {each.keys: (each.where, each.times) for each in found.messages}
        return states == {"once": ("done", 1), "twice": ("done", 2), "never": ("dead", 3)}

    try:
        wait_until(end, 40, "the end of all retries")
        assert {("once", "waiting", 1), ("never", "waiting", 2)} <= seen
        assert not any(key == "fine" for key, _, _ in seen)
        found = reader.read(interest).retries.of("stock")
        assert (found.dead, found.most_times, found.orderly, found.more) == (1, 2, False, 0)
        assert found.levels == tuple(LEVELS.split())
        drawing = KINDS["retries"].draw(reader.read(interest).still(), {"group": "stock"}, STILL)
        assert "0 waiting now, 0 being tried again now, 2 consumed after all, 1 in the DLQ" in drawing.title
    finally:
        stock.shutdown()


def test_orderly_consumers_are_said_to_be_so(crowded, reader, send):
    with Admin(crowded.namesrv) as admin:
        admin.create_topic("steps")
    send("steps", "order-1")
    orderly = consumer(crowded, "signing", "steps", lambda _key, _times: False, orderly=True)
    interest = Interest(retries=frozenset({"signing"}))
    try:
        wait_until(
            lambda: reader.read(interest).retries.of("signing").orderly, 20, "an answer of the consumer"
        )
        drawing = KINDS["retries"].draw(reader.read(interest), {"group": "signing"}, Looker(live=True))
        assert "Its consumers are orderly" in drawing.svg
        assert drawing.rows == ()
    finally:
        orderly.shutdown()


def test_a_group_that_nobody_knows_has_no_retries_and_no_gaps(reader):
    snapshot = reader.read(Interest(retries=frozenset({"nobody"})))
    assert snapshot.gaps == ()
    assert snapshot.retries.of("nobody").messages == ()


def test_a_thousand_topics_are_read_in_a_moment_and_those_with_a_backlog_come_first(crowded, reader, send):
    stem = f"many-{uuid.uuid4().hex[:6]}"
    broker = crowded.nodes["broker-a"].address
    for number in range(TOPICS):
        fields = {
            "topic": f"{stem}-{number:04}",
            "defaultTopic": "TBW102",
            "readQueueNums": "4",
            "writeQueueNums": "4",
            "perm": "6",
            "topicFilterType": "SINGLE_TAG",
            "topicSysFlag": "0",
            "order": "false",
        }
        assert ask(broker, CREATE_TOPIC, fields).code == SUCCESS
    with Admin(crowded.namesrv) as admin:
        wait_until(lambda: len(admin.topics()) >= TOPICS, 60, "the NameServer's knowing them all")
        admin.create_group("slow")
    for _ in range(3):
        send(f"{stem}-0700")
    for queue_id in range(4):
        fields = {
            "consumerGroup": "slow",
            "topic": f"{stem}-0700",
            "queueId": str(queue_id),
            "commitOffset": "0",
        }
        assert ask(broker, UPDATE_CONSUMER_OFFSET, fields).code == SUCCESS
    interest = Interest(catalogue=True)
    times = []

    def everything_counted():
        began = time.perf_counter()
        topics = reader.read(interest).catalogue.topics
        times.append(time.perf_counter() - began)
        return len(topics) >= TOPICS and all(topic.messages is not None for topic in topics)

    wait_until(everything_counted, 60, "every topic's turn")
    assert median(times) < 0.1 * 3  # 45 ms on an idle machine
    drawing = KINDS["topics"].draw(reader.read(interest), {"match": stem}, Looker(live=True))
    assert drawing.rows[0] == (f"{stem}-0700", "4", "3", "1", "3")
    assert f"and {TOPICS - 12:,} more topics, none with a backlog" in drawing.text


def test_the_backlogs_numbers_are_the_brokers(crowded, reader, send):
    with Admin(crowded.namesrv) as admin:
        admin.create_topic("lagging", queues=2)
        admin.create_group("late")
        for _ in range(5):
            send("lagging")
        broker = crowded.nodes["broker-a"].address
        for queue_id in range(2):
            fields = {
                "consumerGroup": "late",
                "topic": "lagging",
                "queueId": str(queue_id),
                "commitOffset": "1",
            }
            assert ask(broker, UPDATE_CONSUMER_OFFSET, fields).code == SUCCESS
        told = sum(each.lag for each in admin.consume_stats("late", "lagging").values())
    what = {"topic": "lagging"}
    drawing = KINDS["backlog"].draw((reader.read(KINDS["backlog"].interest(what)),), what, Looker(live=True))
    assert drawing.rows == (("late", "5", "2", str(told), "0", str(told)),)
    assert told == 3
