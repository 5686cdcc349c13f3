"""Topologies and plans: pure, so that they can be held against golden files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from rmqlab.errors import UnknownTopologyError
from rmqlab.plan import BLOCK, NodeSpec, plan
from rmqlab.topology import TOPOLOGIES, find_topology

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(TOPOLOGIES))
def test_a_topology_is_planned_as_its_golden_file_says(name: str) -> None:
    nodes = plan(TOPOLOGIES[name], PurePosixPath("/lab"), 10000)
    text = "".join(_describe(node) for node in nodes)
    golden = GOLDEN / f"{name}.conf"
    assert text == golden.read_text(encoding="utf-8"), f"If the change is meant, write it into {golden}."


def _describe(node: NodeSpec) -> str:
    head = f"# {node.name} {node.role} {node.address}: {node.program} {' '.join(node.arguments)}\n"
    return head + "".join(f"## {name}\n{text}\n" for name, text in node.files.items())


@pytest.mark.parametrize("name", sorted(TOPOLOGIES))
def test_no_two_nodes_share_a_port_and_all_lie_in_the_leased_block(name: str) -> None:
    used = [port for node in plan(TOPOLOGIES[name], PurePosixPath("/lab"), 10000) for port in node.ports]
    assert len(used) == len(set(used))
    assert set(used) <= set(range(10000, 10000 + BLOCK))


def test_a_port_of_ones_own_goes_to_the_nameserver_and_the_brokers_learn_it() -> None:
    namesrv, broker = plan(TOPOLOGIES["single"], PurePosixPath("/lab"), 10000, namesrv_port=9876)
    assert namesrv.address == "127.0.0.1:9876"
    assert "namesrvAddr=127.0.0.1:9876\n" in broker.files["broker.conf"]


def test_a_path_of_windows_reaches_java_with_slashes() -> None:
    broker = plan(TOPOLOGIES["single"], PureWindowsPath(r"C:\Users\李\lab"), 10000)[1]
    assert "storePathRootDir=C:/Users/李/lab/broker-a/store\n" in broker.files["broker.conf"]


def test_a_misspelt_topology_is_told_the_nearest() -> None:
    with pytest.raises(UnknownTopologyError, match="Did you mean single"):
        find_topology("singel")
