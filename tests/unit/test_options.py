"""Options on top of a topology: pure, so that what a broker gets can be read here."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from rmqlab.errors import ClusterError, UnknownPropertyError
from rmqlab.options import ClusterOptions, configured
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


def test_every_topology_is_documented_with_its_summary():
    assert [
        name for name, shape in TOPOLOGIES.items() if f"| `{name}` | {shape.summary} |" not in DOCUMENT
    ] == []


def test_every_option_is_documented():
    assert [each.name for each in fields(ClusterOptions) if f"| `{each.name}` |" not in DOCUMENT] == []
