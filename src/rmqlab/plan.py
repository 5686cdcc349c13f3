"""From a topology to what each node is started with. Pure: no files, no sockets, no clock.

The broker properties are RocketMQ's own (BrokerConfig, MessageStoreConfig, NettyServerConfig); where a value
differs from RocketMQ's default, the comment says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath

    from rmqlab.topology import BrokerShape, Topology

NAMESRV_MAIN = "org.apache.rocketmq.namesrv.NamesrvStartup"
BROKER_MAIN = "org.apache.rocketmq.broker.BrokerStartup"

BLOCK = 20
"""Ports that a cluster leases: the NameServers at the start, then five a broker."""

_FIRST_BROKER = 6
_PORTS_A_BROKER = 4

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
    # brokers talk to nobody outside
    "fetchNamesrvAddrByAddressServer": "false",
}


SYSTEM_PROPERTIES = {
    "java.net.preferIPv4Stack": "true",
    # Permissive TLS, the default, makes NameServer and broker sign a certificate of their own at each start:
    # two of a broker's three seconds, and 100 MB (TlsSystemConfig, NettyRemotingServer.loadSslContext).
    # Nodes listen on loopback.
    "tls.server.mode": "disabled",
    # the share of the disk above which a broker refuses messages, read by DefaultMessageStore
    "rocketmq.broker.diskSpaceWarningLevelRatio": "0.90",
}
"""Java system properties of every node."""


@dataclass(frozen=True)
class NodeSpec:
    """What one node is started with.

    `ports` are all it listens on; `conf_name` and `conf_text` are its configuration file.
    """

    name: str
    role: str
    main_class: str
    address: str
    ports: tuple[int, ...]
    max_heap_mb: int
    conf_name: str
    conf_text: str
    broker_name: str = ""
    broker_id: int = -1

    @property
    def is_broker(self) -> bool:
        """Tell a broker from a NameServer."""
        return bool(self.broker_name)


def plan(
    topology: Topology,
    folder: PurePath,
    base_port: int,
    *,
    namesrv_port: int | None = None,
    host: str = "127.0.0.1",
) -> tuple[NodeSpec, ...]:
    """Return the nodes of a cluster in the order in which they are named on a map.

    Args:
        topology: The shape.
        folder: Where the nodes keep their files, one subfolder a node.
        base_port: The first of `BLOCK` ports leased for this cluster.
        namesrv_port: The first NameServer's port, if not the block's first.
        host: The address that every node listens on and tells others.
    """
    first = namesrv_port or base_port
    namesrv_ports = [first, *range(base_port + 1, base_port + topology.nameservers)]
    addresses = [f"{host}:{port}" for port in namesrv_ports]
    nodes = [
        _nameserver(index, port, host, folder, alone=topology.nameservers == 1)
        for index, port in enumerate(namesrv_ports)
    ]
    for index, shape in enumerate(topology.brokers):
        port = base_port + _FIRST_BROKER + index * _PORTS_A_BROKER
        nodes.append(_broker(shape, port, host, folder, ";".join(addresses), topology.properties))
    return tuple(nodes)


def _conf(values: dict[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in values.items())


def _slashes(path: PurePath) -> str:
    """A properties file takes a backslash as an escape, and Java takes slashes everywhere."""
    return path.as_posix()


def _nameserver(index: int, port: int, host: str, folder: PurePath, *, alone: bool) -> NodeSpec:
    name = "namesrv" if alone else f"namesrv-{'abcdefgh'[index]}"
    home = folder / name
    values = {
        "listenPort": str(port),
        "bindAddress": host,
        "rocketmqHome": _slashes(home),
        "kvConfigPath": _slashes(home / "kvConfig.json"),
    }
    return NodeSpec(
        name=name,
        role="NAMESRV",
        main_class=NAMESRV_MAIN,
        address=f"{host}:{port}",
        ports=(port,),
        max_heap_mb=64,
        conf_name="namesrv.conf",
        conf_text=_conf(values),
    )


def _broker(  # noqa: PLR0913, PLR0917  (called once, just above)
    shape: BrokerShape, port: int, host: str, folder: PurePath, namesrv: str, properties: dict[str, str]
) -> NodeSpec:
    home = folder / shape.node_name
    values = {
        "brokerClusterName": "DefaultCluster",
        "brokerName": shape.name,
        "brokerId": str(shape.broker_id),
        "brokerRole": shape.role,
        "namesrvAddr": namesrv,
        "listenPort": str(port),
        "haListenPort": str(port + 1),
        "bindAddress": host,
        "brokerIP1": host,
        "brokerIP2": host,
        "rocketmqHome": _slashes(home),
        "storePathRootDir": _slashes(home / "store"),
        **LAB_BROKER,
        **properties,
    }
    return NodeSpec(
        name=shape.node_name,
        role="SLAVE" if shape.role == "SLAVE" else "MASTER",
        main_class=BROKER_MAIN,
        address=f"{host}:{port}",
        # the fast (VIP) port is two below, the replication port one above
        ports=(port - 2, port, port + 1),
        max_heap_mb=256,
        conf_name="broker.conf",
        conf_text=_conf(values),
        broker_name=shape.name,
        broker_id=shape.broker_id,
    )
