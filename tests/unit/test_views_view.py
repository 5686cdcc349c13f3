"""A view: what it shows, what clicks do, and when it follows."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count

import pytest
from observe_stand_ins import FakeCluster

from rmqlab.observe import Feed, Interest, Reader
from rmqlab.observe.snapshot import Gap
from rmqlab.views import KINDS, Still, View, show
from rmqlab.views.drawing import failure
from rmqlab.views.looker import Kind
from rmqlab.views.view import _lags

pytestmark = pytest.mark.unit
DEADLINE_S = 5


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def feed(cluster):
    return Feed(100, lambda source: Reader(source, cluster.connect, cluster.registered))


@pytest.fixture
def queues(cluster, feed):
    return View(KINDS["queues"], cluster, {"topic": "orders"}, through=feed)


@pytest.fixture
def cluster_map(cluster, feed):
    return View(KINDS["map"], cluster, {}, through=feed)


def until(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def test_an_unknown_picture_names_those_there_are(cluster):
    with pytest.raises(ValueError, match="map, queues"):
        show("radar", cluster)


def test_wrong_arguments_are_refused_before_anything_is_read(cluster):
    with pytest.raises(TypeError, match="topic="):
        show("queues", cluster)
    assert cluster.asked == []


def test_outside_a_notebook_it_is_a_table(cluster, queues):
    cluster.send(0, "A")
    assert "broker-a 0  0    1    A" in repr(queues)


def test_what_is_saved_is_a_picture_and_a_table_and_no_live_view(queues):
    assert set(queues._repr_mimebundle_()) == {"text/plain", "text/html", "image/svg+xml"}


def test_a_still_waits_until_the_numbers_rest(cluster, queues):
    def send_while_it_waits(read=queues._feed.read, left=[3]):  # noqa: B006 - a counter
        def reading(source, interest):
            if left[0]:
                left[0] -= 1
                cluster.send(0, "late")
            return read(source, interest)

        return reading

    queues._feed.read = send_while_it_waits()
    still = queues.snapshot(quiet_s=0.2)
    assert isinstance(still, Still)
    assert still.drawing.rows[0][2] == "3"
    assert set(still._repr_mimebundle_()) == {"text/plain", "text/html", "image/svg+xml"}


def test_a_still_is_taken_at_its_deadline_even_if_the_numbers_never_rest(cluster, queues):
    read = queues._feed.read

    def restless(source, interest):
        cluster.send(0, "again")
        return read(source, interest)

    queues._feed.read = restless
    began = time.monotonic()
    queues.snapshot(quiet_s=0.5, timeout_s=0.3)
    assert time.monotonic() - began < 2


def test_a_still_does_not_take_a_busy_brokers_silence_for_rest(cluster, queues):
    cluster.send(0, "A")
    read, asked = queues._feed.read, count(1)

    def reading(source, interest):
        snapshot = read(source, interest)
        silent = 2 <= next(asked) <= 9  # for longer than the picture has to rest
        return replace(snapshot, topics=(), gaps=(Gap("broker-a", "no answer"),)) if silent else snapshot

    queues._feed.read = reading
    assert queues.snapshot(quiet_s=0.2).drawing.rows[0][2] == "1"


def live(view):
    """Show a view as a kernel would, without one."""
    view._read()
    return view._widget()


def test_a_live_view_follows_and_a_held_one_stands_still(cluster, queues):
    picture = live(queues)
    queues.act("look")
    cluster.send(0, "A")
    until(lambda: "m-broker-a/0/0" in picture.svg)
    queues.act("hold")
    assert "held" in picture.svg
    cluster.send(0, "B")
    queues._follow(queues._feed.read(cluster, queues._interest))
    assert "m-broker-a/0/1" not in picture.svg
    queues.act("hold")
    until(lambda: "m-broker-a/0/1" in picture.svg)
    queues.close()


def test_a_click_on_a_message_shows_its_facts_and_another_hides_them(cluster, queues):
    cluster.send(0, "A")
    picture = live(queues)
    queues.act("select", "broker-a/0/0")
    assert 'data-id="message"' in picture.svg
    queues.act("select", "broker-a/0/0")
    assert 'data-id="message"' not in picture.svg


def test_a_click_on_a_node_commands_it(cluster, cluster_map):
    picture = live(cluster_map)
    cluster_map.act("pause", "broker-a")
    until(lambda: cluster.nodes["broker-a"].state == "paused")
    until(lambda: "resume" in picture.svg)
    cluster_map.close()


def test_a_command_that_fails_is_told_in_the_picture(cluster, cluster_map, capfd):
    picture = live(cluster_map)
    cluster_map.act("resume", "broker-a")
    until(lambda: "Could not resume broker-a: no" in picture.svg)
    cluster_map.act("kill", "no-such-node")
    until(lambda: "Could not kill no-such-node" in picture.svg)
    assert capfd.readouterr() == ("", "")
    cluster_map.close()


def test_unknown_actions_do_nothing(cluster, cluster_map):
    live(cluster_map)
    cluster_map.act("stop", "broker-a")
    cluster_map.act("__init__", "broker-a")
    assert cluster.nodes["broker-a"].commands == []


def test_it_is_not_polled_for_before_somebody_looks_nor_long_after(cluster, queues, monkeypatch):
    assert queues._wanted() is None
    queues.act("look")
    assert queues._wanted() is not None
    queues._looked_at -= 21
    assert queues._wanted() is None
    queues.close()


def test_while_a_cell_runs_silence_is_counted_from_where_it_began(queues, monkeypatch):
    began = time.monotonic()
    queues._looked_at = began - 3
    monkeypatch.setattr("rmqlab.views.notebook._running", [began])
    monkeypatch.setattr("rmqlab.views.view.time.monotonic", lambda: began + 600)
    assert queues._wanted() is not None


def test_a_reading_that_fails_is_told_in_the_picture_and_tried_again(cluster, queues, feed, capfd):
    picture = live(queues)
    reader = feed._reader(cluster)
    sound = reader.read
    reader.read = lambda interest, **ages: 1 / 0
    queues.act("look")
    until(lambda: "ZeroDivisionError" in picture.svg)
    reader.read = sound
    until(lambda: "Topic orders" in picture.svg)
    queues.close()
    until(lambda: not feed.running)
    assert capfd.readouterr() == ("", "")


def test_a_still_can_wait_for_a_lag(cluster, queues):
    cluster.send(0, "A")
    ref = next(iter(cluster.stored))
    cluster.committed[ref] = 0
    read, left = queues._feed.read, [5]

    def reading(source, interest):
        left[0] -= 1
        if left[0] == 0:
            cluster.committed[ref] = 1
        return read(source, interest)

    queues._feed.read = reading
    still = queues.snapshot(lag=0, quiet_s=0)
    assert still.drawing.rows[0][4] == "1 (0)"


def how_many_it_was_given(seen, what, looker):
    counts = [snapshot.topic("orders").count for snapshot in seen]
    return failure(f"counts {counts} live {looker.live} first at {seen[0].taken_ms}")


HISTORY = Kind(
    "counts", lambda what: Interest(topics=frozenset({"orders"})), how_many_it_was_given, history=True
)


def test_a_picture_of_how_it_went_is_drawn_from_the_history_oldest_first(cluster, feed):
    view = View(HISTORY, cluster, {}, through=feed)
    assert "counts [0] live False first at 0" in repr(view)
    cluster.send(0, "A")
    assert "counts [0, 1]" in repr(view)
    picture = live(view)
    view.act("look")
    cluster.send(0, "B")
    until(lambda: "2] live True" in picture.svg)
    view.act("hold")
    cluster.send(0, "C")
    feed.read(cluster, HISTORY.interest({}))
    view.act("hold")
    until(lambda: "3] live True" in picture.svg)
    view.close()


def test_a_still_of_how_it_went_waits_for_the_newest_numbers_and_shows_all(cluster, feed):
    view = View(HISTORY, cluster, {}, through=feed)
    feed.read(cluster, HISTORY.interest({}))
    cluster.send(0, "A")
    began = time.monotonic()
    still = view.snapshot(quiet_s=0.2)
    assert time.monotonic() - began < DEADLINE_S
    assert "counts [0, 1" in still.drawing.title


def test_a_still_waits_for_the_lag_of_the_groups_that_are_drawn_alone(cluster, feed):
    cluster.send(0, "A")
    cluster.committed[next(iter(cluster.stored))] = 0
    others = View(KINDS["queues"], cluster, {"topic": "orders", "groups": "mail"}, through=feed)
    others._feed.read(cluster, others._interest)
    began = time.monotonic()
    others.snapshot(lag=0, quiet_s=0, timeout_s=0.5)
    assert time.monotonic() - began >= 0.5  # mail has no lag, and none is not 0: it waits for it
    drawn = View(KINDS["queues"], cluster, {"topic": "orders", "groups": ["stock"]}, through=feed)
    assert _lags(drawn._read(), drawn._what) == {1}
    assert _lags(drawn._read(), {"groups": ["mail"]}) == set()


def test_a_click_is_answered_so_that_a_page_knows_that_somebody_is_there(cluster, queues):
    picture = live(queues)
    sent = []
    picture.send = sent.append
    picture._receive({"action": "look", "target": ""}, queues.act)
    assert sent == [{"heard": "look"}]
    queues.close()
