"""`rmqlab bench start`: from `start_lab` to the first SEND_OK, beside two other ways to a broker.

    lab         a fresh Python process: import, start_lab, Producer, first SEND_OK
    bare        NameServer and broker launched together until the broker prints "boot success": same heaps and
                files as the lab's, otherwise as RocketMQ ships them
    stripped    the same without what the lab leaves out (the certificates) and with its class archive
    documented  NameServer, then broker, each until its "boot success", then sends until one works; as shipped

The four take turns. What counts is the ratio lab / bare: absolute times are the machine's. Lab beside
stripped shows what the Python process and the first send cost. After each lab run, memory and idle CPU of its
two nodes are read.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import psutil
from rich.table import Table

from rmqlab import ports
from rmqlab.backends import ProcessBackend
from rmqlab.errors import StartError
from rmqlab.plan import BLOCK, plan
from rmqlab.topology import find_topology

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from rich.console import Console

    from rmqlab.backends.base import Handle
    from rmqlab.plan import NodeSpec

BUDGET_RATIO = 1.25
BUDGET_MEMORY_MB = 400
BUDGET_IDLE_CPU = 0.05

_LIMIT_S = 120.0
_IDLE_S = 10.0
_SETTLE_S = 5.0
_POLL_S = 0.01

_SEND = """
from rocketmq.client import Message, Producer
producer = Producer("bench-start")
producer.set_name_server_address(namesrv)
producer.start()
message = Message("bench-start")
message.set_body("x")
"""

_LAB = (
    """
import time
begun = time.monotonic()
from rmqlab import start_lab
lab = start_lab("00-welcome")
namesrv = lab.namesrv
"""
    + _SEND
    + """
producer.send_sync(message)
print(time.monotonic() - begun, *(node.pid for node in lab.nodes.values()), flush=True)
input()
producer.shutdown()
lab.stop()
"""
)

_DOCUMENTED = (
    "import sys, time\nnamesrv = sys.argv[1]\n"
    + _SEND
    + """
deadline = time.monotonic() + 120
while True:
    try:
        producer.send_sync(message)
        break
    except Exception:
        if time.monotonic() > deadline:
            raise
producer.shutdown()
"""
)


@dataclass(frozen=True)
class LabRun:
    """One run of start_lab: seconds to the first SEND_OK; memory (RSS) and idle CPU of the two nodes."""

    seconds: float
    memory_mb: float
    idle_cpu: float


def run(runs: int, out: Console) -> int:
    """Measure every way `runs` times, taking turns, and print the table; 1 if a budget is missed."""
    lab, bare, stripped, documented = [], [], [], []
    with out.status("Measuring") as status:
        for number in range(1, runs + 1):
            status.update(f"Run {number} of {runs}")
            with _as_shipped():
                bare.append(_bare())
            stripped.append(_bare())
            lab.append(_lab())
            with _as_shipped():
                documented.append(_documented())
    ratio, over_stripped = (
        statistics.median(one.seconds / other for one, other in zip(lab, others, strict=True))
        for others in (bare, stripped)
    )
    memory = max(one.memory_mb for one in lab)
    idle = statistics.median(one.idle_cpu for one in lab)
    table = Table("what", "min", "median", "max", title=f"{runs} runs each, taking turns")
    rows = (
        ("bare, as shipped: boot success", bare),
        ("stripped: boot success", stripped),
        ("lab: first SEND_OK", [one.seconds for one in lab]),
        ("documented: first send that works", documented),
    )
    for what, seconds in rows:
        table.add_row(what, *(f"{f(seconds):.2f} s" for f in (min, statistics.median, max)))
    out.print(table)
    out.print(f"lab / stripped, median of the pairs: {over_stripped:.2f}", highlight=False)
    verdicts = (
        (f"lab / bare, median of the pairs: {ratio:.2f}", ratio <= BUDGET_RATIO, f"{BUDGET_RATIO}"),
        (f"memory of both nodes: {memory:.0f} MB", memory <= BUDGET_MEMORY_MB, f"{BUDGET_MEMORY_MB} MB"),
        (f"idle CPU of both: {idle:.1%} of a core", idle <= BUDGET_IDLE_CPU, f"{BUDGET_IDLE_CPU:.0%}"),
    )
    for text, is_kept, budget in verdicts:
        out.print(f"{'kept  ' if is_kept else 'MISSED'}  {text} (budget: at most {budget})", highlight=False)
    return 0 if all(is_kept for _, is_kept, _ in verdicts) else 1


def _lab() -> LabRun:
    with tempfile.TemporaryDirectory(prefix="rmqlab-bench-") as home:
        with subprocess.Popen(
            [sys.executable, "-c", _LAB],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "RMQLAB_HOME": home, "RMQLAB_BACKEND": "process"},
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise StartError("start_lab failed; what it said stands above.")
            seconds, *pids = line.split()
            nodes = [psutil.Process(int(pid)) for pid in pids]
            time.sleep(_SETTLE_S)
            before = sum(sum(node.cpu_times()[:2]) for node in nodes)
            time.sleep(_IDLE_S)
            idle = (sum(sum(node.cpu_times()[:2]) for node in nodes) - before) / _IDLE_S
            memory = sum(node.memory_info().rss for node in nodes) / 1e6
            process.stdin.write("\n")
            process.stdin.close()
        return LabRun(float(seconds), memory, idle)


class _Bare:
    """NameServer and broker, launched as the labs launch them, with nothing of the kit around them."""

    def __init__(self) -> None:
        self._files = tempfile.TemporaryDirectory(prefix="rmqlab-bench-")
        self._folder = Path(self._files.name)
        self._backend = ProcessBackend()
        self._handles: list[Handle] = []

    def __enter__(self) -> Self:
        base = ports.lease_block(f"bench-{os.getpid()}", BLOCK, self._folder)
        self.namesrv, self.broker = plan(find_topology("single"), self._folder, base)
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            self._backend.kill(handle)
        ports.release(f"bench-{os.getpid()}")
        self._files.cleanup()

    def launch(self, node: NodeSpec) -> None:
        self._handles.append(self._backend.launch("bench", node, self._folder / node.name))

    def wait_for_boot(self, node: NodeSpec) -> None:
        console = self._folder / node.name / "console.log"
        deadline = time.monotonic() + _LIMIT_S
        while b"boot success" not in console.read_bytes():
            if time.monotonic() > deadline:
                raise StartError(f"{node.name} did not boot:\n{console.read_text(errors='replace')[-2000:]}")
            time.sleep(_POLL_S)


@contextlib.contextmanager
def _as_shipped() -> Iterator[None]:
    with mock.patch.dict(os.environ, RMQLAB_NODE_OPTIONS="-Dtls.server.mode=permissive -Xshare:off"):
        yield


def _bare() -> float:
    with _Bare() as nodes:
        begun = time.monotonic()
        nodes.launch(nodes.namesrv)
        nodes.launch(nodes.broker)
        nodes.wait_for_boot(nodes.broker)
        return time.monotonic() - begun


def _documented() -> float:
    with _Bare() as nodes:
        begun = time.monotonic()
        for node in (nodes.namesrv, nodes.broker):
            nodes.launch(node)
            nodes.wait_for_boot(node)
        subprocess.run(
            [sys.executable, "-c", _DOCUMENTED, nodes.namesrv.address], check=True, timeout=_LIMIT_S
        )
        return time.monotonic() - begun
