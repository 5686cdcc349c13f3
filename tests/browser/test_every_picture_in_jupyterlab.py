"""Every kind of picture, live in JupyterLab: it appears, moves when the broker changes, does what is clicked.

One JupyterLab, one notebook, one cluster; the cluster is changed from here, not from the notebook.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from jupyterlab import NotebookPage, errors_of
from playwright.sync_api import expect

from rmqlab.client import PushConsumer, TransactionMQProducer
from rmqlab.client.admin import Admin
from rmqlab.starting import start_cluster
from rmqlab.views import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
CLUSTER = "every-picture"
MS = 1000
SLOW_MS = 40 * MS


class World:
    """The cluster, and what is done to it behind the notebook's back."""

    def __init__(self) -> None:
        self.cluster = start_cluster(name=CLUSTER, lease_s=300)
        self.admin = Admin(self.cluster.namesrv)
        self._clients = []
        for topic in ("orders", "steps", "piling-up", "failing"):
            self.admin.create_topic(topic)

    def send(self, topic: str = "orders", **changes: int) -> None:
        from rocketmq.client import Message, Producer  # noqa: PLC0415 - the import waits for the JVM

        producer = Producer("every-picture")
        producer.set_name_server_address(self.cluster.namesrv)
        producer.start()
        message = Message(topic)
        message.set_keys("order-77")
        message.set_tags("pay")
        message.set_body("from outside")
        if "level" in changes:
            message.set_delay_time_level(changes["level"])
        producer.send_sync(message)
        producer.shutdown()

    def consume(self, group: str, topic: str, *, well: bool = True) -> None:
        from rocketmq.client import ConsumeStatus  # noqa: PLC0415 - as above

        answer = ConsumeStatus.CONSUME_SUCCESS if well else ConsumeStatus.RECONSUME_LATER
        consumer = PushConsumer(group)
        consumer.set_name_server_address(self.cluster.namesrv)
        consumer.subscribe(topic, lambda _message: answer)
        consumer.start()
        self._clients.append(consumer)

    def fail_a_message(self) -> None:
        self.consume("failing-group", "failing", well=False)
        self.send("failing")

    def transact(self) -> None:
        from rocketmq.client import Message, TransactionStatus  # noqa: PLC0415 - as above

        producer = TransactionMQProducer("every-transaction", lambda _: TransactionStatus.UNKNOWN)
        producer.set_name_server_address(self.cluster.namesrv)
        producer.start()
        self._clients.append(producer)
        message = Message("orders")
        message.set_keys("order-88")
        message.set_body("both or neither")
        producer.send_message_in_transaction(message, lambda *_: TransactionStatus.UNKNOWN)

    def close(self) -> None:
        for client in self._clients:
            client.shutdown()
        self.admin.close()
        self.cluster.stop()


@dataclass(frozen=True)
class Case:
    """How a kind is shown, how the cluster is changed, and what the picture says then."""

    what: str
    title: str
    change: Callable[[World], object] | None
    then: str = ""


# The order matters: the last one disturbs the broker.
CASES = {
    "sends": Case("calls={'sync': [(0.0, 0.01, 0.01)]}", "How long", None),
    "trace": Case("traces=()", "The way of one message", None),
    "ledger": Case("account=__import__('rmqlab.ledger').ledger.Account(())", "The delivery ledger", None),
    "scoreboard": Case(
        "accounts={'naive': __import__('rmqlab.ledger').ledger.Account(())}", "Scoreboard", None
    ),
    "queues": Case("topic='orders'", "Topic orders", World.send, "1 message in"),
    "lanes": Case("topic='steps'", "Order in", lambda world: world.send("steps"), "order-77"),
    "backlog": Case(
        "topic='piling-up'", "Backlog of", lambda world: world.send("piling-up"), "1 message produced"
    ),
    "topics": Case("", "Topics", lambda world: world.admin.create_topic("brand-new"), "brand-new"),
    "rebalance": Case(
        "topic='orders', group='packing'",
        "Group packing",
        lambda world: world.consume("packing", "orders"),
        "1 consumer online, 4 queues",
    ),
    "delays": Case("", "Delay board", lambda world: world.send(level=18), "order-77"),
    "retries": Case("group='failing-group'", "Retries of", World.fail_a_message, "1 waiting"),
    "transactions": Case("", "Transactions", World.transact, "order-88"),
    "positions": Case("", "Commit logs", World.send),
    "map": Case("", "Cluster", lambda world: world.cluster.nodes["broker-a"].pause(), "paused"),
}


@pytest.fixture(scope="module")
def world():
    world = World()
    yield world
    world.close()


@pytest.fixture(scope="module")
def notebook(world, jupyterlab, chromium):
    """The notebook with a picture of each kind, and the errors that its page has seen."""
    cells = [
        f"from rmqlab.cluster import attach\nfrom rmqlab.views import show\ncluster = attach({CLUSTER!r})",
        *(f"show({kind!r}, cluster, {case.what})" for kind, case in CASES.items()),
    ]
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    errors = errors_of(page)
    notebook = NotebookPage(page, jupyterlab, jupyterlab.write("every-picture.ipynb", *cells))
    notebook.errors = errors
    notebook.run_all()
    notebook.wait_until_run(120)
    yield notebook
    page.close()


def picture_of(notebook, kind):
    """Return the live picture of a kind: the one in its cell."""
    cell = notebook.page.locator(".jp-CodeCell").nth(1 + list(CASES).index(kind))
    picture = cell.locator(".rmqlab-view svg")
    picture.scroll_into_view_if_needed(timeout=SLOW_MS)
    return picture


def test_each_kind_of_picture_is_tested_here():
    assert CASES.keys() == KINDS.keys()


def words(picture):
    """Return what a picture says, its hovering facts included."""
    return " | ".join(picture.locator("text, title").all_text_contents())


@pytest.mark.parametrize("kind", CASES)
def test_it_appears_follows_the_broker_and_is_held_by_a_click(notebook, world, kind):
    case = CASES[kind]
    picture = picture_of(notebook, kind)
    expect(picture).to_be_visible(timeout=SLOW_MS)
    expect(picture).to_have_attribute("aria-label", re.compile(f"^{re.escape(case.title)}"))
    expect(picture.locator("[data-id=badge]")).to_contain_text("live")

    if case.change is not None:
        before = words(picture)
        assert not case.then or case.then not in before
        case.change(world)
        deadline = time.monotonic() + SLOW_MS / MS
        while (now := words(picture)) == before or case.then not in now:
            assert time.monotonic() < deadline, f"no {case.then!r} in: {now}"
            notebook.page.wait_for_timeout(50)

    hold = picture.locator("[data-action=hold]")
    hold.click()
    expect(picture.locator("[data-id=badge]")).to_contain_text("held", timeout=SLOW_MS)
    hold.press("Enter")
    expect(picture.locator("[data-id=badge]")).to_contain_text("live", timeout=SLOW_MS)

    cell = picture.locator("xpath=ancestor::*[contains(@class, 'rmqlab-view')]")
    cell.locator("summary").click()
    expect(cell.locator("table caption")).to_be_visible(timeout=SLOW_MS)
    cell.locator("summary").click()
    assert notebook.errors == []
