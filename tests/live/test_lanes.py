"""The order's picture of a real cluster: what is stored is the broker's word, what waits is seen to wait."""

from __future__ import annotations

import subprocess
import time

import pytest

from rmqlab.client import ConsumeFromWhere, ConsumeStatus, Message, Producer, PushConsumer
from rmqlab.inbox import Inbox
from rmqlab.observe import Reader
from rmqlab.runtime import ensure_jars, find_java
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL

pytestmark = pytest.mark.live
DEADLINE_S = 30
LANES = KINDS["lanes"]
STEPS = ("create", "pay", "deliver")
ORDERS = ("order-1", "order-2", "order-3", "order-5")  # by hashCode, two of them share one of four queues


@pytest.fixture
def orders(cluster, topic):
    """A topic with the steps of some orders, each sent by its sharding key."""
    name = topic(queues=4, stem="steps")
    with Producer("lanes", namesrv=cluster.namesrv) as producer:
        for step in STEPS:
            for order in ORDERS:
                producer.send_orderly_with_sharding_key(Message(name, "x", tags=step, keys=order), order)
    return name


@pytest.fixture
def draw(cluster, orders):
    """Draws the lanes as a still, with what the program tells."""
    reader = Reader(cluster)

    def drawn(**told):
        what = {"topic": orders, "steps": STEPS, **told}
        return LANES.draw(reader.read(LANES.interest(what)).still(), what, STILL)

    yield drawn
    reader.close()


@pytest.fixture
def consume(cluster, orders):
    """Consumes in order; returns what is done and what failed. `fails` is a step that never succeeds."""
    consumers = []

    def start(fails=None):
        done, failed = Inbox(), Inbox()

        def on_step(message):
            name = (message.keys.decode(), message.tags.decode())
            (failed if name == fails else done).put(name)
            return ConsumeStatus.RECONSUME_LATER if name == fails else ConsumeStatus.CONSUME_SUCCESS

        settings = {"orderly": True, "suspend_ms": 100, "from_where": ConsumeFromWhere.FIRST}
        consumers.append(PushConsumer(f"{orders}-page", namesrv=cluster.namesrv, **settings))
        consumers[-1].subscribe(orders, on_step)
        consumers[-1].start()
        return done, failed

    yield start
    for consumer in consumers:
        consumer.shutdown()


def until(ask, expected):
    deadline = time.monotonic() + DEADLINE_S
    while (seen := ask()) != expected:
        assert time.monotonic() < deadline, f"expected {expected}, saw {seen}"
        time.sleep(0.05)


def test_what_an_orderly_consumer_does_is_in_order(draw, consume):
    done, _ = consume()
    done.wait_for(len(ORDERS) * len(STEPS), timeout_s=DEADLINE_S)
    assert {row[0]: row[-1] for row in draw(consumed=done, by="key").rows} == dict.fromkeys(
        ORDERS, "✓ in order"
    )


def test_whoever_shares_the_queue_of_a_step_that_fails_is_blocked(draw, consume):
    done, failed = consume(fails=("order-1", "pay"))

    def verdicts():
        return {row[0]: row[-1] for row in draw(consumed=done, failed=failed).rows}

    until(
        verdicts,
        {"order-1": "✕ fails", "order-2": "✓ in order", "order-3": "✓ in order", "order-5": "‖ blocked"},
    )


def test_sharding_keys_and_queues_are_those_that_mqadmin_names(cluster, draw, orders):
    java = find_java()
    jars = ":".join(str(jar) for jar in ensure_jars())
    tool = [java.executable, "-cp", jars, "org.apache.rocketmq.tools.command.MQAdminStartup", "queryMsgByKey"]
    told = {}
    for order in ORDERS[:2]:
        arguments = ["-n", cluster.namesrv, "-t", orders, "-k", order]
        said = subprocess.run([*tool, *arguments], capture_output=True, text=True, timeout=60, check=True)
        rows = [line.split() for line in said.stdout.splitlines() if line and not line.startswith("#")]
        told[order] = {f"q{row[1]}" for row in rows if len(row) > 2 and row[1].isdigit()}  # id, queue, offset
    drawn = {row[0]: set(row[1].split()) for row in draw(by="sharding").rows}
    assert told == {order: drawn[order] for order in ORDERS[:2]}
    assert all(len(queues) == 1 for queues in drawn.values())
