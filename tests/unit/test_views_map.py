"""What the cluster map says."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from views_hand_made import MANY_NODES, NODES, snapshot

from rmqlab.observe import Gap, NodeState
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"


def draw(facts, looker=Looker(live=True)):  # noqa: B008 - frozen
    drawing = KINDS["map"].draw(facts, {}, looker)
    return drawing, fromstring(drawing.svg)


def part(root, name):
    return next(each for each in root.iter() if each.get("data-id") == name)


def controls(node):
    return [each.get("data-action") for each in node.iter() if each.get("data-action")]


def words(root):
    return [each.text for each in root.iter(f"{SVG}text")]


def test_every_node_says_its_role_and_state_in_words():
    drawing, _ = draw(snapshot(nodes=MANY_NODES))
    assert drawing.rows == (
        ("namesrv", "NameServer", "● up"),
        ("broker-a", "broker, master", "‖ paused"),
        ("broker-a-s1", "broker, slave", "● up"),
        ("broker-b", "broker, master", "✕ down"),
    )


def test_a_node_offers_what_can_be_done_to_it():
    _, root = draw(snapshot(nodes=MANY_NODES))
    assert controls(part(root, "n-namesrv")) == ["pause", "kill", "restart"]
    assert controls(part(root, "n-broker-a")) == ["resume", "kill"]
    assert controls(part(root, "n-broker-b")) == ["restart"]


def test_a_node_that_is_being_restarted_offers_nothing_and_says_so():
    _, root = draw(snapshot(nodes=MANY_NODES), Looker(live=True, doing=(("broker-b", "restarting"),)))
    assert controls(part(root, "n-broker-b")) == []
    assert "restarting …" in words(part(root, "n-broker-b"))


def test_a_paused_broker_keeps_its_registration_and_a_dead_one_does_not():
    _, root = draw(snapshot(nodes=MANY_NODES))
    assert words(part(root, "l-broker-a-namesrv")) == ["registers"]
    assert words(part(root, "l-broker-b-namesrv")) == ["no link"]


def test_a_slave_copies_the_master_whose_name_it_carries():
    _, root = draw(snapshot(nodes=MANY_NODES))
    assert words(part(root, "l-broker-a-s1-broker-a")) == ["copies"]


def test_a_still_shows_no_address():
    _, root = draw(snapshot().still(), STILL)
    assert "127.0.0.1" not in " ".join(filter(None, words(root)))


def test_what_went_wrong_with_a_command_is_shown():
    drawing, _ = draw(snapshot(), Looker(live=True, notice="Could not kill broker-a: it is down."))
    assert drawing.notes == ("Could not kill broker-a: it is down.",)


def test_a_node_that_is_up_and_does_not_answer_is_a_gap():
    drawing, _ = draw(snapshot(nodes=NODES, gaps=(Gap("NameServer", "no answer"),)))
    assert drawing.notes == ("NameServer: no answer",)


def test_sixteen_nodes_lie_beside_each_other():
    nodes = [replace(NODES[1], name=f"broker-{number}") for number in range(16)]
    _, root = draw(snapshot(nodes=nodes))
    places = [part(root, f"n-{node.name}").get("style") for node in nodes]
    assert len(set(places)) == 16


def test_a_cut_link_is_drawn_as_cut_and_said_in_words():
    nodes = (
        NODES[0],
        replace(NODES[1], troubles=("cut off from namesrv", "cut off from clients", "disk full")),
    )
    drawing, root = draw(snapshot(nodes=nodes))
    assert words(part(root, "l-broker-a-namesrv")) == ["cut"]
    assert "broker-a: cut off from namesrv, cut off from clients, disk full" in drawing.notes


def test_the_relay_is_no_node_of_the_map_but_its_end_is_told():
    relay = NodeState("relay", "RELAY", "up", "127.0.0.1:10007")
    drawing, _ = draw(snapshot(nodes=(*NODES, relay)))
    assert [name for name, *_ in drawing.rows] == ["namesrv", "broker-a"]
    assert "2 processes, 2 up" in drawing.title
    drawing, _ = draw(snapshot(nodes=(*NODES, replace(relay, state="down"))))
    assert "relay: down, so nobody is reached" in drawing.notes
