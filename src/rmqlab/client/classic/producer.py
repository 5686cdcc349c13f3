"""The producer with everything that RocketMQ's own has: sync, async, oneway, batches, chosen queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client.boundary import RefusedError
from rmqlab.client.classic import batches
from rmqlab.client.classic.async_producer import AsyncProducer
from rmqlab.client.classic.options import ClientOptions, check_number
from rmqlab.client.classic.package import client, exceptions
from rmqlab.client.classic.results import SendResult, read_result
from rmqlab.client.classic.rules import check_message
from rmqlab.client.facts import QueueRef
from rmqlab.client.java import POLL_INTERVAL_MS
from rmqlab.client.java_bytes import java_bytes, shared
from rmqlab.client.message import KEYS, TAGS
from rmqlab.client.producer import COMPRESSION, LARGEST_BODY, SEND_TIMEOUT
from rmqlab.client.telling import told

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from rmqlab.client.classic.async_producer import Selector
    from rmqlab.client.message import Message as Handle


class Producer(AsyncProducer):
    """A producer of messages: `rocketmq.client.Producer`, and what that lacks.

        with Producer("orders", namesrv="127.0.0.1:9876") as producer:
            result = producer.send(Message("orders", "order 7 paid"))

    Entering `with` starts it; leaving waits for the answers to async sends, then shuts it down. It is safe
    from any number of threads. Every setting is RocketMQ's, with RocketMQ's default (DefaultMQProducer).

    Args:
        group: the producer group.
        namesrv: the NameServers, `host:port`, several separated by `;`. Default: NAMESRV_ADDR.
        timeout_ms: how long one send may take, with all its retries (sendMsgTimeout).
        retries: further attempts of a sync send that failed, at another broker if there is one
            (retryTimesWhenSendFailed): 2 retries are 3 attempts.
        attempt_timeout_ms: how long one attempt of a sync send may take (sendMsgMaxTimeoutPerRequest).
            Default: all that is left of `timeout_ms`, so that a broker that hangs leaves no time for another.
        async_retries: as `retries`, for async sends (retryTimesWhenSendAsyncFailed).
        retry_another_broker: whether an answer other than OK is a failure too, and leads to another attempt
            (retryAnotherBrokerWhenNotStoreOK).
        compress_over: bodies above so many bytes are compressed (compressMsgBodyOverHowmuch).
        compress_level: zlib's, 0 (none) to 9 (smallest).
        max_message_size: the largest body, in bytes; the broker has a limit of its own (4 MB).
        backpressure: how many async sends may be in flight before further ones wait, for as long as their
            time-out allows (backPressureForAsyncSendNum, at least 10). Default: no limit.
        trace: whether sends are traced, to the broker's trace topic or to the topic of that name
            (enableTrace).
        route_poll_ms: how often the NameServer is asked for the routes of topics (pollNameServerInterval).
            The one default that is not RocketMQ's (30,000), so that labs need not wait.
        instance: the instance name. Default: one that no other client has.
        credentials: access key and secret key, where the cluster has authentication on.

    Raises:
        ValueError: a number is out of range.
        ProducerStartFailed: at `start()` or `with`: no NameServer, or a group name that RocketMQ refuses.
    """

    def __init__(  # noqa: PLR0913  (RocketMQ's settings)
        self,
        group: str,
        *,
        namesrv: str | None = None,
        timeout_ms: int = 3000,
        retries: int = 2,
        attempt_timeout_ms: int | None = None,
        async_retries: int = 2,
        retry_another_broker: bool = False,
        compress_over: int = 4096,
        compress_level: int = 5,
        max_message_size: int = 4 * 1024 * 1024,
        backpressure: int | None = None,
        trace: bool | str = False,
        route_poll_ms: int = POLL_INTERVAL_MS,
        instance: str | None = None,
        credentials: tuple[str, str] | None = None,
    ) -> None:
        check_number("timeout_ms", timeout_ms, SEND_TIMEOUT.low, SEND_TIMEOUT.high)
        check_number("compress_level", compress_level, COMPRESSION.low, COMPRESSION.high)
        check_number("max_message_size", max_message_size, LARGEST_BODY.low, LARGEST_BODY.high)
        check_number("retries", retries, 0)
        check_number("async_retries", async_retries, 0)
        check_number("compress_over", compress_over, 0)
        check_number("route_poll_ms", route_poll_ms, 10)
        if backpressure is not None:
            check_number("backpressure", backpressure, 10)
        if attempt_timeout_ms is not None:
            check_number("attempt_timeout_ms", attempt_timeout_ms, 1)
        self._make(group)
        self.set_timeout(timeout_ms)
        self.set_compress_level(compress_level)
        self.set_max_message_size(max_message_size)

        def configure(java: Any) -> None:
            java.setRetryTimesWhenSendFailed(retries)
            if attempt_timeout_ms is not None:
                java.setSendMsgMaxTimeoutPerRequest(attempt_timeout_ms)
            java.setRetryTimesWhenSendAsyncFailed(async_retries)
            java.setRetryAnotherBrokerWhenNotStoreOK(retry_another_broker)
            java.setCompressMsgBodyOverHowmuch(compress_over)
            java.setPollNameServerInterval(route_poll_ms)
            if backpressure is not None:
                java.setBackPressureForAsyncSendNum(backpressure)
                java.setEnableBackpressureForAsyncMode(True)

        self._handle.configuring.append(configure)
        ClientOptions(namesrv, instance, credentials, trace).apply(self._handle)

    def _make(self, group: str) -> None:
        super().__init__(group)

    # -- life --------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.flush()
        self.shutdown()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._handle.settings.group}: {self._handle.state.value}>"

    # -- sends -------------------------------------------------------------------------------------

    @told
    def send(
        self,
        message: client.Message,
        *,
        queue: QueueRef | None = None,
        selector: Selector | None = None,
        arg: Any = None,
        timeout_ms: int | None = None,
    ) -> SendResult:
        """Send a message and wait for the broker's answer.

        Args:
            message: what to send.
            queue: the queue to send it to (`queues()` has them); such a send is not retried.
            selector: chooses the queue: a function (queues, message, arg) -> queue (MessageQueueSelector).
            arg: handed to `selector`.
            timeout_ms: instead of the producer's.

        Raises:
            MessageRefusedError: RocketMQ would refuse the message; nothing was sent.
            ProducerSendSyncFailed: no route, no answer in time, or the broker's refusal, with the reason.
            Exception: whatever `selector` raises.
        """
        if not self._handle.ready():
            self._require_running(exceptions.ProducerSendSyncFailed)
        parts = self._parts(message, queue, selector, arg)
        try:
            return read_result(str(self._sends.send(*parts, timeout_ms or 0)))
        except jpype.JException as error:
            raise exceptions.ProducerSendSyncFailed(self._handle.explain(error)) from error

    @told
    def send_oneway(
        self,
        message: client.Message,
        *,
        queue: QueueRef | None = None,
        selector: Selector | None = None,
        arg: Any = None,
    ) -> None:
        """Send without any answer: it returns once the message is in this machine's socket.

        Raises:
            MessageRefusedError: RocketMQ would refuse the message.
            ProducerSendOnewayFailed: no route, or no connection.
        """
        if not self._handle.ready():
            self._require_running(exceptions.ProducerSendOnewayFailed)
        parts = self._parts(message, queue, selector, arg)
        try:
            self._sends.sendOneway(*parts)
        except jpype.JException as error:
            raise exceptions.ProducerSendOnewayFailed(self._handle.explain(error)) from error

    def send_batch(
        self,
        messages: Iterable[client.Message],
        *,
        max_bytes: int = batches.MAX_BATCH_BYTES,
        queue: QueueRef | None = None,
        timeout_ms: int | None = None,
    ) -> list[SendResult]:
        """Send messages of one topic in as few batches as `max_bytes` allows, in order; one result a batch.

        A batch lies in one queue. When one fails, those before it are stored and those after it not sent.

        Args:
            messages: what to send; nothing is sent if there are none.
            max_bytes: the size of a batch as it travels; a larger message goes alone.
            queue: the queue for all of them.
            timeout_ms: instead of the producer's, for each batch.

        Raises:
            MessageRefusedError: RocketMQ would refuse one, has no batch of such messages, or the topics
                differ; nothing was sent.
            ProducerSendSyncFailed: as for `send`.
        """
        self._require_running(exceptions.ProducerSendSyncFailed)
        handles = [_handle_of(message) for message in messages]
        largest_body = self._largest_body
        for handle in handles:
            check_message(handle, largest_body)
        parts = list(batches.split(handles, max_bytes))
        target = (None, 0) if queue is None else (queue.broker, queue.queue_id)
        try:
            return [
                read_result(str(self._sends.sendBatch(topic, shared(encoded), *target, timeout_ms or 0)))
                for topic, encoded in parts
            ]
        except jpype.JException as error:
            raise exceptions.ProducerSendSyncFailed(self._handle.explain(error)) from error

    def queues(self, topic: str) -> tuple[QueueRef, ...]:
        """Return the queues of a topic that can be sent to, as the producer knows them.

        Raises:
            ProducerException: the NameServer knows no route of it.
        """
        self._require_running()
        try:
            fields = str(self._sends.queues(topic)).split("\t")
        except jpype.JException as error:
            raise exceptions.ProducerException(self._handle.explain(error)) from error
        found = tuple(
            QueueRef(topic, broker, int(number))
            for broker, number in zip(fields[:-1:2], fields[1::2], strict=True)
        )
        if not found:
            raise exceptions.ProducerException(
                f"No route info of this topic: {topic}: the NameServer {self._handle.settings.addresses()} "
                "knows no broker that has it or would create it"
            )
        return found

    # -- what Java is given ------------------------------------------------------------------------

    @property
    def _largest_body(self) -> int:
        return self._handle.limits[LARGEST_BODY]

    def _require_running(
        self, failure: type[exceptions.ProducerException] = exceptions.ProducerException
    ) -> None:
        try:
            self._handle.java()
        except RefusedError as error:
            raise failure(str(error)) from None

    def _parts(
        self,
        message: client.Message,
        queue: QueueRef | None,
        selector: Selector | None,
        arg: Any,
    ) -> tuple[Any, ...]:
        """Check a message and take it apart for `rmqlab.Sends`: its fields, then broker and queue."""
        handle = _handle_of(message)
        check_message(handle, self._largest_body)
        if selector is not None:
            if queue is not None:
                raise ValueError("queue and selector: a send has one of the two")
            queue = selector(self.queues(handle.topic), message, arg)
        broker, queue_id = None, 0
        if queue is not None:
            if not isinstance(queue, QueueRef) or queue.topic != handle.topic:
                raise ValueError(f"{queue!r} is no queue of {handle.topic}: producer.queues() has them")
            broker, queue_id = queue.broker, queue.queue_id
        properties = handle.properties
        tags, keys = properties.get(TAGS, ""), properties.get(KEYS, "")
        others = handle.others() if len(properties) > bool(tags) + bool(keys) else None
        return handle.topic, tags, keys, java_bytes(handle.body), others, broker, queue_id


def _handle_of(message: client.Message) -> Handle:
    if not isinstance(message, client.Message):
        raise TypeError(f"{message!r} is no Message")
    return message._handle  # noqa: SLF001  (the classic package's own)
