"""A message's trace: what its producer and its consumer noted, as RocketMQ's own reader has it."""

from __future__ import annotations

import time
import uuid

import pytest

from rmqlab.client import ConsumeStatus, Message, Producer, PushConsumer
from rmqlab.client.java import java_class
from rmqlab.client.traces import TRACE_TOPIC, parse

pytestmark = pytest.mark.live
DEADLINE_S = 30  # clients write their traces in the background, every five seconds at the latest


def until(ask, good):
    deadline = time.monotonic() + DEADLINE_S
    while not good(seen := ask()):
        assert time.monotonic() < deadline, f"saw {seen}"
        time.sleep(0.1)
    return seen


@pytest.fixture(scope="module")
def admin(brisk_cluster):
    return brisk_cluster.admin


@pytest.fixture(scope="module")
def traced(brisk_cluster, admin):
    """Send a message and consume it, both traced; return its id, its topic and the consumer's group."""
    topic, group = (f"traced-{uuid.uuid4().hex[:8]}" for _ in range(2))
    admin.create_topic(topic, queues=1)
    with Producer("shop", namesrv=brisk_cluster.namesrv, trace=True) as producer:
        sent = producer.send_sync(Message(topic, b"one", keys="order-1", tags="pay"))
        plain = producer.send_sync(Message(topic, b"two"))
        with PushConsumer(group, namesrv=brisk_cluster.namesrv, trace=True) as consumer:
            consumer.subscribe(topic, lambda _message: ConsumeStatus.CONSUME_SUCCESS)
            consumer.start()
            until(lambda: admin.trace(plain.msg_id), lambda seen: len(seen) == 3)
            until(lambda: admin.trace(sent.msg_id), lambda seen: len(seen) == 3)
    return sent.msg_id, topic, group


def test_it_has_the_send_and_what_came_of_it(traced, admin):
    msg_id, topic, group = traced
    send, before, after = admin.trace(msg_id)
    assert (send.kind, send.group, send.topic, send.keys, send.tags) == (
        "Pub",
        "shop",
        topic,
        "order-1",
        "pay",
    )
    assert (send.success, send.detail) == (True, "normal")
    assert (before.kind, before.group, before.keys, before.detail) == ("SubBefore", group, "order-1", "0")
    assert (after.kind, after.request, after.success, after.detail) == (
        "SubAfter",
        before.request,
        True,
        "success",
    )
    assert send.at_ms <= before.at_ms


def test_its_entries_are_those_that_rocketmqs_reader_finds(traced, admin):
    msg_id, _, _ = traced
    decode = java_class("org.apache.rocketmq.client.trace.TraceDataEncoder").decoderFromTraceDataString
    stored = admin.messages_by_key(TRACE_TOPIC, msg_id)
    assert stored
    for message in stored:
        body = message.body.decode()
        theirs = [
            (str(each.getTraceType()), str(bean.getMsgId()), each.getCostTime(), each.isSuccess())
            for each in decode(body)
            for bean in each.getTraceBeans()
            if str(each.getTraceType()) != "SubBefore"
        ]
        ours = [
            (each.kind, each.msg_id, each.took_ms, each.success)
            for each in parse(body)
            if each.kind != "SubBefore"
        ]
        assert ours == theirs


def test_a_message_that_nobody_traced_has_none(admin):
    assert admin.trace("7F000001000000000000000000000000") == ()
