"""Every drawing, as Chromium paints it: each word can be read on what lies beneath it, in every scheme."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit"))

from views_hand_made import GALLERY, draw

from rmqlab.views.ink import CONTRAST
from rmqlab.views.looker import STILL, Looker
from rmqlab.views.widget import _CSS

pytestmark = pytest.mark.browser
SCHEMES = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "high contrast": {"color_scheme": "dark", "forced_colors": "active"},
    "high contrast on white": {"color_scheme": "light", "forced_colors": "active"},
}

# For each text: its words, its colour, and the colours of the shapes beneath its middle, the topmost first.
MEASURE = """svg => {
  const shapes = [...svg.querySelectorAll("rect, circle, path, polygon")];
  const transparent = paint => paint === "none" || /^rgba.*, 0\\)$/.test(paint);
  return [...svg.querySelectorAll("text")].map(text => {
    const box = text.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const beneath = shapes.filter(shape => {
      if (!(shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)) return false;
      const style = getComputedStyle(shape);
      if (transparent(style.fill) || Number(style.opacity) < 0.5) return false;
      const matrix = shape.getScreenCTM();
      if (matrix.a * matrix.d === matrix.b * matrix.c) return false; // nothing to see: as wide as nothing
      const point = new DOMPoint(x, y).matrixTransform(matrix.inverse());
      return shape.isPointInFill(point);
    });
    const style = getComputedStyle(text);
    const on = beneath.length ? getComputedStyle(beneath.at(-1)).fill : "";
    return {words: text.textContent, ink: style.fill, on};
  }).filter(each => each.words.trim());
}"""


def rgb(paint):
    return [float(part) for part in paint[paint.index("(") + 1 : -1].split(",")[:3]]


def luminance(paint):
    """Relative luminance, as WCAG 2.2 defines it."""
    channels = [value / 255 for value in rgb(paint)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_word_of_every_picture_can_be_read(page, scheme):
    page.emulate_media(**SCHEMES[scheme])
    faint = {}
    for name in GALLERY:
        for looker in (Looker(live=True, selected="broker-a/0/1"), STILL):
            page.set_content(f'<style>{_CSS}</style><div class="rmqlab-view">{draw(name, looker).svg}</div>')
            found = page.locator("svg").evaluate(MEASURE)
            assert found, name
            for each in found:
                assert each["on"], f"{name}: nothing lies beneath {each['words']!r}"
                ratio = contrast(each["ink"], each["on"])
                if ratio < CONTRAST:
                    faint[f"{name}: {each['words']!r} {each['ink']} on {each['on']}"] = round(ratio, 2)
    assert faint == {}
