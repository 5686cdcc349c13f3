"""rmqlab.client's producer, waiting for the answer: results, chosen queues, batches, refusals."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import pytest
from classic_kit import wait_until

pytestmark = pytest.mark.live


def test_a_block_starts_the_producer_and_ends_it(client):
    import rocketmq.client

    topic = client.topic()
    with client.api.Producer(client.name("PID"), namesrv=client.namesrv) as producer:
        assert isinstance(producer, rocketmq.client.Producer)
        assert producer.send(client.api.Message(topic, "in the block")).ok
    with pytest.raises(rocketmq.exceptions.ProducerException, match="shut down"):
        producer.send(client.api.Message(topic, "after it"))


def test_a_result_names_the_queue_and_the_offset_where_the_message_lies(client):
    topic = client.topic()
    (result,) = client.send(topic, "found again", tags="paid", keys=["order-7", "eu"], properties={"a": "b"})
    stored = wait_until(lambda: client.admin.message(result.queue, result.offset), what="dispatch")
    assert result.status is client.api.SendStatus.OK
    assert (stored.msg_id, stored.offset_msg_id) == (result.msg_id, result.offset_msg_id)
    assert (stored.body, stored.tags, stored.keys) == (b"found again", "paid", "order-7 eu")
    assert stored.properties["a"] == "b"


def test_messages_go_to_the_queue_that_is_named(client):
    topic = client.topic(queues=3)
    producer = client.producer()
    for queue in producer.queues(topic):
        assert producer.send(client.api.Message(topic, "x"), queue=queue).queue == queue
        producer.send_oneway(client.api.Message(topic, "y"), queue=queue)
        assert producer.send_async(client.api.Message(topic, "z"), queue=queue).result(5).queue == queue
    wait_until(
        lambda: {stats.max_offset for stats in client.admin.topic_stats(topic).values()} == {3},
        what="three messages in each queue",
    )


def test_a_selector_gets_queues_message_and_argument_and_chooses(client):
    topic = client.topic(queues=4)
    producer = client.producer()
    seen = []

    def select(queues, message, arg):
        seen.append((len(queues), message.body, arg))
        return queues[arg % len(queues)]

    results = [
        producer.send(client.api.Message(topic, "x"), selector=select, arg=number) for number in range(8)
    ]
    assert [result.queue.queue_id for result in results] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert seen[5] == (4, b"x", 5)


def test_what_a_selector_raises_reaches_the_sender_and_nothing_is_sent(client):
    topic = client.topic(queues=1)
    producer = client.producer()
    with pytest.raises(ZeroDivisionError):
        producer.send(client.api.Message(topic, "x"), selector=lambda *_: 1 / 0)
    with pytest.raises(ValueError, match="no queue of"):
        producer.send(client.api.Message(topic, "x"), selector=lambda *_: 3)
    (stats,) = client.admin.topic_stats(topic).values()
    assert stats.max_offset == 0


def test_a_topic_that_is_not_there_is_said_with_the_name_server(client):
    import rocketmq.exceptions

    producer = client.producer()
    with pytest.raises(rocketmq.exceptions.ProducerSendSyncFailed, match=r"No route info.*nowhere"):
        producer.send(client.api.Message("nowhere", "x"))
    with pytest.raises(rocketmq.exceptions.ProducerException, match=r"No route info.*nowhere"):
        producer.queues("nowhere")


def test_a_batch_is_split_by_size_in_order_and_every_message_arrives(client):
    topic = client.topic(queues=1)
    bodies = [b"%03d" % number * 100 for number in range(50)]
    results = client.producer().send_batch(
        [client.api.Message(topic, body, keys=body[:3].decode()) for body in bodies], max_bytes=4000
    )
    assert len(results) > 4
    assert sum(len(result.msg_ids) for result in results) == 50
    offsets = [result.offset for result in results]
    assert offsets == sorted(offsets)
    wait_until(lambda: len(client.admin.messages(topic)) == 50, what="dispatch of a batch")
    stored = client.admin.messages(topic)
    assert [message.body for message in stored] == bodies
    assert [message.keys for message in stored] == [body[:3].decode() for body in bodies]
    assert [message.msg_id for message in stored] == [each for result in results for each in result.msg_ids]


def test_the_queues_hold_all_that_was_stored_once_its_dispatch_was_awaited(client):
    topic, producer = client.topic(queues=1), client.producer()
    for burst in range(1, 4):
        producer.send_batch([client.api.Message(topic, "x")] * 10_000, max_bytes=4_000_000)
        assert client.admin.await_dispatch(timeout_s=30)
        (queue,) = client.admin.topic_stats(topic).values()
        assert queue.max_offset == burst * 10_000


def test_a_batch_can_go_to_a_named_queue_and_an_empty_one_nowhere(client):
    topic = client.topic(queues=4)
    producer = client.producer()
    queue = producer.queues(topic)[2]
    (result,) = producer.send_batch([client.api.Message(topic, "x")] * 3, queue=queue)
    assert (result.queue, len(result.msg_ids)) == (queue, 3)
    assert producer.send_batch([]) == []


def test_the_largest_batch_that_the_producer_lets_pass_is_taken_by_the_broker(client):
    topic = client.topic(queues=1)
    producer = client.producer(timeout_ms=10_000)
    messages = [client.api.Message(topic, b"x" * 1000) for _ in range(4000)]
    results = producer.send_batch(messages, max_bytes=4_000_000)
    assert sum(len(result.msg_ids) for result in results) == 4000
    assert len(results) == 2


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"topic": "", "body": "x"}, "blank"),
        ({"topic": "a b", "body": "x"}, "characters"),
        ({"topic": "t" * 128, "body": "x"}, "128 characters"),
        ({"topic": "SCHEDULE_TOPIC_XXXX", "body": "x"}, "the broker's own"),
        ({"topic": "any"}, "body is empty"),
        ({"topic": "any", "body": "x" * (4 * 1024 * 1024 + 1)}, "4,194,305 bytes"),
        ({"topic": "any", "body": "x", "properties": {"a": "b" * 32_500}}, "properties take"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_rocketmq_refuses_is_refused_with_its_reason_by_every_way_to_send(client, parts, reason):
    producer = client.producer()
    message = client.api.Message(**parts)
    ways = (
        producer.send,
        producer.send_async,
        producer.send_oneway,
        lambda message: producer.send_batch([message]),
    )
    for send in ways:
        with pytest.raises(client.api.MessageRefusedError, match=reason):
            send(message)


@pytest.mark.parametrize("wrong", [None, "x", b"x"])
def test_what_is_no_message_is_refused_by_every_way_to_send(client, wrong):
    producer = client.producer()
    for send in (producer.send, producer.send_async, producer.send_oneway):
        with pytest.raises(TypeError, match="no Message"):
            send(wrong)


def test_the_limits_are_rocketmqs_own(client):
    from rmqlab.client.classic import rules
    from rmqlab.client.java import java_class

    common = "org.apache.rocketmq.common."
    constants = java_class(common + "message.MessageConst")
    validator = java_class(common + "topic.TopicValidator")
    assert {str(name) for name in constants.STRING_HASH_SET} == rules.RESERVED
    assert {str(name) for name in validator.getNotAllowedSendTopicSet()} == rules.NOT_FOR_PROGRAMS
    limit = java_class("org.apache.rocketmq.client.Validators").TOPIC_MAX_LENGTH
    assert limit == rules.TOPIC_MAX_LENGTH


def test_a_broker_refuses_the_one_property_that_is_not_reserved_and_not_allowed_either(client):
    import rocketmq.client
    import rocketmq.exceptions

    from rmqlab.client.classic import rules

    message = rocketmq.client.Message(client.topic())
    message.set_body("x")
    message.set_property(rules.INNER_BATCH, "1")
    with pytest.raises(rocketmq.exceptions.ProducerSendSyncFailed, match="code 13"):
        client.producer().send_sync(message)
    with pytest.raises(client.api.MessageRefusedError, match="RocketMQ's own"):
        client.api.Message("any", "x", properties={rules.INNER_BATCH: "1"})


def test_properties_at_our_limit_pass_the_broker_and_above_its_own_do_not(client):
    import rocketmq.client
    import rocketmq.exceptions

    from rmqlab.client.classic import rules

    topic = client.topic(queues=1)
    room = rules.PROPERTIES_MAX_BYTES - len("name") - 2
    (result,) = client.send(topic, "x", properties={"name": "v" * room})
    stored = wait_until(lambda: client.admin.message(result.queue, result.offset), what="dispatch")
    assert len(stored.properties["name"]) == room
    above = rocketmq.client.Message(topic)
    above.set_body("x")
    above.set_property("name", "v" * 32_768)
    with pytest.raises(rocketmq.exceptions.ProducerSendSyncFailed, match="code 13"):
        client.producer().send_sync(above)
