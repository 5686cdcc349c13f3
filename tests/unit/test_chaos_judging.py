"""From a ledger's account to a run: what counts as under way, how long nothing worked, what happened when."""

from __future__ import annotations

from contextlib import closing

import pytest
from chaos_hand_made import a_run

from rmqlab.chaos.effects import add_effect, make_effects, open_effects
from rmqlab.chaos.judging import judged
from rmqlab.idempotence import once
from rmqlab.ledger import Copy, Holding, reconcile
from rmqlab.ledger.journal import Answered, Delivered, Processed, Sent

pytestmark = pytest.mark.unit

START = 1000.0
BEGUN, LAST, ENDED = START + 1.0, START + 2.0, START + 3.0


def message(number, sent, *answers, stored=1, done=()):
    """Return the events of one message, and what the broker holds of it; all times from the start."""
    name = f"m{number}"
    events = [Sent(name, "orders", "key", START + sent)]
    for answer, at in answers:
        events.append(Answered(name, answer, "", START + at))
    for at in done:
        events.append(Delivered(name, "stock", "consumer-1", 0, START + at))
        events.append(Processed(name, "stock", "consumer-1", done=True, at=START + at))
    return events, {name: tuple(Copy("broker-a", 0, number * 10 + each) for each in range(stored))}


def judge(*messages, database, consumers=2):
    events = [event for part, _ in messages for event in part]
    holding = Holding({name: copies for _, held in messages for name, copies in held.items() if copies})
    account = reconcile(events, holding)
    return judged(a_run(consumers=consumers), account, database, BEGUN, LAST, ENDED)


@pytest.fixture
def database(tmp_path):
    """Effects of a trial in which m1 was done."""
    path = tmp_path / "effects.db"
    make_effects(path)
    with closing(open_effects(path)) as db:
        for _ in range(2):
            once(db, "m1", lambda: add_effect(db, "m1"))
    return path


def test_what_was_acknowledged_and_is_nowhere_is_lost_and_what_is_stored_twice_is_duplicated(database):
    run = judge(
        message(1, 0.1, ("OK", 0.2), done=[0.3]),
        message(2, 1.5, ("OK", 1.6), stored=0),
        message(3, 1.6, ("TIMEOUT", 2.0), stored=2),
        message(4, 3.1, ("OK", 3.2)),
        database=database,
    )
    assert (run.sent, run.acknowledged, run.unknown) == (4, 3, 1)
    assert (run.lost, run.stored_twice, run.duplicated, run.undelivered) == (1, 1, 1, 2)
    assert (run.effects_twice, run.effects_missing) == (0, 0)


@pytest.mark.parametrize(
    ("sent", "answers", "is_open"),
    [
        (0.5, [("OK", 0.9)], False),
        (0.9, [("OK", 1.1)], True),
        (1.5, [("FAILED", 1.6)], True),
        (1.9, [], True),
        (2.5, [("OK", 2.6)], False),  # the fault was being mended
    ],
    ids=["before", "across its begin", "in it", "without an answer", "after it"],
)
def test_a_fault_that_meets_no_send_is_void(database, sent, answers, is_open):
    run = judge(message(1, sent, *answers, done=[3.5]), database=database)
    assert run.in_flight == is_open
    assert bool(run.void) is not is_open


def test_sends_stand_still_from_the_fault_on_until_the_next_acknowledgement(database):
    run = judge(
        *(message(number, at, ("OK", at), done=[at + 0.1]) for number, at in enumerate((0.9, 1.2, 3.5, 9.0))),
        database=database,
    )
    assert run.sends_stalled_s == 2.3  # and not the silence after its end
    assert run.receives_stalled_s == 2.3


def test_receives_that_never_come_back_have_no_time(database):
    run = judge(message(1, 1.5, ("OK", 3.6), done=[1.6]), database=database)
    assert run.receives_stalled_s is None
    assert judge(message(1, 1.5, ("OK", 3.6)), database=database, consumers=0).receives_stalled_s is None


def test_an_effect_that_happened_twice_or_not_at_all_is_seen(database):
    with closing(open_effects(database)) as db:
        add_effect(db, "m1")
        db.commit()
    run = judge(
        message(1, 1.1, ("OK", 1.2), done=[1.3]), message(2, 1.1, ("OK", 1.2), done=[1.4]), database=database
    )
    assert (run.effects_twice, run.effects_missing) == (1, 1)


def test_a_timeline_counts_tenths_of_a_second_from_the_first_send_on(database):
    line = judge(
        message(1, 0.0, ("OK", 0.05), done=[0.25]),
        message(2, 0.1, ("TIMEOUT", 1.95), ("OK", 3.05)),
        database=database,
    ).timeline
    assert (line.begun, line.ended) == (1.0, 3.0)
    assert [tick for tick, number in enumerate(line.acknowledged) if number] == [0, 30]
    assert [tick for tick, number in enumerate(line.failed) if number] == [19]
    assert [tick for tick, number in enumerate(line.delivered) if number] == [2]
