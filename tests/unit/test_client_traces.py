"""Entries of a trace, as clients write them."""

from __future__ import annotations

import pytest

from rmqlab.client.traces import Trace, parse

pytestmark = pytest.mark.unit


def line(*fields: object) -> str:
    return "\x01".join(map(str, fields)) + "\x02"


SENT = (
    "Pub", 1000, "DefaultRegion", "shop", "orders", "ID1", "pay", "order-1", "127.0.0.1:10006", 17, 4, 0,
    "7F00000100002716", "true",
)  # fmt: skip


def test_a_send():
    assert parse(line(*SENT)) == (
        Trace("Pub", "ID1", 1000, "shop", "orders", "order-1", "pay", 4, success=True, detail="normal"),
    )


def test_an_older_clients_send_has_no_offset_id():
    assert parse(line(*SENT[:12], "false"))[0].success is False


def test_a_send_says_the_kind_of_message_and_leaves_out_what_is_null():
    half = parse(line(*SENT[:6], "null", "null", *SENT[8:11], 1, *SENT[12:]))[0]
    assert (half.detail, half.keys, half.tags) == ("half", "", "")


def test_a_delivery_and_what_came_of_it():
    before = line("SubBefore", 1010, "DefaultRegion", "stock", "R1", "ID1", 2, "order-1")
    after = line("SubAfter", "R1", "ID1", 30, "false", "order-1", 4, 1040, "stock")
    assert parse(before + after) == (
        Trace("SubBefore", "ID1", 1010, "stock", keys="order-1", detail="2", request="R1"),
        Trace("SubAfter", "ID1", 1040, "stock", "", "order-1", "", 30, False, "failed", "R1"),  # noqa: FBT003
    )


def test_an_older_clients_delivery_says_neither_when_nor_who():
    (after,) = parse(line("SubAfter", "R1", "ID1", 30, "true", "order-1", 0))
    assert (after.at_ms, after.group, after.detail) == (0, "", "success")


def test_a_transactions_end():
    settled = line(
        "EndTransaction", 1020, "DefaultRegion", "shop", "orders", "ID1", "pay", "order-1",
        "127.0.0.1:10006", 2, "TX1", "COMMIT_MESSAGE", "false",
    )  # fmt: skip
    (entry,) = parse(settled)
    assert (entry.kind, entry.topic, entry.detail) == ("EndTransaction", "orders", "COMMIT_MESSAGE")


def test_a_recall():
    (entry,) = parse(line("Recall", 1020, "DefaultRegion", "shop", "orders", "ID1", "true"))
    assert (entry.kind, entry.msg_id, entry.success) == ("Recall", "ID1", True)


def test_kinds_that_are_not_known_are_left_out():
    assert parse(line("Later", 1, 2) + line(*SENT)) == parse(line(*SENT))
    assert parse("") == ()


@pytest.mark.parametrize("broken", [line("Pub", "soon"), line(*SENT[:9]), line("SubAfter", "R1")])
def test_an_entry_that_is_cut_short_is_an_error(broken):
    with pytest.raises(ValueError, match="no entry of a trace"):
        parse(broken)
