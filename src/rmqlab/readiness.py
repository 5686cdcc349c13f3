"""When is a cluster ready? Found out by asking.

Its NameServers know every broker and serve a route, the slaves have what their masters have, and brokers and
the proxy answer; a Kafka tells its clients of itself. That a port accepts a connection says nothing: Docker's
own proxy accepts for a node that does not listen yet, and closes. The route asked for is that of the topic
named like the cluster, which every master makes at boot (TopicConfigManager).
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

from rmqlab.client import kafka_metadata, remoting
from rmqlab.errors import AdminError, StartError
from rmqlab.plan import CLUSTER_NAME, proxy_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rmqlab.plan import NodeSpec

_POLL_S = 0.03
_LOOK_AGAIN_S = 0.3
_ANSWER_S = 2.0

# A frame's header: its length (3 bytes), type, flags, stream (4 bytes).
_HTTP2_HEADER, _HTTP2_TYPE, _HTTP2_SETTINGS = 9, 3, 4
_HTTP2_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, _HTTP2_SETTINGS, 0, 0, 0, 0, 0))


def wait_until_ready(
    specs: Sequence[NodeSpec],
    is_running: Callable[[NodeSpec], bool],
    log_tail: Callable[[NodeSpec], str],
    *,
    timeout_s: float,
    credentials: tuple[str, str] | None = None,
) -> None:
    """Wait until the nodes can be used.

    Args:
        specs: The nodes that should be up.
        is_running: Tells whether a node's process still lives.
        log_tail: The end of a node's log, for the error.
        timeout_s: How long to wait.
        credentials: What the brokers want their requests signed with.

    Raises:
        StartError: a node died, or time ran out; the message carries the end of that node's log.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        dead = [spec for spec in specs if not is_running(spec)]
        if dead:
            time.sleep(_LOOK_AGAIN_S)  # one look can fail on a busy machine, where nothing has died
            dead = [spec for spec in dead if not is_running(spec)]
        if dead:
            names = ", ".join(spec.name for spec in dead)
            raise StartError(f"{names} died while starting. The end of its log:\n{log_tail(dead[0])}")
        if _all_ready(specs, credentials):
            return
        if time.monotonic() > deadline:
            late = _first_silent(specs, credentials)
            raise StartError(
                f"The cluster was not ready after {timeout_s:.0f} s; {late.name} is what it waits for. "
                f"The end of its log:\n{log_tail(late)}"
            )
        time.sleep(_POLL_S)


def _all_ready(specs: Sequence[NodeSpec], credentials: tuple[str, str] | None) -> bool:
    """Ask each node what only it knows, the cheap questions first."""
    nameservers = [spec for spec in specs if spec.is_nameserver]
    brokers = [spec for spec in specs if spec.is_broker]
    try:
        return (
            all(_knows(namesrv, brokers, credentials) for namesrv in nameservers)
            and all(_serves(spec, credentials) for spec in specs if not spec.is_nameserver)
            and _in_sync(brokers, credentials)
            and all(_hears(spec.controller, brokers) for spec in nameservers if spec.controller)
        )
    except (OSError, AdminError, ValueError):
        return False


def _knows(namesrv: NodeSpec, brokers: list[NodeSpec], credentials: tuple[str, str] | None) -> bool:
    """Ask a NameServer; make the brokers that it does not know register."""
    known = remoting.registered_brokers(namesrv.address, timeout_s=_ANSWER_S)
    missing = [spec for spec in brokers if not _is_registered(spec, known)]
    for spec in missing:
        with contextlib.suppress(OSError, AdminError, ValueError):
            remoting.make_register(spec.address, timeout_s=_ANSWER_S, credentials=credentials)
    if missing:
        return False
    has_master = any(spec.broker_id <= 0 for spec in brokers)
    return not has_master or remoting.has_route(namesrv.address, CLUSTER_NAME, timeout_s=_ANSWER_S)


def _is_registered(spec: NodeSpec, known: dict[tuple[str, int], str]) -> bool:
    if spec.broker_id >= 0:
        return (spec.broker_name, spec.broker_id) in known
    # a controller gives out the ids: whoever has 0 is the master, and there has to be one
    return spec.address in known.values() and (spec.broker_name, 0) in known


def _serves(spec: NodeSpec, credentials: tuple[str, str] | None) -> bool:
    """Tell whether a node answers on all ports that clients use.

    Raises:
        OSError: it does not.
        AdminError: somebody else does.
    """
    if spec.role == "KAFKA":  # it answers before it is let in by its controller: ask whether it is
        return spec.address in kafka_metadata.brokers(spec.address, timeout_s=_ANSWER_S)
    if spec.is_broker and not remoting.counts(spec.address, timeout_s=_ANSWER_S, credentials=credentials):
        return False
    proxy = proxy_address((spec,))
    if proxy:
        host, _, port = proxy.rpartition(":")
        for its_port in set(spec.ports[-2:]) - {int(port)}:  # of the remoting protocol
            remoting.has_route(f"{host}:{its_port}", CLUSTER_NAME, timeout_s=_ANSWER_S)
        return _speaks_http2(host, int(port))
    return True


def _speaks_http2(host: str, port: int) -> bool:
    """Tell whether a server of HTTP/2, which gRPC travels in, introduces itself (RFC 9113, 3.4)."""
    with socket.create_connection((host, port), timeout=_ANSWER_S) as connection:
        connection.sendall(_HTTP2_HELLO)
        hello = connection.recv(_HTTP2_HEADER)
    return len(hello) > _HTTP2_TYPE and hello[_HTTP2_TYPE] == _HTTP2_SETTINGS


def _in_sync(brokers: list[NodeSpec], credentials: tuple[str, str] | None) -> bool:
    """Tell whether each master that runs has all of its slaves that run in sync."""
    by_name: dict[str, list[NodeSpec]] = {}
    for spec in brokers:
        by_name.setdefault(spec.broker_name, []).append(spec)
    for replicas in by_name.values():
        could_lead = [spec for spec in replicas if spec.broker_id <= 0]
        if len(replicas) > 1 and could_lead:
            answers = (
                remoting.slaves_in_sync(spec.address, timeout_s=_ANSWER_S, credentials=credentials)
                for spec in could_lead
            )
            if max(answers) < len(replicas) - 1:
                # the answer to a registration tells a slave where its master is
                for slave in (spec for spec in replicas if spec.broker_id > 0):
                    remoting.make_register(slave.address, timeout_s=_ANSWER_S, credentials=credentials)
                return False
    return True


def _hears(controller: str, brokers: list[NodeSpec]) -> bool:
    """Tell whether a controller has heard from each broker since it started.

    A master that dies unheard is not missed: it comes back as the master, begins its epoch anew where its
    commit log ends (AutoSwitchHAService.changeToMaster), and its slave, which finds no point in common,
    never follows it again (EpochFileCache.findConsistentPoint).
    """
    names = {spec.broker_name for spec in brokers}
    heard = (remoting.heard_by(controller, name, timeout_s=_ANSWER_S) for name in names)
    return set().union(*heard) >= {spec.address for spec in brokers}


def _first_silent(specs: Sequence[NodeSpec], credentials: tuple[str, str] | None) -> NodeSpec:
    for spec in specs:
        try:
            if spec.is_broker:
                remoting.make_register(spec.address, timeout_s=_ANSWER_S, credentials=credentials)
            elif spec.is_nameserver:
                remoting.registered_brokers(spec.address, timeout_s=_ANSWER_S)
            else:
                _serves(spec, credentials)
        except (OSError, AdminError, ValueError):
            return spec
    return specs[-1]
