"""The facts of one message that was clicked, below the queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.views.markup import PAD, el, shorten, text
from rmqlab.views.message_dot import clock, preview
from rmqlab.views.parts import button

if TYPE_CHECKING:
    from rmqlab.client.facts import StoredMessage

_LINE = 19
_LINES = 4


def card_height() -> float:
    """Return how high the card is."""
    return 30 + _LINES * _LINE


def message_card(y: float, width: float, message: StoredMessage) -> str:
    """Draw the card, its top at `y`."""
    left = (
        ("key", message.keys or "none"),
        ("tag", message.tags or "none"),
        ("body", preview(message, 90)),
        ("id", message.msg_id),
    )
    right = (
        ("queue", f"{message.broker} {message.queue_id}, offset {message.queue_offset}"),
        ("commit log", f"offset {message.commit_log_offset:,}"),
    )
    parts = [
        el(
            "rect",
            x=PAD,
            y=y,
            width=width - 2 * PAD,
            height=card_height() - 4,
            rx=8,
            class_="f-card s-accent",
        ),
        button(width - PAD - 74, y + 9, "✕ Close", "select", "", "Close the message's facts"),
    ]
    for number, (name, value) in enumerate(left):
        parts += _fact(PAD + 14, y + 24 + number * _LINE, name, shorten(value, 108 if number > 1 else 42), 46)
    for number, (name, value) in enumerate(right):
        parts += _fact(PAD + 380, y + 24 + number * _LINE, name, shorten(value, 40), 80)
    born = f"born {clock(message.born_ms)}, stored {clock(message.store_ms)}"
    parts.append(text(width - PAD - 14, y + 24 + 3 * _LINE, born, "f-soft s e"))
    return el("g", *parts, data_id="message", class_="new")


def _fact(x: float, y: float, name: str, value: str, indent: float) -> tuple[str, str]:
    return text(x, y, name, "f-soft s"), text(x + indent, y, value, "f-ink m")
