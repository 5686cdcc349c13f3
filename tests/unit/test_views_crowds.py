"""Far too much of everything is summarised: on a page, in few steps, in a few kilobytes."""

from __future__ import annotations

import sys
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from views_crowds import CROWDS, QUEUES

from rmqlab.views import KINDS
from rmqlab.views.looker import Looker

pytestmark = pytest.mark.unit
FRAME_CALLS = 250_000  # some 30 ms: a frame of five a second takes a seventh of a core at the most
FRAME_BYTES = 120_000
TABLE_BYTES = 30_000
TALL = 1700
TALL_BY_DESIGN = {"positions": 6000}  # a row for each commit log, whose numbers are compared


def drawn(name):
    kind, facts, what = CROWDS[name]
    seen = facts if isinstance(facts, tuple) else (facts,)
    return KINDS[kind].picture(seen, what, Looker(live=True))


def test_each_kind_of_picture_has_its_crowd():
    assert {kind for kind, _, _ in CROWDS.values()} == KINDS.keys()


@pytest.mark.parametrize("name", CROWDS)
def test_a_crowd_is_summarised(name):
    drawing = drawn(name)
    root = fromstring(drawing.svg)
    assert float(root.get("height")) <= TALL_BY_DESIGN.get(name, TALL)
    assert float(root.get("width")) <= 900
    assert len(drawing.svg.encode()) <= FRAME_BYTES
    assert len(drawing.table.encode()) <= TABLE_BYTES


@pytest.mark.parametrize("name", CROWDS)
def test_a_crowd_is_drawn_in_few_steps(name):
    """Calls are counted, which a busy machine does not change; `rmqlab bench observe` has the times."""
    drawn(name)  # what a feed's first frame adds up once
    calls = 0

    def count(_frame, event, _what):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        drawn(name)
    finally:
        sys.setprofile(None)
    assert calls < FRAME_CALLS


def test_sixty_four_queues_with_thirty_groups_are_tiles_and_the_groups_furthest_behind():
    drawing = drawn("queues")
    root = fromstring(drawing.svg)
    tiles = [each for each in root.iter() if (each.get("data-id") or "").startswith("t-")]
    assert len(tiles) == QUEUES
    assert "and 22 groups, lag " in drawing.svg
    assert "topic 1 of 64" in drawing.svg


def test_a_topic_of_many_is_reached_by_the_next_ones_button():
    kind, facts, what = CROWDS["queues"]
    last = KINDS[kind].draw(facts, what, Looker(live=True, shown=what["topic"][-1]))
    assert "topic 64 of 64" in last.svg
    assert f'data-target="{what["topic"][0]}"' in last.svg  # and on from the first


def test_a_thousand_topics_are_no_work_for_the_queues():
    with pytest.raises(TypeError, match=r'view\("topics"\)'):
        KINDS["queues"].interest({"topic": [f"topic-{number}" for number in range(1000)]})


def test_a_node_of_many_is_clicked_to_be_commanded():
    kind, facts, what = CROWDS["map"]
    plain = KINDS[kind].draw(facts, what, Looker(live=True))
    assert 'data-action="pause"' not in plain.svg
    chosen = KINDS[kind].draw(facts, what, Looker(live=True, selected="broker-07"))
    assert 'data-action="pause" data-target="broker-07"' in chosen.svg


def test_of_many_nodes_those_that_are_not_up_come_first():
    kind, facts, what = CROWDS["map"]
    nodes = [*facts.nodes]
    nodes[-1] = replace(nodes[-1], state="down")
    drawing = KINDS[kind].draw(replace(facts, nodes=tuple(nodes)), what, Looker(live=True))
    order = [
        each.get("data-id") for each in fromstring(drawing.svg).iter() if each.get("data-action") == "select"
    ]
    assert order[0] == f"n-{nodes[-1].name}"
