"""A lab's first cell: its cluster, started or found again, on this machine or on somebody else's."""

from __future__ import annotations

import difflib
import os
import sys
from typing import TYPE_CHECKING, Any

from rmqlab import records
from rmqlab.checks.course import lab_slugs
from rmqlab.client import warm_up
from rmqlab.connecting import connect
from rmqlab.errors import CourseError, ExternalClusterError
from rmqlab.lab import Lab, lease_s, wants_its_own
from rmqlab.options import ClusterOptions
from rmqlab.runtime import ROCKETMQ
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from rmqlab.cluster import Cluster


def start_lab(
    slug: str, *, topology: str = "single", backend: str | None = None, fresh: bool = False, **options: Any
) -> Lab:
    """Start a lab's cluster, or re-attach to it when it runs already.

    Args:
        slug: The lab, such as "02-send-modes".
        topology: The shape of its cluster.
        backend: What runs it: `process` or `docker`; `external` is the cluster at RMQLAB_NAMESRV. By default
            as `RMQLAB_BACKEND` says, else what is here.
        fresh: Throw away what runs, with its messages, and start anew.
        **options: What to choose on top of the topology, as in `ClusterOptions`: `flush="sync"`,
            `timers=True`, `properties={"maxMessageSize": 1024}`.

    Raises:
        CourseError: there is no such lab.
        ExternalClusterError: the cluster at RMQLAB_NAMESRV cannot be reached, or is not what the lab wants.
        UnknownTopologyError, DiskSpaceError, StartError, RuntimeFilesError: as `start_cluster`.
    """
    _require_lab(slug)
    if (backend or os.environ.get("RMQLAB_BACKEND")) == "external":
        lab = Lab(slug, _connect(slug, topology, options, fresh=fresh))
        _show(lab, "")
        return lab
    why_ended = records.why_ended(slug)
    cluster = start_cluster(
        topology,
        name=slug,
        backend=backend,
        options=ClusterOptions.of(**options),
        lease_s=lease_s(),
        fresh=fresh,
        meanwhile=warm_up,
    )
    lab = Lab(slug, cluster)
    _show(lab, why_ended)
    records.forget_end(slug)
    return lab


def _connect(slug: str, topology: str, options: dict[str, Any], *, fresh: bool) -> Cluster:
    """Connect to the cluster that RMQLAB_NAMESRV names, unless the lab wants one of another kind."""
    wanted = [*([topology] if topology != "single" else []), *(f"{key}={options[key]}" for key in options)]
    if wanted:
        raise ExternalClusterError(wants_its_own(f"a cluster of its own kind ({', '.join(wanted)})"))
    return connect(name=slug, fresh=fresh, meanwhile=warm_up)


def _show(lab: Lab, why_ended: str) -> None:
    """Show where the cluster is, and its map, if a notebook is looking."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and (shell := ipython.get_ipython()) is not None and hasattr(shell, "kernel"):
        if why_ended:
            print(f"The cluster of last time has ended: {why_ended}.")  # noqa: T201
            print("This is a new one, without its messages.")  # noqa: T201
        what = f"RocketMQ {ROCKETMQ.version} is ready" if lab.cluster.namespace is None else "Connected"
        print(f"{what}. NameServer: {lab.namesrv}")  # noqa: T201
        if lab.cluster.why_backend:
            print(lab.cluster.why_backend)  # noqa: T201
        ipython.display.display(lab)


def _require_lab(slug: str) -> None:
    try:
        known = lab_slugs()
    except CourseError:  # a script outside any course may start a cluster by any name
        return
    if slug not in known:
        near = difflib.get_close_matches(slug, known, n=1)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        raise CourseError(f"There is no lab called {slug!r}.{guess} There are: {', '.join(known)}.")
