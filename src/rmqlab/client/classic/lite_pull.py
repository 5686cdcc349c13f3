"""Java's DefaultLitePullConsumer behind `PullConsumer`: its life, and its answers as Python values."""

# What a method does is said where `PullConsumer` has it.
# ruff: noqa: D102

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client import running
from rmqlab.client.boundary import RefusedError
from rmqlab.client.classic.package import exceptions
from rmqlab.client.consumer import Subscription
from rmqlab.client.facts import QueueRef
from rmqlab.client.java import (
    POLL_INTERVAL_MS,
    detach_with_thread,
    java_class,
    jvm_runs,
    start_jvm_in_background,
)
from rmqlab.client.log import open_log
from rmqlab.client.message import DELIVERIES, ReceivedMessage
from rmqlab.client.reasons import reason_of, was_never_sent
from rmqlab.client.settings import Settings, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CONSUMER = "org.apache.rocketmq.client.consumer.DefaultLitePullConsumer"
_MANAGER = "org.apache.rocketmq.client.impl.MQClientManager"
_QUEUE = "org.apache.rocketmq.common.message.MessageQueue"
_QUEUES_S = 3.0
_POLL_S = 0.02
_ENDS_S = 0.03  # a pull that is interrupted ends within some milliseconds


def _java_queue(java: Any, queue: QueueRef) -> Any:
    if not isinstance(queue, QueueRef):
        raise TypeError(f"{queue!r} is no queue: consumer.queues(topic) has them")
    return java.queueWithNamespace(java_class(_QUEUE)(queue.topic, queue.broker, queue.queue_id))


def _java_queues(java: Any, queues: Iterable[QueueRef]) -> Any:
    found = java_class("java.util.ArrayList")()
    for queue in queues:
        found.add(_java_queue(java, queue))
    return found


def _from_java(java: Any, queues: Iterable[Any]) -> tuple[QueueRef, ...]:
    def topic(queue: Any) -> str:
        return str(java.withoutNamespace(queue.getTopic()))

    found = (QueueRef(topic(queue), str(queue.getBrokerName()), int(queue.getQueueId())) for queue in queues)
    return tuple(sorted(found))


class LitePull:
    """One Java consumer: settings, then start, use, shutdown."""

    def __init__(self, group: str) -> None:
        if not isinstance(group, str):
            raise TypeError(f"the consumer group is {group!r}: text is needed")
        self.settings = Settings(group)
        self.state = State.NEW
        self.configuring: list[Callable[[Any], None]] = []
        self._before_start: list[Callable[[Any], None]] = []
        self._java: Any = None
        self._instance: Any = None
        self._noted: dict[QueueRef, int] = {}
        self._topics: set[str] = set()  # subscribed to
        self._paused: set[QueueRef] = set()
        self._lock = threading.Lock()
        start_jvm_in_background()

    def __repr__(self) -> str:
        return f"consumer group {self.settings.group}"

    def start(self) -> None:
        with self._lock:
            if self.state is State.RUNNING:
                return
            if self.state is State.ENDED:
                raise exceptions.ConsumerException(
                    f"{self} was shut down: a consumer starts once, make a new one"
                )
            self._java = self._started()
            self.state = State.RUNNING
            running.register(self)
        self._take_queues()

    def _started(self) -> Any:
        try:
            open_log()
            java = java_class(_CONSUMER)(self.settings.group, self.settings.rpc_hook())
            self.settings.configure(java)
            java.setAutoCommit(False)  # what is done is the program's to say: PullConsumer
            for step in (*self.configuring, *self._before_start):
                step(java)
            detach_with_thread()
            java.start()
        except RefusedError as error:
            raise exceptions.ConsumerException(str(error)) from None
        except jpype.JException as error:
            raise exceptions.ConsumerException(reason_of(error)) from error
        self._instance = java_class(_MANAGER).getInstance().getOrCreateMQClientInstance(java)
        java_class("rmqlab.EarlyProgress").store(self._instance, java.getConsumerGroup(), POLL_INTERVAL_MS)
        return java

    def shutdown(self) -> None:
        with self._lock:
            java, self._java = self._java, None
            if self.state is State.RUNNING:
                self.state = State.ENDED
        running.forget(self)
        if java is not None and jvm_runs():
            running.end_consumer(java, self._instance)

    def call(self, ask: Callable[[Any], Any], *, again: bool = True) -> Any:
        """Do something with the running Java consumer; once more, if its request could not be written.

        Raises:
            ConsumerException: it does not run, or Java's reason.
        """
        java = self._java
        if java is None:
            what = "call start() first, or use `with`" if self.state is State.NEW else "make a new one"
            raise exceptions.ConsumerException(f"{self} is {self.state.value}: {what}")
        detach_with_thread()
        try:
            return ask(java)
        except jpype.JException as error:
            if again and was_never_sent(error):  # a connection can go at any moment
                return self.call(ask, again=False)
            raise exceptions.ConsumerException(reason_of(error)) from error

    def _now_or_at_start(self, step: Callable[[Any], None]) -> None:
        if self.state is State.NEW:
            self._before_start.append(step)
        else:
            self.call(step)

    # -- which queues ------------------------------------------------------------------------------

    def queues(self, topic: str) -> tuple[QueueRef, ...]:
        return self.call(lambda java: _from_java(java, java.fetchMessageQueues(topic)))

    def subscribe(self, topic: str, expression: str, *, sql: bool) -> None:
        wanted = Subscription(expression, sql)
        if self.state is State.RUNNING:
            self.call(lambda java: wanted.check(java, self._instance, topic))
        self._now_or_at_start(lambda java: wanted.tell(java, topic))
        self._topics.add(topic)
        self._take_queues()

    def assign(self, queues: tuple[QueueRef, ...]) -> None:
        self._now_or_at_start(lambda java: java.assign(_java_queues(java, queues)))

    def pause(self, queues: tuple[QueueRef, ...]) -> None:
        self.call(lambda java: java.pause(_java_queues(java, queues)))
        self._paused.update(queues)

    def resume(self, queues: tuple[QueueRef, ...]) -> None:
        self.call(lambda java: java.resume(_java_queues(java, queues)))
        self._paused.difference_update(queues)

    def assignment(self) -> tuple[QueueRef, ...]:
        return self.call(lambda java: _from_java(java, java.assignment()))

    def _take_queues(self) -> None:
        """Wait, shortly, until rebalancing has given it queues: then it can seek, and misses nothing."""
        if self.state is not State.RUNNING or not self._topics:
            return
        # Without a heartbeat it takes a broker for one that is too old for SQL92, and waits a second.
        self._instance.sendHeartbeatToAllBrokerWithLock()
        # Java's own thread does it: two at a time would set each other's offsets back (PushConsumer).
        self._instance.rebalanceImmediately()
        deadline = time.monotonic() + _QUEUES_S
        while time.monotonic() < deadline:
            if self._topics <= {queue.topic for queue in self.assignment()}:
                return
            time.sleep(_POLL_S)

    # -- offsets -----------------------------------------------------------------------------------

    def seek(self, queue: QueueRef, offset: int) -> None:
        """Go to an offset, whatever is under way.

        Java begins another pull while the one before may not have ended, which then takes the new offset
        along, or brings its messages all the same (DefaultLitePullConsumerImpl.seek and PullTaskImpl): one
        seek in a hundred lost or doubled messages. So the first one only ends what is under way.
        """

        def ask(java: Any) -> None:
            there, queues = _java_queue(java, queue), _java_queues(java, (queue,))
            java.pause(queues)
            try:
                java.seek(there, int(offset))
                time.sleep(_ENDS_S)
            finally:
                if queue not in self._paused:
                    java.resume(queues)
            java.seek(there, int(offset))

        self.call(ask)

    def min_offset(self, queue: QueueRef) -> int:
        return self._ask(queue, lambda admin, java_queue: admin.minOffset(java_queue))

    def max_offset(self, queue: QueueRef) -> int:
        return self._ask(queue, lambda admin, java_queue: admin.maxOffset(java_queue))

    def offset_at(self, queue: QueueRef, unix_ms: int) -> int:
        return self._ask(queue, lambda admin, java_queue: admin.searchOffset(java_queue, unix_ms))

    def _ask(self, queue: QueueRef, question: Callable[[Any, Any], Any]) -> int:
        admin = self._instance.getMQAdminImpl()
        return int(self.call(lambda java: question(admin, _java_queue(java, queue))))

    def begins_ms(self) -> int:
        """Return the moment of ConsumeFromWhere.TIMESTAMP, in milliseconds since 1970."""
        tool = java_class("org.apache.rocketmq.common.UtilAll")
        text = self.call(lambda java: java.getConsumeTimestamp())
        return int(tool.parseDate(text, tool.YYYYMMDDHHMMSS).getTime())

    def committed(self, queue: QueueRef) -> int | None:
        offset = int(self.call(lambda java: java.committed(_java_queue(java, queue))))
        return None if offset < 0 else offset

    # -- messages ----------------------------------------------------------------------------------

    def poll(self, timeout_ms: int) -> list[ReceivedMessage]:
        found = self.call(lambda java: java_class(DELIVERIES).poll(java, timeout_ms))
        return [
            ReceivedMessage(str(head), b"" if body is None else bytes(body))
            for head, body in zip(found[::2], found[1::2], strict=True)
        ]

    def note(self, offsets: dict[QueueRef, int]) -> None:
        """Commit: the client tells the brokers within a second (persistConsumerOffsetInterval)."""
        self._noted.update(offsets)
        self.call(lambda java: java.commit(_table(java, offsets), False))  # noqa: FBT003  (Java's)

    def commit(self, offsets: dict[QueueRef, int]) -> None:
        """Commit, with what was noted before, and wait until each broker has answered."""
        everything = {**self._noted, **offsets}

        def tell(java: Any) -> None:
            table = _table(java, everything)
            java.commit(table, False)  # noqa: FBT003  (with True Java forgets all other queues' progress)
            java.getOffsetStore().persistAll(java.assignment())
            for entry in table.entrySet():
                # what persistAll() sends is not answered
                java.getOffsetStore().updateConsumeOffsetToBroker(entry.getKey(), entry.getValue(), False)  # noqa: FBT003

        if everything:
            self.call(tell)
            self._noted.clear()


def _table(java: Any, offsets: dict[QueueRef, int]) -> Any:
    long = java_class("java.lang.Long")
    table = java_class("java.util.HashMap")()
    for queue, offset in offsets.items():
        table.put(_java_queue(java, queue), long(offset))
    return table
