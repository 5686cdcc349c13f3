"""What lab 14's check of a trial says of trials that no learner should have to sit through."""

from __future__ import annotations

import os

import pytest

if os.environ.get("RMQLAB_CLIENT") == "native":
    pytest.skip("rmqlab.client needs our own library", allow_module_level=True)

from rmqlab.capstone import Facts, Order, Outcome, judge
from rmqlab.capstone.dangers import plan
from rmqlab.capstone.outcome import Happened
from rmqlab.capstone.running import Trial
from rmqlab.checks.course import lab_checks
from rmqlab.errors import FaultError

pytestmark = pytest.mark.unit

SEED = 12
EXERCISES = lab_checks("14-capstone").exercises
BOUGHT = frozenset({"1"})
GOOD = Facts(
    {"1": Order("1", 1, 20)},
    {"1": "yes"},
    {"1": "paid"},
    {"1": (-1,)},
    {"1": (20,)},
    BOUGHT,
    BOUGHT,
    BOUGHT,
)


class Endless(Trial):
    """A trial that is never over."""

    def __init__(self):
        self.name = "endless"

    def wait(self, timeout_s):
        return False


def an_outcome(folder, dangers, *, took_effect=True):
    happened = tuple(Happened(name, "It happened.", took_effect=took_effect) for name in dangers)
    return Outcome("abc", SEED, folder, happened, (), GOOD, judge(GOOD))


@pytest.fixture
def verdict_on(monkeypatch):
    """What 14.6 says of an outcome, which the cluster has as well."""
    check = EXERCISES["14.6"].check

    def say(outcome):
        monkeypatch.setitem(check.__globals__, "read_outcome", lambda cluster, name: outcome)
        return check(Lab(), result=outcome)

    return say


class Lab:
    cluster = None


@pytest.mark.parametrize(
    ("exercise", "answers"),
    [
        ("14.1", {"prediction": "open", "bad_day": Endless()}),
        ("14.2", {"twice": {"1"}, "bad_day": Endless()}),
        ("14.6", {"result": Endless()}),
    ],
)
def test_a_trial_that_still_runs_is_not_taken_for_none(exercise, answers):
    assert EXERCISES[exercise].check(Lab(), **answers).key == "still-running"


def test_a_trial_that_went_wrong_says_how():
    def play():
        raise FaultError("stock has died")

    with pytest.raises(FaultError, match="stock has died"):
        EXERCISES["14.6"].check(Lab(), result=Trial("abc", play))


def test_all_points_on_the_day_of_the_seed_pass(tmp_path, verdict_on):
    assert verdict_on(an_outcome(tmp_path, plan(SEED))).passed


def test_six_dangers_that_harm_nobody_are_a_quiet_day(tmp_path, verdict_on):
    assert verdict_on(an_outcome(tmp_path, ["stock-killed"] * 6)).key == "a-quiet-day"
    assert verdict_on(an_outcome(tmp_path, plan(SEED), took_effect=False)).key == "a-quiet-day"
    assert verdict_on(an_outcome(tmp_path, ())).key == "a-quiet-day"
