"""A recording as frames: what each picture showed when something changed, and what happened then.

Pure: a recording and the kinds of picture in, frames out; and the frames as a compact text for a browser.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rmqlab.observe.history import same
from rmqlab.observe.narration import narrate
from rmqlab.views.drawing import failure
from rmqlab.views.ink import STYLE
from rmqlab.views.looker import STILL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rmqlab.observe import Event, Recording, Snapshot
    from rmqlab.views.drawing import Drawing
    from rmqlab.views.looker import Kind

MOST_FRAMES = 480
"""Two minutes of changes at four a second; drawing them takes some seconds."""
_SOON_MS = 300  # what was done belongs to the frame that shows it, if that comes so soon
_SAYS_WHAT_COMES = {"note", "cell"}
_STYLED = f"<style>{STYLE}</style>"


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment of a recording.

    Attributes:
        at_ms: when, in milliseconds since 1970.
        note: what was said last of what comes: a note, or the first line of a cell.
        events: what happened since the frame before: kind (or `seen`, by the broker's numbers) and words.
        drawings: what each picture showed.
    """

    at_ms: int
    note: str
    events: tuple[tuple[str, str], ...]
    drawings: tuple[Drawing, ...]


def frames(recording: Recording, kinds: Mapping[str, Kind]) -> tuple[Frame, ...]:
    """Draw a recording: a frame for each moment at which a picture changed or something was said.

    Of a long recording moments are left out evenly; their events stay.
    """
    moments = _moments(recording)
    while len(moments) > MOST_FRAMES:
        moments = _every_other(moments)
    drawn: list[Frame] = []
    last: Snapshot | None = None
    for at_ms, count, said in moments:
        seen = recording.snapshots[:count]
        news = narrate(last, seen[-1]) if last is not None else ()
        last = seen[-1]
        events = (*((event.kind, event.text) for event in said), *(("seen", text) for text in news))
        notes = [event.text for event in said if event.kind in _SAYS_WHAT_COMES]
        note = notes[-1] if notes else drawn[-1].note if drawn else ""
        drawings = tuple(_draw(kinds, kind, what, seen) for kind, what in recording.views_at(at_ms))
        frame = Frame(at_ms, note, events, drawings)
        if not drawn or events or _pictures(frame) != _pictures(drawn[-1]):
            drawn.append(frame)
    return tuple(drawn)


def as_json(drawn: Sequence[Frame], recording: Recording) -> str:
    """Return frames as JSON for `player.js`.

    An element that occurs in many frames is written once (`tokens`); a frame's text is told by its difference
    from the one before: [tokens kept at the beginning, tokens kept at the end, tokens between them].
    """
    tokens: dict[str, int] = {}
    views = [
        {
            "kind": kind,
            "svg": _changes([_bare(frame.drawings[number].svg) for frame in drawn], tokens),
            "table": _changes([frame.drawings[number].table for frame in drawn], tokens),
        }
        for number, (kind, _) in enumerate(recording.views)
    ]
    data = {
        "name": recording.name,
        "style": STYLE,
        "views": views,
        "frames": [{"at": frame.at_ms, "note": frame.note, "events": frame.events} for frame in drawn],
        "tokens": list(tokens),
    }
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def _moments(recording: Recording) -> list[tuple[int, int, tuple[Event, ...]]]:
    """Return (when, how many snapshots there were then, what happened since the moment before)."""
    snapshots = recording.snapshots
    changes = {
        snapshot.taken_ms: number + 1
        for number, snapshot in enumerate(snapshots)
        if number == 0 or not same(snapshots[number - 1], snapshot)
    }
    for at_ms, _ in recording.told:
        changes.setdefault(at_ms, max(1, sum(snapshot.taken_ms <= at_ms for snapshot in snapshots)))
    moments: list[tuple[int, int, tuple[Event, ...]]] = []
    waiting = sorted(recording.events, key=lambda event: event.at_ms)
    for at_ms, count in sorted(changes.items()):
        before = moments[-1][1] if moments else 0
        while before and waiting and waiting[0].at_ms < at_ms - _SOON_MS:
            moments.append((waiting[0].at_ms, before, (waiting.pop(0),)))
        taken = [event for event in waiting if event.at_ms <= at_ms]
        waiting = waiting[len(taken) :]
        moments.append((at_ms, count, tuple(taken)))
    return moments + [(event.at_ms, moments[-1][1], (event,)) for event in waiting if moments]


def _every_other(
    moments: list[tuple[int, int, tuple[Event, ...]]],
) -> list[tuple[int, int, tuple[Event, ...]]]:
    kept = [moments[0]]
    for left_out, moment in zip(moments[1::2], moments[2::2], strict=False):
        kept.append((*moment[:2], left_out[2] + moment[2]))
    return kept if len(moments) % 2 else [*kept, moments[-1]]


def _draw(
    kinds: Mapping[str, Kind], name: str, what: Mapping[str, Any], seen: tuple[Snapshot, ...]
) -> Drawing:
    if name not in kinds:
        return failure(f"This RocketMQ Lab has no picture {name!r}.")
    try:
        return kinds[name].picture(seen, what, STILL)
    except Exception as error:  # noqa: BLE001 - the other frames and pictures can be seen
        return failure(f"{name} could not be drawn: {type(error).__name__}: {error}")


def _pictures(frame: Frame) -> list[str]:
    return [drawing.svg for drawing in frame.drawings]


def _bare(svg: str) -> str:
    return svg.replace(_STYLED, "", 1)


def _changes(texts: list[str], tokens: dict[str, int]) -> list[tuple[int, int, list[int]]]:
    changes, last = [], []
    for text in texts:
        now = [tokens.setdefault(token, len(tokens)) for token in re.split(r"(?=<)", text) if token]
        shorter = min(len(last), len(now))
        head = next((n for n in range(shorter) if last[n] != now[n]), shorter)
        rest = shorter - head
        tail = next((n for n in range(rest) if last[-1 - n] != now[-1 - n]), rest)
        changes.append((head, tail, now[head : len(now) - tail]))
        last = now
    return changes
