"""`rmqlab soak`: clusters started, used and ended in every way, again and again; what is left is counted.

Each cycle is a process that starts a cluster and sends, as a learner's kernel does, and comes to one of these
ends:

    down        `rmqlab down`, from another process
    kernel      kill -9 of the kernel; in every other such cycle its record is forged first, so that it names
                a stranger's pid
    supervisor  kill -9 of the supervisor, then of the kernel
    interrupt   Ctrl-C at some moment of the start

Afterwards nothing may be left of the cluster, and the bystanders, processes that are not ours, must not have
felt a single signal.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from unittest import mock

import psutil
from rich.table import Table

from rmqlab import ports, records
from rmqlab.backends import choose_backend
from rmqlab.backends.docker import clusters_by_label
from rmqlab.cluster import end_if

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

ENDS = ("down", "kernel", "supervisor", *(() if sys.platform == "win32" else ("interrupt",)))
"""Windows has no Ctrl-C for a process that shares no console."""

_LEASE_S = 4.0
_READY_S = 180.0
_GONE_S = 60.0
_POLL_S = 0.05
_PRESSED_AGAIN_S = 10.0

_KERNEL = """
import sys
from rmqlab.starting import start_cluster
from rmqlab.client import warm_up
cluster = start_cluster(name=sys.argv[1], lease_s=float(sys.argv[2]), meanwhile=warm_up)
from rocketmq.client import Message, Producer
producer = Producer("soak", timeout=30_000)  # a busy machine is not what is tried here
producer.set_name_server_address(cluster.namesrv)
producer.start()
for number in range(100):
    message = Message("soak")
    message.set_body(str(number))
    producer.send_sync(message)
print("worked", flush=True)
sys.stdin.read()
"""

_BYSTANDER = """
import signal, sys
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda number, _: print("signal", number, flush=True))
print("here", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Cycle:
    """What one cycle left behind, and how long its end took."""

    end: str
    seconds: float
    running: int
    has_record: bool
    has_ports: bool
    trouble: str = ""


@dataclass
class _Counts:
    cycles: int = 0
    left: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0


def run(cycles: int, at_once: int, seed: int, out: Console, backend: str | None = None) -> int:
    """Run the cycles, print what they left behind; 1 if that is anything at all, or if it was cut off.

    Ctrl-C ends it with the figures of the cycles that are done.

    Args:
        cycles: How many clusters.
        at_once: How many at a time.
        seed: Which end comes when.
        out: Where to print.
        backend: `process` or `docker`; by default as `RMQLAB_BACKEND` says, else what is here.

    Raises:
        EngineError: containers were asked for, and cannot be had.
    """
    chosen, why = choose_backend(backend)
    out.print(why, highlight=False)
    choices = random.Random(seed)  # noqa: S311  (which end comes next is no secret)
    plan = [(number, choices.choice(ENDS), choices.random()) for number in range(cycles)]
    with (
        tempfile.TemporaryDirectory(prefix="rmqlab-soak-") as home,
        mock.patch.dict(os.environ, RMQLAB_HOME=home, RMQLAB_BACKEND=chosen.name),
        _bystanders(3) as signals_felt,
        out.status("Soaking") as status,
        ThreadPoolExecutor(at_once) as pool,
    ):
        results = []
        try:
            for result in pool.map(lambda each: _cycle(*each), plan):
                results.append(result)
                status.update(f"{len(results)} of {cycles} cycles")
        except KeyboardInterrupt:
            out.print(f"Cut off: {cycles} cycles were asked for.", highlight=False)
        finally:  # a soak that is cut off ends what it started
            pool.shutdown(cancel_futures=True)
            for record in records.all_records():
                end_if(record.name, lambda _: True)
            _poll(lambda: not _supervisors())  # it ends by itself, and until then it locks files in its home
        hurt = signals_felt()
    is_clean = _report(results, hurt, seed, out)
    return 0 if is_clean and len(results) == cycles else 1


def _report(results: list[Cycle], hurt: int, seed: int, out: Console) -> bool:
    by_end: dict[str, _Counts] = {end: _Counts() for end in ENDS}
    for result in results:
        counts = by_end[result.end]
        counts.cycles += 1
        counts.left["running"] += result.running
        counts.left["records"] += result.has_record
        counts.left["ports"] += result.has_ports
        counts.left["trouble"] += bool(result.trouble)
        counts.slowest_s = max(counts.slowest_s, result.seconds)
        if result.trouble:
            out.print(f"{result.end}: {result.trouble}", highlight=False)
    columns = ("end", "cycles", "orphans", "records left", "ports left", "slowest end")
    table = Table(*columns, title=f"{len(results)} cycles, seed {seed}")
    for end, counts in by_end.items():
        left = (str(counts.left[what]) for what in ("running", "records", "ports"))
        table.add_row(end, str(counts.cycles), *left, f"{counts.slowest_s:.1f} s")
    out.print(table)
    out.print(f"signals to processes that are not ours: {hurt}", highlight=False)
    return not hurt and not any(sum(counts.left.values()) for counts in by_end.values())


def _cycle(number: int, end: str, luck: float) -> Cycle:
    name = f"soak-{number}"
    kernel = subprocess.Popen(
        [sys.executable, "-c", _KERNEL, name, str(_LEASE_S)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    trouble = ""
    try:
        if end == "interrupt":
            time.sleep(luck * 2)  # the moment is the point
            _interrupt(kernel)
        else:
            assert kernel.stdout is not None
            if kernel.stdout.readline() != "worked\n":
                trouble = f"{name} did not work: {_last_words(kernel)}"
            _ENDINGS[end](name, kernel, luck)
        begun = time.monotonic()
        kernel.kill()
        kernel.wait()
        _poll(lambda: not (_running(name) or records.read(name) or name in ports.leased().values()))
        seconds = time.monotonic() - begun
    finally:
        kernel.kill()
        kernel.communicate()
    left = (_running(name), records.read(name) is not None, name in ports.leased().values())
    return Cycle(end, seconds, *left, trouble)


def _interrupt(kernel: subprocess.Popen[str]) -> None:
    """Press Ctrl-C until the process ends: Python loses one that hits a weak reference's callback."""
    deadline = time.monotonic() + _READY_S
    while kernel.poll() is None and time.monotonic() < deadline:
        kernel.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            kernel.wait(_PRESSED_AGAIN_S)


def _down(name: str, _kernel: subprocess.Popen[str], _luck: float) -> None:
    end_if(name, lambda _: True)


def _kill_kernel(name: str, kernel: subprocess.Popen[str], luck: float) -> None:
    kernel.kill()
    record = records.read(name)
    if luck < 0.5 and record is not None:  # noqa: PLR2004
        stranger = {"pid": _strangers[0], "created": time.time(), "mark": "not ours"}
        records.write(replace(record, handles=dict.fromkeys(record.handles, stranger)))


def _kill_supervisor(_name: str, kernel: subprocess.Popen[str], _luck: float) -> None:
    for process in _supervisors():
        with contextlib.suppress(psutil.Error):
            process.kill()
    time.sleep(_LEASE_S / 2)  # the kernel renews its lease, and finds that nobody supervises
    kernel.kill()


def _supervisors() -> list[psutil.Process]:
    """Return those of this soak's home."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if "rmqlab.supervisor" in (process.info["cmdline"] or ()):
            with contextlib.suppress(psutil.Error):
                if process.environ().get("RMQLAB_HOME") == os.environ["RMQLAB_HOME"]:
                    found.append(process)
    return found


_ENDINGS: dict[str, Callable[[str, subprocess.Popen[str], float], None]] = {
    "down": _down,
    "kernel": _kill_kernel,
    "supervisor": _kill_supervisor,
}
_strangers: list[int] = []


@contextlib.contextmanager
def _bystanders(count: int) -> Iterator[Callable[[], int]]:
    """Run processes that are not ours; yield what counts the signals that they felt."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _BYSTANDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    _strangers[:] = [process.pid for process in running]

    def felt() -> int:
        return sum(
            len(process.communicate()[0].splitlines()) + (process.returncode != 0) for process in running
        )

    try:
        yield felt
    finally:
        for process in running:
            process.kill()
            process.wait()


def _running(name: str) -> int:
    """Count what runs out of a cluster's folder, whatever the records say; of containers: 1 for any."""
    if os.environ["RMQLAB_BACKEND"] == "docker":
        return int(name in clusters_by_label())
    folder = str(records.folder(name)) + os.sep
    return sum(
        any(word.startswith(folder) for word in process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline"])
    )


def _poll(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _GONE_S
    while not look() and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def _last_words(kernel: subprocess.Popen[str]) -> str:
    kernel.kill()
    return (kernel.communicate()[1].strip().splitlines() or ["nothing"])[-1]
