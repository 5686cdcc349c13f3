"""`rmqlab bench topologies`: time to ready and memory of each topology, beside bare JVMs of the same nodes.

    bare    every node launched together as plain processes, until each printed "boot success"; one that ends
            before that is launched again
    ready   `start_cluster`, which returns when the cluster can be used: registered, in sync, serving

Both take turns within one run. After the start of each cluster its nodes' memory and idle CPU are read. An
idle broker wakes a thousand times a second, and what that costs is the machine's affair: so beside it stands
what a program takes that only sleeps, a millisecond at a time.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from rich.table import Table

from rmqlab import ports
from rmqlab.backends import ProcessBackend, choose_backend
from rmqlab.backends.base import Usage
from rmqlab.errors import StartError
from rmqlab.plan import BLOCK, plan
from rmqlab.starting import start_cluster
from rmqlab.topology import TOPOLOGIES, find_topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from rmqlab.backends.base import Handle
    from rmqlab.cluster import Cluster
    from rmqlab.nodespec import NodeSpec

BUDGET_IDLE_CPU = 0.05

_LIMIT_S = 120.0
_SETTLE_S = 5.0
_IDLE_S = 10.0
_POLL_S = 0.01


def run(runs: int, names: Sequence[str], backend: str | None, out: Console) -> int:
    """Measure the topologies, and print the table; 1 if one is idle at more than its budget."""
    chosen, why = choose_backend(backend)
    out.print(why, highlight=False)
    table = Table("topology", "bare JVMs", "ready", "ratio", "memory", "idle CPU", title=f"medians of {runs}")
    busy = []
    for name in names or TOPOLOGIES:
        with out.status(name):
            bare, ready, memory, idle = zip(*(_once(name, chosen.name) for _ in range(runs)), strict=True)
        ratio = statistics.median(one / other for one, other in zip(ready, bare, strict=True))
        cpu = statistics.median(idle)
        table.add_row(
            name,
            f"{statistics.median(bare):.1f} s",
            f"{statistics.median(ready):.1f} s",
            f"{ratio:.2f}",
            f"{max(memory):.0f} MB",
            f"{cpu:.1%}",
        )
        if cpu > BUDGET_IDLE_CPU:
            busy.append(name)
    out.print(table)
    out.print(f"a program that only sleeps, 1 ms at a time: {_wake_up_share():.1%}", highlight=False)
    out.print(
        f"above {BUDGET_IDLE_CPU:.0%} of a core when idle: {', '.join(busy) or 'none'}", highlight=False
    )
    return 1 if busy else 0


def _once(name: str, backend: str) -> tuple[float, float, float, float]:
    bare = _bare(name)
    begun = time.monotonic()
    cluster = start_cluster(name, name=f"bench-{name}", backend=backend, lease_s=300)
    try:
        ready = time.monotonic() - begun
        memory, idle = _cost(cluster)
    finally:
        cluster.stop()
    return bare, ready, memory, idle


def _bare(name: str) -> float:
    backend = ProcessBackend()
    owner = f"bare-{os.getpid()}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rmqlab-bench-")))
        stack.callback(ports.release, owner)
        specs = plan(find_topology(name), folder, ports.lease_block(owner, BLOCK, folder))
        begun = time.monotonic()
        handles: dict[str, Handle] = {}

        def launch(spec: NodeSpec) -> None:
            handles[spec.name] = backend.launch(owner, spec, folder / spec.name)
            stack.callback(backend.kill, handles[spec.name])

        for spec in specs:
            launch(spec)
        waiting = specs
        while waiting:
            waiting = [spec for spec in waiting if not _has_booted(folder / spec.name / "console.log")]
            for spec in waiting:
                if backend.state(handles[spec.name]) == "down":
                    launch(spec)  # a proxy of its own ends if no broker has registered yet
            if time.monotonic() - begun > _LIMIT_S:
                late = ", ".join(spec.name for spec in waiting)
                raise StartError(f"{late} of {name} did not boot in {_LIMIT_S:.0f} s.")
            time.sleep(_POLL_S)
        return time.monotonic() - begun


def _has_booted(console: Path) -> bool:
    text = console.read_bytes()
    return b"boot success" in text or b"startup successfully" in text


def _cost(cluster: Cluster) -> tuple[float, float]:
    """Return what the nodes take: MB of memory, share of a core."""
    time.sleep(_SETTLE_S)
    before, began = _usage(cluster), time.monotonic()
    time.sleep(_IDLE_S)
    after = _usage(cluster)
    return after.memory_mb, (after.cpu_s - before.cpu_s) / (time.monotonic() - began)


def _usage(cluster: Cluster) -> Usage:
    taken = {node.name: node.usage for node in cluster.nodes.values()}
    if unknown := [name for name, usage in taken.items() if usage is None]:
        raise StartError(f"What {', '.join(unknown)} takes cannot be read: does it run?")
    found = [usage for usage in taken.values() if usage is not None]
    return Usage(sum(usage.cpu_s for usage in found), sum(usage.memory_mb for usage in found))


def _wake_up_share() -> float:
    """Return which share of a core a program takes here that only sleeps, a millisecond at a time."""
    sleeping = "import time\nwhile True:\n    time.sleep(0.001)"
    with subprocess.Popen([sys.executable, "-c", sleeping]) as process:
        try:
            sleeper = psutil.Process(process.pid)
            time.sleep(1)
            before, began = sum(sleeper.cpu_times()[:2]), time.monotonic()
            time.sleep(_SETTLE_S)
            return (sum(sleeper.cpu_times()[:2]) - before) / (time.monotonic() - began)
        finally:
            process.kill()
