"""Pieces that several pictures are made of: state symbols, buttons, the head with its badge, notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.views.markup import PAD, at, el, facts, text

if TYPE_CHECKING:
    from rmqlab.views.looker import Looker

SYMBOLS = {"up": "●", "paused": "‖", "down": "✕"}
LINE = 18
_LETTER = 6.9


def state_word(state: str) -> str:
    """Return a state's symbol and word, for tables."""
    return f"{SYMBOLS.get(state, '?')} {state}"


def state_symbol(x: float, y: float, state: str) -> str:
    """Return a state's symbol around a point: a dot, two bars, a cross. Not colour alone tells."""
    if state == "up":
        return el("circle", cx=x, cy=y, r=4.5, class_="f-up")
    if state == "paused":
        return el(
            "path", d=f"M{x - 2.5} {y - 4.5}v9M{x + 2.5} {y - 4.5}v9", class_="s-paused", stroke_width=3
        )
    return el("path", d=f"M{x - 4} {y - 4}l8 8M{x + 4} {y - 4}l-8 8", class_="s-down", stroke_width=2.5)


def button_width(label: str) -> float:
    """Return how wide a button with that label is."""
    return round(len(label) * _LETTER + 20)


def button(  # noqa: PLR0913, PLR0917 - what a button is
    x: float,
    y: float,
    label: str,
    action: str,
    target: str = "",
    hint: str = "",
    *,
    on: bool = False,
    width: float | None = None,
) -> str:
    """Return a button, 24 high, that sends `action` with `target` to the kernel."""
    width = width or button_width(label)
    ground, ink = ("f-accent", "f-on") if on else ("f-paper", "f-accent")
    return el(
        "g",
        facts(hint or label),
        el("rect", x=x, y=y, width=width, height=24, rx=12, class_=f"hot {ground} s-accent"),
        text(x + width / 2, y + 16.5, label, f"{ink} s b mid"),
        data_id=f"b-{action}-{target}",
        data_action=action,
        data_target=target,
        role="button",
        tabindex=0,
        aria_label=hint or label,
    )


def head(width: float, title: str, subtitle: str, looker: Looker) -> str:
    """Return a picture's first two lines; a live one gets its badge and the control that holds it still."""
    parts = [
        text(PAD, 30, title, "f-ink t", data_id="title"),
        text(PAD, 49, subtitle, "f-soft", data_id="subtitle"),
    ]
    if looker.live:
        label = "▶ Follow" if looker.held else "‖ Hold"
        hint = "Follow the cluster again" if looker.held else "Hold the picture still; the cluster goes on"
        right = width - PAD - 92
        state, word = ("paused", "held") if looker.held else ("up", "live")
        parts += [
            button(right, 16, label, "hold", "", hint, on=looker.held, width=92),
            el(
                "g",
                state_symbol(right - 48, 28, state),
                text(right - 37, 32.5, word, f"f-{state} b s"),
                data_id="badge",
            ),
        ]
    return "".join(parts)


def notices(x: float, y: float, sentences: tuple[str, ...]) -> str:
    """Return sentences about what is missing, one a line, each with a warning sign."""
    return "".join(
        el(
            "g",
            el("path", d="M0 4L6 -7L12 4Z", class_="none s-paused", stroke_width=1.6),
            el("path", d="M6 -3v3.6M6 2v.6", class_="s-paused", stroke_width=1.6),
            text(20, 3.5, sentence, "f-paused"),
            style=at(x, y + number * LINE),
            data_id=f"notice-{number}",
        )
        for number, sentence in enumerate(sentences)
    )
