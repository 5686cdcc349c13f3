"""A received message is read from what Java wrote about it, and needs no JVM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmqlab.client.message import ReceivedMessage

pytestmark = pytest.mark.unit

FIELDS = (
    "订单",
    "7F000001",
    "broker-a",
    "3",
    "1",
    "230",
    "1700000000001",
    "1700000000002",
    "17",
    "4711",
    "0",
)
TEXT = st.text(st.characters(exclude_characters="\x01\x02", exclude_categories=["Cs"]), max_size=20)


def message(properties, body=b"x"):
    pairs = "".join(f"{name}\x01{value}\x02" for name, value in properties.items())
    return ReceivedMessage("\n".join([*FIELDS, pairs]), body)


def test_its_fields_are_read_by_name():
    seen = message({"UNIQ_KEY": "id-1", "DELAY": "3"}, b"a\0b")
    assert (seen.topic, seen.broker, seen.queue_id, seen.reconsume_times) == ("订单", "broker-a", 3, 1)
    assert (seen.store_size, seen.born_ms, seen.store_ms) == (230, 1700000000001, 1700000000002)
    assert (seen.queue_offset, seen.commit_log_offset, seen.prepared_transaction_offset) == (17, 4711, 0)
    assert (seen.id, seen.delay_level, seen.body) == ("id-1", 3, b"a\0b")


def test_without_a_senders_id_it_has_the_brokers():
    assert message({}).id == "7F000001"


@given(st.dictionaries(TEXT, TEXT, max_size=6))
def test_any_properties_are_read_back_also_those_with_line_breaks(properties):
    seen = message(properties)
    assert seen.properties == properties
    assert all(seen.get_property(name) == value for name, value in properties.items())
    assert seen.get_property("\x01") == ""


def test_what_a_program_does_to_its_properties_stays_with_the_program():
    seen = message({"a": "1"})
    seen.properties["a"] = "2"
    assert seen.get_property("a") == "1"
