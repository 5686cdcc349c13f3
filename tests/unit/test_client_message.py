"""Messages in one call: parts, delays, what is of the wrong type."""

import os
from datetime import UTC, datetime, timedelta, timezone

import pytest

if os.environ.get("RMQLAB_CLIENT") == "native":
    pytest.skip("rmqlab.client needs our own library", allow_module_level=True)

import rocketmq.client

from rmqlab.client import Message, MessageRefusedError

pytestmark = pytest.mark.unit


def test_all_parts_in_one_call():
    message = Message("orders", "späť", tags="paid", keys=["a", "b"], properties={"region": "eu"})
    assert (message.topic, message.tags, message.keys) == ("orders", "paid", "a b")
    assert message.body == "späť".encode()
    assert message.properties == {"TAGS": "paid", "KEYS": "a b", "region": "eu"}
    assert isinstance(message, rocketmq.client.Message)


def test_a_key_of_a_list_with_a_blank_is_refused_because_it_would_become_two():
    with pytest.raises(MessageRefusedError, match="blank"):
        Message("t", keys=["order 7"])
    with pytest.raises(TypeError, match="no text"):
        Message("t", keys=[7])


def test_old_methods_work_on_it():
    message = Message("orders")
    message.set_body("x")
    message.set_keys("k")
    message.set_tags("t")
    message.set_property("p", "v")
    message.set_delay_time_level(3)
    assert message.body == b"x"
    assert message.properties == {"KEYS": "k", "TAGS": "t", "p": "v", "DELAY": "3"}


def test_any_bytes_are_a_body():
    raw = bytes(range(256))
    assert [Message("t", kind(raw)).body for kind in (bytes, bytearray, memoryview)] == [raw] * 3


@pytest.mark.parametrize("body", [7, {"a": 1}, ["x"], None])
def test_a_body_of_another_type_is_refused_at_once(body):
    with pytest.raises(TypeError, match="bytes or text"):
        Message("t").set_body(body)


@pytest.mark.parametrize("setter", ["set_keys", "set_tags"])
def test_keys_and_tags_that_are_no_text_are_refused_at_once(setter):
    with pytest.raises(TypeError, match="no text"):
        getattr(Message("t"), setter)(None)


def test_a_property_that_is_no_text_is_refused_at_once():
    with pytest.raises(TypeError, match="both have to be text"):
        Message("t", properties={"amount": 7})


def test_a_message_has_one_delay():
    with pytest.raises(MessageRefusedError, match="one of the three"):
        Message("t", "x", delay_level=1, delay_ms=5)
    message = Message("t", "x", delay_ms=1500)
    assert message.properties == {"TIMER_DELAY_MS": "1500"}
    message.set_delay_time_level(2)
    assert message.properties == {"DELAY": "2"}
    message.set_delay_time_ms(7)
    assert message.properties == {"TIMER_DELAY_MS": "7"}
    message.set_deliver_time_ms(17)
    assert message.properties == {"TIMER_DELIVER_MS": "17"}


def test_a_moment_means_the_same_in_every_time_zone():
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=8)))
    expected = {"TIMER_DELIVER_MS": str(int(moment.timestamp() * 1000))}
    assert Message("t", "x", deliver_at=moment).properties == expected
    assert Message("t", "x", deliver_at=elsewhere).properties == expected


def test_a_negative_delay_is_refused():
    with pytest.raises(MessageRefusedError, match="negative"):
        Message("t", "x", delay_ms=-1)


def test_a_message_shows_what_is_in_it():
    shown = repr(Message("orders", "hello", tags="paid"))
    assert "orders" in shown
    assert "hello" in shown
    assert "paid" in shown
