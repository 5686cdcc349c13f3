"""What callbacks receive, collected for a notebook."""

from __future__ import annotations

import threading

import pytest

from rmqlab.errors import RmqLabError
from rmqlab.inbox import Inbox

pytestmark = pytest.mark.unit


def test_waiting_ends_as_soon_as_enough_has_come_from_another_thread() -> None:
    inbox = Inbox()
    threads = [threading.Thread(target=inbox.put, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    assert sorted(inbox.wait_for(5, timeout_s=10)) == [0, 1, 2, 3, 4]


def test_what_did_not_come_is_counted_in_the_error() -> None:
    inbox = Inbox()
    inbox.put("one")
    with pytest.raises(RmqLabError, match=r"1 of 3 arrived within 0\.05 s"):
        inbox.wait_for(3, timeout_s=0.05)


def test_a_condition_of_ones_own_decides_when_it_is_enough() -> None:
    inbox = Inbox()
    inbox.put("a")
    inbox.put("end")
    assert inbox.wait_for(99, timeout_s=1, until=lambda items: "end" in items) == ["a", "end"]


def test_items_are_a_copy_and_the_inbox_can_be_counted_and_iterated() -> None:
    inbox = Inbox()
    inbox.put("a")
    inbox.items.append("b")
    assert (len(inbox), list(inbox), repr(inbox)) == (1, ["a"], "<Inbox 1 items>")
    assert inbox.errors == []
