"""A trial in the background: who asks for its outcome waits, and gets its error; one runs at a time."""

from __future__ import annotations

import threading
from xml.etree.ElementTree import fromstring

import pytest

from rmqlab.capstone import Facts, Outcome, judge
from rmqlab.capstone.judging import Part, Score
from rmqlab.capstone.outcome import Happened
from rmqlab.capstone.picture import draw_outcome
from rmqlab.capstone.running import Trial
from rmqlab.errors import FaultError

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"


def an_outcome(tmp_path, **what):
    facts = Facts({})
    happened = (
        Happened("shop-killed", "The shop was killed.", "7"),
        Happened("bank-away", "No.", took_effect=False),
    )
    return Outcome(
        **{
            "name": "abc",
            "seed": 7,
            "folder": tmp_path,
            "happened": happened,
            "raised": ("on_order: KeyError: 'x'",),
            "facts": facts,
            "score": judge(facts),
            **what,
        }
    )


def test_whoever_asks_waits_until_it_is_over(tmp_path):
    go_on = threading.Event()

    def play():
        go_on.wait(10)
        return an_outcome(tmp_path)

    trial = Trial("abc", play)
    assert not trial.wait(0.05)
    assert trial.name == "abc"
    go_on.set()
    assert trial.total == 0
    assert trial.hit_by("shop-killed") == "7"
    assert trial.hit_by("broker-killed") == ""
    assert trial.wait(0)


def test_what_went_wrong_is_told_to_whoever_asks():
    def play():
        raise FaultError("stock has died")

    trial = Trial("abc", play)
    assert trial.wait(5)
    with pytest.raises(FaultError, match="stock has died"):
        _ = trial.total


def test_two_trials_do_not_run_at_the_same_time(tmp_path):
    running, together = [], []

    def play():
        running.append(1)
        together.append(len(running))
        running.pop()
        return an_outcome(tmp_path)

    for trial in [Trial(str(number), play) for number in range(5)]:
        assert trial.wait(5)
    assert together == [1] * 5


def test_an_outcome_tells_its_dangers_and_what_was_raised(tmp_path):
    outcome = an_outcome(tmp_path)
    assert "shop-killed: The shop was killed." in str(outcome)
    assert "raised by on_order: KeyError: 'x'" in str(outcome)


def test_the_picture_has_each_part_each_danger_and_each_reason_in_words(tmp_path):
    drawing = draw_outcome(an_outcome(tmp_path))
    assert drawing.title == "0 of 100: 0 orders, 2 dangers"
    assert [row[0] for row in drawing.rows] == ["orders", "stock", "money", "messages"]
    assert "1. shop" in drawing.svg
    assert "no effect" in drawing.svg
    assert "more customers were sent away" in drawing.text


def bars(drawing):
    """The bars of the parts: their inks, each part's widths in a row."""
    rects = [each for each in fromstring(drawing.svg).iter(f"{SVG}rect") if each.get("height") == "16"]
    return [(each.get("class"), float(each.get("width"))) for each in rects]


def test_what_was_reached_is_green_and_only_the_rest_is_red(tmp_path):
    parts = (
        Part("orders", 30, 24, {"stuck": ("7", "9")}),
        Part("stock", 25, 25, {}),
        Part("money", 30, 0, {"charged-twice": ("7",)}),
    )
    drawing = draw_outcome(an_outcome(tmp_path, score=Score(parts, 9)))
    (whole, reached, full, none), width = bars(drawing), 580
    assert (whole, reached) == (("f-down", width), ("f-up", width * 24 / 30))
    assert (full, none) == (("f-up", width), ("f-down", width))
    assert drawing.rows[0][2].startswith("2 × orders that are open")  # noqa: RUF001
