"""What the picture of one message's way says."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from views_hand_made import SENT, STORED, TRACES, consumed, snapshot

from rmqlab.observe import Interest
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL

pytestmark = pytest.mark.unit
KIND = KINDS["trace"]
SVG = "{http://www.w3.org/2000/svg}"


def draw(*traces, message=None):
    what = {"traces": traces} | ({"message": message} if message else {})
    drawing = KIND.draw(snapshot(), what, STILL)
    return drawing, fromstring(drawing.svg)


def lanes(root):
    names = [each.get("data-id") or "" for each in root.iter(f"{SVG}g")]
    return [name.removeprefix("lane-") for name in names if name.startswith("lane-")]


def test_it_is_sent_then_stored_then_handed_out_then_done():
    drawing, root = draw(*reversed((SENT, *consumed("stock", 1009, 3))), message=STORED)
    assert drawing.rows == (
        ("shop", "sent", "at 0", "4 ms", "✔ normal, acknowledged"),
        ("broker-a", "stored", "+2 ms", "", "● in queue 2 of broker-a"),
        ("stock", "handed out", "+9 ms", "3 ms", "✔ done"),
    )
    assert lanes(root) == ["producer-shop", "broker-broker-a", "consumers-stock"]


def test_a_delivery_and_its_end_are_one_step_and_each_retry_another():
    drawing, root = draw(*TRACES["trace with retries"]["traces"])
    mail = [row for row in drawing.rows if row[0] == "mail"]
    assert [row[1] for row in mail] == ["handed out", "retry 1", "retry 2"]
    assert [row[4] for row in mail] == ["✕ exception", "✕ failed", "✔ done"]
    assert lanes(root).count("consumers-mail") == 1


def test_what_has_not_come_back_is_neither_done_nor_failed():
    drawing, _ = draw(SENT, *consumed("payment", 1010, 0, ended=""))
    assert drawing.rows[-1] == ("payment", "handed out", "+10 ms", "", "… not come back")


def test_an_end_without_its_beginning_is_drawn_from_when_it_began():
    drawing, _ = draw(SENT, consumed("stock", 1009, 3)[1])
    assert drawing.rows[-1] == ("stock", "handed out", "+9 ms", "3 ms", "✔ done")


def test_bars_lie_on_one_axis_from_the_send_to_the_last_end():
    _, root = draw(SENT, *consumed("stock", 1500, 500))
    lane = next(each for each in root.iter(f"{SVG}g") if each.get("data-id") == "lane-consumers-stock")
    ground, bar = list(lane.iter(f"{SVG}rect"))
    left, width = float(ground.get("x")), float(ground.get("width"))
    assert float(bar.get("x")) == pytest.approx(left + width / 2, abs=0.2)
    assert float(bar.get("x")) + float(bar.get("width")) == pytest.approx(left + width, abs=0.3)


def test_a_cross_stands_beside_the_bar_that_went_wrong_and_not_on_it():
    _, root = draw(SENT, *consumed("mail", 1500, 100, ended="failed"), *consumed("stock", 1500, 500))
    lane = next(each for each in root.iter(f"{SVG}g") if each.get("data-id") == "lane-consumers-mail")
    _, bar = lane.iter(f"{SVG}rect")
    (cross,) = lane.iter(f"{SVG}path")
    left, top = map(float, cross.get("d")[1:].partition("l")[0].split())
    assert left >= float(bar.get("x")) + float(bar.get("width"))
    assert top + 4 == float(bar.get("y")) + float(bar.get("height")) / 2


def test_a_transactions_end_is_its_producers():
    settled = replace(SENT, kind="EndTransaction", at_ms=1200, detail="COMMIT_MESSAGE")
    drawing, _ = draw(replace(SENT, detail="half"), settled)
    assert [row[:2] for row in drawing.rows] == [("shop", "sent"), ("shop", "settled")]
    assert drawing.rows[1][4] == "✔ commit_message"


def test_without_any_note_it_says_what_it_takes():
    drawing, _ = draw()
    assert "clients with trace=True" in drawing.text
    assert "clients with trace=True" in drawing.svg


def test_of_many_groups_the_first_are_drawn_and_the_others_counted():
    many = [each for number in range(30) for each in consumed(f"group-{number:02}", 1010 + number, 1)]
    drawing, root = draw(SENT, *many)
    assert len(lanes(root)) == 12
    assert drawing.notes == ("19 more groups of consumers.",)


def test_it_asks_the_cluster_nothing():
    assert KIND.interest(TRACES["trace"]) == Interest()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({}, "takes traces="),
        ({"traces": "ID1"}, "takes traces="),
        ({"traces": [SENT], "topic": "orders"}, "takes traces="),
        ({"traces": [SENT, replace(SENT, msg_id="ID2")]}, "these are of 2"),
        ({"traces": [SENT], "message": replace(STORED, msg_id="ID2")}, "these are of 2"),
        ({"traces": [SENT], "message": "order-1"}, "message_by_id"),
    ],
)
def test_what_is_no_trace_of_one_message_is_refused(what, said):
    with pytest.raises(TypeError, match=said):
        KIND.interest(what)
