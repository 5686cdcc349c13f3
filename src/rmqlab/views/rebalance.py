"""Rebalancing: the members of one consumer group against a topic's queues, and who holds which queue now.

A member without a queue is idle, a queue without a member is nobody's. Many are summarised (`member_grid`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.observe import GroupState, Interest, Snapshot, TopicState, instance_name
from rmqlab.views import member_grid
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, at, el, facts, picture, shorten, text
from rmqlab.views.parts import LINE, head, notices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.client.facts import QueueRef

_ARGUMENTS = {"topic", "group"}
_WIDTH, _CARD, _TALL, _PITCH = 620.0, 196.0, 36.0, 46.0
_RIGHT = _WIDTH - PAD - _CARD
_TOP = 96.0
_MOST_ROWS = 16


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs; `what` has `topic` and `group`, one name each.

    Raises:
        TypeError: another argument, or one is missing.
    """
    if what.keys() != _ARGUMENTS or not all(isinstance(name, str) and name for name in what.values()):
        raise TypeError(f"rebalance takes topic= and group=, got {', '.join(sorted(what)) or 'nothing'}")
    return Interest(topics=frozenset({what["topic"]}), assignments=True)


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:
    """Draw who of the group holds which of the topic's queues."""
    topic = snapshot.topic(what["topic"]) or TopicState(what["topic"])
    none = GroupState(what["group"])
    group = next((group for group in topic.groups if group.name == none.name), none)
    queues = [queue.ref for queue in topic.queues]
    free = [ref for ref in queues if not any(ref in held for held in group.assigned.values())]
    idle = [member for member in group.members if not group.assigned.get(member)]
    several = len({ref.broker for ref in queues}) > 1
    rows = max(len(queues), len(group.members), 1)
    missing = tuple(filter(None, (looker.notice, *(f"{gap.source}: {gap.reason}." for gap in snapshot.gaps))))
    title = f"Group {shorten(group.name, 20)}, topic {shorten(topic.name, 20)}"
    subtitle = f"{count(len(group.members), 'consumer')} online, {count(len(queues), 'queue')}"
    subtitle += f", {len(idle)} idle" if idle else ""
    subtitle += f", {count(len(free), 'queue')} of nobody" if free and group.members else ""
    if rows > _MOST_ROWS:
        drawn, bottom = member_grid.draw(group, free, _TOP - 22, _name)
    else:
        bottom = _TOP + rows * _PITCH
        drawn = (
            text(PAD, _TOP - 14, "consumer", "f-soft c")
            + text(_RIGHT, _TOP - 14, "queue", "f-soft c")
            + "".join(_lines(group, queues))
            + "".join(_member(number, member, group) for number, member in enumerate(group.members))
            + ("" if group.members else text(PAD, _TOP + 22, "nobody online", "f-soft"))
            + "".join(_queue(number, ref, several, ref in free) for number, ref in enumerate(queues))
        )
    body = head(_WIDTH, title, subtitle, looker) + drawn + notices(PAD + 2, bottom + 12, missing)
    height = bottom + PAD + (len(missing) * LINE if missing else 0)
    label = f"{title}: {subtitle}"
    table = [
        (_name(member), ", ".join(_label(ref, several) for ref in group.assigned.get(member, ())) or "idle")
        for member in group.members
    ]
    if free:
        table.append(("nobody", ", ".join(_label(ref, several) for ref in free)))
    return Drawing(label, picture(_WIDTH, height, label, body), ("consumer", "queues"), tuple(table), missing)


def _name(member: str) -> str:
    """Return a member's instance name; the client id if it has none (a still's members have names only)."""
    return instance_name(member) or member


def _label(ref: QueueRef, several: bool) -> str:  # noqa: FBT001 - brokers to be told apart
    return f"{ref.broker} {ref.queue_id}" if several else f"{ref.queue_id}"


def _lines(group: GroupState, queues: list[QueueRef]) -> list[str]:
    """Return a curve from each member to each queue that it holds."""
    start, end = PAD + _CARD, _RIGHT
    middle = (start + end) / 2
    lines = []
    for row, member in enumerate(group.members):
        for ref in group.assigned.get(member, ()):
            if ref in queues:
                y1, y2 = (_TOP + place * _PITCH + _TALL / 2 for place in (row, queues.index(ref)))
                lines.append(
                    el(
                        "path",
                        facts(f"{_name(member)} holds queue {ref.queue_id} of {ref.broker}"),
                        d=f"M{start} {y1}C{middle} {y1} {middle} {y2} {end} {y2}",
                        class_="none s-accent new",
                        stroke_width=2,
                        data_id=f"l-{_name(member)}-{ref.broker}-{ref.queue_id}",
                    )
                )
    return lines


def _member(row: int, member: str, group: GroupState) -> str:
    held = group.assigned.get(member, ())
    word = count(len(held), "queue") if held else "idle"
    return el(
        "g",
        facts(_name(member), word, "" if held else "more consumers than queues: it waits for one to be free"),
        _card(dashed=not held),
        text(14, 23, shorten(_name(member), 16), "f-ink b" if held else "f-soft b"),
        text(_CARD - 14, 23, word, "f-soft s e" if held else "f-paused b s e"),
        data_id=f"c-{_name(member)}",
        style=at(PAD, _TOP + row * _PITCH),
        class_="move",
    )


def _queue(row: int, ref: QueueRef, several: bool, free: bool) -> str:  # noqa: FBT001 - facts of a queue
    name = f"{shorten(ref.broker, 11)} · {ref.queue_id}" if several else f"queue {ref.queue_id}"
    return el(
        "g",
        facts(f"queue {ref.queue_id} of {ref.broker}", "held by nobody" if free else ""),
        _card(dashed=free),
        text(14, 23, name, "f-ink b"),
        text(_CARD - 14, 23, "nobody", "f-paused b s e") if free else "",
        data_id=f"q-{ref.broker}-{ref.queue_id}",
        style=at(_RIGHT, _TOP + row * _PITCH),
    )


def _card(*, dashed: bool) -> str:
    return el(
        "rect",
        width=_CARD,
        height=_TALL,
        rx=9,
        stroke_width=1.5,
        class_=f"f-card s-{'paused' if dashed else 'line'}",
        stroke_dasharray="5 4" if dashed else None,
    )


KIND = Kind("rebalance", interest, draw)
