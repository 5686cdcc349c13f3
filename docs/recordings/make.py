"""Make the recordings of labs 01 and 02 that the documents show, each on a broker of its own.

`python docs/recordings/make.py` writes docs/recordings/lab-NN.html and docs/images/lab-NN-replay.svg. Then
look at them. Nothing of the machine is in them: no addresses, no client ids, no times of day.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rocketmq.client import ConsumeStatus, Message, Producer, PushConsumer
from rocketmq.exceptions import ProducerException

from rmqlab import start_lab
from rmqlab.checks import eventually
from rmqlab.views import KINDS, Replay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.client.facts import QueueRef
    from rmqlab.lab import Lab
    from rmqlab.observe import QueueState, Recording, Snapshot

DOCS = Path(__file__).resolve().parents[1]
LARGEST = 300_000  # bytes, each
STEPS = ("created", "paid", "sent")
ORDERS = 3
PACE_S = 0.8


def main() -> int:
    """Make both."""
    with tempfile.TemporaryDirectory() as state:  # a learner's own labs are left alone
        os.environ["RMQLAB_HOME"] = state
        for play, slug in ((where_it_lives, "01-concepts"), (when_it_arrived, "02-send-modes")):
            lab = start_lab(slug)
            try:
                write(f"lab-{slug[:2]}", play(lab))
            finally:
                lab.stop()
    return 0


def where_it_lives(lab: Lab) -> Recording:
    """Lab 01: messages into queues, and two groups that read them."""
    orders = lab.topic("orders", queues=4)
    producer = started(Producer("shop"), lab)
    with lab.record("lab-01", lab.view("queues", topic=orders)) as recording:
        recording.note("A topic is made of queues. These four are empty.")
        time.sleep(2)
        recording.note("The shop sends. Messages of one order share a key, and the key chooses the queue.")
        for step in STEPS:
            for number in range(1, ORDERS + 1):
                producer.send_orderly_with_sharding_key(message(orders, number, step), f"order-{number}")
                time.sleep(PACE_S)
        for team, sentence in (
            ("stock", "The stock team reads. Its group's progress moves on; the messages stay."),
            ("payments", "A second group gets every message, too: it has a progress of its own."),
        ):
            recording.note(sentence)
            consumer = reader(lab, team, orders)
            eventually(lambda team=team: lag(lab, team, orders) == 0, timeout_s=30)
            time.sleep(2)
            consumer.shutdown()
        recording.note("Nobody reads now. New messages wait: that is the lag.")
        for number in range(1, ORDERS + 1):
            producer.send_orderly_with_sharding_key(message(orders, number, "rated"), f"order-{number}")
            time.sleep(PACE_S)
        time.sleep(2)
    producer.shutdown()
    return recording.recording()


def when_it_arrived(lab: Lab) -> Recording:
    """Lab 02: who is told when the broker is killed."""
    orders = lab.topic("orders", queues=2)
    producer = started(Producer("shop", timeout=1000), lab)
    broker = lab.nodes["broker-a"]
    with lab.record("lab-02", lab.view("queues", topic=orders, by="tag"), "map") as recording:
        recording.note("sync: each send returns with the broker's answer, SEND_OK.")
        for number in range(4):
            producer.send_sync(message(orders, number, "sync"))
            time.sleep(PACE_S)
        recording.note("oneway: handed over, and no answer, ever.")
        for number in range(4):
            producer.send_oneway(message(orders, number, "oneway"))
            time.sleep(PACE_S)
        recording.note("The broker is killed. A sync send says so; a oneway send often does not.")
        broker.kill()
        for send in (producer.send_sync, producer.send_oneway, producer.send_oneway):
            with contextlib.suppress(ProducerException):  # the recording has it
                send(message(orders, 9, "lost"))
            time.sleep(PACE_S)
        recording.note("It is started again on its files. Whatever was acknowledged is still there.")
        broker.restart()
        time.sleep(1)
        recording.note("Sends arrive again. What nobody answered while it was dead is gone.")
        for number in range(2):
            eventually(lambda number=number: sent(producer, message(orders, number, "sync")), timeout_s=60)
            time.sleep(PACE_S)
        time.sleep(2)
    producer.shutdown()
    return recording.recording()


def write(name: str, recording: Recording) -> None:
    """Write the page and the image of a recording, without what differs from run to run."""
    events = tuple(
        replace(each, text=re.sub(r"127[.\d]+:\d+", "broker-a", each.text)) for each in recording.events
    )
    told = replace(recording, name=name, cluster=name, events=events, snapshots=tuple(plain(recording)))
    shown = Replay(told, KINDS)
    for path in (
        shown.save_html(DOCS / "recordings" / f"{name}.html"),
        shown.save_svg(DOCS / "images" / f"{name}-replay.svg"),
    ):
        size = path.stat().st_size
        print(f"{path.relative_to(DOCS.parent)}: {len(shown.frames)} frames, {size:,} bytes")
        if size > LARGEST:
            raise SystemExit(f"{path} is larger than {LARGEST:,} bytes: record less.")


def plain(recording: Recording) -> Iterator[Snapshot]:
    """Return the snapshots as stills, save when they were taken, and what silent queues held."""
    last: dict[QueueRef, QueueState] = {}
    for snapshot in recording.snapshots:
        still = snapshot.still()
        last |= {queue.ref: queue for topic in still.topics for queue in topic.queues if not queue.silent}
        topics = tuple(
            replace(topic, queues=tuple(replace(last[each.ref], silent=each.silent) for each in topic.queues))
            for topic in still.topics
        )
        yield replace(still, taken_ms=snapshot.taken_ms, topics=topics)


def started(producer: Producer, lab: Lab) -> Producer:
    """Start a producer on the lab's cluster."""
    producer.set_name_server_address(lab.namesrv)
    producer.start()
    return producer


def message(topic: str, number: int, step: str) -> Message:
    """Return one message of an order."""
    made = Message(topic)
    made.set_keys(f"order-{number}")
    made.set_tags(step)
    made.set_body(f"order {number}: {step}")
    return made


def reader(lab: Lab, group: str, topic: str) -> PushConsumer:
    """Return a running consumer of a group, which reads from the beginning."""
    consumer = PushConsumer(group)
    consumer.set_name_server_address(lab.namesrv)
    consumer.set_instance_name(f"{group}-1")
    consumer.subscribe(topic, lambda _message: ConsumeStatus.CONSUME_SUCCESS)
    consumer.start()
    return consumer


def lag(lab: Lab, group: str, topic: str) -> int | None:
    """Return how far a group is behind; None while the broker does not know."""
    progress = lab.admin.consume_stats(group, topic)
    return sum(each.lag for each in progress.values()) if progress else None


def sent(producer: Producer, made: Message) -> Any:
    """Send; return None if it failed."""
    try:
        return producer.send_sync(made)
    except ProducerException:
        return None


if __name__ == "__main__":
    sys.exit(main())
