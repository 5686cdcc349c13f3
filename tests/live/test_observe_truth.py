"""The numbers of the pictures are those that mqadmin prints for the same cluster.

Delay levels, transactions and order lanes have theirs beside their own tests. An mqadmin costs a second of a
core: each is called once, when nothing moves any more.
"""

from __future__ import annotations

import re
import socket
import time
import urllib.request

import pytest

from rmqlab.checks import eventually
from rmqlab.client import ConsumeStatus, Message, Producer, PushConsumer
from rmqlab.client.admin import Admin
from rmqlab.mqadmin import mqadmin
from rmqlab.observe import Reader
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster
from rmqlab.views import KINDS
from rmqlab.views.looker import Looker

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]
DEADLINE_S = 40
_LIVE = Looker(live=True)


def rows(printed, first):
    """The words of each printed line that begins so."""
    return [words for line in printed.splitlines() if (words := line.split())[:1] == [first]]


def until(ask, good):
    seen = eventually(ask, until=good, timeout_s=DEADLINE_S)
    assert good(seen), seen
    return seen


def still_standing(read):
    """What is read once it stays the same for a second: mqadmin reads later."""
    seen, since = read(), time.monotonic()
    deadline = since + DEADLINE_S
    while time.monotonic() - since < 1:
        assert time.monotonic() < deadline, "the cluster does not come to rest"
        time.sleep(0.1)
        if (now := read()) != seen:
            seen, since = now, time.monotonic()
    return seen


@pytest.fixture(scope="module")
def shop():
    """A master and a slave with 30 messages in `orders`; a group of one consumed all, and failed three."""
    cluster = start_cluster("master-slave-async", name="truth", lease_s=300)
    try:
        with Admin(cluster.namesrv) as admin, Producer("shop", namesrv=cluster.namesrv) as producer:
            admin.create_topic("orders", queues=4)
            admin.create_group("stock")
            consumer = PushConsumer("stock", namesrv=cluster.namesrv, max_reconsume_times=0)
            consumer.subscribe("orders", answer)
            consumer.start()
            try:
                sent = [producer.send_sync(Message("orders", f"{n}", keys=f"k{n % 3}")) for n in range(30)]
                until(lambda: admin.topic_stats("%DLQ%stock"), lambda seen: sum_of(seen) == 3)
                until(
                    lambda: [each.lag for each in admin.consume_stats("stock", "orders").values()],
                    lambda lags: set(lags) == {0},
                )
                cluster.sent = sent
                yield cluster
            finally:
                consumer.shutdown()
    finally:
        cluster.stop()


def answer(message):
    """Fail those whose body ends with a 7: they go to the DLQ at once."""
    failed = bytes(message.body).endswith(b"7")
    return ConsumeStatus.RECONSUME_LATER if failed else ConsumeStatus.CONSUME_SUCCESS


def sum_of(extents):
    return sum(extent.max_offset - extent.min_offset for extent in extents.values())


@pytest.fixture(scope="module")
def look(shop):
    """Read and draw a picture of the cluster."""
    reader = Reader(shop)

    def draw(kind, **what):
        drawn = KINDS[kind]
        return drawn.picture((reader.read(drawn.interest(what)),), what, _LIVE)

    yield draw
    reader.close()


def test_the_map_has_the_brokers_of_cluster_list(shop, look):
    printed = rows(mqadmin(shop, ["clusterList"]), "DefaultCluster")
    roles = {
        address: "broker, master" if number == "0" else "broker, slave"
        for _, _, number, address, *_ in printed
    }
    names = {node.address: node.name for node in shop.nodes.values()}
    drawn = {row[0]: row[1] for row in look("map").rows if row[1].startswith("broker")}
    assert drawn == {names[address]: role for address, role in roles.items()}


def test_the_queues_have_the_offsets_of_topic_status(shop, look):
    drawn = look("queues", topic="orders").rows
    printed = rows(mqadmin(shop, ["topicStatus", "-t", "orders"]), "broker-a")
    assert [(queue, low, high) for queue, low, high, *_ in drawn] == [
        (f"{broker} {queue_id}", low, high) for broker, queue_id, low, high, *_ in printed
    ]


def test_groups_have_the_offsets_and_members_of_consumer_progress(shop, look):
    printed = rows(mqadmin(shop, ["consumerProgress", "-g", "stock", "-t", "orders", "-s", "true"]), "orders")
    drawn = look("queues", topic="orders")
    assert drawn.head[-1] == "stock (lag)"
    assert [row[-1] for row in drawn.rows] == [f"{words[4]} ({words[6]})" for words in printed]
    (member, held), *rest = look("rebalance", topic="orders", group="stock").rows
    assert (held, rest) == ("0, 1, 2, 3", [])
    assert {words[5] for words in printed} == {_address(shop, "stock")}
    assert member
    assert look("backlog", topic="orders").rows[-1][3] == str(sum(int(words[6]) for words in printed))


def _address(shop, group):
    with Admin(shop.namesrv) as admin:
        return admin.consumers(group)[0].client_id.partition("@")[0]


def test_dead_messages_are_those_of_the_dead_letter_topic(shop, look):
    printed = rows(mqadmin(shop, ["topicStatus", "-t", "%DLQ%stock"]), "broker-a")
    dead = sum(int(high) - int(low) for _, _, low, high, *_ in printed)
    drawn = look("retries", group="stock")
    assert f"{dead} in the DLQ" in drawn.title
    assert dead == 3


def test_a_message_is_the_one_that_query_by_id_prints(shop):
    with Admin(shop.namesrv) as admin:
        message = admin.message_by_id("orders", shop.sent[4].msg_id)
    printed = mqadmin(shop, ["queryMsgById", "-i", message.offset_msg_id, "-t", "orders"])
    said = dict(re.findall(r"^([\w ]+):\s+(.*?)\s*$", printed, re.MULTILINE))
    assert (said["Keys"], said["OffsetID"]) == (f"[{message.keys}]", message.offset_msg_id)
    assert (said["Queue ID"], said["Queue Offset"]) == (str(message.queue_id), str(message.queue_offset))
    assert said["CommitLog Offset"] == str(message.commit_log_offset)
    assert said["Reconsume Times"] == str(message.reconsume_times)


def test_positions_are_those_of_ha_status_and_broker_status(shop, look):
    drawn = still_standing(lambda: look("positions").rows)
    master, slave = (shop.nodes[name].address for name in ("broker-a", "broker-a-s1"))
    status = mqadmin(shop, ["haStatus", "-b", master])
    (end,) = rows(status, "#MasterCommitLogMaxOffset")
    ((_, acked, behind, _, in_sync, _),) = rows(status, re.search(r"^127\S+", status, re.MULTILINE)[0])
    assert (end[1], acked, behind, in_sync) == (drawn[0][5].replace(",", ""), end[1], "0", "OK")
    assert drawn[0][4] == "broker-a-s1 has all, in sync"
    printed = mqadmin(shop, ["brokerStatus", "-b", slave])
    said = dict(re.findall(r"^(\S+)\s+: (.*?)\s*$", printed, re.MULTILINE))
    assert said["commitLogMaxOffset"] == drawn[1][5].replace(",", "")
    assert (said["dispatchBehindBytes"], drawn[1][3]) == ("0", "all")
    reader = Reader(shop)
    store = reader.read(KINDS["positions"].interest({})).stores.stores[1]
    reader.close()
    assert (str(store.min_offset), f"{store.disk_used:.2f}") == (
        said["commitLogMinOffset"],
        f"{float(said['commitLogDiskRatio']):.2f}",
    )


def gauge(told, name):
    return int(float(re.search(rf"^{name}{{.*}} (\S+)$", told, re.MULTILINE)[1]))


LOT = 50_000  # bytes


def test_what_is_not_flushed_is_what_the_metrics_exporter_says():
    """mqadmin rounds it (remainHowManyDataToFlush); RocketMQ's exporter has the bytes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    properties = {
        "metricsExporterType": "PROM",
        "metricsPromExporterHost": "127.0.0.1",
        "metricsPromExporterPort": str(port),
        "flushCommitLogLeastPages": "1000",  # so that something stays unflushed for ten seconds
    }
    cluster = start_cluster(
        "single", name="exporter", options=ClusterOptions.of(properties=properties), lease_s=120
    )
    reader = Reader(cluster)
    try:
        with Admin(cluster.namesrv) as admin, Producer("p", namesrv=cluster.namesrv) as producer:
            admin.create_topic("orders", queues=1)

            def both():
                (store,) = reader.read(KINDS["positions"].interest({})).stores.stores
                if store.silent:
                    return (0, 0), (1, 1)
                if (
                    store.max_offset - store.flushed < LOT
                ):  # all was flushed just now: then not for ten seconds
                    for _ in range(20):
                        producer.send_sync(Message("orders", b"x" * 3000))
                    return (0, 0), (1, 1)
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answered:
                    told = answered.read().decode()
                said = [
                    gauge(told, f"rocketmq_storage_{what}_behind_bytes") for what in ("flush", "dispatch")
                ]
                return said, [store.max_offset - store.flushed, store.max_offset - store.dispatched]

            said, ours = until(both, lambda seen: seen[0][0] >= LOT and seen[0] == seen[1])
        assert ours == said
    finally:
        reader.close()
        cluster.stop()
