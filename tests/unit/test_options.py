"""Options on top of a topology: pure, so that what a broker gets can be read here."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path, PurePosixPath

import pytest

from rmqlab.authentication import Credentials
from rmqlab.errors import ClusterError, UnknownPropertyError
from rmqlab.options import ClusterOptions, configured
from rmqlab.plan import BLOCK, plan
from rmqlab.topology import TOPOLOGIES, find_topology

pytestmark = pytest.mark.unit

DOCUMENT = (Path(__file__).parents[2] / "docs" / "topologies.md").read_text(encoding="utf-8")


def properties(topology: str = "single", **chosen: object) -> dict[str, str]:
    return configured(find_topology(topology), ClusterOptions.of(**chosen)).properties


def test_sync_flush_is_rocketmqs_sync_flush():
    assert properties(flush="sync")["flushDiskType"] == "SYNC_FLUSH"


def test_sync_replication_waits_for_a_slave_and_not_for_the_master_itself():
    shape = configured(find_topology("2m-2s"), ClusterOptions.of(replication="sync"))
    assert [broker.role for broker in shape.brokers] == ["SYNC_MASTER", "SLAVE"] * 2
    assert shape.properties["inSyncReplicas"] == "2"


def test_async_replication_undoes_what_the_topology_says():
    shape = configured(find_topology("master-slave-sync"), ClusterOptions.of(replication="async"))
    assert [broker.role for broker in shape.brokers] == ["ASYNC_MASTER", "SLAVE"]
    assert shape.properties["inSyncReplicas"] == "1"


def test_a_half_message_is_noted_as_settled_before_it_would_be_asked_about_again():
    chosen = properties(transaction_check_ms=2000)
    assert chosen["transactionTimeOut"] == chosen["transactionCheckInterval"] == "2000"
    assert int(chosen["transactionOpBatchInterval"]) < 2000


def test_a_property_of_ones_own_has_the_last_word():
    assert (
        properties(flush="sync", properties={"flushDiskType": "ASYNC_FLUSH"})["flushDiskType"]
        == "ASYNC_FLUSH"
    )


def test_properties_become_text_as_a_properties_file_has_it():
    chosen = properties(properties={"maxMessageSize": 1024, "slaveReadEnable": True})
    assert chosen["maxMessageSize"] == "1024"
    assert chosen["slaveReadEnable"] == "true"


def test_a_property_that_a_broker_would_ignore_is_told_with_the_nearest():
    with pytest.raises(UnknownPropertyError, match=r"'flushDiskTyp'.*Did you mean flushDiskType\?"):
        ClusterOptions.of(properties={"flushDiskTyp": "SYNC_FLUSH"})


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"flush": "later"}, "flush is async or sync, not 'later'"),
        ({"replication": True}, "replication is async or sync, not True"),
        ({"transaction_check_ms": 5}, "transaction_check_ms is 100 at least, not 5"),
        ({"flsh": "sync"}, "There is no option called 'flsh'"),
    ],
)
def test_what_cannot_be_chosen_is_told_so(chosen: dict[str, object], said: str):
    with pytest.raises(ClusterError, match=said):
        ClusterOptions.of(**chosen)


def test_only_what_was_chosen_goes_into_a_record():
    assert ClusterOptions.of().chosen() == {}
    assert ClusterOptions.of(flush="sync", trace=True).chosen() == {"flush": "sync", "trace": True}


def test_metrics_are_shown_on_a_port_of_their_own_and_nowhere_without():
    plain, shown = (
        plan(TOPOLOGIES["2m-2s"], PurePosixPath("/lab"), 10000, options=ClusterOptions.of(**chosen))
        for chosen in ({}, {"metrics": True, "links": True})
    )
    assert {node.metrics for node in plain} == {""}
    brokers = [node for node in shown if node.is_broker]
    assert all(
        f"metricsPromExporterPort={node.metrics.split(':')[1]}\n" in node.files["broker.conf"]
        for node in brokers
    )
    used = [port for node in shown for port in node.ports]
    assert len(used) == len(set(used))
    assert set(used) <= set(range(10000, 10000 + BLOCK))


def test_metrics_listen_where_the_nodes_do_behind_a_relay_as_well():
    _, broker, _ = plan(
        TOPOLOGIES["single"],
        PurePosixPath("/lab"),
        10000,
        bind="0.0.0.0",
        options=ClusterOptions.of(metrics=True, links=True),
    )
    assert "metricsPromExporterHost=0.0.0.0\n" in broker.files["broker.conf"]
    assert broker.metrics == "127.0.0.1:10007"


@pytest.mark.parametrize(
    ("chosen", "said"), [({"metrics": True}, "metrics"), ({"authentication": True}, "authentication")]
)
def test_what_a_legacy_broker_does_not_know_is_refused(chosen, said):
    credentials = Credentials("ada", "secret") if "authentication" in chosen else None
    with pytest.raises(ClusterError, match=f"A 4.9 broker does not know RocketMQ 5's {said}"):
        configured(TOPOLOGIES["legacy-4.9"], ClusterOptions.of(**chosen), credentials)


def test_every_topology_is_documented_with_its_summary():
    assert [
        name for name, shape in TOPOLOGIES.items() if f"| `{name}` | {shape.summary} |" not in DOCUMENT
    ] == []


def test_every_option_is_documented():
    assert [each.name for each in fields(ClusterOptions) if f"| `{each.name}` |" not in DOCUMENT] == []
