"""A running cluster: found again, healed, ended. Whoever starts one need not be who ends it."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psutil

from rmqlab import external, leases, ports, records
from rmqlab.backends import find_backend
from rmqlab.errors import ClusterError, ExternalClusterError, NoSuchClusterError
from rmqlab.faults import begin, mend, troubles
from rmqlab.node import STOP_S, Node
from rmqlab.places import state_dir
from rmqlab.plan import bootstrap_servers, proxy_address
from rmqlab.readiness import wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rmqlab.faults import Fault
    from rmqlab.plan import NodeSpec
    from rmqlab.records import Record

READY_S = 120.0
"""How long a start may take. Two idle cores take three to five seconds, ten clusters at once a minute."""


_LAST = {"NAMESRV", "RELAY"}
"""Whom the others need for an orderly end."""


class Cluster:
    """A running cluster. Made by `starting.start_cluster` and `attach`; many processes may hold one."""

    def __init__(self, record: Record) -> None:
        self._name = record.name
        self._last = record
        self.backend = find_backend(record.backend)
        self.why_backend = ""  # one line on what it runs on, and why; for the process that started it
        self.nodes = {spec.name: Node(self, spec) for spec in record.specs}

    @classmethod
    def held(cls, record: Record) -> Cluster:
        """Return the cluster of a record, and renew its lease for as long as this process lives."""
        if record.lease_s is not None:
            records.renew_lease(record.folder)
            leases.hold(record.name, record.lease_s)
            leases.ensure_supervisor(state_dir())
        if record.backend == "external":
            external.join(record)
        return cls(record)

    def __repr__(self) -> str:
        return f"<Cluster {self.name} ({self.topology}) at {self.namesrv or self.bootstrap_servers}>"

    @property
    def record(self) -> Record:
        """What is written down about the cluster now: another process may have restarted a node."""
        self._last = records.read(self._name) or self._last
        return self._last

    name = property(lambda self: self._name, doc="The name by which it is found again.")
    topology = property(lambda self: self._last.topology, doc="The name of its shape.")
    namesrv = property(lambda self: self._last.namesrv, doc="NameServer addresses, as clients take them.")
    proxy = property(
        lambda self: proxy_address(self._last.specs), doc="Where gRPC clients connect; empty without a proxy."
    )
    bootstrap_servers = property(
        lambda self: bootstrap_servers(self._last.specs),
        doc="Where Kafka's clients connect; empty unless it is a Kafka.",
    )
    credentials = property(
        lambda self: records.credentials(self._name) if self._last.options.get("authentication") else None,
        doc="Access key and secret key to sign requests with; None where everybody may.",
    )
    namespace = property(
        lambda self: self._last.options.get("namespace"),
        doc="Where our topics and groups are on a cluster that others use; None on one of our own.",
    )
    options = property(lambda self: self._last.options, doc="What was chosen on top of the topology.")

    @property
    def folder(self) -> Path:
        """Where the nodes keep their files.

        Raises:
            ExternalClusterError: somebody else runs the cluster, somewhere else.
        """
        if self.namespace is not None:
            raise ExternalClusterError(
                f"The files of {self.name} are where it runs, and cannot be looked at from here. "
                "Start a cluster of your own for it: RMQLAB_BACKEND=process."
            )
        return self._last.folder

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
                end(record, keep_files=record.lease_s is None if keep_files is None else keep_files)

    def fault(self, name: str, *where: str | Node, **how: Any) -> Fault:
        """Begin a fault: `cluster.fault("pause", "broker-a")`. `with` undoes it, or its `undo()`.

        Args:
            name: `kill`, `stop`, `pause` (a node), `cut`, `slow_link` (two nodes, or `clients` and a node),
                `slow_flush`, `disk_full`, `power_loss`, `replica_loss` (a broker).
            *where: The nodes, or their names.
            **how: What the fault takes besides, such as `latency_ms=100` (docs/faults.md).

        Raises:
            FaultError: there is no such fault or node, the cluster cannot have it, or it did not take effect.
            NodeDownError: the node does not run.
        """
        return begin(self, name, tuple(getattr(each, "name", each) for each in where), how)

    def troubles(self) -> dict[str, tuple[str, ...]]:
        """Return what is wrong with the links and the disk of each node, by its name, in a few words each."""
        return troubles(self)

    def heal(self) -> None:
        """Undo what faults have left, so that the cluster is whole again: links, disks, nodes."""
        mend(self)
        for node in self.nodes.values():
            if node.state == "paused":
                node.resume()
        down = [node.spec for node in self.nodes.values() if node.state == "down"]
        if down:
            self.bring_up(down)

    def require_alive(self) -> None:
        """See to it that the cluster has not ended behind the caller's back.

        Raises:
            NoSuchClusterError: it has; the message says why, where that is known.
        """
        if records.read(self._name) is None:
            why = records.why_ended(self._name)
            raise NoSuchClusterError(
                f"The cluster {self._name} has ended{f': {why}' if why else ''}. "
                "Start it again with the cell or the command that started it."
            )

    def require_rocketmq(self, what: str) -> None:
        """See to it that nothing of RocketMQ's is asked of a Kafka.

        Raises:
            ClusterError: it is; the message names what was asked for.
        """
        if self.bootstrap_servers:
            raise ClusterError(
                f"{self.name} is a Kafka, and {what} is for RocketMQ. Ask it with Kafka's own clients, "
                f"confluent_kafka, at {self.bootstrap_servers}."
            )

    def bring_up(self, specs: Sequence[NodeSpec], meanwhile: Callable[[], None] = lambda: None) -> None:
        """Launch nodes and wait until they can be used; do something useful once the first are launched.

        A proxy in a process of its own comes last: one that finds no broker to make its own topic on ends at
        once (AbstractSystemMessageSyncer.createSysTopic).

        Raises:
            StartError: a node died or was not ready in time.
        """
        proxies = [spec for spec in specs if spec.role == "PROXY"]
        others = [spec for spec in specs if spec.role != "PROXY"]
        self.launch(others)
        meanwhile()
        if proxies:
            self.wait_until_ready(others)
            self.launch(proxies)
        self.wait_until_ready(specs)

    def launch(self, specs: Sequence[NodeSpec]) -> None:
        """Launch nodes side by side and write down each at once. They still have to become ready."""
        with records.lock(f"{self.name}.record"):  # another process may restart a node, or end the cluster
            self.require_alive()
            self.backend.prepare(self.name, self._last.specs, self.folder)
            for spec in specs:
                handle = self.backend.launch(self.name, spec, self.folder / spec.name)
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
            credentials=self.credentials,
        )


def attach(name: str) -> Cluster:
    """Return the running cluster of that name.

    Raises:
        NoSuchClusterError: there is none.
    """
    record = find_record(name)
    if not is_usable(record):
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


def end_if(name: str, condition: Callable[[Record], bool], *, why: str = "") -> bool:
    """End a cluster, whatever state it is in, if a condition holds once nobody else can start or end it.

    Args:
        name: The cluster's.
        condition: Is asked under the cluster's lock.
        why: Word for whoever comes back to it, where nobody asked for its end.
    """
    with records.lock(name):
        record = records.read(name)
        if record is None or not condition(record):
            return False
        end(record, keep_files=record.lease_s is None)
        if why:
            records.note_end(name, why)
        return True


def is_usable(record: Record) -> bool:
    """Tell whether any node runs; a start that nobody finishes any more does not count."""
    if record.starter and not psutil.pid_exists(record.starter):
        return False
    backend = find_backend(record.backend)
    return any(backend.state(handle) != "down" for handle in record.handles.values())


def end(record: Record, *, keep_files: bool) -> None:
    """End all nodes, NameServers and relay last, then give back ports, record and (unless kept) files.

    Clusters that are a part of it end first.
    """
    for part in records.all_records():
        if part.part_of == record.name:
            end_if(part.name, lambda still: still.part_of == record.name)
    with records.lock(f"{record.name}.record"):  # what is being launched is in the record by then
        _end(records.read(record.name) or record, keep_files=keep_files)


def _end(record: Record, *, keep_files: bool) -> None:
    if record.backend == "external":
        external.remove_ours(record)
        records.forget(record)
        shutil.rmtree(record.folder, ignore_errors=True)
        return
    backend = find_backend(record.backend)
    leases.release(record.name)
    for last in (False, True):
        handles = [
            record.handles[s.name]
            for s in record.specs
            if (s.role in _LAST) is last and s.name in record.handles
        ]
        with ThreadPoolExecutor(max(1, len(handles))) as pool:
            list(pool.map(lambda h: backend.stop(h, STOP_S) if keep_files else backend.kill(h), handles))
    backend.sweep(record.name, record.folder)
    records.forget(record)
    ports.release(record.name)
    if not keep_files:
        shutil.rmtree(record.folder, ignore_errors=True)
