"""Messages that a consumer group failed: those that wait for their next try, came again, or are dead.

A consumer that answers RECONSUME_LATER sends the message back; the broker puts a copy into the delay queue
of level 3 + reconsumeTimes, later into `%RETRY%group`, and after the last try into `%DLQ%group`
(AbstractSendMessageProcessor.consumerSendMsgBack). An orderly consumer sends nothing back before its last
try: it waits with its whole queue (ConsumeMessageOrderlyService).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rmqlab.client.facts import SCHEDULE_TOPIC, QueueRef
from rmqlab.errors import AdminError
from rmqlab.observe.delays import DelayLevel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.client.facts import BrokerRoute, StoredMessage
    from rmqlab.observe.asking import Asking

FIRST_LEVEL = 3
"""The delay level of the first retry."""
MOST_TIMES = 16
"""Retries before the DLQ, by default (DefaultMQPushConsumerImpl.getMaxReconsumeTimes, retryMaxTimes)."""
_LOOK = 64  # newest messages of each queue that are looked into
_WAY = ("waiting", "again", "done", "dead")


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that the group failed at least once, by its newest copy.

    Attributes:
        msg_id: the sender's id, which every copy keeps.
        keys: what the sender set.
        topic: where it was first.
        times: its `reconsumeTimes`: the number of the try that it waits for or has come to.
        where: `waiting` in a delay level, `again` in the retry topic and not yet committed, `done` there and
            committed, `dead` in the DLQ.
        level: the delay level in which it waits, else 0.
        due_ms: when that wait ends, milliseconds since 1970, else 0.
        body: what was sent.
        born_ms: when it was sent first, milliseconds since 1970; in a still its place in that order.
    """

    msg_id: str
    keys: str
    topic: str
    times: int
    where: str
    level: int = 0
    due_ms: int = 0
    body: bytes = b""
    born_ms: int = 0


@dataclass(frozen=True, slots=True)
class GroupRetries:
    """What became of the messages that one group failed.

    Attributes:
        group: its name.
        messages: those that were looked into, in the order of sending.
        dead: how many the DLQ holds.
        more: copies that were too many to look into.
        most_times: retries before the DLQ, as an online member says; None if none is, or it does not say.
        orderly: whether an online member consumes orderly; None if none says.
        online: how many members are online.
        levels: how long each delay level waits, as configured: `10s`; empty if nobody said.
    """

    group: str
    messages: tuple[Failed, ...] = ()
    dead: int = 0
    more: int = 0
    most_times: int | None = None
    orderly: bool | None = None
    online: int = 0
    levels: tuple[str, ...] = ()

    def delay(self, level: int) -> str:
        """Return how long a delay level waits; one beyond the last is the last (ScheduleMessageService)."""
        return self.levels[min(level, len(self.levels)) - 1] if self.levels else ""

    def still(self) -> GroupRetries:
        """Return it without ids and times."""
        messages = tuple(
            replace(each, msg_id="", due_ms=0, born_ms=number) for number, each in enumerate(self.messages, 1)
        )
        return replace(self, messages=messages, online=0)


@dataclass(frozen=True, slots=True)
class Retries:
    """The failed messages of each group that somebody asked about."""

    groups: tuple[GroupRetries, ...] = ()

    def of(self, group: str) -> GroupRetries | None:
        """Return one group's, or None if it was not read."""
        return next((each for each in self.groups if each.group == group), None)

    def still(self) -> Retries:
        """Return them without what differs from run to run."""
        return Retries(tuple(group.still() for group in self.groups))


def read(asking: Asking) -> Retries:
    """Read what the groups of `Interest.retries` failed."""
    levels = _levels(asking)
    waiting = _newest(asking, SCHEDULE_TOPIC, _delivered(asking))
    return Retries(tuple(_read(asking, group, waiting, levels) for group in sorted(asking.interest.retries)))


def _read(asking: Asking, group: str, waiting: _Copies, levels: tuple[str, ...]) -> GroupRetries:
    # What moves on between two questions is rather seen twice than not at all: they go along its way.
    retry = f"%RETRY%{group}"
    brokers = _answering(asking, retry)
    committed = _committed(asking, brokers, group, retry)
    again = _newest(asking, retry)
    ended = _newest(asking, f"%DLQ%{group}")
    names = {asking.admin.at(broker.address).real_name(retry) for broker in brokers}
    copies = [
        *(
            _failed(copy, "waiting", levels)
            for copy in waiting.messages
            if copy.properties.get("REAL_TOPIC") in names
        ),
        *(
            _failed(copy, "done" if copy.queue_offset < committed.get(copy.queue, 0) else "again")
            for copy in again.messages
        ),
        *(_failed(copy, "dead") for copy in ended.messages),
    ]
    newest = {each.msg_id: each for each in sorted(copies, key=_way)}
    members = _members(asking, brokers, group)
    orderly = {each["PROP_CONSUMEORDERLY"] == "true" for each in members if "PROP_CONSUMEORDERLY" in each}
    most = {int(each["maxReconsumeTimes"]) for each in members if "maxReconsumeTimes" in each}
    return GroupRetries(
        group,
        tuple(sorted(newest.values(), key=lambda each: (each.born_ms, each.msg_id))),
        dead=len(ended.messages) + ended.more,
        more=again.more + ended.more,
        most_times=max(most) if most else None,
        orderly=any(orderly) if orderly else None,
        online=len(members),
        levels=levels,
    )


@dataclass(frozen=True, slots=True)
class _Copies:
    """The newest messages of a topic's queues, and how many more there are."""

    messages: tuple[StoredMessage, ...] = ()
    more: int = 0


def _answering(asking: Asking, topic: str) -> list[BrokerRoute]:
    """Return the brokers that have a topic and can be asked; a retry topic has none until it is needed."""
    try:
        route = asking.admin.route(topic)
    except AdminError as error:
        asking.gap("NameServer", "no answer", error)
        return []
    return [broker for broker in route if not asking.is_mute(broker.address)]


def _newest(asking: Asking, topic: str, since: Mapping[QueueRef, int] | None = None) -> _Copies:
    """Read the newest messages of each queue, those before the offset in `since` left out."""

    def look(broker: BrokerRoute) -> _Copies:
        questions = asking.admin.at(broker.address)
        found: list[StoredMessage] = []
        more = 0
        for ref, extent in questions.topic_stats(topic).items():
            first = max(extent.min_offset, (since or {}).get(ref, 0))
            start = max(first, extent.max_offset - _LOOK)
            more += start - first
            if start < extent.max_offset:
                found += questions.messages(ref, start, extent.max_offset - start)
        return _Copies(tuple(found), more)

    looked = asking.side_by_side(_answering(asking, topic), look, who=lambda broker: broker.broker)
    messages = tuple(message for _, copies in looked for message in copies.messages)
    return _Copies(messages, sum(copies.more for _, copies in looked))


def _delivered(asking: Asking) -> dict[QueueRef, int]:
    """Return how far each delay level has been delivered."""
    tables = asking.side_by_side(
        _answering(asking, SCHEDULE_TOPIC),
        lambda broker: asking.admin.at(broker.address).delays().delivered(),
        who=lambda broker: broker.broker,
    )
    return {
        QueueRef(SCHEDULE_TOPIC, broker.broker, level - 1): offset
        for broker, table in tables
        for level, offset in table.items()
    }


def _levels(asking: Asking) -> tuple[str, ...]:
    """Return how long each delay level waits; a running broker keeps those that it was started with."""
    known: list[tuple[str, ...]] = asking.remembered("retries", list)
    if not known:
        known += [
            settings.levels
            for _, settings in asking.side_by_side(
                _answering(asking, SCHEDULE_TOPIC),
                lambda broker: asking.admin.at(broker.address).delays().settings(),
                who=lambda broker: broker.broker,
            )
        ]
    return known[0] if known else ()


def _committed(asking: Asking, brokers: list[BrokerRoute], group: str, topic: str) -> dict[QueueRef, int]:
    tables = asking.side_by_side(
        brokers,
        lambda broker: asking.admin.at(broker.address).consume_stats(group, topic),
        who=lambda broker: broker.broker,
    )
    return {ref: each.consumer_offset for _, table in tables for ref, each in table.items()}


def _members(asking: Asking, brokers: list[BrokerRoute], group: str) -> list[dict[str, str]]:
    """Return the settings of each online member; empty ones of a member that does not tell."""
    tables = asking.side_by_side(
        brokers,
        lambda broker: asking.admin.at(broker.address).member_settings(group),
        who=lambda broker: broker.broker,
    )
    return list({client: settings for _, table in tables for client, settings in table.items()}.values())


def _failed(copy: StoredMessage, where: str, levels: tuple[str, ...] = ()) -> Failed:
    level = copy.queue_id + 1 if where == "waiting" else 0
    delay = levels[level - 1] if 0 < level <= len(levels) else ""
    return Failed(
        copy.msg_id,
        copy.keys,
        copy.properties.get("RETRY_TOPIC", ""),
        copy.reconsume_times,
        where,
        level,
        copy.store_ms + DelayLevel(copy.broker, level, delay).delay_ms if delay else 0,
        copy.body,
        copy.born_ms,
    )


def _way(copy: Failed) -> tuple[int, int]:
    """Return what to sort a message's copies by: the last is where it stands."""
    return copy.times, _WAY.index(copy.where)
