"""What a cluster answers, as plain Python values: no Java object leaves this package.

Everything here is frozen and compares by value, so that pictures, checks and tests can hold on to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SCHEDULE_TOPIC = "SCHEDULE_TOPIC_XXXX"
TIMER_TOPIC = "rmq_sys_wheel_timer"
"""RocketMQ's own topics in which messages wait: delay levels (TopicValidator), timers (TimerMessageStore)."""


@dataclass(frozen=True, order=True, slots=True)
class QueueRef:
    """One message queue: RocketMQ's `MessageQueue`."""

    topic: str
    broker: str
    queue_id: int


@dataclass(frozen=True, slots=True)
class QueueStats:
    """A queue's extent: messages with `min_offset <= offset < max_offset` can be read.

    `last_update_ms` is when the last message came (milliseconds since 1970), 0 for an empty queue.
    """

    min_offset: int
    max_offset: int
    last_update_ms: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a consumer group has come in a queue; `consumer_offset` is the next one it will commit past."""

    broker_offset: int
    consumer_offset: int

    @property
    def lag(self) -> int:
        """Messages that the group has not committed."""
        return max(0, self.broker_offset - self.consumer_offset)


@dataclass(frozen=True, slots=True)
class ConsumerInfo:
    """One online member of a consumer group, and the queues that rebalancing gave it."""

    client_id: str
    assigned: tuple[QueueRef, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokerRoute:
    """One broker of a topic's route: where it listens (broker id to address), and its queues."""

    broker: str
    addresses: dict[int, str]
    read_queues: int
    write_queues: int

    @property
    def address(self) -> str:
        """The address to ask: the master's (id 0), else the slave's with the lowest id."""
        return self.addresses[min(self.addresses)]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the broker keeps it.

    `msg_id` is the id that the sender saw (`UNIQ_KEY`), `offset_msg_id` the broker's own (address and commit
    log offset). `keys` is what the sender set, separated by blanks. Times are milliseconds since 1970.
    """

    topic: str
    broker: str
    queue_id: int
    queue_offset: int
    commit_log_offset: int
    msg_id: str
    offset_msg_id: str
    keys: str
    tags: str
    body: bytes
    properties: dict[str, str] = field(repr=False)
    born_ms: int
    store_ms: int
    reconsume_times: int = 0

    @property
    def queue(self) -> QueueRef:
        """The queue that holds the message."""
        return QueueRef(self.topic, self.broker, self.queue_id)

    def stored_order(self) -> tuple[int, str, int]:
        """Return what to sort by for the order of storing: time, and within a broker the commit log."""
        return (self.store_ms, self.broker, self.commit_log_offset)
