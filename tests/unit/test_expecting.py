"""Errors that a lesson is about."""

from __future__ import annotations

import pytest

from rmqlab.errors import RmqLabError
from rmqlab.expecting import expect_error

pytestmark = pytest.mark.unit


def test_an_expected_error_is_told_by_its_kind_and_its_first_line(capsys):
    with expect_error(ValueError):
        raise ValueError("no such level\nand a stack that nobody wants")
    assert capsys.readouterr().out == "ValueError: no such level\n"


def test_a_long_sentence_breaks_between_words_where_a_page_ends(capsys):
    with expect_error(ValueError):
        raise ValueError("the topic of broker-a/1 is unknown " * 8)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert all("broker-a/1" in line for line in lines)


def test_an_error_that_does_not_come_is_one():
    with pytest.raises(RmqLabError, match="should have failed with ValueError"), expect_error(ValueError):
        pass


def test_an_error_of_another_kind_passes():
    with pytest.raises(KeyError), expect_error(ValueError):
        raise KeyError("other")
