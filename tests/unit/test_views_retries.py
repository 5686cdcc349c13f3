"""The retry ladder: where each message stands, what is counted, what a still leaves out."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from retries_hand_made import failed, group
from views_hand_made import GALLERY, snapshot

from rmqlab.views import KINDS
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
LIVE = Looker(live=True)


def drawn(found, looker=LIVE):
    facts = replace(snapshot(), retries=found)
    return KINDS["retries"].draw(facts if looker.live else facts.still(), {"group": "stock"}, looker)


def places(drawing):
    """Where each message is drawn, by its name."""
    root = fromstring(drawing.svg)
    dots = next(each for each in root.iter() if each.get("data-id") == "failed")
    return {dot.get("data-id"): dot.get("style") for dot in dots}


def test_the_title_counts_what_waits_came_again_was_consumed_and_died():
    kind, facts, what = GALLERY["retries"]
    title = KINDS[kind].draw(facts, what, LIVE).title
    assert title.endswith("2 waiting now, 1 being tried again now, 1 consumed after all, 1 in the DLQ")


def test_a_message_keeps_its_name_as_it_climbs_down():
    steps = [failed(1, 1, "waiting"), failed(1, 1, "again"), failed(1, 2, "waiting"), failed(1, 3, "dead")]
    seen = [places(drawn(group(step, most_times=2))) for step in steps]
    assert {*seen[0]} == {*seen[1]} == {*seen[2]} == {*seen[3]}
    assert len({str(each) for each in seen}) == 4


def test_a_rung_says_how_long_it_waits_as_the_broker_is_configured():
    text = drawn(group(failed(1, 2, "waiting"), levels=("1s", "2s", "3s", "4s"), most_times=2)).text
    assert "waits in level 4 (4s)" in text


def test_the_retries_that_nobody_came_to_are_one_line():
    assert "retries 6 to 16: none yet" in drawn(group(failed(1, 5, "waiting"), most_times=-1)).svg
    assert "none yet" not in drawn(group(failed(1, 2, "waiting"), most_times=2)).svg


def test_with_nobody_online_the_dead_letters_say_how_many_retries_there_are():
    drawing = drawn(group(failed(3, 3, "dead"), failed(5, 1, "done"), online=0))
    assert 'data-id="rung-2"' in drawing.svg
    assert 'data-id="rung-3"' not in drawing.svg
    assert "none yet" not in drawing.svg
    assert "retries 4 to 16: none yet" in drawn(group(failed(5, 1, "done"), online=0)).svg


def test_the_way_into_the_dlq_is_no_retry():
    drawing = drawn(group(failed(3, 3, "dead"), failed(5, 2, "done"), most_times=2))
    assert [row[2] for row in drawing.rows] == ["2", "2"]
    straight = drawn(group(failed(1, 0, "dead")))
    assert straight.rows[0][2] == "0"


def test_a_crowded_cell_shows_some_and_counts_all():
    found = group(*(failed(number, 1, "again") for number in range(50)))
    drawing = drawn(found)
    assert len(places(drawing)) < 10
    assert "50 being tried again now" in drawing.title


def test_a_message_that_is_clicked_tells_its_facts_and_when_it_is_due():
    found = group(failed(1, 1, "waiting"), most_times=2)
    svg = drawn(found, Looker(live=True, selected="FD0001")).svg
    assert "order-1 · of topic orders · retry 1 · waits in level 3 (10s), due " in svg


def test_stills_of_two_runs_are_equal():
    def run(number, left_ms):
        each = replace(failed(1, 1, "waiting", left_ms=left_ms), msg_id=f"FD{number}", born_ms=number)
        return drawn(group(each, most_times=2, online=number), STILL)

    assert run(1, 5000) == run(2, 7000)


@pytest.mark.parametrize("what", [{}, {"group": ""}, {"group": 3}, {"group": "stock", "topic": "orders"}])
def test_it_takes_one_group(what):
    with pytest.raises(TypeError, match="retries takes group="):
        KINDS["retries"].interest(what)
