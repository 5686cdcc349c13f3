"""rmqlab.client's transaction producer: half message, local transaction, outcome, checks."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import subprocess
import sys

import pytest
from classic_kit import wait_until

pytestmark = pytest.mark.live


@pytest.fixture
def status(client):
    return client.api.TransactionStatus


@pytest.fixture
def transactions(client):
    """A maker of started transaction producers."""

    def make(check, **settings):
        producer = client.own(
            client.api.TransactionMQProducer(client.name("TPID"), check, namesrv=client.namesrv, **settings)
        )
        producer.start()
        return producer

    return make


def test_what_is_committed_is_delivered_and_what_is_rolled_back_is_not(client, transactions, status):
    import rocketmq.client

    topic = client.topic()
    _, inbox = client.consumer(topic)
    producer = transactions(lambda _: status.ROLLBACK)
    assert isinstance(producer, rocketmq.client.TransactionMQProducer)
    seen = []

    def execute(message, outcome):
        seen.append((message.id, message.body, message.topic))
        return outcome

    results = [
        producer.send_in_transaction(client.api.Message(topic, outcome.name), execute, outcome)
        for outcome in (status.COMMIT, status.ROLLBACK, status.COMMIT)
    ]
    assert [result.transaction_status.name for result in results] == ["COMMIT", "ROLLBACK", "COMMIT"]
    assert [each[0] for each in seen] == [result.msg_id for result in results]
    assert all(result.transaction_id for result in results)
    assert [message.body for message in inbox.wait(2)] == [b"COMMIT", b"COMMIT"]


def test_the_broker_asks_about_an_undecided_message_until_it_hears_an_outcome(client, transactions, status):
    topic = client.topic()
    _, inbox = client.consumer(topic)
    asked = []

    def check(message):
        asked.append((message.id, message.keys))
        return status.UNKNOWN if len(asked) == 1 else status.COMMIT

    producer = transactions(check)
    message = client.api.Message(topic, "undecided", keys="order-7")
    result = producer.send_in_transaction(message, lambda *_: status.UNKNOWN)
    assert result.transaction_status is status.UNKNOWN
    inbox.wait(1, seconds=30)
    assert asked[:2] == [(result.msg_id, b"order-7")] * 2


DIES = """
import sys, time
from rmqlab.client import Message, TransactionMQProducer, TransactionStatus
namesrv, group, topic = sys.argv[1:]
def place(message, number):
    print("half", flush=True)
    time.sleep(600)
    return TransactionStatus.COMMIT
with TransactionMQProducer(group, lambda _: TransactionStatus.UNKNOWN, namesrv=namesrv) as producer:
    producer.send_in_transaction(Message(topic, "teapot", keys="order-1"), place, 1)
"""


def test_a_half_message_of_a_dead_producer_is_settled_by_another_of_its_group(client, status):
    topic, group = client.topic(), client.name("TPID")
    _, inbox = client.consumer(topic)
    command = [sys.executable, "-c", DIES, client.namesrv, group, topic]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as unlucky:
        assert unlucky.stdout.readline() == "half\n"
        unlucky.kill()
    assert client.admin.messages(topic) == []
    asked = []

    def check(message):
        asked.append(message.keys)
        return status.COMMIT

    heir = client.own(client.api.TransactionMQProducer(group, check, namesrv=client.namesrv))
    heir.start()
    heir.queues(topic)  # its heartbeats go to brokers of topics that it has touched, and to no other
    assert wait_until(lambda: asked, 60.0, "a question")[0] == b"order-1"
    assert [message.body for message in inbox.wait(1)] == [b"teapot"]


def test_what_the_local_transaction_raises_reaches_the_sender_and_the_broker_asks(
    client, transactions, status
):
    topic = client.topic()
    _, inbox = client.consumer(topic)
    producer = transactions(lambda _: status.COMMIT)
    with pytest.raises(ZeroDivisionError):
        producer.send_in_transaction(client.api.Message(topic, "x"), lambda *_: 1 / 0)
    inbox.wait(1, seconds=30)
    assert [type(kept.error) for kept in producer.errors] == [ZeroDivisionError]


def test_what_a_check_raises_is_kept_and_the_broker_asks_again(client, transactions, status):
    topic = client.topic()
    _, inbox = client.consumer(topic)
    asked = []

    def check(message):
        asked.append(message.id)
        return status.COMMIT if len(asked) > 1 else 1 / 0

    producer = transactions(check)
    result = producer.send_in_transaction(client.api.Message(topic, "x"), lambda *_: status.UNKNOWN)
    inbox.wait(1, seconds=30)
    (kept,) = producer.errors
    assert (type(kept.error), kept.message_id, kept.topic) == (ZeroDivisionError, result.msg_id, topic)


@pytest.mark.parametrize("outcome", [None, True, "COMMIT"])
def test_an_outcome_that_is_no_transaction_status_is_an_error(client, transactions, outcome, status):
    producer = transactions(lambda _: status.ROLLBACK)
    with pytest.raises(ValueError, match="TransactionStatus"):
        producer.send_in_transaction(client.api.Message(client.topic(), "x"), lambda *_: outcome)


def test_its_settings_are_its_own_and_not_shifted_by_one(client, transactions, status):
    """The classic package hands the time-out to a base class that takes it for `orderly`."""
    java = transactions(lambda _: status.COMMIT, timeout_ms=1234, compress_level=9)._handle.java()
    assert (java.getSendMsgTimeout(), java.getCompressLevel()) == (1234, 9)


def test_a_transaction_producer_sends_plain_messages_too(client, transactions, status):
    topic = client.topic()
    producer = transactions(lambda _: status.COMMIT)
    assert producer.send(client.api.Message(topic, "x")).ok
    assert producer.send_async(client.api.Message(topic, "x")).result(5).ok


def test_a_delay_level_in_a_transaction_is_refused_because_rocketmq_would_drop_it(
    client, transactions, status
):
    producer = transactions(lambda _: status.COMMIT)
    ran = []
    with pytest.raises(client.api.MessageRefusedError, match="delay level"):
        producer.send_in_transaction(client.api.Message("any", "x", delay_level=3), ran.append)
    assert ran == []


def test_the_local_transaction_does_not_run_when_there_is_no_such_topic(client, transactions, status):
    import rocketmq.exceptions

    producer = transactions(lambda _: status.COMMIT)
    ran = []
    with pytest.raises(rocketmq.exceptions.ProducerException, match="No route info"):
        producer.send_in_transaction(client.api.Message("nowhere", "x"), lambda *_: ran.append(1))
    assert ran == []
    wait_until(lambda: producer.errors == (), what="no error of a callback")
