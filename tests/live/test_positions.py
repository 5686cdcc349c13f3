"""Commit logs of real clusters: a slow disk and a paused slave show as a distance that grows and shrinks."""

from __future__ import annotations

import time
from threading import Thread

import pytest

from rmqlab.client import Message, Producer, remoting
from rmqlab.client.admin import Admin
from rmqlab.errors import ClusterError
from rmqlab.observe import Interest, Reader
from rmqlab.options import ClusterOptions
from rmqlab.runtime.slow_disk import require_library
from rmqlab.starting import start_cluster
from rmqlab.views import KINDS
from rmqlab.views.looker import Looker

pytestmark = pytest.mark.live
DEADLINE_S = 30
STORES = Interest(stores=True)


def until(ask, good):
    deadline = time.monotonic() + DEADLINE_S
    while not good(seen := ask()):
        assert time.monotonic() < deadline, f"saw {seen}"
        time.sleep(0.02)
    return seen


def send(cluster, count, body=b"x" * 400):
    with Producer("p", namesrv=cluster.namesrv) as producer:
        for _ in range(count):
            producer.send_sync(Message("orders", body))


def slow_disk():
    try:
        return bool(require_library())
    except ClusterError:  # no Linux, or no C compiler
        return False


@pytest.fixture(scope="module")
def pair():
    """A master and its slave, which tests may hurt."""
    options = ClusterOptions.of(slow_disk=slow_disk())
    cluster = start_cluster("master-slave-async", name="pair", options=options, lease_s=180)
    with Admin(cluster.namesrv) as admin:
        admin.create_topic("orders", queues=1)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def read(pair):
    reader = Reader(pair)
    yield lambda: reader.read(STORES)
    reader.close()


def test_a_slave_that_is_paused_falls_behind_and_catches_up(pair, read):
    send(pair, 3)

    def behind():
        master, slave = read().stores.stores
        if not master.copies:
            return -1, "", slave.silent  # it has not connected yet
        (copy,) = master.copies
        return master.max_offset - copy.acked, copy.slave, slave.silent

    until(behind, lambda seen: seen == (0, "broker-a-s1", ""))
    pair.nodes["broker-a-s1"].pause()
    try:
        send(pair, 20)
        lacking, _, silent = until(behind, lambda seen: seen[0] > 20 * 400)
        assert silent == "paused"
        drawing = KINDS["positions"].draw(read(), {}, Looker(live=True))
        assert "broker-a-s1 lacks" in drawing.rows[0][4]
        send(pair, 20)
        until(behind, lambda seen: seen[0] > lacking + 20 * 400)
    finally:
        pair.nodes["broker-a-s1"].resume()
    until(behind, lambda seen: seen == (0, "broker-a-s1", ""))
    master, slave = read().stores.stores
    assert (slave.max_offset, slave.is_master) == (master.max_offset, False)


def test_a_slow_disk_shows_what_is_written_and_not_on_it(pair, read):
    if not slow_disk():
        pytest.skip("a disk can be slowed on Linux with a C compiler")

    def unflushed():
        master = read().stores.stores[0]
        return master.max_offset - master.flushed

    with pair.fault("slow_flush", "broker-a", ms=3000):
        send(pair, 200)
        grown = until(unflushed, lambda seen: seen > 200 * 400)
        sending = Thread(target=send, args=(pair, 200))
        sending.start()
        until(unflushed, lambda seen: seen > grown)
        sending.join()
    until(unflushed, lambda seen: seen < 16 * 1024)


def test_a_reading_with_a_paused_master_is_no_hang(pair, read):
    read()
    pair.nodes["broker-a"].pause()
    try:
        began = time.monotonic()
        stores = read().stores.stores
        assert time.monotonic() - began < 2
        seen = [(store.node, store.silent) for store in stores]
        assert seen == [("broker-a", "paused"), ("broker-a-s1", "")]
        assert stores[0].max_offset > 0
    finally:
        pair.nodes["broker-a"].resume()


def test_the_controllers_master_and_sync_state_set_change_when_the_master_dies():
    cluster = start_cluster("controller", name="watched", lease_s=120)
    reader = Reader(cluster)
    try:

        def said():
            return [(each.master, each.in_sync) for each in reader.read(STORES).stores.sync_sets]

        ((first, _),) = until(said, lambda seen: seen and len(seen[0][1]) == 2)
        assert reader.read(STORES).stores.stores[0].node == first  # the master stands first
        cluster.nodes[first].kill()
        ((second, in_sync),) = until(said, lambda seen: seen and seen[0][0] not in {"", first})
        assert in_sync == (second,)
        until(lambda: reader.read(STORES).stores.stores[0].node, lambda node: node == second)
    finally:
        reader.close()
        cluster.stop()


def test_a_controller_that_came_back_misses_a_master_that_dies_at_once():
    cluster = start_cluster("controller", name="missed", lease_s=180)
    try:
        send(cluster, 1)
        controller, first = cluster.nodes["namesrv"], cluster.nodes["broker-a"]
        controller.kill()
        controller.restart()
        assert remoting.heard_by(controller.spec.controller, "broker-a") == {
            node.address for node in cluster.nodes.values() if node.spec.is_broker
        }
        first.kill()
        first.restart()  # not before all replicas are in sync, which they would never be in the same epoch
    finally:
        cluster.stop()
