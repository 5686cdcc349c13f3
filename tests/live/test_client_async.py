"""rmqlab.client's producer, not waiting: futures, callbacks, what is in flight, what is lost."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import contextlib
import threading
import time
import warnings

import pytest
from classic_kit import wait_until

pytestmark = pytest.mark.live


@contextlib.contextmanager
def paused(client):
    """A broker that stands still: it takes bytes in and answers nothing."""
    broker = client.cluster.nodes["broker-a"]
    broker.pause()
    try:
        yield
    finally:
        broker.resume()


def test_a_future_has_the_result(client):
    topic = client.topic()
    producer = client.producer()
    futures = [producer.send_async(client.api.Message(topic, b"%d" % number)) for number in range(100)]
    results = [future.result(10) for future in futures]
    wait_until(
        lambda: (
            {message.msg_id for message in client.admin.messages(topic, limit=100)}
            == {result.msg_id for result in results}
        ),
        what="every message in its queue",
    )
    assert all(result.ok for result in results)


def test_callbacks_get_the_result_one_after_the_other_in_a_thread_of_the_producer(client):
    topic = client.topic()
    got = []
    with client.producer() as producer:
        futures = [
            producer.send_async(
                client.api.Message(topic, "x"),
                on_success=lambda result: got.append((threading.current_thread(), result)),
            )
            for _ in range(50)
        ]
    assert len(got) == 50
    assert {thread for thread, _ in got} - {threading.current_thread()} == {got[0][0]}
    assert {result.msg_id for _, result in got} == {future.result().msg_id for future in futures}


def test_a_failure_reaches_the_future_and_the_callback_with_rocketmqs_reason(client):
    import rocketmq.exceptions

    producer = client.producer()
    got = []
    future = producer.send_async(client.api.Message("nowhere", "x"), on_exception=got.append)
    error = future.exception(10)
    assert isinstance(error, rocketmq.exceptions.ProducerSendAsyncFailed)
    assert "No route info" in str(error)
    assert (error.type, error.error) == ("MQClientException", 10005)
    producer.flush()
    assert got == [error]


def test_what_a_callback_raises_is_kept_and_the_next_one_has_its_turn(client):
    topic = client.topic()
    got = []
    producer = client.producer()
    future = producer.send_async(client.api.Message(topic, "x"), on_success=lambda _: 1 / 0)
    producer.send_async(client.api.Message(topic, "y"), on_success=got.append)
    assert producer.flush() == 0
    (kept,) = producer.errors
    assert (type(kept.error), kept.topic, kept.message_id) == (
        ZeroDivisionError,
        topic,
        future.result().msg_id,
    )
    assert len(got) == 1


def test_a_callback_may_wait_for_another_send_and_shut_the_producer_down(client):
    topic = client.topic()
    producer = client.producer()
    got = []

    def send_another(_):
        got.append(producer.send_async(client.api.Message(topic, "second")).result(5))
        producer.shutdown()

    producer.send_async(client.api.Message(topic, "first"), on_success=send_another)
    wait_until(lambda: "shut down" in repr(producer), what="shutdown by a callback")
    assert got[0].ok
    assert producer.errors == ()


def test_leaving_the_block_waits_for_the_answers(client):
    topic = client.topic()
    with client.producer(timeout_ms=20_000) as producer:
        futures = [producer.send_async(client.api.Message(topic, b"x" * 1000)) for _ in range(1000)]
    assert producer.lost == 0
    assert all(future.result(0).ok for future in futures)


def test_a_producer_that_is_shut_down_with_sends_in_flight_says_how_many_were_lost(client):
    import rocketmq.exceptions

    topic = client.topic()
    producer = client.producer(timeout_ms=10_000)
    producer.send(client.api.Message(topic, "the route is known now"))
    got = []
    with paused(client):
        futures = [
            producer.send_async(client.api.Message(topic, "x"), on_exception=got.append) for _ in range(20)
        ]
        wait_until(lambda: producer.in_flight == 20, what="20 sends in flight")
        began = time.monotonic()
        with pytest.warns(RuntimeWarning, match="20 async sends in flight"):
            producer.shutdown()
        assert time.monotonic() - began < 15  # Java says goodbye to the broker, and waits 3 s for it, twice
    assert (producer.lost, producer.in_flight) == (20, 0)
    assert len(got) == 20
    for future in futures:
        with pytest.raises(rocketmq.exceptions.ProducerSendAsyncFailed, match="may be stored or not"):
            future.result(0)


def test_flush_says_how_many_are_still_open(client):
    topic = client.topic()
    producer = client.producer(timeout_ms=10_000)
    producer.send(client.api.Message(topic, "the route is known now"))
    with paused(client):
        for _ in range(5):
            producer.send_async(client.api.Message(topic, "x"))
        assert producer.flush(0.2) == 5
    assert producer.flush(10) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        producer.shutdown()


def test_an_async_send_times_out_when_its_time_is_over(client):
    topic = client.topic()
    producer = client.producer(async_retries=0)
    producer.send(client.api.Message(topic, "the route is known now"))
    with paused(client):
        began = time.monotonic()
        error = producer.send_async(client.api.Message(topic, "x"), timeout_ms=500).exception(10)
    assert 0.4 < time.monotonic() - began < 5
    assert "imeout" in str(error)


def test_with_backpressure_a_send_that_finds_no_room_in_time_fails(client):
    topic = client.topic()
    producer = client.producer(backpressure=10, async_retries=0)
    producer.send(client.api.Message(topic, "the route is known now"))
    with paused(client):
        for _ in range(10):
            producer.send_async(client.api.Message(topic, "x"), timeout_ms=5000)
        error = producer.send_async(client.api.Message(topic, "one too many"), timeout_ms=300).exception(5)
    assert "semaphoreAsyncNum timeout" in str(error)
    assert producer.flush(10) == 0


def test_a_producer_leaves_no_thread_behind(client):
    def ours():
        return [thread for thread in threading.enumerate() if thread.name.startswith("rmqlab-")]

    before = len(ours())
    topic = client.topic()
    for _ in range(3):
        with client.api.Producer(client.name("PID"), namesrv=client.namesrv) as producer:
            producer.send_async(client.api.Message(topic, "x")).result(5)
    assert len(ours()) == before
