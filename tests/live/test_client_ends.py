"""What a consumer leaves at the broker when it ends: its last progress, and no lock on a queue."""

import threading

import jpype
import pytest
from classic_kit import wait_until

from rmqlab.client.consumer import _private

pytestmark = pytest.mark.live

STORES = "org.apache.rocketmq.client.consumer.store"


class Progress:
    """A consumer's OffsetStore (Java), which does what RemoteBrokerOffsetStore does."""

    def __init__(self, java):
        self.java, self.store = java, None

    def load(self):
        instance = self.java.getDefaultMQPushConsumerImpl().getmQClientFactory()
        self.store = jpype.JClass(f"{STORES}.RemoteBrokerOffsetStore")(instance, self.java.getConsumerGroup())
        self.store.load()

    def __getattr__(self, name):
        return getattr(self.store, name)


def consumer_with(progress, client, topic, group, **settings):
    """Return a consumer that was started, its inbox, and its progress."""
    stores = []

    def use(java):
        stores.append(progress(java))
        java.setOffsetStore(jpype.JProxy(f"{STORES}.OffsetStore", inst=stores[0]))

    consumer, inbox = client.consumer(topic, group=group, started=False, **settings)
    consumer._handle.configuring.append(use)
    consumer.start()
    return consumer, inbox, stores[0]


class InterruptedProgress(Progress):
    """A consumer's OffsetStore (Java) whose thread is interrupted between reading progress and telling it.

    It goes on when `goes_on` is set, or when somebody else has told later progress.
    """

    def __init__(self, java):
        super().__init__(java)
        self.has_read, self.goes_on, self.has_told = threading.Event(), threading.Event(), threading.Event()

    def persistAll(self, queues):  # noqa: N802  (Java's name)
        queues = list(queues)
        memory = jpype.JClass(f"{STORES}.ReadOffsetType").READ_FROM_MEMORY
        read = [(queue, self.store.readOffset(queue, memory)) for queue in queues]
        if not self.has_read.is_set() and any(offset > 0 for _, offset in read):
            self.has_read.set()
            self.goes_on.wait(20)
            for queue, offset in read:
                self.store.updateConsumeOffsetToBroker(queue, offset, False)  # noqa: FBT003  (until it is stored)
            self.has_told.set()
            return
        self.store.persistAll(jpype.java.util.HashSet(queues))
        if self.has_read.is_set():
            self.goes_on.set()
            self.has_told.wait(20)


def test_progress_that_was_read_earlier_is_never_told_after_the_last_one(client):
    topic, group = client.topic(queues=1), client.name("CID")
    consumer, inbox, store = consumer_with(InterruptedProgress, client, topic, group)
    client.send(topic, "first")
    assert store.has_read.wait(20)
    client.send(topic, "second", "third")
    inbox.wait(3)
    threading.Timer(0.3, store.goes_on.set).start()
    consumer.shutdown()
    assert store.has_told.is_set()
    wait_until(lambda: client.committed(group, topic) == 3, seconds=5, what="the last progress")


class RecordedProgress(Progress):
    """A consumer's OffsetStore (Java) that records what is told with an answer, and when all else is told."""

    def __init__(self, java):
        super().__init__(java)
        self.calls = []

    def updateConsumeOffsetToBroker(self, queue, offset, oneway):  # noqa: N802  (Java's name)
        self.store.updateConsumeOffsetToBroker(queue, offset, oneway)
        self.calls.append((str(queue.getTopic()), int(offset), bool(oneway)))

    def persistAll(self, queues):  # noqa: N802  (Java's name)
        self.store.persistAll(queues)
        self.calls.append("persistAll")


def test_the_last_progress_is_answered_by_the_broker_before_java_tells_it_without_an_answer(client):
    # A broker's 32 threads store the older of two that come at once last, one time in ten.
    topic, group = client.topic(queues=1), client.name("CID")
    consumer, inbox, store = consumer_with(RecordedProgress, client, topic, group)
    client.send(topic, "first", "second", "third")
    inbox.wait(3)
    consumer.shutdown()
    assert (topic, 3, False) in store.calls
    assert store.calls[-1] == "persistAll"


class LockingProgress(Progress):
    """A consumer's OffsetStore (Java): when all progress is told, the clock strikes that locks queues."""

    def persistAll(self, queues):  # noqa: N802  (Java's name)
        self.store.persistAll(queues)
        _private(self.java.getDefaultMQPushConsumerImpl(), "consumeMessagePopService").lockMQPeriodically()


def test_an_orderly_consumer_that_has_ended_holds_no_queue(client):
    # Java tells its progress between unlocking its queues and leaving the group.
    topic, group = client.topic(queues=1), client.name("CID")
    first, inbox, _ = consumer_with(LockingProgress, client, topic, group, orderly=True)
    client.send(topic, "first")
    inbox.wait(1)
    first.shutdown()
    _, inbox = client.consumer(topic, group=group, orderly=True)
    client.send(topic, "second")
    inbox.wait(1)
    assert inbox.bodies() == [b"second"]


def threads_of_consumers():
    threads = jpype.java.lang.Thread.getAllStackTraces().keySet()
    return sorted(name for each in threads if "ConsumeMessage" in (name := str(each.getName())))


@pytest.mark.parametrize("orderly", [False, True])
def test_a_consumer_that_has_ended_leaves_no_thread(client, orderly):
    before = threads_of_consumers()
    consumer, inbox = client.consumer(topic := client.topic(), orderly=orderly)
    client.send(topic, "x")
    inbox.wait(1)
    assert threads_of_consumers() != before
    consumer.shutdown()
    wait_until(lambda: threads_of_consumers() == before, seconds=10, what="the end of its threads")
