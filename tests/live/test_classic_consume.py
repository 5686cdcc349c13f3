"""The classic client's contract, receiving: what a message says; who gets it, how often, in what order."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import threading
import time

import pytest
from classic_kit import wait_until

pytestmark = pytest.mark.live


def test_a_message_says_where_it_is_stored_and_when(classic):
    topic = classic.topic(queues=1)
    producer = classic.producer()
    sent = [producer.send_sync(classic.message(topic, b"%d" % number)) for number in range(3)]
    _, inbox = classic.consumer(topic)
    now_ms = time.time() * 1000
    last = max(inbox.wait(3), key=lambda message: message.queue_offset)
    assert (last.topic, last.queue_id, last.queue_offset) == (topic, 0, 2)
    assert last.id == sent[-1].msg_id
    assert abs(last.born_timestamp - now_ms) < 60_000
    assert last.store_timestamp >= last.born_timestamp
    assert last.store_size > len(last.body)
    assert last.commit_log_offset > 0
    assert (last.reconsume_times, last.delay_time_level, last.prepared_transaction_offset) == (0, 0, 0)
    assert topic in repr(last)
    assert last.id in repr(last)


def test_what_is_sent_once_start_has_returned_arrives(classic):
    producer = classic.producer()
    for _ in range(10):
        topic = classic.topic(queues=8)
        _, inbox = classic.consumer(topic)
        sent = [producer.send_sync(classic.message(topic)).msg_id for _ in range(16)]
        inbox.wait(16)
        assert {message.id for message in inbox.messages} == set(sent)


def test_a_tag_expression_chooses_messages(classic):
    topic = classic.topic()
    _, chosen = classic.consumer(topic, expression="pay || sign")
    _, every = classic.consumer(topic)
    producer = classic.producer()
    for tag in ("create", "pay", "deliver", "sign"):
        message = classic.message(topic, tag)
        message.set_tags(tag)
        producer.send_sync(message)
    every.wait(4)
    chosen.wait(2)
    assert sorted(chosen.bodies()) == [b"pay", b"sign"]


def test_reconsume_later_brings_the_message_again_and_counts(classic):
    topic = classic.topic()
    answers = iter([classic.api.ConsumeStatus.RECONSUME_LATER])
    success = classic.api.ConsumeStatus.CONSUME_SUCCESS
    _, inbox = classic.consumer(topic, lambda _: next(answers, success))
    classic.producer().send_sync(classic.message(topic, b"again"))
    first, second = inbox.wait(2)
    assert (first.reconsume_times, second.reconsume_times) == (0, 1)
    assert first.body == second.body == b"again"
    assert second.topic == topic


@pytest.mark.parametrize(
    "answer",
    [lambda _: 1 / 0, lambda _: None, lambda _: "CONSUME_SUCCESS"],
    ids=["raises", "forgets to return", "returns a word"],
)
def test_a_callback_that_fails_gets_the_message_again_and_its_error_is_kept(classic, answer):
    from rmqlab import client

    topic = classic.topic()
    success = classic.api.ConsumeStatus.CONSUME_SUCCESS
    _, inbox = classic.consumer(
        topic, lambda message: answer(message) if len(inbox.messages) < 2 else success
    )
    before = client.callback_error_count()
    sent = classic.producer().send_sync(classic.message(topic))
    inbox.wait(2)
    assert client.callback_error_count() == before + 1
    kept = client.callback_errors()[-1]
    assert (kept.topic, kept.message_id) == (topic, sent.msg_id)
    assert isinstance(kept.error, ZeroDivisionError | ValueError)
    assert kept.error.__traceback__ is not None


def test_a_callback_error_is_logged_once_with_what_follows(classic, caplog):
    topic = classic.topic()
    success = classic.api.ConsumeStatus.CONSUME_SUCCESS
    _, inbox = classic.consumer(topic, lambda _: 1 / 0 if len(inbox.messages) < 2 else success)
    classic.producer().send_sync(classic.message(topic))
    inbox.wait(2)
    (record,) = [record for record in caplog.records if record.name == "rmqlab.client"]
    assert "ZeroDivisionError" in record.getMessage()
    assert "delivered again" in record.getMessage()


def test_messages_can_be_kept_and_read_after_the_callback_and_after_shutdown(classic):
    topic = classic.topic()
    consumer, inbox = classic.consumer(topic)
    producer = classic.producer()
    for number in range(20):
        message = classic.message(topic, b"body %d\x00" % number)
        message.set_keys(f"key-{number}")
        producer.send_sync(message)
    kept = inbox.wait(20)
    consumer.shutdown()
    producer.shutdown()
    assert sorted((message.body, message.keys) for message in kept) == sorted(
        (b"body %d\x00" % number, b"key-%d" % number) for number in range(20)
    )


def test_two_consumers_of_a_group_share_and_two_groups_get_all(classic):
    topic, group = classic.topic(queues=4), classic.name("CID")
    _, first = classic.consumer(topic, group=group)
    _, second = classic.consumer(topic, group=group)
    _, other = classic.consumer(topic)
    producer = classic.producer()
    total = 0

    def both_have_some():
        nonlocal total
        producer.send_sync(classic.message(topic, b"%d" % total))
        total += 1
        return first.messages and second.messages

    wait_until(both_have_some, what="sharing between two consumers")
    wait_until(lambda: len(set(first.bodies() + second.bodies())) == total, what="arrival in the group")
    other.wait(total)


def test_broadcasting_gives_every_consumer_of_a_group_every_message(classic):
    topic, group = classic.topic(), classic.name("CID")
    model = classic.ffi.MessageModel.BROADCASTING
    inboxes = [
        classic.consumer(
            topic,
            group=group,
            message_model=model,
            before_start=lambda consumer, index=index: consumer.set_instance_name(f"node-{index}"),
        )[1]
        for index in range(2)
    ]
    producer = classic.producer()
    bodies = [b"%d" % number for number in range(8)]
    for body in bodies:
        producer.send_sync(classic.message(topic, body))
    for inbox in inboxes:
        inbox.wait(8)
        assert sorted(inbox.bodies()) == bodies


def test_two_broadcasting_consumers_without_instance_names_are_refused_with_the_reason(classic):
    topic, group = classic.topic(), classic.name("CID")
    model = classic.ffi.MessageModel.BROADCASTING
    classic.consumer(topic, group=group, message_model=model)
    with pytest.raises(classic.errors.PushConsumerStartFailed, match=group):
        classic.consumer(topic, group=group, message_model=model)


def test_an_orderly_consumer_waits_for_a_message_that_fails(classic):
    topic = classic.topic(queues=1)
    failing = iter([1, 1])
    later, success = classic.api.ConsumeStatus.RECONSUME_LATER, classic.api.ConsumeStatus.CONSUME_SUCCESS
    producer = classic.producer(orderly=True)
    for step in (b"1", b"2", b"3"):
        producer.send_orderly_with_sharding_key(classic.message(topic, step), "one")
    _, inbox = classic.consumer(
        topic, lambda message: later if message.body == b"2" and next(failing, 0) else success, orderly=True
    )
    inbox.wait(5)
    assert inbox.bodies() == [b"1", b"2", b"2", b"2", b"3"]


def test_the_thread_count_is_how_many_callbacks_run_at_a_time(classic):
    topic = classic.topic()
    running, peak, lock = [0], [0], threading.Lock()
    gate = threading.Event()

    def slow(_):
        with lock:
            running[0] += 1
            peak[0] = max(peak[0], running[0])
        gate.wait(5)
        with lock:
            running[0] -= 1
        return 0

    _, inbox = classic.consumer(topic, slow, before_start=lambda consumer: consumer.set_thread_count(3))
    producer = classic.producer()
    for _ in range(12):
        producer.send_sync(classic.message(topic))
    inbox.wait(3)
    gate.set()
    inbox.wait(12)
    assert peak == [3]


def test_in_a_batch_only_the_messages_from_the_failed_one_on_come_again(classic):
    topic = classic.topic(queues=1)
    producer = classic.producer()
    for number in range(6):
        producer.send_sync(classic.message(topic, b"%d" % number))
    failing = iter([1])

    def answer(message):
        return 1 if message.body == b"3" and next(failing, 0) else 0

    def one_by_one(consumer):
        consumer.set_message_batch_max_size(6)
        consumer.set_thread_count(1)

    _, inbox = classic.consumer(topic, answer, before_start=one_by_one)
    wait_until(lambda: b"5" in inbox.bodies() and inbox.bodies().count(b"3") == 2, what="redelivery")
    assert [inbox.bodies().count(b"%d" % number) for number in range(3)] == [1, 1, 1]
