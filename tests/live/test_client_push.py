"""rmqlab.client's push consumer: where it begins, what it filters, several topics, order, instances."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import time

import pytest
from classic_kit import Inbox, wait_until

pytestmark = pytest.mark.live


def begins_with(client, topic, **where):
    """Return the bodies that a new group gets of what is there, and of one more message."""
    consumer, inbox = client.consumer(topic, **where)
    client.send(topic, "new")
    wait_until(lambda: b"new" in inbox.bodies(), what="the new message")
    consumer.shutdown()
    return sorted(inbox.bodies())


def test_first_begins_at_the_first_message(client):
    topic = client.topic(queues=1)
    client.send(topic, "first", "second")
    first = client.api.ConsumeFromWhere.FIRST
    assert begins_with(client, topic, from_where=first) == [b"first", b"new", b"second"]


def test_last_begins_at_the_first_message_too_while_that_is_in_memory(client):
    topic = client.topic(queues=1)
    client.send(topic, "first")
    last = client.api.ConsumeFromWhere.LAST
    assert begins_with(client, topic, from_where=last) == [b"first", b"new"]


def test_a_group_goes_on_where_it_was_wherever_new_groups_begin(client):
    topic, group = client.topic(queues=1), client.name("CID")
    client.send(topic, "first")
    consumer, inbox = client.consumer(topic, group=group)
    inbox.wait(1)
    consumer.shutdown()
    client.send(topic, "second")
    _, inbox = client.consumer(topic, group=group, from_where=client.api.ConsumeFromWhere.FIRST)
    inbox.wait(1)
    assert inbox.bodies() == [b"second"]


def test_tags_filter(client):
    topic = client.topic()
    _, inbox = client.consumer(topic, expression="paid || sent")
    _, every = client.consumer(topic)
    for tag in ("made", "paid", "sent"):
        client.send(topic, tag, tags=tag)
    every.wait(3)
    assert sorted(message.body for message in inbox.wait(2)) == [b"paid", b"sent"]


def test_sql_filters_by_properties_and_tags(client):
    topic = client.topic()
    condition = "region = 'eu' AND amount BETWEEN 10 AND 20 AND TAGS IN ('paid')"
    _, inbox = client.consumer(topic, sql=condition)
    _, every = client.consumer(topic)
    for order in ("5 eu paid", "15 us paid", "15 eu made", "15 eu paid"):
        amount, region, tag = order.split()
        client.send(topic, order, tags=tag, properties={"amount": amount, "region": region})
    every.wait(4)
    assert [message.body for message in inbox.wait(1)] == [b"15 eu paid"]


def test_a_condition_that_is_no_sql_is_refused_by_the_broker_in_words(client):
    import rocketmq.exceptions

    topic = client.topic()
    consumer = client.own(client.api.PushConsumer(client.name("CID"), namesrv=client.namesrv))
    consumer.start()
    with pytest.raises(rocketmq.exceptions.ConsumerException, match=r"ParseException|SQL92"):
        consumer.subscribe(topic, lambda _: 0, sql="region === 'eu'")
    assert consumer.subscriptions == {}
    inbox = Inbox(0)
    consumer.subscribe(topic, inbox, sql="region = 'eu'")
    client.send(topic, "x", properties={"region": "eu"})
    inbox.wait(1)


def test_one_consumer_has_several_topics_each_with_its_own_callback(client):
    topics = [client.topic() for _ in range(3)]
    inboxes = [Inbox(0) for _ in topics]
    consumer = client.own(
        client.api.PushConsumer(
            client.name("CID"), namesrv=client.namesrv, from_where=client.api.ConsumeFromWhere.FIRST
        )
    )
    for topic, inbox in zip(topics[:2], inboxes[:2], strict=True):
        consumer.subscribe(topic, inbox)
    with consumer:
        consumer.subscribe(topics[2], inboxes[2], "here")  # while it runs
        for topic in topics:
            client.send(topic, topic, tags="here")
        for topic, inbox in zip(topics, inboxes, strict=True):
            (message,) = inbox.wait(1)
            assert (message.topic, message.body) == (topic, topic.encode())
    assert consumer.subscriptions == {topics[0]: "*", topics[1]: "*", topics[2]: "here"}
    assert all(len(inbox.messages) == 1 for inbox in inboxes)


def test_a_topic_subscribed_to_while_running_misses_nothing_sent_afterwards(client):
    with client.api.PushConsumer(client.name("CID"), namesrv=client.namesrv) as consumer:
        for _ in range(3):
            topic, inbox = client.topic(queues=4), Inbox(0)
            consumer.subscribe(topic, inbox)
            client.send(topic, *(f"{number}" for number in range(8)))
            inbox.wait(8)


def test_a_received_message_knows_its_queue_and_properties(client):
    topic = client.topic()
    _, inbox = client.consumer(topic)
    (result,) = client.send(topic, "x", keys="k", properties={"region": "eu"})
    (message,) = inbox.wait(1)
    assert message.queue == result.queue
    assert message.queue_offset == result.offset
    assert message.properties["region"] == "eu"
    assert message.properties["KEYS"] == "k"


def test_an_orderly_consumer_gets_each_queue_in_order(client):
    topic = client.topic(queues=2)
    _, inbox = client.consumer(topic, orderly=True, threads=4)
    producer = client.producer()
    for number in range(60):
        message = client.api.Message(topic, b"%d" % number)
        producer.send(message, selector=lambda queues, _, arg: queues[arg % 2], arg=number)
    inbox.wait(60)
    for start in (0, 1):
        numbers = [int(body) for body in inbox.bodies() if int(body) % 2 == start]
        assert numbers == list(range(start, 60, 2))


def test_an_orderly_consumer_that_leaves_in_the_middle_of_a_queue_gives_it_back(client):
    topic, group = client.topic(queues=1), client.name("CID")

    def slow(message):
        time.sleep(0.2)
        return client.api.ConsumeStatus.CONSUME_SUCCESS

    client.send(topic, *(f"{number}" for number in range(30)))
    first, inbox = client.consumer(topic, slow, group=group, orderly=True)
    inbox.wait(3)
    first.shutdown()
    _, rest = client.consumer(topic, group=group, orderly=True)
    # the broker would keep the lock of a consumer that has gone for a minute
    wait_until(lambda: b"29" in rest.bodies(), seconds=30, what="the last message")


def test_as_many_callbacks_run_at_a_time_as_there_are_threads(client):
    topic = client.topic(queues=4)
    running, most = [], []

    def slow(message):
        running.append(message)
        most.append(len(running))
        time.sleep(0.05)
        running.remove(message)
        return client.api.ConsumeStatus.CONSUME_SUCCESS

    _, inbox = client.consumer(topic, slow, threads=3)
    client.send(topic, *(f"{number}" for number in range(30)))
    inbox.wait(30)
    assert 2 <= max(most) <= 3


def test_broadcasting_gives_every_instance_every_message(client):
    topic, group = client.topic(), client.name("CID")
    model = client.api.MessageModel.BROADCASTING
    inboxes = [
        client.consumer(topic, group=group, message_model=model, instance=f"node-{number}")[1]
        for number in range(2)
    ]
    client.send(topic, "a", "b", "c")
    for inbox in inboxes:
        assert sorted(message.body for message in inbox.wait(3)) == [b"a", b"b", b"c"]


def test_an_instance_name_is_part_of_the_clients_id(client):
    topic, group = client.topic(), client.name("CID")
    client.consumer(topic, group=group, instance="shelf-7")
    wait_until(
        lambda: any("shelf-7" in info.client_id for info in client.admin.consumers(group, assignments=False)),
        what="the consumer at the broker",
    )
