"""Messages that brokers hold back: the delay levels, and RocketMQ 5's timers.

A level's queue is delivered in order, so that what waits in it is what lies between the offset that was
delivered last and the queue's end. Timers lie in the order in which they were sent; the broker counts those
that wait.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rmqlab.client.facts import SCHEDULE_TOPIC, TIMER_TOPIC, QueueStats, StoredMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rmqlab.client.broker_questions import BrokerQuestions
    from rmqlab.client.delay_questions import DelaySettings
    from rmqlab.client.facts import QueueRef
    from rmqlab.observe.asking import Asking
    from rmqlab.observe.snapshot import NodeState

NEXT = 12
_OF_POP = "rmq_sys_REVIVE_LOG_"  # PopAckConstants.REVIVE_TOPIC
"""So many of the next messages of a level are read."""

_TIMERS_READ = 48  # of the newest timers; the broker has no question for those that are due next
_SLOW_LIFE_S = 5.0
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits: where it is to go, and when (milliseconds since 1970; 0 in a still)."""

    message: StoredMessage
    topic: str
    due_ms: int


@dataclass(frozen=True, slots=True)
class DelayLevel:
    """One level of one broker.

    Attributes:
        broker: the broker's name.
        number: the level, from 1 on; its queue is one less.
        delay: as configured, `10s`.
        min_offset, max_offset: the extent of its queue.
        delivered: the offset up to which it was delivered.
        next: the next messages, the soonest first; not all of them.
    """

    broker: str
    number: int
    delay: str
    min_offset: int = 0
    max_offset: int = 0
    delivered: int = 0
    next: tuple[Waiting, ...] = ()

    @property
    def delay_ms(self) -> int:
        """How long a message waits, in milliseconds; 0 for a delay that RocketMQ does not know."""
        digits = self.delay[:-1]
        return int(digits) * _UNITS_MS.get(self.delay[-1:], 0) if digits.isdigit() else 0

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return max(0, self.max_offset - max(self.delivered, self.min_offset))


@dataclass(frozen=True, slots=True)
class Timers:
    """The timers of one broker.

    Attributes:
        broker: the broker's name.
        waiting: how many messages wait for each topic.
        next: those of the newest that wait, the soonest first; not all of them, and none of pop's own.
        behind_s: by how much the wheel is late, in seconds (timerReadBehind), some seconds ago.
    """

    broker: str
    waiting: dict[str, int]
    next: tuple[Waiting, ...] = ()
    behind_s: int = 0

    @property
    def of_pop(self) -> int:
        """How many are pop's own: one for what was handed out, one for each ack."""
        return sum(number for topic, number in self.waiting.items() if topic.startswith(_OF_POP))


@dataclass(frozen=True, slots=True)
class Delays:
    """What is held back in a cluster. `shared`: others' messages are in the levels' counts and offsets."""

    levels: tuple[DelayLevel, ...] = ()
    timers: tuple[Timers, ...] = ()
    shared: bool = False

    def still(self) -> Delays:
        """Return it without moments and ids; what waits, and in which order it was stored, stays."""
        everything = [each.message for part in (*self.levels, *self.timers) for each in part.next]
        everything.sort(key=StoredMessage.stored_order)
        place = {
            (message.queue, message.queue_offset): number for number, message in enumerate(everything, 1)
        }
        return replace(
            self,
            levels=tuple(replace(level, next=_still(level.next, place)) for level in self.levels),
            timers=tuple(replace(each, next=_still(each.next, place), behind_s=0) for each in self.timers),
        )


@dataclass(frozen=True, slots=True)
class _Slow:
    """What is asked seldom: a broker computes its runtime figures for a twentieth of a second."""

    asked_at: float
    settings: DelaySettings
    figures: dict[str, str]


def read(asking: Asking) -> Delays:
    """Read all brokers that deliver what is delayed: masters, and slaves that act as one."""
    slow: dict[str, _Slow] = asking.remembered("delays", dict)
    found = [
        each
        for _, each in asking.side_by_side(
            asking.brokers(), lambda node: _broker(asking, node, slow), who=lambda node: node.name
        )
    ]
    levels = [level for each in found for level in each.levels]
    return Delays(
        tuple(sorted(levels, key=lambda level: (level.number, level.broker))),
        tuple(sorted((part for each in found for part in each.timers), key=lambda part: part.broker)),
        any(each.shared for each in found),
    )


def _broker(asking: Asking, node: NodeState, slow: dict[str, _Slow]) -> Delays:
    questions = asking.admin.at(node.address)
    known = slow.get(node.address)
    if known is None or time.monotonic() - known.asked_at > _SLOW_LIFE_S:
        known = _Slow(time.monotonic(), questions.delays().settings(), questions.runtime_stats())
        if "brokerActive" in known.figures:  # a broker that has just started has no figures for a second
            slow[node.address] = known
    if known.figures.get("brokerActive") == "false":
        return Delays()  # a slave: it holds what its master holds, and delivers nothing
    return Delays(
        _levels(questions, known, node.name),
        (_timers(questions, known, node.name),) if known.settings.timers else (),
        questions.delays().is_shared,
    )


def _levels(questions: BrokerQuestions, known: _Slow, name: str) -> tuple[DelayLevel, ...]:
    delivered = questions.delays().delivered()
    extents = questions.topic_stats(SCHEDULE_TOPIC)
    by_level = {ref.queue_id + 1: (ref, extent) for ref, extent in extents.items()}
    broker = next((ref.broker for ref in extents), name)
    levels = []
    for number, delay in enumerate(known.settings.levels, 1):
        ref, extent = by_level.get(number, (None, _unasked(known, number)))
        level = DelayLevel(
            broker, number, delay, extent.min_offset, extent.max_offset, delivered.get(number, 0)
        )
        if ref is not None and level.waiting:
            start = max(level.delivered, level.min_offset)
            held = questions.messages(ref, start, min(NEXT, level.waiting))
            level = replace(
                level, next=_ours(questions, held, lambda each, wait=level.delay_ms: each.store_ms + wait)
            )
        levels.append(level)
    return tuple(levels)


def _unasked(known: _Slow, number: int) -> QueueStats:
    """Return the extent of a level that has no queue in the topic's configuration: nobody may read it."""
    _, _, end = known.figures.get(f"scheduleMessageOffset_{number}", "").partition(",")
    return QueueStats(0, int(end or 0))


def _timers(questions: BrokerQuestions, known: _Slow, name: str) -> Timers:
    waiting = questions.delays().timing()
    ref, extent = next(iter(questions.topic_stats(TIMER_TOPIC).items()), (None, QueueStats(0, 0)))
    newest: tuple[Waiting, ...] = ()
    if ref is not None and waiting:
        start = max(extent.min_offset, extent.max_offset - _TIMERS_READ)
        held = questions.messages(ref, start, extent.max_offset - start)
        now_ms = time.time() * 1000
        newest = tuple(
            each
            for each in _ours(questions, held, _moment)
            if each.due_ms > now_ms and not each.topic.startswith(_OF_POP)
        )
    return Timers(
        ref.broker if ref else name,
        waiting,
        tuple(sorted(newest, key=lambda each: each.due_ms)[:NEXT]),
        int(known.figures.get("timerReadBehind", 0)),
    )


def _ours(
    questions: BrokerQuestions, held: Iterable[StoredMessage], due: Callable[[StoredMessage], int]
) -> tuple[Waiting, ...]:
    """Return those messages that are to go to our topics."""
    own_topic = questions.delays().own_topic
    named = ((message, own_topic(message.properties.get("REAL_TOPIC", ""))) for message in held)
    return tuple(Waiting(message, topic, due(message)) for message, topic in named if topic)


def _moment(message: StoredMessage) -> int:
    """Return when a timer message is due (HookUtils.handleScheduleMessage)."""
    of = message.properties
    if "TIMER_DELIVER_MS" in of:
        return int(of["TIMER_DELIVER_MS"])
    for name, unit_ms in (("TIMER_DELAY_MS", 1), ("TIMER_DELAY_SEC", 1000)):
        if name in of:
            return message.store_ms + int(of[name]) * unit_ms
    return int(of.get("TIMER_OUT_MS", 0))


def _still(waiting: tuple[Waiting, ...], place: dict[tuple[QueueRef, int], int]) -> tuple[Waiting, ...]:
    return tuple(
        replace(
            each,
            due_ms=0,
            message=replace(
                each.message,
                msg_id="",
                offset_msg_id="",
                properties={},
                born_ms=0,
                store_ms=place[each.message.queue, each.message.queue_offset],
                commit_log_offset=0,
            ),
        )
        for each in waiting
    )
