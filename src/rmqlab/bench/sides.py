"""The clients that `rmqlab bench client` compares: ours twice, the Java client by JPype, the gRPC client."""

# What the ways do is said in `side`; each client is imported where it is made: nobody pays for the others.
# ruff: noqa: D102, PLC0415

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.bench.side import Arrivals, Side, Taken, in_flight, one_by_one, read, until_stored
from rmqlab.client.java import java_class

if TYPE_CHECKING:
    from collections.abc import Callable

A_BATCH = 50
"""Messages of a batch."""

_NO_COMPRESSION = 1 << 30  # bytes: zlib's time is no client's
_CLIENT = "org.apache.rocketmq.client."
_LISTENER = _CLIENT + "consumer.listener."


class Classic(Side):
    """`rocketmq.client`, unmodified, over our library: sync sends."""

    name = "rocketmq.client"

    def _start(self) -> Any:
        from rocketmq.client import Message, Producer

        self._message = Message
        producer = Producer(f"PID-{uuid.uuid4().hex[:8]}")
        producer.set_name_server_address(self._namesrv)
        producer.start()
        return producer

    def _made(self, body: bytes, topic: str | None = None) -> Any:
        message = self._message(topic or self._topic)
        message.set_keys(self._key())
        message.set_tags("bench")
        message.set_body(body)
        return message

    def sync(self, body: bytes, count: int) -> Taken:
        def send() -> None:
            result = self._producer.send_sync(self._made(body))
            _ = (result.status, result.msg_id, result.offset)

        return one_by_one(send, count)


class Ours(Side):
    """`rmqlab.client`."""

    name = "rmqlab.client"

    def _start(self) -> Any:
        from rmqlab.client import Message, Producer

        self._message = Message
        group = f"PID-{uuid.uuid4().hex[:8]}"
        producer = Producer(group, namesrv=self._namesrv, timeout_ms=30_000, compress_over=_NO_COMPRESSION)
        producer.start()
        return producer

    def _made(self, body: bytes, topic: str | None = None) -> Any:
        return self._message(topic or self._topic, body, tags="bench", keys=self._key())

    def sync(self, body: bytes, count: int) -> Taken:
        def send() -> None:
            result = self._producer.send(self._made(body))
            _ = (result.status, result.msg_id, result.offset)

        return one_by_one(send, count)

    def async_(self, body: bytes, count: int) -> Taken:
        def send(arrivals: Arrivals) -> None:
            self._producer.send_async(self._made(body)).add_done_callback(arrivals.came)

        return in_flight(send, count)

    def oneway(self, body: bytes, count: int) -> Taken:
        return until_stored(
            one_by_one(lambda: self._producer.send_oneway(self._made(body)), count),
            lambda: self._producer.send(self._made(body)),
        )

    def batch(self, body: bytes, count: int) -> Taken:
        taken = one_by_one(
            lambda: self._producer.send_batch([self._made(body) for _ in range(A_BATCH)]), count // A_BATCH
        )
        return Taken(count, taken.seconds, taken.calls)

    def _consumer(self, group: str, topic: str, came: Callable[[], Any]) -> Any:
        from rmqlab.client import ConsumeFromWhere, ConsumeStatus, PushConsumer

        def on_message(message: Any) -> ConsumeStatus:
            _ = message.body
            came()
            return ConsumeStatus.CONSUME_SUCCESS

        consumer = PushConsumer(group, namesrv=self._namesrv, from_where=ConsumeFromWhere.FIRST)
        consumer.subscribe(topic, on_message)
        consumer.start()
        return consumer


class Java(Side):
    """RocketMQ's Java client, driven by JPype alone."""

    name = "Java by JPype"

    def _start(self) -> Any:
        self._message = java_class("org.apache.rocketmq.common.message.Message")
        self._callback = java_class(_CLIENT + "producer.SendCallback")
        producer = java_class(_CLIENT + "producer.DefaultMQProducer")(f"PID-{uuid.uuid4().hex[:8]}")
        producer.setNamesrvAddr(self._namesrv)
        producer.setSendMsgTimeout(30_000)
        producer.setCompressMsgBodyOverHowmuch(_NO_COMPRESSION)
        producer.start()
        return producer

    def _made(self, body: bytes, topic: str | None = None) -> Any:
        return self._message(topic or self._topic, "bench", self._key(), body)

    def sync(self, body: bytes, count: int) -> Taken:
        def send() -> None:
            read(self._producer.send(self._made(body)))

        return one_by_one(send, count)

    def async_(self, body: bytes, count: int) -> Taken:
        proxies: dict[int, Any] = {}

        def send(arrivals: Arrivals) -> None:
            proxy = proxies.get(id(arrivals))
            if proxy is None:
                proxies.clear()
                proxy = proxies[id(arrivals)] = jpype.JProxy(self._callback, inst=arrivals)
            self._producer.send(self._made(body), proxy)

        return in_flight(send, count)

    def oneway(self, body: bytes, count: int) -> Taken:
        return until_stored(
            one_by_one(lambda: self._producer.sendOneway(self._made(body)), count),
            lambda: self._producer.send(self._made(body)),
        )

    def batch(self, body: bytes, count: int) -> Taken:
        array_list = java_class("java.util.ArrayList")

        def send() -> None:
            messages = array_list()
            for _ in range(A_BATCH):
                messages.add(self._made(body))
            read(self._producer.send(messages))

        taken = one_by_one(send, count // A_BATCH)
        return Taken(count, taken.seconds, taken.calls)

    def _consumer(self, group: str, topic: str, came: Callable[[], Any]) -> Any:
        success = java_class(_LISTENER + "ConsumeConcurrentlyStatus").CONSUME_SUCCESS

        def on_messages(messages: Any, _context: Any) -> Any:
            for message in messages:
                _ = bytes(message.getBody())
                came()
            return success

        consumer = java_class(_CLIENT + "consumer.DefaultMQPushConsumer")(group)
        consumer.setNamesrvAddr(self._namesrv)
        where = java_class("org.apache.rocketmq.common.consumer.ConsumeFromWhere")
        consumer.setConsumeFromWhere(where.CONSUME_FROM_FIRST_OFFSET)
        consumer.subscribe(topic, "*")
        proxied = java_class(_LISTENER + "MessageListenerConcurrently")
        consumer.registerMessageListener(jpype.JProxy(proxied, {"consumeMessage": on_messages}))
        consumer.start()
        return consumer


class Grpc(Side):
    """`rocketmq.v5`, through the proxy: it has neither oneway sends nor batches."""

    name = "gRPC client"

    def _start(self) -> Any:
        import rocketmq

        self._api = rocketmq
        self._configuration = rocketmq.ClientConfiguration(self._proxy, rocketmq.Credentials())
        producer = rocketmq.Producer(self._configuration, (self._topic,))
        producer.startup()
        return producer

    def _made(self, body: bytes, topic: str | None = None) -> Any:
        message = self._api.Message()
        message.topic, message.body = topic or self._topic, body
        message.tag, message.keys = "bench", self._key()
        return message

    def sync(self, body: bytes, count: int) -> Taken:
        return one_by_one(lambda: self._producer.send(self._made(body)).message_id, count)

    def async_(self, body: bytes, count: int) -> Taken:
        def send(arrivals: Arrivals) -> None:
            self._producer.send_async(self._made(body)).add_done_callback(arrivals.came)

        return in_flight(send, count)

    def _consumer(self, group: str, topic: str, came: Callable[[], Any]) -> Any:
        api = self._api

        class Listener(api.MessageListener):
            def consume(self, message: Any) -> Any:
                _ = message.body
                came()
                return api.ConsumeResult.SUCCESS

        wanted = {topic: api.FilterExpression()}
        consumer = api.PushConsumer(self._configuration, group, Listener(), wanted)
        consumer.startup()
        return consumer
