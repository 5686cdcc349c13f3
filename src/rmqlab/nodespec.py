"""What one node of a cluster is started with: a fact that plans make, records keep and backends run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

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

NodeRole = Literal["NAMESRV", "MASTER", "SLAVE", "PROXY", "RELAY", "KAFKA"]
Program = Literal["mqnamesrv", "mqbroker", "mqproxy", "relay", "kafka"]


@dataclass(frozen=True)
class NodeSpec:
    """What one node is started with.

    Attributes:
        name: How it is called, such as `broker-a-s1`.
        role: What it is; where a controller gives out the roles, what it begins as.
        program: The entry word of RocketMQ's image: `mqnamesrv`, `mqbroker`, `mqproxy`; or `relay`, `kafka`.
        address: Where clients and tools reach it, `host:port`.
        ports: All that it listens on.
        max_heap_mb: Its JVM's heap.
        files: Its configuration files, text by name.
        arguments: The program's. One that is a file's name stands for that file's path.
        broker_name: A broker's brokerName; empty for other nodes.
        broker_id: A broker's brokerId, -1 while a controller has given none.
        release: The jars it runs on, as their lock file is called.
        java_options: More options for its JVM.
        system_properties: Java's, for its JVM.
        environment: Environment variables, for its JVM.
        metrics: Where Prometheus scrapes it, `host:port`; empty where nobody asked for that.
    """

    name: str
    role: NodeRole
    program: Program
    address: str
    ports: tuple[int, ...]
    max_heap_mb: int
    files: dict[str, str]
    arguments: tuple[str, ...]
    broker_name: str = ""
    broker_id: int = -1
    release: str = "rocketmq"
    java_options: tuple[str, ...] = ()
    system_properties: dict[str, str] = field(default_factory=lambda: dict(SYSTEM_PROPERTIES))
    environment: dict[str, str] = field(default_factory=dict)
    metrics: str = ""

    @property
    def is_broker(self) -> bool:
        """Tell a broker from any other node."""
        return bool(self.broker_name)

    @property
    def controller(self) -> str:
        """Where a NameServer's controller listens, `host:port`; empty where it runs none."""
        if not self.is_nameserver or len(self.ports) == 1:
            return ""
        return f"{self.address.rpartition(':')[0]}:{self.ports[1]}"

    @property
    def is_nameserver(self) -> bool:
        """Tell a NameServer from any other node."""
        return self.role == "NAMESRV"
