"""A cluster ends with all its nodes, also with those that somebody launches at that moment."""

from __future__ import annotations

import threading
import time

import pytest

from rmqlab import cluster as clusters
from rmqlab import records
from rmqlab.cluster import Cluster, end
from rmqlab.errors import NoSuchClusterError
from rmqlab.plan import plan
from rmqlab.records import Record
from rmqlab.topology import TOPOLOGIES

pytestmark = pytest.mark.unit

DEADLINE_S = 10


class Backend:
    """Launches when it is allowed to, and notes what it kills."""

    name = "process"

    def __init__(self):
        self.launching, self.may_launch = threading.Event(), threading.Event()
        self.launched, self.killed = [], []

    def prepare(self, *_):
        pass

    def launch(self, _cluster, spec, _folder):
        self.launching.set()
        assert self.may_launch.wait(DEADLINE_S)
        self.launched.append(spec.name)
        return {"pid": len(self.launched), "created": 0.0, "mark": spec.name}

    def kill(self, handle):
        self.killed.append(handle["mark"])

    def sweep(self, *_):
        pass


@pytest.fixture
def backend(monkeypatch, tmp_path):
    monkeypatch.setenv("RMQLAB_HOME", str(tmp_path))
    made = Backend()
    monkeypatch.setattr(clusters, "find_backend", lambda _: made)
    return made


@pytest.fixture
def record(backend, tmp_path):
    specs = plan(TOPOLOGIES["single"], tmp_path / "clusters" / "shop", 10000)
    made = Record("shop", "single", "process", time.time(), None, 0, specs, {}, {})
    records.write(made)
    return made


def test_a_node_that_is_launched_while_its_cluster_ends_ends_with_it(backend, record):
    cluster = Cluster(record)
    launch = threading.Thread(target=cluster.launch, args=([cluster.nodes["broker-a"].spec],))
    launch.start()
    assert backend.launching.wait(DEADLINE_S)
    ending = threading.Thread(target=end, args=(record,), kwargs={"keep_files": False})
    ending.start()
    backend.may_launch.set()
    for thread in (launch, ending):
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
    assert backend.launched == backend.killed == ["broker-a"]
    assert records.read("shop") is None


def test_a_node_of_a_cluster_that_has_ended_is_not_launched(backend, record):
    cluster = Cluster(record)
    end(record, keep_files=False)
    with pytest.raises(NoSuchClusterError, match="has ended"):
        cluster.launch([cluster.nodes["broker-a"].spec])
    assert backend.launched == []
