"""What two runs of a notebook may differ in, and what they may not."""

from __future__ import annotations

import pytest

from rmqlab.authoring.comparison import Names

pytestmark = pytest.mark.unit

FIRST, SECOND, OTHER = ("7F0000010F2A4C5D0000000000" + end for end in ("00000A", "00000B", "0000FF"))


def test_ids_are_named_in_order_of_appearance():
    assert Names().comparable(f"sent {SECOND}, then {FIRST}") == "sent <msg-1>, then <msg-2>"


def test_id_keeps_its_name_in_later_cells():
    names = Names()
    names.comparable({"text": f"{FIRST} {SECOND}"})
    assert names.comparable({"text": f"received {SECOND}"}) == {"text": "received <msg-2>"}


def test_two_runs_with_other_ids_are_equal():
    assert Names().comparable([FIRST, SECOND, FIRST]) == Names().comparable([OTHER, FIRST, OTHER])


def test_duplicate_is_not_hidden():
    assert Names().comparable([FIRST, FIRST]) != Names().comparable([FIRST, SECOND])


def test_order_of_keys_in_a_message_does_not_matter():
    html, plain = f"<b>{FIRST}</b>", f"{SECOND} {FIRST}"
    one = Names().comparable({"text/plain": plain, "text/html": html})
    assert one == Names().comparable({"text/html": html, "text/plain": plain})


@pytest.mark.parametrize("length", [32, 34, 56])
def test_ids_of_every_client_are_named(length):
    assert Names().comparable("A1" * (length // 2)) == "<msg-1>"


@pytest.mark.parametrize("text", ["a1" * 16, "A1" * 15, "A1" * 18, "7", "x" + FIRST])
def test_other_text_stays(text):
    assert Names().comparable(text) == text


def test_local_port_is_blanked_and_another_address_stays():
    text = "127.0.0.1:10911 127.0.0.2:10040 10.127.0.0.1:99 192.168.0.1:10911"
    assert Names().comparable(text) == "127.0.0.1:<port> 127.0.0.1:<port> 10.127.0.0.1:99 192.168.0.1:10911"


def test_numbers_and_nothing_stay():
    assert Names().comparable({"count": 3, "metadata": None}) == {"count": 3, "metadata": None}


def test_what_a_cluster_runs_on_may_differ_and_nothing_else_of_that_output():
    on_processes = "RocketMQ 5.4.0 is ready.\nOn plain processes. No engine answers.\n"
    on_containers = "RocketMQ 5.4.0 is ready.\nOn containers of apache/rocketmq:5.4.0: an engine answers.\n"
    assert Names().comparable(on_processes) == Names().comparable(on_containers)
    assert Names().comparable(on_processes) != Names().comparable(on_containers.replace("ready", "late"))
