"""What the scoreboard says of several accounts."""

from __future__ import annotations

import pytest
from ledger_hand_made import BAD, GOOD
from views_hand_made import snapshot

from rmqlab.observe import Interest
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL

pytestmark = pytest.mark.unit


def draw(**accounts):
    return KINDS["scoreboard"].draw(snapshot(), {"accounts": accounts}, STILL)


def test_who_lost_nothing_comes_first_and_every_number_is_in_the_table():
    drawing = draw(naive=BAD, careful=GOOD)
    assert drawing.title == "Scoreboard: 1 of 2 trials lost nothing that was acknowledged"
    assert drawing.rows == (
        ("✔ careful", "200", "200", "0", "0", "0", "0", "0", "0"),
        ("✕ naive", "1,010", "918", "7", "8", "2", "2", "1", "0"),
    )


def test_accounts_of_a_recording_are_drawn_as_those_of_a_program():
    assert draw(naive=BAD.summary()).svg == draw(naive=BAD).svg


def test_very_many_trials_are_cut_off_where_most_is_lost_and_that_is_said():
    drawing = draw(**{f"bad-{number}": BAD for number in range(30)}, good=GOOD)
    assert drawing.rows[0][0] == "✔ good"
    assert drawing.notes == ("7 more are not drawn: they lost more.",)


@pytest.mark.parametrize("what", [{}, {"accounts": GOOD}, {"accounts": {"a": 7}}, {"accounts": {}, "x": 1}])
def test_anything_but_accounts_by_name_is_refused(what):
    with pytest.raises(TypeError, match="scoreboard takes accounts="):
        KINDS["scoreboard"].interest(what)


def test_it_asks_the_cluster_nothing():
    assert KINDS["scoreboard"].interest({"accounts": {"careful": GOOD}}) == Interest()
