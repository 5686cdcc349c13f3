"""Runs made by hand, for tests of what is made of runs."""

from rmqlab.chaos.run import Run, Timeline

TIMELINE = Timeline(1.0, 2.0, (3, 5, 4) * 10, (0,) * 12 + (7,) * 5, (2, 4) * 15)


def a_run(recipe="full", hazard="kill-master", **what):
    """A run of which everything is well but for what is given."""
    facts = {"seed": 7, "number": 0, "backend": "process", "consumers": 2, "when": "2026-11-29 11:00:00"}
    facts |= {"sent": 1000, "acknowledged": 990, "failed": 10, "sends_stalled_s": 1.25, "in_flight": 40}
    facts |= {"receives_stalled_s": 2.5, "evidence": (f"{hazard} took effect.",), "timeline": TIMELINE}
    return Run(recipe, hazard, **{**facts, **what})
