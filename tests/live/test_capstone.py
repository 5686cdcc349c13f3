"""The order systems of lab 14 on a real broker: the solution gets 100 points, the careless one never.

Every day one seed. `RMQLAB_LONG=1 pytest tests/live/test_capstone.py -s` tries the ten of docs/capstone.md.
"""

from __future__ import annotations

import ast
import os
import runpy
from pathlib import Path

import pytest

from rmqlab.capstone import DANGERS, System, read_outcome, trial
from rmqlab.capstone.dangers import plan
from rmqlab.errors import ChaosError
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster

LONG = "RMQLAB_LONG" in os.environ
SEEDS = range(1, 11) if LONG else range(3, 4)
LAB = Path(__file__).parents[2] / "course" / "14_capstone" / "lab.py"

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The lab's own functions and constants, solutions included, without its cells."""
    tree = ast.parse(LAB.read_text(encoding="utf-8"))
    kept = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
    ]
    path = tmp_path_factory.mktemp("shop") / "shop_of_lab_14.py"
    path.write_text(ast.unparse(ast.Module(kept, [])), encoding="utf-8")
    return runpy.run_path(str(path))


@pytest.fixture(scope="module")
def careless(shop):
    return System(
        place_order=shop["place_carelessly"],
        on_order=shop["reserve_carelessly"],
        on_payment=shop["pay_carelessly"],
        on_timeout=shop["cancel_carelessly"],
    )


@pytest.fixture(scope="module")
def careful(shop):
    roles = ("place_order", "send_outbox", "on_order", "on_payment", "on_timeout")
    return System(**{role: shop[role] for role in roles})


@pytest.fixture(scope="module")
def network():
    """A broker as the lab's."""
    options = ClusterOptions.of(flush="sync", links=True, delay_levels="1s 4s 1s 1s 1s 2s")
    cluster = start_cluster("single", name=f"capstone-{os.getpid()}", options=options, lease_s=600)
    yield cluster
    cluster.stop(keep_files=False)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_solution_gets_a_hundred_points_whatever_happens(careful, network, seed):
    outcome = trial(careful, network, seed=seed)
    print(f"careful, seed {seed}: {outcome}")  # noqa: T201
    assert [each for each in outcome.happened if not each.took_effect] == []
    assert outcome.total == 100, str(outcome)
    assert outcome.score.orders > 20  # on a busy machine customers come more slowly


@pytest.mark.parametrize("seed", SEEDS)
def test_the_careless_system_never_does(careless, network, seed):
    outcome = trial(careless, network, seed=seed)
    print(f"careless, seed {seed}: {outcome}")  # noqa: T201
    assert outcome.total < 100
    assert {"charged-twice", "reserved-twice", "stuck"} <= outcome.score.reasons.keys()
    assert outcome.facts.states[outcome.hit_by("shop-killed")] == "open"
    assert len(outcome.happened) == 6


def test_on_a_quiet_day_the_careless_system_works_and_a_trial_is_found_again(careless, network):
    outcome = trial(careless, network, dangers=())
    assert outcome.total == 100, str(outcome)
    assert read_outcome(network, outcome.name) == outcome.outcome


def test_a_trial_that_never_was_is_not_found(network):
    with pytest.raises(ChaosError, match="has had no trial called 'forged'"):
        read_outcome(network, "forged")


def test_a_system_whose_functions_raise_is_told_what_they_raised(careful, network):
    broken = System(**{**vars(careful), "on_timeout": raises})
    outcome = trial(broken, network, dangers=())
    assert {"stuck", "undone"} <= outcome.score.reasons.keys()
    assert "on_timeout: RuntimeError: no clock" in outcome.raised


def raises(message):
    raise RuntimeError("no clock")


def test_seeds_settle_the_order_of_the_dangers():
    orders = {plan(seed) for seed in range(1, 11)}
    assert len(orders) == 10
    assert all(len(set(each)) == 6 and set(each) <= set(DANGERS) for each in orders)
    assert all({"shop-killed", "sent-twice", "bank-away"} <= set(each) for each in orders)
    assert plan(4) == plan(4)
