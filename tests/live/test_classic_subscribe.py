"""The classic contract: what a consumer subscribes to, and its settings."""

import pytest
from classic_kit import Inbox

pytestmark = pytest.mark.live


def test_each_topic_of_a_consumer_has_its_own_callback(classic):
    one, two = classic.topic(), classic.topic()
    first, second = Inbox(0), Inbox(0)
    consumer = classic.own(classic.api.PushConsumer(classic.name("CID")))
    consumer.set_name_server_address(classic.namesrv)
    consumer.subscribe(one, first)
    consumer.subscribe(two, second)
    consumer.start()
    producer = classic.producer()
    producer.send_sync(classic.message(one, b"one"))
    producer.send_sync(classic.message(two, b"two"))
    first.wait(1)
    second.wait(1)
    assert (first.bodies(), second.bodies()) == ([b"one"], [b"two"])


def test_a_topic_subscribed_while_running_is_consumed(classic):
    one, two = classic.topic(), classic.topic()
    consumer, _ = classic.consumer(one)
    late = Inbox(0)
    consumer.subscribe(two, late)
    classic.producer().send_sync(classic.message(two, b"late"))
    assert late.wait(1)[0].body == b"late"


def test_a_topic_that_appears_after_the_consumer_is_consumed(classic):
    topic = classic.name("later")
    _, inbox = classic.consumer(topic)
    classic.make_topic(topic)
    classic.producer().send_sync(classic.message(topic, b"new"))
    assert inbox.wait(1)[0].body == b"new"


def test_after_unregistering_messages_are_left_for_later(classic):
    topic, group = classic.topic(), classic.name("CID")
    consumer, inbox = classic.consumer(topic, group=group)
    producer = classic.producer()
    producer.send_sync(classic.message(topic, b"seen"))
    inbox.wait(1)
    consumer._unregister_callback()
    producer.send_sync(classic.message(topic, b"left"))
    again = Inbox(0)
    consumer.subscribe(topic, again)
    assert again.wait(1)[0].body == b"left"
    assert inbox.bodies() == [b"seen"]


def test_settings_before_start_and_the_reason_why_not_after(classic):
    topic = classic.topic()
    consumer = classic.own(classic.api.PushConsumer("first"))
    group = classic.name("CID")
    consumer.set_group(group)
    assert classic.dll.GetPushConsumerGroupID(consumer._handle) == group.encode()
    consumer.set_name_server_address(classic.namesrv)
    consumer.set_session_credentials("access", "secret", "ALIYUN")
    inbox = Inbox(0)
    consumer.subscribe(topic, inbox)
    with consumer:
        classic.producer().send_sync(classic.message(topic))
        inbox.wait(1)
        for late in (
            lambda: consumer.set_thread_count(4),
            lambda: consumer.set_message_batch_max_size(4),
            lambda: consumer.set_message_model(classic.ffi.MessageModel.BROADCASTING),
            lambda: consumer.set_instance_name("other"),
            lambda: consumer.set_group("other"),
        ):
            with pytest.raises(classic.errors.RocketMQException, match="running"):
                late()
    with pytest.raises(classic.errors.PushConsumerStartFailed, match="shut down"):
        consumer.start()
    consumer.shutdown()


def test_the_name_server_domain_is_asked_by_consumers_too(classic, monkeypatch):
    monkeypatch.delenv("NAMESRV_ADDR", raising=False)
    consumer = classic.api.PushConsumer(classic.name("CID"))
    consumer.set_name_server_domain("http://127.0.0.1:1/nsaddr")
    consumer.subscribe("any", Inbox(0))
    with pytest.raises(classic.errors.PushConsumerStartFailed, match=r"127\.0\.0\.1:1"):
        consumer.start()


def test_without_subscription_or_nameserver_start_says_what_to_call(classic, monkeypatch):
    classic.not_for_ours("they can subscribe after the start: tests/live/test_client_push.py")
    monkeypatch.delenv("NAMESRV_ADDR", raising=False)
    consumer = classic.api.PushConsumer(classic.name("CID"))
    with pytest.raises(classic.errors.PushConsumerStartFailed, match="subscribe"):
        consumer.start()
    consumer.subscribe("any", Inbox(0))
    with pytest.raises(classic.errors.PushConsumerStartFailed, match="set_name_server_address"):
        consumer.start()


def test_a_null_group_or_callback_is_a_null_pointer(classic):
    with pytest.raises(classic.errors.NullPointerException):
        classic.api.PushConsumer(None)
    with pytest.raises(classic.errors.NullPointerException):
        classic.api.Producer(None)
    consumer = classic.api.PushConsumer("any")
    assert classic.dll.RegisterMessageCallback(consumer._handle, None) == 1
    assert classic.dll.DestroyPushConsumer(consumer._handle) == 0
