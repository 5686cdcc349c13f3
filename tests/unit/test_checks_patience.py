"""`eventually`: bounded polling of a broker's facts."""

from __future__ import annotations

import time

import pytest

from rmqlab.checks import eventually
from rmqlab.errors import AdminError

pytestmark = pytest.mark.unit


def test_returns_as_soon_as_the_fact_is_there():
    seen = iter([0, 0, 3, 4])
    assert eventually(lambda: next(seen), every_s=0.001) == 3


def test_condition_may_be_given():
    seen = iter([1, 2, 3])
    assert eventually(lambda: next(seen), until=lambda n: n == 2, every_s=0.001) == 2


def test_returns_what_was_seen_last_when_time_is_up():
    begun = time.monotonic()
    assert eventually(list, timeout_s=0.05, every_s=0.01) == []
    assert time.monotonic() - begun < 2


def test_looks_once_even_without_time():
    assert eventually(lambda: 5, timeout_s=0) == 5


def test_refused_look_is_tried_again():
    answers = iter([AdminError("not yet"), "stored"])

    def look():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert eventually(look, every_s=0.001) == "stored"


def test_look_that_stays_refused_is_raised_at_the_end():
    def look():
        raise AdminError("no")

    with pytest.raises(AdminError, match="no"):
        eventually(look, timeout_s=0.02, every_s=0.005)


def test_mistake_in_a_look_is_raised_at_once():
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 / 0, timeout_s=60)
