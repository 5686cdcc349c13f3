"""Fixtures of the classic client's contract suite."""

import os

import pytest
from classic_kit import ClassicKit

PROVIDERS = ["native"] if os.environ.get("RMQLAB_CLIENT") == "native" else ["java"]
"""Who provides librocketmq is settled once a process: run the suite again with RMQLAB_CLIENT=native for the other."""


@pytest.fixture(params=PROVIDERS)
def classic(request, namesrv, topic):
    """The classic package, and clients of it that end with the test."""
    kit = ClassicKit(namesrv, request.param, topic)
    yield kit
    kit.close()


@pytest.fixture(scope="module")
def strict_namesrv(cluster):
    """The NameServer of a second cluster, whose broker makes no topics by itself."""
    from rmqlab import topology
    from rmqlab.cluster import start_cluster

    strict = topology.Topology("strict", "makes no topics", properties={"autoCreateTopicEnable": "false"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(topology.TOPOLOGIES, strict.name, strict)
        second = start_cluster("strict", name="strict", lease_s=120)
        yield second.namesrv
        second.stop()
