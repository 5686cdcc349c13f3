"""The ledger against a broker that loses, repeats and reorders on purpose: it finds exactly what was done."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmqlab.ledger import Answer, Copy, Holding, Verdict, reconcile
from rmqlab.ledger.journal import Answered, Delivered, Processed, Sent

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

_ANSWERS = {
    "OK": Answer.ACKNOWLEDGED,
    "FLUSH_DISK_TIMEOUT": Answer.DOUBTFUL,
    "FLUSH_SLAVE_TIMEOUT": Answer.DOUBTFUL,
    "SLAVE_NOT_AVAILABLE": Answer.DOUBTFUL,
    "TIMEOUT": Answer.UNKNOWN,
    "NONE": Answer.UNKNOWN,
    "": Answer.UNKNOWN,  # the program died before the answer
    "FAILED": Answer.FAILED,
    "REFUSED": Answer.FAILED,
}


@dataclass
class Fate:
    """What the fake broker does with one message."""

    answer: str
    copies: int
    deliveries: int
    key: str
    is_dead: bool


@dataclass
class FakeBroker:
    """Takes messages, and does to each what its fate says."""

    events: list = field(default_factory=list)
    stored: dict = field(default_factory=dict)
    dead: dict = field(default_factory=dict)
    clock: float = 0.0

    def take(self, number: int, fate: Fate) -> None:
        name = f"m{number}"
        self.events.append(Sent(name, "orders", fate.key, self.tick()))
        if fate.answer:
            self.events.append(Answered(name, fate.answer, "", self.tick()))
        if fate.copies:
            self.stored[name] = tuple(Copy("broker-a", 0, 10 * number + each) for each in range(fate.copies))
        if fate.is_dead:
            self.dead[name] = ("stock",)

    def deliver(self, number: int, fate: Fate) -> None:
        for times in range(fate.deliveries):
            self.events.append(Delivered(f"m{number}", "stock", "a", times, self.tick()))
            self.events.append(Processed(f"m{number}", "stock", "a", done=True, at=self.tick()))

    def tick(self) -> float:
        self.clock += 1
        return self.clock

    @property
    def holding(self) -> Holding:
        return Holding(self.stored, self.dead)


fates = st.builds(
    Fate,
    st.sampled_from(sorted(_ANSWERS)),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from("ABC"),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(fates, max_size=12), st.randoms(use_true_random=False))
def test_it_finds_exactly_what_the_broker_did(sent, random):
    broker = FakeBroker()
    for number, fate in enumerate(sent):
        broker.take(number, fate)
    order = list(range(len(sent)))
    random.shuffle(order)
    for number in order:
        broker.deliver(number, sent[number])
    account = reconcile(broker.events, broker.holding, groups=["stock"])
    assert len(account.entries) == len(sent)
    for number, (entry, fate) in enumerate(zip(account.entries, sent, strict=True)):
        told = _ANSWERS[fate.answer]
        overtaken_by = [
            other
            for other in order[: order.index(number)]
            if other > number and sent[other].key == fate.key and sent[other].deliveries
        ]
        expected = {
            Verdict.ACKNOWLEDGED_AND_LOST: told is Answer.ACKNOWLEDGED and not fate.copies,
            Verdict.DOUBTFUL_AND_LOST: told is Answer.DOUBTFUL and not fate.copies,
            Verdict.UNKNOWN_AND_LOST: told is Answer.UNKNOWN and not fate.copies,
            Verdict.UNKNOWN_AND_STORED: told is Answer.UNKNOWN and fate.copies > 0,
            Verdict.FAILED_BUT_STORED: told is Answer.FAILED and fate.copies > 0,
            Verdict.DUPLICATED: fate.copies > 1 or fate.deliveries > 1,
            Verdict.OUT_OF_ORDER: bool(fate.deliveries and overtaken_by),
            Verdict.LATE: False,
            Verdict.DEAD_LETTERED: fate.is_dead,
            Verdict.NOT_DELIVERED: bool(fate.copies and not fate.deliveries and not fate.is_dead),
        }
        assert entry.answer is told
        assert set(entry.verdicts) == {verdict for verdict, holds in expected.items() if holds}


def test_the_best_answer_of_several_attempts_counts():
    events = [Sent("m", "orders", "", at) for at in (1, 3)]
    events += [Answered("m", "TIMEOUT", "", 2), Answered("m", "OK", "", 4)]
    account = reconcile(events, Holding())
    assert (account.entries[0].answer, account.lost) == (Answer.ACKNOWLEDGED, 1)


def test_a_status_other_than_ok_is_never_counted_as_safe():
    events = [Sent("m", "orders", "", 1), Answered("m", "FLUSH_DISK_TIMEOUT", "", 2)]
    account = reconcile(events, Holding())
    assert (account.lost, account.verdicts()) == (0, {Verdict.DOUBTFUL_AND_LOST: 1})


def test_a_message_that_every_member_of_a_broadcasting_group_got_is_no_duplicate():
    events = [Sent("m", "prices", "", 1), Answered("m", "OK", "", 2)]
    events += [Processed("m", "caches", node, done=True, at=3) for node in ("node-1", "node-2")]
    events += [Delivered("m", "caches", node, 0, 2.5) for node in ("node-1", "node-2")]
    holding = Holding({"m": (Copy("broker-a", 0, 0),)})
    assert reconcile(events, holding, broadcasting=["caches"]).verdicts() == {}
    assert reconcile(events, holding).verdicts() == {Verdict.DUPLICATED: 1}


def test_late_is_what_came_after_the_limit():
    events = [Sent("m", "orders", "", 100.0), Answered("m", "OK", "", 100.1)]
    events += [Delivered("m", "stock", "a", 0, 106.0)]
    holding = Holding({"m": (Copy("broker-a", 0, 0),)})
    assert reconcile(events, holding, late_after_s=5).verdicts() == {Verdict.LATE: 1}
    assert reconcile(events, holding, late_after_s=7).verdicts() == {}


def test_a_hundred_thousand_messages_are_reconciled_in_seconds():
    events, stored = [], {}
    for number in range(100_000):
        name = f"m{number}"
        events += [
            Sent(name, "orders", f"k{number % 100}", number),
            Answered(name, "OK", "", number + 0.1),
        ]
        events += [
            Delivered(name, "stock", "a", 0, number + 0.2),
            Processed(name, "stock", "a", done=True, at=number + 0.3),
        ]
        stored[name] = (Copy("broker-a", 0, number),)
    began = time.perf_counter()
    account = reconcile(events, Holding(stored))
    assert time.perf_counter() - began < 20  # 1 s on a quiet machine
    assert (len(account.entries), account.verdicts()) == (100_000, {})


# -- what is shown ------------------------------------------------------------------------------------


def test_an_account_says_what_is_wrong_and_can_be_taken_along(tmp_path: Path):
    events = [
        Sent("m", "orders", "k", 1),
        Answered("m", "OK", "", 2),
        Sent("n", "orders", "", 3),
    ]
    account = reconcile(events, Holding({"n": (Copy("broker-a", 0, 1),)}))
    assert repr(account).splitlines() == [
        "2 messages sent: 1 acknowledged, 1 unknown",
        "  1 acknowledged and lost",
        "  1 unknown and stored",
    ]
    account.to_csv(tmp_path / "account.csv")
    with (tmp_path / "account.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["entry"], row["answer"], row["verdicts"]) for row in rows] == [
        ("m", "acknowledged", "acknowledged and lost"),
        ("n", "unknown", "unknown and stored"),
    ]
    assert json.loads(json.dumps(account.rows()))[0]["number"] == 0
