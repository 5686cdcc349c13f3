"""Recipes are settings that RocketMQ knows, and say of every fault whether they promise anything."""

from __future__ import annotations

import inspect
from pathlib import PurePosixPath

import pytest

from rmqlab.chaos import HAZARDS, RECIPES
from rmqlab.chaos.recipes import find_hazard, find_recipe
from rmqlab.chaos.trial import options_of
from rmqlab.errors import ChaosError
from rmqlab.options import ClusterOptions
from rmqlab.plan import plan
from rmqlab.topology import TOPOLOGIES

pytestmark = pytest.mark.unit

EVERY_RECIPE = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)


def brokers(recipe):
    nodes = plan(
        TOPOLOGIES[recipe.topology],
        PurePosixPath("/lab"),
        10000,
        options=ClusterOptions.of(**recipe.options),  # refuses what no broker knows
    )
    return [
        dict(line.split("=", 1) for line in node.files["broker.conf"].splitlines())
        for node in nodes
        if node.is_broker
    ]


@EVERY_RECIPE
def test_a_recipes_settings_are_those_of_a_cluster_and_of_a_producer(recipe):
    from rmqlab.client.classic.producer import Producer  # noqa: PLC0415

    assert brokers(recipe)
    assert set(recipe.producer) <= set(inspect.signature(Producer).parameters)


@EVERY_RECIPE
def test_each_fault_is_promised_or_a_weakness_with_a_reason_or_cannot_be_had(recipe):
    assert set(recipe.weak_against) <= set(HAZARDS)
    assert all(recipe.weak_against.values())
    for hazard in HAZARDS:
        said = [hazard in recipe.promises, hazard in recipe.weak_against, bool(recipe.cannot_have(hazard))]
        assert said.count(True) == 1, (hazard, said)


def test_the_full_recipe_is_the_whole_one():
    full = RECIPES["full"]
    masters = [each for each in brokers(full) if each["brokerId"] == "0"]
    assert len(masters) == 2
    assert len(brokers(full)) == 4
    for each in masters:
        assert (each["brokerRole"], each["inSyncReplicas"]) == ("SYNC_MASTER", "2")
        assert each["flushDiskType"] == "SYNC_FLUSH"
        assert int(each["slaveTimeout"]) < full.producer["timeout_ms"]
    assert full.producer["retry_another_broker"]
    assert full.sends_again_s > 0
    assert full.promises == tuple(HAZARDS)


def test_a_recipe_without_a_copy_promises_nothing_for_the_loss_of_its_disk():
    for recipe in RECIPES.values():
        if not TOPOLOGIES[recipe.topology].has_slaves:
            assert "replica-loss" in recipe.weak_against


def test_a_cluster_has_a_relay_only_where_something_is_cut():
    assert options_of(RECIPES["default"], ("cut-clients",)).links
    assert not options_of(RECIPES["default"], ("kill-master", "pause")).links


@pytest.mark.parametrize(("find", "what"), [(find_recipe, "recipe"), (find_hazard, "fault")])
def test_what_does_not_exist_is_told_with_all_that_does(find, what):
    with pytest.raises(ChaosError, match=rf"There is no {what} called 'ful'.* There are: "):
        find("ful")


def test_a_pause_is_longer_than_a_send_waits():
    for name in ("pause", "cut-clients"):
        assert HAZARDS[name].seconds(3.0) > 3.0
