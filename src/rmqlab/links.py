"""A relay put into a planned cluster: the addresses at which nodes and clients reach others through it. Pure.

RocketMQ registers one address for a broker, without a port of its own (brokerIP1:listenPort, and
brokerIP2:haListenPort for replication). So what is reached through the relay has another loopback address
and the same port number:

    127.0.0.2   what clients are told: NameServers and brokers
    127.0.0.3   what slaves are told: a master's replication port
    127.0.0.10  the NameServers, as the first broker (or proxy) sees them; 127.0.0.11 as the second, ...

Containers have loopback addresses of their own: there clients come in at the container's address, and are
told the address at which the container's ports are published.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from rmqlab.nodespec import NodeSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLIENTS = "clients"
"""The end of a link that is no node."""

CONF = "relay.conf"
_PROXY = "rmq-proxy.json"

_NODES = "127.0.0.1"
_CLIENTS = "127.0.0.2"
_REPLICATION = "127.0.0.3"
_OUTSIDE = "outside"
"""The relay takes it for the first address of its machine that is no loopback address."""


def linked(nodes: Sequence[NodeSpec], control_port: int, *, contained: bool) -> tuple[NodeSpec, ...]:
    """Return the nodes with a relay between them and before them, which is the last one.

    The replication port of a broker under a controller listens on every address (AutoSwitchHAService), and so
    do proxies in containers (ProxyStartup): nothing can listen in front of them, so these stay as they are.

    Args:
        nodes: A planned cluster, whose nodes listen on 127.0.0.1.
        control_port: Where the relay takes orders.
        contained: Whether the nodes have loopback addresses apart from the clients'.
    """
    told = _host(nodes[0]) if contained else _CLIENTS
    viewers = [node for node in nodes if not node.is_nameserver]
    moved = []
    for node in nodes:
        if node.is_nameserver:
            moved.append(_told(node, told))
        else:
            moved.append(_rewired(node, told, _view(viewers.index(node)), contained=contained))
    listeners = sorted(_listeners(nodes, _OUTSIDE if contained else _CLIENTS))
    if not contained:
        listeners += sorted(_proxies(nodes))
    lines = [f"control {_OUTSIDE if contained else _NODES}:{control_port}"]
    lines += [f"link {link} {host}:{port} {_NODES}:{port}" for link, host, port in listeners]
    relay = NodeSpec(
        name="relay",
        role="RELAY",
        program="relay",
        address=f"{_host(nodes[0])}:{control_port}",
        ports=(control_port,),
        max_heap_mb=32,
        files={CONF: "".join(f"{line}\n" for line in lines)},
        arguments=(CONF,),
        release="relay",
    )
    return (*moved, relay)


def listening_hosts(relay: NodeSpec) -> set[str]:
    """Return the addresses that a relay listens on."""
    links = [line.split() for line in relay.files[CONF].splitlines() if line.startswith("link ")]
    return {_address.rpartition(":")[0] for _, _, _address, _ in links}


def _listeners(nodes: Sequence[NodeSpec], front: str) -> Iterator[tuple[str, str, int]]:
    """Name each link, with the address and the port at which it is entered."""
    viewers = [node for node in nodes if not node.is_nameserver]
    for node in nodes:
        if node.is_nameserver:
            yield f"{CLIENTS}>{node.name}", front, node.ports[0]
            for number, viewer in enumerate(viewers):
                yield f"{viewer.name}>{node.name}", _view(number), node.ports[0]
        elif node.is_broker:
            fast, normal, replication = node.ports[:3]
            yield f"{CLIENTS}>{node.name}", front, normal
            yield f"{CLIENTS}>{node.name}", front, fast
            for slave in nodes:
                if node.broker_id == 0 < slave.broker_id and slave.broker_name == node.broker_name:
                    yield f"{slave.name}>{node.name}", _REPLICATION, replication


def _proxies(nodes: Sequence[NodeSpec]) -> Iterator[tuple[str, str, int]]:
    for node in nodes:
        if _PROXY in node.files:
            conf = json.loads(node.files[_PROXY])
            for name in ("grpcServerPort", "remotingListenPort"):
                yield f"{CLIENTS}>{node.name}", _CLIENTS, conf[name]


def _view(number: int) -> str:
    return f"127.0.0.{10 + number}"


def _host(node: NodeSpec) -> str:
    return node.address.rpartition(":")[0]


def _told(node: NodeSpec, host: str) -> NodeSpec:
    return replace(node, address=f"{host}:{node.address.rpartition(':')[2]}")


def _rewired(node: NodeSpec, told: str, view: str, *, contained: bool) -> NodeSpec:
    """Return a broker or proxy that uses the relay's addresses."""
    files = dict(node.files)
    if "broker.conf" in files:
        conf = dict(line.split("=", 1) for line in files["broker.conf"].splitlines())
        conf["namesrvAddr"] = _seen(conf["namesrvAddr"], view)
        conf["brokerIP1"] = told
        if node.broker_id >= 0:
            conf["brokerIP2"] = _REPLICATION
        files["broker.conf"] = "".join(f"{key}={value}\n" for key, value in conf.items())
        node = _told(node, told)
    if _PROXY in files:
        conf = json.loads(files[_PROXY])
        conf["namesrvAddr"] = _seen(conf["namesrvAddr"], view)
        if not contained:
            conf["localServeAddr"] = told
            node = _told(node, told)
        files[_PROXY] = json.dumps(conf, indent=2) + "\n"
    return replace(node, files=files)


def _seen(addresses: str, view: str) -> str:
    return ";".join(f"{view}:{address.rpartition(':')[2]}" for address in addresses.split(";"))
