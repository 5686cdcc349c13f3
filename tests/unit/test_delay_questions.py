"""What is made of a broker's answers about the messages that it holds back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rmqlab.client.delay_questions import DelayQuestions
from rmqlab.errors import AdminError

pytestmark = pytest.mark.unit


class FakeNames:
    """A namespace without a JVM."""

    def __init__(self, namespace=None):
        self.namespace = namespace

    def is_inside(self, real):
        return real.removeprefix("%RETRY%").startswith(f"{self.namespace}%")

    def shown(self, real):
        return real.replace(f"{self.namespace}%", "")


@pytest.fixture
def broker(monkeypatch):
    """Makes the questions to a broker that answers each with the same text."""
    command = SimpleNamespace(createRequestCommand=lambda code, _: code)
    monkeypatch.setattr("rmqlab.client.delay_questions.java_class", lambda _: command)

    def make(body, code=0, namespace=None):
        answer = SimpleNamespace(
            getCode=lambda: code,
            getRemark=lambda: "The timer message store is null",
            getBody=lambda: body and body.encode(),
        )
        client = SimpleNamespace(invokeSync=lambda *_: answer)
        api = SimpleNamespace(getRemotingClient=lambda: client)
        return DelayQuestions(api, "127.0.0.1:10911", 800, FakeNames(namespace))

    return make


@pytest.mark.parametrize(
    ("table", "offsets"),
    [("{}", {}), ("{1:0,2:17,20:3}", {1: 0, 2: 17, 20: 3}), ('{"1":0,"18":5}', {1: 0, 18: 5})],
)
def test_offsets_are_read_with_and_without_quotes(broker, table, offsets):
    answer = f'{{"dataVersion":{{"counter":1}},"offsetTable":{table}}}'
    assert broker(answer).delivered() == offsets


TIMING = '{"timingCount":{"orders":{"count":2},"ME%orders":{"count":3},"mails":{"count":0}}}'


def test_timers_are_counted_by_topic(broker):
    assert broker(TIMING).timing() == {"ME%orders": 3, "orders": 2}


def test_in_a_namespace_only_its_own_timers_are_counted(broker):
    ours = broker(TIMING, namespace="ME")
    assert ours.timing() == {"orders": 3}
    assert ours.is_shared
    assert ours.own_topic("%RETRY%ME%stock") == "%RETRY%stock"
    assert not ours.own_topic("theirs")


def test_a_broker_without_timers_refuses(broker):
    with pytest.raises(AdminError, match="for its timers: The timer message store is null"):
        broker(None, code=1).timing()
