"""A small part of the campaign, on real clusters: promises are kept, and what is weak loses for real."""

from __future__ import annotations

import pytest

from rmqlab.chaos import campaign, run_trial

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]

HAZARDS = ("kill-master", "pause", "consumer-killed")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The full recipe under three faults, by their names."""
    out = tmp_path_factory.mktemp("campaign") / "runs.jsonl"
    runs = campaign(["full"], HAZARDS, seed=5, out=out)
    assert out.read_text(encoding="utf-8").count("\n") == len(runs)
    return {run.hazard: run for run in runs}


@pytest.mark.parametrize("hazard", HAZARDS)
def test_the_full_recipe_loses_nothing_that_was_acknowledged_and_its_effects_happen_once(full, hazard):
    run = full[hazard]
    assert (run.void, run.impossible) == ("", "")
    assert run.in_flight > 0
    assert run.acknowledged > 60
    assert (run.lost, run.undelivered) == (0, 0)
    assert (run.effects_twice, run.effects_missing) == (0, 0)


def test_a_retry_makes_a_duplicate_which_has_no_second_effect(full):
    """The paused broker stores what it was sent when it goes on; by then it was sent elsewhere, too."""
    assert full["pause"].stored_twice > 0
    assert full["pause"].effects_twice == 0


def test_a_consumer_that_is_killed_before_it_acknowledges_gets_the_message_again(full):
    run = full["consumer-killed"]
    assert "had done the work of order-" in run.evidence[0]
    assert run.delivered_twice > 0


def test_a_weak_recipe_loses_acknowledged_messages_for_real():
    runs = campaign(["default"], ["replica-loss"], seed=5, consumers=0)
    assert [run.void for run in runs] == [""]
    assert runs[0].lost > 0


def test_a_fault_that_is_refused_makes_a_run_void_and_not_green(cluster):
    run = run_trial("default", "cut-clients", consumers=0, cluster=cluster)  # one without a relay
    assert "has no relay" in run.void
    assert not run.counts


def test_what_cannot_be_had_is_told_without_a_cluster():
    run = run_trial("default", "cut-replica")
    assert run.impossible == "there is no replica to cut off"
    assert run_trial("default", "consumer-killed", consumers=0).impossible
