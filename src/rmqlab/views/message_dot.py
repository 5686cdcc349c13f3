"""A message in a queue's row: a dot in the colour of its key, filled while somebody waits for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from rmqlab.views.markup import el, facts, text

if TYPE_CHECKING:
    from rmqlab.client.facts import StoredMessage
    from rmqlab.views.legend import Legend
    from rmqlab.views.looker import Looker

RADIUS = 9
_PREVIEW = 60
_FATE = {"waiting": "", "committed": "committed by every group", "remembered": "as last seen"}


def dot(
    message: StoredMessage,
    legend: Legend,
    looker: Looker,
    place: str,
    fate: Literal["waiting", "committed", "remembered"],
) -> str:
    """Draw a message at a place (see `markup.at`): filled if it waits, hollow if it does not."""
    name = legend.name(message)
    colour = legend.colour(name)
    target = f"{message.broker}/{message.queue_id}/{message.queue_offset}"
    where = f"offset {message.queue_offset} of queue {message.queue_id}"
    control = {"data_action": "select", "data_target": target, "role": "button", "tabindex": 0}
    return el(
        "g",
        facts(
            where,
            f"key {message.keys}" if message.keys else "no key",
            f"tag {message.tags}" if message.tags else "",
            preview(message, _PREVIEW),
            f"delivery {message.reconsume_times + 1}" if message.reconsume_times else "",
            _FATE[fate],
            f"stored {clock(message.store_ms)}" if looker.live else "",
        ),
        el("circle", r=RADIUS + 3.5, class_="none s-accent", stroke_width=2)
        if looker.selected == target
        else "",
        el(
            "circle",
            r=RADIUS,
            class_=f"hot fade s-{colour} f-{colour if fate == 'waiting' else 'paper'}",
            stroke_width=1.5,
            stroke_dasharray="2 2.7" if fate == "remembered" else None,
        ),
        text(0, 4, legend.letter(name), f"fade s b mid f-{'on' if fate == 'waiting' else colour}"),
        data_id=f"m-{target}",
        style=place,
        class_="move new" if looker.live else None,
        **({**control, "aria_label": f"{where}: show the message's facts"} if looker.live else {}),
    )


def preview(message: StoredMessage, limit: int) -> str:
    """Return a body's size, and its beginning if it is text."""
    size = f"{len(message.body):,} byte{'' if len(message.body) == 1 else 's'}"
    longest = 4  # bytes of a character: one that the cut split is no sign of binary data
    start = message.body[: longest * limit]
    try:
        words = start.decode()
    except UnicodeDecodeError as error:
        words = start[: error.start].decode() if error.start > len(start) - longest else ""
    words = " ".join(words.split())
    if not words:
        return size
    return f"{size}: {words[:limit]}{'…' if len(words) > limit else ''}"


def clock(milliseconds: int) -> str:
    """Return a moment as local time, to the millisecond."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{rest:03d}"
