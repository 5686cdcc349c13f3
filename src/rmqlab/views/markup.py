"""Writing SVG: elements as text, escaped, with numbers as short as they are exact."""

from __future__ import annotations

import re
from functools import cache
from xml.sax.saxutils import escape, quoteattr

from rmqlab.views.ink import STYLE

PAD = 16
_SPECIAL = re.compile(
    r"[&<>\"\n\r\t]"
)  # what quoteattr writes otherwise; a picture has thousands of attributes


def el(tag: str, *children: str, **attributes: object) -> str:
    """Return one element; `class_`, `data_id` become `class`, `data-id`; None leaves an attribute out."""
    written = "".join(
        f" {_attribute(name)}={_quoted(value)}" for name, value in attributes.items() if value is not None
    )
    inner = "".join(children)
    return f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>"


def text(x: float, y: float, content: str, class_: str = "f-ink", **attributes: object) -> str:
    """Return one line of text; `y` is its baseline."""
    return el("text", escape(visible(content)), x=x, y=y, class_=class_, **attributes)


def facts(*lines: str) -> str:
    """Return the `<title>` that shows when the pointer rests on its parent; empty lines are left out."""
    return el("title", escape("\n".join(visible(line) for line in lines if line)))


def at(x: float, y: float) -> str:
    """Return a style that puts an element there; a changed one moves (the class `move`)."""
    return f"transform:translate({_number(x)}px,{_number(y)}px)"


def picture(width: float, height: float, label: str, body: str, description: str = "") -> str:
    """Return a whole SVG document: paper, style and content, as wide as its place up to `width`."""
    w, h = _number(width), _number(height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rq" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        f'style="max-width:100%;height:auto" role="group" aria-label={quoteattr(visible(label))}>'
        + el("style", STYLE)
        + (el("desc", escape(visible(description))) if description else "")
        + el("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=10, class_="f-paper s-line")
        + body
        + "</svg>"
    )


def shorten(content: str, limit: int) -> str:
    """Return text of at most `limit` characters, an ellipsis in place of its middle."""
    if len(content) <= limit:
        return content
    head = (limit - 1) // 2
    return f"{content[: limit - 1 - head]}…{content[len(content) - head :]}"


def visible(content: str) -> str:
    """Return text without the characters that XML cannot hold or nobody can see."""
    if content.isprintable():
        return content
    return "".join(
        character if character.isprintable() or character == "\n" else "·" for character in content
    )


def _number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


@cache
def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _quoted(value: object) -> str:
    written = _number(value)
    return quoteattr(written) if _SPECIAL.search(written) else f'"{written}"'
