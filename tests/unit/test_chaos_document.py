"""What docs/reliability.md says is what the code and the committed campaign say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rmqlab.chaos import HAZARDS, RECIPES, committed, matrix
from rmqlab.chaos.picture import draw_matrix
from rmqlab.chaos.report import rows

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = (DOCS / "reliability.md").read_text(encoding="utf-8")
TABLE = matrix(committed())


def first_cells(heading):
    section = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)


def test_every_recipe_and_every_fault_is_explained():
    assert first_cells("The recipes") == [*RECIPES]
    assert first_cells("The faults") == [*HAZARDS]


def test_the_table_is_that_of_the_committed_campaign():
    assert [line for line in rows(TABLE) if line not in DOCUMENT] == []
    assert TABLE.summary in DOCUMENT


def test_the_picture_is_that_of_the_committed_campaign():
    drawn = (DOCS / "images" / "reliability.svg").read_text(encoding="utf-8")
    assert drawn == draw_matrix(TABLE).svg + "\n"
    assert float(re.search(r'width="(\d+)"', drawn)[1]) <= 864  # as wide as the other pictures


def test_no_promise_was_broken_and_every_effect_happened_once():
    assert TABLE.broken == ()
    assert all((run.effects_twice, run.effects_missing) == (0, 0) for run in TABLE.runs if run.counts)


def test_the_full_recipe_was_tried_under_a_hundred_faults_of_all_kinds():
    full = [TABLE.cell("full", hazard) for hazard in HAZARDS]
    assert all(cell.runs for cell in full)
    assert sum(len(cell.runs) for cell in full) >= 100
    assert sum(cell.lost + cell.undelivered for cell in full) == 0


@pytest.mark.parametrize(
    ("recipe", "hazard"),
    [
        ("default", "power-loss"),
        ("sync-flush", "replica-loss"),
        ("async-replication", "power-loss"),
        ("sync-replication", "power-loss"),
        ("transient-pool", "kill-master"),
    ],
)
def test_a_weak_recipe_lost_something_in_ten_runs_of_what_it_is_weak_against(recipe, hazard):
    cell = TABLE.cell(recipe, hazard)
    assert hazard in RECIPES[recipe].weak_against
    assert len(cell.runs) >= 10
    assert cell.lost > 0
