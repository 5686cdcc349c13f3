"""rmqlab.client on clusters of other kinds: two brokers, credentials, a namespace on others' cluster."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import contextlib

import pytest
from client_kit import ClientKit

pytestmark = pytest.mark.live


@contextlib.contextmanager
def started(topology, name, **options):
    from rmqlab.client.admin import Admin
    from rmqlab.options import ClusterOptions
    from rmqlab.starting import start_cluster

    cluster = start_cluster(topology, name=name, options=ClusterOptions.of(**options), lease_s=120)
    try:
        with Admin(cluster.namesrv, timeout_s=15, credentials=cluster.credentials) as admin:
            cluster.admin = admin
            kit = ClientKit(cluster, lambda name, queues=2: admin.create_topic(name, queues=queues) or name)
            yield kit
            kit.close()
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def closed():
    """A cluster that lets in only those who sign."""
    with started("single", "closed", authentication=True) as kit:
        yield kit


@pytest.fixture(scope="module")
def two():
    """A cluster of two masters."""
    with started("multi-master", "two", flush="sync") as kit:
        yield kit


def test_a_topic_can_be_on_one_broker_alone(two):
    two.admin.create_topic("register", queues=1, broker="broker-b")
    queues = two.producer().queues("register")
    assert [(queue.broker, queue.queue_id) for queue in queues] == [("broker-b", 0)]


def test_a_topic_on_a_broker_that_nobody_knows_is_refused(two):
    from rmqlab.errors import AdminError

    with pytest.raises(AdminError, match="knows no broker 'broker-z'"):
        two.admin.create_topic("nowhere", broker="broker-z")


def test_an_answer_other_than_ok_is_retried_at_another_broker_if_it_is_wished(two):
    """broker-a cannot say in time that it has flushed: it answers FLUSH_DISK_TIMEOUT."""
    topic = two.topic("orders")
    two.admin.update_broker_config("broker-a", syncFlushTimeout=0)
    plain, insisting = two.producer(), two.producer(retry_another_broker=True)
    answers = [plain.send(two.api.Message(topic, "x")) for _ in range(20)]
    assert {answer.status.name for answer in answers} == {"OK", "FLUSH_DISK_TIMEOUT"}
    answers = [insisting.send(two.api.Message(topic, "x")) for _ in range(20)]
    assert all(answer.ok for answer in answers)
    assert {answer.queue.broker for answer in answers} >= {"broker-b"}


def test_a_broker_that_hangs_leaves_no_time_for_another_unless_each_attempt_has_its_own(two):
    import rocketmq.exceptions

    topic = two.topic("orders")
    patient, brisk = (
        two.producer(timeout_ms=1500),
        two.producer(timeout_ms=10_000, attempt_timeout_ms=500),
    )
    for producer in (patient, brisk):
        producer.send(two.api.Message(topic, "the way is known"))
    with two.cluster.fault("pause", "broker-a"):
        refused = 0
        for _ in range(8):  # the queues take turns, about half of them are broker-a's
            try:
                patient.send(two.api.Message(topic, "x"))
            except rocketmq.exceptions.ProducerSendSyncFailed:
                refused += 1
        assert 0 < refused < 8
        answers = [brisk.send(two.api.Message(topic, "x")) for _ in range(8)]
    assert {answer.queue.broker for answer in answers} == {"broker-b"}


def all_ways(client, topic, **who):
    """Send, consume and pull; return how many messages came, and the progress of the one who pulled."""
    api = client.api
    where = {"namesrv": client.namesrv, **who}
    with api.Producer("PID", **where) as producer:
        last = producer.queues(topic)[-1]
        producer.send(api.Message(topic, "x"), selector=lambda queues, *_: queues[-1])
        producer.send(api.Message(topic, "x"), queue=last)
        producer.send_async(api.Message(topic, "x")).result(10)
        producer.send_batch([api.Message(topic, "x")] * 2)
    first = {"from_where": api.ConsumeFromWhere.FIRST, **where}
    _, inbox = client.consumer(topic, 0, group="CID-push", **who)
    inbox.wait(5)
    with api.PullConsumer("CID-pull", **first) as consumer:
        consumer.subscribe(topic)
        assert consumer.lag == 5
        pulled = list(consumer.messages(idle_s=1))
        consumer.commit()
        assert {message.topic for message in pulled} == {topic}
        assert (last, {message.queue.topic for message in pulled}) == (last, {last.topic})
        return len(pulled), consumer.lag


def test_with_credentials_every_way_is_let_in_and_without_them_none(closed):
    import rocketmq.exceptions

    topic = closed.topic("orders")
    assert all_ways(closed, topic, credentials=closed.cluster.credentials) == (5, 0)
    with pytest.raises(rocketmq.exceptions.ProducerSendSyncFailed, match="no credentials were given"):
        closed.producer(retries=0).send(closed.api.Message(topic, "x"))


def test_on_others_cluster_every_way_keeps_to_its_namespace(closed):
    from rmqlab.client.membership import Membership, enter, leave

    closed.topic("SCHOOL%lessons")
    enter(closed.namesrv, Membership("SCHOOL", tuple(closed.cluster.credentials)))
    try:
        assert all_ways(closed, "lessons") == (5, 0)
    finally:
        leave(closed.namesrv)
    stats = closed.admin.topic_stats("SCHOOL%lessons")
    assert sum(each.max_offset for each in stats.values()) == 5
