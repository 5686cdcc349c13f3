"""The three queues in which a broker keeps transactions, read from their ends; each entry is read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.client.broker_questions import BrokerQuestions
    from rmqlab.client.facts import QueueRef, StoredMessage
    from rmqlab.client.half_messages import HalfMessage

# TransactionalMessageUtil, TopicValidator.
HALF_TOPIC = "RMQ_SYS_TRANS_HALF_TOPIC"
OP_TOPIC = "RMQ_SYS_TRANS_OP_HALF_TOPIC"
GIVEN_UP_TOPIC = "TRANS_CHECK_MAX_TIME_TOPIC"
NEWEST = 512
"""Entries of each queue that are looked at."""


@dataclass(frozen=True, slots=True)
class OpMessage:
    """A note that half messages are settled, committed or rolled back: the note does not say which."""

    offset: int
    store_ms: int
    settles: frozenset[int]


Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class QueueTail(Generic[Entry]):
    """A queue's extent (min offset, max offset), and its newest entries in order."""

    broker: str
    extent: tuple[int, int]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one broker keeps; `unread` half messages are too old to be looked at, or not ours."""

    broker: str
    half: QueueTail[HalfMessage]
    op: QueueTail[OpMessage]
    given_up: QueueTail[HalfMessage]
    unread: int


class TransactionQueues:
    """One broker's queues; remembers what was read, since a stored message does not change."""

    def __init__(self) -> None:
        self.visible: dict[str, tuple[Any, Any]] = {}
        """What was found under an id, and for which op messages it was looked up."""
        self._half: dict[int, Any] = {}
        self._op: dict[int, Any] = {}
        self._given_up: dict[int, Any] = {}

    def read(self, questions: BrokerQuestions) -> Reading:
        """Read what is new. AdminError if the broker does not answer."""

        def ops(queue: QueueRef, offset: int, count: int) -> list[OpMessage]:
            return [_op_message(message) for message in questions.messages(queue, offset, count)]

        # In this order: what settles a half message is written later, so it is not missed.
        half = _tail(questions, HALF_TOPIC, self._half, questions.half_messages)
        op = _tail(questions, OP_TOPIC, self._op, ops)
        given_up = _tail(questions, GIVEN_UP_TOPIC, self._given_up, questions.half_messages)
        entries = half.entries
        if op.entries and op.entries[0].offset > op.extent[0]:
            # Older notes were not read: they may settle what is older than these.
            entries = tuple(each for each in entries if each.store_ms >= op.entries[0].store_ms)
        ours = tuple(each for each in entries if each.topic)
        kept = {each.msg_id for each in ours}
        for msg_id in [msg_id for msg_id in self.visible if msg_id not in kept]:
            del self.visible[msg_id]
        unread = half.extent[1] - half.extent[0] - len(ours)
        return Reading(half.broker, QueueTail(half.broker, half.extent, ours), op, given_up, unread)


def _tail(
    questions: BrokerQuestions,
    topic: str,
    known: dict[int, Any],
    ask: Callable[[QueueRef, int, int], list[Any]],
) -> QueueTail[Any]:
    """Return a queue's end; `known` are the entries that were read before, by offset, and is kept up."""
    # A broker uses one queue of each of these topics (TransactionalMessageBridge.parseHalfMessageInner).
    queue, stats = next(iter(questions.topic_stats(topic, missing_ok=True).items()), (None, None))
    if queue is None:
        known.clear()
        return QueueTail("", (0, 0), ())
    start = max(stats.min_offset, stats.max_offset - NEWEST)
    newest = known.get(stats.max_offset - 1)
    if known and (max(known) >= stats.max_offset or (newest and newest.store_ms != stats.last_update_ms)):
        known.clear()  # another store than last time
    for offset in [offset for offset in known if offset < start]:
        del known[offset]
    missing = max(known, default=start - 1) + 1
    if missing < stats.max_offset:
        found = ask(queue, missing, stats.max_offset - missing)
        known.update((entry.offset, entry) for entry in found)
    entries = tuple(known[offset] for offset in sorted(known))
    return QueueTail(queue.broker, (stats.min_offset, stats.max_offset), entries)


def _op_message(message: StoredMessage) -> OpMessage:
    # "12,14,15,": TransactionalMessageServiceImpl.getOpMessage; one offset without a comma before 5.0
    offsets = (number for number in message.body.decode().split(",") if number)
    return OpMessage(message.queue_offset, message.store_ms, frozenset(map(int, offsets)))
