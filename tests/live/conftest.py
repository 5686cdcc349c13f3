"""Fixtures of the contract suites: the classic package's surface, and rmqlab.client."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import os
import uuid

import pytest
from classic_kit import ClassicKit
from client_kit import ClientKit
from external_kit import ada, lab_there, school  # noqa: F401  (fixtures of tests about others' clusters)

NATIVE = os.environ.get("RMQLAB_CLIENT") == "native"
SURFACES = ["native"] if NATIVE else ["java", "rmqlab.client"]
"""Whose classes are tried, over whose library: the package's own over a native one or over ours, and ours.

Who provides librocketmq is settled once a process: RMQLAB_CLIENT=native runs the suite on the native one.
"""


@pytest.fixture(scope="session")
def brisk_cluster():
    """A cluster whose broker is in a hurry, can all that clients ask for, and makes no topics itself."""
    from rmqlab.client.admin import Admin
    from rmqlab.options import ClusterOptions
    from rmqlab.starting import start_cluster

    options = ClusterOptions.of(
        delay_levels="1s 2s 1s 1s 1s 1s",  # the first retry of a failed callback has level 3: 10 s by default
        transaction_check_ms=1000,
        timers=True,
        trace=True,
        properties={
            "enablePropertyFilter": True,
            "autoCreateTopicEnable": False,
            "timerPrecisionMs": 100,
            "waitTimeMillsInSendQueue": 5000,  # 200 ms: too little on a machine that is busy with other tests
        },
    )
    started = start_cluster("single", name="brisk", options=options, lease_s=120)
    try:
        with Admin(started.namesrv, timeout_s=15) as admin:
            started.admin = admin
            yield started
    finally:
        started.stop()


def topic_maker(cluster):
    def topic(queues=4, stem="topic"):
        name = f"{stem}-{uuid.uuid4().hex[:10]}"
        cluster.admin.create_topic(name, queues=queues)
        return name

    return topic


@pytest.fixture(params=SURFACES)
def classic(request, brisk_cluster):
    """The classic package's surface, and clients of it that end with the test."""
    if request.param == "rmqlab.client" and request.module.__name__ == "test_classic_life":
        pytest.skip("the life of a process is the library's, whichever class is used")
    kit = ClassicKit(brisk_cluster.namesrv, request.param, topic_maker(brisk_cluster))
    kit.make_topic = brisk_cluster.admin.create_topic
    yield kit
    kit.close()


def _client(cluster):
    if NATIVE:
        pytest.skip("rmqlab.client needs our own library")
    kit = ClientKit(cluster, topic_maker(cluster))
    yield kit
    kit.close()


@pytest.fixture
def client(brisk_cluster):
    """`rmqlab.client` on the brisk cluster, and clients of it that end with the test."""
    yield from _client(brisk_cluster)


@pytest.fixture(scope="module")
def long_client(brisk_cluster):
    """As `client`, with clients that end with the module."""
    yield from _client(brisk_cluster)
