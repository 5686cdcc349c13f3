"""One lane of the order's picture: the key, what was stored above, what was consumed below."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.views.drawing import count
from rmqlab.views.ink import KEYS
from rmqlab.views.markup import PAD, at, el, facts, shorten, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rmqlab.client.facts import QueueRef, StoredMessage
    from rmqlab.views.lane_order import Lane, Place, Told
    from rmqlab.views.looker import Looker

_LEFT, _RIGHT = 208.0, 848.0
_CHIP, _GAP, _TALL = 104.0, 8.0, 22.0
_TAG = 28.0
_LETTER = 6.6
NAMED = 12
"""Steps of a lane that have room for their names; more are drawn as a strip."""

_LEGEND = 8
_SIGNS = {"late": "✕", "twice": "↻", "failed": "✕", "blocked": "‖", "waiting": "…"}
_WORDS = {"late": "out of order"}
_INKS = {"late": "down", "twice": "down", "failed": "down", "blocked": "paused", "waiting": "soft"}
_WHY = {
    "late": "a later step was there before it",
    "twice": "it was there before",
    "blocked": "its queue waits for a message before it, which fails",
    "waiting": "nobody has consumed it yet",
}


def tally(places: Iterable[Place]) -> list[str]:
    """Return how many places have each mark: `3 out of order`, `1 twice`."""
    marks = Counter(place.mark for place in places if place.mark)
    return [f"{marks[mark]:,} {_WORDS.get(mark, mark)}" for mark in _SIGNS if marks[mark]]


def said_of(place: Place) -> str:
    """Return what is to be said of one place, as symbol and words; empty if nothing."""
    if place.mark == "failed":
        return f"{_SIGNS[place.mark]} failed {count(place.failures, 'time')}"
    if place.mark:
        return f"{_SIGNS[place.mark]} {_WORDS.get(place.mark, place.mark)}"
    return f"after {count(place.failures, 'failure')}" if place.failures else ""


@dataclass(frozen=True, slots=True)
class Palette:
    """What each queue is called and painted: `q1`, or where there are several brokers `a1`: 1 of broker-a."""

    queues: tuple[QueueRef, ...]
    several: bool = False

    @classmethod
    def of(cls, lanes: Iterable[Lane], brokers: Iterable[str]) -> Palette:
        """Return the palette of the queues that the lanes lie in, in a topic of these brokers."""
        return cls(tuple(sorted({queue for lane in lanes for queue in lane.queues})), len(set(brokers)) > 1)

    def label(self, queue: QueueRef) -> str:
        """Return a queue's short name."""
        return f"{shorten(queue.broker.rpartition('-')[2], 3) if self.several else 'q'}{queue.queue_id}"

    def colour(self, queue: QueueRef) -> str:
        """Return a queue's ink: seven in turn."""
        return KEYS[self.queues.index(queue) % (len(KEYS) - 1)]

    def draw(self, y: float) -> tuple[str, float]:
        """Draw the legend from `y` down; return it and where it ends."""
        parts, x = [], float(PAD)
        for queue in self.queues[:_LEGEND]:
            said = f"queue {queue.queue_id} of {shorten(queue.broker, 14)}"
            width = 48 + len(said) * _LETTER
            if x + width > _RIGHT:
                x, y = float(PAD), y + 22
            parts.append(
                el("rect", x=x, y=y, width=_TAG, height=16, rx=4, class_=f"f-{self.colour(queue)}")
                + text(x + _TAG / 2, y + 12, self.label(queue), "f-on c b mid")
                + text(x + _TAG + 6, y + 12.5, said, "f-soft s")
            )
            x += width
        if len(self.queues) > _LEGEND:
            parts.append(text(x, y + 12.5, f"and {len(self.queues) - _LEGEND} more", "f-soft s"))
        return "".join(parts), y + (20 if parts else 0)


def lane_height(*, both: bool) -> float:
    """Return a lane's height; `both`: what was consumed is drawn, too."""
    return 84.0 if both else 48.0


def lane_row(lane: Lane, palette: Palette, looker: Looker, told: Told, y: float) -> str:
    """Draw one lane, its top at `y`."""
    both = told.consumed is not None
    verdict = lane.verdict
    ink = {"✓": "up", "…": "soft", "‖": "paused", "?": "paused"}.get(verdict[0], "down")
    queues = lane.queues
    most = max(len(lane.stored), len(lane.consumed), 1)
    pen = _Pen(lane, palette, looker, told, most)
    draw = pen.strip if most > NAMED else pen.chips
    parts = [
        el("path", d=f"M{PAD} 0H{_RIGHT}", class_="s-line", stroke_width=0.7),
        text(PAD, 22, shorten(lane.key or "no key", 15), "f-ink b"),
        text(PAD, 39, verdict, f"f-{ink} b s", data_id="verdict"),
        text(_LEFT - 12, 22, "stored", "f-soft c e"),
        draw("s", lane.stored, 7.0),
    ]
    if both:
        where = f"in {count(len(queues), 'queue')}"
        parts += [
            text(
                PAD, 56, where if queues else "not stored", f"f-{'paused' if len(queues) > 1 else 'soft'} s"
            ),
            text(_LEFT - 12, 57, "consumed", "f-soft c e"),
            draw("c", lane.consumed, 42.0),
        ]
    return el("g", *parts, data_id=f"lane-{lane.key}", style=at(0, y))


@dataclass(frozen=True, slots=True)
class _Pen:
    """What draws the two rows of one lane: `row` is `s` (stored) or `c` (consumed)."""

    lane: Lane
    palette: Palette
    looker: Looker
    told: Told
    most: int

    def chips(self, row: str, places: tuple[Place, ...], y: float) -> str:
        """Draw a chip for each message, with its queue and its step's name."""
        pitch = min(_CHIP + _GAP, (_RIGHT - _LEFT + _GAP) / self.most)
        return "".join(
            self._chip(row, place, number, pitch - _GAP, at(_LEFT + number * pitch, y))
            for number, place in enumerate(places)
        )

    def _chip(self, row: str, place: Place, number: int, width: float, style: str) -> str:
        message = place.message
        colour = self.palette.colour(message.queue) if message else KEYS[-1]
        done = row == "s" or place.done
        room = int((width - _TAG - 8) / _LETTER)
        remark = said_of(place)
        control = {}
        if message and self.looker.live and row == "s":
            target = f"{message.broker}/{message.queue_id}/{message.queue_offset}"
            label = f"{place.step} of {self.lane.key}: show the message's facts"
            control = {"data_action": "select", "data_target": target, "role": "button"}
            control |= {"tabindex": 0, "aria_label": label}
        return el(
            "g",
            facts(*self._hover(row, place, number)),
            el(
                "rect",
                width=width,
                height=_TALL,
                rx=5,
                class_=f"hot fade f-{'card' if done else 'paper'} s-{_INKS.get(place.mark, colour)}",
                stroke_width=2 if place.mark in {"late", "twice", "failed"} else 1.2,
                stroke_dasharray=None if done else "4 3",
            ),
            el("rect", width=_TAG, height=_TALL, rx=5, class_=f"fade f-{colour}") if done else "",
            text(
                _TAG / 2,
                15,
                self.palette.label(message.queue) if message else "?",
                f"f-{'on' if done else colour} c b mid",
            ),
            text(_TAG + 6, 15, shorten(place.step or "·", room), f"f-{'ink' if done else 'soft'} s")
            if room > 1
            else "",
            text(1, _TALL + 12, remark, f"f-{_INKS.get(place.mark, 'soft')} b c") if remark else "",
            data_id=f"{row}-{place.step}-{place.nth}",
            style=style,
            class_="move new" if self.looker.live else None,
            **control,
        )

    def _hover(self, row: str, place: Place, number: int) -> tuple[str, ...]:
        message = place.message
        done = row == "s" or place.done
        deed = "stored" if row == "s" else "consumed"
        return (
            f"{place.step or 'no step'} of {self.lane.key or 'no key'}",
            self._whereabouts(message) if message else "the queues that were read do not hold it",
            f"number {number + 1} of this key to be {deed}" if done else f"not {deed} yet",
            f"failed {count(place.failures, 'time')}" if place.failures else "",
            _WHY.get(place.mark, ""),
        )

    def _whereabouts(self, message: StoredMessage) -> str:
        queue = f"queue {message.queue_id} of {message.broker}"
        since = self.told.since.get((message.broker, message.queue_id), 0)
        if self.looker.live or not self.told.since:
            return f"offset {message.queue_offset} of {queue}"
        # In a still: what lay there before differs from run to run.
        return f"number {message.queue_offset - since + 1} in {queue} since then"

    def strip(self, row: str, places: tuple[Place, ...], y: float) -> str:
        """Draw many messages as one bar, with a line for each that is out of order, twice or fails."""
        scale = (_RIGHT - _LEFT) / self.most
        tall = _TALL - 8
        done = sum(place.done for place in places) if row == "c" else len(places)
        # As many lines as can be told apart, whatever the number of messages.
        lines = sorted(
            {
                (round(_LEFT + (number + 0.5) * scale), _INKS[place.mark])
                for number, place in enumerate(places)
                if place.mark in {"late", "twice", "failed"}
            }
        )
        said = [f"{done:,} {'stored' if row == 's' else 'consumed'}", *tally(places)]
        queues = self.lane.queues
        colour = self.palette.colour(queues[0]) if len(queues) == 1 else KEYS[-1]
        return el(
            "g",
            facts(f"{self.lane.key or 'no key'}: {', '.join(said)}"),
            el("rect", x=_LEFT, y=y, width=_RIGHT - _LEFT, height=tall, rx=3, class_="f-card s-line"),
            el("rect", x=_LEFT, y=y + 4, width=round(done * scale, 1), height=tall - 8, class_=f"f-{colour}"),
            *(
                el("path", d=f"M{x} {y - 2}v{tall + 4}", class_=f"s-{ink}", stroke_width=1.6)
                for x, ink in lines
            ),
            text(_LEFT, y + tall + 13, ", ".join(said), "f-soft s"),
            data_id=f"strip-{row}",
        )
