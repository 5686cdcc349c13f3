"""Dangers that look at what they have hurt: their evidence, and their second try. Without a cluster."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from random import Random
from types import SimpleNamespace

import pytest

if os.environ.get("RMQLAB_CLIENT") == "native":
    pytest.skip("rmqlab.client needs our own library", allow_module_level=True)

from rmqlab.capstone import DANGERS, Bank, make_shop, trying
from rmqlab.capstone import dangers as capstone_dangers
from rmqlab.capstone.dangers import Danger
from rmqlab.capstone.facts import ledger_of
from rmqlab.errors import FaultError
from rmqlab.ledger.journal import Delivered, Journal

pytestmark = pytest.mark.unit

CHARGE = (40, "valid")


class Asked(Bank):
    """A bank that some ask as soon as it is hurt."""

    asked = 0

    def hurt(self, **how):
        left = super().hurt(**how)
        for number in range(self.asked if how else 0):
            self.charge(str(number), *CHARGE, str(number))
        return left


class Service:
    """Stands for a service: whom it holds, and what becomes of it."""

    name, pid = "stock", 7

    def __init__(self, *held, resumed=lambda: None, killed=lambda: None):
        self._held, self._resumed, self._killed = list(held), resumed, killed
        self.done = []

    def hold(self, timeout_s):
        del timeout_s
        return self._held.pop(0)

    def resume(self):
        self._resumed()

    def kill(self):
        self._killed()
        self.done.append("kill")

    def __getattr__(self, name):
        return lambda: self.done.append(name)


# -- the bank ----------------------------------------------------------------------------------------


@pytest.fixture
def bank(tmp_path, monkeypatch):
    monkeypatch.setattr(capstone_dangers, "_BANK_S", 0.1)
    with Asked(tmp_path / "bank.db") as opened:
        yield opened


def test_a_bank_that_too_few_have_asked_tells_how_many(bank):
    bank.asked = 1
    evidence, _ = DANGERS["bank-away"].happen(SimpleNamespace(bank=bank, luck=Random(1)))
    assert evidence == "The bank charged 1 times and answered too late, and refused 0 times."
    assert bank.is_well


def test_a_bank_that_nobody_has_asked_has_hurt_nobody(bank):
    with pytest.raises(FaultError, match="charged nobody while it was slow"):
        DANGERS["bank-away"].happen(SimpleNamespace(bank=bank, luck=Random(1)))
    assert bank.is_well


@pytest.mark.parametrize(("held", "done"), [("2", "charged"), ("1", "found cancelled")])
def test_payment_is_killed_with_an_order_in_its_hands_and_it_is_told_what_was_done(bank, held, done):
    bank.charge("2", *CHARGE, "2")
    payment = Service(held)
    evidence, number = DANGERS["payment-killed"].happen(SimpleNamespace(bank=bank, payment=payment))
    assert number == held
    assert f"It had {done} {held}" in evidence
    assert payment.done == ["kill", "replace"]


# -- the stock ---------------------------------------------------------------------------------------


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """What the death of the stock service needs; `stock` is the test's."""
    for name, seconds in {"_DELIVERED_S": 0.1, "_REPORTED_S": 0}.items():
        monkeypatch.setattr(capstone_dangers, name, seconds)
    make_shop(tmp_path / "shop.db")
    return SimpleNamespace(
        cluster=SimpleNamespace(record=SimpleNamespace(folder=tmp_path)),
        trial="abc",
        database=tmp_path / "shop.db",
        customers=SimpleNamespace(wait_for=lambda *_: True),
    )


def lets_nobody_write(database):
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


def test_stock_is_killed_with_an_order_in_its_hands(scene, tmp_path):
    journal, locked = Journal(tmp_path / "ledgers" / "trial-abc"), []

    def delivered():
        journal.write(Delivered("m", "stock", "process 7", 0, time.time()))

    scene.stock = Service(resumed=delivered, killed=lambda: locked.append(lets_nobody_write(scene.database)))
    DANGERS["stock-killed"].happen(scene)
    assert locked == [True]
    assert scene.stock.done == ["suspend", "kill", "replace"]
    assert not lets_nobody_write(scene.database)


def test_stock_whom_no_order_reaches_is_not_killed(scene, tmp_path):
    journal = Journal(tmp_path / "ledgers" / "trial-abc")
    journal.write(Delivered("m", "stock", "process 7", 0, time.time()))  # before
    scene.stock = Service(
        resumed=lambda: journal.write(Delivered("m", "payment", "process 8", 0, time.time()))
    )
    with pytest.raises(FaultError, match="No order reached the stock service"):
        DANGERS["stock-killed"].happen(scene)
    assert scene.stock.done == ["suspend"]
    assert not lets_nobody_write(scene.database)


def test_a_ledger_counts_what_a_group_was_given(scene, tmp_path):
    journal = Journal(tmp_path / "ledgers" / "trial-abc")
    for group in ("stock", "payment", "stock"):
        journal.write(Delivered("m", group, "process 7", 0, time.time()))
    assert ledger_of(scene.cluster, "abc").deliveries("stock") == 2


# -- copies ------------------------------------------------------------------------------------------


def test_messages_that_were_sent_twice_are_told_by_their_topic(monkeypatch):
    def messages(_, topic):
        return [SimpleNamespace(topic=topic, keys=f"abc-{number}") for number in range(3)][
            : 3 if topic == "orders" else 1
        ]

    sent = []
    monkeypatch.setattr(capstone_dangers, "_messages", messages)
    monkeypatch.setattr(capstone_dangers, "_send_copy", lambda _, message: sent.append(message.keys))
    evidence, _ = DANGERS["sent-twice"].happen(SimpleNamespace(luck=Random(1)))
    assert (
        evidence
        == f"Sent once more, of the topic orders: {', '.join(sent[:3])}; of the topic timeouts: abc-0."
    )


# -- twice -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "took_effect", "tries"), [(0, True, 1), (1, True, 2), (2, False, 2), (3, False, 2)]
)
def test_a_danger_that_hurt_nobody_is_tried_once_more(monkeypatch, failures, took_effect, tries):
    tried = []

    def happen(scene):
        tried.append(scene)
        if len(tried) <= failures:
            raise FaultError(f"Nobody,\n  {len(tried)}.")
        return "Somebody.", "7"

    monkeypatch.setattr(trying, "DANGERS", {"any": Danger("any", "", happen)})
    happened = trying._happen("any", "scene")
    assert tried == ["scene"] * tries
    assert happened.took_effect is took_effect
    assert (happened.evidence, happened.order) == (("Somebody.", "7") if took_effect else ("Nobody, 2.", ""))
