"""The releases that are not the pinned one: the 4.9 jars, what it is started with, the launchers."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from rmqlab.errors import RuntimeFilesError
from rmqlab.plan import plan
from rmqlab.runtime import RELEASES, ROCKETMQ
from rmqlab.runtime.jars import ensure_jars, home, jars_status
from rmqlab.runtime.relock import relock
from rmqlab.topology import KAFKA, LEGACY, TOPOLOGIES

pytestmark = pytest.mark.unit

RELEASE = RELEASES[LEGACY]


def test_every_topology_runs_on_a_release_that_there_is():
    assert {topology.release for topology in TOPOLOGIES.values()} <= set(RELEASES)
    assert [name for name, release in RELEASES.items() if release.is_pinned] == [ROCKETMQ.name]


def test_it_is_a_49_broker_with_all_its_jars_and_without_any_of_the_pinned_releases():
    versions = {jar.version for jar in RELEASE.jars.jars if jar.group == "org.apache.rocketmq"}
    assert versions == {RELEASE.jars.version}
    assert RELEASE.jars.version.startswith("4.9.")
    assert home(RELEASE.jars) != home(ROCKETMQ)
    assert RELEASE.jars.size < 40e6  # fetched by who asks for it, not by everybody


def test_only_the_broker_runs_on_it_and_finds_its_logging_in_its_home():
    namesrv, broker = plan(TOPOLOGIES["legacy-4.9"], PurePosixPath("/lab"), 10000)
    assert (namesrv.release, broker.release) == (ROCKETMQ.name, LEGACY)
    assert set(broker.files) == {"broker.conf", "conf/logback_broker.xml"}
    assert "rocketmqHome=/lab/broker-a\n" in broker.files["broker.conf"]
    assert next(iter(broker.files)) == "broker.conf"  # by whose path the process is found again


def test_an_unknown_group_of_jars_is_answered_with_those_there_are():
    with pytest.raises(RuntimeFilesError, match=r"no lock file called rocketmq-3\. .*rocketmq-4\.9"):
        relock("rocketmq-3")


@pytest.mark.parametrize(("name", "launcher"), [(LEGACY, "LegacyBroker"), (KAFKA, "FormattedKafka")])
def test_the_committed_launcher_is_compiled_from_the_committed_source(
    tmp_path: Path, name: str, launcher: str
):
    release = RELEASES[name]
    javac = shutil.which("javac")
    said = subprocess.run([javac or "true", "-version"], check=False, capture_output=True, text=True).stdout
    if " 17." not in said:
        pytest.skip("the classes were compiled by javac 17, which is not on the PATH")
    here, wanted = jars_status(release.jars)
    if here < wanted:
        pytest.skip(f"the jars of {name} are not on this machine")
    folder = release.ours / "rmqlab"
    classpath = os.pathsep.join(map(str, ensure_jars(release.jars)))
    options = ["--release", "17", "-g:none", "-proc:none", "-cp", classpath, "-d", str(tmp_path)]
    subprocess.run([javac, *options, folder / f"{launcher}.java"], check=True, capture_output=True)
    made = {path.name: path.read_bytes() for path in (tmp_path / "rmqlab").iterdir()}
    assert made == {path.name: path.read_bytes() for path in folder.glob("*.class")}
