"""A consumer's start waits for its queues: a message that is sent afterwards would be missed else."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from rmqlab.client import taking_queues

pytestmark = pytest.mark.unit

QUEUES = ["q0", "q1", "q2"]


class Taken:
    """The queues that a rebalancing thread takes, one more with every second look."""

    def __init__(self, most: int) -> None:
        self.looks, self._most = 0, most

    def keySet(self) -> set[str]:  # noqa: N802 - Java's name
        self.looks += 1
        return set(QUEUES[: min(self.looks // 2, self._most)])


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(taking_queues, "_LOOK_S", 0.01)
    monkeypatch.setattr(taking_queues, "_SHARE_S", 0.05)
    monkeypatch.setattr(taking_queues, "_MEMBER_S", 0.4)
    monkeypatch.setattr(taking_queues, "_QUEUE_S", 0.5)


def take(monkeypatch, taken, share, topic="orders"):
    """Let a consumer take its queues; `share` says what falls to it. Return the seconds it waited."""
    routed = {"orders"}
    routes = SimpleNamespace(containsKey=routed.__contains__)
    balance = SimpleNamespace(getTopicSubscribeInfoTable=lambda: routes, getProcessQueueTable=lambda: taken)
    factory = SimpleNamespace(
        rebalanceImmediately=lambda: None, updateTopicRouteInfoFromNameServer=routed.add
    )
    implementation = SimpleNamespace(getRebalanceImpl=lambda: balance, getmQClientFactory=lambda: factory)
    java = SimpleNamespace(getDefaultMQPushConsumerImpl=lambda: implementation, withNamespace=str)
    monkeypatch.setattr(taking_queues, "_share", lambda *_: share())
    began = time.monotonic()
    taking_queues.take_queues(java, [topic])
    return time.monotonic() - began


def test_it_waits_for_all_queues_however_long_the_broker_took_to_say_which(monkeypatch):
    def slow():
        time.sleep(0.6)  # longer than any patience
        return QUEUES

    taken = Taken(3)
    take(monkeypatch, taken, slow)
    assert taken.keySet() == set(QUEUES)


def test_it_waits_until_a_broker_counts_it_in(monkeypatch):
    answers, taken = iter([None, None, QUEUES]), Taken(3)
    take(monkeypatch, taken, lambda: next(answers))
    assert taken.keySet() == set(QUEUES)


def test_of_a_topic_that_was_just_subscribed_to_it_fetches_the_route_first(monkeypatch):
    taken = Taken(3)
    take(monkeypatch, taken, lambda: QUEUES, topic="returns")
    assert taken.looks > 0
    assert taken.keySet() == set(QUEUES)


@pytest.mark.parametrize(
    ("share", "least_s"), [(None, 0.4), ([], 0.05), (QUEUES, 0.5)], ids=["no member", "no share", "no queue"]
)
def test_it_does_not_wait_for_ever(monkeypatch, share, least_s):
    assert least_s <= take(monkeypatch, Taken(2), lambda: share) < 5
