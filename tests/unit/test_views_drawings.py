"""What holds of every picture, whatever it shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from views_hand_made import GALLERY, ORDERS, draw, message, snapshot, topic

from rmqlab.client.facts import QueueRef
from rmqlab.observe import QueueState, TopicState
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"
LIVE = Looker(live=True)

every_picture = pytest.mark.parametrize("name", GALLERY)


def drawn(name, looker=LIVE):
    drawing = draw(name, looker)
    return drawing, fromstring(drawing.svg)


@every_picture
@pytest.mark.parametrize("looker", [LIVE, STILL], ids=["live", "still"])
def test_it_is_well_formed_and_says_what_it_is(name, looker):
    drawing, root = drawn(name, looker)
    assert root.tag == f"{SVG}svg"
    assert root.get("aria-label") == drawing.title


@every_picture
def test_names_of_moving_parts_are_unique_among_their_siblings(name):
    _, root = drawn(name)
    for parent in root.iter():
        names = Counter(child.get("data-id") for child in parent if child.get("data-id"))
        assert [each for each, times in names.items() if times > 1] == []


@every_picture
def test_a_still_has_no_controls(name):
    _, root = drawn(name, STILL)
    assert [each.get("data-action") for each in root.iter() if each.get("data-action")] == []


@every_picture
def test_every_control_can_be_reached_and_named_without_a_mouse(name):
    _, root = drawn(name)
    controls = [each for each in root.iter() if each.get("data-action")]
    assert controls
    for control in controls:
        assert control.get("role") == "button"
        assert control.get("tabindex") == "0"
        assert control.get("aria-label")


@every_picture
def test_its_table_is_whole(name):
    drawing, _ = drawn(name)
    assert {len(row) for row in drawing.rows} <= {len(drawing.head)}
    assert drawing.text.startswith(drawing.title)
    for note in drawing.notes:
        assert note in drawing.text
        assert note in drawing.table


@every_picture
def test_nothing_is_drawn_beside_the_paper(name):
    _, root = drawn(name)
    width, height = float(root.get("width")), float(root.get("height"))
    for each in root.iter(f"{SVG}rect"):
        assert float(each.get("x", 0)) + float(each.get("width")) <= width
        assert float(each.get("y", 0)) + float(each.get("height")) <= height
    for each in root.iter(f"{SVG}text"):
        assert 0 <= float(each.get("x")) <= width
        assert float(each.get("y")) <= height


@every_picture
def test_it_is_the_same_from_the_same_facts(name):
    assert drawn(name)[0] == drawn(name)[0]


def test_stills_of_two_runs_that_did_the_same_are_equal():
    def run(port: int, moment: int) -> list:
        counts = [3, 2]
        state = topic(counts)
        queues = tuple(
            replace(
                queue,
                messages=tuple(
                    replace(
                        each,
                        msg_id=f"{port}{each.msg_id}",
                        offset_msg_id=f"{port}",
                        born_ms=each.born_ms + moment,
                        store_ms=each.store_ms + moment,
                        commit_log_offset=each.commit_log_offset + port,
                    )
                    for each in queue.messages
                ),
            )
            for queue in state.queues
        )
        facts = snapshot(replace(state, queues=queues))
        nodes = tuple(replace(node, address=f"127.0.0.1:{port}") for node in facts.nodes)
        facts = replace(facts, nodes=nodes, cluster=f"cluster-{port}", taken_ms=moment)
        return [
            KINDS[kind].draw(facts.still(), what, STILL) for kind, what in (("map", {}), ("queues", ORDERS))
        ]

    assert run(10_000, 0) == run(20_000, 98_765)


def test_what_learners_write_cannot_break_a_picture():
    hostile = '</svg><script>alert("1")</script>\x00\x1b[31m & ]]> \ud800 😀'
    rude = message(0, 0, hostile, body=hostile.encode(errors="replace"), tags=hostile)
    state = TopicState("orders", (QueueState(QueueRef("orders", "broker-a", 0), 0, 1, (rude,)),))
    drawing = KINDS["queues"].draw(snapshot(state), ORDERS, Looker(live=True, selected="broker-a/0/0"))
    root = fromstring(drawing.svg)
    assert [each.tag for each in root.iter() if "script" in each.tag] == []
    assert "<script" not in drawing.table
    drawing.svg.encode()


def test_an_unknown_argument_is_refused_by_name():
    with pytest.raises(TypeError, match="colour"):
        KINDS["queues"].interest({"topic": "orders", "colour": "red"})
    with pytest.raises(TypeError, match="topic"):
        KINDS["map"].interest({"topic": "orders"})
