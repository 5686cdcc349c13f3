"""`rmqlab bench topologies`: time to ready and memory of each topology, beside bare JVMs of the same nodes.

    bare    every node launched together as plain processes, until each printed "boot success"
    ready   `start_cluster`, which returns when the cluster can be used: registered, in sync, serving

Both take turns within one run. After the start of each cluster its nodes' memory (RSS) and idle CPU are read.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from rich.table import Table

from rmqlab import ports
from rmqlab.backends import ProcessBackend, choose_backend
from rmqlab.errors import StartError
from rmqlab.plan import BLOCK, plan
from rmqlab.starting import start_cluster
from rmqlab.topology import TOPOLOGIES, find_topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from rmqlab.cluster import Cluster

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
        for spec in specs:
            handle = backend.launch(owner, spec, folder / spec.name)
            stack.callback(backend.kill, handle)
        waiting = {spec.name for spec in specs}
        while waiting:
            waiting = {node for node in waiting if not _has_booted(folder / node / "console.log")}
            if time.monotonic() - begun > _LIMIT_S:
                raise StartError(f"{', '.join(waiting)} of {name} did not boot in {_LIMIT_S:.0f} s.")
            time.sleep(_POLL_S)
        return time.monotonic() - begun


def _has_booted(console: Path) -> bool:
    text = console.read_bytes()
    return b"boot success" in text or b"startup successfully" in text


def _cost(cluster: Cluster) -> tuple[float, float]:
    """Return what the nodes take: MB of memory, share of a core."""
    processes = [psutil.Process(node.pid) for node in cluster.nodes.values() if node.pid]
    time.sleep(_SETTLE_S)
    before = sum(sum(process.cpu_times()[:2]) for process in processes)
    time.sleep(_IDLE_S)
    idle = (sum(sum(process.cpu_times()[:2]) for process in processes) - before) / _IDLE_S
    return sum(process.memory_info().rss for process in processes) / 1e6, idle
