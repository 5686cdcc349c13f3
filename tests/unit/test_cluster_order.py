"""In which order the nodes of a cluster are launched."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from rmqlab.cluster import Cluster
from rmqlab.plan import plan
from rmqlab.topology import TOPOLOGIES

pytestmark = pytest.mark.unit


class Noting(Cluster):
    """A cluster that notes what it is told instead of doing it."""

    def __init__(self):
        self.steps = []

    def launch(self, specs):
        self.steps.append(("launch", *(spec.name for spec in specs)))

    def wait_until_ready(self, specs):
        self.steps.append(("wait for", *(spec.name for spec in specs)))


def steps_of(topology):
    cluster = Noting()
    specs = plan(TOPOLOGIES[topology], PurePosixPath("/lab"), 10000)
    cluster.bring_up(specs, lambda: cluster.steps.append(("meanwhile",)))
    return cluster.steps


def test_a_proxy_is_launched_once_its_brokers_can_be_used():
    assert steps_of("proxy-cluster") == [
        ("launch", "namesrv", "broker-a"),
        ("meanwhile",),
        ("wait for", "namesrv", "broker-a"),
        ("launch", "proxy"),
        ("wait for", "namesrv", "broker-a", "proxy"),
    ]


def test_all_other_nodes_are_launched_at_once():
    names = ("namesrv", "broker-a", "broker-a-s1")
    assert steps_of("master-slave-sync") == [("launch", *names), ("meanwhile",), ("wait for", *names)]
