"""What the order's picture says."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from lanes_hand_made import HELD_UP, HOME, LATE, LONG, MANY, SPREAD, STEPS, in_order, sent, topic
from views_hand_made import snapshot

from rmqlab.client.facts import QueueRef, QueueStats
from rmqlab.inbox import Inbox
from rmqlab.observe import Gap
from rmqlab.views import KINDS
from rmqlab.views.lanes import NEWEST, SHOWN
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"
KIND = KINDS["lanes"]
PAY = ("order-1", "pay")


def draw(state, *, gaps=(), looker=STILL, **what):
    facts = snapshot(state, gaps=tuple(gaps))
    return KIND.draw(facts if looker.live else facts.still(), {"topic": "steps", **what}, looker)


def rows(state, **what):
    """Key to what the table says of it: queues, stored, consumed, verdict."""
    return {row[0]: row[1:] for row in draw(state, **what).rows}


def test_what_is_consumed_as_it_was_meant_is_in_order():
    drawing = draw(topic(sent()), consumed=in_order(), steps=STEPS)
    assert {row[-1] for row in drawing.rows} == {"✓ in order"}
    assert drawing.title.endswith("12 messages stored, 12 consumed; all in order")


def test_a_step_after_a_later_one_is_out_of_order():
    told = rows(topic(sent()), consumed=LATE, steps=STEPS)
    assert told["order-2"] == (
        "b1",
        "create, pay, deliver, sign",
        "pay, create (✕ out of order), deliver, sign (… waiting)",
        "✕ out of order",
    )


def test_a_step_that_comes_again_is_there_twice():
    told = rows(topic(sent()), consumed=LATE, steps=STEPS)
    assert told["order-1"][2] == "create, pay, pay (↻ twice), deliver, sign (… waiting)"


def test_without_the_programs_word_a_queue_has_its_own_order():
    told = rows(topic(sent()), consumed=LATE)
    assert told["order-2"][2].startswith("pay, create (✕ out of order)")


def test_without_the_programs_word_there_is_no_order_between_queues():
    consumed = [(key, step) for key, step, _ in reversed(SPREAD)]
    assert {row[-1] for row in draw(topic(SPREAD[:9]), consumed=consumed[3:]).rows} == {"✓ in order"}
    told = draw(topic(SPREAD[:9]), consumed=consumed[3:], steps=STEPS)
    assert {row[-1] for row in told.rows} == {"✕ out of order"}


def test_what_lies_behind_a_message_that_fails_is_blocked_and_its_neighbours_too():
    told = rows(topic(sent()), consumed=HELD_UP, failed=[PAY] * 3, steps=STEPS)
    assert told["order-1"][2:] == (
        "create, pay (✕ failed 3 times), deliver (‖ blocked), sign (‖ blocked)",
        "✕ fails",
    )
    assert told["order-3"][3] == "‖ blocked"  # another order in the same queue
    assert told["order-2"][3] == "… waiting"  # another queue


def test_what_failed_and_is_done_says_how_often():
    told = rows(topic(sent()), consumed=in_order(), failed=[PAY, PAY], steps=STEPS)
    assert told["order-1"][2] == "create, pay (after 2 failures), deliver, sign"
    assert told["order-1"][3] == "✓ in order"


def test_a_key_in_several_queues_says_so():
    drawing = draw(topic(SPREAD), consumed=[], steps=STEPS)
    assert drawing.rows[0][1] == "a0 b0 b1"
    assert drawing.svg.count(">in 3 queues<") == 3


def test_without_a_consumer_several_queues_have_no_order_to_judge():
    drawing = draw(topic(SPREAD), steps=STEPS)
    assert {row[-1] for row in drawing.rows} == {"? several queues"}
    assert "in order" not in drawing.title


def test_what_is_stored_in_another_order_than_sent_is_marked_without_any_consumer():
    drawing = draw(topic([sent()[3], *sent()[:3]]), steps=STEPS)
    assert drawing.rows[0] == ("order-1", "a0", "pay, create (✕ out of order)", "-", "✕ out of order")
    assert ">consumed<" not in drawing.svg


def test_keys_can_be_sharding_keys_in_a_still_too():
    assert set(rows(topic(sent()), by="sharding")) == {f"{key}-shard" for key in HOME}


def test_a_step_can_be_named_by_the_body():
    assert rows(topic(sent()), step="body")["order-1"][1] == "create, pay, deliver, sign"


def test_what_was_there_before_is_left_out():
    before = {
        QueueRef("steps", "broker-a", 0): QueueStats(0, 4),
        QueueRef("steps", "broker-b", 1): QueueStats(0, 3),
    }
    told = rows(topic(sent()), since=before)
    assert [told[key][1] for key in HOME] == ["deliver, sign", "sign", "deliver, sign"]


def test_a_still_does_not_tell_how_much_was_there_before():
    def still(older):
        state = topic(sent(), older=older)
        return draw(state, since={queue.ref: older for queue in state.queues}, consumed=[])

    assert still(3) == still(300)
    assert "number 2 in queue 1 of broker-b since then" in still(3).svg


def test_an_inbox_is_read_anew_for_each_picture():
    inbox = Inbox()
    assert rows(topic(sent()), consumed=inbox)["order-1"][3] == "… waiting"
    for pair in in_order():
        inbox.put(pair)
    assert rows(topic(sent()), consumed=inbox)["order-1"][3] == "✓ in order"


def test_what_a_program_consumed_and_no_queue_holds_is_shown():
    drawing = draw(topic(sent()), consumed=[("order-9", "pay")], steps=STEPS)
    assert drawing.rows[-1] == ("order-9", "-", "-", "pay", "✓ in order")
    assert ">not stored<" in drawing.svg


def test_many_keys_are_summed_up_the_worst_first():
    consumed = [*in_order(sent(MANY)), ("order-40", "create")]
    drawing = draw(topic(sent(MANY)), consumed=consumed, steps=STEPS)
    assert len(drawing.rows) == SHOWN
    assert drawing.rows[0][0] == "order-40"
    assert drawing.notes == (f"and {40 - SHOWN} more keys: ✓ in order: {40 - SHOWN}",)


def test_many_steps_are_counted():
    state = topic(sent(("order-1",), LONG[:200]))
    consumed = [("order-1", step) for step in ("1", "0", *LONG[2:150])]
    drawing = draw(state, consumed=consumed, steps=LONG)
    assert drawing.rows == (("order-1", "a0", "200", "150, 1 out of order, 50 waiting", "✕ out of order"),)
    assert drawing.svg.count("<text") < 20


def test_ten_thousand_messages_stay_a_small_picture():
    keys = tuple(f"order-{number}" for number in range(100))
    state = topic(sent(keys, LONG[:100]), shown=10_000)
    drawing = draw(state, consumed=in_order(sent(keys, LONG[:100])), steps=LONG)
    assert len(drawing.svg) < 60_000


def test_more_messages_than_are_read_are_owned_up_to():
    state = topic(sent(("order-1",), LONG), older=5)
    assert f"Only the newest {NEWEST} messages of each queue are compared." in draw(state).notes
    recent = {QueueRef("steps", "broker-a", 0): 200}
    assert draw(state, since=recent).notes == ()


def test_a_broker_that_is_down_is_a_notice():
    drawing = draw(topic(sent()), gaps=[Gap("broker-b", "down")])
    assert drawing.notes == ("broker-b is down: its messages are the last that were seen.",)


def test_a_chip_keeps_its_identity_when_it_is_consumed():
    def place(drawing):
        lane = next(g for g in fromstring(drawing.svg).iter(f"{SVG}g") if g.get("data-id") == "lane-order-1")
        return next(g.get("style") for g in lane.iter(f"{SVG}g") if g.get("data-id") == "c-sign-1")

    live = Looker(live=True)
    waiting = draw(topic(sent()), consumed=[], steps=STEPS, looker=live)
    first = draw(topic(sent()), consumed=[("order-1", "sign")], steps=STEPS, looker=live)
    assert place(waiting) != place(first)


def test_a_message_that_is_clicked_shows_its_facts():
    chosen = Looker(live=True, selected="broker-b/1/2")
    drawing = draw(topic(sent()), consumed=[], looker=chosen)
    assert 'data-target="broker-b/1/2"' in drawing.svg
    assert len(drawing.svg) > len(draw(topic(sent()), consumed=[], looker=Looker(live=True)).svg)


def test_it_reads_the_newest_messages_of_one_topic():
    interest = KIND.interest({"topic": "steps", "consumed": []})
    assert (interest.topics, interest.messages) == (frozenset({"steps"}), NEWEST)


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"topic": ""},
        {"topic": ["steps"]},
        {"topic": "steps", "group": "page"},
        {"topic": "steps", "by": "tag"},
        {"topic": "steps", "step": "offset"},
        {"topic": "steps", "consumed": ["order-1"]},
        {"topic": "steps", "consumed": [("order-1", 2)]},
        {"topic": "steps", "failed": [7]},
        {"topic": "steps", "since": [1]},
    ],
)
def test_arguments_of_another_shape_are_refused_at_once(what):
    with pytest.raises(TypeError):
        KIND.interest(what)
