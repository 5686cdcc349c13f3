"""The classic client's contract, sending: every public method, and every way to be told no."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import ctypes
import os
import threading

import pytest

pytestmark = pytest.mark.live

MB = 1024 * 1024


def test_sync_send_says_status_id_and_offset(classic):
    topic = classic.topic(stem="sync")
    producer = classic.producer()
    first = producer.send_sync(classic.message(topic, b"1"))
    assert first.status is classic.api.SendStatus.OK
    assert len(first.msg_id) == len(first.msg_id.strip()) >= 32
    assert first.offset == 0


def test_each_send_of_one_message_has_an_id_of_its_own(classic):
    producer = classic.producer()
    message = classic.message(classic.topic(stem="twice"))
    assert producer.send_sync(message).msg_id != producer.send_sync(message).msg_id


@pytest.mark.parametrize(
    "body",
    [b"plain", b"\x00", b"a\x00b\x00\x00", bytes(range(256)) * 40, "重阳节快乐".encode(), b"\xff\xfe\x80"],
    ids=["plain", "one NUL", "NULs", "every byte, compressed", "Chinese", "not UTF-8"],
)
def test_a_body_arrives_byte_for_byte(classic, body):
    topic = classic.topic(stem="body")
    _, inbox = classic.consumer(topic)
    sent = classic.producer().send_sync(classic.message(topic, body))
    (received,) = inbox.wait(1)
    assert received.body == body
    assert bytes(received) == body
    assert received.id == sent.msg_id


def test_text_bodies_are_sent_as_utf_8(classic):
    topic = classic.topic(stem="text")
    _, inbox = classic.consumer(topic)
    classic.producer().send_sync(classic.message(topic, "订单 №1"))
    assert str(inbox.wait(1)[0]) == "订单 №1"


def test_an_empty_body_is_refused_with_the_reason(classic):
    producer = classic.producer()
    for message in (
        classic.message(classic.topic(stem="empty"), b""),
        classic.api.Message(classic.topic(stem="no-body")),
    ):
        with pytest.raises(classic.errors.ProducerSendSyncFailed, match="body"):
            producer.send_sync(message)


def test_a_body_of_4_mb_arrives_and_one_byte_more_is_refused_with_the_limit(classic):
    topic = classic.topic(stem="large")
    _, inbox = classic.consumer(topic)
    producer = classic.producer(timeout=10_000, compress_level=1)
    body = bytes(range(256)) * (4 * MB // 256)
    producer.send_sync(classic.message(topic, body))
    assert inbox.wait(1)[0].body == body
    with pytest.raises(classic.errors.ProducerSendSyncFailed, match=r"over max value.*4194304"):
        producer.send_sync(classic.message(topic, body + b"!"))


def test_what_the_broker_refuses_carries_the_brokers_reason(classic):
    producer = classic.producer(timeout=10_000, max_message_size=8 * MB)
    message = classic.message(classic.topic(stem="too-large"), os.urandom(4 * MB + 1))
    with pytest.raises(classic.errors.ProducerSendSyncFailed, match=r"(?i)broker.*code \d+.*message"):
        producer.send_sync(message)


def test_keys_tags_and_properties_arrive(classic):
    topic = classic.topic(stem="props")
    _, inbox = classic.consumer(topic)
    message = classic.message(topic)
    message.set_keys("订单-1")
    message.set_tags("标签")
    message.set_property("colour", "blue")
    message.set_property("城市", "杭州")
    classic.producer().send_sync(message)
    (received,) = inbox.wait(1)
    assert (received.keys.decode(), received.tags.decode()) == ("订单-1", "标签")
    assert (received["colour"], received.get_property("城市").decode()) == (b"blue", "杭州")
    from rocketmq.consts import MessageProperty

    assert received[MessageProperty.KEYS].decode() == "订单-1"
    assert not received["never set"]


def test_a_property_that_would_break_the_wire_format_is_refused(classic):
    with pytest.raises(classic.errors.RocketMQException, match="U\\+0001"):
        classic.message("any", note="a\x01b")


def test_none_is_a_null_pointer_and_a_wrong_type_is_ctypes_business(classic):
    classic.not_for_ours("they raise TypeError: tests/unit/test_client_message.py")
    message = classic.api.Message("any")
    with pytest.raises(classic.errors.NullPointerException, match="keys"):
        message.set_keys(None)
    with pytest.raises(ctypes.ArgumentError):
        message.set_body(3.5)
    with pytest.raises(classic.errors.NullPointerException):
        classic.producer().send_sync(None)


def test_oneway_sends_arrive(classic):
    topic = classic.topic(stem="oneway")
    _, inbox = classic.consumer(topic)
    producer = classic.producer()
    producer.send_sync(classic.message(topic, b"makes the topic"))
    for number in range(50):
        producer.send_oneway(classic.message(topic, b"%d" % number))
    inbox.wait(51)
    assert set(inbox.bodies()) == {b"makes the topic", *(b"%d" % number for number in range(50))}


def test_one_sharding_key_is_one_queue_in_order(classic):
    topic = classic.topic(stem="sharding")
    _, inbox = classic.consumer(topic, orderly=True)
    producer = classic.producer(orderly=True)
    steps = [b"create", b"pay", b"deliver", b"sign"]
    orders = [f"order-{number}" for number in range(8)]
    for step in steps:
        for order in orders:
            sent = producer.send_orderly_with_sharding_key(classic.message(topic, step, order=order), order)
            assert sent.status is classic.api.SendStatus.OK
    received = inbox.wait(len(orders) * len(steps))
    assert len({message.queue_id for message in received}) > 1
    for order in orders:
        own = [message for message in received if message["order"] == order.encode()]
        assert [message.body for message in own] == steps
        assert len({message.queue_id for message in own}) == 1


def test_a_delay_level_delays(classic):
    topic = classic.topic(stem="delay")
    _, inbox = classic.consumer(topic)
    producer = classic.producer()
    producer.send_sync(classic.message(topic, b"now"))
    inbox.wait(1)
    message = classic.message(topic, b"later")
    message.set_delay_time_level(2)
    producer.send_sync(message)
    later = inbox.wait(2)[1]
    assert later.delay_time_level == 2
    assert 1900 <= later.store_timestamp - later.born_timestamp <= 5000


def test_a_batch_arrives_whole(classic):
    dll, topic = classic.dll, classic.topic(stem="batch")
    _, inbox = classic.consumer(topic)
    producer = classic.producer()
    batch = dll.CreateBatchMessage()
    for number in range(10):
        assert dll.AddMessage(batch, classic.message(topic, b"%d" % number)) == classic.ffi._CStatus.OK
    result = classic.ffi._CSendResult()
    assert dll.SendBatchMessage(producer._handle, batch, ctypes.pointer(result)) == classic.ffi._CStatus.OK
    assert result.sendStatus == 0
    assert result.msgId.split(b",")[0]
    assert dll.DestroyBatchMessage(batch) == classic.ffi._CStatus.OK
    inbox.wait(10)
    assert sorted(inbox.bodies()) == [b"%d" % number for number in range(10)]


def test_ten_producers_in_threads_lose_nothing(classic):
    topic = classic.topic(stem="threads")
    _, inbox = classic.consumer(topic)
    failures = []

    def run(index):
        try:
            producer = classic.producer()
            for number in range(20):
                producer.send_sync(classic.message(topic, b"%d/%d" % (index, number)))
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    inbox.wait(200, seconds=40)
    assert len(set(inbox.bodies())) == 200


def test_errors_belong_to_the_thread_that_failed(classic):
    dll, producer = classic.dll, classic.producer()
    with pytest.raises(classic.errors.ProducerSendSyncFailed):
        producer.send_sync(classic.api.Message("no-body"))
    seen = []
    thread = threading.Thread(target=lambda: seen.append(dll.GetLatestErrorMessage()))
    thread.start()
    thread.join(10)
    assert seen == [None]
    assert b"body" in dll.GetLatestErrorMessage()


def test_byte_bodies_have_a_length(classic):
    message = classic.api.Message("any")
    assert classic.dll.SetByteMessageBody(message, b"a\0bcd", 3) == 0
    assert classic.dll.GetMessageBody(message._handle) == b"a\0b"
    assert classic.dll.SetByteMessageBody(message, b"short", 6) != 0
