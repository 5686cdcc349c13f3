"""What RocketMQ refuses is refused before it is sent, with a reason; what it allows is not."""

import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

if os.environ.get("RMQLAB_CLIENT") == "native":
    pytest.skip("rmqlab.client needs our own library", allow_module_level=True)

from rocketmq.exceptions import ProducerException

from rmqlab.client import Message, MessageRefusedError
from rmqlab.client.classic import rules

pytestmark = pytest.mark.unit

ALLOWED = string.ascii_letters + string.digits + "%|_-"


@given(st.text(ALLOWED, min_size=1, max_size=127).filter(lambda topic: topic not in rules.NOT_FOR_PROGRAMS))
def test_every_topic_of_allowed_characters_is_allowed(topic):
    rules.check_topic(topic)


@given(st.text(min_size=1, max_size=20).filter(lambda topic: not set(topic) <= set(ALLOWED)))
def test_every_other_topic_is_refused(topic):
    with pytest.raises(MessageRefusedError):
        rules.check_topic(topic)


@pytest.mark.parametrize("topic", ["", "  ", "t" * 128, "a.b", *sorted(rules.NOT_FOR_PROGRAMS)])
def test_topics_that_look_harmless_are_refused_with_a_reason(topic):
    with pytest.raises(MessageRefusedError) as refused:
        rules.check_topic(topic)
    assert len(str(refused.value)) > 15


@given(st.sampled_from(sorted(rules.RESERVED)))
def test_reserved_names_are_refused_and_the_reason_names_the_arguments(name):
    with pytest.raises(MessageRefusedError, match="keys, tags, delay_level"):
        Message("any", properties={name: "1"})


@pytest.mark.parametrize(("name", "value"), [("", "x"), (" ", "x"), ("x", ""), ("x", "\t "), ("a\x01", "x")])
def test_properties_that_would_vanish_or_fall_apart_are_refused(name, value):
    with pytest.raises(MessageRefusedError):
        Message("any", properties={name: value})


@pytest.mark.parametrize("part", ["tags", "keys"])
@pytest.mark.parametrize("text", ["a\x01b", "a\x02", "\ud800"])
def test_separators_and_halves_of_characters_are_refused_in_tags_and_keys_too(part, text):
    with pytest.raises(MessageRefusedError):
        Message("any", "x", **{part: text})


@given(st.integers(0, 40_000))
def test_properties_are_measured_in_bytes_of_utf8(count):
    message = Message("any", "x", properties={"name": "é" * (count // 2 + 1)})
    size = len("name") + 2 + 2 * (count // 2 + 1)
    assert rules.properties_size(message.properties) == size
    if size > rules.PROPERTIES_MAX_BYTES:
        with pytest.raises(MessageRefusedError, match="properties take"):
            rules.check_message(message._handle, 100)
    else:
        rules.check_message(message._handle, 100)


@given(st.integers(0, 300), st.integers(1, 300))
def test_bodies_are_measured_against_the_producers_limit(size, limit):
    message = Message("any", b"x" * size)
    if 0 < size <= limit:
        rules.check_message(message._handle, limit)
    else:
        with pytest.raises(MessageRefusedError, match="body"):
            rules.check_message(message._handle, limit)


def test_a_refusal_is_an_exception_of_the_classic_package_and_a_value_error():
    assert issubclass(MessageRefusedError, ProducerException)
    assert issubclass(MessageRefusedError, ValueError)
