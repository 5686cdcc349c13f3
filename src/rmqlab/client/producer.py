"""A producer of the classic client over Java's DefaultMQProducer or TransactionMQProducer."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import jpype

from rmqlab.client import running
from rmqlab.client.boundary import C_INT_MAX, RefusedError, number
from rmqlab.client.callbacks import ErrorLog
from rmqlab.client.java import detach_with_thread, java_class, jvm_runs, knows_thread
from rmqlab.client.java_bytes import java_bytes
from rmqlab.client.log import open_log
from rmqlab.client.message import CONSTRUCTED, KEYS, SHARDING_KEY, TAGS, Batch, Message
from rmqlab.client.reasons import reason_of, unreachable
from rmqlab.client.settings import Settings, State
from rmqlab.client.telling import told

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = "org.apache.rocketmq.client.producer."


class Sent(NamedTuple):
    """The broker's answer to a send; `status` counts as C's and Java's SendStatus do (0: SEND_OK)."""

    status: int
    msg_id: str
    offset: int


def sent(answer: Any) -> Sent:
    """Read Java's SendResult."""
    return Sent(answer.getSendStatus().ordinal(), str(answer.getMsgId()), answer.getQueueOffset())


@dataclass(frozen=True, eq=False)
class Limit:
    """A number of a producer: what it is called, its range, and Java's setter."""

    name: str
    setter: str
    low: int = 1
    high: int = C_INT_MAX

    def apply(self, java: Any, value: int) -> None:
        """Tell a Java producer.

        Raises:
            RefusedError: the value is out of range.
        """
        getattr(java, self.setter)(number(value, self.name, self.low, self.high))


SEND_TIMEOUT = Limit("the time-out in ms", "setSendMsgTimeout")
COMPRESSION = Limit("the compression level", "setCompressLevel", -1, 9)  # zlib's
LARGEST_BODY = Limit("the largest body in bytes", "setMaxMessageSize")


class Producer:
    """One producer: settings, then start, sends, shutdown. Safe from any number of threads once started."""

    def __init__(self, group: str) -> None:
        self.settings = Settings(group)
        self.state = State.NEW
        self.limits: dict[Limit, int] = {}
        self.errors = ErrorLog()
        # What `rmqlab.client.Producer` adds: settings beyond C's, and what begins and ends with the producer.
        self.configuring: list[Callable[[Any], None]] = []
        self.ending: list[Callable[[], None]] = []
        self.ended: list[Callable[[], None]] = []
        self._java: Any = None
        self._send: Any = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"producer group {self.settings.group}"

    def limit(self, limit: Limit, value: int) -> None:
        """Keep a number for start(), or set it at once on a running producer.

        Its range is looked at by then and not before, as in C: the classic package's TransactionMQProducer
        sets its numbers on a plain producer first, shifted by one, and throws that producer away.
        """
        with self._lock:
            if self.state is State.RUNNING:
                limit.apply(self._java, value)
            self.limits[limit] = value

    def _create(self) -> Any:
        return java_class(PACKAGE + "DefaultMQProducer")(self.settings.group, self.settings.rpc_hook())

    def start(self) -> None:
        """Start it; a second start of a running producer changes nothing, as in C.

        Raises:
            RefusedError: no NameServer was set, or it was shut down.
            jpype.JException: the Java client's reason.
        """
        with self._lock:
            if self.state is State.RUNNING:
                return
            if self.state is State.ENDED:
                raise RefusedError(f"{self} was shut down: a producer starts once, make a new one")
            open_log()
            java = self._create()
            self.settings.configure(java)
            for limit, value in self.limits.items():
                limit.apply(java, value)
            for configure in self.configuring:
                configure(java)
            detach_with_thread()
            java.start()
            self._send = java_class("rmqlab.ClassicSend").send
            self._java = java
            self.state = State.RUNNING
            running.register(self)

    def shutdown(self) -> None:
        """Shut it down; twice, or without a start, is fine."""
        with self._lock:
            java, self._java = self._java, None
            if self.state is State.RUNNING:
                self.state = State.ENDED
        running.forget(self)
        if java is not None and jvm_runs():
            for step in self.ending:
                step()
            running.end(java, java.getDefaultMQProducerImpl().getMqClientFactory())
            for step in self.ended:
                step()

    def java(self) -> Any:
        """Return the Java producer.

        Raises:
            RefusedError: it has not been started, or was shut down.
        """
        java = self._java
        detach_with_thread()
        if java is None:
            raise RefusedError(
                f"{self} is {self.state.value}: "
                + (
                    "call start() first"
                    if self.state is State.NEW
                    else "it cannot send any more, make a new one"
                )
            )
        return java

    def ready(self) -> bool:
        """Tell whether the calling thread can send at once; if not, `java()` makes it so or says why not."""
        return self._java is not None and knows_thread()

    @told
    def send(self, message: Message) -> tuple[int, str, int]:
        """Send and wait for the broker's answer: what `Sent` holds, as a plain tuple."""
        java = self._java
        if java is None or not knows_thread():
            java = self.java()
        properties = message.properties
        others = None
        for name in properties:
            if name not in CONSTRUCTED:
                others = message.others()
                break
        try:
            answer = self._send(
                java,
                message.topic,
                properties.get(TAGS, ""),
                properties.get(KEYS, ""),
                java_bytes(message.body),
                others,
            )
        except jpype.JException as error:
            raise RefusedError(self.explain(error)) from error
        status, offset, msg_id = str(answer).split(" ", 2)
        return int(status), msg_id, int(offset)

    @told
    def send_batch(self, batch: Batch) -> Sent:
        """Send several messages of one topic as one."""
        if not batch.messages:
            raise RefusedError("the batch is empty")
        return self.call(lambda java: sent(java.send(batch.to_java())))

    @told
    def send_oneway(self, message: Message) -> None:
        """Send without an answer: returns when the message is in the client's socket."""
        self.call(lambda java: java.sendOneway(message.to_java()))

    @told
    def send_by_sharding_key(self, message: Message, key: str) -> Sent:
        """Send to the queue that belongs to the key (SelectMessageQueueByHash), and wait for the answer."""
        message.properties[SHARDING_KEY] = key
        selector = java_class(PACKAGE + "selector.SelectMessageQueueByHash")()
        return self.call(
            lambda java: sent(java.send(message.to_java(), selector, java_class("java.lang.String")(key)))
        )

    def call(self, send: Callable[[Any], Any]) -> Any:
        """Do something with the Java producer; Java's errors become `RefusedError` with their reason."""
        java = self.java()
        try:
            return send(java)
        except jpype.JException as error:
            raise RefusedError(self.explain(error)) from error

    def explain(self, error: Any) -> str:
        """Say why a send failed; where it is for want of a route, whether the NameServer is there at all."""
        reason = reason_of(error)
        if self._java is None:
            return f"{self} was shut down during the send ({reason})"
        if "No route info" in reason or "connect to" in reason:
            addresses = self.settings.addresses()
            silent = unreachable(addresses)
            if silent:
                return f"{reason}: the NameServer {';'.join(silent)} does not answer"
            if "No route info" in reason:
                return f"{reason}: the NameServer {addresses} knows no broker that has it or would create it"
        return reason
