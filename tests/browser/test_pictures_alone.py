"""A picture without JupyterLab: in a page that is light or dark, in a page that says nothing, as an image."""

from __future__ import annotations

import base64

import pytest

from rmqlab.observe import NodeState, Snapshot
from rmqlab.views import KINDS
from rmqlab.views.ink import DARK, LIGHT
from rmqlab.views.looker import STILL

pytestmark = pytest.mark.browser
NODES = (NodeState("namesrv", "NAMESRV", "up"), NodeState("broker-a", "MASTER", "paused"))
SVG = KINDS["map"].draw(Snapshot("", 0, NODES), {}, STILL).svg


def paper(page) -> str:
    fill = page.locator("svg > rect").first.evaluate("each => getComputedStyle(each).fill")
    return "#" + "".join(f"{int(part):02x}" for part in fill[4:-1].split(","))


@pytest.mark.parametrize(("system", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_it_follows_the_system_where_the_page_says_nothing(page, system, colours):
    page.emulate_media(color_scheme=system)
    page.set_content(SVG)
    assert paper(page) == colours["paper"]


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize(("light", "colours"), [("true", LIGHT), ("false", DARK)])
def test_it_follows_jupyterlabs_theme_whatever_the_system_says(page, system, light, colours):
    page.emulate_media(color_scheme=system)
    page.set_content(f'<body data-jp-theme-light="{light}">{SVG}</body>')
    assert paper(page) == colours["paper"]


def test_it_loads_as_an_image_of_its_own(page):
    encoded = base64.b64encode(SVG.encode()).decode()
    page.set_content(f'<img src="data:image/svg+xml;base64,{encoded}">')
    image = page.locator("img")
    image.evaluate("each => each.decode()")
    assert image.evaluate("each => each.naturalWidth") > 400


def test_nothing_moves_for_those_who_asked_for_less(page):
    page.emulate_media(reduced_motion="reduce")
    page.set_content(SVG)
    card = page.locator("svg .move").first
    assert card.evaluate("each => getComputedStyle(each).transitionProperty") == "none"


def test_it_shrinks_with_a_narrow_page(page):
    page.set_viewport_size({"width": 400, "height": 600})
    page.set_content(SVG)
    assert page.locator("svg").bounding_box()["width"] <= 400
