"""What the ledger's picture says."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from ledger_hand_made import BAD, GOOD, entries
from views_hand_made import snapshot

from rmqlab.ledger import Account
from rmqlab.observe import Interest
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"


def draw(account):
    drawing = KINDS["ledger"].draw(snapshot(), {"account": account}, STILL)
    return drawing, fromstring(drawing.svg)


def test_what_nobody_may_be_above_zero_is_in_its_title():
    assert draw(BAD)[0].title.endswith("1,010 messages sent; 7 acknowledged and lost")
    assert draw(GOOD)[0].title.endswith("200 messages sent; none of those that are acknowledged is lost")


def test_each_answer_has_its_numbers():
    assert draw(BAD)[0].rows == (
        ("✔ acknowledged", "918", "911", "7"),
        ("≈ doubtful", "42", "40", "2"),
        ("? unknown", "17", "12", "5"),
        ("✕ failed", "33", "3", "30"),
    )


def test_what_happened_afterwards_is_said_with_examples():
    drawing, root = draw(BAD)
    assert drawing.notes == ("8 duplicated.", "2 out of order.", "2 late.", "1 dead-lettered.")
    said = "".join(root.itertext())
    assert "order-999, order-1000, order-1001, order-1002, order-1003, order-1004 and 2 more" in said
    assert "0 not delivered" in said


def test_what_only_consumers_can_do_wrong_is_not_said_where_nobody_consumed():
    _, root = draw(Account(tuple(entries("OK", 3, 0))))
    told = [each.text for each in root.iter(f"{SVG}text") if each.get("data-id") == "absent"]
    assert told == ["0 duplicated"]


def test_one_that_is_lost_among_very_many_is_seen():
    _, root = draw(Account(tuple(entries("OK", 100_000, 1))))
    (row,) = [each for each in root.iter(f"{SVG}g") if each.get("data-id") == "told-ACKNOWLEDGED"]
    lost = [rect for rect in row.iter(f"{SVG}rect") if rect.get("class") == "f-down"]
    assert [float(rect.get("width")) for rect in lost] == [pytest.approx(0, abs=3.1)]
    assert float(lost[0].get("width")) >= 2


@pytest.mark.parametrize("what", [{}, {"account": 7}, {"account": GOOD, "topic": "orders"}])
def test_anything_but_an_account_is_refused(what):
    with pytest.raises(TypeError, match="ledger takes account="):
        KINDS["ledger"].interest(what)


def test_it_asks_the_cluster_nothing():
    assert KINDS["ledger"].interest({"account": GOOD}) == Interest()
