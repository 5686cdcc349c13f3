"""`rmqlab.client` for tests: short ways to clients that end with the test."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import contextlib
import uuid
import warnings

from classic_kit import Inbox


class ClientKit:
    """`rmqlab.client` with short ways to a producer, consumers, a topic and messages."""

    def __init__(self, cluster, topic):
        import rmqlab.client

        self.cluster = cluster
        self.namesrv = cluster.namesrv
        self.admin = cluster.admin
        self.topic = topic
        self.api = rmqlab.client
        self._clients = []

    @staticmethod
    def name(kind):
        """A name that no other test has."""
        return f"{kind}-{uuid.uuid4().hex[:10]}"

    def own(self, client):
        """Shut a client down when the test ends."""
        self._clients.append(client)
        return client

    def producer(self, **settings):
        producer = self.own(self.api.Producer(self.name("PID"), namesrv=self.namesrv, **settings))
        producer.start()
        return producer

    def send(self, topic, *bodies, **parts):
        """Send some messages, one after the other; return the results."""
        producer = self.producer()
        return [producer.send(self.api.Message(topic, body, **parts)) for body in bodies]

    def consumer(self, topic, answer=0, *, group=None, started=True, expression="*", sql=None, **settings):  # noqa: PLR0913
        """A consumer of a topic from the first message on, and its inbox."""
        inbox = Inbox(answer)
        settings.setdefault("from_where", self.api.ConsumeFromWhere.FIRST)
        consumer = self.own(
            self.api.PushConsumer(group or self.name("CID"), namesrv=self.namesrv, **settings)
        )
        consumer.subscribe(topic, inbox, expression, sql=sql)
        if started:
            consumer.start()
        return consumer, inbox

    def pull(self, *, group=None, started=True, **settings):
        settings.setdefault("from_where", self.api.ConsumeFromWhere.FIRST)
        consumer = self.own(
            self.api.PullConsumer(group or self.name("CID"), namesrv=self.namesrv, **settings)
        )
        if started:
            consumer.start()
        return consumer

    def committed(self, group, topic):
        """How many messages of a topic the group's progress at the broker says are done."""
        return sum(each.consumer_offset for each in self.admin.consume_stats(group, topic).values())

    def close(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # errors that a test provoked
            for client in reversed(self._clients):
                with contextlib.suppress(Exception):
                    client.shutdown()
