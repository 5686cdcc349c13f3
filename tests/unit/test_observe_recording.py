"""Recording and reading again: what is kept, where it lies, what a bad file says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from observe_stand_ins import FakeCluster

from rmqlab import happenings
from rmqlab.errors import RecordingError
from rmqlab.observe import Feed, Interest, Reader, Recorder, read_recording
from rmqlab.observe.history import same

pytestmark = pytest.mark.unit
DEADLINE_S = 20
VIEWS = (("queues", {"topic": "orders"}),)
ORDERS = Interest(topics=frozenset({"orders"}), messages=10)


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RMQLAB_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def recorder(cluster):
    def make(name="first", **options):
        feed = Feed(100, lambda source: Reader(source, source.connect, source.registered))
        return Recorder(name, cluster, ORDERS, lambda: VIEWS, through=feed, **options)

    return make


def until(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def lines(recorder):
    return [json.loads(line) for line in recorder.path.read_text().splitlines()]


def counts(recording):
    return [snapshot.topic("orders").count for snapshot in recording.snapshots]


def test_it_keeps_what_the_broker_held_and_what_happened_in_order(cluster, recorder):
    with recorder() as recording:
        recording.note("the first message")
        cluster.send(0, "A")
        until(lambda: sum("snapshot" in line for line in lines(recording)) == 2)
        happenings.tell("node", "broker-a is killed", cluster.name)
        happenings.tell("node", "another cluster's broker is killed", "other")
        cluster.send(0, "B")
    back = read_recording("first")
    assert sorted(set(counts(back))) == [0, 1, 2]
    assert [(event.kind, event.text) for event in back.events] == [
        ("note", "the first message"),
        ("node", "broker-a is killed"),
    ]
    assert back.views == VIEWS
    assert back.told == ()
    assert back.ended == "stopped"
    assert back.snapshots[-1].topic("orders").queues[0].messages[1].keys == "B"


def test_what_a_program_tells_a_picture_is_kept_as_it_was_then(cluster):
    feed = Feed(100, lambda source: Reader(source, source.connect, source.registered))
    told = []
    with Recorder(
        "told", cluster, ORDERS, lambda: (("lanes", {"consumed": tuple(told)}),), through=feed
    ) as recorder:
        told.append(("A", "created"))
        until(lambda: any("views" in line for line in lines(recorder)[1:]))
        # moments are told apart by the millisecond
        first_at = time.monotonic()
        until(lambda: time.monotonic() > first_at + 0.002)
        told.append(("B", "created"))
    back = read_recording("told")
    assert back.views == (("lanes", {"consumed": ()}),)
    (first_ms, first), (second_ms, second) = back.told
    assert first == back.views_at(first_ms) == (("lanes", {"consumed": (("A", "created"),)}),)
    assert second == back.views_at(second_ms + 1)
    assert len(second[0][1]["consumed"]) == 2
    assert back.views_at(first_ms - 1) == back.views


def test_what_cannot_be_written_down_is_refused_before_anything_is_overwritten(cluster, recorder):
    with recorder("told") as first:
        pass
    before = first.path.read_bytes()
    with pytest.raises(RecordingError, match="cannot be recorded"):
        Recorder("told", cluster, ORDERS, lambda: (("lanes", {"consumed": object()}),)).start()
    assert first.path.read_bytes() == before


def test_unchanged_snapshots_are_not_written_again_but_for_when_the_quiet_time_ended(cluster, recorder):
    with recorder() as recording:
        until(lambda: len(recording._feed.history(cluster, ORDERS)) == 2)  # the first and a later, equal one
        time_of_quiet = recording._feed.history(cluster, ORDERS)[-1].taken_ms
        until(lambda: recording._quiet_until > time_of_quiet)
        cluster.send(0, "A")
    written = lines(recording)
    assert [set(line) & {"snapshot", "same", "end"} for line in written[1:4]] == [
        {"snapshot"},
        {"same"},
        {"snapshot"},
    ]
    first, quiet, changed, *_ = read_recording("first").snapshots
    assert same(first, quiet)
    assert first.taken_ms < quiet.taken_ms <= changed.taken_ms
    assert not same(quiet, changed)


def test_many_sends_of_one_kind_are_counted_not_listed(cluster, recorder):
    with recorder() as recording:
        recording._feed.rate_hz = 0.01
        for _ in range(500):
            happenings.tell("send", "orders: SEND_OK", cluster.namesrv)
    texts = [event.text for event in read_recording("first").events]
    counted = [re.search(r"SEND_OK(?: \((\d+) times\))?$", text)[1] for text in texts]
    assert sum(int(count or 1) for count in counted) == 500
    assert len(texts) < 50


def test_it_listens_no_more_when_it_has_stopped(recorder):
    with recorder() as recording:
        assert happenings.listeners
    size = recording.path.stat().st_size
    assert happenings.listeners == ()
    recording.note("too late")
    recording.stop()
    assert recording.path.stat().st_size == size
    until(lambda: not recording._feed.running)


def test_the_file_is_bounded_and_says_that_it_ended_early(cluster, recorder):
    with recorder(limit_bytes=20_000) as recording:
        for number in range(10_000):
            recording.note(f"number {number} " + "x" * 200)
        assert not recording.running
        assert happenings.listeners == ()
        until(lambda: not recording._feed.running)
    assert recording.path.stat().st_size <= 20_000
    assert read_recording("first").ended == "full"
    assert "largest size" in repr(recording)


def test_an_earlier_recording_of_that_name_is_replaced_and_that_is_said(cluster, recorder):
    with recorder() as recording:
        recording.note("once")
    with recorder() as recording:
        recording.note("twice")
    assert [event.text for event in read_recording("first").events] == ["twice"]
    assert "in place of any earlier one" in repr(recording)


def test_two_cannot_record_under_one_name_at_once(recorder):
    with recorder() as first:
        first.note("mine")
        with pytest.raises(RecordingError, match="being recorded already"):
            recorder().start()
        another = "from rmqlab.observe import *; import sys; sys.path.insert(0, 'tests/unit'); "
        another += (
            "from observe_stand_ins import FakeCluster; Recorder('first', FakeCluster(), Interest()).start()"
        )
        said = subprocess.run([sys.executable, "-c", another], capture_output=True, text=True, check=False)
        assert "RecordingError: 'first' is being recorded already" in said.stderr
    assert [event.text for event in read_recording("first").events] == ["mine"]
    with recorder():
        pass


def test_a_recorder_records_once(recorder):
    once = recorder()
    with once:
        pass
    with pytest.raises(RecordingError, match="Make a new one"):
        once.start()


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 65, "c:x", "a b", "first.jsonl", "ü"])
def test_names_that_are_none_for_a_file_are_refused(name, recorder):
    with pytest.raises(RecordingError, match="cannot be a recording's name"):
        recorder(name)


def test_a_recording_that_is_not_there_names_those_that_are(recorder):
    with recorder("kill"), recorder("cut"):
        pass
    with pytest.raises(RecordingError, match=r"no recording 'kil'. There are: cut, kill"):
        read_recording("kil")


def test_it_is_read_by_its_path_too(recorder, tmp_path):
    with recorder() as recording:
        pass
    elsewhere = recording.path.rename(tmp_path / "sent-by-a-friend.jsonl")
    assert read_recording(elsewhere).name == "sent-by-a-friend"


def test_half_a_last_line_is_left_out(cluster, recorder):
    with recorder() as recording:
        cluster.send(0, "A")
    whole = recording.path.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        recording.path.write_bytes(whole[:cut])
        assert read_recording("first").ended == ""
    recording.path.write_bytes(whole[: whole.index(b"\n")])
    with pytest.raises(RecordingError, match="no recording: its first line is missing"):
        read_recording("first")


def test_what_was_recorded_can_be_read_after_the_recorder_was_killed(state):
    program = """
        import sys, time
        sys.path.insert(0, "tests/unit")
        from observe_stand_ins import FakeCluster
        from rmqlab.observe import *
        cluster = FakeCluster()
        feed = Feed(100, lambda source: Reader(source, source.connect, source.registered))
        with Recorder("dies", cluster, Interest(topics=frozenset({"orders"})), through=feed) as recording:
            for number in range(1_000_000):
                cluster.send(0, "A")
                recording.note(str(number))
                if number == 3:
                    print("going", flush=True)
                time.sleep(0.001)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"going\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(DEADLINE_S)
    process.stdout.close()
    back = read_recording("dies")
    assert back.ended == ""
    assert [event.text for event in back.events][:4] == ["0", "1", "2", "3"]
    assert back.snapshots


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "first line is missing"),
        ("hello\n", "damaged in line 1"),
        ("[]\n", "does not say so"),
        ('{"rmqlab":"recording","version":99}\n', "version 99, and this RocketMQ Lab reads version 1"),
        ('{"rmqlab":"recording","version":1}\n', "damaged in line 1"),
        ('HEAD\n{"at":1,"snapshot":{"!":"client.facts:QueueRef"}}\n', "damaged in line 2"),
        ('HEAD\n{"at":1,"snapshot":{"=":7}}\n', "damaged in line 2"),
        ('HEAD\n{"at":1,"snapshot":[1]}\n', "damaged in line 2"),
        ('HEAD\n{"at":1,"same":true}\n', "damaged in line 2"),
        ('HEAD\n{"at":"x","event":"note","text":""}\n', "damaged in line 2"),
        ("HEAD\n{nonsense}\nmore\n", "damaged in line 2"),
        ("HEAD\n17\n", "damaged in line 2"),
        ("HEAD\n" + "[" * 100_000 + "\n", "damaged in line 2"),
    ],
)
def test_a_bad_file_is_one_clear_sentence(state, content, words):
    head = '{"rmqlab":"recording","version":1,"cluster":"c","began_ms":0,"views":[]}'
    path = state / "bad.jsonl"
    path.write_text(content.replace("HEAD", head))
    with pytest.raises(RecordingError, match=words) as raised:
        read_recording(path)
    assert "\n" not in str(raised.value)
