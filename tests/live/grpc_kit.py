"""One surface over both clients, the classic one and the gRPC one, for what both can do.

A client is asked by what it is for (a message to be sent later, in order, in a transaction), never by how its
package says so. What a consumer got is a list that grows.
"""

# Imports stand where they are needed: collecting tests pays for no JVM and no gRPC.
# ruff: noqa: PLC0415

from __future__ import annotations

import contextlib
import math
import time
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Got:
    """What came out, in words that are neither client's."""

    message_id: str
    body: bytes
    tag: str = ""
    keys: frozenset[str] = frozenset()
    properties: dict[str, str] = field(default_factory=dict)
    attempt: int = 1


class Kit:
    """What both kits do alike: names, topics, groups, an end."""

    refusals: tuple[type[BaseException], ...]

    def __init__(self, cluster, admin):
        self.cluster = cluster
        self.admin = admin
        self._ends = []

    @staticmethod
    def name(stem):
        return f"{stem}-{uuid.uuid4().hex[:10]}"

    def topic(self, kind="normal", queues=4):
        name = self.name(kind)
        self.admin.create_topic(name, queues, kind=kind)
        return name

    def group(self, *, orderly=False):
        name = self.name("group")
        self.admin.create_group(name, orderly=orderly)
        return name

    def own(self, client):
        self._ends.append(client)
        return client

    def close(self):
        for client in reversed(self._ends):
            with contextlib.suppress(Exception):
                client.shutdown()


class ClassicKit(Kit):
    """`rocketmq.client`, unmodified."""

    def __init__(self, cluster, admin):
        super().__init__(cluster, admin)
        from rocketmq import client, exceptions

        self.api = client
        self.refusals = (exceptions.RocketMQException, ValueError)

    def producer(self):
        producer = self.own(self.api.Producer(self.name("producers")))
        producer.set_name_server_address(self.cluster.namesrv)
        producer.start()
        return producer

    def message(self, topic, body, *, tag="", keys=(), properties=None):
        message = self.api.Message(topic)
        message.set_body(body)
        if tag:
            message.set_tags(tag)
        if keys:
            message.set_keys(" ".join(keys))
        for name, value in (properties or {}).items():
            message.set_property(name, value)
        return message

    def send(self, producer, topic, body, **parts):
        return producer.send_sync(self.message(topic, body, **parts)).msg_id

    def send_later(self, producer, topic, body, seconds):
        """Send so that nobody gets it for some seconds (1 or 2: the cluster's delay levels); return when."""
        message = self.message(topic, body)
        message.set_delay_time_level(seconds)
        due = time.time() + seconds
        producer.send_sync(message)
        return due

    def send_in_order(self, producer, topic, body, key):
        producer.send_orderly_with_sharding_key(self.message(topic, body), key)

    def transaction_producer(self, topic, check):
        """Return a producer and its way to send: `send(body, decision)`, which is a word or None."""
        words = {
            "commit": self.api.TransactionStatus.COMMIT,
            "rollback": self.api.TransactionStatus.ROLLBACK,
            None: self.api.TransactionStatus.UNKNOWN,
        }
        producer = self.own(
            self.api.TransactionMQProducer(self.name("senders"), lambda message: words[check(message.body)])
        )
        producer.set_name_server_address(self.cluster.namesrv)
        producer.start()
        return producer, lambda body, decision: producer.send_message_in_transaction(
            self.message(topic, body), lambda *_: words[decision], None
        )

    def consume(self, topic, listener=None, *, expression="*", orderly=False, group=None):
        """Start a consumer, return it and what it got; `listener` tells whether a message was consumed."""
        got = []
        statuses = self.api.ConsumeStatus

        def receive(message):
            said = Got(
                message.id,
                message.body,
                (message.tags or b"").decode(),
                frozenset((message.keys or b"").decode().split()),
                {name: (message.get_property(name) or b"").decode() for name in ("city", "colour")},
                message.reconsume_times + 1,
            )
            got.append(said)
            consumed = listener is None or listener(said)
            return statuses.CONSUME_SUCCESS if consumed else statuses.RECONSUME_LATER

        consumer = self.own(self.api.PushConsumer(group or self.group(orderly=orderly), orderly=orderly))
        consumer.set_name_server_address(self.cluster.namesrv)
        consumer.subscribe(topic, receive, expression)
        consumer.start()
        return consumer, got


class GrpcKit(Kit):
    """`rocketmq.v5`, unmodified."""

    def __init__(self, cluster, admin):
        super().__init__(cluster, admin)
        import rocketmq
        from rocketmq.v5.exception import ClientException

        self.api = rocketmq
        self.refusals = (ClientException,)
        self.configuration = rocketmq.ClientConfiguration(cluster.proxy, rocketmq.Credentials())

    def producer(self, *topics, checker=None):
        producer = self.own(self.api.Producer(self.configuration, topics, checker=checker))
        producer.startup()
        return producer

    def message(self, topic, body, *, tag="", keys=(), properties=None):
        message = self.api.Message()
        message.topic = topic
        message.body = body
        if tag:
            message.tag = tag
        for key in keys:
            message.keys = key
        for name, value in (properties or {}).items():
            message.add_property(name, value)
        return message

    def send(self, producer, topic, body, **parts):
        return producer.send(self.message(topic, body, **parts)).message_id

    def send_later(self, producer, topic, body, seconds):
        message = self.message(topic, body)
        message.delivery_timestamp = math.ceil(time.time() + seconds)  # whole seconds
        producer.send(message)
        return message.delivery_timestamp

    def send_in_order(self, producer, topic, body, key):
        message = self.message(topic, body)
        message.message_group = key
        producer.send(message)

    def transaction_producer(self, topic, check):
        words = self.api.TransactionResolution
        answers = {
            "commit": words.COMMIT,
            "rollback": words.ROLLBACK,
            None: words.TRANSACTION_RESOLUTION_UNSPECIFIED,
        }

        class Checker(self.api.TransactionChecker):
            def check(self, message):
                return answers[check(message.body)]

        producer = self.producer(topic, checker=Checker())

        def send(body, decision):
            transaction = producer.begin_transaction()
            producer.send(self.message(topic, body), transaction)
            if decision:
                getattr(transaction, decision)()

        return producer, send

    def consume(self, topic, listener=None, *, expression="*", orderly=False, group=None):
        got = []
        results = self.api.ConsumeResult

        class Listener(self.api.MessageListener):
            def consume(self, message):
                said = said_by(message)
                got.append(said)
                return results.SUCCESS if listener is None or listener(said) else results.FAILURE

        consumer = self.own(
            self.api.PushConsumer(
                self.configuration,
                group or self.group(orderly=orderly),
                Listener(),
                {topic: self.api.FilterExpression(expression)},
            )
        )
        consumer.startup()
        return consumer, got

    def simple_consumer(self, topic, *, group=None, wait_s=5):
        """A started simple consumer, past the first receive() that may come before its settings."""
        consumer = self.own(
            self.api.SimpleConsumer(
                self.configuration,
                group or self.group(),
                {topic: self.api.FilterExpression()},
                await_duration=wait_s,
            )
        )
        consumer.startup()
        return consumer


def said_by(message):
    """Return what a message of the gRPC client holds."""
    return Got(
        message.message_id,
        message.body,
        message.tag or "",
        frozenset(message.keys),
        dict(message.properties),
        message.delivery_attempt,
    )


def wait_until(condition, why, seconds=60.0):
    """Poll until something holds, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, why() if callable(why) else why
        time.sleep(0.02)
    return value
