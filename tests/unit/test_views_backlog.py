"""The backlog over time: what is added up, where a line breaks, what a still keeps."""

from __future__ import annotations

import gc
import re
from dataclasses import replace

import pytest
from backlog_hand_made import course, held
from views_hand_made import snapshot

from rmqlab.observe.history import still
from rmqlab.views import KINDS, backlog_moments
from rmqlab.views.chart import MOST_POINTS, round_up, thinned
from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
LIVE = Looker(live=True)
ORDERS = {"topic": "orders"}


def seen(moments):
    return tuple(replace(snapshot(topic), taken_ms=at) for at, topic in moments)


def drawn(moments, looker=LIVE, **what):
    history = seen(moments)
    return KINDS["backlog"].picture(history if looker.live else still(history), {**ORDERS, **what}, looker)


FLASH = course(60, 100, mail=100, stock=40)


def test_it_says_what_was_produced_consumed_and_left_and_how_fast():
    drawing = drawn(FLASH)
    assert drawing.head == ("group", "produced", "consumed", "lag", "consumed a second", "peak")
    assert drawing.rows == (
        ("stock", "3000", "2400", "600", "40", "1800"),
        ("mail", "3000", "3000", "0", "0", "0"),
    )


def test_rates_are_of_the_last_five_seconds():
    assert "100 a second come in" in drawn(FLASH[:120]).title
    assert ", 0 a second come in" in drawn(FLASH).title


@pytest.mark.parametrize(("mark", "word"), [(1000, "yes"), (1799, "yes"), (1800, "no"), (5000, "no")])
def test_a_mark_says_whether_it_was_ever_passed_also_in_a_still(mark, word):
    drawing = drawn(FLASH, STILL, mark=mark, groups="stock")
    assert drawing.head[-1] == f"above {mark:,}"
    assert drawing.rows[0][-1] == word


def test_stills_of_a_slow_and_a_quick_run_with_one_end_are_equal():
    slow, quick = course(60, 100, stock=40), course(30, 200, stock=80)
    assert slow[-1][1] == quick[-1][1]
    assert drawn(slow, STILL) == drawn(quick, STILL)


def test_a_still_has_the_curve_only_where_it_is_asked_for():
    curve = 'data-id="produced"'
    assert curve in drawn(FLASH).svg
    assert curve not in drawn(FLASH, STILL).svg
    still = drawn(FLASH, STILL, curve=True)
    assert curve in still.svg
    assert still.rows == drawn(FLASH, STILL).rows


def test_a_curve_in_a_still_ends_with_the_last_change_however_late_it_is_asked_for():
    at, last = FLASH[-1]
    waited = (*FLASH, *((at + second * 1000, last) for second in range(1, 301)))
    assert drawn(waited, STILL, curve=True).svg == drawn(FLASH, STILL, curve=True).svg


def line(svg, name):
    """The points of a line."""
    return re.search(rf'<path d="([^"]*)"[^>]*data-id="{name}"', svg)[1]


def test_the_lines_of_a_group_begin_where_it_is_known():
    late = (*((1000 * at, held(160)) for at in range(3)), *((1000 * at, held(160, pay=40)) for at in (3, 4)))
    svg = drawn(late).svg
    assert line(svg, "produced").count("L") == 4
    assert line(svg, "c-pay").count("L") == line(svg, "g-pay").count("L") == 1


def test_the_largest_lag_is_of_now_and_a_curve_tells_its_peak_too():
    done = (*FLASH, (FLASH[-1][0] + 1000, held(3000, stock=3000)))
    assert drawn(done, STILL, groups="stock").title.endswith("3,000 messages produced, largest lag now 0")
    curve = drawn(done, STILL, groups="stock", curve=True)
    assert curve.title.endswith("largest lag now 0, at its peak 1,800")


def test_a_line_breaks_where_nobody_knows():
    path = 'data-id="produced"'
    whole = drawn(FLASH).svg
    broken = drawn(
        (*FLASH[:80], *((at, held(4000, silent="down")) for at, _ in FLASH[80:120]), *FLASH[120:])
    ).svg
    line = {
        name: svg[: svg.index(path)].rpartition("<path")[2] for name, svg in {"w": whole, "b": broken}.items()
    }
    assert (line["w"].count("M"), line["b"].count("M")) == (1, 2)


def test_before_anything_is_known_it_says_so():
    assert "Reading …" in KINDS["backlog"].draw((snapshot(),), ORDERS, LIVE).svg


def test_sums_are_kept_as_long_as_their_snapshots():
    history = seen(course(5, 10, stock=5))
    KINDS["backlog"].draw(history, ORDERS, LIVE)
    places = {id(each.topics[0]) for each in history}
    assert places <= backlog_moments._known.keys()
    del history
    gc.collect()
    assert not places & backlog_moments._known.keys()


def test_a_long_course_is_thinned_out_and_its_peak_stays():
    points = [(float(at), 10.0 if at == 777 else 1.0) for at in range(1200)]
    kept = thinned(points)
    assert len(kept) <= MOST_POINTS
    assert max(number for _, number in kept) == 10.0
    assert kept[-1] == points[-1]


@pytest.mark.parametrize(
    ("number", "round_one"), [(0, 10), (10, 10), (11, 20), (21, 50), (999, 1000), (1001, 2000)]
)
def test_a_scale_ends_at_a_round_number(number, round_one):
    assert round_up(number) == round_one


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"topic": ["a", "b"]},
        {"topic": "a", "colour": 1},
        {"topic": "a", "mark": "x"},
        {"topic": "a", "curve": 1},
    ],
)
def test_other_arguments_are_refused(what):
    with pytest.raises(TypeError):
        KINDS["backlog"].interest(what)
