"""Labs 00 and 01, run from top to bottom in a browser, as a learner would."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from rmqlab.cluster import attach
from rmqlab.errors import NoSuchClusterError

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
REPOSITORY = Path(__file__).parents[2]
RUN_S = 150
CLICK_MS = 30_000


@pytest.fixture
def open_lab(jupyterlab, open_notebook):
    """Open a copy of a lab's notebook; end the lab's cluster afterwards."""
    opened = []

    def open_copy(folder, slug):
        opened.append(slug)
        return open_notebook(jupyterlab.copy(REPOSITORY / folder / f"{slug}.ipynb"))

    yield open_copy
    for slug in opened:
        with contextlib.suppress(NoSuchClusterError):
            attach(slug).stop()


def errors(notebook):
    outputs = [output for cell in notebook.saved().cells for output in cell.get("outputs", [])]
    return [output["ename"] for output in outputs if output["output_type"] == "error"]


def test_lab_00_unsolved_runs_to_its_end_and_shows_its_cluster(open_lab, screenshot):
    notebook = open_lab("labs", "00-welcome")
    notebook.run_all()
    notebook.wait_until_run(RUN_S)
    nodes = notebook.pictures("Cluster 00-welcome").first
    expect(nodes.locator('[data-id="n-broker-a"]')).to_contain_text("up")
    expect(nodes).to_contain_text("in route", timeout=CLICK_MS)  # live: a still has no addresses
    assert errors(notebook) == []
    screenshot(nodes, "lab-00-map.png")


def test_lab_01_solved_moves_its_queues_while_it_sends_and_tells_the_facts_of_a_message(
    open_lab, page, screenshot
):
    notebook = open_lab("solutions", "01-concepts")
    notebook.run_all()
    queues = notebook.pictures("Topic").first
    dots = queues.locator("[data-action=select]")
    seen, deadline = [], time.monotonic() + RUN_S
    while not notebook.has_run():
        assert time.monotonic() < deadline, f"not run after {RUN_S} s; the picture had {seen} messages"
        if queues.count() and (not seen or seen[-1] != dots.count()):
            seen.append(dots.count())
        page.wait_for_timeout(20)
    assert len(set(seen)) > 1, f"the picture stood still: {seen}"

    dots.first.click()
    expect(queues.locator("[data-id=message]")).to_contain_text("commit log", timeout=CLICK_MS)
    assert errors(notebook) == []
    queues.evaluate("each => each.scrollIntoView({block: 'center'})")
    screenshot(page, "lab-01-queues.png")
