"""The committed classes of relay and quick end, and what is said of links that do not exist."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import rmqlab
from rmqlab import relays
from rmqlab.errors import FaultError

pytestmark = pytest.mark.unit

RUNTIME = Path(rmqlab.__file__).parent / "runtime"


def a_link(name: str) -> relays.Link:
    return relays.Link(name, cut=False, latency_ms=0, loss=0.0, up=0, down=0, held=0, connections=0)


LINKS = [a_link("clients>broker-a"), a_link("broker-a>namesrv"), a_link("broker-a-s1>broker-a")]


@pytest.mark.parametrize("ours", ["relay", "quick_end"])
def test_the_committed_classes_are_what_the_sources_compile_to(tmp_path: Path, ours: str) -> None:
    javac = shutil.which("javac")
    if (
        javac is None
        or " 17."
        not in subprocess.run([javac, "-version"], capture_output=True, text=True, check=False).stdout
    ):
        pytest.skip("the classes were compiled by javac 17, which is not on the PATH")
    sources = sorted((RUNTIME / ours / "rmqlab").glob("*.java"))
    subprocess.run(
        [javac, "--release", "8", "-g:none", "-Xlint:-options", "-d", tmp_path, *sources], check=True
    )
    made = {path.name: path.read_bytes() for path in (tmp_path / "rmqlab").iterdir()}
    assert made == {path.name: path.read_bytes() for path in (RUNTIME / ours / "rmqlab").glob("*.class")}


@pytest.mark.parametrize("ends", [("broker-a", "broker-a-s1"), ("broker-a-s1", "broker-a")])
def test_a_link_is_found_by_its_ends_in_any_order(ends: tuple[str, str]) -> None:
    assert [link.name for link in relays.links_between(LINKS, *ends)] == ["broker-a-s1>broker-a"]


def test_ends_that_no_link_joins_are_answered_with_the_nearest_and_all_pairs() -> None:
    with pytest.raises(FaultError, match=r"joins client and broker-a\. Did you mean clients\?.*Joined are:"):
        relays.links_between(LINKS, "client", "broker-a")


@pytest.mark.parametrize(("latency_ms", "loss"), [(-1, 0.0), (0, 1.0), (0, -0.1)])
def test_an_impossible_link_is_refused_before_the_relay_is_asked(latency_ms: int, loss: float) -> None:
    with pytest.raises(FaultError, match="latency is 0 or more, loss between"):
        relays.slow("127.0.0.1:1", "clients>broker-a", latency_ms, loss)


def test_a_relay_that_does_not_answer_is_one_sentence() -> None:
    with pytest.raises(FaultError, match=r"relay at 127\.0\.0\.1:1 does not answer"):
        relays.links("127.0.0.1:1")
