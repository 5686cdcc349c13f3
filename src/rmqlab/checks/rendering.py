"""How verdicts, hints and solutions look: one card, as HTML for light and dark themes and as stable text."""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass

_WIDTH = 100
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Card:
    """What there is to show.

    Attributes:
        sign: One character that tells the kind of card without colour.
        word: The same in a word ("PASSED").
        colour: The background of sign and word; the text on it is white.
        heading: The exercise.
        text: A sentence or a paragraph; `backticks` mark code.
        facts: Named lines below it.
        code: A block of Python, shown as it is.
    """

    sign: str
    word: str
    colour: str
    heading: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    code: str = ""


def to_text(card: Card) -> str:
    """Return the card as plain text, wrapped at 100 columns, the same for the same card on every machine."""
    lines = [f"{card.sign} {card.word}  {card.heading}".rstrip()]
    if card.text:
        lines += _wrapped(card.text, "  ")
    margin = max((len(name) for name, _ in card.facts), default=0) + 2
    for name, value in card.facts:
        first, *rest = _wrapped(value, " " * (margin + 2))
        lines += ["  " + name.ljust(margin) + first.lstrip(), *rest]
    if card.code:
        lines += ["", *textwrap.indent(card.code, "    ").splitlines()]
    return "\n".join(lines)


def to_html(card: Card) -> str:
    """Return the card as HTML without scripts, ids or outside resources.

    Text takes the page's own colour, so that it reads on light and dark; only the word has its own.
    """
    badge = f"background:{card.colour};color:#fff;border-radius:3px;padding:.1em .5em;font-weight:600"
    parts = [
        f'<div role="status" style="border-left:4px solid {card.colour};padding:.3em .8em;margin:.4em 0">',
        f'<span style="{badge}"><span aria-hidden="true">{card.sign}</span> {card.word}</span> ',
        f"<strong>{html.escape(card.heading)}</strong>",
    ]
    if card.text:
        parts.append(f'<p style="margin:.4em 0 0">{_inline(card.text)}</p>')
    if card.facts:
        rows = "".join(
            f'<dt style="font-weight:600">{html.escape(name)}</dt><dd style="margin:0">{_inline(value)}</dd>'
            for name, value in card.facts
        )
        parts.append(
            '<dl style="display:grid;grid-template-columns:max-content 1fr;gap:.1em 1em;margin:.4em 0 0">'
            f"{rows}</dl>"
        )
    if card.code:
        parts.append(f'<pre style="margin:.4em 0 0"><code>{html.escape(card.code)}</code></pre>')
    parts.append("</div>")
    return "".join(parts)


def _wrapped(text: str, margin: str) -> list[str]:
    lines: list[str] = []
    for paragraph in text.splitlines():
        lines += textwrap.wrap(
            paragraph,
            _WIDTH,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return lines


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", html.escape(text)).replace("\n", "<br>")
