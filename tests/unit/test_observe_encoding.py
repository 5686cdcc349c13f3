"""Facts to JSON and back: nothing is lost, nothing is said twice, nothing strange is let in."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmqlab.client.facts import Progress, QueueRef, StoredMessage
from rmqlab.ledger import Answer, Verdict
from rmqlab.observe import Gap, GroupState, NodeState, QueueState, Snapshot, TopicState
from rmqlab.observe.encoding import Decoder, Encoder, as_line

pytestmark = pytest.mark.unit

refs = st.builds(QueueRef, st.text(), st.sampled_from(["broker-a", "broker-b"]), st.integers(0, 3))
messages = st.builds(
    StoredMessage,
    topic=st.text(max_size=5),
    broker=st.text(max_size=5),
    queue_id=st.integers(0, 3),
    queue_offset=st.integers(0, 2**63),
    commit_log_offset=st.integers(0, 2**63),
    msg_id=st.text(max_size=40),
    offset_msg_id=st.text(max_size=5),
    keys=st.text(max_size=5),
    tags=st.text(max_size=5),
    body=st.binary(max_size=50),
    properties=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    born_ms=st.integers(0, 2**45),
    store_ms=st.integers(0, 2**45),
)
progress = st.dictionaries(refs, st.builds(Progress, st.integers(), st.integers()), max_size=3)
groups = st.builds(GroupState, st.text(), st.tuples(st.text()), progress, st.just({}))
queues = st.builds(QueueState, refs, st.integers(), st.integers(), st.tuples(messages, messages), st.text())
snapshots = st.builds(
    Snapshot,
    cluster=st.text(),
    taken_ms=st.integers(),
    nodes=st.lists(
        st.builds(
            NodeState, st.text(), st.text(), st.text(), registered=st.sampled_from([None, True, False])
        ),
        max_size=2,
    ).map(tuple),
    topics=st.lists(st.builds(TopicState, st.text(), st.tuples(queues), st.tuples(groups)), max_size=2).map(
        tuple
    ),
    gaps=st.lists(st.builds(Gap, st.text(), st.text(), st.text()), max_size=2).map(tuple),
)
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
keys = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | refs
anything = st.recursive(
    plain | refs,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
        | st.frozensets(keys, max_size=3)
        | st.sets(keys, max_size=3)
    ),
    max_leaves=8,
)


def there_and_back(*values):
    encoder, decoder = Encoder(), Decoder()
    lines = [as_line(encoder.encode(value)) for value in values]
    assert all("\n" not in line for line in lines)
    return [decoder.decode(json.loads(line)) for line in lines], lines


def exactly(one, other):
    """Equal, and of equal types all the way down: 0 == False == 0.0."""
    return one == other and repr(one) == repr(other)


@given(st.lists(snapshots, max_size=3))
def test_snapshots_come_back_as_they_were(given_snapshots):
    back, _ = there_and_back(*given_snapshots)
    assert exactly(back, given_snapshots)


@given(anything)
def test_so_does_whatever_a_section_of_a_snapshot_may_be_made_of(value):
    (back,), _ = there_and_back(value)
    assert back == value
    assert type(back) is type(value)
    if not isinstance(value, set | frozenset | dict | list | tuple):
        assert exactly(back, value)


def test_a_fact_that_was_said_is_pointed_to():
    queue = QueueState(QueueRef("orders", "broker-a", 0), 0, 5)
    (first, again), (_, line) = there_and_back(queue, queue)
    assert first == again == queue
    assert len(line) < 12


def test_values_that_are_equal_and_not_the_same_are_told_apart():
    back, _ = there_and_back(
        Progress(0, 0), Progress(0, consumer_offset=False), NodeState("a", "b", "c", troubles=())
    )
    assert [type(each.consumer_offset) for each in back[:2]] == [int, bool]


def test_a_member_of_an_enumeration_comes_back_as_itself():
    (back,), _ = there_and_back((Answer.FAILED, Verdict.DUPLICATED))
    assert back[0] is Answer.FAILED
    assert back[1] is Verdict.DUPLICATED


def test_what_a_recording_cannot_hold_is_refused():
    @dataclasses.dataclass(frozen=True)
    class Stranger:
        name: str

    for value in (object(), Stranger("x"), {"x": lambda: 0}, Progress):
        with pytest.raises(TypeError, match="recording"):
            Encoder().encode(value)


@pytest.mark.parametrize(
    "tag",
    ["os:system", "client.facts:Nobody", "client.admin:Admin", "cluster:Cluster", "client.facts:field", ""],
)
def test_a_file_cannot_make_anything_but_facts(tag):
    with pytest.raises((ValueError, TypeError)):
        Decoder().decode({"!": tag})
