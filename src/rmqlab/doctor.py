"""`rmqlab doctor`: is this machine ready for the labs, and what to do where it is not."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from rmqlab import places, ports, records
from rmqlab.backends import DockerBackend
from rmqlab.backends.docker_engine import AT_ONCE_S, image_for
from rmqlab.client import provider
from rmqlab.errors import RmqLabError
from rmqlab.external import credentials_here, discover, namespace_of
from rmqlab.runtime import ROCKETMQ, find_java, jars_status
from rmqlab.starting import DISK_REFUSES_ABOVE, disk_use

if TYPE_CHECKING:
    from collections.abc import Callable

_MEMORY_MB = 1500


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what it is, whether it is as it should be, what was seen, what to do if not."""

    about: str
    is_good: bool
    seen: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at everything a lab needs. Starts nothing and fetches nothing."""
    looks = (_python, _java, _jars, _client, _containers, _memory, _disk, _port, _addresses, _clusters)
    if os.environ.get("RMQLAB_BACKEND") == "external":
        looks += (_external,)
    return [_safely(look) for look in looks]


def _safely(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except RmqLabError as error:
        return Finding(look.__name__.strip("_").capitalize(), is_good=False, seen=str(error))


def _python() -> Finding:
    seen = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}"
    return Finding(
        "Python", is_good=sys.version_info >= (3, 11), seen=seen, remedy="Install Python 3.11 or newer."
    )


def _java() -> Finding:
    java = find_java()
    return Finding("Java", is_good=True, seen=f"Java {java.version} from {java.source}, {java.home}")


def _jars() -> Finding:
    here, all_of_them = jars_status()
    return Finding(
        "RocketMQ",
        is_good=here == all_of_them,
        seen=f"{ROCKETMQ.version}, {here} of {all_of_them} jars here and verified, in {places.cache_dir()}",
        remedy=f"They are fetched on first use ({ROCKETMQ.size / 1e6:.0f} MB), or now: `rmqlab fetch`.",
    )


def _client() -> Finding:
    return Finding("Client", is_good=True, seen=provider())


def _containers() -> Finding:
    missing = DockerBackend().missing(AT_ONCE_S)
    seen = f"an engine answers and has {image_for()}" if missing is None else missing
    return Finding("Containers", is_good=True, seen=seen)  # nobody needs them


def _memory() -> Finding:
    free = psutil.virtual_memory().available / 1e6
    return Finding(
        "Memory",
        is_good=free > _MEMORY_MB,
        seen=f"{free:,.0f} MB free; a cluster takes 400, a notebook 250",
        remedy="Close something big before you start a lab.",
    )


def _disk() -> Finding:
    place, fullness, free = disk_use(places.state_dir())
    return Finding(
        "Disk",
        is_good=fullness < DISK_REFUSES_ABOVE,
        seen=f"{fullness:.0%} full, {free / 1e9:,.1f} GB free in {place}",
        remedy="Brokers refuse messages above 90 %: make room, or set RMQLAB_HOME to another disk.",
    )


def _port() -> Finding:
    free = ports.is_free(9876)
    who = "" if free else ports.who_listens(9876) or "another program"
    return Finding(
        "Port 9876",
        is_good=True,
        seen="free" if free else f"taken by {who}: labs do not need it, `rmqlab up --namesrv-port 9876` does",
    )


def _addresses() -> Finding:
    return Finding(
        "Addresses",
        is_good=True,
        seen="every port of a cluster listens on 127.0.0.1 only, the replication port and the proxy included",
    )


def _external() -> Finding:
    proxy = os.environ.get("RMQLAB_PROXY", "")
    nodes = discover(os.environ.get("RMQLAB_NAMESRV", ""), proxy, credentials_here())
    brokers = ", ".join(f"{node.name} at {node.address}" for node in nodes if node.is_broker)
    return Finding("External", is_good=True, seen=f"{brokers}; your names begin with {namespace_of('LAB')}")


def _clusters() -> Finding:
    names = [record.name for record in records.all_records()]
    lease = os.environ.get("RMQLAB_LEASE")
    note = f"; RMQLAB_LEASE={lease}" if lease else ""
    return Finding("Clusters", is_good=True, seen=(", ".join(names) or "none running") + note)
