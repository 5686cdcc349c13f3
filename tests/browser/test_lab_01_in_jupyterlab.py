"""Lab 01, run from top to bottom in a browser as a learner would, with its solutions in place."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from rmqlab.cluster import attach
from rmqlab.errors import NoSuchClusterError

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SLUG = "01-concepts"
NOTEBOOK = Path(__file__).parents[2] / "solutions" / f"{SLUG}.ipynb"
RUN_S = 150
MS = 1000


@pytest.fixture
def notebook(jupyterlab, open_notebook):
    yield open_notebook(jupyterlab.copy(NOTEBOOK))
    with contextlib.suppress(NoSuchClusterError):
        attach(SLUG).stop()


def test_its_queues_move_while_messages_are_sent_and_its_messages_can_be_clicked(notebook, page, screenshot):
    notebook.clear_outputs()
    notebook.run_all()
    queues = notebook.pictures("Topic").first
    dots = queues.locator("[data-action=select]")
    seen, deadline = [], time.monotonic() + RUN_S
    while not notebook.has_run():
        assert time.monotonic() < deadline, f"not run after {RUN_S} s"
        if queues.count() and (not seen or seen[-1] != dots.count()):
            seen.append(dots.count())
        page.wait_for_timeout(20)
    assert len(set(seen)) > 1, f"the picture stood still: {seen}"

    dots.first.click()
    card = queues.locator("[data-id=message]")
    expect(card).to_contain_text("commit log", timeout=30 * MS)
    queues.scroll_into_view_if_needed()
    screenshot(page, "lab-01.png")
    screenshot(queues, "queues.png")
    outputs = [output for cell in notebook.saved().cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output["output_type"] == "error"] == []
