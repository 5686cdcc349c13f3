"""Callbacks that fail, and consumers that end: nothing dies silently, nothing is acknowledged too early."""

import contextlib
import itertools
import threading
import time
import warnings

import jpype
import pytest
from classic_kit import Inbox, wait_until

pytestmark = pytest.mark.live

MESSAGE = "org.apache.rocketmq.common.message.MessageExt"


def test_what_a_callback_raised_is_kept_counted_and_the_message_comes_again(client):
    topic = client.topic()

    def fail_twice(message):
        if message.reconsume_times < 2:
            raise LookupError(f"try {message.reconsume_times}")
        return client.api.ConsumeStatus.CONSUME_SUCCESS

    consumer, inbox = client.consumer(topic, fail_twice)
    (sent,) = client.send(topic, "again")
    inbox.wait(3)
    assert [str(kept.error) for kept in consumer.errors] == ["try 0", "try 1"]
    assert {(kept.topic, kept.message_id) for kept in consumer.errors} == {(topic, sent.msg_id)}
    assert consumer.error_count == 2
    assert "errors: 2" in repr(consumer)


@pytest.mark.parametrize("answer", [None, True, "CONSUME_SUCCESS", 7])
def test_an_answer_that_is_no_consume_status_is_an_error_and_says_what_to_return(client, answer):
    topic = client.topic()
    consumer, inbox = client.consumer(topic, lambda message: answer if message.reconsume_times == 0 else 0)
    client.send(topic, "x")
    inbox.wait(2)
    (kept,) = consumer.errors
    assert "return ConsumeStatus.CONSUME_SUCCESS" in str(kept.error)


def test_errors_of_one_consumer_are_not_those_of_another(client):
    topics = [client.topic(), client.topic()]
    failing, inbox = client.consumer(topics[0], lambda message: 1 / 0 if message.reconsume_times == 0 else 0)
    working, _ = client.consumer(topics[1])
    client.send(topics[0], "x")
    inbox.wait(2)
    assert (failing.error_count, working.error_count) == (1, 0)


def test_errors_that_nobody_looked_at_are_a_warning_at_the_end_where_the_program_is(client):
    topic = client.topic()
    consumer, inbox = client.consumer(topic, lambda message: 1 / 0 if message.reconsume_times == 0 else 0)
    client.send(topic, "x")
    inbox.wait(2)
    with pytest.warns(RuntimeWarning, match="ZeroDivisionError"):
        consumer.shutdown()


def test_errors_that_somebody_looked_at_are_no_warning(client):
    topic = client.topic()
    consumer, inbox = client.consumer(topic, lambda message: 1 / 0 if message.reconsume_times == 0 else 0)
    client.send(topic, "x")
    inbox.wait(2)
    assert len(consumer.errors) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        consumer.shutdown()


def test_a_message_that_fails_too_often_goes_to_the_dead_letter_topic(client):
    topic, group = client.topic(), client.name("CID")
    _, inbox = client.consumer(topic, 1, group=group, max_reconsume_times=1)
    client.send(topic, "hopeless")
    inbox.wait(2)
    dead = f"%DLQ%{group}"
    wait_until(
        lambda: [message.body for message in client.admin.messages(dead)] == [b"hopeless"],
        what="a dead letter",
    )
    assert [message.reconsume_times for message in inbox.messages] == [0, 1]


def test_a_failed_message_can_go_to_the_dead_letter_topic_at_once(client):
    topic, group = client.topic(), client.name("CID")
    _, inbox = client.consumer(topic, 1, group=group, retry_delay_level=-1)
    client.send(topic, "hopeless")
    dead = f"%DLQ%{group}"
    wait_until(lambda: len(client.admin.messages(dead)) == 1, what="a dead letter")
    assert len(inbox.messages) == 1


def test_an_orderly_consumer_holds_its_queue_for_as_long_as_it_is_told(client):
    topic = client.topic(queues=1)
    times = []

    def fail_three_times(message):
        times.append((message.body, time.monotonic()))
        return client.api.ConsumeStatus(int(len(times) <= 3))

    _, inbox = client.consumer(topic, fail_three_times, orderly=True, suspend_ms=300)
    client.send(topic, "first", "second")
    inbox.wait(5)
    assert [body for body, _ in times] == [b"first"] * 4 + [b"second"]
    gaps = [later - earlier for (_, earlier), (_, later) in itertools.pairwise(times[:4])]
    assert all(0.25 < gap < 2 for gap in gaps)


@pytest.mark.parametrize("orderly", [False, True], ids=["concurrent", "orderly"])
def test_a_message_is_acknowledged_after_its_callback_has_returned_and_not_before(client, orderly):
    topic, group = client.topic(queues=1), client.name("CID")
    may_return = threading.Event()
    _, inbox = client.consumer(topic, lambda _: 0 if may_return.wait(20) else 1, group=group, orderly=orderly)
    client.send(topic, "x")
    inbox.wait(1)
    end = time.monotonic() + 2.5  # the client tells the broker its progress every second
    while time.monotonic() < end:
        assert client.committed(group, topic) == 0
    may_return.set()
    wait_until(lambda: client.committed(group, topic) == 1, what="the acknowledgement")


@pytest.mark.parametrize("orderly", [False, True], ids=["concurrent", "orderly"])
def test_shutdown_waits_for_the_callbacks_that_run_and_begins_no_other(client, orderly):
    topic, group = client.topic(queues=1), client.name("CID")
    may_return = threading.Event()
    done = []

    def slow(message):
        may_return.wait(20)
        done.append(message.body)
        return client.api.ConsumeStatus.CONSUME_SUCCESS

    consumer, inbox = client.consumer(topic, slow, group=group, orderly=orderly, threads=2)
    client.send(topic, *(f"{number}" for number in range(20)))
    running = 1 if orderly else 2
    inbox.wait(running)
    ending = threading.Thread(target=consumer.shutdown)
    ending.start()
    ending.join(1)
    assert ending.is_alive()
    may_return.set()
    ending.join(10)
    assert not ending.is_alive()
    assert len(done) == len(inbox.messages) == running
    # those that were done do not come again, all others do
    _, rest = client.consumer(topic, group=group)
    rest.wait(20 - running)
    assert sorted(done + rest.bodies()) == sorted(b"%d" % number for number in range(20))
    assert {message.reconsume_times for message in rest.messages} == {0}


def test_shutdown_waits_no_longer_than_it_is_told_and_the_message_comes_again(client):
    topic, group = client.topic(queues=1), client.name("CID")
    may_return = threading.Event()
    consumer, inbox = client.consumer(
        topic, lambda _: 0 if may_return.wait(20) else 1, group=group, shutdown_wait_s=0.5
    )
    client.send(topic, "x")
    inbox.wait(1)
    began = time.monotonic()
    consumer.shutdown()
    assert 0.4 < time.monotonic() - began < 5
    _, again = client.consumer(topic, group=group)
    assert again.wait(1)[0].body == b"x"
    may_return.set()


def test_a_callback_may_shut_its_own_consumer_down_and_its_message_counts_as_done(client):
    topic, group = client.topic(queues=1), client.name("CID")
    consumer = client.own(
        client.api.PushConsumer(
            group, namesrv=client.namesrv, from_where=client.api.ConsumeFromWhere.FIRST, threads=1
        )
    )
    inbox = Inbox(lambda _: consumer.shutdown() or client.api.ConsumeStatus.CONSUME_SUCCESS)
    consumer.subscribe(topic, inbox)
    client.send(topic, "last", "left")
    consumer.start()
    wait_until(lambda: not consumer.running, what="shutdown from a callback")
    wait_until(lambda: client.committed(group, topic) == 1, what="the acknowledgement")
    assert inbox.bodies() == [b"last"]


def test_messages_that_are_handed_over_during_a_shutdown_are_left_for_the_next_consumer(client, monkeypatch):
    from rmqlab.client import running  # noqa: PLC0415  (collecting tests pays for no JVM)

    topic, started, handed_over, end = (
        client.topic(queues=1),
        threading.Event(),
        threading.Event(),
        running.end,
    )
    monkeypatch.setattr(running, "end", lambda *what: handed_over.wait(20) and end(*what))

    def shut_down_and_hand_over(_):
        # The thread that fetches messages may be in the middle of a batch: here it goes on after shutdown().
        started.wait(20)
        inner = consumer._handle._java.getDefaultMQPushConsumerImpl()
        service, table = inner.getConsumeMessageService(), inner.getRebalanceImpl().getProcessQueueTable()
        (held,) = (each for each in table.entrySet() if each.getKey().getTopic() == topic)
        consumer.shutdown()
        late = jpype.JClass(MESSAGE)()
        late.setTopic(topic)
        again = jpype.java.util.ArrayList([late])
        with contextlib.suppress(jpype.java.util.concurrent.RejectedExecutionException):
            service.submitConsumeRequest(again, held.getValue(), held.getKey(), True)  # noqa: FBT003
        handed_over.set()
        return client.api.ConsumeStatus.CONSUME_SUCCESS

    consumer, inbox = client.consumer(topic, shut_down_and_hand_over, threads=1, started=False)
    client.send(topic, "x")
    consumer.start()
    started.set()
    assert handed_over.wait(20)  # the callback's own shutdown comes first, ours waits for its end
    consumer.shutdown()
    assert inbox.bodies() == [b"x"]
    assert consumer.errors == ()


def test_only_the_rebalancing_thread_looks_up_where_a_consumer_begins(client):
    # Two at a time would set each other's progress back: what was just acknowledged comes again.
    looked = []

    class Offsets:
        def readOffset(self, _, where):  # noqa: N802  (Java calls it)
            if str(where) == "READ_FROM_STORE":
                looked.append(str(jpype.java.lang.Thread.currentThread().getName()))
            return 0

        def __getattr__(self, name):
            return lambda *_: None

    topic = client.topic(queues=1)
    consumer, inbox = client.consumer(topic, started=False)
    offsets = jpype.JProxy("org.apache.rocketmq.client.consumer.store.OffsetStore", inst=Offsets())
    consumer._handle.configuring.append(lambda java: java.setOffsetStore(offsets))
    client.send(topic, "x")
    consumer.start()
    inbox.wait(1)
    assert set(looked) == {"RebalanceService"}
