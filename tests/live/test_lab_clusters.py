"""A lab's other clusters: their own, found again, and never longer there than the lab."""

from __future__ import annotations

import pytest
from actors import nothing_left

from rmqlab import Lab, attach, list_clusters
from rmqlab.client import Message, Producer
from rmqlab.cluster import end_if
from rmqlab.errors import ClusterError, NoSuchClusterError
from rmqlab.starting import start_cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture
def lab():
    """A lab with one broker."""
    with Lab("two", start_cluster("single", name="two", lease_s=120)) as lab:
        yield lab


def names() -> set[str]:
    return {record.name for record in list_clusters()} & {"two", "two.single", "two.pool"}


def test_it_holds_what_was_sent_to_it_and_is_found_again_with_it(lab: Lab) -> None:
    pool = lab.another(name="pool", flush="sync")
    orders = pool.topic("orders", queues=1)
    ledger = pool.ledger()
    with ledger.producer(Producer("shop", namesrv=pool.namesrv)) as producer:
        producer.send(Message(orders, "order 7", keys="order-7"))
    assert "orders" not in lab.admin.topics()
    pool.nodes["broker-a"].kill()
    again = lab.another(name="pool", flush="sync")
    assert again.cluster.name == attach("two.pool").name == "two.pool"
    assert again.nodes["broker-a"].state == "up"
    assert [message.keys for message in again.admin.messages("orders")] == ["order-7"]
    assert again.ledger().reconcile().verdicts() == {}
    assert lab.nodes.keys() == again.nodes.keys()
    with pytest.raises(ClusterError, match=r"two\.pool runs with flush=sync.*rmqlab down two\.pool"):
        lab.another(name="pool")


def test_two_of_them_end_with_the_lab_whoever_ends_it(lab: Lab) -> None:
    lab.another()
    lab.another(name="pool")
    assert names() == {"two", "two.single", "two.pool"}
    assert end_if("two", lambda _record: True)  # as `rmqlab down` and the supervisor do
    assert names() == set()
    assert nothing_left("two.single")
    assert nothing_left("two.pool")
    with pytest.raises(NoSuchClusterError, match="two has ended"):
        lab.another()


def test_it_ends_alone_where_it_is_no_longer_needed(lab: Lab) -> None:
    with lab.another() as other:
        other.topic("orders")
    assert names() == {"two"}
    assert nothing_left("two.single")
    assert {node.state for node in lab.nodes.values()} == {"up"}


def test_a_lab_that_is_started_afresh_has_none_of_the_last_time(lab: Lab) -> None:
    lab.another()
    start_cluster("single", name="two", lease_s=120, fresh=True)
    assert names() == {"two"}
    assert nothing_left("two.single")
