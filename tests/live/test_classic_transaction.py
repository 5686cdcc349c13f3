"""The classic client's contract, transactions: commit, rollback, unknown, check-back, failures in each."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import ctypes
import uuid

import pytest
from classic_kit import wait_until

pytestmark = pytest.mark.live


def transaction_producer(classic, checker, **settings):
    producer = classic.own(classic.api.TransactionMQProducer(classic.name("TPID"), checker, **settings))
    producer.set_name_server_address(classic.namesrv)
    producer.start()
    return producer


def test_commit_shows_the_message_and_rollback_never_does(classic):
    status, topic = classic.api.TransactionStatus, classic.topic()
    _, inbox = classic.consumer(topic)
    producer = transaction_producer(classic, lambda _: status.ROLLBACK)
    seen = []

    def execute(message, outcome):
        seen.append((message.topic, message.body, message.id, message["order"]))
        return outcome

    gone = producer.send_message_in_transaction(
        classic.message(topic, b"no", order="1"), execute, status.ROLLBACK
    )
    kept = producer.send_message_in_transaction(
        classic.message(topic, b"yes", order="2"), execute, status.COMMIT
    )
    assert seen == [(topic, b"no", gone.msg_id, b"1"), (topic, b"yes", kept.msg_id, b"2")]
    assert kept.status is classic.api.SendStatus.OK
    (received,) = inbox.wait(1)
    assert (received.body, received.id) == (b"yes", kept.msg_id)


def test_an_unknown_outcome_is_asked_for_and_the_answer_counts(classic):
    status, topic = classic.api.TransactionStatus, classic.topic()
    _, inbox = classic.consumer(topic)
    asked = []

    def check(message):
        asked.append((message.topic, message.body, message.id, message.keys))
        return status.COMMIT

    producer = transaction_producer(classic, check)
    message = classic.message(topic, "待定")
    message.set_keys("order-7")
    sent = producer.send_message_in_transaction(message, lambda *_: status.UNKNOWN)
    assert inbox.wait(1, seconds=30)[0].body.decode() == "待定"
    assert asked[0] == (topic, "待定".encode(), sent.msg_id, b"order-7")


def test_a_local_transaction_that_raises_reaches_the_sender_and_is_checked_later(classic):
    from rmqlab import client

    status, topic = classic.api.TransactionStatus, classic.topic()
    _, inbox = classic.consumer(topic)
    producer = transaction_producer(classic, lambda _: status.COMMIT)
    before = client.callback_error_count()
    reason = uuid.uuid4().hex

    def execute(*_):
        raise KeyError(reason)

    with pytest.raises(KeyError, match=reason):
        producer.send_message_in_transaction(classic.message(topic, b"checked"), execute)
    assert client.callback_error_count() == before + 1
    assert inbox.wait(1, seconds=30)[0].body == b"checked"


def test_a_local_transaction_without_an_answer_is_undecided(classic):
    topic = classic.topic()
    producer = transaction_producer(classic, lambda _: classic.api.TransactionStatus.ROLLBACK)
    with pytest.raises(ValueError, match="TransactionStatus"):
        producer.send_message_in_transaction(classic.message(topic), lambda *_: None)


def test_a_check_that_raises_is_kept_and_asked_again(classic):
    from rmqlab import client

    status, topic = classic.api.TransactionStatus, classic.topic()
    _, inbox = classic.consumer(topic)
    calls = []

    def check(message):
        calls.append(message.id)
        if len(calls) == 1:
            raise RuntimeError("the database is away")
        return status.COMMIT

    producer = transaction_producer(classic, check)
    sent = producer.send_message_in_transaction(classic.message(topic), lambda *_: status.UNKNOWN)
    inbox.wait(1, seconds=30)
    assert calls[:2] == [sent.msg_id, sent.msg_id]
    assert "the database is away" in [str(kept.error) for kept in client.callback_errors()]


def test_the_local_transaction_does_not_run_when_the_half_message_is_refused(classic):
    producer = transaction_producer(classic, lambda _: 0, timeout=2000, compress_level=9, max_message_size=10)
    ran = []
    with pytest.raises(classic.errors.RocketMQException, match="MAX: 10"):
        producer.send_message_in_transaction(classic.message("any", b"x" * 11), lambda *_: ran.append(1))
    assert ran == []


def test_a_transaction_producer_sends_plain_messages_too_and_ends_with_its_block(classic):
    topic = classic.topic()
    producer = classic.api.TransactionMQProducer(classic.name("TPID"), lambda _: 0)
    producer.set_name_server_address(classic.namesrv)
    with producer:
        assert producer.send_sync(classic.message(topic)).status == 0
    with pytest.raises(classic.errors.RocketMQException, match="shut down"):
        producer.send_message_in_transaction(classic.message(topic), lambda *_: 0)


def test_a_plain_producer_cannot_send_in_a_transaction(classic):
    producer = classic.producer()
    result = ctypes.pointer(classic.ffi._CSendResult())
    with pytest.raises(ctypes.ArgumentError):
        classic.dll.SendMessageTransaction(
            producer._handle, classic.message("any"), lambda *_: 0, None, result
        )


def test_user_data_reaches_the_callbacks(classic):
    status, topic = classic.api.TransactionStatus, classic.topic()
    producer = transaction_producer(classic, lambda _: status.COMMIT, user_args=None)
    seen = []
    arguments = {"order": 7}
    producer.send_message_in_transaction(
        classic.message(topic), lambda _, data: seen.append(data) or status.COMMIT, arguments
    )
    wait_until(lambda: seen, what="the local transaction")
    assert seen[0] is arguments
