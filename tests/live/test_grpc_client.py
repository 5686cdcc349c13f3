"""The gRPC client alone: what only it has, what it refuses, where it surprises (docs/grpc.md)."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest
from grpc_kit import GrpcKit, said_by, wait_until

from rmqlab.client.admin import Admin
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

OPTIONS = ClusterOptions.of(properties={"timerPrecisionMs": 100})


@pytest.fixture(scope="module", params=["proxy", "proxy-cluster"])
def running(request):
    cluster = start_cluster(request.param, name=f"grpc-{request.param}", options=OPTIONS, lease_s=300)
    with Admin(cluster.namesrv) as admin:
        yield cluster, admin
    cluster.stop()


@pytest.fixture
def grpc(running):
    kit = GrpcKit(*running)
    yield kit
    kit.close()


def receive(consumer, invisible_s=10, seconds=30.0):
    """Receive until something comes. The first time may come before the consumer's settings do."""
    from rocketmq.v5.exception import InternalErrorException  # noqa: PLC0415

    def once():
        try:
            return consumer.receive(32, invisible_s)
        except InternalErrorException as error:
            if "settings" in str(error):
                return None
            raise

    return wait_until(once, "nothing came", seconds)


def test_every_port_of_a_cluster_with_a_proxy_listens_on_the_loopback_address_only(running):
    cluster, _ = running
    for node in cluster.nodes.values():
        sockets = psutil.Process(node.pid).net_connections("inet")
        listening = {(s.laddr.ip, s.laddr.port) for s in sockets if s.status == psutil.CONN_LISTEN}
        assert {port for _, port in listening} == set(node.spec.ports), node
        assert {ip.removeprefix("::ffff:") for ip, _ in listening} == {"127.0.0.1"}, node


def test_a_message_that_is_not_acknowledged_in_time_comes_again_and_an_acknowledged_one_does_not(grpc):
    topic = grpc.topic(queues=1)
    consumer = grpc.simple_consumer(topic)
    producer = grpc.producer(topic)
    grpc.send(producer, topic, b"acknowledged")
    grpc.send(producer, topic, b"forgotten")
    first = []
    while len(first) < 2:
        first += receive(consumer)
    consumer.ack(next(message for message in first if message.body == b"acknowledged"))
    again = receive(consumer)
    assert [(said_by(m).body, said_by(m).attempt) for m in again] == [(b"forgotten", 2)]


def test_a_message_stays_invisible_for_as_long_as_its_consumer_asks(grpc):
    topic = grpc.topic(queues=1)
    consumer = grpc.simple_consumer(topic)
    grpc.send(grpc.producer(topic), topic, b"long work")
    (message,) = receive(consumer, invisible_s=10)
    begun = time.monotonic()
    consumer.change_invisible_duration(message, 14)
    receive(consumer, invisible_s=10)
    assert 13 <= time.monotonic() - begun < 30


def test_what_is_handed_out_is_no_lag_and_a_receipt_that_ran_out_acknowledges_nothing(grpc):
    topic, group = grpc.topic(queues=1), grpc.group()
    consumer = grpc.simple_consumer(topic, group=group)
    grpc.send(grpc.producer(topic), topic, b"x")
    (message,) = receive(consumer)
    assert [each.lag for each in grpc.admin.consume_stats(group, topic).values()] == [0]
    consumer.change_invisible_duration(message, 1)
    (again,) = receive(consumer)
    with pytest.raises(grpc.refusals, match="INVALID_RECEIPT_HANDLE"):
        consumer.ack(message)
    consumer.ack(again)
    copies = {queue.topic: each.broker_offset for queue, each in grpc.admin.consume_stats(group).items()}
    assert copies[f"%RETRY%{group}_{topic}"] == 1


def test_a_receive_that_waits_for_less_than_the_proxys_five_seconds_is_refused(grpc):
    topic = grpc.topic()
    consumer = grpc.simple_consumer(topic, wait_s=1)
    with pytest.raises(grpc.refusals, match="deadline time remaining is not enough"):
        receive(consumer)


def test_async_sends_are_answered_with_futures(grpc):
    topic = grpc.topic()
    producer = grpc.producer(topic)
    futures = [producer.send_async(grpc.message(topic, b"x")) for _ in range(20)]
    assert len({future.result(20).message_id for future in futures}) == 20


@pytest.mark.parametrize("kind", ["normal", "fifo", "delay", "transaction"])
def test_a_topic_takes_messages_of_its_kind_alone(grpc, kind):
    topic = grpc.topic(kind)
    producer = grpc.producer(topic, checker=None)
    sends = {
        "normal": lambda: grpc.send(producer, topic, b"x"),
        "fifo": lambda: grpc.send_in_order(producer, topic, b"x", "one"),
        "delay": lambda: grpc.send_later(producer, topic, b"x", 1),
    }
    for of_kind, send in sends.items():
        if of_kind == kind:
            send()
        else:
            with pytest.raises(grpc.refusals, match="message type not match"):
                send()


def test_a_topic_that_nobody_made_is_not_made_by_sending_to_it(grpc):
    producer, topic = grpc.producer(), grpc.name("unknown")
    with pytest.raises(Exception, match=f"failed to fetch topic:{topic} route"):
        grpc.send(producer, topic, b"x")
    assert topic not in grpc.admin.topics()


def test_a_group_that_nobody_made_is_made_by_consuming(grpc):
    topic, group = grpc.topic(), grpc.name("unknown")
    consumer = grpc.simple_consumer(topic, group=group)
    grpc.send(grpc.producer(topic), topic, b"x")
    assert [message.body for message in receive(consumer)] == [b"x"]


def test_a_message_whose_moment_has_not_come_can_be_taken_back(grpc):
    topic = grpc.topic("delay", queues=1)
    producer = grpc.producer(topic)
    _, got = grpc.consume(topic)
    message = grpc.message(topic, b"taken back")
    message.delivery_timestamp = int(time.time()) + 4
    receipt = producer.send(message)
    assert producer.recall_message(topic, receipt.recall_handle) == receipt.message_id
    grpc.send_later(producer, topic, b"after it", 5)
    wait_until(lambda: got, "nothing came")
    assert [each.body for each in got] == [b"after it"]


def test_a_moment_in_milliseconds_is_refused_since_it_is_taken_for_seconds(grpc):
    topic = grpc.topic("delay")
    message = grpc.message(topic, b"x")
    message.delivery_timestamp = int(time.time() * 1000) + 5000
    with pytest.raises(grpc.refusals, match="Timestamp is not valid"):
        grpc.producer(topic).send(message)


def test_without_an_orderly_group_a_failed_message_lets_others_pass_even_on_a_fifo_topic(grpc):
    topic = grpc.topic("fifo")
    _, got = grpc.consume(topic, lambda message: message.body != b"0" or message.attempt > 1)
    producer = grpc.producer(topic)
    for body in (b"0", b"1", b"2"):
        grpc.send_in_order(producer, topic, body, "one")
    wait_until(lambda: len(got) == 4, lambda: f"{got}", 60)
    assert got[-1].body == b"0"


def test_shutdown_waits_for_as_long_as_a_listener_of_an_orderly_group_fails(grpc):
    topic = grpc.topic("fifo")
    well = threading.Event()
    consumer, got = grpc.consume(topic, lambda _message: well.is_set(), orderly=True)
    grpc.send_in_order(grpc.producer(topic), topic, b"x", "one")
    wait_until(lambda: len(got) == 2, lambda: f"{got}")  # the next attempts come after 5 and 10 s
    stopping = threading.Thread(target=consumer.shutdown)
    stopping.start()
    stopping.join(2)
    assert stopping.is_alive()
    well.set()  # the way out: a listener that gives up when its program wants to end
    stopping.join(30)
    assert not stopping.is_alive()


def test_a_proxy_that_asks_for_credentials_lets_in_who_has_them_and_no_one_else():
    asking = ClusterOptions.of(authentication=True)
    cluster = start_cluster("proxy", name="grpc-asking", options=asking, lease_s=300)
    try:
        with Admin(cluster.namesrv, credentials=cluster.credentials) as admin:
            kit = GrpcKit(cluster, admin)
            topic = kit.topic()
            kit.configuration = kit.api.ClientConfiguration(
                cluster.proxy, kit.api.Credentials(*cluster.credentials)
            )
            assert kit.send(kit.producer(topic), topic, b"x")
            kit.configuration = kit.api.ClientConfiguration(
                cluster.proxy, kit.api.Credentials("who", "knows")
            )
            with pytest.raises(Exception, match="failed to fetch topic"):
                kit.send(kit.producer(topic), topic, b"x")
            kit.close()
    finally:
        cluster.stop()


ENDS = """
    import os, subprocess, sys, time
    from rocketmq import *
    topic, group, proxy = sys.argv[1:]
    class Fails(MessageListener):
        def consume(self, message):
            raise ValueError("a listener's own mistake")
    configuration = ClientConfiguration(proxy, Credentials())
    producer = Producer(configuration, (topic,))
    producer.startup()
    consumer = PushConsumer(configuration, group, Fails(), {topic: FilterExpression()})
    consumer.startup()
    message = Message()
    message.topic, message.body = topic, b"x"
    producer.send(message)
    time.sleep(1.5)
    subprocess.run([sys.executable, "-S", "-c", ""])
    nobody = ClientConfiguration("127.0.0.1:1", Credentials())
    lost = Producer(nobody, (topic,), tls_enable=True)
    lost.startup()
    time.sleep(1.5)
    print("the script's own words", flush=True)
"""


def test_a_script_that_forgets_shutdown_ends_soon_and_shows_nothing_but_its_own_words(grpc):
    topic, group = grpc.topic(), grpc.group()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ENDS), topic, group, grpc.cluster.proxy],
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "the script's own words\n", process.stderr.read()
    began = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")
    assert time.monotonic() - began < 5
