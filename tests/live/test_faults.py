"""Every fault of a real cluster, seen from outside: it took effect, and it is gone once it is undone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from actors import eventually, send_to

from rmqlab import relays, views
from rmqlab.backends.docker_engine import engine_client
from rmqlab.client import remoting
from rmqlab.errors import FaultError, NodeDownError
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.cluster import Cluster

pytestmark = [pytest.mark.live, pytest.mark.skipif(sys.platform != "linux", reason="slow_disk is for Linux")]

OPTIONS = ClusterOptions(
    links=True, slow_disk=True, flush="sync", properties={"slaveTimeout": "300", "syncFlushTimeout": "2000"}
)
OK, SERVICE_NOT_AVAILABLE, FLUSH_SLAVE_TIMEOUT = 0, 14, 12  # ResponseCode


@pytest.fixture(scope="module", params=["process", "docker"])
def hurt(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A master and a slave, with everything that a fault may need."""
    if request.param == "docker":
        request.getfixturevalue("docker_engine")
    cluster = start_cluster(
        "master-slave-sync", name="faults", backend=request.param, options=OPTIONS, lease_s=300
    )
    try:
        eventually(lambda: send(cluster) == OK, timeout_s=20, why="no send is answered with OK")
        yield cluster
    finally:
        cluster.stop()


def send(cluster: Cluster, timeout_s: float = 10) -> int:
    """Send a message to the master and return the code of its answer."""
    return send_to(cluster.nodes["broker-a"].address, timeout_s=timeout_s)


def link(cluster: Cluster, name: str) -> relays.Link:
    return relays.links(cluster.nodes["relay"].address)[name]


def seen(cluster: Cluster, node: str) -> str:
    """Return how a node is by the word of who runs it: the operating system, the container engine."""
    handle = cluster.nodes[node].handle
    if "container" in handle:
        return str(engine_client().containers.get(handle["container"]).status)
    try:
        return str(psutil.Process(handle["pid"]).status())
    except psutil.NoSuchProcess:
        return "gone"


GONE = {"gone", psutil.STATUS_ZOMBIE, "exited"}
STILL = {psutil.STATUS_STOPPED, "paused"}


def answers(address: str) -> bool:
    try:
        remoting.ask(address, remoting.GET_BROKER_CLUSTER_INFO, timeout_s=1)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("node", ["namesrv", "broker-a", "broker-a-s1"])
def test_a_killed_node_is_gone_and_comes_back(hurt: Cluster, node: str) -> None:
    with hurt.fault("kill", node) as fault:
        assert seen(hurt, node) in GONE
        assert not answers(hurt.nodes[node].address)
        assert "is gone; nobody answers" in fault.evidence
        assert hurt.nodes[node].state == "down"
    assert hurt.nodes[node].state == "up"
    eventually(lambda: send(hurt) == OK, timeout_s=20, why="no send is answered with OK")


@pytest.mark.parametrize("node", ["namesrv", "broker-a", "broker-a-s1"])
def test_a_paused_node_stands_still_and_goes_on(hurt: Cluster, node: str) -> None:
    with hurt.fault("pause", node) as fault:
        assert seen(hurt, node) in STILL
        assert "stands still" in fault.evidence
        assert "gives no answer within 0.5 s" in fault.evidence
    assert seen(hurt, node) not in STILL | GONE
    eventually(lambda: send(hurt) == OK, timeout_s=20, why="no send is answered with OK")


def test_a_stopped_broker_has_left_in_order_and_comes_back(hurt: Cluster) -> None:
    with hurt.fault("stop", "broker-a-s1") as fault:
        assert "broker-a-s1 ended after" in fault.evidence
        known = remoting.registered_brokers(hurt.namesrv)
        assert ("broker-a", 0) in known
        assert ("broker-a", 1) not in known
    assert ("broker-a", 1) in remoting.registered_brokers(hurt.namesrv)


def test_a_broker_cut_off_from_its_clients_runs_on_and_nobody_else_is_hurt(hurt: Cluster) -> None:
    with hurt.fault("cut", "clients", "broker-a") as fault:
        with pytest.raises(TimeoutError):
            send(hurt, timeout_s=0.5)
        assert answers(hurt.nodes["broker-a-s1"].address)
        assert seen(hurt, "broker-a") not in STILL | GONE
        assert "0 bytes in 0.5 s" in fault.evidence
        assert link(hurt, "clients>broker-a").cut
        assert not link(hurt, "broker-a>namesrv").cut
    eventually(lambda: send(hurt) == OK, timeout_s=20, why="no send is answered with OK")


def test_a_master_cut_off_from_its_slave_says_that_the_slave_is_late(hurt: Cluster) -> None:
    with hurt.fault("cut", "broker-a", "broker-a-s1"):
        before = link(hurt, "broker-a-s1>broker-a")
        assert before.connections
        assert send(hurt) == FLUSH_SLAVE_TIMEOUT
        after = link(hurt, "broker-a-s1>broker-a")
        assert (after.up, after.down) == (before.up, before.down)
        assert after.held > before.held  # the message, which the slave has not got
    eventually(lambda: send(hurt) == OK, timeout_s=20, why="the slave does not catch up")


def test_a_broker_cut_off_from_the_nameserver_waits_in_vain_to_register(hurt: Cluster) -> None:
    name = "broker-a-s1>namesrv"
    with hurt.fault("cut", "namesrv", "broker-a-s1"):
        before = link(hurt, name)
        with pytest.raises(TimeoutError):
            remoting.make_register(hurt.nodes["broker-a-s1"].address, timeout_s=1)
        after = link(hurt, name)
        assert (after.up, after.down) == (before.up, before.down)
        assert after.held > before.held
    eventually(lambda: link(hurt, name).down > before.down, timeout_s=20, why="it does not register again")


def test_a_slow_link_delays_each_way(hurt: Cluster) -> None:
    def took() -> float:
        begun = time.monotonic()
        answers(hurt.nodes["broker-a"].address)
        return time.monotonic() - begun

    with hurt.fault("slow_link", "clients", "broker-a", latency_ms=150) as fault:
        assert took() >= 0.3
        assert "150 ms each way" in fault.evidence
        assert "before it took" in fault.evidence
    eventually(lambda: took() < 0.3, timeout_s=10, why="the link stays slow")


def test_a_lossy_link_loses_nothing_but_time(hurt: Cluster) -> None:
    with hurt.fault("slow_link", "broker-a", "broker-a-s1", loss=0.5) as fault:
        assert "50% sent again" in fault.evidence
        assert link(hurt, "broker-a-s1>broker-a").loss == 0.5
        codes = {send(hurt) for _ in range(8)}
        assert codes <= {OK, FLUSH_SLAVE_TIMEOUT}
        assert (
            FLUSH_SLAVE_TIMEOUT in codes
        )  # each waits for two chunks of which one is late: 1 in 4^8 for none
    eventually(lambda: send(hurt) == OK, timeout_s=20, why="the slave does not catch up")


def test_a_send_waits_for_a_slow_flush(hurt: Cluster) -> None:
    with hurt.fault("slow_flush", "broker-a", ms=400) as fault:
        begun = time.monotonic()
        assert send(hurt) == OK
        assert time.monotonic() - begun >= 0.4
        assert "each flush waits 400 ms" in fault.evidence
    eventually(lambda: _quick(hurt), timeout_s=10, why="its flushes stay slow")


def _quick(hurt: Cluster) -> bool:
    begun = time.monotonic()
    return send(hurt) == OK and time.monotonic() - begun < 0.4


def test_a_broker_with_a_full_disk_refuses_in_its_own_words_and_takes_messages_again(hurt: Cluster) -> None:
    with hurt.fault("disk_full", "broker-a") as fault:
        assert send(hurt) == SERVICE_NOT_AVAILABLE
        assert "the broker's disk is full" in fault.evidence
        assert answers(hurt.nodes["broker-a"].address)
    assert send(hurt) == OK


def test_a_slave_has_no_disk_to_fill(hurt: Cluster) -> None:
    with pytest.raises(FaultError, match="broker-a-s1 is a slave"):
        hurt.fault("disk_full", "broker-a-s1")


def test_the_map_shows_a_fault_at_once(hurt: Cluster) -> None:
    def shown() -> str:
        return repr(views.show("map", hurt))

    with hurt.fault("cut", "broker-a", "broker-a-s1"), hurt.fault("disk_full", "broker-a"):
        seen = shown()
        assert "broker-a: cut off from broker-a-s1, disk full" in seen
        assert "broker-a-s1: cut off from broker-a" in seen
    with hurt.fault("slow_link", "clients", "broker-a", latency_ms=1), hurt.fault("pause", "broker-a-s1"):
        seen = shown()
        assert "broker-a: slow to clients" in seen
        assert "paused" in seen
    assert not any(hurt.troubles().values())
    assert "cut off" not in shown()


def test_a_fault_is_undone_when_the_body_fails(hurt: Cluster) -> None:
    with pytest.raises(ZeroDivisionError), hurt.fault("pause", "broker-a-s1"):
        raise ZeroDivisionError
    assert hurt.nodes["broker-a-s1"].state == "up"


def test_a_fault_that_nobody_undoes_in_a_with_lasts_until_undo(hurt: Cluster) -> None:
    fault = hurt.fault("pause", hurt.nodes["broker-a-s1"])
    assert hurt.nodes["broker-a-s1"].state == "paused"
    fault.undo()
    fault.undo()  # a second time does nothing
    assert hurt.nodes["broker-a-s1"].state == "up"
    assert "undone" in repr(fault)


def test_faults_within_faults_are_undone_one_by_one(hurt: Cluster) -> None:
    with hurt.fault("cut", "clients", "namesrv"), hurt.fault("kill", "broker-a-s1"):
        assert hurt.nodes["broker-a-s1"].state == "down"
    assert remoting.registered_brokers(hurt.namesrv).keys() == {("broker-a", 0), ("broker-a", 1)}


def test_a_fault_of_a_node_that_is_down_is_refused_and_does_not_start_it(hurt: Cluster) -> None:
    with hurt.fault("kill", "broker-a-s1"):
        with pytest.raises(NodeDownError, match="broker-a-s1 does not run"):
            hurt.fault("pause", "broker-a-s1")
        with pytest.raises(NodeDownError):
            hurt.fault("kill", "broker-a-s1")
        assert hurt.nodes["broker-a-s1"].state == "down"


_BREAK = """
import sys, time
from rmqlab.cluster import attach
with attach("faults").fault("cut", "clients", "broker-a"), attach("faults").fault("pause", "broker-a-s1"):
    print("broken", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_a_learner_who_leaves_in_the_middle_of_a_fault_finds_the_cluster_whole(
    hurt: Cluster, how: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _BREAK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as learner:
        assert learner.stdout.readline() == "broken\n"
        assert link(hurt, "clients>broker-a").cut
        learner.send_signal(how)
        learner.wait(60)
    if how == signal.SIGKILL:  # nobody was left to undo it: coming back does
        assert hurt.nodes["broker-a-s1"].state == "paused"
        start_cluster(
            "master-slave-sync", name="faults", backend=hurt.backend.name, options=OPTIONS, lease_s=300
        )
    assert not link(hurt, "clients>broker-a").cut
    assert {node.state for node in hurt.nodes.values()} == {"up"}
    eventually(lambda: send(hurt) == OK, timeout_s=20, why="no send is answered with OK")


def test_a_relay_that_was_killed_comes_back_with_whole_links(hurt: Cluster) -> None:
    with hurt.fault("kill", "relay"):
        with pytest.raises(FaultError, match=r"relay at .* does not answer"):
            hurt.fault("cut", "clients", "broker-a")
        assert not answers(hurt.namesrv)
    eventually(lambda: send(hurt) == OK, timeout_s=20, why="no send is answered with OK")
