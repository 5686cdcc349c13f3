"""Messages that are made and never sent: what they hold, and that a million of them leave nothing behind."""

import ctypes
import gc

import psutil
import pytest
from rocketmq import client
from rocketmq.exceptions import NullPointerException, RocketMQException
from rocketmq.ffi import dll

pytestmark = pytest.mark.unit


def make(number):
    message = client.Message("orders")
    message.set_keys(f"key-{number}")
    message.set_tags("tag")
    message.set_property("number", str(number))
    message.set_body(b"x" * 100)


def test_a_million_messages_leave_no_growth_behind():
    process = psutil.Process()
    for number in range(100_000):
        make(number)
    gc.collect()
    before = process.memory_info().rss
    for number in range(1_000_000):
        make(number)
    gc.collect()
    assert process.memory_info().rss - before < 5 * 1024 * 1024


def test_a_made_message_reads_back_as_it_was_made():
    message = client.Message("订单")
    message.set_keys("k1 k2")
    message.set_tags("t")
    message.set_property("p", "v")
    message.set_delay_time_level(3)
    message.set_body("a\0b")
    seen = client.ReceivedMessage(message._handle)
    assert (seen.topic, seen.keys, seen.tags, seen["p"], seen.body) == ("订单", b"k1 k2", b"t", b"v", b"a\0b")
    assert (seen.delay_time_level, seen.queue_id, seen.reconsume_times, seen.store_size) == (3, 0, 0, 0)
    assert (seen.id, seen.queue_offset, seen.commit_log_offset) == ("", 0, 0)


def test_a_batch_keeps_a_copy_of_what_was_added():
    message = client.Message("topic")
    message.set_body(b"first")
    batch = dll.CreateBatchMessage()
    assert dll.AddMessage(batch, message) == 0
    message.set_body(b"second")
    assert [kept.body for kept in batch.messages] == [b"first"]
    assert dll.DestroyBatchMessage(batch) == 0
    assert batch.messages == []


def test_null_handles_are_null_pointers_and_strangers_are_ctypes_business():
    assert dll.SetMessageKeys(None, b"k") == 1
    assert dll.GetMessageBody(None) is None
    assert dll.DestroyMessage(None) == 1
    assert dll.AddMessage(dll.CreateBatchMessage(), None) == 1
    with pytest.raises(ctypes.ArgumentError):
        dll.GetMessageBody("a string")
    with pytest.raises(ctypes.ArgumentError):
        dll.SetMessageKeys(dll.CreateBatchMessage(), b"k")
    with pytest.raises(ctypes.ArgumentError):
        client.Message(7)


@pytest.mark.parametrize("value", [b"\xff\xfe", "a\x01b", "a\x02b"])
def test_text_that_cannot_travel_is_refused(value):
    with pytest.raises(RocketMQException):
        client.Message("topic").set_property("p", value)


def test_a_negative_delay_level_is_refused():
    with pytest.raises(RocketMQException, match="delay level"):
        client.Message("topic").set_delay_time_level(-1)
    with pytest.raises(ctypes.ArgumentError):
        client.Message("topic").set_delay_time_level("3")


def test_a_destroyed_message_is_null():
    message = client.Message("topic")
    dll.DestroyMessage(message)
    with pytest.raises(NullPointerException, match="destroyed"):
        message.set_body(b"late")
