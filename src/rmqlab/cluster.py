"""The life of a cluster: start or re-attach, faults, end. Whoever starts one need not be who ends it."""

from __future__ import annotations

import errno
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil

from rmqlab import leases, ports, records
from rmqlab.backends import find_backend
from rmqlab.errors import ClusterError, DiskSpaceError, NoSuchClusterError
from rmqlab.node import STOP_S, Node
from rmqlab.plan import BLOCK, plan
from rmqlab.readiness import wait_until_ready
from rmqlab.records import Record
from rmqlab.runtime import ensure_archive, ensure_jars
from rmqlab.topology import find_topology

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rmqlab.plan import NodeSpec

READY_S = 120.0
"""How long a start may take. Two idle cores take three to five seconds, ten clusters at once a minute."""

DISK_REFUSES_ABOVE = 0.90
"""MessageStoreConfig clamps diskMaxUsedSpaceRatio to 90 %: above it a broker refuses writes, always."""


class Cluster:
    """A running cluster. Made by `start_cluster` and `attach`; many processes may hold one."""

    def __init__(self, record: Record) -> None:
        self._name = record.name
        self._last = record
        self.backend = find_backend(record.backend)
        self.nodes = {spec.name: Node(self, spec) for spec in record.specs}

    @classmethod
    def held(cls, record: Record) -> Cluster:
        """Return the cluster of a record, and renew its lease for as long as this process lives."""
        if record.lease_s is not None:
            records.renew_lease(record.name)
            leases.hold(record.name, record.lease_s)
            leases.ensure_supervisor()
        return cls(record)

    def __repr__(self) -> str:
        return f"<Cluster {self.name} ({self.topology}) at {self.namesrv}>"

    @property
    def record(self) -> Record:
        """What is written down about the cluster now: another process may have restarted a node."""
        self._last = records.read(self._name) or self._last
        return self._last

    name = property(lambda self: self._name, doc="The name by which it is found again.")
    topology = property(lambda self: self._last.topology, doc="The name of its shape.")
    namesrv = property(lambda self: self._last.namesrv, doc="NameServer addresses, as clients take them.")
    folder = property(lambda self: self._last.folder, doc="Where the nodes keep their files.")

    @property
    def brokers(self) -> list[Node]:
        """The brokers among the nodes."""
        return [node for node in self.nodes.values() if node.spec.is_broker]

    def stop(self, *, keep_files: bool | None = None) -> None:
        """End the cluster: a throw-away one at once, a kept one in order, its files left for the next start.

        Args:
            keep_files: Override what the kind of cluster decides.
        """
        with records.lock(self.name):
            record = records.read(self.name)
            if record is not None:
                _end(record, keep_files=record.lease_s is None if keep_files is None else keep_files)

    def heal(self) -> None:
        """Resume what is paused and restart what is down, so that the cluster is whole again."""
        for node in self.nodes.values():
            if node.state == "paused":
                node.resume()
        down = [node.spec for node in self.nodes.values() if node.state == "down"]
        if down:
            self.launch(down)
            self.wait_until_ready(down)

    def launch(self, specs: Sequence[NodeSpec]) -> None:
        """Launch nodes side by side and write down each at once. They still have to become ready."""
        with records.lock(f"{self.name}.record"):  # two processes may restart two nodes
            for spec in specs:
                handle = self.backend.launch(spec, self.folder / spec.name)
                self._last = self.record.with_handle(spec.name, handle)
                records.write(self._last)

    def wait_until_ready(self, specs: Sequence[NodeSpec]) -> None:
        """Wait until the nodes named, and all others that run, can be used.

        Raises:
            StartError: a node died or was not ready in time.
        """
        wait_until_ready(
            [node.spec for node in self.nodes.values() if node.spec in specs or node.state == "up"],
            lambda spec: self.nodes[spec.name].state != "down",
            lambda spec: self.nodes[spec.name].log_tail(),
            timeout_s=READY_S,
        )


def start_cluster(  # noqa: PLR0913  (each is one choice of the caller)
    topology: str = "single",
    *,
    name: str | None = None,
    namesrv_port: int | None = None,
    lease_s: float | None = None,
    fresh: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
) -> Cluster:
    """Start a cluster, or re-attach to the one of that name; return when it can be sent to.

    Args:
        topology: The name of its shape.
        name: The name to find it again by; the topology's by default.
        namesrv_port: A port for the first NameServer; by default a free one.
        lease_s: End the cluster when nobody has used it for so many seconds. None: keep it until `stop`.
        fresh: End one of that name first, and delete its messages.
        meanwhile: Called once the nodes are launched, to do something useful while they boot.

    Raises:
        UnknownTopologyError: there is no such shape.
        PortTakenError: somebody else listens on `namesrv_port`.
        DiskSpaceError: the disk is too full for a broker to accept messages.
        StartError: a node died or was not ready in time. Nothing is left running.
        RuntimeFilesError: the jars or Java are missing.
    """
    shape = find_topology(topology)
    name = name or shape.name
    with records.lock(name):
        record = records.read(name)
        if record and (fresh or not _usable(record)):
            _end(record, keep_files=not fresh)
            record = None
        if record:
            if record.topology != shape.name:
                raise ClusterError(
                    f"{name} runs with the topology {record.topology}. `rmqlab down {name}` first."
                )
            _check_port(record, namesrv_port)
            cluster = Cluster.held(record)
            meanwhile()
            cluster.heal()
            return cluster
        if fresh:
            shutil.rmtree(records.folder(name), ignore_errors=True)
        ensure_jars()
        ensure_archive()
        return _start_new(name, shape.name, namesrv_port, lease_s, meanwhile)


def attach(name: str) -> Cluster:
    """Return the running cluster of that name.

    Raises:
        NoSuchClusterError: there is none.
    """
    record = find_record(name)
    if not _usable(record):
        raise NoSuchClusterError(
            f"{name} has died. `rmqlab logs {name}` shows its last words, `rmqlab down {name}` removes it."
        )
    return Cluster.held(record)


def find_record(name: str) -> Record:
    """Return the record of a cluster, running or broken.

    Raises:
        NoSuchClusterError: there is none.
    """
    record = records.read(name)
    if record is None:
        there = ", ".join(each.name for each in records.all_records()) or "none"
        raise NoSuchClusterError(
            f"No cluster called {name} runs. Running now: {there}. Start one: `rmqlab up`."
        )
    return record


def list_clusters() -> list[Record]:
    """Return the records of all clusters, running or broken, by name."""
    return records.all_records()


def end_if(name: str, condition: Callable[[Record], bool]) -> bool:
    """End a cluster, whatever state it is in, if a condition holds once nobody else can start or end it."""
    with records.lock(name):
        record = records.read(name)
        if record is None or not condition(record):
            return False
        _end(record, keep_files=record.lease_s is None)
        return True


def _usable(record: Record) -> bool:
    """Tell whether any node runs; a start that nobody finishes any more does not count."""
    if record.starter and not psutil.pid_exists(record.starter):
        return False
    backend = find_backend(record.backend)
    return any(backend.state(handle) != "down" for handle in record.handles.values())


def _check_port(record: Record, namesrv_port: int | None) -> None:
    if namesrv_port and f":{namesrv_port}" not in record.namesrv:
        raise ClusterError(
            f"{record.name} runs already, with its NameServer at {record.namesrv}. "
            f"Use that address, or `rmqlab down {record.name}` first."
        )


def _start_new(
    name: str,
    topology: str,
    namesrv_port: int | None,
    lease_s: float | None,
    meanwhile: Callable[[], None],
) -> Cluster:
    folder = records.folder(name)
    record: Record | None = None
    try:
        _require_disk(folder)
        if namesrv_port:
            ports.require_free(namesrv_port)
        base = ports.lease_block(name, BLOCK, lambda owner: records.read(owner) is not None)
        specs = plan(find_topology(topology), folder, base, namesrv_port=namesrv_port)
        record = Record(name, topology, "process", time.time(), lease_s, os.getpid(), specs, {})
        records.write(record)
        cluster = Cluster.held(record)
        cluster.launch(specs)
        meanwhile()
        cluster.wait_until_ready(specs)
        record = replace(cluster.record, starter=0)
        records.write(record)
    except BaseException as error:  # Ctrl-C too: a start that did not finish leaves nothing behind
        if record is not None:
            _end(record, keep_files=lease_s is None)
        ports.release(name)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskSpaceError(f"The disk of {folder} is full. Make room, or set RMQLAB_HOME.") from error
        raise
    return cluster


def _end(record: Record, *, keep_files: bool) -> None:
    """End every node, brokers before NameServers, then give back ports, record and (unless kept) files."""
    record = records.read(record.name) or record
    backend = find_backend(record.backend)
    leases.release(record.name)
    for brokers in (True, False):
        handles = [
            record.handles[s.name]
            for s in record.specs
            if s.is_broker is brokers and s.name in record.handles
        ]
        with ThreadPoolExecutor(max(1, len(handles))) as pool:
            list(pool.map(lambda h: backend.stop(h, STOP_S) if keep_files else backend.kill(h), handles))
    backend.sweep(record.folder)
    records.forget(record)
    ports.release(record.name)
    if not keep_files:
        shutil.rmtree(record.folder, ignore_errors=True)


def disk_use(folder: Path) -> tuple[Path, float, int]:
    """Return the nearest folder that exists, how full its disk is (0 to 1), and its free bytes."""
    place = folder
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    return place, usage.used / (usage.used + usage.free or 1), usage.free


def _require_disk(folder: Path) -> None:
    place, fullness, _ = disk_use(folder)
    if fullness >= DISK_REFUSES_ABOVE:
        raise DiskSpaceError(
            f"The disk of {place} is {fullness:.0%} full, and a broker refuses "
            "messages above 90 %. Make room, or set RMQLAB_HOME to a folder on another disk."
        )
