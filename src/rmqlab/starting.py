"""How a cluster starts: what is asked for is checked first, and a start that fails leaves nothing behind."""

from __future__ import annotations

import errno
import os
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rmqlab import ports, records
from rmqlab.authentication import Credentials, new_credentials
from rmqlab.backends import Backend, choose_backend, find_backend
from rmqlab.cluster import Cluster, end, is_usable
from rmqlab.errors import ClusterError, DiskSpaceError, ExternalClusterError
from rmqlab.options import ClusterOptions
from rmqlab.plan import BLOCK, plan
from rmqlab.records import Record
from rmqlab.runtime import ensure_archive, ensure_jars, ensure_native, slow_disk
from rmqlab.topology import BESIDE, KAFKA, find_topology

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DISK_REFUSES_ABOVE = 0.90
"""MessageStoreConfig clamps diskMaxUsedSpaceRatio to 90 %: above it a broker refuses writes, always."""


def start_cluster(  # noqa: PLR0913  (each is one choice of the caller)
    topology: str = "single",
    *,
    name: str | None = None,
    backend: str | None = None,
    options: ClusterOptions | None = None,
    namesrv_port: int | None = None,
    lease_s: float | None = None,
    part_of: str = "",
    fresh: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
) -> Cluster:
    """Start a cluster, or re-attach to the one of that name; return when it can be sent to.

    Args:
        topology: The name of its shape.
        name: The name to find it again by; the topology's by default.
        backend: `process` or `docker`; by default as `RMQLAB_BACKEND` says, else what this machine has.
        options: What to choose on top of the topology.
        namesrv_port: A port for the first NameServer; by default a free one.
        lease_s: End the cluster when nobody has used it for so many seconds. None: keep it until `stop`.
        part_of: The name of the cluster with which it ends, whoever ends that.
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
    options = options or ClusterOptions()
    name = name or shape.name
    if shape.name in BESIDE:
        _require_nothing_of_rocketmq(shape.name, options, namesrv_port)
        backend = "process"
    with records.lock(name):
        record = records.read(name)
        if record and (fresh or not is_usable(record)):
            end(record, keep_files=not fresh)
            record = None
        if record:
            _require_same(record, shape.name, backend, options, namesrv_port)
            cluster = Cluster.held(record)
            meanwhile()
            cluster.heal()
            return cluster
        if fresh:
            shutil.rmtree(records.folder(name), ignore_errors=True)
        chosen, why = _choose(shape.name, backend)
        if chosen.name == "external":
            raise ExternalClusterError(
                "A cluster that others run is not started here: `connect('host:9876')` finds it. For one of "
                "your own set RMQLAB_BACKEND to process or docker, or leave it out."
            )
        if chosen.name == "process" and shape.name not in BESIDE:
            ensure_jars()
            ensure_native()
            ensure_archive()
        record = Record(
            name,
            shape.name,
            chosen.name,
            time.time(),
            lease_s,
            os.getpid(),
            (),
            {},
            options.chosen(),
            part_of,
        )
        cluster = _start_new(record, options, namesrv_port, meanwhile)
        cluster.why_backend = why
        return cluster


def _require_nothing_of_rocketmq(topology: str, options: ClusterOptions, namesrv_port: int | None) -> None:
    """See to it that a Kafka is not started with RocketMQ's options."""
    chosen = [*options.chosen(), *(["namesrv_port"] if namesrv_port else [])]
    if chosen:
        raise ClusterError(f"{topology} is no RocketMQ, and has no {', '.join(chosen)}: leave that out.")


def _choose(topology: str, backend: str | None) -> tuple[Backend, str]:
    if topology == KAFKA:
        return find_backend("process"), "A plain process: RocketMQ's image, for containers, has no Kafka."
    return choose_backend(backend)


def _require_same(
    record: Record, topology: str, backend: str | None, options: ClusterOptions, namesrv_port: int | None
) -> None:
    """See to it that what runs is what is asked for."""
    if record.topology != topology:
        raise ClusterError(f"{record.name} runs with the topology {record.topology}. {_end_it_first(record)}")
    if backend and record.backend != backend:
        raise ClusterError(f"{record.name} runs on the backend {record.backend}. {_end_it_first(record)}")
    if record.options != options.chosen():
        chosen = ", ".join(f"{key}={value}" for key, value in record.options.items()) or "no options"
        raise ClusterError(f"{record.name} runs with {chosen}. {_end_it_first(record)}")
    if namesrv_port and f":{namesrv_port}" not in record.namesrv:
        raise ClusterError(
            f"{record.name} runs already, with its NameServer at {record.namesrv}. "
            f"Use that address, or `rmqlab down {record.name}` first."
        )


def _end_it_first(record: Record) -> str:
    return f"`rmqlab down {record.name}` first."


def _start_new(
    record: Record, options: ClusterOptions, namesrv_port: int | None, meanwhile: Callable[[], None]
) -> Cluster:
    backend = find_backend(record.backend)
    name = record.name
    is_written = False
    try:
        _require_disk(record.folder)
        if namesrv_port:
            ports.require_free(namesrv_port)
        specs = plan(
            find_topology(record.topology),
            backend.node_folder(record.folder),
            ports.lease_block(name, BLOCK, record.folder / "record.json"),
            namesrv_port=namesrv_port,
            bind=backend.bind,
            options=options,
            credentials=_credentials(name) if options.authentication else None,
        )
        record = replace(record, specs=specs)
        records.write(record)
        is_written = True
        if options.slow_disk:
            for spec in specs:
                slow_disk.put_into(record.folder / spec.name)
        cluster = Cluster.held(record)
        cluster.bring_up(specs, meanwhile)
        record = replace(cluster.record, starter=0)
        records.write(record)
    except BaseException as error:  # Ctrl-C too: a start that did not finish leaves nothing behind
        if is_written:
            end(record, keep_files=record.lease_s is None)
        ports.release(name)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskSpaceError(
                f"The disk of {record.folder} is full. Make room, or set RMQLAB_HOME."
            ) from error
        raise
    return cluster


def _credentials(name: str) -> Credentials:
    """Return a cluster's credentials: those of its last time, which the brokers' files hold, or new ones."""
    credentials = records.credentials(name)
    if credentials is None:
        credentials = new_credentials()
        records.keep_credentials(name, credentials)
    return credentials


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
