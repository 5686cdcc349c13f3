"""A recording shown again: its frames, the page, the image, what notebooks and terminals keep of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from observe_stand_ins import FakeCluster
from replay_hand_made import BEGAN, RECORDING, SNAPSHOTS, snapshot, write
from views_hand_made import GALLERY

from rmqlab import happenings
from rmqlab.cli import recordings
from rmqlab.errors import RecordingError
from rmqlab.observe import Feed, Reader, Recorder
from rmqlab.observe.encoding import Encoder, as_line
from rmqlab.observe.narration import narrate
from rmqlab.views import KINDS, Replay, View, frames, notebook, record, recorded, replay
from rmqlab.views.drawing import failure
from rmqlab.views.looker import STILL, Kind
from rmqlab.views.moving_image import _woven

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RMQLAB_HOME", str(tmp_path / "state"))


@pytest.fixture
def hand_made():
    return Replay(RECORDING, KINDS)


def unfolded(view, data):
    """What player.js makes of the frames: the same in Python."""
    texts, last = [], []
    for head, tail, between in view:
        last = [*last[:head], *between, *last[len(last) - tail :]]
        texts.append("".join(data["tokens"][token] for token in last))
    return texts


@pytest.mark.parametrize("name", GALLERY)
def test_every_kind_of_picture_can_be_recorded_and_replayed(name, tmp_path, monkeypatch):
    monkeypatch.setattr("rmqlab.views.frames.MOST_FRAMES", 10)
    kind, facts, what = GALLERY[name]
    encoder, path = Encoder(), tmp_path / "any.jsonl"
    snapshots = facts if isinstance(facts, tuple) else (facts,)
    views = [[kind, encoder.encode(recorded._plain(what))]]
    lines = [{"rmqlab": "recording", "version": 1, "cluster": "c", "began_ms": 0, "views": views}]
    lines += [{"at": each.taken_ms, "snapshot": encoder.encode(each)} for each in snapshots]
    path.write_text("".join(as_line(line) + "\n" for line in lines))
    shown = replay(path)
    assert shown.recording.snapshots == snapshots
    assert shown.frames[-1].drawings[0] == KINDS[kind].picture(snapshots, what, STILL)
    assert "<svg" in shown.save_html(tmp_path / "any.html").read_text(encoding="utf-8")
    assert ET.fromstring(shown.save_svg(tmp_path / "any.svg").read_text(encoding="utf-8")) is not None


def test_a_file_is_replayed_as_it_was_recorded(tmp_path, hand_made):
    assert replay(write(tmp_path / "hand-made.jsonl")).frames == hand_made.frames


def test_each_change_is_a_frame_and_a_quiet_time_is_none(hand_made):
    moments = [frame.at_ms - BEGAN for frame in hand_made.frames]
    assert moments == [0, 400, 800, 1200, 1600, 2000, 2400, 2800, 3200, 3300, 4000, 5000, 6000, 12000, 12500]


def test_a_frame_says_what_was_done_and_what_the_broker_says_came_of_it(hand_made):
    events = {frame.at_ms - BEGAN: frame.events for frame in hand_made.frames}
    assert events[400] == (("send", "orders: SEND_OK"), ("seen", "1 message stored in orders on broker-a"))
    assert events[6000] == (
        ("node", "broker-b is killed"),
        ("seen", "broker-b is down"),
        ("seen", "the NameServer has forgotten broker-b"),
    )
    assert events[4000] == (("seen", "the group stock is there"),)
    assert events[5000] == (("seen", "stock has committed 4 more, 0 before it"),)


def test_a_note_stays_until_the_next(hand_made):
    notes = [frame.note for frame in hand_made.frames]
    assert notes[0] == notes[3] == "A producer sends eight messages."
    assert notes[9] == notes[13] == "Nobody reads them yet."
    assert notes[-1].startswith("It is <back>")


def test_a_picture_of_how_it_went_is_drawn_from_all_that_was_before():
    kind = Kind(
        "all", KINDS["map"].interest, lambda seen, what, looker: failure(f"saw {len(seen)}"), history=True
    )
    drawn = frames.frames(replace(RECORDING, views=(("all", {}),)), {"all": kind})
    assert drawn[0].drawings[0].title == "saw 1"
    assert drawn[-1].drawings[0].title == f"saw {len(SNAPSHOTS)}"


def test_of_a_long_recording_moments_are_left_out_and_their_events_stay(monkeypatch):
    monkeypatch.setattr("rmqlab.views.frames.MOST_FRAMES", 5)
    drawn = frames.frames(RECORDING, KINDS)
    assert len(drawn) <= 5
    assert drawn[-1].at_ms - BEGAN == 12_500
    told = [text for frame in drawn for kind, text in frame.events if kind != "seen"]
    assert told == [event.text for event in RECORDING.events]


def test_a_picture_that_cannot_be_drawn_says_so_and_the_others_are_seen():
    broken = Kind("map", KINDS["map"].interest, lambda *_: 1 / 0)
    views = (("map", {}), ("queues", {"topic": "orders"}), ("radar", {}))
    drawn = frames.frames(replace(RECORDING, views=views), KINDS | {"map": broken})
    titles = [drawing.title for drawing in drawn[-1].drawings]
    assert "map could not be drawn: ZeroDivisionError" in titles[0]
    assert "8 messages" in titles[1]
    assert "no picture 'radar'" in titles[2]


def test_the_browser_gets_every_frame_exactly(hand_made):
    data = json.loads(frames.as_json(hand_made.frames, RECORDING))
    for number in range(2):
        drawings = [frame.drawings[number] for frame in hand_made.frames]
        drawn = unfolded(data["views"][number]["svg"], data)
        assert [svg.replace(">", f"><style>{data['style']}</style>", 1) for svg in drawn] == [
            drawing.svg for drawing in drawings
        ]
        assert unfolded(data["views"][number]["table"], data) == [drawing.table for drawing in drawings]


def test_frames_are_compact(hand_made):
    whole = sum(
        len(drawing.svg) + len(drawing.table) for frame in hand_made.frames for drawing in frame.drawings
    )
    assert len(frames.as_json(hand_made.frames, RECORDING)) < whole / 5


def test_the_page_needs_nothing_from_anywhere_and_holds_what_was_said_harmlessly(hand_made, tmp_path):
    written = hand_made.save_html(tmp_path / "replay.html").read_text(encoding="utf-8")
    links = set(re.findall(r"https?://[^\s\"'<>\\]+", written))
    assert links == {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert "<back>" not in written
    assert "default-src &#x27;none&#x27;" in written
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", written, re.DOTALL)
    assert json.loads(scripts[0])["frames"][-1]["note"].startswith("It is <back>")
    assert len(scripts) == 2
    assert "<noscript><svg" in written


def test_a_page_that_cannot_be_written_is_one_sentence(hand_made, tmp_path):
    with pytest.raises(RecordingError, match="cannot be written: No such file or directory"):
        hand_made.save_html(tmp_path / "nowhere" / "replay.html")


def test_the_image_shows_each_frame_in_its_turn_and_the_last_where_nothing_moves(hand_made, tmp_path):
    svg = hand_made.save_svg(tmp_path / "replay.svg").read_text(encoding="utf-8")
    root = ET.fromstring(svg)
    hidden = {each for each in root if "z" in each.get("class", "").split()}
    texts = ["".join(each.itertext()) for each in root if each not in hidden]
    assert any("It is <back>" in text for text in texts)
    assert not any("Nobody reads them yet." in text for text in texts)
    assert "script" not in svg
    before, _, after = svg.partition("@media (prefers-reduced-motion:no-preference)")
    assert "animation:a" not in before
    assert "animation:a0" in after
    names = set(re.findall(r"@keyframes (a\d+)", svg))
    assert names
    assert names == set(re.findall(r"animation:(a\d+) ", svg))


def test_the_image_keeps_the_order_in_which_a_picture_is_painted(hand_made):
    frames_of_parts = [["a", "b", "c"], ["a", "x", "c"], ["c", "b", "a"], ["a", "a", "c"]]
    row = _woven(frames_of_parts)
    for number, parts in enumerate(frames_of_parts):
        assert [part for part, when in row if number in when] == parts


def test_a_saved_notebook_keeps_the_end_as_a_still_that_is_the_same_in_the_next_run(hand_made):
    again = replace(
        RECORDING,
        snapshots=tuple(
            replace(each, taken_ms=each.taken_ms + 77_777, cluster="x") for each in SNAPSHOTS[3:]
        ),
        events=(),
    )
    bundle = hand_made._repr_mimebundle_()
    assert bundle.keys() == {"text/plain", "text/html", "image/svg+xml"}
    assert bundle == Replay(again, KINDS)._repr_mimebundle_()
    assert "8 messages" in bundle["text/plain"]
    assert "broker-b" in bundle["text/plain"]


def test_a_terminal_gets_what_happened_and_the_last_tables(hand_made):
    written = repr(hand_made)
    assert written.startswith("Recording 'hand-made' of hand-made: queues, map\n15 frames in 12.5 s\n")
    assert "    6.0 s  broker-b is killed" in written
    assert "broker-a 0  0    2    A B" in written


def test_the_widget_has_all_frames_and_asks_nobody(hand_made):
    widget = hand_made._widget()
    assert json.loads(widget.frames)["name"] == "hand-made"
    assert "model.send" not in widget._esm
    widget.close()


def test_news_is_what_both_snapshots_know_of():
    assert narrate(SNAPSHOTS[0], SNAPSHOTS[0]) == ()
    assert narrate(replace(SNAPSHOTS[0], topics=(), nodes=()), SNAPSHOTS[-1]) == ()
    back = narrate(snapshot(0, 8, read=2), snapshot(0, 8, read=1))
    assert back == ("stock was set back by 4",)


def test_what_is_recorded_is_what_is_replayed(monkeypatch):
    cluster = FakeCluster()
    feed = Feed(100, lambda source: Reader(source, source.connect, source.registered))
    monkeypatch.setattr("rmqlab.views.recorded.Recorder", partial(Recorder, through=feed))
    view = View(KINDS["queues"], cluster, {"topic": "orders"}, through=feed)
    with record("sends", cluster, view, "map") as recording:
        cluster.send(0, "A")
        cluster.nodes["broker-b"].pause()
    assert "Recorded as 'sends'" in repr(recording)
    shown = replay("sends")
    assert shown.frames[-1].drawings[0].title.startswith("Topic orders: 1 message")
    assert "broker-b is paused" in repr(shown)


def test_a_recording_wants_pictures_that_there_are():
    with pytest.raises(ValueError, match="no picture 'radar'"):
        record("x", FakeCluster(), "radar")
    with pytest.raises(TypeError, match="topic="):
        record("x", FakeCluster(), "queues")
    with pytest.raises(RecordingError, match="no recording 'x'"):
        replay("x")


def test_a_recording_that_broke_off_before_it_began_is_one_sentence():
    for empty in (replace(RECORDING, snapshots=()), replace(RECORDING, views=())):
        with pytest.raises(RecordingError, match="nothing to show"):
            Replay(empty, KINDS)


def test_a_cell_says_its_first_line_to_whoever_records():
    class Info:
        raw_cell = "\n\n  producer.start()\nproducer.send_sync(message)\n"

    told = []
    with happenings.listening(told.append):
        notebook._begin(Info())
    notebook._running.clear()
    assert [(each.kind, each.text) for each in told] == [("cell", "producer.start()")]


def test_cells_between_start_and_stop_are_in_the_recording(monkeypatch):
    class Shell:
        kernel = SimpleNamespace(get_parent=dict)
        events = property(lambda self: self)

        def __init__(self):
            self.told = {}

        def register(self, name, callback):
            self.told[name] = callback

    shell, cluster = Shell(), FakeCluster()
    feed = Feed(100, lambda source: Reader(source, source.connect, source.registered))
    monkeypatch.setattr("rmqlab.views.notebook._shell", lambda: shell)
    monkeypatch.setattr("rmqlab.views.notebook._watched", [])
    monkeypatch.setattr("rmqlab.views.recorded.Recorder", partial(Recorder, through=feed))
    recording = record("cells", cluster).start()
    for cell in ("# the first\nproducer.start()", "producer.shutdown()"):
        shell.told["pre_run_cell"](SimpleNamespace(raw_cell=cell))
        shell.told["post_run_cell"](None)
    recording.stop()
    assert [(event.kind, event.text) for event in recording.recording().events] == [
        ("cell", "# the first"),
        ("cell", "producer.shutdown()"),
    ]


def test_the_command_lists_tells_and_writes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("rmqlab.views.replay", lambda name: Replay(RECORDING, KINDS))
    recordings.replay(None, html=None, svg=None)
    recordings.replay("hand-made", html=None, svg=None)
    recordings.replay("hand-made", html=tmp_path / "a.html", svg=tmp_path / "a.svg")
    out = capsys.readouterr().out
    assert "There are no recordings in" in out
    assert "broker-b is killed" in out
    assert (tmp_path / "a.html").stat().st_size > 1000
    assert (tmp_path / "a.svg").stat().st_size > 1000


@pytest.mark.parametrize("name", ["lab-01", "lab-02"])
def test_the_recordings_of_the_documents_are_small_and_hold_nothing_of_a_machine(name):
    docs = Path(__file__).parents[2] / "docs"
    for path in (docs / "recordings" / f"{name}.html", docs / "images" / f"{name}-replay.svg"):
        written = path.read_text(encoding="utf-8")
        assert len(written.encode()) < 300_000
        assert re.findall(r"\d+\.\d+\.\d+\.\d+", written) == []
        assert path.name in (docs / "record-and-replay.md").read_text(encoding="utf-8")
    assert ET.fromstring(written).tag.endswith("svg")


def test_a_recording_that_broke_off_or_was_full_says_so():
    assert "it broke off" in repr(Replay(replace(RECORDING, ended=""), KINDS))
    assert "its largest size" in repr(Replay(replace(RECORDING, ended="full"), KINDS))
