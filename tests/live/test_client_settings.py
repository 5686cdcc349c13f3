"""What the constructors of rmqlab.client set is what the Java client runs with, and what it does."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import os
import time

import pytest
from classic_kit import wait_until

pytestmark = pytest.mark.live


def settings_of(java, *getters):
    return tuple(getattr(java, getter)() for getter in getters)


PRODUCER = (
    "getSendMsgTimeout",
    "getRetryTimesWhenSendFailed",
    "getSendMsgMaxTimeoutPerRequest",
    "getRetryTimesWhenSendAsyncFailed",
    "isRetryAnotherBrokerWhenNotStoreOK",
    "getCompressMsgBodyOverHowmuch",
    "getCompressLevel",
    "getMaxMessageSize",
    "isEnableTrace",
    "isEnableBackpressureForAsyncMode",
)
CONSUMER = (
    "getConsumeThreadMin",
    "getConsumeThreadMax",
    "getConsumeMessageBatchMaxSize",
    "getMaxReconsumeTimes",
    "getSuspendCurrentQueueTimeMillis",
    "isEnableTrace",
)


def test_a_producers_defaults_are_rocketmqs(client):
    from rmqlab.client.java import java_class

    theirs = java_class("org.apache.rocketmq.client.producer.DefaultMQProducer")("any")
    ours = client.producer()._handle.java()
    assert settings_of(ours, *PRODUCER) == settings_of(theirs, *PRODUCER)


def test_a_producer_runs_with_what_it_was_given(client):
    java = client.producer(
        timeout_ms=1500,
        retries=0,
        attempt_timeout_ms=700,
        async_retries=5,
        retry_another_broker=True,
        compress_over=99,
        compress_level=9,
        max_message_size=1000,
        trace=True,
        backpressure=20,
        route_poll_ms=30_000,
        instance="shelf-7",
    )._handle.java()
    assert settings_of(java, *PRODUCER) == (1500, 0, 700, 5, True, 99, 9, 1000, True, True)
    assert int(java.getPollNameServerInterval()) == 30_000
    assert "shelf-7" in str(java.buildMQClientId())


def test_a_consumers_defaults_are_rocketmqs(client):
    from rmqlab.client.java import java_class

    theirs = java_class("org.apache.rocketmq.client.consumer.DefaultMQPushConsumer")("any")
    consumer, _ = client.consumer(client.topic(), from_where=client.api.ConsumeFromWhere.LAST)
    ours = consumer._handle._java
    assert settings_of(ours, *CONSUMER) == settings_of(theirs, *CONSUMER)
    assert str(ours.getConsumeFromWhere()) == str(theirs.getConsumeFromWhere())
    pull = java_class("org.apache.rocketmq.client.consumer.DefaultLitePullConsumer")("any")
    assert (pull.isAutoCommit(), pull.getPullBatchSize()) == (client.pull().auto_commit, 10)


def test_a_consumer_runs_with_what_it_was_given(client):
    consumer, _ = client.consumer(
        client.topic(), threads=3, batch_size=7, max_reconsume_times=2, suspend_ms=50, trace=True
    )
    assert settings_of(consumer._handle._java, *CONSUMER) == (3, 3, 7, 2, 50, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout_ms": 0},
        {"retries": -1},
        {"attempt_timeout_ms": 0},
        {"compress_level": 10},
        {"max_message_size": 0},
        {"backpressure": 9},
        {"route_poll_ms": 0},
    ],
    ids=str,
)
def test_a_producers_numbers_out_of_range_are_refused_by_name(client, wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        client.api.Producer("any", **wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"threads": 0}, {"batch_size": 1025}, {"suspend_ms": 5}, {"retry_delay_level": -2}],
    ids=str,
)
def test_a_consumers_numbers_out_of_range_are_refused_by_name(client, wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        client.api.PushConsumer("any", **wrong)


def test_bodies_above_the_threshold_travel_compressed(client):
    topic = client.topic(queues=1)
    body = b"the same again " * 1000
    sizes = []
    for settings in ({}, {"compress_over": 100_000}):
        producer = client.producer(**settings)
        producer.send(client.api.Message(topic, body))
    _, inbox = client.consumer(topic, orderly=True)
    sizes = [message.store_size for message in inbox.wait(2)]
    assert sizes[0] < 1000 < len(body) < sizes[1]
    assert inbox.bodies() == [body, body]


def test_a_body_that_does_not_compress_travels_too(client):
    topic, body = client.topic(), os.urandom(100_000)
    client.send(topic, body)
    _, inbox = client.consumer(topic)
    assert inbox.wait(1)[0].body == body


def test_a_send_ends_within_its_time_out(client):
    import rocketmq.exceptions

    topic = client.topic()
    producer = client.producer(retries=0)
    producer.send(client.api.Message(topic, "the route is known now"))
    broker = client.cluster.nodes["broker-a"]
    broker.pause()
    try:
        began = time.monotonic()
        with pytest.raises(rocketmq.exceptions.ProducerSendSyncFailed, match=r"(?i)timeout|time-out"):
            producer.send(client.api.Message(topic, "x"), timeout_ms=400)
        assert 0.3 < time.monotonic() - began < 3
    finally:
        broker.resume()


def test_traces_go_to_the_topic_that_is_named_and_none_without_it(client):
    traces = client.topic(queues=1)
    topic = client.topic()
    producer = client.own(client.api.Producer(client.name("PID"), namesrv=client.namesrv, trace=traces))
    with producer:
        traced = producer.send(client.api.Message(topic, "traced"))
        (plain,) = client.send(topic, "not traced")
    found = wait_until(lambda: client.admin.messages(traces), what="a trace")
    text = b"".join(message.body for message in found).decode()
    assert traced.msg_id in text
    assert plain.msg_id not in text


def test_no_name_server_and_a_group_that_rocketmq_refuses_are_said_at_the_start(client):
    import rocketmq.exceptions

    api, errors = client.api, rocketmq.exceptions
    for kind, error in (
        (api.Producer, errors.ProducerStartFailed),
        (api.PushConsumer, errors.PushConsumerStartFailed),
        (api.PullConsumer, errors.ConsumerException),
    ):
        with pytest.raises(error, match="no NameServer address"):
            kind("any").start()
        with pytest.raises(error, match="illegal characters"):
            kind("a b", namesrv=client.namesrv).start()
