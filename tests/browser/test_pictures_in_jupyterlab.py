"""The pictures, live in JupyterLab: they move while a cell runs, clicks act, nothing breaks in the page."""

from __future__ import annotations

import contextlib
import time

import pytest
from jupyterlab import START_S
from playwright.sync_api import expect

from rmqlab.cluster import attach
from rmqlab.errors import NoSuchClusterError

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
CLUSTER = "in-the-browser"
MS = 1000
SLOW_S = 30
MESSAGES = 24

START = f"""
from rmqlab.client.admin import Admin
from rmqlab.starting import start_cluster
from rmqlab.views import show
cluster = start_cluster(name="{CLUSTER}", lease_s=120)
show("map", cluster)
"""
LOOK = """
admin = Admin(cluster.namesrv)
admin.create_topic("orders")
view = show("queues", cluster, topic="orders")
view
"""
SEND = f"""
import time
from rocketmq.client import Message, Producer
producer = Producer("browser")
producer.set_name_server_address(cluster.namesrv)
producer.start()
for number in range({MESSAGES}):
    message = Message("orders")
    message.set_keys(f"order-{{number % 3}}")
    message.set_body(f"number {{number}}")
    producer.send_sync(message)
    time.sleep(0.3)
producer.shutdown()
"""
KEEP = "view.snapshot()"


@pytest.fixture
def notebook(jupyterlab, open_notebook):
    """A notebook that was run: map, queues, sends, still."""
    notebook = open_notebook(jupyterlab.write("pictures.ipynb", START, LOOK, SEND, KEEP))
    yield notebook
    with contextlib.suppress(NoSuchClusterError):
        attach(CLUSTER).stop()


def test_the_pictures_follow_the_broker_and_do_what_is_clicked(notebook, page):
    notebook.run_all()
    queues, nodes = notebook.pictures("Topic orders"), notebook.pictures("Cluster")
    dots = queues.locator("[data-action=select]")

    # The queues fill while the cell that sends is still running.
    expect(queues).to_be_visible(timeout=START_S * MS)
    counts, deadline = set(), time.monotonic() + SLOW_S
    while (count := dots.count()) < MESSAGES:
        counts.add(count)
        assert time.monotonic() < deadline, f"saw only {sorted(counts)}"
        page.wait_for_timeout(20)
    assert len(counts) >= 3, f"it jumped: {sorted(counts)}"
    assert queues.locator("title", has_text="key order-2").count() == MESSAGES // 3

    # A message tells its facts when it is clicked, and by the keyboard.
    card = queues.locator("[data-id=message]")
    dots.nth(0).click()
    expect(card).to_contain_text("number", timeout=SLOW_S * MS)
    dots.nth(0).press("Enter")
    expect(card).to_have_count(0, timeout=SLOW_S * MS)

    # Only now, with the still taken: it is of a broker that answers.
    notebook.wait_until_run(SLOW_S)

    # A node is paused: its card says so, the queues say why they are silent, and both come back.
    nodes.locator('[data-action=pause][data-target="broker-a"]').click()
    expect(nodes.locator('[data-id="n-broker-a"]')).to_contain_text("paused", timeout=SLOW_S * MS)
    expect(queues).to_contain_text("broker-a is paused", timeout=SLOW_S * MS)
    nodes.locator('[data-action=resume][data-target="broker-a"]').click()
    expect(nodes.locator('[data-action=pause][data-target="broker-a"]')).to_be_visible(timeout=SLOW_S * MS)
    expect(queues).not_to_contain_text("is paused", timeout=SLOW_S * MS)

    # Held, a picture stands still.
    queues.locator("[data-action=hold]").click()
    expect(queues).to_contain_text("held", timeout=SLOW_S * MS)

    # The table says the same in words.
    page.locator(".rmqlab-view summary").nth(1).click()
    expect(page.locator(".rmqlab-view table").last).to_contain_text("broker-a 3")

    # The file keeps a picture and a table without a kernel, and the still has no live view.
    saved = notebook.saved()  # once: JupyterLab does not write again what has not changed
    _, live, _, still = [cell.outputs for cell in saved.cells]
    assert {"image/svg+xml", "text/html", "text/plain"} <= live[0]["data"].keys()
    assert still[0]["data"].keys() == {"image/svg+xml", "text/html", "text/plain"}
    assert f"Topic orders: {MESSAGES} messages" in still[0]["data"]["text/plain"]
    assert "widgets" not in saved.metadata
