"""How commit logs are read: what is exact, what is estimated, what is remembered."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from observe_stand_ins import FakeCluster, FakeNode

from rmqlab.client.store_facts import (
    Positions,
    ReplicaSet,
    SlaveLink,
    StoreSettings,
    positions_of,
    replica_sets_of,
)
from rmqlab.errors import AdminError
from rmqlab.observe import Copy, Gap, Interest, NodeState, Reader, SyncSet
from rmqlab.observe.stores import in_bytes, store_of
from rmqlab.observe.stores_still import magnitude

pytestmark = pytest.mark.unit
MASTER = NodeState("broker-a", "MASTER", "up", "127.0.0.1:2")
SLAVE = NodeState("broker-a-s1", "SLAVE", "up", "127.0.0.1:3")
FIGURES = {
    "commitLogMinOffset": "0",
    "commitLogMaxOffset": "10000",
    "dispatchBehindBytes": "100",
    "remainHowManyDataToFlush": "2.0 KiB",
    "putTps": "12.5 3.0 ",
    "getTransferredTps": " ",
    "commitLogDiskRatio": "0.42",
}


def ahead(*facts):
    """A master's positions."""
    return Positions(True, *facts)  # noqa: FBT003


def behind(*facts):
    """A slave's positions."""
    return Positions(False, *facts)  # noqa: FBT003


@dataclass
class FakeBroker:
    """What one address answers about its store."""

    positions: Positions | None
    settings: StoreSettings
    figures: dict[str, str] = field(default_factory=lambda: dict(FIGURES))
    replica_sets: tuple[ReplicaSet, ...] = ()
    figures_asked: int = 0


class FakeStores(FakeCluster):
    """A master and its slave, and what they say."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.nodes = {
            "namesrv": FakeNode("namesrv", "NAMESRV", self.namesrv),
            "broker-a": FakeNode("broker-a", "MASTER", MASTER.address),
            "broker-a-s1": FakeNode("broker-a-s1", "SLAVE", SLAVE.address),
        }
        links = (SlaveLink("127.0.0.1:51234", 9000, in_sync=True),)
        settings = StoreSettings("broker-a")
        self.brokers = {
            MASTER.address: FakeBroker(ahead(10_000, links, 9500, 9900), settings),
            SLAVE.address: FakeBroker(behind(9000, (), 8000, 9000), settings),
        }

    def connect(self, namesrv):
        return self

    def at(self, address):
        return _Questions(self, address)

    def close(self):
        self.closed += 1


class _Questions:
    is_shared = False

    def __init__(self, cluster, address):
        self.cluster, self.address = cluster, address

    def _broker(self):
        if self.address in self.cluster.silent:
            raise AdminError(f"{self.address} did not answer")
        return self.cluster.brokers[self.address]

    def store(self):
        return self

    def positions(self):
        return self._broker().positions

    def settings(self):
        return self._broker().settings

    def replica_sets(self, brokers):
        return self._broker().replica_sets

    def runtime_stats(self):
        self._broker().figures_asked += 1
        return self._broker().figures


@pytest.fixture
def cluster():
    return FakeStores()


@pytest.fixture
def read(cluster):
    reader = Reader(cluster, cluster.connect, cluster.registered)
    yield lambda: reader.read(Interest(stores=True))
    reader.close()


def test_a_master_and_its_slave_are_read_with_names(read):
    master, slave = read().stores.stores
    assert (master.node, master.is_master, master.max_offset, master.flushed) == (
        "broker-a",
        True,
        10_000,
        9500,
    )
    assert master.copies == (Copy("broker-a-s1", 9000, in_sync=True),)
    assert (slave.node, slave.is_master, slave.max_offset, slave.dispatched) == (
        "broker-a-s1",
        False,
        9000,
        9000,
    )
    assert (master.put_per_s, master.get_per_s, master.disk_used) == (12.5, None, 0.42)


def test_a_paused_slave_stays_as_it_was_last_seen(cluster, read):
    read()
    cluster.nodes["broker-a-s1"].pause()
    snapshot = read()
    assert snapshot.gaps == (Gap("broker-a-s1", "paused"),)
    assert [(store.node, store.silent, store.max_offset) for store in snapshot.stores.stores] == [
        ("broker-a", "", 10_000),
        ("broker-a-s1", "paused", 9000),
    ]


def test_a_slave_that_nobody_has_seen_stands_with_its_master(cluster, read):
    cluster.nodes["broker-a-s1"].kill()
    master, slave = read().stores.stores
    assert (slave.broker, slave.silent, slave.max_offset) == (master.broker, "down", 0)


def test_a_dead_master_is_none_any_more_once_its_slave_has_taken_over(cluster, read):
    read()
    cluster.nodes["broker-a"].kill()
    assert [(store.node, store.is_master) for store in read().stores.stores] == [
        ("broker-a", True),
        ("broker-a-s1", False),
    ]
    cluster.brokers[SLAVE.address].positions = ahead(9000, (), 9000, 9000)
    taken = read().stores.stores
    assert [(store.node, store.is_master, store.copies) for store in taken] == [
        ("broker-a-s1", True, ()),
        ("broker-a", False, ()),
    ]


def test_a_broker_that_does_not_answer_is_a_gap_and_the_other_is_read(cluster, read):
    cluster.silent.add(SLAVE.address)
    snapshot = read()
    assert [(gap.source, gap.reason) for gap in snapshot.gaps] == [("broker-a-s1", "no answer")]
    assert [store.silent for store in snapshot.stores.stores] == ["", "no answer"]


def test_two_slaves_on_one_machine_have_no_names_at_their_master(cluster, read):
    cluster.nodes["broker-a-s2"] = FakeNode("broker-a-s2", "SLAVE", "127.0.0.1:4")
    links = tuple(SlaveLink(f"127.0.0.1:{port}", 9000, in_sync=True) for port in (5, 6))
    cluster.brokers[MASTER.address].positions = ahead(10_000, links, 9500, 9900)
    cluster.brokers["127.0.0.1:4"] = cluster.brokers[SLAVE.address]
    assert [copy.slave for copy in read().stores.stores[0].copies] == ["", ""]


def test_runtime_figures_cost_the_broker_and_are_asked_seldom(cluster, read):
    for _ in range(5):
        read()
    assert [broker.figures_asked for broker in cluster.brokers.values()] == [1, 1]


def test_the_controllers_word_is_read_by_the_nodes_names(cluster, read):
    for broker in cluster.brokers.values():
        broker.settings = StoreSettings("broker-a", controller="127.0.0.1:9")
    told = ReplicaSet("broker-a", SLAVE.address, (SLAVE.address,), (MASTER.address,))
    cluster.brokers["127.0.0.1:9"] = FakeBroker(None, StoreSettings(""), replica_sets=(told,))
    assert read().stores.sync_sets == (SyncSet("broker-a", "broker-a-s1", ("broker-a-s1",), ("broker-a",)),)
    cluster.nodes["namesrv"].pause()  # the controller lives in it
    assert read().stores.sync_sets == ()


def test_a_silent_controller_is_a_gap(cluster, read):
    for broker in cluster.brokers.values():
        broker.settings = StoreSettings("broker-a", controller="127.0.0.1:9")
    cluster.silent.add("127.0.0.1:9")
    assert Gap("controller", "no answer", "127.0.0.1:9 did not answer") in read().gaps


def test_a_broker_that_rounds_is_read_within_what_it_rounds_by():
    store = store_of(MASTER, ahead(10_050), StoreSettings("broker-a"), FIGURES)
    assert (store.flushed, store.flushed_within, store.dispatched) == (10_000 - 2048, 51, 9900)


def test_with_sync_flush_what_is_dispatched_counts_from_what_is_flushed():
    store = store_of(MASTER, ahead(10_000), StoreSettings("broker-a", sync_flush=True), FIGURES)
    assert store.dispatched == 10_000 - 2048 - 100


def test_under_a_controller_what_is_dispatched_counts_from_what_all_in_sync_have():
    links = (SlaveLink("h:1", 7000, in_sync=True), SlaveLink("h:2", 3000, in_sync=False))
    settings = StoreSettings("broker-a", controller="h:9", all_ack=True)
    assert store_of(MASTER, ahead(10_000, links), settings, FIGURES).dispatched == 6900
    assert store_of(SLAVE, behind(10_000), settings, FIGURES).dispatched is None


def test_a_broker_of_4_9_has_its_runtime_figures_only():
    store = store_of(SLAVE, None, StoreSettings("broker-a"), FIGURES)
    assert (store.is_master, store.max_offset, store.copies) == (False, 10_000, ())


@pytest.mark.parametrize(
    ("words", "expected"),
    [("0 B", (0, 0)), ("812 B", (812, 0)), ("2.0 KiB", (2048, 51)), ("1.5 MiB", (1_572_864, 52_428))],
)
def test_the_brokers_rounded_words_are_read(words, expected):
    assert in_bytes(words) == expected


def test_other_words_are_refused():
    with pytest.raises(ValueError, match="no number of bytes"):
        in_bytes("a lot")


def test_a_brokers_answer_is_read_with_and_without_our_fields():
    told = {
        "master": True,
        "masterCommitLogMaxOffset": 2037,
        "haConnectionInfo": [{"addr": "127.0.0.1:1", "slaveAckOffset": -1, "inSync": True, "diff": 2038}],
        "haClientRuntimeInfo": {"maxOffset": 0},
    }
    link = SlaveLink("127.0.0.1:1", 0, in_sync=True)
    assert positions_of(told) == ahead(2037, (link,))
    told |= {"flushedOffset": 2000, "dispatchedOffset": 2037}
    assert positions_of(told) == ahead(2037, (link,), 2000, 2037)
    told |= {"master": False, "haConnectionInfo": [], "haClientRuntimeInfo": {"maxOffset": 7}}
    assert positions_of(told) == behind(7, (), 2000, 2037)


def test_a_controllers_answer_is_read():
    replica = {"brokerAddress": "h:2", "brokerId": 2}
    told = {
        "replicasInfoTable": {
            "broker-a": {"masterAddress": "h:1", "inSyncReplicas": [replica], "notInSyncReplicas": []}
        }
    }
    assert replica_sets_of(told) == (ReplicaSet("broker-a", "h:1", ("h:2",)),)


@pytest.mark.parametrize(
    ("distance", "kept"), [(-3, 0), (0, 0), (1, 1), (1023, 1), (1024, 1024), (99_999, 10_240)]
)
def test_a_still_keeps_orders_of_magnitude(distance, kept):
    assert magnitude(distance) == kept
