"""What is read from the brokers, and when."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rmqlab.ledger.holdings import read_holding
from rmqlab.ledger.reports import PROPERTY

pytestmark = pytest.mark.unit
ADDRESS = "127.0.0.1:10911"
BROKER = SimpleNamespace(name="broker-a", address=ADDRESS, spec=SimpleNamespace(broker_name="broker-a"))


class BusyBroker:
    """An Admin whose one broker has answered a send, and enters it in its queue only when waited for."""

    def __init__(self) -> None:
        self.dispatched = False

    def brokers(self):
        return {"broker-a": {0: ADDRESS}}

    def await_dispatch(self, *, addresses):
        self.dispatched = list(addresses) == [ADDRESS]

    def at(self, address):
        assert address == ADDRESS
        return self

    def topic_stats(self, topic):
        return {topic: SimpleNamespace(min_offset=0, max_offset=int(self.dispatched))}

    def messages(self, ref, offset, count):
        return [
            SimpleNamespace(
                properties={PROPERTY: f"{ref}-{offset}"}, broker="broker-a", queue_id=0, queue_offset=offset
            )
        ] * count


def test_what_a_broker_answered_this_moment_is_not_taken_for_lost():
    assert list(read_holding(BusyBroker(), [BROKER], ["orders"], []).stored) == ["orders-0"]
