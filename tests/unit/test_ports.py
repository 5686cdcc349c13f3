"""Leases of ports, among threads and processes that want them at once."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from rmqlab import ports
from rmqlab.errors import PortTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RMQLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(ports, "_folder", lambda: tmp_path)


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    return tmp_path / "record.json"


@pytest.fixture
def quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real clusters, of tests that run beside, take and leave the ports that these leases are for."""
    monkeypatch.setattr(ports, "is_free", lambda port: True)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


def test_clusters_that_start_at_once_get_blocks_of_their_own(proof: Path) -> None:
    with ThreadPoolExecutor(10) as pool:
        bases = list(pool.map(lambda n: ports.lease_block(f"c{n}", 20, proof), range(10)))
    assert len(set(bases)) == 10
    assert set(ports.leased()) == set(bases)


def test_no_block_reaches_the_ephemeral_ports() -> None:
    assert ports._LAST < 32768


def test_a_block_with_a_port_that_somebody_listens_on_is_passed_over(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, proof: Path
) -> None:
    taken = listener.getsockname()[1]
    monkeypatch.setattr(ports, "_FIRST", taken - 3)
    monkeypatch.setattr(ports, "_LAST", taken + 2000)
    base = ports.lease_block("c", 20, proof)
    assert taken not in range(base, base + 20)


@pytest.mark.usefixtures("quiet_machine")
def test_a_lease_whose_process_and_cluster_are_gone_is_taken_over(
    monkeypatch: pytest.MonkeyPatch, proof: Path
) -> None:
    proof.touch()
    base = ports.lease_block("dead", 20, proof)
    monkeypatch.setattr(ports.psutil, "pid_exists", lambda pid: pid != os.getpid())
    assert ports.lease_block("beside", 20, proof) != base
    proof.unlink()
    assert ports.lease_block("next", 20, proof) == base


def test_stale_leases_that_many_take_over_at_once_go_to_one_each(tmp_path: Path, proof: Path) -> None:
    for round_ in range(10):
        for base in range(ports._FIRST, ports._FIRST + 20 * 20, 20):
            (tmp_path / str(base)).write_text(
                f'{{"owner": "dead", "pid": {2**22 + 1}, "proof": "{tmp_path / "gone"}"}}', encoding="utf-8"
            )
        with ThreadPoolExecutor(10) as pool:
            bases = list(pool.map(lambda n: ports.lease_block(f"c{n}", 20, proof), range(10)))
        assert len(set(bases)) == 10, f"round {round_}: {sorted(bases)}"


def test_clusters_of_two_state_folders_share_no_port(monkeypatch: pytest.MonkeyPatch, proof: Path) -> None:
    mine = ports.lease_block("single", 20, proof)
    monkeypatch.setenv("RMQLAB_HOME", str(proof.parent / "another-home"))
    theirs = ports.lease_block("single", 20, proof)
    assert mine != theirs
    assert ports.leased() == {theirs: "single"}
    ports.release("single")
    monkeypatch.setenv("RMQLAB_HOME", str(proof.parent / "home"))
    assert ports.leased() == {mine: "single"}


@pytest.mark.usefixtures("quiet_machine")
def test_released_ports_are_leased_again(proof: Path) -> None:
    base = ports.lease_block("c", 20, proof)
    ports.release("c")
    assert ports.leased() == {}
    assert ports.lease_block("d", 20, proof) == base


def test_a_taken_port_is_told_with_the_name_of_who_has_it(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(PortTakenError, match=rf"Port {port} is taken by .*pid {os.getpid()}"):
        ports.require_free(port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port_is_told_so(port: int) -> None:
    with pytest.raises(PortTakenError, match="not a port number"):
        ports.require_free(port)
