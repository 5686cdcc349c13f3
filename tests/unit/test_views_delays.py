"""What the delay board says."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from delays_hand_made import ALARMS, BUSY, FORTY, NOW_MS, OWN, STANDARD, TWO_BROKERS, board, waiting
from views_hand_made import snapshot

from rmqlab import views
from rmqlab.observe import DelayLevel
from rmqlab.views import KINDS
from rmqlab.views.countdown import words
from rmqlab.views.delay_row import EDGE, LANE
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"
KIND = KINDS["delays"]
LIVE = Looker(live=True)
LEFT = ((-5, "due"), (0, "due"), (1, "1 s"), (6400, "7 s"), (60_000, "1 min 00 s"), (245_000, "4 min 05 s"),
        (7_140_000, "1 h 59 min"), (183_600_000, "2 d 3 h"))  # fmt: skip


def seen(delays, looker=LIVE):
    facts = replace(snapshot(), delays=delays)
    return KIND.draw(facts if looker.live else facts.still(), {}, looker)


def places(drawing, level):
    """Where the dots of a level are, from the left."""
    row = next(
        each for each in fromstring(drawing.svg).iter(f"{SVG}g") if each.get("data-id") == f"row-{level}"
    )
    dots = [each.get("style") for each in row.iter(f"{SVG}g") if (each.get("data-id") or "").startswith("m-")]
    return [float(style.partition("(")[2].partition("px")[0]) for style in dots]


def test_it_has_all_18_levels_with_their_delays():
    rows = seen(board()).rows
    assert [row[:2] for row in rows] == [(str(number), delay) for number, delay in enumerate(STANDARD, 1)]


def test_what_waits_is_what_was_stored_and_not_delivered():
    row = seen(BUSY).rows[1]
    assert (row[2], *row[4:]) == ("2", "7", "9")


def test_progress_before_the_queues_beginning_counts_from_the_beginning():
    assert DelayLevel("broker-a", 1, "1s", min_offset=40, max_offset=42, delivered=0).waiting == 2


def test_ten_thousand_messages_are_a_few_dots_and_a_number():
    drawing = seen(BUSY)
    assert len(places(drawing, 9)) == 12
    assert ">12,333 more<" in drawing.svg


def test_a_message_moves_to_the_right_as_its_moment_comes():
    def alone(left_s):
        level = DelayLevel("broker-a", 3, "10s", 0, 1, 0, (waiting(3, 0, left_s),))
        return places(seen(replace(board(), levels=(level,))), 3)[0]

    assert alone(9.5) < alone(5) < alone(0.5) < alone(0)
    assert alone(-3) == alone(0)


def test_messages_of_one_moment_do_not_hide_each_other():
    level = DelayLevel("broker-a", 3, "10s", 0, 3, 0, tuple(waiting(3, number, 5) for number in range(3)))
    first, second, third = places(seen(replace(board(), levels=(level,))), 3)
    assert first - second >= 16
    assert second - third >= 16


@pytest.mark.parametrize("stored", [12, 40])
def test_messages_that_have_just_come_stay_within_their_lane(stored):
    just_sent = tuple(waiting(18, number, 7200) for number in range(12))
    level = DelayLevel("broker-a", 18, "2h", 0, stored, 0, just_sent)
    found = places(seen(replace(board(), levels=(level,))), 18)
    assert min(found) - 8 >= LANE
    assert max(found) + 8 <= EDGE
    assert all(sooner - later >= 16 for sooner, later in pairwise(found))


def test_in_a_still_messages_stand_in_line_from_the_middle_since_none_is_delivered():
    level = DelayLevel("broker-a", 3, "10s", 0, 2, 0, tuple(waiting(3, number, 1) for number in range(2)))
    first, second = places(seen(replace(board(), levels=(level,)), STILL), 3)
    assert LANE < second < first < (LANE + EDGE) / 2 + 8


@pytest.mark.parametrize(
    ("looker", "said"), [(LIVE, "the next messages, lettered"), (STILL, "messages in their order, lettered")]
)
def test_a_still_says_that_places_are_an_order(looker, said):
    assert said in seen(BUSY, looker).svg


def test_it_says_in_how_many_of_the_levels_something_waits():
    assert "7 messages waiting in 2 of 18 levels" in seen(board({2: (7, 9), 3: (0, 5)})).title
    assert "0 messages waiting in 18 levels" in seen(board()).title


def test_a_live_countdown_goes_on_without_frames_and_a_held_one_stands():
    assert 'data-left="1000"' in seen(BUSY).svg
    assert "data-left" not in seen(BUSY, replace(LIVE, held=True)).svg


def test_a_still_is_the_same_whenever_it_was_taken():
    facts = replace(snapshot(), delays=BUSY)
    later = replace(facts, taken_ms=NOW_MS + 400)
    assert KIND.draw(facts.still(), {}, STILL) == KIND.draw(later.still(), {}, STILL)
    assert "data-left" not in seen(BUSY, STILL).svg


def test_timers_are_a_row_of_their_own():
    row = seen(BUSY).rows[-1]
    assert row[:3] == ("timers", "to the moment", "4")
    assert "1 to mails" in seen(BUSY).svg
    assert "timers are off" in seen(board()).title


def test_what_pop_keeps_as_timers_is_counted_and_not_drawn():
    waits = {**ALARMS.waiting, "rmq_sys_REVIVE_LOG_DefaultCluster": 9}
    alarms = replace(ALARMS, waiting=waits, next=ALARMS.next[:2])
    drawing = seen(board(timers=[alarms]))
    assert len(places(drawing, "timers")) == 2
    assert ">2 more<" in drawing.svg
    assert drawing.rows[-1][2:4] == ("13", "alarm-0, alarm-1 ... (in 1 h 6 min)")
    assert drawing.notes == ("9 timers of pop's own: counted, not drawn.",)


def test_timers_that_are_late_are_said():
    assert seen(board(timers=[replace(ALARMS, behind_s=7)])).notes == (
        "broker-a: its timers are 7 s behind.",
    )


def test_own_levels_have_their_own_delays():
    assert [row[1] for row in seen(OWN).rows] == ["2s", "7s", "1d"]


def test_on_a_cluster_of_others_the_numbers_are_said_to_count_theirs_too():
    assert "count their messages" in seen(OWN).notes[0]
    assert not seen(BUSY).notes


def test_levels_of_two_brokers_are_added_up():
    drawing = seen(TWO_BROKERS)
    assert drawing.rows[2][2] == "4"
    assert drawing.title.endswith("on 2 brokers")


def test_many_levels_are_shown_only_where_something_is():
    drawing = seen(FORTY)
    assert [row[0] for row in drawing.rows] == ["4", "33"]
    assert drawing.notes[0] == "38 more levels without messages."
    assert "above 18" in drawing.notes[1]


def test_it_takes_no_arguments():
    with pytest.raises(TypeError, match="got topic"):
        KIND.interest({"topic": "orders"})


@pytest.mark.parametrize(("left_ms", "said"), LEFT)
def test_what_is_left_is_said_in_words(left_ms, said):
    assert words(left_ms) == said


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_browser_says_it_in_the_same_words():
    script = (Path(views.__file__).parent / "countdown.js").read_text(encoding="utf-8")
    script += f"console.log({[left for left, _ in LEFT]}.map(timeLeft).join('|'))"
    said = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout.strip()
    assert said.split("|") == [words for _, words in LEFT]
