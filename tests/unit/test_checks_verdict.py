"""Verdicts: what they need, how they read, what a machine reads back."""

from __future__ import annotations

import re

import pytest

from rmqlab.authoring import trials
from rmqlab.checks import Outcome, not_attempted, not_yet, passed
from rmqlab.checks.verdict import MIME_TYPE, error

pytestmark = pytest.mark.unit

FACTS = {
    "expected": "6 messages in `orders`",
    "seen": "5",
    "why": "a oneway send has no answer",
    "try_next": "send <again>",
}


@pytest.mark.parametrize("missing", [*FACTS, "key"])
def test_not_yet_without_its_reason_is_refused(missing):
    facts = {"key": "lost-one", **FACTS, missing: ""}
    with pytest.raises(ValueError, match=missing):
        not_yet(facts.pop("key"), **facts)


def test_plain_text_is_aligned_and_says_everything():
    assert str(not_yet("lost-one", **FACTS)).splitlines() == [
        "↻ NOT YET",
        "  expected  6 messages in `orders`",
        "  seen      5",
        "  why       a oneway send has no answer",
        "  try next  send <again>",
    ]


def test_long_text_is_wrapped_under_its_own_column():
    lines = str(not_yet("long", **{**FACTS, "why": "word " * 40})).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[4].startswith(" " * 12 + "word")


@pytest.mark.parametrize("verdict", [passed("p"), not_yet("k", **FACTS), error("k", "e"), not_attempted("n")])
def test_html_has_sign_and_word_and_takes_the_pages_own_text_colour(verdict):
    html = verdict._repr_mimebundle_()["text/html"]
    assert verdict.outcome.value in html
    assert 'aria-hidden="true"' in html
    coloured = re.findall(r"(?<![-\w])color:(\S+?);", html)
    assert coloured == ["#fff"]  # the word alone, on a background of its own


@pytest.mark.parametrize("verdict", [passed("p"), not_yet("k", **FACTS), error("k", "e"), not_attempted("n")])
def test_word_has_enough_contrast_on_its_background(verdict):
    background = re.search(r"background:#([0-9a-f]{6})", verdict._repr_mimebundle_()["text/html"])[1]
    parts = [int(background[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    luminance = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_html_escapes_text_and_marks_code():
    html = not_yet("k", **FACTS)._repr_mimebundle_()["text/html"]
    assert "send &lt;again&gt;" in html
    assert "<code>orders</code>" in html


def test_machine_reads_exercise_outcome_and_key():
    assert passed("p")._repr_mimebundle_()[MIME_TYPE] == {
        "exercise": "",
        "outcome": "PASSED",
        "key": "passed",
    }


def test_authoring_and_checks_agree_on_the_mime_type():
    assert trials.VERDICT == MIME_TYPE


def test_only_passed_is_passed():
    assert [v.passed for v in (passed("p"), not_yet("k", **FACTS), error("k", "e"), not_attempted("n"))] == [
        True,
        False,
        False,
        False,
    ]
    assert {outcome.value for outcome in Outcome} == {"PASSED", "NOT YET", "ERROR", "NOT ATTEMPTED"}
