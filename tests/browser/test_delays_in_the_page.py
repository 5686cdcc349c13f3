"""The delay board in a page: countdowns that need no frame, and in JupyterLab messages on their way."""

from __future__ import annotations

import contextlib

import pytest
from jupyterlab import START_S
from playwright.sync_api import expect

from rmqlab.client.facts import StoredMessage
from rmqlab.cluster import attach
from rmqlab.errors import NoSuchClusterError
from rmqlab.observe import DelayLevel, Delays, Snapshot, Waiting
from rmqlab.views import KINDS
from rmqlab.views.looker import Looker
from rmqlab.views.scripts import script

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
MS = 1000
SLOW_S = 30
CLUSTER = "delays-in-the-browser"
SHOW_ONCE = """async ([source, svg]) => {
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const model = { get: (name) => (name === "svg" ? svg : ""), on() {}, off() {}, send() {} };
  module.default.render({ model, el: document.body });
}"""
START = f"""
from rmqlab.client import Message, Producer
from rmqlab.client.admin import Admin
from rmqlab.starting import start_cluster
from rmqlab.views import show
cluster = start_cluster(name="{CLUSTER}", lease_s=120)
admin = Admin(cluster.namesrv)
admin.create_topic("reminders")
with Producer("browser", namesrv=cluster.namesrv) as producer:
    for level in (3, 3, 18):
        producer.send(Message("reminders", "x", keys=f"level-{{level}}", delay_level=level))
"""
LOOK = """
view = show("delays", cluster)
view
"""


def board(*left_s: float) -> str:
    """A live board with a message in each level, due in so many seconds."""
    levels = []
    for number, left in enumerate(left_s, 1):
        stored = StoredMessage(
            "SCHEDULE_TOPIC_XXXX", "broker-a", number - 1, 0, 0, "", "", "k", "", b"", {}, 0, 0
        )
        levels.append(
            DelayLevel("broker-a", number, "1m", 0, 1, 0, (Waiting(stored, "orders", round(left * 1000)),))
        )
    return KINDS["delays"].draw(Snapshot("", 0, delays=Delays(tuple(levels))), {}, Looker(live=True)).svg


def test_a_countdown_goes_on_without_another_frame(page):
    page.set_content("<body></body>")
    page.evaluate(SHOW_ONCE, [script("morph", "countdown", "widget"), board(24, 1)])
    row = page.locator('[data-id="row-1"]')
    expect(row).to_contain_text("24 s")
    expect(row).to_contain_text("22 s", timeout=SLOW_S * MS)
    expect(page.locator('[data-id="row-2"]')).to_contain_text("due", timeout=SLOW_S * MS)


@pytest.fixture
def notebook(jupyterlab, open_notebook):
    notebook = open_notebook(jupyterlab.write("delays.ipynb", START, LOOK))
    yield notebook
    with contextlib.suppress(NoSuchClusterError):
        attach(CLUSTER).stop()


def test_messages_wait_on_the_board_and_leave_it_when_they_are_due(notebook):
    notebook.run_all()
    board = notebook.pictures("Delay board")
    expect(board).to_be_visible(timeout=START_S * MS)
    level = board.locator('[data-id="row-3"]')
    dots = level.locator('[data-id^="m-broker-a-3-"]')
    expect(dots).to_have_count(2, timeout=SLOW_S * MS)
    before = dots.first.get_attribute("style")
    expect(dots.first).not_to_have_attribute("style", before, timeout=SLOW_S * MS)
    expect(dots).to_have_count(0, timeout=SLOW_S * MS)
    expect(level).to_contain_text("2 of 2", timeout=SLOW_S * MS)
    expect(board.locator('[data-id="row-18"]')).to_contain_text("1 h 59 min", timeout=SLOW_S * MS)

    board.locator("[data-action=hold]").click()
    expect(board).to_contain_text("held", timeout=SLOW_S * MS)
    expect(board.locator("[data-left]")).to_have_count(0, timeout=SLOW_S * MS)
