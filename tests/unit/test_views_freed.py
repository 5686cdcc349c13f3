"""Live pictures of cells that run again: what nobody sees any more is freed."""

from __future__ import annotations

import time

import pytest
from observe_stand_ins import FakeCluster

from rmqlab.observe import Feed, Reader
from rmqlab.views import KINDS, View

pytestmark = pytest.mark.unit
DEADLINE_S = 20


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def feed(cluster):
    return Feed(100, lambda source: Reader(source, cluster.connect, cluster.registered))


class Shell:
    """A notebook's shell, as far as a view asks it: the cell that runs, and those that were deleted."""

    def __init__(self):
        self.metadata = {}
        self.kernel = self
        self.events = self
        self.hooks = {}

    def get_parent(self):
        return {"metadata": self.metadata}

    def register(self, name, hook):
        self.hooks[name] = hook

    def run(self, cell, *deleted):
        self.metadata = {"cellId": cell, "deletedCells": list(deleted)}
        self.hooks.get("pre_run_cell", lambda _: None)(None)


@pytest.fixture
def shell(monkeypatch):
    shell = Shell()
    monkeypatch.setattr("rmqlab.views.notebook._shell", lambda: shell)
    monkeypatch.setattr("rmqlab.views.notebook._watched", [])
    monkeypatch.setattr("rmqlab.views.notebook._running", [])
    return shell


def test_a_cell_that_runs_again_frees_the_widget_of_its_last_run(cluster, feed, shell):
    shell.run("cell-1")
    first = View(KINDS["map"], cluster, {}, through=feed)
    first._repr_mimebundle_()
    widget = first._picture
    assert widget.comm is not None
    shell.run("cell-2")
    assert first._picture is widget
    shell.run("cell-1")
    assert first._picture is None
    assert widget.comm is None
    deadline = time.monotonic() + DEADLINE_S
    while feed.running:
        assert time.monotonic() < deadline, "it polls for nobody"
        time.sleep(0.002)


def test_a_view_in_two_cells_lives_until_both_ran_again_and_can_be_shown_anew(cluster, feed, shell):
    view = View(KINDS["map"], cluster, {}, through=feed)
    for cell in ("cell-1", "cell-2"):
        shell.run(cell)
        view._repr_mimebundle_()
    shell.run("cell-1")
    assert view._picture is not None
    shell.run("cell-3", "cell-2")  # cell 2 was deleted
    assert view._picture is None
    shell.run("cell-1")
    view._repr_mimebundle_()
    assert view._picture is not None
    view.close()
