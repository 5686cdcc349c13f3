"""A broker's metrics, scraped as Prometheus does; on every backend that is here."""

from __future__ import annotations

from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rmqlab.backends import find_backend
from rmqlab.checks import eventually
from rmqlab.client import ConsumeFromWhere, ConsumeStatus, Message, Producer, PushConsumer
from rmqlab.client.admin import Admin
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
LAG = "rocketmq_consumer_lag_messages"


@pytest.fixture(scope="module", params=["process", "docker"])
def cluster(request):
    if missing := find_backend(request.param).missing():
        pytest.skip(missing)
    options = ClusterOptions(metrics=True)
    started = start_cluster("single", name="metered", backend=request.param, options=options, lease_s=120)
    yield started
    started.stop()


def lags(cluster):
    """Return the lag that the exporter has: by group and topic."""
    with urlopen(cluster.nodes["broker-a"].metrics_url, timeout=10) as page:
        text = page.read().decode()
    return {
        (sample.labels["consumer_group"], sample.labels["topic"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == LAG
    }


def test_the_lag_is_the_admins_while_the_group_is_online_and_not_there_afterwards(cluster):
    answer = ConsumeStatus.RECONSUME_LATER
    with Admin(cluster.namesrv) as admin, Producer("shop", namesrv=cluster.namesrv) as shop:
        admin.create_topic("orders", queues=2)
        for number in range(5):
            shop.send(Message("orders", f"order {number}"))
        stock = PushConsumer(
            "stock", namesrv=cluster.namesrv, from_where=ConsumeFromWhere.FIRST, orderly=True, suspend_ms=1000
        )
        stock.subscribe("orders", lambda _: answer)  # orderly: what fails stays before the group
        with stock:  # it takes its queues one after the other: the first page may count one
            told = eventually(lambda: lags(cluster).get(("stock", "orders")), until=lambda told: told == 5)
            assert told == sum(each.lag for each in admin.consume_stats("stock", "orders").values()) == 5
        eventually(lambda: ("stock", "orders") not in lags(cluster))
        assert sum(each.lag for each in admin.consume_stats("stock", "orders").values()) == told


def test_only_brokers_have_metrics(cluster):
    assert cluster.nodes["namesrv"].metrics_url == ""
