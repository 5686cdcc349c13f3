"""Every way to send, and consuming: `rmqlab.client` beside the Java client driven by JPype directly.

Both do the same work on one broker in the same process, in turns. A rate counts from the first call until the
last message is answered (sync, async, batch), handed to the socket (oneway), or received (consume).
"""

from __future__ import annotations

import statistics
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client import ConsumeFromWhere, ConsumeStatus, Message, Producer, PushConsumer
from rmqlab.client.java import java_class

if TYPE_CHECKING:
    from collections.abc import Callable

BODY_BYTES = (100, 4096)
_MESSAGES = 2000
_A_BATCH = 50
_DEADLINE_S = 60.0
_CLIENT = "org.apache.rocketmq.client."
_MESSAGE = "org.apache.rocketmq.common.message.Message"


@dataclass(frozen=True)
class Rates:
    """Messages per second, the median of the rounds, both ways."""

    what: str
    body_bytes: int
    ours: float
    java: float

    @property
    def ratio(self) -> float:
        """Our rate as a share of the Java client's."""
        return self.ours / self.java


class _Countdown:
    """Java's SendCallback, or a listener's own count: knows when the last one has come."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._lock = threading.Lock()
        self.done = threading.Event()

    def count(self, messages: int = 1) -> None:
        with self._lock:
            self._left -= messages
            if self._left <= 0:
                self.done.set()

    def onSuccess(self, result: Any) -> None:  # noqa: N802  (Java calls it)
        _ = (result.getSendStatus().ordinal(), str(result.getMsgId()), result.getQueueOffset())
        self.count()

    def onException(self, _error: Any) -> None:  # noqa: N802  (Java calls it)
        self.count()

    def wait(self) -> None:
        if not self.done.wait(_DEADLINE_S):
            raise TimeoutError(f"{self._left} messages are missing after {_DEADLINE_S:g} s")


class _Ours:
    def __init__(self, namesrv: str, topic: str) -> None:
        self._namesrv, self._topic = namesrv, topic
        self._producer = Producer(f"PID-{topic}", namesrv=namesrv, timeout_ms=30_000)
        self._producer.start()

    def sync(self, body: bytes) -> None:
        for _ in range(_MESSAGES):
            self._producer.send(Message(self._topic, body, tags="bench"))

    def async_(self, body: bytes) -> None:
        for _ in range(_MESSAGES):
            self._producer.send_async(Message(self._topic, body, tags="bench"))
        self._producer.flush(_DEADLINE_S)

    def oneway(self, body: bytes) -> None:
        for _ in range(_MESSAGES):
            self._producer.send_oneway(Message(self._topic, body, tags="bench"))

    def batch(self, body: bytes) -> None:
        for _ in range(_MESSAGES // _A_BATCH):
            self._producer.send_batch([Message(self._topic, body, tags="bench") for _ in range(_A_BATCH)])

    def consume(self, topic: str) -> float:
        countdown = _Countdown(_MESSAGES)

        def on_message(message: Any) -> ConsumeStatus:
            _ = message.body
            countdown.count()
            return ConsumeStatus.CONSUME_SUCCESS

        group = f"CID-{uuid.uuid4().hex[:8]}"
        consumer = PushConsumer(group, namesrv=self._namesrv, from_where=ConsumeFromWhere.FIRST)
        consumer.subscribe(topic, on_message)
        begin = time.perf_counter()
        with consumer:
            countdown.wait()
            return time.perf_counter() - begin

    def close(self) -> None:
        self._producer.shutdown()


class _Java:
    def __init__(self, namesrv: str, topic: str) -> None:
        self._namesrv, self._topic = namesrv, topic
        self._message = java_class(_MESSAGE)
        self._callback = java_class(_CLIENT + "producer.SendCallback")
        self._producer = java_class(_CLIENT + "producer.DefaultMQProducer")(f"PID-{topic}-java")
        self._producer.setNamesrvAddr(namesrv)
        self._producer.setSendMsgTimeout(30_000)
        self._producer.start()

    def sync(self, body: bytes) -> None:
        for _ in range(_MESSAGES):
            result = self._producer.send(self._message(self._topic, "bench", "", body))
            _ = (result.getSendStatus().ordinal(), str(result.getMsgId()), result.getQueueOffset())

    def async_(self, body: bytes) -> None:
        countdown = _Countdown(_MESSAGES)
        callback = jpype.JProxy(self._callback, inst=countdown)
        for _ in range(_MESSAGES):
            self._producer.send(self._message(self._topic, "bench", "", body), callback)
        countdown.wait()

    def oneway(self, body: bytes) -> None:
        for _ in range(_MESSAGES):
            self._producer.sendOneway(self._message(self._topic, "bench", "", body))

    def batch(self, body: bytes) -> None:
        for _ in range(_MESSAGES // _A_BATCH):
            messages = java_class("java.util.ArrayList")()
            for _ in range(_A_BATCH):
                messages.add(self._message(self._topic, "bench", "", body))
            self._producer.send(messages)

    def consume(self, topic: str) -> float:
        listener = _CLIENT + "consumer.listener."
        success = java_class(listener + "ConsumeConcurrentlyStatus").CONSUME_SUCCESS
        countdown = _Countdown(_MESSAGES)

        def on_messages(messages: Any, _context: Any) -> Any:
            for message in messages:
                _ = bytes(message.getBody())
            countdown.count(len(messages))
            return success

        consumer = java_class(_CLIENT + "consumer.DefaultMQPushConsumer")(f"CID-{uuid.uuid4().hex[:8]}")
        consumer.setNamesrvAddr(self._namesrv)
        where = java_class("org.apache.rocketmq.common.consumer.ConsumeFromWhere")
        consumer.setConsumeFromWhere(where.CONSUME_FROM_FIRST_OFFSET)
        consumer.subscribe(topic, "*")
        proxied = java_class(listener + "MessageListenerConcurrently")
        consumer.registerMessageListener(jpype.JProxy(proxied, {"consumeMessage": on_messages}))
        begin = time.perf_counter()
        consumer.start()
        try:
            countdown.wait()
            return time.perf_counter() - begin
        finally:
            consumer.shutdown()

    def close(self) -> None:
        self._producer.shutdown()


def _seconds(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(namesrv: str, new_topic: Callable[[], str], rounds: int) -> list[Rates]:
    """Return the rates of each way and size.

    Args:
        namesrv: a running cluster.
        new_topic: makes a topic.
        rounds: how many; the median counts.
    """
    topic = new_topic()
    ours, java = _Ours(namesrv, topic), _Java(namesrv, topic)
    found = []
    try:
        for size in BODY_BYTES:
            body = b"x" * size
            for name in ("sync", "async_", "oneway", "batch"):
                taken = {side: [_seconds(lambda: getattr(side, name)(body))] for side in (ours, java)}  # noqa: B023
                for index in range(rounds):
                    for side in (ours, java) if index % 2 else (java, ours):
                        taken[side].append(_seconds(lambda: getattr(side, name)(body)))  # noqa: B023
                found.append(_rates(name.strip("_"), size, taken[ours][1:], taken[java][1:]))
            full = new_topic()
            with Producer("PID-fill", namesrv=namesrv) as producer:
                producer.send_batch([Message(full, body) for _ in range(_MESSAGES)])
            runs = [(ours.consume(full), java.consume(full)) for _ in range(rounds)]
            found.append(_rates("consume", size, *zip(*runs, strict=True)))
    finally:
        ours.close()
        java.close()
    return found


def _rates(what: str, size: int, ours: Any, java: Any) -> Rates:
    return Rates(what, size, _MESSAGES / statistics.median(ours), _MESSAGES / statistics.median(java))
