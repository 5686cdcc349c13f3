"""A Kafka of one node, to hold beside RocketMQ: what it is started with. Pure.

Kafka 4 knows no ZooKeeper: brokers take what they have to know of the cluster from a quorum of controllers
(KRaft). Here one process is both, `process.roles=broker,controller`. The properties are Kafka's own
(KafkaConfig and the classes that it collects); where a value differs from its default, the comment says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.nodespec import NodeSpec
from rmqlab.topology import KAFKA

if TYPE_CHECKING:
    from pathlib import PurePath

_NODE_ID = 1
_LOGGING = "log4j2.properties"

_LAB_NODE = {
    # the labs make their topics, and a misspelt name should not become one
    "auto.create.topics.enable": "false",
    # there is one node to keep the internal topics: three replicas by default
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # 50 partitions each by default, made while the first consumer of all waits
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # a group's first member is made to wait 3 s for others
    "group.initial.rebalance.delay.ms": "0",
    # half of the heap goes to the log cleaner by default (128 MB)
    "log.cleaner.dedupe.buffer.size": "4194304",
    # indexes are allocated ahead: 10 MB each by default, two for each partition
    "log.index.size.max.bytes": "1048576",
    # a killed node is taken back once its old session has run out: 9 s by default
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}

_LOG4J2 = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {folder}/logs/server.log
appender.file.filePattern = {folder}/logs/server.%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd HH:mm:ss}} %p %t - %m%n
appender.file.policies.type = SizeBasedTriggeringPolicy
appender.file.policies.size = 64MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 1
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
"""


def kafka_node(folder: PurePath, base_port: int, *, host: str, bind: str) -> NodeSpec:
    """Return the node, which is broker and controller.

    Args:
        folder: Where the cluster's files are; the node's own lie below it.
        base_port: The first of the ports leased for the cluster: for clients; the controller has the next.
        host: The address that clients are told.
        bind: The address that it listens on.
    """
    own = (folder / KAFKA).as_posix()
    controller = base_port + 1
    values = {
        "process.roles": "broker,controller",
        "node.id": str(_NODE_ID),
        "controller.quorum.voters": f"{_NODE_ID}@{host}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{bind}:{base_port},CONTROLLER://{bind}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{host}:{base_port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": f"{own}/store",
        **_LAB_NODE,
    }
    return NodeSpec(
        name=KAFKA,
        role="KAFKA",
        program="kafka",
        address=f"{host}:{base_port}",
        ports=(base_port, controller),
        max_heap_mb=256,
        files={
            "server.properties": "".join(f"{key}={value}\n" for key, value in values.items()),
            _LOGGING: _LOG4J2.format(folder=own),
        },
        arguments=("server.properties",),
        release=KAFKA,
        system_properties={
            "java.net.preferIPv4Stack": "true",
            "log4j2.configurationFile": f"{own}/{_LOGGING}",
        },
    )
