"""Where a new group begins in a queue whose first messages are gone, as in every older queue."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from classic_kit import wait_until
from client_kit import ClientKit

from rmqlab import records

pytestmark = pytest.mark.live

MB = 1024 * 1024
TINY = {"mappedFileSizeCommitLog": MB, "maxMessageSize": MB // 2}
"""A file of the commit log is full soon."""


@pytest.fixture(scope="module")
def forgetful():
    """A cluster whose broker loses its oldest messages."""
    from rmqlab.client.admin import Admin  # noqa: PLC0415
    from rmqlab.options import ClusterOptions  # noqa: PLC0415
    from rmqlab.starting import start_cluster  # noqa: PLC0415

    options = ClusterOptions.of(properties=TINY)
    started = start_cluster("single", name="forgetful", options=options, lease_s=120)
    with Admin(started.namesrv, timeout_s=15) as admin:
        started.admin = admin
        kit = ClientKit(started, lambda name: admin.create_topic(name, queues=1) or name)
        yield kit
        kit.close()
    started.stop()


def lose_the_first_messages(client, topic):
    """Remove the oldest file of the commit log, as the broker does after fileReservedTime."""
    # random bodies: others would be compressed to nothing
    client.send(client.topic(client.name("filler")), *(os.urandom(MB // 4) for _ in range(6)))
    broker = client.cluster.nodes["broker-a"]
    broker.kill()
    (log,) = records.folder("forgetful").glob("**/commitlog")
    min(log.iterdir()).unlink()
    broker.restart()

    def lost():
        (stats,) = client.admin.topic_stats(topic).values()
        return stats.min_offset == 1

    wait_until(lost, what="the loss of the first message")


def begins_with(client, topic, count, **where):
    """Send one more message; return the first bodies that a new group gets."""
    client.send(topic, "new")
    consumer, inbox = client.consumer(topic, orderly=True, **where)
    inbox.wait(count)
    consumer.shutdown()
    return inbox.bodies()


def test_a_new_group_begins_at_the_first_message_the_last_or_a_moment(forgetful):
    where = forgetful.api.ConsumeFromWhere
    topic = forgetful.topic(forgetful.name("topic"))
    forgetful.send(topic, "gone")
    lose_the_first_messages(forgetful, topic)
    forgetful.send(topic, "before")
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    wait_until(lambda: datetime.now(UTC) > moment, what="the next second")
    forgetful.send(topic, "after")
    found = begins_with(forgetful, topic, 3, from_where=where.FIRST)
    assert found == [b"before", b"after", b"new"]
    found = begins_with(forgetful, topic, 3, from_where=where.TIMESTAMP, from_time=moment)
    assert found == [b"after", b"new", b"new"]
    consumer, inbox = forgetful.consumer(topic, from_where=where.LAST)
    forgetful.send(topic, "last")
    inbox.wait(1)
    consumer.shutdown()
    assert inbox.bodies() == [b"last"]
