"""A real Kafka under the same engine: it serves, survives what a node must, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import uuid

import psutil
import pytest
from actors import eventually, node_processes, nothing_left
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from rmqlab import Lab, attach
from rmqlab.cluster import end_if
from rmqlab.errors import ClusterError
from rmqlab.starting import start_cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

LEASE_S = 3.0
KERNEL = """
import sys
from rmqlab.starting import start_cluster
cluster = start_cluster("kafka", name={name!r}, lease_s={lease_s!r})
print(cluster.bootstrap_servers, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def kafka():
    """One Kafka for the module."""
    cluster = start_cluster("kafka", name="kafka-serves", lease_s=300)
    yield cluster
    cluster.stop()
    assert nothing_left("kafka-serves")


def new_topic(cluster, partitions=2):
    name = f"orders-{uuid.uuid4().hex[:6]}"
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap_servers})
    for made in admin.create_topics([NewTopic(name, partitions, 1)]).values():
        made.result(20)
    return name


def send(cluster, topic, *values, timeout_s=20):
    """Send, each with its value as its key too; return the errors of those that were not acknowledged."""
    errors = []
    patience = {"message.timeout.ms": timeout_s * 1000}
    producer = Producer({"bootstrap.servers": cluster.bootstrap_servers, **patience})
    for value in values:
        producer.produce(topic, key=value, value=value, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(30) == 0
    return [error for error in errors if error is not None]


def read(cluster, topic, count, group="readers"):
    """Return so many values, as they came."""
    settings = {
        "bootstrap.servers": cluster.bootstrap_servers,
        "group.id": group,
        "auto.offset.reset": "earliest",
    }
    values = []

    def poll():
        record = consumer.poll(0.5)
        if record is not None and record.error() is None:
            values.append(record.value().decode())
        return len(values) >= count

    with Consumer(settings) as consumer:
        consumer.subscribe([topic])
        eventually(poll, timeout_s=40, why=f"only {values} of {topic}")
    return values


def test_what_was_acknowledged_is_read_by_a_group(kafka):
    topic = new_topic(kafka, partitions=1)
    assert send(kafka, topic, "one", "two", "three") == []
    assert read(kafka, topic, 3, group=f"readers-{topic}") == ["one", "two", "three"]


def test_a_group_goes_on_where_it_was(kafka):
    topic = new_topic(kafka, partitions=1)
    group = f"readers-{topic}"
    send(kafka, topic, "one", "two")
    assert read(kafka, topic, 2, group) == ["one", "two"]
    send(kafka, topic, "three")
    assert read(kafka, topic, 1, group) == ["three"]


def test_a_misspelt_topic_does_not_become_one(kafka):
    send(kafka, new_topic(kafka), "known")
    (error,) = send(kafka, "ordres", "lost", timeout_s=2)
    assert error.code() in {KafkaError._UNKNOWN_TOPIC, KafkaError._MSG_TIMED_OUT}
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    assert "ordres" not in admin.list_topics(timeout=10).topics


def test_it_listens_on_the_loopback_address_only(kafka):
    (node,) = kafka.nodes.values()
    sockets = psutil.Process(node.pid).net_connections("inet")
    listening = {(s.laddr.ip, s.laddr.port) for s in sockets if s.status == psutil.CONN_LISTEN}
    assert {port for _, port in listening} == set(node.spec.ports)
    assert {ip.removeprefix("::ffff:") for ip, _ in listening} == {"127.0.0.1"}


def test_a_killed_node_is_started_again_with_what_it_has_acknowledged(kafka):
    topic = new_topic(kafka)
    values = [f"order-{number}" for number in range(50)]
    assert send(kafka, topic, *values) == []
    with kafka.fault("kill", "kafka"):
        assert kafka.nodes["kafka"].state == "down"
    assert sorted(read(kafka, topic, 50, group=f"readers-{topic}")) == sorted(values)
    assert send(kafka, topic, "and on") == []


def test_a_paused_node_acknowledges_once_it_goes_on(kafka):
    topic, errors = new_topic(kafka), []
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "message.timeout.ms": 60_000})
    with kafka.fault("pause", "kafka"):
        assert kafka.nodes["kafka"].state == "paused"
        producer.produce(topic, value="later", on_delivery=lambda error, _: errors.append(error))
        assert producer.flush(1) == 1
        assert errors == []
    assert producer.flush(30) == 0
    assert errors == [None]


def test_a_kept_one_that_was_ended_in_order_has_its_messages_the_next_time():
    cluster = start_cluster("kafka", name="kafka-kept", fresh=True)
    try:
        topic = new_topic(cluster)
        send(cluster, topic, "kept")
        cluster.stop()
        assert nothing_left("kafka-kept")
        cluster = start_cluster("kafka", name="kafka-kept")
        assert read(cluster, topic, 1) == ["kept"]
    finally:
        cluster.stop(keep_files=False)


def test_one_whose_kernel_was_killed_is_ended_after_its_lease():
    script = KERNEL.format(name="kafka-orphan", lease_s=LEASE_S)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as kernel:
        try:
            assert kernel.stdout.readline().startswith("127.0.0.1:")
            assert len(node_processes("kafka-orphan")) == 1
        finally:
            kernel.kill()
    eventually(lambda: nothing_left("kafka-orphan"), timeout_s=LEASE_S + 15, why="nobody ended it")


def test_a_labs_kafka_is_found_again_and_ends_with_the_lab():
    with Lab("choosing", start_cluster("single", name="choosing", lease_s=120)) as lab:
        kafka = lab.another("kafka")
        topic = new_topic(kafka)
        send(kafka, topic, "mine")
        again = lab.another("kafka")
        assert again.bootstrap_servers == kafka.bootstrap_servers
        assert attach("choosing.kafka").bootstrap_servers == kafka.bootstrap_servers
        assert read(again, topic, 1) == ["mine"]
        with pytest.raises(ClusterError, match=r"lab\.admin is for RocketMQ"):
            again.topic("orders")
        assert lab.topic("orders") == "orders"  # the lab's own cluster is what it was
        assert end_if("choosing", lambda _record: True)  # as `rmqlab down` and the supervisor do
        assert nothing_left("choosing.kafka")


def test_beside_containers_it_is_a_process_and_found_again(docker_engine):
    cluster = start_cluster("single", name="contained", backend="docker", lease_s=120)
    with Lab("contained", cluster) as lab:
        kafka = lab.another("kafka")
        assert kafka.cluster.backend.name == "process"
        assert "A plain process" in kafka.cluster.why_backend
        topic = new_topic(kafka)
        assert send(kafka, topic, "beside") == []
        assert lab.another("kafka").bootstrap_servers == kafka.bootstrap_servers
        with Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "looks"}) as consumer:
            ends = [consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in (0, 1)]
        assert sum(ends) == 1
    assert nothing_left("contained.kafka")
