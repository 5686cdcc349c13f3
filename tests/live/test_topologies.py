"""What every topology does, on every backend: start, serve, be hurt and mended, and leave nothing behind."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

import pytest
from actors import eventually, nothing_left

from rmqlab.client import remoting
from rmqlab.starting import start_cluster
from rmqlab.topology import TOPOLOGIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.cluster import Cluster
    from rmqlab.node import Node

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

CASES = [(name, backend) for backend in ("process", "docker") for name in TOPOLOGIES]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def running(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """One cluster after the other."""
    topology, backend = request.param
    if backend == "docker":
        request.getfixturevalue("docker_engine")
    name = f"contract-{topology}"
    cluster = start_cluster(topology, name=name, backend=backend, lease_s=300)
    yield cluster
    cluster.stop()
    assert nothing_left(name)


def test_every_node_answers_as_soon_as_the_start_returns(running: Cluster) -> None:
    assert [node.name for node in running.nodes.values() if not answers(node)] == []


def test_each_node_tells_what_it_takes(running: Cluster) -> None:
    for node in running.nodes.values():
        before = node.usage
        assert before is not None
        assert 20 < before.memory_mb < 1000
        eventually(
            lambda node=node, before=before: node.usage.cpu_s > before.cpu_s,
            timeout_s=20,
            why=f"{node.name} uses no time",
        )


def test_every_broker_has_registered_with_every_nameserver(running: Cluster) -> None:
    shape = TOPOLOGIES[running.topology]
    for address in running.namesrv.split(";"):
        known = remoting.registered_brokers(address)
        assert sorted(name for name, _ in known) == sorted(broker.name for broker in shape.brokers)
        assert {name for name, broker_id in known if broker_id == 0} == {b.name for b in shape.brokers}


def test_a_message_sent_is_received(running: Cluster) -> None:
    assert_serves(running)


def test_a_paused_node_goes_on_when_it_is_resumed(running: Cluster) -> None:
    for node in running.nodes.values():
        node.pause()
        assert node.state == "paused"
        assert not answers(node)
        node.resume()
        assert node.state == "up"
        eventually(lambda node=node: answers(node), timeout_s=20, why=f"{node.name} does not go on")
    assert_serves(running)


def test_a_killed_node_comes_back(running: Cluster) -> None:
    for node in running.nodes.values():
        node.kill()
        assert node.state == "down"
        assert node.usage is None
        assert not answers(node)
        node.restart()
        assert node.state == "up"
    assert_serves(running)


def answers(node: Node) -> bool:
    """Ask a node something that all of them answer, if only with a refusal."""
    host, _, port = node.address.rpartition(":")
    if node.role == "PROXY":
        port = node.spec.ports[-1]  # its gRPC port does not speak RocketMQ's remoting protocol
    try:
        remoting.ask(f"{host}:{port}", remoting.GET_BROKER_CLUSTER_INFO, timeout_s=1)
    except OSError:
        return False
    return True


def assert_serves(cluster: Cluster) -> None:
    """Send until it works, as a program with retries would, and receive what was sent."""
    # Imported here: collecting tests pays for no JVM.
    from rocketmq.client import ConsumeStatus, Message, Producer, PushConsumer  # noqa: PLC0415

    topic, body = f"contract-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    producer = Producer("contract")
    producer.set_name_server_address(cluster.namesrv)
    producer.start()
    consumer = PushConsumer(f"readers-{topic}")
    consumer.set_name_server_address(cluster.namesrv)
    came = threading.Event()

    def receive(message: object) -> ConsumeStatus:
        if message.body.decode() == body:
            came.set()
        return ConsumeStatus.CONSUME_SUCCESS

    def sent() -> bool:
        message = Message(topic)
        message.set_body(body)
        try:
            producer.send_sync(message)
        except Exception as error:  # noqa: BLE001  (what the last one was stands in the failure)
            errors.append(error)
            return False
        return True

    errors: list[Exception] = []
    try:
        eventually(sent, timeout_s=60, why=f"no send works: {errors[-1:]}")
        consumer.subscribe(topic, receive)
        consumer.start()
        assert came.wait(60), f"sent to {topic}, and never received"
    finally:
        consumer.shutdown()
        producer.shutdown()
