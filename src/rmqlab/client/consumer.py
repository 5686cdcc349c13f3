"""A push consumer of the classic client over Java's DefaultMQPushConsumer."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab import happenings
from rmqlab.client import callbacks, running
from rmqlab.client.boundary import RefusedError
from rmqlab.client.callbacks import ErrorLog
from rmqlab.client.java import POLL_INTERVAL_MS, detach_with_thread, java_class, jvm_runs
from rmqlab.client.log import open_log
from rmqlab.client.message import DELIVERIES, ReceivedMessage
from rmqlab.client.settings import LAST_CALLBACKS_S, Settings, State
from rmqlab.client.taking_queues import take_queues

if TYPE_CHECKING:
    from collections.abc import Callable

_CONSUMER = "org.apache.rocketmq.client.consumer."
BROADCASTING, CLUSTERING = 0, 1
"""C's CMessageModel."""

_FILTERS = "org.apache.rocketmq.remoting.protocol.filter.FilterAPI"
_CHECK_MS = 3000
_SUCCESS = 0


@dataclass(frozen=True)
class Subscription:
    """What a consumer wants of a topic: tags (`*`, or some separated by `||`), or an SQL92 condition."""

    expression: str
    sql: bool = False

    def tell(self, java: Any, topic: str) -> None:
        """Subscribe a Java consumer."""
        if self.sql:
            java.subscribe(topic, java_class(_CONSUMER + "MessageSelector").bySql(self.expression))
        else:
            java.subscribe(topic, self.expression)

    def check(self, java: Any, instance: Any, topic: str) -> None:
        """Ask a broker whether it understands the SQL; Java's own clients do so at their start and no more.

        Raises:
            jpype.JException: it does not, with its reason.
        """
        real = java.withNamespace(topic)
        instance.updateTopicRouteInfoFromNameServer(real)
        address = instance.findBrokerAddrByTopic(real)
        if self.sql and address is not None:
            wanted = java_class(_FILTERS).build(real, self.expression, "SQL92")
            group, client = java.getConsumerGroup(), instance.getClientId()
            instance.getMQClientAPIImpl().checkClientInBroker(address, group, client, wanted, _CHECK_MS)


class PushConsumer:
    """One consumer: settings, subscriptions and callbacks, then start; messages arrive on Java's threads."""

    def __init__(self, group: str) -> None:
        self.settings = Settings(group)
        self.state = State.NEW
        self.model = CLUSTERING
        self.orderly = False
        self.threads: int | None = None
        self.batch_size: int | None = None
        self.retry_delay_level = 0  # of a failed message: 0 the broker's choice, -1 the dead-letter topic
        self.last_callbacks_ms = int(LAST_CALLBACKS_S * 1000)
        self.subscribes_later = False
        self.configuring: list[Callable[[Any], None]] = []
        self.errors = ErrorLog()
        self.subscriptions: dict[str, Subscription] = {}
        self._callbacks: dict[str, Callable[..., int]] = {}
        self._waiting: list[str] = []  # topics subscribed since the last callback was registered
        self._latest: Callable[..., int] | None = None
        self._sole: Callable[..., int] | None = None  # the callback, where all topics have the same
        self._java: Any = None
        self._deliveries: Any = None  # Java's rmqlab.Deliveries
        self._lock = threading.Lock()
        self._delivering = threading.local()
        self._ending: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"consumer group {self.settings.group}"

    def subscribe(self, topic: str, expression: str, *, sql: bool = False) -> None:
        """Subscribe to a topic's messages whose tag fits (`*`, or tags separated by `||`), or by SQL92."""
        with self._lock:
            self.subscriptions[topic] = Subscription(expression, sql)
            self._waiting.append(topic)
            java = self._java
            if java is not None:
                self.subscriptions[topic].tell(java, topic)

    def subscribe_with(
        self, topic: str, expression: str, callback: Callable[..., int], *, sql: bool, orderly: bool
    ) -> None:
        """Subscribe, and give the topic this callback; a running consumer takes its queues at once.

        Raises:
            jpype.JException: a broker does not understand the SQL, or Java's reason; nothing has changed.
        """
        java = self._java
        if java is not None:
            instance = java.getDefaultMQPushConsumerImpl().getmQClientFactory()
            Subscription(expression, sql).check(java, instance, topic)
        with self._lock:
            self._callbacks[topic] = callback
            self._latest = self._latest or callback
            self._choose()
            self.orderly = orderly
        self.subscribe(topic, expression, sql=sql)
        self._waiting.remove(topic)
        if java is not None:
            take_queues(java, [topic])

    def register(self, callback: Callable[..., int], *, orderly: bool) -> None:
        """Register the callback of the topics that were subscribed since the last one was registered."""
        with self._lock:
            if self.state is State.RUNNING and orderly != self.orderly:
                raise RefusedError(
                    f"{self} runs already: it cannot change between concurrent and orderly consuming"
                )
            self.orderly = orderly
            self._callbacks.update(dict.fromkeys(self._waiting, callback))
            self._waiting.clear()
            self._latest = callback
            self._choose()

    def unregister(self) -> None:
        """Forget the callbacks; messages that still come are left for later."""
        with self._lock:
            self._callbacks.clear()
            self._waiting = list(self.subscriptions)
            self._latest = None
            self._choose()

    def _choose(self) -> None:
        others = any(callback is not self._latest for callback in self._callbacks.values())
        self._sole = None if others else self._latest

    def deliver(self, head: Any, body: Any) -> bool:
        """Call the topic's callback; say whether it consumed the message. Java calls this, on its threads."""
        message = ReceivedMessage(str(head), b"" if body is None else bytes(body))
        callback = self._sole or self._callbacks.get(message.topic, self._latest)
        if callback is None:
            return False
        if happenings.listeners:
            text = f"{self.settings.group} received from {message.topic}"
            happenings.tell("receive", text, self.settings.addresses())
        self._delivering.here = True
        try:
            return callback(self, message) == _SUCCESS
        except BaseException as error:  # noqa: BLE001  (it must not unwind through Java; it is kept)
            again = "the message will be delivered again"
            callbacks.keep(repr(self), message.topic, message.id, error, again, self.errors)
            return False
        finally:
            self._delivering.here = False

    def _create(self) -> Any:
        settings = self.settings
        allocate = java_class(_CONSUMER + "rebalance.AllocateMessageQueueAveragely")()
        java = java_class(_CONSUMER + "DefaultMQPushConsumer")(settings.group, settings.rpc_hook(), allocate)
        settings.configure(java)
        model = java_class("org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel")
        java.setMessageModel(model.BROADCASTING if self.model == BROADCASTING else model.CLUSTERING)
        if self.threads is not None:
            java.setConsumeThreadMax(max(self.threads, java.getConsumeThreadMax()))
            java.setConsumeThreadMin(self.threads)
            java.setConsumeThreadMax(self.threads)
        if self.batch_size is not None:
            java.setConsumeMessageBatchMaxSize(self.batch_size)
        for configure in self.configuring:
            configure(java)
        for topic, subscription in self.subscriptions.items():
            subscription.tell(java, topic)
        target = jpype.JProxy(java_class(DELIVERIES + "$Target"), inst=self)
        self._deliveries = java_class(DELIVERIES)(java, target, self.retry_delay_level)
        java.registerMessageListener(
            self._deliveries.orderly() if self.orderly else self._deliveries.concurrently()
        )
        return java

    def start(self) -> None:
        """Start it; a second start of a running consumer changes nothing, as in C.

        Raises:
            RefusedError: no callback, no NameServer, or it was shut down.
            jpype.JException: the Java client's reason.
        """
        with self._lock:
            if self.state is State.RUNNING:
                return
            if self.state is State.ENDED:
                raise RefusedError(f"{self} was shut down: a consumer starts once, make a new one")
            if self._latest is None and not self.subscribes_later:
                raise RefusedError(f"{self} has no callback: call subscribe(topic, callback) before start()")
            open_log()
            java = self._create()
            detach_with_thread()
            java.start()
            self._java = java
            self.state = State.RUNNING
            running.register(self)  # in the lock: a callback may be waiting to shut it down
        factory = java.getDefaultMQPushConsumerImpl().getmQClientFactory()
        java_class("rmqlab.EarlyProgress").store(factory, java.getConsumerGroup(), POLL_INTERVAL_MS)
        take_queues(java, self.subscriptions)

    def shutdown(self) -> None:
        """Shut it down: callbacks that run may end, no other begins, the progress is stored.

        Twice, or without a start, is fine. In a callback of its own it returns at once, and the shutdown
        waits for that callback as for any other.
        """
        in_callback = getattr(self._delivering, "here", False)
        with self._lock:
            java, self._java = self._java, None
            if self.state is State.RUNNING:
                self.state = State.ENDED
        if java is not None and jvm_runs():
            self._leave(java)
        if self._ending is not None and not in_callback:
            self._ending.join()
        running.forget(self)

    def _leave(self, java: Any) -> None:
        self._deliveries.leave()
        java.suspend()
        executor = _begin_no_other(java.getDefaultMQPushConsumerImpl().getConsumeMessageService())
        self._ending = threading.Thread(
            target=self._end, args=(java, executor), name="rmqlab-shutdown", daemon=True
        )
        self._ending.start()

    def _end(self, java: Any, executor: Any) -> None:
        detach_with_thread()
        # Java's shutdown() interrupts callbacks in flight, and what they have done comes again.
        executor.awaitTermination(
            self.last_callbacks_ms, jpype.JClass("java.util.concurrent.TimeUnit").MILLISECONDS
        )
        consumer = java.getDefaultMQPushConsumerImpl()
        # Java's shutdown() forgets this one (5.4.0). Its clock goes on: a second after the start, then
        # every 20 s, it locks an orderly consumer's queues. Once that came between the unlocking and the
        # end, nobody else in the group got their messages for a minute.
        _private(consumer, "consumeMessagePopService").shutdown(0)
        running.end_consumer(java, consumer.getmQClientFactory())


def _begin_no_other(service: Any) -> Any:
    """Let a consume service's threads end what they have begun; return them, an ExecutorService.

    Left to Java's shutdown() they would go on with what waits for them, for as long as it waits. They take no
    new work before the queue is emptied: a batch may be being handed to them, message by message, just now.
    """
    executor = _private(service, "consumeExecutor")
    executor.shutdown()
    executor.getQueue().clear()
    return executor


def _private(owner: Any, name: str) -> Any:
    """Return what a Java object keeps to itself."""
    field = owner.getClass().getDeclaredField(name)
    field.setAccessible(True)
    return field.get(owner)
