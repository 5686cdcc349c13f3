"""What docs/faults.md says of each fault is what the code does, and what is asked wrongly is told how."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import pytest

from rmqlab.errors import FaultError
from rmqlab.faults import FAULTS, Fault, Kind, begin
from rmqlab.links import listening_hosts
from rmqlab.options import ClusterOptions
from rmqlab.plan import NodeSpec, plan
from rmqlab.topology import TOPOLOGIES

pytestmark = pytest.mark.unit

DOCUMENT = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
BACKENDS = ("process", "docker")


class OfSomebodyElse:
    """A cluster on a backend without faults."""

    name = "theirs"

    class backend:  # noqa: N801 - as the attribute is called
        name = "external"


def planned(topology: str, **options: bool) -> dict[str, NodeSpec]:
    nodes = plan(TOPOLOGIES[topology], PurePosixPath("/lab"), 10000, options=ClusterOptions(**options))
    return {node.name: node for node in nodes}


def conf(node: NodeSpec) -> dict[str, str]:
    return dict(line.split("=", 1) for line in node.files["broker.conf"].splitlines())


def test_the_table_of_faults_is_that_of_the_code() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `fault\((.*)\)` \| (.*?) ?\| (yes|no) \| (yes|no) \|$", DOCUMENT, re.MULTILINE
    )
    written = {name: (needs.strip("`"), yes) for name, _, needs, *yes in rows}
    coded = {
        kind.name: (kind.needs, ["yes" if backend in kind.backends else "no" for backend in BACKENDS])
        for kind in FAULTS.values()
    }
    assert written == coded
    assert all(call.startswith(f'"{name}"') for name, call, *_ in rows)


def test_an_option_that_a_fault_needs_is_one_of_a_cluster() -> None:
    for kind in FAULTS.values():
        name = kind.needs.partition("=")[0]
        assert not name or ClusterOptions.of(**{name: True})


def test_a_fault_that_does_not_exist_is_told_with_the_nearest_and_all() -> None:
    with pytest.raises(
        FaultError, match=r"no fault called 'kil'\. Did you mean kill\? There are: kill, stop,"
    ):
        begin(OfSomebodyElse(), "kil", ("broker-a",), {})


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_cluster_of_somebody_else_is_never_broken(name: str) -> None:
    with pytest.raises(FaultError, match="backend external, where nothing can be broken"):
        begin(OfSomebodyElse(), name, ("broker-a",), {})


def test_whoever_undoes_a_fault_waits_for_its_own_nodes_even_if_they_do_not_look_up_yet() -> None:
    waited = []
    cluster = SimpleNamespace(
        name="just-launched",
        nodes={
            name: SimpleNamespace(name=name, spec=f"spec of {name}", state="down")
            for name in ("namesrv", "broker-a", "broker-b")
        },
        wait_until_ready=waited.append,
    )
    kind = Kind("kill", lambda _cluster, node: nullcontext(f"{node} is gone"))
    with Fault(cluster, kind, ("broker-a",), {}):
        assert waited == []
    assert waited == [["spec of broker-a"]]


def test_with_links_everything_goes_through_the_relay_and_nodes_listen_behind_it() -> None:
    nodes = planned("master-slave-sync", links=True)
    master, slave = conf(nodes["broker-a"]), conf(nodes["broker-a-s1"])
    assert nodes["namesrv"].address == "127.0.0.2:10000"
    assert nodes["broker-a"].address == f"127.0.0.2:{master['listenPort']}"
    assert (master["brokerIP1"], master["brokerIP2"]) == ("127.0.0.2", "127.0.0.3")
    assert (master["namesrvAddr"], slave["namesrvAddr"]) == ("127.0.0.10:10000", "127.0.0.11:10000")
    assert {master["bindAddress"], slave["bindAddress"]} == {"127.0.0.1"}
    assert listening_hosts(nodes["relay"]) == {f"127.0.0.{last}" for last in (2, 3, 10, 11)}


def test_without_links_nothing_is_told_of_a_relay() -> None:
    assert "relay" not in planned("master-slave-sync")


@pytest.mark.parametrize("topology", sorted(TOPOLOGIES))
def test_a_relay_listens_in_front_of_what_a_node_listens_on(topology: str) -> None:
    nodes = planned(topology, links=True)
    for line in nodes["relay"].files["relay.conf"].splitlines()[1:]:
        _, name, at, to = line.split()
        target = nodes[name.rpartition(">")[2]]
        assert int(to.rpartition(":")[2]) in target.ports
        assert at.rpartition(":")[2] == to.rpartition(":")[2]
        assert at != to


def test_in_a_container_clients_come_in_from_outside() -> None:
    nodes = plan(
        TOPOLOGIES["single"], PurePosixPath("/lab"), 10000, bind="0.0.0.0", options=ClusterOptions(links=True)
    )
    namesrv, broker, relay = nodes
    assert namesrv.address == "127.0.0.1:10000"
    assert conf(broker)["brokerIP1"] == "127.0.0.1"
    assert conf(broker)["bindAddress"] == "127.0.0.1"
    lines = relay.files["relay.conf"].splitlines()
    assert lines[0].startswith("control outside:")
    assert "link clients>namesrv outside:10000 127.0.0.1:10000" in lines


def test_a_broker_whose_disk_can_be_slowed_is_given_the_library_and_the_order() -> None:
    nodes = planned("single", slow_disk=True)
    assert nodes["broker-a"].environment == {
        "LD_PRELOAD": "/lab/broker-a/slow_disk.so",
        "SLOW_DISK_ORDER": "/lab/broker-a/flush-delay",
    }
    assert nodes["namesrv"].environment == {}
