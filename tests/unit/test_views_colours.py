"""What is drawn can be read: contrast, in both palettes, by computation."""

from __future__ import annotations

import re

import pytest
from views_hand_made import GALLERY, draw

from rmqlab.views.ink import CONTRAST, DARK, KEYS, LIGHT, PAIRS, STYLE
from rmqlab.views.looker import Looker

pytestmark = pytest.mark.unit


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_black_on_white_is_twenty_one_to_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_every_ink_can_be_read_on_its_ground(palette, ink, ground):
    assert contrast(palette[ink], palette[ground]) >= CONTRAST


def test_both_palettes_have_the_same_colours():
    assert LIGHT.keys() == DARK.keys()


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_keys_have_colours_of_their_own(palette):
    assert len({palette[key] for key in KEYS}) == len(KEYS)


def test_every_class_that_is_drawn_has_a_rule():
    for name in GALLERY:
        svg = draw(name, Looker(live=True)).svg
        classes = {name for value in re.findall(r' class="([^"]*)"', svg) for name in value.split()}
        assert {name for name in classes if f".{name}" not in STYLE} == set()


def test_text_is_never_drawn_in_a_colour_that_was_not_checked():
    checked = {ink for ink, _ in PAIRS} | {"paper"}  # paper: the letters on a node's dark tile
    for name in GALLERY:
        svg = draw(name, Looker(live=True)).svg
        inks = {
            name
            for value in re.findall(r'<text[^>]* class="([^"]*)"', svg)
            for name in re.findall(r"\bf-(\w+)", value)
        }
        assert inks <= checked


def test_motion_stops_for_those_who_asked_for_less():
    assert re.search(r"@media \(prefers-reduced-motion:reduce\)\{[^}]*transition:none", STYLE)


def test_the_page_decides_between_light_and_dark_before_the_system_does():
    system = STYLE.index("prefers-color-scheme:dark")
    assert system < STYLE.index("[data-jp-theme-light=true] .rq")
    assert system < STYLE.index("[data-jp-theme-light=false] .rq")
