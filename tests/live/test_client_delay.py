"""Messages that are delivered later: by delay levels, after a time, at a moment."""

import time
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.live


def arrival(client, **delay):
    """Send a message and one with a delay; return by how much the second was delivered after it was sent."""
    topic = client.topic()
    _, inbox = client.consumer(topic)
    client.send(topic, "now")
    (sent,) = client.send(topic, "later", **delay)
    now, later = inbox.wait(2)
    assert (now.body, later.body) == (b"now", b"later")
    assert later.properties["REAL_TOPIC"] == topic if "REAL_TOPIC" in later.properties else True
    assert later.id == sent.msg_id
    return later.store_timestamp - later.born_timestamp


def test_a_delay_level_delays(client):
    assert 1800 < arrival(client, delay_level=2) < 8000


def test_a_delay_in_milliseconds_delays(client):
    assert 1400 < arrival(client, delay_ms=1500) < 8000


def test_a_moment_delays_until_then(client):
    moment = datetime.now(UTC) + timedelta(seconds=2)
    topic = client.topic()
    _, inbox = client.consumer(topic)
    client.send(topic, "later", deliver_at=moment)
    (message,) = inbox.wait(1)
    late_ms = message.store_timestamp - moment.timestamp() * 1000
    assert -200 < late_ms < 6000


def test_a_moment_that_has_passed_delivers_at_once(client):
    topic = client.topic()
    _, inbox = client.consumer(topic)
    began = time.monotonic()
    client.send(topic, "late already", deliver_at=datetime.now(UTC) - timedelta(hours=1))
    inbox.wait(1)
    assert time.monotonic() - began < 5


def test_a_delay_beyond_the_brokers_limit_is_refused_by_it(client):
    import rocketmq.exceptions  # noqa: PLC0415

    with pytest.raises(rocketmq.exceptions.ProducerSendSyncFailed, match="timer"):
        client.send(client.topic(), "in a month", delay_ms=30 * 24 * 3600 * 1000)


def test_a_broker_without_timers_says_so(client, namesrv, topic):
    import rocketmq.exceptions  # noqa: PLC0415

    producer = client.own(client.api.Producer(client.name("PID"), namesrv=namesrv))
    producer.start()
    with pytest.raises(rocketmq.exceptions.ProducerSendSyncFailed, match=r"(?i)timer.*not.*enable"):
        producer.send(client.api.Message(topic(), "x", delay_ms=1000))
