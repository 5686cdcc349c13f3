"""From a topology to what each node is started with. Pure: no files, no sockets, no clock.

The broker properties are RocketMQ's own (BrokerConfig, MessageStoreConfig, NettyServerConfig); where a value
differs from RocketMQ's default, the comment says why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rmqlab.authentication import Credentials, proxy_properties
from rmqlab.kafka import kafka_node
from rmqlab.legacy import RELEASE_FILES
from rmqlab.links import linked
from rmqlab.nodespec import SYSTEM_PROPERTIES, NodeSpec
from rmqlab.options import ClusterOptions, configured
from rmqlab.runtime.slow_disk import LIBRARY, ORDER
from rmqlab.topology import KAFKA

if TYPE_CHECKING:
    from pathlib import PurePath

    from rmqlab.topology import Topology

BLOCK = 40
"""Ports that a cluster leases: NameServers, controller and proxy first, then four a broker."""

_CONTROLLER = 3
_PROXY = 4
_PROXY_REMOTING = 5
_RELAY = 2
_FIRST_BROKER = 8
_PORTS_A_BROKER = 4
_PROXY_CONF = "rmq-proxy.json"

CLUSTER_NAME = "DefaultCluster"
"""What RocketMQ calls a cluster whose name nobody chose (BrokerConfig.brokerClusterName)."""

LAB_BROKER = {
    # small files: RocketMQ's are 1 GB a commit log and 420 MB an index
    "mappedFileSizeCommitLog": "16777216",
    "mappedFileSizeConsumeQueue": "60000",
    "maxHashSlotNum": "50000",
    "maxIndexNum": "200000",
    # the timer wheel is scanned every second, which takes a sixth of a core; labs that need timers turn it on
    "timerWheelEnable": "false",
    # for the first interval after its start TransactionMetricsFlushService spins on a core instead of
    # waiting; the default is ten seconds
    "transactionMetricFlushInterval": "500",
    # a laptop's disk may be fuller than the 75 % above which RocketMQ begins to delete old files
    "diskMaxUsedSpaceRatio": "90",
    # the labs make their topics, but a tutorial's script expects them to appear
    "autoCreateTopicEnable": "true",
    # SQL92 filters, off by default
    "enablePropertyFilter": "true",
    # a send that waits 200 ms for its turn is refused as "broker busy" (BrokerFastFailure): on a laptop that
    # is busy itself this says nothing about the broker. Still below a client's time-out of 3 s.
    "waitTimeMillsInSendQueue": "2500",
    # brokers talk to nobody outside
    "fetchNamesrvAddrByAddressServer": "false",
}

_WITH_SLAVES = {
    # a slave that has everything says so as often; the controller counts it as in sync from then on
    "haSendHeartbeatInterval": "1000",
}

_OPEN_TO_CONTROLLER = ("--add-opens=java.base/java.lang=ALL-UNNAMED",)
"""What the controller and its clients reflect on (JRaft's and DLedger's serialization)."""

_OF_PROXIES = {
    **SYSTEM_PROPERTIES,
    # Without TLS a proxy still signs a certificate of its own at each start (ProxyAndTlsProtocolNegotiator):
    # a short key for it saves half a second of a core. It is never used.
    "io.grpc.netty.shaded.io.netty.handler.ssl.util.selfSignedKeyStrength": "1024",
}


@dataclass(frozen=True)
class _Site:
    """Where the nodes live: their files, their ports, what they listen on and what they tell others."""

    folder: PurePath
    base: int
    host: str
    bind: str
    namesrv_port: int
    credentials: Credentials | None = None

    def path(self, *parts: str) -> str:
        # a properties file takes a backslash as an escape, and Java takes slashes everywhere
        return self.folder.joinpath(*parts).as_posix()

    def nameservers(self, topology: Topology) -> list[int]:
        return [self.namesrv_port, *range(self.base + 1, self.base + topology.nameservers)]

    def addresses(self, topology: Topology) -> str:
        return ";".join(f"{self.host}:{port}" for port in self.nameservers(topology))


def plan(  # noqa: PLR0913  (each is one fact about the place)
    topology: Topology,
    folder: PurePath,
    base_port: int,
    *,
    namesrv_port: int | None = None,
    host: str = "127.0.0.1",
    bind: str = "127.0.0.1",
    options: ClusterOptions | None = None,
    credentials: Credentials | None = None,
) -> tuple[NodeSpec, ...]:
    """Return the nodes of a cluster in the order in which they are named on a map.

    Args:
        topology: The shape.
        folder: Where the nodes see their files, one subfolder a node.
        base_port: The first of `BLOCK` ports leased for this cluster.
        namesrv_port: The first NameServer's port, if not the block's first.
        host: The address that every node tells others.
        bind: The address that every node listens on.
        options: What was chosen on top of the topology.
        credentials: What brokers let in, where they ask for it.
    """
    if topology.release == KAFKA:
        return (kafka_node(folder, base_port, host=host, bind=bind),)
    options = options or ClusterOptions()
    topology = configured(topology, options, credentials)
    own = host if options.links else bind  # the relay listens on all other addresses
    site = _Site(folder, base_port, host, own, namesrv_port or base_port, credentials)
    nodes = [_nameserver(index, topology, site) for index in range(topology.nameservers)]
    nodes += [_broker(index, topology, site) for index in range(len(topology.brokers))]
    if topology.proxy == "cluster":
        nodes.append(_proxy(topology, site))
    if options.metrics:
        nodes = [_with_metrics(node, bind) if node.is_broker else node for node in nodes]
    if options.slow_disk:
        nodes = [_with_slow_disk(node, site) if node.is_broker else node for node in nodes]
    if options.links:
        return linked(nodes, base_port + _RELAY, contained=bind != host)
    return tuple(nodes)


def _conf(values: dict[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in values.items())


def _nameserver(index: int, topology: Topology, site: _Site) -> NodeSpec:
    name = "namesrv" if topology.nameservers == 1 else f"namesrv-{'abcdefgh'[index]}"
    port = site.nameservers(topology)[index]
    values = {
        "listenPort": str(port),
        "bindAddress": site.bind,
        "rocketmqHome": site.path(name),
        "kvConfigPath": site.path(name, "kvConfig.json"),
    }
    ports = (port,)
    if topology.controller:
        controller_port = site.base + _CONTROLLER
        ports += (controller_port,)
        values |= {
            "enableControllerInNamesrv": "true",
            "controllerDLegerGroup": "controllers",
            "controllerDLegerPeers": f"n0-{site.host}:{controller_port}",
            "controllerDLegerSelfId": "n0",
            "controllerStorePath": site.path(name, "controller"),
            # a broker that is silent for so long is dead; both are five seconds by default
            "scanNotActiveBrokerInterval": "500",
        }
    return NodeSpec(
        name=name,
        role="NAMESRV",
        program="mqnamesrv",
        address=f"{site.host}:{port}",
        ports=ports,
        max_heap_mb=64,
        files={"namesrv.conf": _conf(values)},
        arguments=("-c", "namesrv.conf"),
        java_options=_OPEN_TO_CONTROLLER if topology.controller else (),
    )


def _broker(index: int, topology: Topology, site: _Site) -> NodeSpec:
    shape = topology.brokers[index]
    name = shape.node_name
    port = site.base + _FIRST_BROKER + index * _PORTS_A_BROKER
    values = {
        "brokerClusterName": CLUSTER_NAME,
        "brokerName": shape.name,
        "brokerId": str(shape.broker_id),
        "brokerRole": shape.role,
        "namesrvAddr": site.addresses(topology),
        "listenPort": str(port),
        "haListenPort": str(port + 1),
        "bindAddress": site.bind,
        "brokerIP1": site.host,
        "brokerIP2": site.host,
        "rocketmqHome": site.path(name),
        "storePathRootDir": site.path(name, "store"),
        **LAB_BROKER,
        **(_WITH_SLAVES if topology.has_slaves else {}),
        **(_under_a_controller(site) if topology.controller else {}),
        **topology.properties,
    }
    # the fast (VIP) port is two below, the replication port one above
    ports = (port - 2, port, port + 1)
    files = {"broker.conf": _conf(values), **RELEASE_FILES.get(topology.release, {})}
    arguments = ("-c", "broker.conf")
    if topology.proxy == "local":
        ports += (site.base + _PROXY, site.base + _PROXY_REMOTING)
        files[_PROXY_CONF] = _proxy_conf("local", topology, site)
        arguments = ("-pm", "local", "-pc", _PROXY_CONF, "-bc", "broker.conf")
    return NodeSpec(
        name=name,
        role="SLAVE" if shape.role == "SLAVE" else "MASTER",
        program="mqproxy" if topology.proxy == "local" else "mqbroker",
        address=f"{site.host}:{port}",
        ports=ports,
        max_heap_mb=256,
        files=files,
        arguments=arguments,
        broker_name=shape.name,
        broker_id=-1 if topology.controller else shape.broker_id,
        release=topology.release,
        java_options=_OPEN_TO_CONTROLLER if topology.controller else (),
        system_properties=dict(_OF_PROXIES if topology.proxy == "local" else SYSTEM_PROPERTIES),
    )


def _with_slow_disk(broker: NodeSpec, site: _Site) -> NodeSpec:
    slow = {"LD_PRELOAD": LIBRARY, "SLOW_DISK_ORDER": ORDER}  # see runtime/slow_disk/slow_disk.c
    paths = {variable: site.path(broker.name, file) for variable, file in slow.items()}
    return replace(broker, environment={**broker.environment, **paths})


def _with_metrics(broker: NodeSpec, bind: str) -> NodeSpec:
    """Return a broker that shows its metrics to whoever asks (BrokerMetricsManager: PrometheusHttpServer)."""
    port = broker.ports[1] - 1  # free: the broker takes the two around it, and the next after its own
    exporter = {
        "metricsExporterType": "PROM",
        "metricsPromExporterHost": bind,
        "metricsPromExporterPort": str(port),
    }
    files = {**broker.files, "broker.conf": broker.files["broker.conf"] + _conf(exporter)}
    host = broker.address.rpartition(":")[0]
    return replace(broker, files=files, ports=(*broker.ports, port), metrics=f"{host}:{port}")


def _under_a_controller(site: _Site) -> dict[str, str]:
    return {
        "enableControllerMode": "true",
        "controllerAddr": f"{site.host}:{site.base + _CONTROLLER}",
        # the controller gives out both
        "brokerId": "-1",
        "brokerRole": "SLAVE",
        # an answer means that every replica in the sync-state set has the message
        "allAckInSyncStateSet": "true",
        "brokerHeartbeatInterval": "500",
        "controllerHeartBeatTimeoutMills": "2000",
        "syncBrokerMetadataPeriod": "1000",
        "checkSyncStateSetPeriod": "1000",
    }


def _proxy(topology: Topology, site: _Site) -> NodeSpec:
    grpc = site.base + _PROXY
    return NodeSpec(
        name="proxy",
        role="PROXY",
        program="mqproxy",
        address=f"{site.host}:{grpc}",
        ports=(grpc, site.base + _PROXY_REMOTING),
        max_heap_mb=256,
        files={_PROXY_CONF: _proxy_conf("cluster", topology, site)},
        arguments=("-pm", "cluster", "-pc", _PROXY_CONF),
        system_properties=dict(_OF_PROXIES),
    )


def _proxy_conf(mode: str, topology: Topology, site: _Site) -> str:
    values: dict[str, object] = {
        "rocketMQClusterName": CLUSTER_NAME,
        "namesrvAddr": site.addresses(topology),
        "proxyMode": mode,
        "localServeAddr": site.host,
        "grpcServerPort": site.base + _PROXY,
        "remotingListenPort": site.base + _PROXY_REMOTING,
        # how soon a broker learns who sends transactions through this proxy: until then nobody is asked about
        # a half message; 20 by default
        "transactionHeartbeatPeriodSecond": 1,
        **(proxy_properties(site.credentials) if site.credentials else {}),
    }
    return json.dumps(values, indent=2) + "\n"


def proxy_address(nodes: tuple[NodeSpec, ...]) -> str:
    """Return where gRPC clients reach the cluster; empty where it has no proxy."""
    for node in nodes:
        if _PROXY_CONF in node.files:
            conf = json.loads(node.files[_PROXY_CONF])
            return f"{conf['localServeAddr']}:{conf['grpcServerPort']}"
        if node.role == "PROXY":  # one that somebody else runs
            return node.address
    return ""


def bootstrap_servers(nodes: tuple[NodeSpec, ...]) -> str:
    """Return where Kafka's clients reach the cluster; empty where it is no Kafka."""
    return ",".join(node.address for node in nodes if node.role == "KAFKA")
