"""The delay board: every delay level with what waits in it, and RocketMQ 5's timers in a row of their own.

The next messages of a level are dots on their way to the right, where they are delivered; the rest is a
number. Countdowns go on in the browser between two readings.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from rmqlab.client.facts import QueueRef
from rmqlab.observe import Delays, Interest, QueueState, Snapshot, TopicState
from rmqlab.views.countdown import words
from rmqlab.views.delay_row import COUNT, EDGE, HEIGHT, LANE, NEXT, OFFSETS, WIDTH, Row
from rmqlab.views.delay_row import draw as draw_row
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.legend import Legend
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, el, picture, text
from rmqlab.views.parts import LINE, head, notices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.observe import DelayLevel, Timers

_TOP = 84.0
_ROWS = 24
_READABLE = 18  # levels that have a queue in SCHEDULE_TOPIC_XXXX (TopicValidator); the others only count
_BEHIND_S = 2  # seconds behind which the timers are late
_TABLE = ("level", "waits", "waiting", "next", "delivered", "stored")
_SHARED = "Others use this cluster too: the numbers count their messages as well, the dots are yours alone."


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs; it takes no arguments.

    Raises:
        TypeError: there is an argument.
    """
    if what:
        raise TypeError(f"the delays take no arguments, got {', '.join(sorted(what))}")
    return Interest(delays=True)


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:  # noqa: ARG001 - a Kind's shape
    """Draw the board; levels of several brokers are added up."""
    delays = snapshot.delays or Delays()
    levels = [_level_row(list(same)) for _, same in groupby(delays.levels, key=lambda level: level.number)]
    timers = [_timer_row(delays.timers)] if delays.timers else []
    shown = levels if len(levels) <= _ROWS else [row for row in levels if any(row.hints)][:_ROWS]
    legend = _legend([*shown, *timers])
    missing = _sentences(snapshot, delays, looker, hidden=len(levels) - len(shown))
    subtitle = _subtitle(delays)
    y, parts = _TOP + 10 if levels else _TOP - 26, [_captions(live=looker.live)] if levels else []
    for row in [*shown, *timers]:
        if row in timers:
            parts.append(el("path", d=f"M{PAD} {y + 3.5}H{WIDTH - PAD}", class_="s-line none"))
            y += 7
        parts.append(draw_row(row, y, snapshot.taken_ms, legend, looker))
        y += HEIGHT
    drawn, y = legend.draw(y + 12)
    parts.append(drawn)
    if missing:
        parts.append(notices(PAD + 2, y + 12, missing))
        y += len(missing) * LINE + 6
    label = f"Delay board: {subtitle}"
    body = head(WIDTH, "Delay board", subtitle, looker) + "".join(parts)
    table = tuple(_cells(row, snapshot.taken_ms) for row in [*shown, *timers])
    return Drawing(label, picture(WIDTH, y + PAD, label, body), _TABLE, table, missing)


def _subtitle(delays: Delays) -> str:
    if not delays.levels:
        return "no broker answers"
    waiting = sum(level.waiting for level in delays.levels)
    numbers = {level.number for level in delays.levels}
    full = {level.number for level in delays.levels if level.waiting}
    places = f"{len(full)} of {count(len(numbers), 'level')}" if full else count(len(numbers), "level")
    parts = [f"{count(waiting, 'message')} waiting in {places}"]
    parts.append(
        f"{sum(sum(each.waiting.values()) for each in delays.timers):,} as timers"
        if delays.timers
        else "timers are off"
    )
    brokers = {level.broker for level in delays.levels}
    if len(brokers) > 1:
        parts.append(f"on {len(brokers)} brokers")
    return ", ".join(parts)


def _level_row(same: list[DelayLevel]) -> Row:
    """Make the row of one level, of all brokers."""
    first = same[0]
    delays = {level.delay for level in same}
    stored = sum(level.max_offset for level in same)
    delivered = sum(level.delivered for level in same)
    return Row(
        name=str(first.number),
        delay=first.delay if len(delays) == 1 else "differs",
        delay_ms=first.delay_ms if len(delays) == 1 else 0,
        waiting=sum(level.waiting for level in same),
        next=tuple(sorted((each for level in same for each in level.next), key=lambda each: each.due_ms)),
        offsets=f"{delivered:,} of {stored:,}" if stored else "",
        hints=tuple(
            f"{level.broker}: level {level.number} waits {level.delay}; offsets {level.min_offset:,} to "
            f"{level.max_offset:,}, delivered up to {level.delivered:,}"
            if level.max_offset
            else ""
            for level in same
        ),
    )


def _timer_row(timers: tuple[Timers, ...]) -> Row:
    topics: dict[str, int] = {}
    for each in timers:
        for topic, waiting in each.waiting.items():
            topics[topic] = topics.get(topic, 0) + waiting
    return Row(
        name="timers",
        delay="",
        delay_ms=0,
        waiting=sum(topics.values()),
        hidden=sum(each.of_pop for each in timers),
        next=tuple(sorted((each for part in timers for each in part.next), key=lambda each: each.due_ms)),
        hints=tuple(f"{waiting:,} to {topic}" for topic, waiting in sorted(topics.items())),
    )


def _legend(rows: list[Row]) -> Legend:
    messages = tuple(each.message for row in rows for each in row.next)
    return Legend(TopicState("", (QueueState(QueueRef("", "", 0), 0, 0, messages),)))


def _captions(*, live: bool) -> str:
    order = "" if live else " in their order"
    return (
        text(PAD, _TOP, "level", "f-soft c")
        + text(LANE - 14, _TOP, "waits", "f-soft c e")
        + text(LANE, _TOP, f"the next messages{order}, lettered by key", "f-soft c")
        + text(EDGE, _TOP, "delivered", "f-soft c e")
        + text(COUNT, _TOP, "waiting", "f-soft c e")
        + text(NEXT, _TOP, "next in" if live else "", "f-soft c e")
        + text(OFFSETS, _TOP, "delivered of stored", "f-soft c e")
    )


def _cells(row: Row, now_ms: int) -> tuple[str, ...]:
    delivered, _, stored = row.offsets.partition(" of ")
    names = [each.message.keys or "no key" for each in row.next]
    named = ", ".join(names[:3]) + (" ..." if row.waiting - row.hidden > len(names[:3]) and names else "")
    if row.due_ms:
        named += f" (in {words(row.due_ms - now_ms)})"
    return (row.name, row.delay or "to the moment", f"{row.waiting:,}", named, delivered, stored)


def _sentences(snapshot: Snapshot, delays: Delays, looker: Looker, *, hidden: int) -> tuple[str, ...]:
    sentences = [looker.notice, *(f"{gap.source}: {gap.reason}." for gap in snapshot.gaps)]
    if hidden:
        sentences.append(f"{count(hidden, 'more level', 'more levels')} without messages.")
    if any(level.number > _READABLE and level.waiting for level in delays.levels):
        sentences.append(
            f"RocketMQ lets nobody read levels above {_READABLE}: their messages are counted only."
        )
    sentences += [
        f"{each.broker}: its timers are {each.behind_s} s behind."
        for each in delays.timers
        if each.behind_s > _BEHIND_S
    ]
    if pop := sum(each.of_pop for each in delays.timers):
        sentences.append(f"{count(pop, 'timer')} of pop's own: counted, not drawn.")
    if delays.shared:
        sentences.append(_SHARED)
    return tuple(filter(None, sentences))


KIND = Kind("delays", interest, draw)
