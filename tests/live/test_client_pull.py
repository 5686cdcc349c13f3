"""rmqlab.client's pull consumer: queues by hand, places in them, progress, lag."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import itertools
from datetime import UTC, datetime

import pytest
from classic_kit import wait_until

pytestmark = pytest.mark.live


def numbered(client, count, queues=1):
    topic = client.topic(queues=queues)
    client.send(topic, *(f"{number}" for number in range(count)))
    return topic


def poll_all(consumer, count):
    messages = []
    wait_until(
        lambda: messages.extend(consumer.poll(200)) or len(messages) >= count, what=f"{count} messages"
    )
    return messages


def test_a_subscription_yields_every_message_until_nothing_comes_any_more(client):
    topic = numbered(client, 25, queues=4)
    consumer = client.pull()
    consumer.subscribe(topic)
    assert consumer.assignment == consumer.queues(topic)
    bodies = [int(message.body) for message in consumer.messages(idle_s=1)]
    assert sorted(bodies) == list(range(25))


def test_assigned_queues_are_read_and_no_others(client):
    topic = client.topic(queues=3)
    producer = client.producer()
    for queue in producer.queues(topic):
        producer.send(client.api.Message(topic, f"{queue.queue_id}"), queue=queue)
    consumer = client.pull()
    first, second, _ = consumer.queues(topic)
    consumer.assign([first, second])
    assert {message.body for message in poll_all(consumer, 2)} == {b"0", b"1"}
    assert consumer.poll(500) == []
    assert consumer.assignment == (first, second)


def test_settings_made_before_the_start_count(client):
    topic = numbered(client, 3)
    queues = client.producer().queues(topic)
    consumer = client.pull(started=False)
    consumer.assign(queues)
    with consumer:
        assert [int(message.body) for message in poll_all(consumer, 3)] == [0, 1, 2]


def test_seek_goes_to_an_offset_the_beginning_the_end_a_moment(client):
    topic = numbered(client, 5)
    wait_until(lambda: next(iter(client.admin.topic_stats(topic).values())).max_offset == 5)
    middle = datetime.now(UTC)
    client.send(topic, "5")
    consumer = client.pull()
    (queue,) = consumer.queues(topic)
    consumer.assign([queue])
    consumer.seek(queue, 3)
    assert [int(message.body) for message in poll_all(consumer, 3)] == [3, 4, 5]
    consumer.seek_to_beginning()
    assert int(poll_all(consumer, 6)[0].body) == 0
    consumer.seek(queue, consumer.offset_at(queue, middle))
    assert [int(message.body) for message in poll_all(consumer, 1)] == [5]
    consumer.seek_to_end(queue)
    client.send(topic, "6")
    assert [int(message.body) for message in poll_all(consumer, 1)] == [6]


def test_a_seek_outside_of_the_queue_is_refused_with_its_bounds(client):
    import rocketmq.exceptions

    consumer = client.pull()
    (queue,) = consumer.queues(numbered(client, 2))
    consumer.assign([queue])
    with pytest.raises(rocketmq.exceptions.ConsumerException, match="min offset = 0, max offset = 2"):
        consumer.seek(queue, 7)


def test_a_seek_drops_what_was_fetched_and_not_handed_out(client):
    consumer = client.pull()
    (queue,) = consumer.queues(numbered(client, 10))
    consumer.assign([queue])
    messages = consumer.messages(idle_s=2)
    assert [int(next(messages).body) for _ in range(2)] == [0, 1]
    consumer.seek(queue, 7)
    assert [int(message.body) for message in messages] == [7, 8, 9]


def test_commit_is_at_the_broker_when_it_returns_and_the_group_goes_on_there(client):
    topic, group = numbered(client, 10), client.name("CID")
    with client.pull(group=group, auto_commit=False) as consumer:
        (queue,) = consumer.queues(topic)
        consumer.assign([queue])
        assert consumer.committed(queue) in {None, 0}
        assert [int(message.body) for message in itertools.islice(consumer, 4)] == [0, 1, 2, 3]
        consumer.commit()
        assert client.admin.consume_stats(group, topic)[queue].consumer_offset == 4
        assert consumer.committed(queue) == 4
        assert consumer.lag == 6
    with client.pull(group=group) as consumer:
        consumer.assign([queue])
        assert int(poll_all(consumer, 6)[0].body) == 4


def test_without_a_commit_messages_come_again(client):
    topic, group = numbered(client, 3), client.name("CID")
    for _ in range(2):
        with client.pull(group=group, auto_commit=False) as consumer:
            consumer.subscribe(topic)
            assert [int(message.body) for message in poll_all(consumer, 3)] == [0, 1, 2]


def test_auto_commit_commits_what_is_done_and_not_what_an_exception_interrupted(client):
    topic, group = numbered(client, 6), client.name("CID")

    def fail_at_three():
        with client.pull(group=group) as consumer:
            consumer.subscribe(topic)
            for message in consumer:
                1 / (int(message.body) - 3)

    with pytest.raises(ZeroDivisionError):
        fail_at_three()
    with client.pull(group=group) as consumer:
        consumer.subscribe(topic)
        assert int(next(iter(consumer)).body) == 3
    with client.pull(group=group) as consumer:  # left without an exception: 3 is done
        consumer.subscribe(topic)
        assert int(next(iter(consumer)).body) == 4


def test_lag_falls_to_zero_and_is_what_the_broker_says(client):
    topic, group = numbered(client, 12, queues=3), client.name("CID")
    consumer = client.pull(group=group)
    consumer.subscribe(topic)
    assert consumer.lag == 12
    poll_all(consumer, 12)
    consumer.commit()
    assert consumer.lag == 0
    stats = client.admin.consume_stats(group, topic)
    assert {queue: stats[queue] for queue in consumer.assignment} == consumer.progress()


def test_filters_by_tag_and_by_sql(client):
    topic = client.topic(queues=1)
    for number in range(4):
        client.send(topic, f"{number}", tags=f"t{number % 2}", properties={"n": f"{number}"})
    for how, expected in ({"expression": "t1"}, [1, 3]), ({"sql": "n > 2 OR n = 0"}, [0, 3]):
        with client.pull() as consumer:
            consumer.subscribe(topic, **how)
            assert [int(message.body) for message in consumer.messages(idle_s=1)] == expected


def test_a_condition_that_is_no_sql_is_refused_and_another_may_follow(client):
    import rocketmq.exceptions

    topic = numbered(client, 3)
    consumer = client.pull()
    with pytest.raises(rocketmq.exceptions.ConsumerException, match=r"ParseException|SQL92"):
        consumer.subscribe(topic, sql="n === 1")
    consumer.subscribe(topic)
    assert len(poll_all(consumer, 3)) == 3


def test_two_topics_share_one_consumer(client):
    topics = {numbered(client, 2), numbered(client, 2)}
    consumer = client.pull()
    for topic in topics:
        consumer.subscribe(topic)
    assert {queue.topic for queue in consumer.assignment} == topics
    assert sorted(message.topic for message in poll_all(consumer, 4)) == sorted([*topics, *topics])


def test_paused_queues_are_left_alone(client):
    topic = numbered(client, 2)
    consumer = client.pull(batch_size=1)
    consumer.subscribe(topic)
    poll_all(consumer, 2)
    consumer.pause()
    client.send(topic, "2")
    consumer.poll(300)  # one that was on its way may come still
    client.send(topic, "3")
    consumer.resume()
    wait_until(lambda: b"3" in [message.body for message in consumer.poll(300)], what="messages after resume")


def test_members_that_subscribe_share_the_queues(client):
    topic, group = client.topic(queues=4), client.name("CID")
    members = [client.pull(group=group) for _ in range(2)]
    for member in members:
        member.subscribe(topic)
    wait_until(lambda: [len(member.assignment) for member in members] == [2, 2], what="two queues each")
    assert set(members[0].assignment) | set(members[1].assignment) == set(members[0].queues(topic))


def test_a_consumer_that_does_not_run_says_so(client):
    import rocketmq.exceptions

    consumer = client.pull(started=False)
    with pytest.raises(rocketmq.exceptions.ConsumerException, match="not started: call start"):
        consumer.poll()
    with consumer:
        pass
    with pytest.raises(rocketmq.exceptions.ConsumerException, match="shut down"):
        consumer.queues("any")
    with pytest.raises(rocketmq.exceptions.ConsumerException, match="starts once"):
        consumer.start()


def test_subscribe_and_assign_exclude_each_other(client):
    import rocketmq.exceptions

    topic = client.topic()
    consumer = client.pull()
    consumer.subscribe(topic)
    with pytest.raises(rocketmq.exceptions.ConsumerException, match="mutually exclusive"):
        consumer.assign(consumer.queues(topic))


def test_a_seek_right_after_an_assignment_loses_and_doubles_nothing(client):
    topic = numbered(client, 200, queues=4)
    for _ in range(50):  # one pull in twenty was still under way, and took the place or left its messages
        with client.pull(started=False) as consumer:
            queues = consumer.queues(topic)
            consumer.assign(queues)
            for queue in queues:
                consumer.seek(queue, 0)
            bodies = [int(message.body) for message in poll_all(consumer, 200)]
        assert sorted(bodies) == list(range(200))


def test_a_queue_that_is_paused_stays_so_over_a_seek(client):
    topic = numbered(client, 5)
    with client.pull(started=False) as consumer:
        (queue,) = consumer.queues(topic)
        consumer.assign([queue])
        consumer.pause(queue)
        consumer.seek(queue, 2)
        assert [int(message.body) for message in consumer.poll(2000) if int(message.body) > 1] == []
        consumer.resume(queue)
        assert [int(message.body) for message in poll_all(consumer, 3)] == [2, 3, 4]


def test_what_could_not_be_written_to_a_connection_that_went_is_asked_once_more(client):
    from rocketmq.exceptions import ConsumerException

    from rmqlab.client.java import java_class

    failure = java_class("org.apache.rocketmq.client.exception.MQClientException")
    unwritten = java_class("org.apache.rocketmq.remoting.exception.RemotingSendRequestException")

    consumer = client.pull()
    asked = []

    def ask(java):
        asked.append(java)
        raise failure("asked in vain", unwritten("127.0.0.1:9"))

    with pytest.raises(ConsumerException, match="asked in vain; send request to"):
        consumer._pull.call(ask)
    assert len(asked) == 2

    def heard_and_refused(java):
        asked.append(java)
        raise failure(1, "no")

    with pytest.raises(ConsumerException):
        consumer._pull.call(heard_and_refused)
    assert len(asked) == 3
