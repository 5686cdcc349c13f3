"""Chaos: recipes tried under hazards on real clusters, judged by the delivery ledger.

`recipes` and `hazards` say what is tried, `trial` does it (with `senders` and `consumers`), `judging` adds
up to a `run`, `campaign` does many, and
`matrix`, `picture` and `report` say what came out.
"""

from __future__ import annotations

from rmqlab.chaos.campaign import campaign
from rmqlab.chaos.hazards import HAZARDS, Hazard
from rmqlab.chaos.matrix import Cell, Matrix, matrix
from rmqlab.chaos.recipes import RECIPES, Recipe
from rmqlab.chaos.run import Run, committed, read_runs
from rmqlab.chaos.trial import run_trial

__all__ = [
    "HAZARDS",
    "RECIPES",
    "Cell",
    "Hazard",
    "Matrix",
    "Recipe",
    "Run",
    "campaign",
    "committed",
    "matrix",
    "read_runs",
    "run_trial",
]
