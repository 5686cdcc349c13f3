"""What every test gets: a state folder of the session, a broker on request, a guard against orphans."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from rmqlab.client.remoting import SUCCESS, ask, has_route
from rmqlab.quality import FAILED_STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rmqlab.cluster import Cluster

# Before any test module is imported: whatever looks for a state folder finds this one, in every process that
# a test starts. The cache of jars stays the user's. By the mark, the guard tells our processes from others.
_HOME = Path(tempfile.mkdtemp(prefix="rmqlab-tests-"))
_MARK = "RMQLAB_TEST_SESSION"
_SESSION = uuid.uuid4().hex
os.environ["RMQLAB_HOME"] = str(_HOME)
os.environ[_MARK] = _SESSION
# A test that does not name its backend looks at processes, also where an engine answers.
os.environ.setdefault("RMQLAB_BACKEND", "process")
# What a shell runs in the background ignores interrupts, and so would the programs that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

_UPDATE_AND_CREATE_TOPIC = 17  # RequestCode.UPDATE_AND_CREATE_TOPIC
_ROUTE_S = 10
_GONE_S = 10
_LEASE_S = 120
"""If pytest itself is killed, its broker goes after this long."""

_LEFT_BEHIND = "left behind"
_left_behind = pytest.StashKey[list[str]]()
_NO_CONTAINERS = "NOT TESTED on containers"
_ON_REAL_BROKERS = ("live", "browser")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One NameServer and one broker for the whole session. Tests that hurt a cluster start their own."""
    from rmqlab.starting import start_cluster  # noqa: PLC0415  (unit tests do not pay for it)

    cluster = start_cluster("single", name="tests", lease_s=_LEASE_S)
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def namesrv(cluster: Cluster) -> str:
    """The address that a client needs."""
    return cluster.namesrv


@pytest.fixture(scope="session")
def topic(cluster: Cluster) -> Callable[..., str]:
    """Return a maker of topics: `topic(queues=4, stem="orders")` names a new one whose route is served."""
    numbers = itertools.count(1)

    def create(queues: int = 4, stem: str = "topic") -> str:
        name = f"{stem}-{next(numbers)}-{uuid.uuid4().hex[:6]}"
        fields = {
            "topic": name,
            "defaultTopic": "TBW102",
            "readQueueNums": str(queues),
            "writeQueueNums": str(queues),
            "perm": "6",
            "topicFilterType": "SINGLE_TAG",
            "topicSysFlag": "0",
            "order": "false",
        }
        for broker in cluster.brokers:
            answer = ask(broker.address, _UPDATE_AND_CREATE_TOPIC, fields)
            assert answer.code == SUCCESS, f"{broker.name} refused {name}: {answer.remark}"
        deadline = time.monotonic() + _ROUTE_S
        while not has_route(cluster.namesrv.split(";")[0], name):
            assert time.monotonic() < deadline, f"no route for {name}; {cluster.nodes}"
        return name

    return create


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """A container engine with the nodes' image. Without one, the tests are skipped, and the end says so."""
    from rmqlab.backends import DockerBackend  # noqa: PLC0415  (unit tests do not pay for it)

    if missing := DockerBackend().missing():
        pytest.skip(f"{_NO_CONTAINERS}: {missing}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a test on a real broker fail once: the report names it. `--reruns 0` lets none."""
    if config.getoption("reruns", None) is None:
        for item in items:
            if any(item.get_closest_marker(mark) for mark in _ON_REAL_BROKERS):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session that leaves a process behind, and end that process."""
    containers = _end_containers()
    shutil.rmtree(_HOME, ignore_errors=True)  # the supervisor leaves when its folder is gone
    left = _ours()
    _, alive = psutil.wait_procs(left, timeout=_GONE_S)
    left_behind = session.config.stash.setdefault(_left_behind, [])
    left_behind += [*(_describe(process) for process in alive), *containers]
    for process in alive:
        process.kill()
    if left_behind and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told[_LEFT_BEHIND] = left_behind
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a lane left behind: only this process reports, and has an exit code."""
    told = getattr(node, "workeroutput", {})
    node.config.stash.setdefault(_left_behind, []).extend(told.get(_LEFT_BEHIND, ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say above pytest's closing line what failed outside of the tests."""
    for process in config.stash.get(_left_behind, []):
        terminalreporter.write_line(f"LEFT BEHIND by this session, and ended now: {process}", red=True)
    passed = {report.nodeid for report in terminalreporter.stats.get("passed", ())}
    for report in terminalreporter.stats.get("rerun", ()):
        if report.nodeid in passed:
            terminalreporter.write_line(f"FLAKE, passed the second time: {report.nodeid}", red=True)
            terminalreporter.write_line(str(report.longrepr))
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())]
    if untested := [reason for reason in skipped if _NO_CONTAINERS in reason]:
        reason = untested[0].partition(_NO_CONTAINERS)[2].strip(" :'\")")
        terminalreporter.write_line(f"{_NO_CONTAINERS}: {len(untested)} tests. {reason}", red=True, bold=True)
    if failed := os.environ.get(FAILED_STEPS):
        terminalreporter.write_line(f"FAILED before pytest: {failed}", red=True)


def _end_containers() -> list[str]:
    """End what this session's tests left on a container engine, if they used one; return what it was."""
    if "docker" not in sys.modules:
        return []
    from rmqlab.backends import DockerBackend  # noqa: PLC0415
    from rmqlab.backends.docker import clusters_by_label  # noqa: PLC0415
    from rmqlab.errors import EngineError  # noqa: PLC0415

    try:
        left = clusters_by_label()
        for name in left:
            DockerBackend().sweep(name, _HOME)
    except EngineError:  # the engine is gone, and what ran on it too
        return []
    return [f"the containers of {name}" for name in left]


def _ours() -> list[psutil.Process]:
    ours = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(_MARK) == _SESSION:
                ours.append(process)
        except psutil.Error:  # gone, or somebody else's
            continue
    return ours


def _describe(process: psutil.Process) -> str:
    try:
        return f"pid {process.pid}: {' '.join(process.cmdline())[-300:]}"
    except psutil.Error:
        return f"pid {process.pid}"
