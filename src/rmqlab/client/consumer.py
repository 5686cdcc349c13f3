"""A push consumer of the classic client over Java's DefaultMQPushConsumer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client import callbacks, running
from rmqlab.client.boundary import RefusedError
from rmqlab.client.java import detach_with_thread, java_class
from rmqlab.client.log import open_log
from rmqlab.client.message import ReceivedMessage
from rmqlab.client.settings import Settings, State

if TYPE_CHECKING:
    from collections.abc import Callable

_CONSUMER = "org.apache.rocketmq.client.consumer."
_LISTENER = _CONSUMER + "listener."
BROADCASTING, CLUSTERING = 0, 1
"""C's CMessageModel."""

_SUCCESS = 0
_QUEUES_S = 0.5
_LAST_CALLBACKS_MS = 1000
"""How long shutdown() lets callbacks end that have begun; the C++ client waits for them without a limit."""


class _Listener:
    """What Java calls with messages, on its own threads: each message goes to its topic's callback."""

    def __init__(self, consumer: PushConsumer) -> None:
        self._consumer = consumer

    def _consumed(self, java_messages: Any) -> int:
        """Hand messages over, in order, until one is not consumed; return how many were."""
        for done, java in enumerate(java_messages):
            if not self._consumer.deliver(ReceivedMessage(java)):
                return done
        return len(java_messages)


class _Concurrently(_Listener):
    def __init__(self, consumer: PushConsumer) -> None:
        super().__init__(consumer)
        status = java_class(_LISTENER + "ConsumeConcurrentlyStatus")
        self._success, self._later = status.CONSUME_SUCCESS, status.RECONSUME_LATER
        self.proxy = jpype.JProxy(java_class(_LISTENER + "MessageListenerConcurrently"), inst=self)

    def consumeMessage(self, messages: Any, context: Any) -> Any:  # noqa: N802  (Java calls it)
        done = self._consumed(messages)
        if done == 0:
            return self._later
        if done < len(messages):
            # Only those from here on come again (ConsumeMessageConcurrentlyService#processConsumeResult).
            context.setAckIndex(done - 1)
        return self._success


class _Orderly(_Listener):
    def __init__(self, consumer: PushConsumer) -> None:
        super().__init__(consumer)
        status = java_class(_LISTENER + "ConsumeOrderlyStatus")
        self._success, self._wait = status.SUCCESS, status.SUSPEND_CURRENT_QUEUE_A_MOMENT
        self.proxy = jpype.JProxy(java_class(_LISTENER + "MessageListenerOrderly"), inst=self)

    def consumeMessage(self, messages: Any, _context: Any) -> Any:  # noqa: N802  (Java calls it)
        return self._success if self._consumed(messages) == len(messages) else self._wait


class PushConsumer:
    """One consumer: settings, subscriptions and callbacks, then start; messages arrive on Java's threads."""

    def __init__(self, group: str) -> None:
        self.settings = Settings(group)
        self.state = State.NEW
        self.model = CLUSTERING
        self.orderly = False
        self.threads: int | None = None
        self.batch_size: int | None = None
        self.subscriptions: dict[str, str] = {}
        self._callbacks: dict[str, Callable[..., int]] = {}
        self._waiting: list[str] = []  # topics subscribed since the last callback was registered
        self._latest: Callable[..., int] | None = None
        self._java: Any = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"consumer group {self.settings.group}"

    def subscribe(self, topic: str, expression: str) -> None:
        """Subscribe to a topic's messages whose tag fits (`*`, or tags separated by `||`)."""
        with self._lock:
            self.subscriptions[topic] = expression
            self._waiting.append(topic)
            if self._java is not None:
                self._java.subscribe(topic, expression)

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

    def unregister(self) -> None:
        """Forget the callbacks; messages that still come are left for later."""
        with self._lock:
            self._callbacks.clear()
            self._waiting = list(self.subscriptions)
            self._latest = None

    def deliver(self, message: ReceivedMessage) -> bool:
        """Call the topic's callback; say whether it consumed the message."""
        topic = message.topic
        callback = self._callbacks.get(topic, self._latest)
        if callback is None:
            return False
        try:
            return callback(self, message) == _SUCCESS
        except BaseException as error:  # noqa: BLE001  (it must not unwind through Java; it is kept)
            callbacks.keep(repr(self), topic, message.id, error, "the message will be delivered again")
            return False

    def _create(self) -> Any:
        settings = self.settings
        allocate = java_class(_CONSUMER + "rebalance.AllocateMessageQueueAveragely")()
        java = java_class(_CONSUMER + "DefaultMQPushConsumer")(settings.group, settings.rpc_hook(), allocate)
        settings.configure(java)
        # By default it interrupts callbacks in flight: their messages come again though their work is done.
        java.setAwaitTerminationMillisWhenShutdown(_LAST_CALLBACKS_MS)
        model = java_class("org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel")
        java.setMessageModel(model.BROADCASTING if self.model == BROADCASTING else model.CLUSTERING)
        if self.threads is not None:
            java.setConsumeThreadMax(max(self.threads, java.getConsumeThreadMax()))
            java.setConsumeThreadMin(self.threads)
            java.setConsumeThreadMax(self.threads)
        if self.batch_size is not None:
            java.setConsumeMessageBatchMaxSize(self.batch_size)
        for topic, expression in self.subscriptions.items():
            java.subscribe(topic, expression)
        java.registerMessageListener((_Orderly if self.orderly else _Concurrently)(self).proxy)
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
            if self._latest is None:
                raise RefusedError(f"{self} has no callback: call subscribe(topic, callback) before start()")
            open_log()
            java = self._create()
            detach_with_thread()
            java.start()
            self._java = java
            self.state = State.RUNNING
        running.register(self)
        self._take_queues(java)

    def _take_queues(self, java: Any) -> None:
        """Wait, shortly, until the consumer has its queues and its place in them.

        A new group begins at the end of a queue unless the first message is already there (the broker's
        ConsumerManageProcessor), and Java looks where the end is some time after start(): a message sent in
        between could be missed. So start() returns once it has looked. With more consumers than queues, or no
        route yet, there is nothing to take, and the wait ends at its deadline or at once.
        """
        consumer = java.getDefaultMQPushConsumerImpl()
        balance = consumer.getRebalanceImpl()
        routes = balance.getTopicSubscribeInfoTable()
        if not any(routes.containsKey(topic) for topic in self.subscriptions):
            return
        end = time.monotonic() + _QUEUES_S
        while (
            not (consumer.tryRebalance() and balance.getProcessQueueTable().size()) and time.monotonic() < end
        ):
            time.sleep(_QUEUES_S / 25)

    def shutdown(self) -> None:
        """Shut it down, its progress stored; twice, or without a start, is fine."""
        with self._lock:
            java, self._java = self._java, None
            if self.state is State.RUNNING:
                self.state = State.ENDED
        running.forget(self)
        if java is not None and jpype.isJVMStarted():
            running.end(java, java.getDefaultMQPushConsumerImpl().getmQClientFactory())
