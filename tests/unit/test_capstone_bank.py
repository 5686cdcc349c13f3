"""The bank: keys, refunds, and its two ways to be unwell; over HTTP, as a payment service sees it."""

from __future__ import annotations

import json
from http.client import HTTPConnection

import pytest

from rmqlab.capstone import Bank

pytestmark = pytest.mark.unit

ORDER = {"number": "7", "amount": 40, "card": "valid"}


@pytest.fixture
def bank(tmp_path):
    with Bank(tmp_path / "bank.db") as opened:
        yield opened


def ask(bank, path, question, timeout_s=5.0):
    connection = HTTPConnection(bank.address, timeout=timeout_s)
    try:
        connection.request("POST", path, json.dumps(question))
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_request_without_a_key_is_a_new_one_each_time(bank):
    assert [ask(bank, "/charge", ORDER) for _ in range(2)] == [200, 200]
    assert bank.book == {"7": (40, 40)}


def test_a_key_that_is_known_is_not_charged_again(bank):
    assert [ask(bank, "/charge", {**ORDER, "key": "7"}) for _ in range(2)] == [200, 200]
    assert bank.book == {"7": (40,)}


def test_a_charge_after_a_refund_is_still_the_one_that_was_made(bank):
    for path in ("/charge", "/refund", "/charge", "/refund"):
        assert ask(bank, path, {**ORDER, "key": "7"}) == 200
    assert bank.book == {"7": (40, -40)}


def test_an_empty_card_is_not_charged(bank):
    assert ask(bank, "/charge", {**ORDER, "card": "empty"}) == 402
    assert bank.book == {}


def test_a_slow_bank_has_charged_when_nobody_waits_for_its_answer_any_more(bank):
    bank.hurt(slow=1)
    with pytest.raises(TimeoutError):
        ask(bank, "/charge", ORDER, timeout_s=0.3)
    assert bank.book == {"7": (40,)}
    assert bank.is_well


def test_a_bank_tells_what_was_left_when_it_is_hurt_anew_or_no_longer(bank):
    assert bank.hurt(slow=2, away=1) == (0, 0)
    bank.charge(**ORDER, key="7")
    assert bank.hurt(away=3) == (1, 1)
    assert ask(bank, "/charge", ORDER) == 503
    assert bank.hurt() == (0, 2)
    assert bank.is_well


def test_a_bank_that_is_away_charges_nothing(bank):
    bank.hurt(away=1)
    assert [ask(bank, "/charge", ORDER) for _ in range(2)] == [503, 200]
    assert bank.book == {"7": (40,)}
