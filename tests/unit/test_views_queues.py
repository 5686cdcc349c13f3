"""What the queues' picture says."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from views_hand_made import GALLERY, ORDERS, group, message, snapshot, topic

from rmqlab.client.facts import QueueRef
from rmqlab.observe import QueueState, TopicState
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"


def draw(facts, looker=STILL, **what):
    drawing = KINDS["queues"].draw(facts, {**ORDERS, **what}, looker)
    return drawing, fromstring(drawing.svg)


def dots(root):
    return [each for each in root.iter(f"{SVG}g") if each.get("data-id", "").startswith("m-")]


def words(root):
    return " ".join(each.text or "" for each in root.iter(f"{SVG}text"))


def test_every_message_is_a_dot_with_its_facts():
    _, root = draw(snapshot(topic([2, 1])))
    facts = [each.find(f"{SVG}title").text for each in dots(root)]
    assert len(facts) == 3
    assert facts[0].splitlines()[:3] == ["offset 0 of queue 0", "key order-1", "tag pay"]
    assert "19 bytes" in facts[0]


def test_letters_go_by_the_order_of_storing():
    late_first_queue = message(0, 0, "late", 9)
    early_second_queue = message(1, 0, "early", 1)
    queues = [
        QueueState(QueueRef("orders", "broker-a", each.queue_id), 0, 1, (each,))
        for each in (late_first_queue, early_second_queue)
    ]
    drawing, _ = draw(snapshot(TopicState("orders", tuple(queues))))
    assert [row[3] for row in drawing.rows] == ["B", "A"]


def test_the_text_says_whose_letters_they_are():
    drawing, _ = draw(snapshot(topic([2, 1])))
    assert drawing.text.splitlines()[-1] == "key: A order-1, B order-2, C order-3"


def test_a_still_of_several_topics_says_which_one_it_shows():
    drawing, _ = draw(snapshot(topic([2])), topic=["payments", "orders"], groups=())
    assert "topic 1 of 2" in drawing.title
    live, _ = draw(snapshot(topic([2])), Looker(live=True), topic=["payments", "orders"])
    assert "topic 1 of 2" not in live.title  # it has buttons


def test_groups_that_are_left_out_are_counted():
    drawing, _ = draw(
        snapshot(topic([2], groups=(group("stock", [2], [1]), group("mail", [2], [1])))), groups="mail"
    )
    assert "1 of 2 consumer groups" in drawing.title


def test_a_message_without_key_has_its_own_sign():
    drawing, root = draw(snapshot(topic([4])))
    assert drawing.rows[0][3] == "A B C ·"
    assert "no key" in words(root)


def test_messages_can_be_lettered_by_tag():
    drawing, root = draw(snapshot(topic([4])), by="tag")
    assert drawing.rows[0][3] == "A A A A"
    assert "lettered by tag" in words(root)


def test_what_every_group_has_committed_is_hollow():
    counts = [4]
    groups = (group("stock", counts, [3]), group("mail", counts, [1]))
    _, root = draw(snapshot(topic(counts, groups=groups)))
    hollow = ["committed by every group" in each.find(f"{SVG}title").text for each in dots(root)]
    assert hollow == [True, False, False, False]


def test_each_group_has_its_offset_and_its_lag():
    counts = [4, 2]
    drawing, root = draw(snapshot(topic(counts, groups=(group("stock", counts, [3, 0]),))))
    assert [row[4] for row in drawing.rows] == ["3 (1)", "0 (2)"]
    assert "lag 1" in words(root)
    assert "stock: nobody online, lag 3" in words(root)


def test_only_the_chosen_groups_are_drawn():
    counts = [4]
    groups = (group("stock", counts, [3]), group("mail", counts, [1]))
    drawing, _ = draw(snapshot(topic(counts, groups=groups)), groups="mail")
    assert drawing.head[4:] == ("mail (lag)",)


def test_many_messages_are_counted_and_the_newest_drawn():
    drawing, root = draw(snapshot(topic([12345, 3])))
    assert "12k older" in words(root)
    assert drawing.rows[0][1:3] == ("0", "12345")
    assert 0 < len(dots(root)) <= 26


def test_dots_never_outgrow_their_budget():
    _, root = draw(snapshot(topic([5000] * 16)))
    assert len(dots(root)) <= 96


def test_more_than_sixteen_queues_are_tiles():
    kind, facts, what = GALLERY["many queues"]
    root = fromstring(KINDS[kind].draw(facts, what, STILL).svg)
    assert dots(root) == []
    assert sum(each.get("data-id", "").startswith("t-") for each in root.iter()) == 64


def test_hundreds_of_queues_are_a_bar_a_broker():
    kind, facts, what = GALLERY["very many queues"]
    drawing = KINDS[kind].draw(facts, what, STILL)
    assert len(drawing.svg) < 12_000
    assert "400 queues" in drawing.svg


def test_a_silent_broker_is_named_and_its_queues_say_why():
    kind, facts, what = GALLERY["a silent broker"]
    drawing = KINDS[kind].draw(facts.still(), what, STILL)
    assert drawing.notes[1:] == ("broker-b is paused: its numbers are the last that were seen, if any.",)
    assert ("broker-b 0", "paused", "", "") in drawing.rows
    assert "1 of them silent" in drawing.title


def test_a_still_does_not_depend_on_when_a_silent_broker_was_last_seen():
    kind, facts, what = GALLERY["a silent broker"]
    never = TopicState(
        "orders",
        (*facts.topics[0].queues[:2], QueueState(QueueRef("orders", "broker-b", 0), 0, 0, silent="paused")),
    )
    draw_still = KINDS[kind].draw
    assert draw_still(facts.still(), what, STILL) == draw_still(
        snapshot(never, gaps=facts.gaps).still(), what, STILL
    )


def test_a_chosen_message_shows_its_facts_and_can_be_closed():
    _, root = draw(snapshot(topic([2])), Looker(live=True, selected="broker-a/0/1"))
    card = next(each for each in root.iter() if each.get("data-id") == "message")
    assert "FD0000000001" in words(card)
    assert [each.get("data-target") for each in card.iter() if each.get("data-action") == "select"] == [""]


def test_topics_can_be_picked():
    facts = snapshot(topic([2]), TopicState("payments", topic([1]).queues))
    _, root = draw(facts, Looker(live=True, shown="payments"), topic=["orders", "payments"])
    tabs = [each.get("data-target") for each in root.iter() if each.get("data-action") == "show"]
    assert tabs == ["orders", "payments"]
    assert "Topic payments" in words(root)
