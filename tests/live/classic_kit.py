"""The classic package for tests: short ways to clients that end with the test; waiting with a deadline."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import contextlib
import time
import uuid
import warnings

import pytest


def wait_until(condition, seconds=20.0, what="it"):
    """Poll until `condition()` is true and return its value; fail after a deadline."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen in {seconds} s (last seen: {value!r})")
        time.sleep(0.02)


class Inbox:
    """A consumer's messages in order of arrival, and the callback that collects them."""

    def __init__(self, answer):
        self.answer = answer
        self.messages = []

    def __call__(self, message):
        self.messages.append(message)
        answer = self.answer
        return answer(message) if callable(answer) else answer

    def bodies(self):
        return [message.body for message in self.messages]

    def wait(self, count, seconds=20.0):
        """Wait for a number of messages; return all."""
        wait_until(lambda: len(self.messages) >= count, seconds, f"arrival of {count} messages")
        return list(self.messages)


# ruff: noqa: N802  (methods that stand for classes)


class OurClasses:
    """rmqlab.client's classes, made as the classic package's are: every old method works on them."""

    def __getattr__(self, name):
        import rocketmq.client

        import rmqlab.client

        return getattr(rmqlab.client if name in rmqlab.client.__all__ else rocketmq.client, name)

    @staticmethod
    def Producer(group, orderly=False, timeout=3000, **settings):  # noqa: FBT002  (as the package has it)
        import rmqlab.client

        assert orderly in {True, False}  # it makes no difference: order comes from the queue of each send
        return rmqlab.client.Producer(group, timeout_ms=timeout, **settings)

    @staticmethod
    def TransactionMQProducer(group, checker, user_args=None, timeout=3000, **settings):
        import rmqlab.client

        return rmqlab.client.TransactionMQProducer(group, checker, timeout_ms=timeout, **settings)


class ClassicKit:
    """The classic package with short ways to a producer, a consumer, a topic and a message."""

    def __init__(self, namesrv, provider, topic):
        import rocketmq.client
        import rocketmq.exceptions
        import rocketmq.ffi

        self.namesrv = namesrv
        self.provider = provider
        self.topic = topic
        self.api = rocketmq.client if provider != "rmqlab.client" else OurClasses()
        self.errors = rocketmq.exceptions
        self.dll = rocketmq.ffi.dll
        self.ffi = rocketmq.ffi
        self._clients = []

    @staticmethod
    def name(kind):
        """A name that no other test has."""
        return f"{kind}-{uuid.uuid4().hex[:10]}"

    def own(self, client):
        """Shut a client down when the test ends."""
        self._clients.append(client)
        return client

    def producer(self, group=None, **settings):
        producer = self.own(self.api.Producer(group or self.name("PID"), **settings))
        producer.set_name_server_address(self.namesrv)
        producer.start()
        return producer

    def message(self, topic, body=b"hello", **properties):
        message = self.api.Message(topic)
        message.set_body(body)
        for key, value in properties.items():
            message.set_property(key, value)
        return message

    def consumer(self, topic, answer=0, group=None, expression="*", before_start=None, **options):
        """A started consumer of a topic, and its inbox; `answer` is a ConsumeStatus or what decides it."""
        inbox = Inbox(answer)
        consumer = self.own(self.api.PushConsumer(group or self.name("CID"), **options))
        consumer.set_name_server_address(self.namesrv)
        consumer.subscribe(topic, inbox, expression)
        if before_start:
            before_start(consumer)
        consumer.start()
        return consumer, inbox

    def not_for_ours(self, why):
        """Skip a test that rmqlab.client answers differently, on purpose."""
        if self.provider == "rmqlab.client":
            pytest.skip(why)

    def close(self):
        for client in reversed(self._clients):
            with contextlib.suppress(self.errors.RocketMQException), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # errors that a test provoked
                client.shutdown()
