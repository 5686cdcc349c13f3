"""What brokers hold back, as a snapshot has it: the numbers that mqadmin prints, messages, and moments."""

from __future__ import annotations

import re
import subprocess
import time
from datetime import datetime, timedelta

import pytest

from rmqlab.checks import eventually
from rmqlab.client import Message, Producer
from rmqlab.client.admin import Admin
from rmqlab.observe import Gap, Interest, Reader
from rmqlab.options import ClusterOptions
from rmqlab.runtime import ensure_jars, find_java
from rmqlab.starting import start_cluster
from rmqlab.views import show

pytestmark = pytest.mark.live
DEADLINE_S = 20
LEVELS = "1s 30m 1h 2h " + " ".join(["1d"] * 14) + " 3h 2s"  # twenty: two more than the topic has queues


@pytest.fixture(scope="module")
def held():
    """Two brokers with twenty levels of their own, and timers."""
    options = ClusterOptions.of(delay_levels=LEVELS, timers=True)
    cluster = start_cluster("multi-master", name="delays", options=options, lease_s=300)
    with Admin(cluster.namesrv) as admin:
        admin.create_topic("reminders", queues=1)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def producer(held):
    with Producer("delays", namesrv=held.namesrv) as producer:
        yield producer


@pytest.fixture
def reader(held):
    reader = Reader(held)
    # A first reading, over a cold connection or of a broker that has just started, may have a gap.
    eventually(
        lambda: {level.broker for level in delays(reader).levels},
        until=lambda brokers: brokers == {"broker-a", "broker-b"},
        timeout_s=DEADLINE_S,
    )
    yield reader
    reader.close()


def delays(reader):
    return reader.read(Interest(delays=True)).delays


def level_of(reader, number, broker="broker-a"):
    return next(each for each in delays(reader).levels if (each.number, each.broker) == (number, broker))


def to(producer, broker, **message):
    """Send one message to a broker, with a key of its own."""
    queue = next(queue for queue in producer.queues("reminders") if queue.broker == broker)
    return producer.send(Message("reminders", "x", **message), queue=queue)


def mqadmin(*arguments):
    jars = ":".join(str(jar) for jar in ensure_jars())
    command = [find_java().executable, "-cp", jars, "org.apache.rocketmq.tools.command.MQAdminStartup"]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_levels_are_what_mqadmin_prints(held, producer, reader):
    before = [level_of(reader, number) for number in (1, 2, 19)]
    for level in (1, 2, 2, 19):
        to(producer, "broker-a", keys=f"level-{level}", delay_level=level)
    eventually(
        lambda: level_of(reader, 1),
        until=lambda level: level.delivered == before[0].delivered + 1,
        timeout_s=DEADLINE_S,
    )
    printed = mqadmin("brokerStatus", "-n", held.namesrv, "-b", held.nodes["broker-a"].address)
    told = {
        int(level): (int(delivered), int(stored))
        for level, delivered, stored in re.findall(r"scheduleMessageOffset_(\d+)\s*:\s*(\d+),(\d+)", printed)
    }
    # Of levels beyond the 18th the broker is asked once in five seconds.
    eventually(
        lambda: level_of(reader, 19),
        until=lambda level: level.max_offset > before[2].max_offset,
        timeout_s=DEADLINE_S,
    )
    seen = {each.number: each for each in delays(reader).levels if each.broker == "broker-a"}
    assert {number: (seen[number].delivered, seen[number].max_offset) for number in told} == told
    more = [seen[was.number].waiting - was.waiting for was in before]
    assert more == [0, 2, 1]
    stats = mqadmin("topicStatus", "-n", held.namesrv, "-t", "SCHEDULE_TOPIC_XXXX")
    rows = {int(row.split()[1]): row.split()[2:4] for row in stats.splitlines() if row.startswith("broker-a")}
    assert [seen[2].min_offset, seen[2].max_offset] == list(map(int, rows[1]))


def test_levels_are_those_of_the_configuration(reader):
    levels = [each.delay for each in delays(reader).levels if each.broker == "broker-b"]
    assert levels == LEVELS.split()


def test_a_message_that_waits_has_its_topic_and_its_moment(producer, reader):
    to(producer, "broker-b", keys="first", delay_level=3)
    to(producer, "broker-b", keys="second", delay_level=3)
    first, second = eventually(
        lambda: level_of(reader, 3, "broker-b").next,
        until=lambda found: len(found) == 2,
        timeout_s=DEADLINE_S,
    )
    assert (first.message.keys, second.message.keys, first.topic) == ("first", "second", "reminders")
    assert first.due_ms == first.message.store_ms + 3_600_000


def test_a_timer_has_its_moment_and_is_counted_by_topic(held, producer, reader):
    moment = datetime.now() + timedelta(hours=2)  # noqa: DTZ005 - local time, as people write it
    to(producer, "broker-a", keys="parcel", deliver_at=moment)
    to(producer, "broker-a", keys="sooner", delay_ms=3_600_000)

    def timers():
        return delays(reader).timers[0]

    def both(found):
        return len(found.next) == 2 and found.waiting == {"reminders": 2}

    seen = eventually(timers, until=both, timeout_s=DEADLINE_S)
    assert (seen.broker, seen.waiting) == ("broker-a", {"reminders": 2})
    assert [each.message.keys for each in seen.next] == ["sooner", "parcel"]
    assert abs(seen.next[1].due_ms - moment.timestamp() * 1000) <= 1

    def in_the_wheel():
        printed = mqadmin("brokerStatus", "-n", held.namesrv, "-b", held.nodes["broker-a"].address)
        return int(re.search(r"timerCongestNum\s*:\s*(\d+)", printed)[1])

    assert eventually(in_the_wheel, until=lambda count: count == 2, timeout_s=DEADLINE_S) == 2


def test_a_delivered_message_no_longer_waits(producer, reader):
    before = level_of(reader, 1)
    to(producer, "broker-a", keys="soon", delay_level=1)
    after = eventually(
        lambda: level_of(reader, 1),
        until=lambda level: level.delivered > before.delivered,
        timeout_s=DEADLINE_S,
    )
    assert (after.waiting, after.next, after.max_offset) == (0, (), before.max_offset + 1)


def test_changed_levels_count_from_the_next_start_of_the_broker(held, producer, reader):
    """The broker says the new ones, and delivers by the old ones."""
    with Admin(held.namesrv) as admin:
        admin.update_broker_config("broker-b", messageDelayLevel="1h")
        began = time.monotonic()
        to(producer, "broker-b", keys="by the old levels", delay_level=1)
        came = eventually(
            lambda: [each for each in admin.messages("reminders") if each.keys == "by the old levels"],
            timeout_s=DEADLINE_S,
        )
        admin.update_broker_config("broker-b", messageDelayLevel=LEVELS)
    assert came
    assert time.monotonic() - began < DEADLINE_S


def test_a_paused_broker_is_a_gap_and_the_other_still_answers(held, producer, reader):
    with held.fault("pause", "broker-b"):
        seen = reader.read(Interest(delays=True))
        assert Gap("broker-b", "paused") in seen.gaps
        assert {each.broker for each in seen.delays.levels} == {"broker-a"}


def test_in_a_namespace_only_its_own_messages_are_seen(held, producer):
    namespace = f"ME{time.monotonic_ns()}"

    def connect(source):
        return Admin(source.namesrv, timeout_s=3, namespace=namespace)

    with connect(held) as admin:
        admin.create_topic("reminders", queues=1)
    for topic in ("reminders", f"{namespace}%reminders"):
        for queue in producer.queues(topic):
            producer.send(Message(topic, "x", keys=topic, delay_level=4), queue=queue)
            producer.send(Message(topic, "x", keys=topic, delay_ms=7_200_000), queue=queue)
    reader = Reader(held, connect=connect)
    one_a_broker = [{"reminders": 1}, {"reminders": 1}]
    try:
        found = eventually(
            lambda: delays(reader),
            until=lambda found: [each.waiting for each in found.timers] == one_a_broker,
            timeout_s=DEADLINE_S,
        )
        assert [each.waiting for each in found.timers] == one_a_broker
        assert [len(each.next) for each in found.timers] == [1, 1]
        level = next(each for each in found.levels if each.number == 4)
        assert found.shared
        assert level.waiting > len(level.next)
        assert {(each.topic, each.message.keys) for each in level.next} == {
            ("reminders", f"{namespace}%reminders")
        }
    finally:
        reader.close()


def test_two_stills_of_what_waits_are_equal(held, producer):
    eventually(lambda: show("delays", held), timeout_s=DEADLINE_S)
    first = show("delays", held).snapshot()
    second = show("delays", held).snapshot()
    assert first.drawing == second.drawing


def test_a_slave_is_not_counted_beside_its_master():
    cluster = start_cluster("master-slave-async", name="delays-with-slave", lease_s=120)
    reader = Reader(cluster)
    try:
        levels = eventually(lambda: delays(reader).levels, timeout_s=DEADLINE_S)
        assert {each.broker for each in levels} == {"broker-a"}
        assert len(levels) == 18
    finally:
        reader.close()
        cluster.stop()


def test_one_reading_is_quick(held, reader):
    def reading():
        began = time.perf_counter()
        delays(reader)
        return time.perf_counter() - began

    assert sorted(reading() for _ in range(9))[4] < 0.25
