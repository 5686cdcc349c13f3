"""Connect to a cluster that somebody else runs. `starting` starts one of your own."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from rmqlab import records
from rmqlab.authentication import Credentials
from rmqlab.backends import ExternalBackend
from rmqlab.cluster import Cluster
from rmqlab.errors import ExternalClusterError
from rmqlab.external import credentials_here, discover, namespace_of, remove_ours
from rmqlab.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable


def connect(  # noqa: PLR0913  (each is one choice of the caller)
    namesrv: str | None = None,
    *,
    proxy: str | None = None,
    credentials: tuple[str, str] | None = None,
    name: str | None = None,
    namespace: str | None = None,
    fresh: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
) -> Cluster:
    """Connect to a cluster that somebody else runs: a class's, another machine's, one in Kubernetes.

    Your topics and groups are created in a namespace of yours, and removed by `stop()`; nothing else there
    is ever changed. Classic clients of this process, and of programs that it starts, work in the
    namespace too, and sign with the credentials.

    Args:
        namesrv: The NameServer's address, `host:port`, several separated by `;`. Default: RMQLAB_NAMESRV.
        proxy: The gRPC proxy's address. Default: RMQLAB_PROXY.
        credentials: Access key and secret key. Default: RMQLAB_ACCESS_KEY and RMQLAB_SECRET_KEY.
        name: The name to find it again by; the address by default.
        namespace: Default: `rmqlab-LEARNER-NAME`. Empty: see everything by its real name, change nothing.
        fresh: Remove what is in your namespace first.
        meanwhile: Called once the cluster is found, to do something useful.

    Raises:
        ExternalClusterError: it cannot be reached, has no brokers, or does not let you in.
    """
    namesrv = namesrv or os.environ.get("RMQLAB_NAMESRV", "")
    proxy = os.environ.get("RMQLAB_PROXY", "") if proxy is None else proxy
    signer = Credentials(*credentials) if credentials else credentials_here()
    name = name or re.sub(r"[^A-Za-z0-9._-]+", "-", namesrv)[:60].strip("-.") or "external"
    specs = discover(namesrv, proxy, signer)
    backend = ExternalBackend()
    with records.lock(name):
        old = records.read(name)
        if old and (old.backend != backend.name or old.namesrv != _addresses(specs)):
            raise ExternalClusterError(
                f"{name} is a cluster on the backend {old.backend} at {old.namesrv}. "
                f"`rmqlab down {name}` first, or give this one another name."
            )
        options = {
            "namespace": namespace_of(name) if namespace is None else namespace,
            **({"authentication": True} if signer else {}),
        }
        if signer:
            records.keep_credentials(name, signer)
        handles = backend.handles(specs)
        record = Record(name, "external", backend.name, time.time(), None, 0, specs, handles, options)
        records.write(record)
    meanwhile()
    if fresh:
        remove_ours(record)
    cluster = Cluster.held(record)
    place = f"your names are in {record.options['namespace']}" if cluster.namespace else "you only look at it"
    cluster.why_backend = f"On a cluster that others run; {place}."
    return cluster


def _addresses(specs: tuple) -> str:
    return ";".join(spec.address for spec in specs if spec.is_nameserver)
