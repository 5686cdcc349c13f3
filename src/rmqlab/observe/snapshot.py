"""What a cluster held at one moment, as frozen values that compare, and the question that asks for it.

A snapshot has only what somebody was interested in. What could not be read is a `Gap`, not an exception: the
rest of the picture stays true.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rmqlab.client.facts import StoredMessage

if TYPE_CHECKING:
    from rmqlab.client.facts import Progress, QueueRef
    from rmqlab.observe.catalogue import Catalogue
    from rmqlab.observe.delays import Delays
    from rmqlab.observe.retries import Retries
    from rmqlab.observe.stores import Stores
    from rmqlab.observe.transactions import Transactions

SHARDING_KEY = "__SHARDINGKEY"
"""The property with the key that a message's queue was chosen by (MessageConst.PROPERTY_SHARDING_KEY)."""


@dataclass(frozen=True, slots=True)
class Interest:
    """What a reading is to find out; `|` joins two of them. Nodes are always read: they cost no question.

    Attributes:
        topics: topics whose queues and groups are read.
        messages: read this many of the newest messages of each queue, 0 for none.
        detailed_queues: a topic with more queues than this is read without messages: they would not be drawn.
        registrations: ask the NameServer which brokers it knows.
        assignments: ask each member of the topics' groups which queues it has.
        retries: groups whose failed messages are read.
        delays: read what the brokers hold back.
        stores: read the brokers' commit logs and their replication.
        catalogue: read all topics, as far as a few questions tell.
    """

    topics: frozenset[str] = frozenset()
    messages: int = 0
    detailed_queues: int = 16
    registrations: bool = False
    assignments: bool = False
    retries: frozenset[str] = frozenset()
    delays: bool = False
    transactions: bool = False
    stores: bool = False
    catalogue: bool = False

    def __or__(self, other: Interest) -> Interest:
        return Interest(
            self.topics | other.topics,
            max(self.messages, other.messages),
            max(self.detailed_queues, other.detailed_queues),
            self.registrations or other.registrations,
            self.assignments or other.assignments,
            self.retries | other.retries,
            self.delays or other.delays,
            self.transactions or other.transactions,
            self.stores or other.stores,
            self.catalogue or other.catalogue,
        )

    def covers(self, other: Interest) -> bool:
        """Tell whether a reading for this interest holds all that the other asks for."""
        return self | other == self


@dataclass(frozen=True, slots=True)
class NodeState:
    """One process of the cluster.

    Attributes:
        name: `namesrv`, `broker-a`, ...
        role: `NAMESRV`, `MASTER`, `SLAVE`, ...
        state: `up`, `paused` or `down`.
        address: where it listens; empty where that does not matter (see `Snapshot.still`).
        registered: whether the NameServer knows it; None when it was not asked, or is no broker.
        troubles: what is wrong with its links and its disk: `cut off from clients`, `disk full`.
    """

    name: str
    role: str
    state: str
    address: str = ""
    registered: bool | None = None
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue's extent (`min_offset <= offset < max_offset`), and its newest messages by offset.

    Of a queue whose broker does not answer, `silent` says why in one word, and the rest is what was last
    known.
    """

    ref: QueueRef
    min_offset: int
    max_offset: int
    messages: tuple[StoredMessage, ...] = ()
    silent: str = ""

    @property
    def count(self) -> int:
        """Messages that the queue holds."""
        return self.max_offset - self.min_offset


@dataclass(frozen=True, slots=True)
class GroupState:
    """One consumer group's online members (client ids), and its progress in the topic's queues.

    `assigned` has the topic's queues that each member holds, if somebody was interested.
    """

    name: str
    members: tuple[str, ...] = ()
    progress: dict[QueueRef, Progress] = field(default_factory=dict)
    assigned: dict[str, tuple[QueueRef, ...]] = field(default_factory=dict)

    @property
    def lag(self) -> int:
        """Messages of the topic that the group has not committed."""
        return sum(progress.lag for progress in self.progress.values())


@dataclass(frozen=True, slots=True, weakref_slot=True)
class TopicState:
    """One topic's queues in order, and the groups that read it by name."""

    name: str
    queues: tuple[QueueState, ...] = ()
    groups: tuple[GroupState, ...] = ()

    @property
    def count(self) -> int:
        """Messages that the topic holds."""
        return sum(queue.count for queue in self.queues)


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be read.

    Attributes:
        source: who should have answered: a node's name, or a topic's.
        reason: `down`, `paused`, `no answer`, `no route` or `starting`: a word that is the same in every run.
        detail: RocketMQ's own words, with addresses.
    """

    source: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A reading of one cluster; `taken_ms` is milliseconds since 1970."""

    cluster: str
    taken_ms: int
    nodes: tuple[NodeState, ...] = ()
    topics: tuple[TopicState, ...] = ()
    gaps: tuple[Gap, ...] = ()
    retries: Retries | None = None
    delays: Delays | None = None
    transactions: Transactions | None = None
    stores: Stores | None = None
    catalogue: Catalogue | None = None

    def topic(self, name: str) -> TopicState | None:
        """Return a topic's state, or None if it was not read."""
        return next((topic for topic in self.topics if topic.name == name), None)

    def still(self) -> Snapshot:
        """Return the snapshot without what differs between two runs that do the same.

        The cluster's name, addresses, client ids, message ids, times and most properties go; names, roles,
        states, offsets, keys, sharding keys, tags and bodies stay. Members of a group have the instance names
        that they were given; the others become `consumer 1`, `consumer 2`, ...
        """
        return replace(
            self,
            cluster="",
            taken_ms=0,
            nodes=tuple(replace(node, address="", registered=None) for node in self.nodes),
            topics=tuple(_still_topic(topic) for topic in self.topics),
            gaps=tuple(replace(gap, detail="") for gap in self.gaps),
            retries=self.retries and self.retries.still(),
            delays=self.delays and self.delays.still(),
            transactions=self.transactions and self.transactions.still(),
            stores=self.stores and self.stores.still(),
            catalogue=self.catalogue and self.catalogue.still(),
        )


def _still_topic(topic: TopicState) -> TopicState:
    queues = tuple(
        # What was known of a silent queue depends on when somebody last looked.
        replace(queue, min_offset=0, max_offset=0, messages=())
        if queue.silent
        else replace(
            queue,
            messages=tuple(_still_message(message, order) for message, order in _in_order(topic, queue)),
        )
        for queue in topic.queues
    )
    return replace(topic, queues=queues, groups=tuple(_still_group(group) for group in topic.groups))


def _still_group(group: GroupState) -> GroupState:
    given = [instance_name(member) for member in group.members]
    names = {
        member: name if name and given.count(name) == 1 else f"consumer {number}"
        for number, (member, name) in enumerate(zip(group.members, given, strict=True), 1)
    }
    assigned = {names[member]: held for member, held in group.assigned.items() if member in names}
    return replace(group, members=tuple(names.values()), assigned=assigned)


def instance_name(client_id: str) -> str:
    """Return the instance name that a client was given, empty if it took RocketMQ's own.

    A client's id is `address@instance`, the instance by default `process#nanoseconds`
    (ClientConfig.buildMQClientId, changeInstanceNameToPID).
    """
    instance = client_id.partition("@")[2]
    return "" if "#" in instance or instance.isdigit() else instance


def _in_order(topic: TopicState, queue: QueueState) -> list[tuple[StoredMessage, int]]:
    """Return a queue's messages, each with its place in the order in which the topic's were stored."""
    everything = [message for each in topic.queues for message in each.messages]
    everything.sort(key=StoredMessage.stored_order)
    place = {(message.queue, message.queue_offset): number for number, message in enumerate(everything, 1)}
    return [(message, place[message.queue, message.queue_offset]) for message in queue.messages]


def _still_message(message: StoredMessage, order: int) -> StoredMessage:
    # The order of storing is a fact worth keeping; the moment is not.
    kept = {name: value for name, value in message.properties.items() if name == SHARDING_KEY}
    return replace(
        message, msg_id="", offset_msg_id="", properties=kept, born_ms=0, store_ms=order, commit_log_offset=0
    )
