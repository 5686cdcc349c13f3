"""Batches: split by size, in order, nothing lost; what RocketMQ has no batches of is refused."""

import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

if os.environ.get("RMQLAB_CLIENT") == "native":
    pytest.skip("rmqlab.client needs our own library", allow_module_level=True)

from rmqlab.client import Message, MessageRefusedError
from rmqlab.client.classic.batches import _ADDED, encode, split

pytestmark = pytest.mark.unit


def sizes(encoded):
    """The sizes of the messages in a batch: the first four bytes of each (MessageDecoder)."""
    found = []
    while encoded:
        size = int.from_bytes(encoded[:4], "big")
        found.append(size)
        encoded = encoded[size:]
    return found


def handles(bodies, **parts):
    return [Message("t", body, **parts)._handle for body in bodies]


@given(st.lists(st.binary(min_size=1, max_size=500), max_size=40), st.integers(1, 3000))
def test_every_message_is_in_one_part_in_order_and_parts_keep_the_size(bodies, limit):
    messages = handles(bodies, tags="paid")
    parts = [encoded for _, encoded in split(messages, limit)]
    assert b"".join(parts) == b"".join(encode(message) for message in messages)
    for part in parts:
        taken = sizes(part)
        assert len(taken) == 1 or sum(taken) + _ADDED * len(taken) <= limit


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=2, max_size=40), st.integers(100, 2000))
def test_no_part_could_have_taken_the_next_message_too(bodies, limit):
    parts = [sizes(encoded) for _, encoded in split(handles(bodies), limit)]
    for part, following in itertools.pairwise(parts):
        assert sum(part) + _ADDED * len(part) + following[0] + _ADDED > limit


def test_a_message_larger_than_a_batch_goes_alone():
    parts = [sizes(encoded) for _, encoded in split(handles([b"a", b"b" * 1000, b"c"]), 200)]
    assert [len(part) for part in parts] == [1, 1, 1]


def test_messages_of_two_topics_are_no_batch():
    messages = [Message("one", "x")._handle, Message("two", "x")._handle]
    with pytest.raises(MessageRefusedError, match="one and two"):
        list(split(messages, 1000))


@pytest.mark.parametrize("delay", [{"delay_level": 1}, {"delay_ms": 5}])
def test_a_message_with_a_delay_is_in_no_batch(delay):
    with pytest.raises(MessageRefusedError, match="delay"):
        list(split(handles(["x"], **delay), 1000))
