"""Clusters on containers outlive their kernels, and nothing of them outlives its use, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from actors import eventually, kernel, nothing_left

from rmqlab.backends.docker_engine import engine_client
from rmqlab.cluster import attach
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from docker.models.containers import Container

pytestmark = [pytest.mark.live, pytest.mark.timeout(300), pytest.mark.usefixtures("docker_engine")]

LEASE_S = 3.0

START = """
from rmqlab.starting import start_cluster
start_cluster("single", name={name!r}, backend="docker", lease_s=3.0)
"""


@pytest.fixture(autouse=True)
def on_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMQLAB_BACKEND", "docker")


def containers(cluster: str) -> list[Container]:
    return engine_client().containers.list(
        all=True, ignore_removed=True, filters={"label": f"rmqlab.cluster={cluster}"}
    )


def gone(cluster: str) -> bool:
    networks = engine_client().networks.list(filters={"label": f"rmqlab.cluster={cluster}"})
    return not containers(cluster) and not networks and nothing_left(cluster)


def test_a_kernel_that_restarts_finds_its_cluster_as_it_was() -> None:
    with kernel("c-restarted") as first:
        before = first.wait_ready()
        ids = {each.id for each in containers("c-restarted")}
        first.leave()
    with kernel("c-restarted") as second:
        assert second.wait_ready() == before
        assert {each.id for each in containers("c-restarted")} == ids
        attach("c-restarted").stop()
    assert gone("c-restarted")


def test_a_cluster_whose_kernel_was_killed_is_ended_after_its_lease() -> None:
    with kernel("c-orphan", LEASE_S) as killed:
        killed.wait_ready()
        killed.kill()
    eventually(lambda: gone("c-orphan"), timeout_s=LEASE_S + 30, why="the supervisor did not end it")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_start_that_is_cut_off_leaves_nothing(end: signal.Signals) -> None:
    name = f"c-cut-{end.name.lower()}"
    starter = subprocess.Popen([sys.executable, "-c", START.format(name=name)], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: containers(name), timeout_s=30, why="no container was made")
    finally:
        starter.send_signal(end)
        starter.wait(60)
    eventually(lambda: gone(name), timeout_s=LEASE_S + 30, why=f"left: {containers(name)}")


def test_whoever_ends_a_cluster_need_not_know_its_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    start_cluster("single", name="c-elsewhere", lease_s=60)
    with monkeypatch.context() as patch:
        patch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
        cluster = attach("c-elsewhere")
        assert {node.state for node in cluster.nodes.values()} == {"up"}
        cluster.stop()
    assert gone("c-elsewhere")


def test_a_cluster_whose_pod_was_removed_is_started_anew() -> None:
    first = start_cluster("single", name="c-pruned", lease_s=60)
    for container in containers("c-pruned"):
        container.remove(force=True)  # as `docker system prune` does after a restart of the machine
    begun = time.monotonic()
    second = start_cluster("single", name="c-pruned", lease_s=60)
    try:
        assert {node.state for node in second.nodes.values()} == {"up"}, first
        assert time.monotonic() - begun < 60
    finally:
        second.stop()
    assert gone("c-pruned")


def test_three_clusters_start_at_once_on_one_engine() -> None:
    names = [f"c-three-{number}" for number in range(3)]
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", START.format(name=name).replace("3.0", "120")], env=dict(os.environ)
        )
        for name in names
    ]
    try:
        assert [starter.wait(200) for starter in starters] == [0] * 3
        assert len({attach(name).namesrv for name in names}) == 3
    finally:
        for name in names:
            attach(name).stop()
    assert all(gone(name) for name in names)
