"""Whatever RocketMQ allows in a message comes out as it went in, whichever way it is sent and received."""

import queue as queues

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.live

WAIT_S = 15

# RocketMQ separates properties by U+0001 and U+0002; half of a surrogate pair is no text.
CHARACTERS = st.characters(exclude_characters="\x01\x02", exclude_categories=["Cs"])
WORDS = st.text(CHARACTERS, min_size=1, max_size=40).filter(lambda text: text.strip())
BODIES = st.binary(min_size=1, max_size=10_000) | st.binary(min_size=1, max_size=5).map(
    lambda part: part * 2000
)


def allowed(name):
    from rmqlab.client.classic.rules import INNER_BATCH, RESERVED  # noqa: PLC0415  (not over a native library)

    return name not in RESERVED | {INNER_BATCH}


PROPERTIES = st.dictionaries(WORDS.filter(allowed), WORDS, max_size=5)
PARTS = st.fixed_dictionaries(
    {
        "body": BODIES,
        "tags": st.just("") | WORDS,
        "keys": st.lists(WORDS.filter(lambda word: " " not in word), max_size=3),
        "properties": PROPERTIES,
    }
)
WAYS = st.sampled_from(["send", "send_async", "send_oneway", "send_batch", "send_sync"])


@pytest.fixture(scope="module")
def line(long_client):
    """A producer, a topic, and what a consumer gets of it: made once, since each example is one message."""
    client = long_client
    topic = client.topic()
    arrived = queues.SimpleQueue()
    consumer, _ = client.consumer(topic, lambda message: arrived.put(message) or 0)
    return client.api, client.producer(), topic, arrived, consumer


def send(producer, way, message):
    answer = getattr(producer, way)([message] if way == "send_batch" else message)
    if way == "send_async":
        answer.result(WAIT_S)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=PARTS, way=WAYS)
def test_any_message_arrives_as_it_was_sent(line, parts, way):
    api, producer, topic, arrived, consumer = line
    properties = parts["properties"]
    send(producer, way, api.Message(topic, **parts))
    message = arrived.get(timeout=WAIT_S)
    assert message.body == parts["body"]
    assert message.tags == parts["tags"].encode()
    assert message.keys == " ".join(parts["keys"]).encode()
    assert {name: message.properties.get(name) for name in properties} == properties
    assert consumer.errors == ()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(BODIES, min_size=1, max_size=30), max_bytes=st.integers(50, 20_000))
def test_any_batch_arrives_whole_however_it_is_split(line, bodies, max_bytes):
    api, producer, topic, arrived, _ = line
    results = producer.send_batch([api.Message(topic, body) for body in bodies], max_bytes=max_bytes)
    assert sum(len(result.msg_ids) for result in results) == len(bodies)
    found = [arrived.get(timeout=WAIT_S).body for _ in bodies]
    assert sorted(found) == sorted(bodies)


@pytest.mark.parametrize("way", ["send", "send_async", "send_oneway", "send_batch", "send_sync"])
@pytest.mark.parametrize("size", [1_499, 1_500, 65_536, 65_537, 1_000_000])
def test_a_large_body_arrives_whole(line, way, size):
    api, producer, topic, arrived, _ = line
    body = bytes(range(251)) * (size // 251 + 1)
    send(producer, way, api.Message(topic, body[:size]))
    assert arrived.get(timeout=WAIT_S).body == body[:size]
