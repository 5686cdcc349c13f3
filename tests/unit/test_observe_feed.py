"""One feed, however many look: when it polls, for whom, and when it stops."""

from __future__ import annotations

import gc
import threading
import time

import pytest
from observe_stand_ins import FakeCluster

from rmqlab.observe import Feed, Interest, Snapshot, Watch

pytestmark = pytest.mark.unit
NODES = Interest()
DEADLINE_S = 5


class CountingReader:
    """Answers with empty snapshots, and remembers what it was asked on which thread."""

    made: list[CountingReader]

    def __init__(self, source):
        self.source = source
        self.interests = []
        self.ages = []
        self.threads = set()
        self.closed = False
        CountingReader.made.append(self)

    def read(self, interest, *, group_age_s=0):
        self.interests.append(interest)
        self.ages.append(group_age_s)
        self.threads.add(threading.get_ident())
        return Snapshot(self.source.name, len(self.interests))

    def close(self):
        self.closed = True


@pytest.fixture
def feed():
    CountingReader.made = []
    return Feed(rate_hz=100, make_reader=CountingReader)


def until(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def looking(source, seen, interest=NODES):
    return Watch(source, lambda: interest, seen.append)


def test_nobody_looks_nothing_is_polled(feed):
    assert not feed.running


def test_a_watch_gets_one_snapshot_after_the_other(feed):
    seen = []
    watch = looking(FakeCluster(), seen)
    feed.add(watch)
    until(lambda: len(seen) > 3)
    assert [snapshot.taken_ms for snapshot in seen[:3]] == [1, 2, 3]
    feed.remove(watch)


def test_many_watches_share_one_thread_and_one_reading(feed):
    cluster, seen = FakeCluster(), [[] for _ in range(20)]
    watches = [looking(cluster, each, Interest(topics=frozenset({f"t{n}"}))) for n, each in enumerate(seen)]
    for watch in watches:
        feed.add(watch)
    until(lambda: all(seen))
    until(lambda: len(CountingReader.made[0].interests[-1].topics) == 20)
    assert len(CountingReader.made) == 1
    assert len(CountingReader.made[0].threads) == 1
    for watch in watches:
        feed.remove(watch)


def test_its_turns_may_know_groups_of_a_second_ago_and_a_single_reading_asks(feed):
    seen, cluster = [], FakeCluster()
    watch = looking(cluster, seen)
    feed.add(watch)
    until(lambda: len(seen) > 1)
    reader = CountingReader.made[0]
    assert set(reader.ages) == {1.0}
    feed.read(cluster, NODES)
    assert 0 in reader.ages
    feed.remove(watch)


def test_it_stops_when_the_last_watch_is_removed_and_gives_its_connection_back(feed):
    seen = []
    watch = looking(FakeCluster(), seen)
    feed.add(watch)
    until(lambda: seen)
    feed.remove(watch)
    until(lambda: not feed.running)
    until(lambda: CountingReader.made[0].closed)


def test_it_stops_for_watches_that_nobody_holds(feed):
    seen = []
    watch = looking(FakeCluster(), seen)
    feed.add(watch)
    until(lambda: seen)
    del watch
    gc.collect()
    until(lambda: not feed.running)


def test_it_stops_while_nobody_looks_and_starts_again(feed):
    eyes = {"open": True}
    seen = []
    watch = Watch(FakeCluster(), lambda: NODES if eyes["open"] else None, seen.append)
    feed.add(watch)
    until(lambda: seen)
    eyes["open"] = False
    until(lambda: not feed.running)
    eyes["open"] = True
    before = len(seen)
    feed.add(watch)
    until(lambda: len(seen) > before)
    feed.remove(watch)


def test_a_picture_that_fails_does_not_blind_the_others(feed, capfd):
    cluster, seen = FakeCluster(), []

    def fail(snapshot):
        raise RuntimeError("cannot draw")

    broken, sound = Watch(cluster, lambda: NODES, fail), looking(cluster, seen)
    feed.add(broken)
    feed.add(sound)
    until(lambda: len(seen) > 2)
    assert "cannot draw" in str(broken.error)
    feed.remove(broken)
    feed.remove(sound)
    until(lambda: not feed.running)
    assert capfd.readouterr() == ("", "")


def test_each_cluster_is_read_by_itself(feed):
    one, other, seen = FakeCluster(name="one"), FakeCluster(name="other"), []
    watches = [looking(one, seen), looking(other, seen)]
    for watch in watches:
        feed.add(watch)
    until(lambda: {snapshot.cluster for snapshot in seen} == {"one", "other"})
    feed.remove(watches[1])
    until(lambda: next(reader for reader in CountingReader.made if reader.source is other).closed)
    assert feed.running
    feed.remove(watches[0])


def test_the_rate_can_be_changed_while_it_runs(feed):
    feed.rate_hz = 0.01
    seen = []
    watch = looking(FakeCluster(), seen)
    feed.add(watch)
    until(lambda: seen)
    feed.rate_hz = 100
    feed.add(watch)  # looks again: the pause ends at once
    until(lambda: len(seen) > 5)
    feed.remove(watch)


def test_a_reading_that_fails_is_handed_over_and_tried_again(feed, capfd):
    seen, told = [], []
    watch = Watch(FakeCluster(), lambda: NODES, seen.append, told.append)
    feed.add(watch)
    until(lambda: seen)
    reader = CountingReader.made[0]
    sound, reader.read = reader.read, lambda interest, **ages: 1 / 0
    until(lambda: told)
    assert isinstance(watch.error, ZeroDivisionError)
    reader.read = sound
    until(lambda: watch.error is None)
    feed.remove(watch)
    until(lambda: not feed.running)
    assert capfd.readouterr() == ("", "")
