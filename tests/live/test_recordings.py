"""Recording a real cluster: what was sent, received and broken is in it, and in its replay."""

from __future__ import annotations

import time

import pytest
from rocketmq.client import ConsumeStatus, Message, Producer, PushConsumer
from rocketmq.exceptions import ProducerException

from rmqlab import client, views
from rmqlab.client.admin import Admin
from rmqlab.starting import start_cluster

pytestmark = pytest.mark.live
DEADLINE_S = 30


@pytest.fixture(scope="module")
def fragile():
    """A cluster that tests may hurt."""
    cluster = start_cluster("single", name="recorded", lease_s=180)
    with Admin(cluster.namesrv) as admin:
        admin.create_topic("orders", queues=2)
    yield cluster
    cluster.stop()


def until(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def message(number):
    made = Message("orders")
    made.set_keys(f"order-{number}")
    made.set_body(f"number {number}")
    return made


def texts(recording, kind):
    return [event.text for event in recording.events if event.kind == kind]


def test_a_recording_holds_sends_receipts_and_faults_and_replays_what_the_broker_held(fragile, tmp_path):
    producer = Producer("shop", timeout=1000)
    producer.set_name_server_address(fragile.namesrv)
    producer.start()
    received = []
    consumer = PushConsumer("stock")
    consumer.set_name_server_address(fragile.namesrv)
    consumer.subscribe("orders", lambda each: received.append(each.keys) or ConsumeStatus.CONSUME_SUCCESS)
    queues = views.show("queues", fragile, topic="orders")
    try:
        with views.record("kill", fragile, queues, "map") as recorder:
            for number in range(5):
                producer.send_sync(message(number))
            consumer.start()
            until(lambda: len(received) == 5)
            with client.Producer("other", namesrv=fragile.namesrv) as other:
                other.send(message(5))
                other.send_async(message(6)).result(DEADLINE_S)
            until(lambda: len(received) == 7)
            with fragile.fault("kill", "broker-a"):
                with pytest.raises(ProducerException):
                    producer.send_sync(message(7))
                until(lambda: any(line.state == "down" for line in recorder.recording().snapshots[-1].nodes))
    finally:
        consumer.shutdown()
        producer.shutdown()
    recording = recorder.recording()
    sends = texts(recording, "send")
    assert any("SEND_OK" in text for text in sends)  # those of one moment are one line
    assert any("still failed" in text or "connect to" in text for text in sends)
    assert any(text.startswith("stock received from orders") for text in texts(recording, "receive"))
    assert "broker-a was killed" in texts(recording, "node")
    assert texts(recording, "fault") == [
        "the fault kill broker-a begins",
        "the fault kill broker-a is undone",
    ]
    assert recording.snapshots[-1].topic("orders").count == 7
    shown = views.replay("kill")
    said = [text for frame in shown.frames for _, text in frame.events]
    assert "broker-a is down" in said
    assert "broker-a is up" in said
    assert any(text.startswith("orders: SEND_OK") for text in said)
    assert shown.frames[-1].drawings[0].title.startswith("Topic orders: 7 messages in 2 queues")
    assert shown.save_html(tmp_path / "kill.html").stat().st_size < 300_000


def test_a_recording_of_a_broker_that_nobody_uses_is_a_few_lines(fragile):
    with views.record("quiet", fragile, "map", views.show("queues", fragile, topic="orders")) as recorder:
        size = recorder.path.stat().st_size
        until(lambda: recorder._quiet_until > recorder._last.taken_ms + 2_000)
    assert recorder.path.stat().st_size < size + 500
