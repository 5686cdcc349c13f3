"""What is particular to nodes as containers: whose files they write, who finds them again, who ends them."""

from __future__ import annotations

import os
import socket
import uuid
from typing import TYPE_CHECKING

import psutil
import pytest
from actors import nothing_left

from rmqlab import records
from rmqlab.backends import DockerBackend, docker
from rmqlab.backends.container import CLASSES
from rmqlab.backends.docker import clusters_by_label
from rmqlab.backends.docker_engine import engine_client, image_for
from rmqlab.backends.strays import end_strays
from rmqlab.client import remoting
from rmqlab.errors import EngineError, PortTakenError
from rmqlab.runtime.platforms import rocksdb_on_arm
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.models.containers import Container

    from rmqlab.cluster import Cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(300), pytest.mark.usefixtures("docker_engine")]


@pytest.fixture(scope="module")
def contained(docker_engine: None) -> Iterator[Cluster]:
    cluster = start_cluster("master-slave-sync", name="contained", backend="docker", lease_s=300)
    yield cluster
    cluster.stop()
    assert nothing_left("contained")
    assert containers("contained") == []


def containers(cluster: str) -> list[Container]:
    return engine_client().containers.list(
        all=True, ignore_removed=True, filters={"label": f"rmqlab.cluster={cluster}"}
    )


def test_a_container_on_arm_gets_the_library_that_rocketmq_lacks_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(docker, "runs_on_arm", lambda _: True)
    cluster = start_cluster("single", name="on-arm", backend="docker", lease_s=120)
    try:
        for node in cluster.nodes.values():
            assert (cluster.folder / node.name / CLASSES / rocksdb_on_arm().name).is_file()
            assert CLASSES in environment(cluster, node.name)["CLASSPATH"]
    finally:
        cluster.stop()


def environment(cluster: Cluster, node: str) -> dict[str, str]:
    (container,) = (each for each in containers(cluster.name) if each.labels.get("rmqlab.node") == node)
    return dict(pair.split("=", 1) for pair in container.attrs["Config"]["Env"])


def test_every_published_port_is_on_the_loopback_address_only(contained: Cluster) -> None:
    ports = {port for node in contained.nodes.values() for port in node.spec.ports}
    listening = {
        connection.laddr
        for connection in psutil.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port in ports
    }
    assert {address.port for address in listening} == ports
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_clients_outside_and_nodes_inside_use_the_same_address(contained: Cluster) -> None:
    known = remoting.registered_brokers(contained.namesrv)
    assert known[("broker-a", 0)] == contained.nodes["broker-a"].address
    # the slave attached to what the NameServer told it, and the master counts it
    assert known[("broker-a", 1)] == contained.nodes["broker-a-s1"].address


def test_what_nodes_write_belongs_to_this_user(contained: Cluster) -> None:
    written = [path for path in contained.folder.rglob("*") if path.is_file()]
    assert any("store" in path.parts for path in written)
    assert {path.stat().st_uid for path in written} == {os.getuid()}


def test_a_node_has_a_limit_of_memory_beyond_its_heap(contained: Cluster) -> None:
    limits = {
        container.labels["rmqlab.node"]: container.attrs["HostConfig"]["Memory"]
        for container in containers("contained")
        if "rmqlab.node" in container.labels
    }
    for name, node in contained.nodes.items():
        assert node.spec.max_heap_mb < limits[name] / 2**20 < 1024


def test_a_log_is_there_while_a_node_runs_and_after_it_was_killed(contained: Cluster) -> None:
    node = contained.nodes["broker-a-s1"]
    assert "boot success" in node.log_tail(200)
    node.kill()
    assert "boot success" in node.log_tail(200)
    node.restart()


def test_a_stopped_broker_ends_in_order() -> None:
    with_files = start_cluster("single", name="in-order", backend="docker")
    with_files.stop()
    log = records.folder("in-order") / "broker-a" / "logs" / "rocketmqlogs" / "broker.log"
    assert "shutdown hook over" in log.read_text(encoding="utf-8", errors="replace").lower()
    assert containers("in-order") == []
    assert nothing_left("in-order")


def test_containers_that_no_record_knows_are_ended_and_no_others(contained: Cluster) -> None:
    lost = start_cluster("single", name="lost", backend="docker", lease_s=300)
    strangers = engine_client().containers.create(
        image_for(),
        ["true"],
        name=f"stranger-{uuid.uuid4().hex[:8]}",
        labels={"rmqlab.cluster": "lost", "rmqlab.home": "another-home"},
    )
    try:
        records.forget(lost.record)
        assert "lost" in clusters_by_label()
        assert end_strays() == ["lost"]
        assert "lost" not in clusters_by_label()
        assert [each.id for each in containers("lost")] == [strangers.id]
        assert "contained" in clusters_by_label()
    finally:
        strangers.remove(force=True)
        DockerBackend().sweep("lost", lost.folder)


def test_a_port_that_was_taken_meanwhile_is_one_sentence(contained: Cluster) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        spec = contained.nodes["broker-a"].spec
        folder = records.folder("collision")
        backend = DockerBackend()
        try:
            with pytest.raises(PortTakenError, match=rf"Port {port} is taken by .*\. End it, or"):
                backend.prepare("collision", [type(spec)(**{**vars(spec), "ports": (port,)})], folder)
        finally:
            backend.sweep("collision", folder)
    assert containers("collision") == []


def test_an_image_without_rocketmq_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = next((tag for each in engine_client().images.list() for tag in each.tags if "base" in tag), None)
    if bare is None:
        pytest.skip("no other image is here")
    monkeypatch.setenv("RMQLAB_IMAGE", bare)
    with pytest.raises(EngineError, match="is not laid out like apache/rocketmq"):
        start_cluster("single", name="bare", backend="docker", lease_s=60)
    assert nothing_left("bare")
