"""The compose files are what the plans say now, and compose accepts them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from rmqlab.compose import compose_files, write_compose_files
from rmqlab.errors import UnknownTopologyError
from rmqlab.topology import TOPOLOGIES

pytestmark = pytest.mark.unit

COMMITTED = Path(__file__).parents[2] / "infra" / "compose"


def compose_command() -> list[str] | None:
    """Return how compose is called here: a plugin of docker, or a command of its own."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            done = subprocess.run([*command, "version"], capture_output=True, check=False)
            if not done.returncode:
                return command
    return None


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_committed_files_are_those_of_the_plans(topology: str) -> None:
    folder = COMMITTED / topology
    there = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert there == compose_files(topology), "`rmqlab compose` writes them anew"


def test_there_is_a_folder_for_each_topology_and_no_other() -> None:
    assert {path.name for path in COMMITTED.iterdir()} == set(TOPOLOGIES)


def test_one_topology_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    assert write_compose_files(tmp_path, "single") == [tmp_path / "single"]
    assert (tmp_path / "single" / "broker-a" / "broker.conf").is_file()
    with pytest.raises(UnknownTopologyError, match="Did you mean single"):
        write_compose_files(tmp_path, "singel")


def test_every_node_shares_the_network_of_the_pod_which_alone_publishes_ports() -> None:
    for topology in TOPOLOGIES:
        services = yaml.safe_load(compose_files(topology)["compose.yaml"])["services"]
        published = services.pop("pod")["ports"]
        assert "127.0.0.1:9876:9876" in published
        for port in published:
            host, outside, inside = port.split(":")
            assert (host, outside) == ("127.0.0.1", inside)
        assert {service["network_mode"] for service in services.values()} == {"service:pod"}
        assert not any("ports" in service for service in services.values())


def test_compose_accepts_every_file_with_the_dashboard() -> None:
    command = compose_command()
    if command is None:
        pytest.skip("compose is not installed: neither `docker compose` nor docker-compose")
    for topology in TOPOLOGIES:
        done = subprocess.run(
            [*command, "--file", "compose.yaml", "--profile", "dashboard", "config"],
            cwd=COMMITTED / topology,
            env={**os.environ, "RMQLAB_IMAGE": "ours:1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{topology}: {done.stderr}"
        services = yaml.safe_load(done.stdout)["services"]
        assert services["dashboard"]["profiles"] == ["dashboard"]
        assert services["pod"]["image"] == "ours:1"
