"""Names in a namespace, as RocketMQ's own NamespaceUtil makes them."""

from __future__ import annotations

import pytest

from rmqlab.client.facts import QueueRef
from rmqlab.client.names import Names
from rmqlab.errors import NotOursError

pytestmark = pytest.mark.live

ADA = Names("rmqlab-ada")


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ("orders", "rmqlab-ada%orders"),
        ("%RETRY%stock", "%RETRY%rmqlab-ada%stock"),
        ("%DLQ%stock", "%DLQ%rmqlab-ada%stock"),
        ("rmqlab-bob%orders", "rmqlab-ada%rmqlab-bob%orders"),  # nobody names another's
    ],
)
def test_a_name_is_translated_there_and_back(shown, real):
    assert ADA.real(shown) == real
    assert ADA.real(real) == real
    assert ADA.changeable(shown) == real
    if "bob" not in shown:
        assert ADA.shown(real) == shown
    assert ADA.is_inside(real)


@pytest.mark.parametrize("system", ["SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "TBW102"])
def test_rocketmqs_own_topics_are_looked_at_and_not_changed(system):
    assert ADA.real(system) == system
    with pytest.raises(NotOursError, match=f"{system} is outside of your namespace rmqlab-ada"):
        ADA.changeable(system)


def test_queues_are_translated_with_their_topics():
    queue = QueueRef("orders", "broker-a", 3)
    assert ADA.shown_queue(ADA.real_queue(queue)) == queue
    assert ADA.real_queue(queue).topic == "rmqlab-ada%orders"


def test_others_names_stay_what_they_are():
    assert ADA.shown("rmqlab-bob%orders") == "rmqlab-bob%orders"
    assert ADA.shown("%RETRY%rmqlab-bob%stock") == "%RETRY%rmqlab-bob%stock"
    assert not ADA.is_inside("rmqlab-bob%orders")
    assert not ADA.is_inside("rmqlab-ada2%orders")


def test_on_a_cluster_of_ones_own_names_are_what_they_are_and_all_may_change():
    own = Names()
    assert (own.real("orders"), own.shown("a%b"), own.changeable("TBW102")) == ("orders", "a%b", "TBW102")
    own.require_own_cluster("change it")


def test_without_a_namespace_on_others_cluster_nothing_may_change():
    looking = Names("")
    assert looking.real("orders") == "orders"
    with pytest.raises(NotOursError, match="can be looked at, not changed"):
        looking.changeable("orders")
    with pytest.raises(NotOursError, match="Could not change it: others use this cluster"):
        looking.require_own_cluster("change it")
