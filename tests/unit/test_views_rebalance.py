"""What the picture of a group's members and queues says."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from views_hand_made import PACKING, snapshot, team

from rmqlab.client.facts import QueueRef
from rmqlab.observe import GroupState, TopicState
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"
KIND = KINDS["rebalance"]


def still(topic):
    return KIND.draw(snapshot(topic).still(), PACKING, STILL)


def lines(drawing):
    root = fromstring(drawing.svg)
    return [each.get("data-id") for each in root.iter(f"{SVG}path") if each.get("data-id")]


def test_each_member_is_joined_to_the_queues_that_it_holds():
    drawing = still(team((0, 1), (2,), (3,)))
    assert drawing.rows == (("anna", "0, 1"), ("ben", "2"), ("carla", "3"))
    assert lines(drawing) == [
        "l-anna-broker-a-0", "l-anna-broker-a-1", "l-ben-broker-a-2", "l-carla-broker-a-3"
    ]  # fmt: skip


def test_a_member_without_a_queue_is_idle():
    drawing = still(team((0,), (1,), (2,), (3,), ()))
    assert drawing.rows[-1] == ("emil", "idle")
    assert drawing.title.endswith("5 consumers online, 4 queues, 1 idle")
    assert ">idle<" in drawing.svg


def test_a_queue_that_nobody_holds_is_said():
    drawing = still(team((0, 1), ()))
    assert drawing.rows[-1] == ("nobody", "2, 3")
    assert "2 queues of nobody" in drawing.title
    assert drawing.svg.count(">nobody<") == 2


def test_two_brokers_are_told_apart():
    drawing = still(team((0,), (4,), brokers=("broker-a", "broker-b")))
    assert drawing.rows[:2] == (("anna", "broker-a 0"), ("ben", "broker-b 0"))


def test_a_live_picture_names_members_by_their_instance():
    drawing = KIND.draw(snapshot(team((0, 1, 2, 3))), PACKING, Looker(live=True))
    assert drawing.rows == (("anna", "0, 1, 2, 3"),)


def test_a_member_without_a_name_of_its_own_is_the_same_in_every_run():
    def run(process):
        member = f"10.0.0.{process}@{process}#12345{process}"
        held = {member: (QueueRef("orders", "broker-a", 0),)}
        topic = team((0,))
        return still(replace(topic, groups=(GroupState("packing", (member,), {}, held),)))

    assert run(7) == run(8)
    assert run(7).rows[0] == ("consumer 1", "0")


def test_two_members_of_one_name_are_both_drawn():
    ids = ("10.0.0.1@anna", "10.0.0.2@anna")
    held = {each: (QueueRef("orders", "broker-a", at),) for at, each in enumerate(ids)}
    topic = replace(team((0,)), groups=(GroupState("packing", ids, {}, held),))
    assert still(topic).rows[:2] == (("consumer 1", "0"), ("consumer 2", "1"))


def test_another_group_is_not_mixed_in():
    stranger = GroupState("audit", ("10.0.0.1@zoe",), {}, {"10.0.0.1@zoe": ()})
    topic = team((0, 1, 2, 3))
    assert still(TopicState("orders", topic.queues, (stranger, *topic.groups))) == still(topic)


@pytest.mark.parametrize(
    "what", [{}, {"topic": "orders"}, {**PACKING, "by": "key"}, {**PACKING, "group": ""}]
)
def test_it_takes_a_topic_and_a_group(what):
    with pytest.raises(TypeError, match="topic= and group="):
        KIND.interest(what)


def test_it_asks_the_members_what_they_hold():
    assert KIND.interest(PACKING).assignments
