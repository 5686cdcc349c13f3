"""Order lanes: one lane a key, its steps in the order stored against the order consumed.

What is stored, and in which queue, is the broker's word. What was consumed only the program knows. Many keys
are summed up, many steps of a key are counted instead of named.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rmqlab.observe import Interest, Snapshot, TopicState
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.lane_order import BY, STEP, Lane, Place, Told, lanes
from rmqlab.views.lane_row import NAMED, Palette, lane_height, lane_row, said_of, tally
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, picture, shorten, text
from rmqlab.views.message_card import card_height, message_card
from rmqlab.views.parts import LINE, head, notices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rmqlab.client.facts import StoredMessage

WIDTH = 864.0
SHOWN = 12
"""Lanes that are drawn; those with something wrong go first."""

NEWEST = 256
"""Messages of each queue that are compared."""

_ARGUMENTS = {"topic", "consumed", "failed", "steps", "by", "step", "since"}
_DETAILED_QUEUES = 16
_TOP = 76.0
_HEAD = ("key", "queues", "stored", "consumed", "verdict")


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs.

    `what` has `topic`, and may have `consumed` (an Inbox or a list of (key, step), in the order in which the
    callback was done with them), `failed` (likewise: tries that failed), `steps` (all steps in the order that
    is meant), `by` (`"key"`: the message's key, `"sharding"`: the sharding key), `step` (`"tag"` or `"body"`:
    what names a step) and `since` (what `topic_stats` returned: earlier messages are left out).

    Raises:
        TypeError: another argument, no topic, or one of another shape.
    """
    if what.keys() - _ARGUMENTS or not isinstance(what.get("topic"), str) or not what["topic"]:
        raise TypeError(
            "the lanes take topic=, consumed=, failed=, steps=, by=, step= and since=, got "
            + (", ".join(sorted(what)) or "nothing")
        )
    for name, choices in (("by", BY), ("step", STEP)):
        if what.get(name, choices[0]) not in choices:
            raise TypeError(f"{name}= is {' or '.join(map(repr, choices))}, not {what[name]!r}")
    _told(what)
    return Interest(topics=frozenset({what["topic"]}), messages=NEWEST, detailed_queues=_DETAILED_QUEUES)


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:
    """Draw the lanes of one topic."""
    topic = snapshot.topic(what["topic"]) or TopicState(what["topic"])
    told = _told(what)
    found = lanes([message for queue in topic.queues for message in queue.messages], told)
    wrong_first = sorted(found, key=lambda lane: lane.severity)
    drawn = found if len(found) <= SHOWN else tuple(wrong_first[:SHOWN])
    palette = Palette.of(found, (queue.ref.broker for queue in topic.queues))
    missing = _sentences(snapshot, topic, told, looker)
    y, parts = _TOP, []
    for lane in drawn:
        parts.append(lane_row(lane, palette, looker, told, y))
        y += lane_height(both=told.consumed is not None)
    if not found:
        parts.append(text(PAD, y + 16, "No message to show." if topic.queues else "Reading …", "f-soft"))
        y += 30
    if rest := wrong_first[SHOWN:] if len(found) > SHOWN else []:
        parts.append(text(PAD, y + 18, _more(rest), "f-soft", data_id="more"))
        y += 30
    legend, y = palette.draw(y + 6)
    parts.append(legend)
    if selected := _selected(found, looker):
        parts.append(message_card(y + 4, WIDTH, selected))
        y += card_height() + 12
    parts.append(notices(PAD + 2, y + 12, missing))
    y += len(missing) * LINE
    title = f"Order in topic {shorten(topic.name, 40)}"
    subtitle = _subtitle(found, told)
    label = f"{title}: {subtitle}"
    rows = tuple(_row(lane, palette) for lane in drawn)
    svg = picture(WIDTH, y + PAD, label, head(WIDTH, title, subtitle, looker) + "".join(parts))
    return Drawing(label, svg, _HEAD, rows, (*missing, *([_more(rest)] if rest else [])))


def _told(what: Mapping[str, Any]) -> Told:
    """Read the arguments; an Inbox is read anew for each picture."""
    consumed = what.get("consumed")
    since = what.get("since") or {}
    try:
        return Told(
            None if consumed is None else _pairs(consumed),
            _pairs(what.get("failed") or ()),
            tuple(what.get("steps") or ()),
            what.get("by", BY[0]),
            what.get("step", STEP[0]),
            {
                (queue.broker, queue.queue_id): getattr(extent, "max_offset", extent)
                for queue, extent in since.items()
            },
        )
    except (AttributeError, TypeError, ValueError):
        raise TypeError(
            "consumed= and failed= are an Inbox or a list of (key, step), steps= a list of names, "
            "since= what topic_stats returned"
        ) from None


def _pairs(items: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for item in items:
        key, step, *_ = item
        if isinstance(item, str) or not isinstance(key, str) or not isinstance(step, str):
            raise TypeError
        pairs.append((key, step))
    return tuple(pairs)


def _subtitle(found: tuple[Lane, ...], told: Told) -> str:
    stored = sum(len(lane.stored) for lane in found)
    parts = [f"{count(len(found), 'key')}, {count(stored, 'message')} stored"]
    if told.consumed is not None:
        parts[0] += f", {sum(place.done for lane in found for place in lane.consumed):,} consumed"
    in_order = bool(found) and all(lane.verdict.startswith("✓") for lane in found)
    wrong = tally(place for lane in found for place in (*lane.stored, *lane.consumed))
    return "; ".join([*parts, *(wrong or ["all in order"] * in_order)])


def _more(rest: list[Lane]) -> str:
    verdicts = Counter(lane.verdict for lane in rest)
    said = ", ".join(f"{verdict}: {number:,}" for verdict, number in verdicts.items())
    return f"and {count(len(rest), 'more key', 'more keys')}: {said}"


def _sentences(snapshot: Snapshot, topic: TopicState, told: Told, looker: Looker) -> tuple[str, ...]:
    sentences = [looker.notice]
    for gap in snapshot.gaps:
        if gap.reason in {"down", "paused"}:
            sentences.append(f"{gap.source} is {gap.reason}: its messages are the last that were seen.")
        else:
            sentences.append(f"{gap.source}: {gap.reason}.")
    if len(topic.queues) > _DETAILED_QUEUES:
        sentences.append(f"{count(len(topic.queues), 'queue')} are too many to read their messages.")
    elif any(_unread(queue, told) for queue in topic.queues):
        sentences.append(f"Only the newest {NEWEST} messages of each queue are compared.")
    return tuple(filter(None, sentences))


def _unread(queue: Any, told: Told) -> bool:
    start = max(queue.min_offset, told.since.get((queue.ref.broker, queue.ref.queue_id), 0))
    return not queue.silent and queue.max_offset - start > NEWEST


def _selected(found: tuple[Lane, ...], looker: Looker) -> StoredMessage | None:
    for lane in found if looker.live and looker.selected else ():
        for place in lane.stored:
            m = place.message
            if m and f"{m.broker}/{m.queue_id}/{m.queue_offset}" == looker.selected:
                return m
    return None


def _row(lane: Lane, palette: Palette) -> tuple[str, ...]:
    return (
        lane.key or "no key",
        " ".join(map(palette.label, lane.queues)) or "-",
        _listed(lane.stored, len(lane.stored)),
        _listed(lane.consumed, sum(place.done for place in lane.consumed)),
        lane.verdict,
    )


def _listed(places: tuple[Place, ...], done: int) -> str:
    """Return the steps by name; where they are many, their number and what is wrong with how many."""
    if len(places) > NAMED:
        return ", ".join([f"{done:,}", *tally(places)])
    names = [(place.step or "·", said_of(place)) for place in places]
    return ", ".join(f"{name} ({remark})" if remark else name for name, remark in names) or "-"


KIND = Kind("lanes", interest, draw)
