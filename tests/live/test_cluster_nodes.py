"""Starting, addressing and breaking the nodes of a real cluster."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from actors import eventually, nothing_left

from rmqlab import ports, records
from rmqlab.client import remoting
from rmqlab.errors import NodeDownError
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rmqlab.cluster import Cluster

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def broken() -> Iterator[Cluster]:
    """A cluster to hurt."""
    cluster = start_cluster("single", name="hurt", lease_s=120)
    yield cluster
    cluster.stop()


def answers(address: str) -> bool:
    try:
        remoting.ask(address, remoting.GET_BROKER_CLUSTER_INFO, timeout_s=0.5)
    except OSError:
        return False
    return True


def send(namesrv: str, topic: str) -> str:
    from rocketmq.client import Message, Producer  # noqa: PLC0415

    producer = Producer("nodes")
    producer.set_name_server_address(namesrv)
    producer.start()
    try:
        message = Message(topic)
        message.set_body("x")
        return producer.send_sync(message).status.name
    finally:
        producer.shutdown()


def test_every_port_of_a_cluster_listens_on_the_loopback_address_only(cluster: Cluster) -> None:
    for node in cluster.nodes.values():
        sockets = psutil.Process(node.pid).net_connections("inet")
        listening = {(s.laddr.ip, s.laddr.port) for s in sockets if s.status == psutil.CONN_LISTEN}
        # the replication port included, which RocketMQ itself binds to every interface
        assert {port for _, port in listening} == set(node.spec.ports), node
        assert {ip.removeprefix("::ffff:") for ip, _ in listening} == {"127.0.0.1"}, node


def test_a_cluster_that_is_ready_takes_a_message_to_a_topic_that_was_never_seen(cluster: Cluster) -> None:
    assert send(cluster.namesrv, f"never-seen-{time.time_ns()}") == "OK"


def test_a_killed_broker_comes_back_with_its_messages_and_takes_more(broken: Cluster) -> None:
    assert send(broken.namesrv, "kept") == "OK"
    node = broken.nodes["broker-a"]
    node.kill()
    assert (node.state, node.pid) == ("down", None)
    with pytest.raises(NodeDownError, match=r"broker-a does not run.*restart"):
        node.pause()
    node.restart()
    assert node.state == "up"
    assert send(broken.namesrv, "kept") == "OK"
    route = remoting.ask(
        broken.namesrv, remoting.GET_ROUTE_INFO_BY_TOPIC, {"topic": "kept", "acceptStandardJsonOnly": "true"}
    )
    assert route.code == remoting.SUCCESS


def test_a_paused_node_answers_nothing_and_goes_on_when_resumed(broken: Cluster) -> None:
    node = broken.nodes["namesrv"]
    node.pause()
    assert node.state == "paused"
    assert not answers(node.address)
    node.resume()
    eventually(lambda: answers(node.address), timeout_s=5, why="it does not go on")
    assert node.state == "up"


def test_starting_again_heals_what_is_down_or_paused(broken: Cluster) -> None:
    broken.nodes["broker-a"].kill()
    broken.nodes["namesrv"].pause()
    again = start_cluster("single", name="hurt", lease_s=120)
    assert {node.state for node in again.nodes.values()} == {"up"}
    assert send(again.namesrv, "healed") == "OK"


def test_a_kept_cluster_stops_in_order_and_has_its_messages_next_time() -> None:
    first = start_cluster("single", name="kept-one")
    assert send(first.namesrv, "stays") == "OK"
    log = records.folder("kept-one") / "broker-a" / "logs" / "rocketmqlogs" / "broker.log"
    first.stop()
    assert "shutdown hook over" in log.read_text(encoding="utf-8", errors="replace").lower()
    assert not ports.leased().get("kept-one")
    second = start_cluster("single", name="kept-one")
    assert remoting.has_route(second.namesrv, "stays")
    second.stop(keep_files=False)
    assert nothing_left("kept-one")
    third = start_cluster("single", name="kept-one", fresh=True)
    try:
        assert not remoting.has_route(third.namesrv, "stays")
    finally:
        third.stop(keep_files=False)


@pytest.mark.timeout(400)
def test_ten_clusters_start_at_once_on_one_machine() -> None:
    names = [f"ten-{number}" for number in range(10)]
    started: list[Cluster] = []

    def start(name: str) -> None:
        started.append(start_cluster("single", name=name, lease_s=300))

    try:
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(start, names))
        assert len({cluster.namesrv for cluster in started}) == 10
        for cluster in started:
            assert len(remoting.registered_brokers(cluster.namesrv)) == 1
    finally:
        for cluster in started:
            cluster.stop()
    assert all(nothing_left(name) for name in names)


def test_the_ready_broker_is_the_planned_one(cluster: Cluster, topic: Callable[..., str]) -> None:
    known = remoting.registered_brokers(cluster.namesrv)
    assert known == {("broker-a", 0): cluster.nodes["broker-a"].address}
    assert remoting.has_route(cluster.namesrv, topic())
    assert not remoting.has_route(cluster.namesrv, "nobody-made-this")


def test_a_broker_that_is_killed_leaves_nothing_in_the_machines_temporary_folder() -> None:
    def unpacked(folder: Path) -> set[str]:
        return {path.name for path in folder.glob("librocksdbjni*")}

    machines = Path(tempfile.gettempdir())
    before = unpacked(machines)
    cluster = start_cluster("single", name="tidy", backend="process", lease_s=60)
    try:
        broker, folder = cluster.nodes["broker-a"], cluster.folder / "broker-a" / "tmp"
        assert len(unpacked(folder)) == 1
        broker.kill()
        broker.restart()
        assert len(unpacked(folder)) == 1
        assert unpacked(machines) <= before
    finally:
        cluster.stop()
    assert not folder.exists()
