"""A trial in the background: who asks for its outcome waits, and gets its error; one runs at a time."""

from __future__ import annotations

import threading

import pytest

from rmqlab.capstone import Facts, Outcome, judge
from rmqlab.capstone.outcome import Happened
from rmqlab.capstone.picture import draw_outcome
from rmqlab.capstone.running import Trial
from rmqlab.errors import FaultError

pytestmark = pytest.mark.unit


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
