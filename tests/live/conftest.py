"""Fixtures of the classic client's contract suite."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import os
import uuid

import pytest
from classic_kit import ClassicKit

PROVIDERS = ["native"] if os.environ.get("RMQLAB_CLIENT") == "native" else ["java"]
"""Who provides librocketmq is settled once a process: RMQLAB_CLIENT=native runs the suite on the other."""

BRISK = {
    # a retry after a failed callback has level 3 first (ConsumeMessageConcurrentlyService): 10 s by default
    "messageDelayLevel": "1s 2s 1s 1s 1s 1s",
    # an undecided transaction is asked about after 6 s, every 30 s by default
    "transactionTimeOut": "1000",
    "transactionCheckInterval": "1000",
    "transactionOpBatchInterval": "200",
}


@pytest.fixture(scope="session")
def brisk_cluster(cluster):
    """A cluster whose broker retries and checks after a second, and makes no topics by itself."""
    from rmqlab import topology
    from rmqlab.client.admin import Admin
    from rmqlab.starting import start_cluster

    brisk = topology.Topology("brisk", "a broker in a hurry", properties=BRISK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(topology.TOPOLOGIES, brisk.name, brisk)
        started = start_cluster("brisk", name="brisk", lease_s=120)
        try:
            with Admin(started.namesrv) as admin:
                admin.update_broker_config("broker-a", autoCreateTopicEnable="false")
                started.create_topic = admin.create_topic
                yield started
        finally:
            started.stop()


@pytest.fixture(params=PROVIDERS)
def classic(request, brisk_cluster):
    """The classic package, and clients of it that end with the test."""

    def topic(queues=4, stem="topic"):
        name = f"{stem}-{uuid.uuid4().hex[:10]}"
        brisk_cluster.create_topic(name, queues=queues)
        return name

    kit = ClassicKit(brisk_cluster.namesrv, request.param, topic)
    kit.make_topic = brisk_cluster.create_topic
    yield kit
    kit.close()
