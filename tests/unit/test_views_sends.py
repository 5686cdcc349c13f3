"""What the sends' picture says."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from views_hand_made import MEASURED, snapshot

from rmqlab.observe import Interest
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL
from rmqlab.views.sends import duration

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"


def draw(calls=MEASURED):
    drawing = KINDS["sends"].draw(snapshot(), {"calls": calls}, STILL)
    return drawing, fromstring(drawing.svg)


def bars(root, mode):
    """The lane's ground, the whole time, the time in which the program was busy: their widths."""
    (lane,) = [each for each in root.iter(f"{SVG}g") if each.get("data-id") == f"lane-{mode}"]
    return [float(rect.get("width")) for rect in lane.iter(f"{SVG}rect")]


def test_every_mode_has_its_figures():
    drawing, _ = draw()
    rows = {row[0]: row[1:] for row in drawing.rows}
    assert rows["sync"] == ("50", "100 ms", "500", "2 ms", "2 ms", "2 ms")
    assert rows["async"] == ("50", "5 ms", "10,000", "0.1 ms", "27 ms", "35 ms")
    assert rows["batch"] == ("50", "4 ms", "12,500", "4 ms", "4 ms", "4 ms")


def test_a_message_that_nobody_answers_says_never():
    drawing, _ = draw()
    (oneway,) = [row for row in drawing.rows if row[0] == "oneway"]
    assert oneway[-2:] == ("never", "")


def test_all_lanes_share_one_scale():
    _, root = draw()
    ground, _, sync = bars(root, "sync")
    assert sync == ground
    assert bars(root, "async")[2] == pytest.approx(ground * 0.05, abs=0.1)


def test_the_wait_for_answers_is_longer_than_the_calls():
    _, root = draw()
    _, whole, busy = bars(root, "async")
    assert whole > 7 * busy
    _, whole, busy = bars(root, "sync")
    assert whole == busy


def test_a_lane_too_short_to_see_is_seen():
    _, root = draw({"slow": [(0.0, 10.0, 10.0)], "quick": [(0.0, 0.000001, None)]})
    assert bars(root, "quick")[2] == 2


@pytest.mark.parametrize(
    ("seconds", "said"), [(2.5, "2.5 s"), (0.281, "281 ms"), (0.00085, "0.85 ms"), (0.000001, "< 0.01 ms")]
)
def test_durations_are_said_as_people_say_them(seconds, said):
    assert duration(seconds) == said


def test_it_asks_the_cluster_nothing():
    assert KINDS["sends"].interest({"calls": MEASURED}) == Interest()


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"calls": {}},
        {"calls": {"sync": []}},
        {"calls": {"sync": [(1, 2)]}},
        {"calls": [(1, 2, 3)]},
        {"calls": MEASURED, "topic": "orders"},
    ],
)
def test_calls_of_another_shape_are_refused_at_once(what):
    with pytest.raises(TypeError, match="called, returned, answered"):
        KINDS["sends"].interest(what)
