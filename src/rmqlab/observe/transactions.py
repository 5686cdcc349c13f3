"""Transactions: the half messages that brokers keep, what settled them, and what became of each.

A broker writes down three things: half messages (RMQ_SYS_TRANS_HALF_TOPIC; a check-back stores the half
message once more), what was settled (RMQ_SYS_TRANS_OP_HALF_TOPIC; a body holds the offsets of several half
messages), and what was given up (TRANS_CHECK_MAX_TIME_TOPIC). A commit puts the message into its own topic,
under the same id. Nothing is written when an outcome is unknown: to a broker that is the same as silence.
The rules are in TransactionalMessageServiceImpl and EndTransactionProcessor.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rmqlab.observe.transaction_queues import TransactionQueues

if TYPE_CHECKING:
    from rmqlab.client.half_messages import HalfMessage
    from rmqlab.observe.asking import Asking
    from rmqlab.observe.snapshot import NodeState
    from rmqlab.observe.transaction_queues import QueueTail, Reading

_LOOKED_UP = 64

Fate = Literal["open", "committed", "rolled back", "given up", "settled"]
FATES: tuple[Fate, ...] = ("open", "committed", "rolled back", "given up", "settled")


@dataclass(frozen=True, slots=True)
class Place:
    """An offset of a queue, and when a message was stored there (milliseconds since 1970)."""

    offset: int
    store_ms: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """One message of a transaction, from its half message to its end.

    Attributes:
        broker: who keeps it.
        msg_id: the sender's id, the same for everything below.
        topic: where it goes when it is committed, and which queue there.
        queue_id: that queue.
        keys: what the sender set, separated by blanks.
        tags: as well.
        group: the producer group that is asked.
        halves: the half message, and its copies: one a check-back.
        checks: how often the broker has asked.
        settled: the op messages that name one of `halves`.
        given_up: where it lies since the broker asked for the last time (transactionCheckMax).
        visible: where consumers find it; more than one are duplicates. None: it was not looked up.
    """

    broker: str
    msg_id: str
    topic: str
    queue_id: int
    keys: str
    tags: str
    group: str
    halves: tuple[Place, ...]
    checks: int = 0
    settled: tuple[Place, ...] = ()
    given_up: Place | None = None
    visible: tuple[Place, ...] | None = None

    @property
    def fate(self) -> Fate:
        """What became of it; `settled` if committed and rolled back could not be told apart."""
        if self.visible:
            return "committed"
        if self.settled:
            return "settled" if self.visible is None else "rolled back"
        return "given up" if self.given_up else "open"


@dataclass(frozen=True, slots=True)
class TransactionLog:
    """The extents (min offset, max offset) of one broker's three queues, as mqadmin topicStatus has them."""

    broker: str
    half: tuple[int, int]
    op: tuple[int, int]
    given_up: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Transactions:
    """All brokers' transactions in the order of their half messages.

    Attributes:
        logs: one a broker.
        found: the transactions.
        older: half messages that were not read, as others are newer, or that are not ours.
    """

    logs: tuple[TransactionLog, ...] = ()
    found: tuple[Transaction, ...] = ()
    older: int = 0

    def of(self, topic: str) -> tuple[Transaction, ...]:
        """Return those whose message goes to a topic."""
        return tuple(each for each in self.found if each.topic == topic)

    def fates(self) -> dict[Fate, int]:
        """Return how many had which fate."""
        counted = Counter(each.fate for each in self.found)
        return {fate: counted[fate] for fate in FATES if counted[fate]}

    def still(self) -> Transactions:
        """Return what is the same in each run: keys, order, checks and fates.

        Ids, times and offsets go, and how the broker packed what was settled.
        """
        return Transactions((), tuple(_still(each) for each in self.found), 0)


def read(asking: Asking) -> Transactions:
    """Read what the masters keep. A broker that does not answer makes a gap.

    A commit counts as soon as consumers can find the message; a rollback once its op message is written, up
    to transactionOpBatchInterval (3 s) later.
    """
    brokers = asking.brokers()
    masters = [node for node in brokers if node.role == "MASTER"] or list(brokers)
    queues: dict[str, TransactionQueues] = {
        node.address: asking.remembered(f"transactions {node.address}", TransactionQueues) for node in masters
    }
    readings: list[tuple[NodeState, Reading]] = asking.side_by_side(
        masters,
        lambda node: queues[node.address].read(asking.admin.at(node.address)),
        who=lambda node: node.name,
    )
    known = [(node, each) for node, reading in readings for each in _chains(reading)]
    return Transactions(
        tuple(_log(reading) for _, reading in readings),
        tuple(sorted(_looked_up(asking, known, queues), key=lambda each: each.halves[0].store_ms)),
        sum(reading.unread for _, reading in readings),
    )


def _log(reading: Reading) -> TransactionLog:
    return TransactionLog(reading.broker, reading.half.extent, reading.op.extent, reading.given_up.extent)


def _chains(reading: Reading) -> list[Transaction]:
    """Put the half messages of one id together, with what settled them; not yet what is visible."""
    settling = {half: Place(op.offset, op.store_ms) for op in reading.op.entries for half in op.settles}
    given_up = _by_id(reading.given_up)
    chains = []
    for msg_id, halves in _by_id(reading.half).items():
        last = halves[-1]
        dropped = given_up.get(msg_id, [None])[-1]
        if dropped is not None and dropped.store_ms < last.store_ms:
            dropped = None  # somebody put it back (mqadmin resumeCheckHalfMessage): the broker asks again
        chains.append(
            Transaction(
                reading.broker,
                msg_id,
                last.topic,
                last.queue_id,
                last.keys,
                last.tags,
                last.group,
                tuple(Place(half.offset, half.store_ms) for half in halves),
                last.checks,
                tuple(settling[half.offset] for half in halves if half.offset in settling),
                Place(dropped.offset, dropped.store_ms) if dropped else None,
            )
        )
    return chains


def _by_id(tail: QueueTail[HalfMessage]) -> dict[str, list[HalfMessage]]:
    chains: dict[str, list[HalfMessage]] = {}
    for half in tail.entries:
        if half.topic:
            chains.setdefault(half.msg_id, []).append(half)
    return chains


def _looked_up(
    asking: Asking, known: list[tuple[NodeState, Transaction]], queues: dict[str, TransactionQueues]
) -> list[Transaction]:
    """Add where consumers find each message. What is settled is looked up once for each op message."""
    remembered = {
        each.msg_id: queues[node.address].visible.get(each.msg_id) for node, each in known if each.settled
    }
    fresh = [
        (node, each)
        for node, each in known
        if each.settled and (remembered[each.msg_id] or [None])[0] != each.settled
    ]
    # A commit is there before it is written down that it is; enough of them for what a picture draws.
    fresh += [(node, each) for node, each in known if not each.settled][-_LOOKED_UP:]
    answers = asking.side_by_side(
        fresh,
        lambda row: asking.admin.at(row[0].address).messages_by_id(row[1].topic, row[1].msg_id),
        who=lambda row: row[0].name,
    )
    visible = {msg_id: row[1] for msg_id, row in remembered.items() if row}
    for (node, each), messages in answers:
        visible[each.msg_id] = tuple(Place(found.queue_offset, found.store_ms) for found in messages)
        if each.settled:
            queues[node.address].visible[each.msg_id] = (each.settled, visible[each.msg_id])
    return [replace(each, visible=visible.get(each.msg_id)) for _, each in known]


def _still(transaction: Transaction) -> Transaction:
    def places(found: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(Place(number, 0) for number in range(len(found)))

    visible = transaction.visible
    return replace(
        transaction,
        msg_id="",
        queue_id=0,
        halves=places(transaction.halves),
        # Of a commit it may not be written down yet.
        settled=places(transaction.settled[:1]) if not visible else (Place(0, 0),),
        given_up=Place(0, 0) if transaction.given_up else None,
        visible=None if visible is None else places(visible),
    )
