"""A cluster outlives its kernel, and never outlives its use: with real processes that are really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import filelock
import psutil
import pytest
from actors import eventually, kernel, node_processes, nothing_left

from rmqlab import leases, records, topology
from rmqlab.backends import process
from rmqlab.cluster import attach, end_if, list_clusters
from rmqlab.errors import ClusterError, DiskSpaceError, NoSuchClusterError, PortTakenError, StartError
from rmqlab.places import state_dir
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

LEASE_S = 3.0


def supervisor_runs() -> bool:
    try:
        with leases.supervisor_lock(state_dir()).acquire(timeout=0):
            return False
    except filelock.Timeout:
        return True


def supervisors() -> list[psutil.Process]:
    home = os.environ["RMQLAB_HOME"]
    return [
        process
        for process in psutil.process_iter(["cmdline", "environ"])
        if "rmqlab.supervisor" in (process.info["cmdline"] or ())
        and (process.info["environ"] or {}).get("RMQLAB_HOME") == home
    ]


def test_a_kernel_that_restarts_finds_its_cluster_as_it_was() -> None:
    with kernel("restarted") as first:
        before = first.wait_ready()
        first.leave()
    begun = time.monotonic()
    with kernel("restarted") as second:
        assert second.wait_ready() == before
        assert (
            time.monotonic() - begun < 5
        )  # a start takes longer; the budget itself is `rmqlab bench start`'s
        attach("restarted").stop()


@pytest.mark.timeout(60)
def test_a_cluster_is_ended_without_waiting_for_its_kernel_which_lives_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_GONE_S", 300)
    with kernel("lives-on") as living:
        living.wait_ready()
        nodes = node_processes("lives-on")
        assert end_if("lives-on", lambda _record: True)
        assert {psutil.Process(node).status() for node in nodes} == {psutil.STATUS_ZOMBIE}
        assert nothing_left("lives-on")


def test_a_cluster_whose_kernel_was_killed_is_ended_after_its_lease() -> None:
    with kernel("orphan", LEASE_S) as killed:
        killed.wait_ready()
        assert len(node_processes("orphan")) == 2
        killed.kill()
    eventually(lambda: nothing_left("orphan"), timeout_s=LEASE_S + 15, why="the supervisor did not end it")


def test_a_program_that_turns_to_another_state_folder_keeps_its_cluster(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cluster = start_cluster("single", name="home-left", lease_s=LEASE_S)
    try:
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("RMQLAB_HOME", str(tmp_path / "elsewhere"))
            until = time.monotonic() + 2 * LEASE_S
            eventually(lambda: time.monotonic() > until, timeout_s=3 * LEASE_S, why="time stands still")
            assert list_clusters() == []
        assert {node.state for node in attach("home-left").nodes.values()} == {"up"}
    finally:
        cluster.stop()


def test_two_notebooks_on_one_lab_share_a_cluster_until_the_last_has_left() -> None:
    with kernel("shared", LEASE_S) as first, kernel("shared", LEASE_S) as second:
        assert first.wait_ready() == second.wait_ready()
        first.kill()
        until = time.monotonic() + 2 * LEASE_S
        while time.monotonic() < until:  # the other one's lease keeps it, well past the first one's end
            assert len(node_processes("shared")) == 2
            time.sleep(0.1)
        second.kill()
    eventually(lambda: nothing_left("shared"), timeout_s=LEASE_S + 15, why="the supervisor did not end it")


def test_a_supervisor_that_was_killed_is_started_again_by_who_uses_a_cluster() -> None:
    with kernel("guarded", LEASE_S) as user:
        user.wait_ready()
        eventually(supervisors, timeout_s=10, why="no supervisor")
        for process in supervisors():
            process.kill()
        eventually(supervisors, timeout_s=LEASE_S + 10, why="nobody started the supervisor again")
        user.kill()
    eventually(lambda: nothing_left("guarded"), timeout_s=LEASE_S + 15, why="the new supervisor does nothing")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_a_start_that_is_cut_off_leaves_nothing_behind(how: signal.Signals) -> None:
    name = f"cut-off-{how.name.lower()}"
    with kernel(name) as starting:
        eventually(lambda: len(node_processes(name)) == 2, timeout_s=30, why="the nodes were not launched")
        starting.process.send_signal(how)
        starting.process.wait(20)
        eventually(lambda: nothing_left(name), timeout_s=20, why=f"left: {node_processes(name)}")


def test_a_port_that_somebody_has_is_one_sentence_and_nothing_is_started(namesrv: str) -> None:
    taken = int(namesrv.rpartition(":")[2])
    with pytest.raises(PortTakenError, match=rf"Port {taken} is taken by java"):
        start_cluster("single", name="collides", namesrv_port=taken)
    assert nothing_left("collides")


def test_a_stale_record_whose_pid_is_somebody_elses_is_replaced_and_nobody_is_hurt() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as bystander:
        first = start_cluster("single", name="stale", lease_s=60)
        record = first.record
        for node in first.nodes.values():
            node.kill()
        handles = {name: {**handle, "pid": bystander.pid} for name, handle in record.handles.items()}
        records.write(replace(record, handles=handles))
        assert {node.state for node in first.nodes.values()} == {"down"}
        second = start_cluster("single", name="stale", lease_s=60)
        assert {node.state for node in second.nodes.values()} == {"up"}
        second.stop()
        assert bystander.poll() is None
        bystander.stdin.close()


def test_a_broker_that_dies_while_starting_shows_the_end_of_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = topology.Topology("broken", "cannot start", properties={"haListenPort": "70000"})
    monkeypatch.setitem(topology.TOPOLOGIES, "broken", broken)
    with pytest.raises(StartError, match=r"(?s)broker-a died while starting.*70000"):
        start_cluster("broken", lease_s=60)
    assert nothing_left("broken")


def test_a_full_disk_is_one_sentence_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], check=False, capture_output=True
    )
    if mount.returncode:
        pytest.skip("mounting a small disk needs root on Linux")
    try:
        (small / "filler").write_bytes(b"x" * 990_000)
        monkeypatch.setenv("RMQLAB_HOME", str(small))
        with pytest.raises(DiskSpaceError, match="RMQLAB_HOME"):
            start_cluster("single", name="full")
        assert nothing_left("full")
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_a_cluster_of_one_shape_is_not_handed_out_as_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(topology.TOPOLOGIES, "other", topology.Topology("other", "another shape"))
    with pytest.raises(ClusterError, match="runs with the topology single"):
        start_cluster("other", name="tests")


def test_a_name_that_no_cluster_has_is_told_with_those_that_run(namesrv: str) -> None:
    with pytest.raises(NoSuchClusterError, match=r"No cluster called nobody runs\. Running now: .*tests"):
        attach("nobody")


@pytest.mark.parametrize("name", ["", "../up", "a b", "x" * 80])
def test_a_name_that_cannot_be_a_folder_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="cannot name a cluster"):
        records.folder(name)


@pytest.mark.usefixtures("cluster")
def test_a_lease_that_is_renewed_at_the_last_moment_saves_the_cluster() -> None:
    assert not end_if("tests", lambda _record: False)
    assert attach("tests").nodes["broker-a"].state == "up"


def test_who_comes_back_to_a_cluster_that_ended_meanwhile_is_told_why() -> None:
    cluster = start_cluster("single", name="slept", lease_s=60)
    end_if("slept", lambda _: True, why="nobody used it for 15 minutes")
    with pytest.raises(NoSuchClusterError, match=r"slept has ended: nobody used it .*Start it again"):
        cluster.nodes["broker-a"].restart()
    with pytest.raises(NoSuchClusterError, match="has ended"):
        cluster.nodes["broker-a"].kill()
    assert nothing_left("slept")
