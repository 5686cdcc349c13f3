"""What the transaction timeline says."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
import transactions_hand_made as made
from views_hand_made import snapshot

from rmqlab.observe import Gap, Interest, Transactions
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"
LIVE = Looker(live=True)


def draw(*found, looker=STILL, gaps=(), **what):
    facts = replace(snapshot(gaps=gaps), transactions=Transactions((made.LOG,), found))
    return KINDS["transactions"].draw(facts if looker.live else facts.still(), what, looker)


def words(drawing):
    return [each.text for each in fromstring(drawing.svg).iter(f"{SVG}text")]


def test_each_ending_has_its_words():
    rows = draw(*made.EVERY_END).rows
    assert [row[3:] for row in rows] == [
        ("commit", "0", "committed", "once"),
        ("roll back", "0", "rolled back", "nothing"),
        ("no outcome", "1", "committed", "once"),
        ("no outcome", "3", "given up", "nothing"),
        ("no outcome", "1", "committed", "2 times"),
        ("not yet", "0", "open", "nothing"),
        ("no outcome", "15", "open", "nothing"),
        ("an outcome", "0", "settled", "not looked up"),
    ]


def test_every_check_back_has_its_mark():
    assert [word for word in words(draw(made.GIVEN_UP)) if word.startswith("?")] == ["?1", "?2", "?3"]


def test_of_many_check_backs_the_last_are_drawn():
    assert [word for word in words(draw(made.ASKED)) if word.isdigit()] == [
        "10",
        "11",
        "12",
        "13",
        "14",
        "15",
    ]


def test_a_live_picture_says_when_and_where():
    said = words(draw(made.GIVEN_UP, made.TWICE, looker=LIVE))
    assert {"2.0 s", "4.0 s", "6.0 s", "after 8.0 s", "orders offset 2, 3"} <= set(said)


def test_a_still_says_neither():
    assert not [word for word in words(draw(*made.EVERY_END)) if re.search(r"\d m?s$|offset", word)]


def test_only_the_asked_topics_are_drawn():
    other = replace(made.COMMITTED, topic="payments", keys="payment-1")
    assert [row[0] for row in draw(made.COMMITTED, other, topic="payments").rows] == ["payment-1"]
    assert len(draw(made.COMMITTED, other, topic=["orders", "payments"]).rows) == 2


def test_very_many_are_one_bar_and_the_lanes_that_matter():
    drawing = KINDS["transactions"].draw(replace(snapshot(), transactions=made.MANY), {}, LIVE)
    assert drawing.title.endswith("445 transactions: 5 open, 400 committed, 40 rolled back")
    assert [row[5] for row in drawing.rows].count("open") == 5
    assert len(drawing.rows) == 8
    bars = [each for each in fromstring(drawing.svg).iter(f"{SVG}g") if "bar-" in (each.get("data-id") or "")]
    ends = [float(r.get("x")) + float(r.get("width")) for bar in bars for r in bar.iter(f"{SVG}rect")]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(848, abs=0.2)
    assert any("9,555 half messages more" in note for note in drawing.notes)


def test_a_gap_is_said():
    assert draw(gaps=(Gap("broker-a", "paused"),)).notes == ("broker-a: paused.",)


def test_it_wants_transactions_and_knows_no_other_argument():
    kind = KINDS["transactions"]
    assert kind.interest({}) == kind.interest({"topic": "orders"}) == Interest(transactions=True)
    for what in ({"group": "shop"}, {"topic": ""}, {"topic": [1]}):
        with pytest.raises(TypeError, match="topic="):
            kind.interest(what)
