"""A Kafka beside RocketMQ: what it is started with, what it is asked, and what is refused to it."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import SimpleNamespace

import pytest

from rmqlab import lab as lab_module
from rmqlab.client import kafka_metadata
from rmqlab.cluster import Cluster
from rmqlab.compose import write_compose_files
from rmqlab.errors import ClusterError, ExternalClusterError, StartError, UnknownTopologyError
from rmqlab.faults import begin
from rmqlab.lab import Lab
from rmqlab.options import ClusterOptions
from rmqlab.plan import BLOCK, bootstrap_servers, plan
from rmqlab.readiness import wait_until_ready
from rmqlab.records import Record
from rmqlab.runtime import RELEASES
from rmqlab.runtime import relock as locking
from rmqlab.runtime.lockfile import JarGroup
from rmqlab.starting import start_cluster
from rmqlab.topology import BESIDE, KAFKA, TOPOLOGIES, find_topology

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parent / "golden" / "kafka.conf"
DOCUMENT = Path(__file__).parents[2] / "docs" / "topologies.md"
RELEASE = RELEASES[KAFKA]


LAB = PurePosixPath("/lab")


def planned(folder=LAB, port=10000):
    (node,) = plan(find_topology(KAFKA), folder, port)
    return node


def test_it_is_planned_as_its_golden_file_says():
    node = planned()
    text = f"# {node.name} {node.role} {node.address}: {node.program} {' '.join(node.arguments)}\n"
    text += "".join(f"## {name}\n{content}\n" for name, content in node.files.items())
    assert text == GOLDEN.read_text(encoding="utf-8"), f"If the change is meant, write it into {GOLDEN}."


def test_its_ports_lie_in_the_leased_block_and_nothing_listens_elsewhere():
    node = planned()
    assert set(node.ports) <= set(range(10000, 10000 + BLOCK))
    (listeners,) = (
        line for line in node.files["server.properties"].splitlines() if line.startswith("listeners=")
    )
    assert listeners == "listeners=PLAINTEXT://127.0.0.1:10000,CONTROLLER://127.0.0.1:10001"


def test_a_path_of_windows_reaches_it_with_slashes():
    files = planned(PureWindowsPath(r"C:\Users\李\lab")).files
    assert "log.dirs=C:/Users/李/lab/kafka/store\n" in files["server.properties"]
    assert "fileName = C:/Users/李/lab/kafka/logs/server.log\n" in files["log4j2.properties"]


def test_it_is_found_by_its_name_and_is_none_of_rocketmqs_topologies():
    assert set(BESIDE) == {KAFKA}
    assert KAFKA not in TOPOLOGIES
    assert {shape.release for shape in BESIDE.values()} <= set(RELEASES)
    with pytest.raises(UnknownTopologyError, match="Did you mean kafka"):
        find_topology("kafak")
    shape = BESIDE[KAFKA]
    assert f"| `{KAFKA}` | {shape.summary} |" in DOCUMENT.read_text(encoding="utf-8")


def test_a_cluster_of_rocketmq_has_no_bootstrap_servers():
    assert bootstrap_servers((planned(),)) == "127.0.0.1:10000"
    assert bootstrap_servers(plan(find_topology("single"), PurePosixPath("/lab"), 10000)) == ""


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"options": ClusterOptions(flush="sync")}, "flush"),
        ({"options": ClusterOptions(links=True, timers=True)}, "timers, links"),
        ({"namesrv_port": 9876}, "namesrv_port"),
    ],
)
def test_rocketmqs_options_are_refused_before_anything_starts(asked, named):
    with pytest.raises(ClusterError, match=f"^kafka is no RocketMQ, and has no {named}: leave that out"):
        start_cluster(KAFKA, name="never", **asked)


def test_it_is_in_no_compose_file():
    with pytest.raises(UnknownTopologyError, match="kafka runs as a plain process only"):
        write_compose_files(Path("never"), KAFKA)


@pytest.fixture
def recorded():
    node = planned()
    return Cluster(Record("shop.kafka", KAFKA, "process", 0.0, None, 0, (node,), {}))


def test_what_is_asked_of_rocketmq_is_refused_in_one_sentence_that_says_whom_to_ask(recorded):
    for name in ("disk_full", "cut", "slow_flush", "power_loss"):
        refusal = rf"^shop\.kafka is a Kafka, and the fault {name} is for RocketMQ"
        with pytest.raises(ClusterError, match=refusal):
            begin(recorded, name, ("kafka",), {})
    lab = Lab("shop", recorded)
    recorded.require_alive = lambda: None
    for ask, what in {
        (lambda: lab.admin): "lab.admin",
        lab.ledger: "a ledger",
        (lambda: lab.view("queues", topic="orders")): "the picture queues",
        (lambda: lab.topic("orders")): "lab.admin",
        (lambda: lab.mqadmin("topicList")): "mqadmin",
    }.items():
        refusal = f"{what} is for RocketMQ.*confluent_kafka, at 127.0.0.1:10000"
        with pytest.raises(ClusterError, match=refusal):
            ask()


def test_a_lab_on_a_cluster_that_others_run_starts_its_own_kafka(recorded, monkeypatch):
    asked = []
    monkeypatch.setattr(
        lab_module, "start_cluster", lambda *what, **how: asked.append((what, how)) or recorded
    )
    mine = SimpleNamespace(name="class", backend=SimpleNamespace(name="external"), require_alive=lambda: None)
    assert Lab("choosing", mine).another("kafka").bootstrap_servers == "127.0.0.1:10000"
    ((what, how),) = asked
    assert (what, how["name"], how["part_of"]) == (("kafka",), "class.kafka", "class")
    with pytest.raises(ExternalClusterError, match="This lab wants another cluster, single"):
        Lab("choosing", mine).another()


def test_a_lab_shows_it_in_a_map(recorded):
    lab = Lab("shop", recorded)
    assert repr(lab) == "<Lab shop at 127.0.0.1:10000>"
    still = lab.view("map").snapshot(quiet_s=0)
    assert "broker and controller" in still._repr_mimebundle_()["image/svg+xml"]


@contextmanager
def answering(answer):
    """A port that gives one answer to whatever it is asked; yields the port and what was asked."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(1000))
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1], asked
        finally:
            server.shutdown(socket.SHUT_RDWR)


def metadata(*brokers, correlation=1):
    """Return a Metadata answer in version 0: the brokers, and no topics."""
    body = struct.pack(">ii", correlation, len(brokers))
    for number, (host, port) in enumerate(brokers):
        body += struct.pack(">ih", number, len(host)) + host.encode() + struct.pack(">i", port)
    body += struct.pack(">i", 0)
    return struct.pack(">i", len(body)) + body


def test_the_question_is_a_metadata_request_and_its_brokers_are_read():
    with answering(metadata(("127.0.0.1", 10000), ("localhost", 9092))) as (port, asked):
        assert kafka_metadata.brokers(f"127.0.0.1:{port}") == ["127.0.0.1:10000", "localhost:9092"]
    assert asked == [bytes.fromhex("00000014 0003 0000 00000001 0006") + b"rmqlab" + bytes(4)]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", ConnectionResetError),
        (metadata(("127.0.0.1", 1))[:15], ConnectionResetError),
        (metadata(correlation=7), ValueError),
        (b"HTTP/1.1 400 Bad Request\r\n", ValueError),
    ],
    ids=["hangs up", "in the middle", "to another question", "HTTP"],
)
def test_what_does_not_speak_kafkas_protocol_is_an_error(answer, error):
    with answering(answer) as (port, _), pytest.raises(error):
        kafka_metadata.brokers(f"127.0.0.1:{port}")


def test_a_node_that_its_controller_has_not_let_in_yet_is_not_ready():
    with answering(metadata()) as (port, _):
        node = planned(port=port)
        with pytest.raises(StartError, match="was not ready after 0 s; kafka is what it waits for"):
            wait_until_ready([node], lambda _: True, lambda _: "its log", timeout_s=0.2)


def test_a_node_that_names_itself_is_ready():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", port)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(metadata(("127.0.0.1", port)))

        threading.Thread(target=serve, daemon=True).start()
        wait_until_ready([planned(port=port)], lambda _: True, lambda _: "its log", timeout_s=5)


def test_its_jars_are_of_one_kafka_and_few():
    versions = {jar.version for jar in RELEASE.jars.jars if jar.group == "org.apache.kafka"}
    assert versions == {RELEASE.jars.version}
    assert RELEASE.jars.size < 90e6  # fetched by who asks for it, not by everybody


def test_a_new_lock_moves_the_kafka_and_leaves_its_logger_alone(monkeypatch, tmp_path):
    made = []
    monkeypatch.setattr(locking, "lock_path", lambda name: tmp_path / f"{name}.json")
    monkeypatch.setattr(locking, "write_lock", made.append)
    roots = ("org:kafka:4.4.0", "org:log4j:2.26.1")
    monkeypatch.setattr(locking, "read_lock", lambda name: JarGroup(name, "4.4.0", roots, ()))
    (tmp_path / "kafka.json").write_text(json.dumps({}))
    monkeypatch.setattr(locking.shutil, "which", lambda _: "mvn")

    def resolve(command, **_):
        Path(command[-1].removeprefix("-DoutputFile=")).write_text("")
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(locking.subprocess, "run", resolve)
    locking.relock("kafka", "4.5.0")
    assert made[0].roots == ("org:kafka:4.5.0", "org:log4j:2.26.1")
