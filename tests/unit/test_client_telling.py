"""What a client's sends and their failures are told as."""

from types import SimpleNamespace

import pytest

from rmqlab import happenings
from rmqlab.client.telling import told

pytestmark = pytest.mark.unit


def producer():
    return SimpleNamespace(settings=SimpleNamespace(addresses=lambda: "127.0.0.1:9876"))


def test_a_send_is_told_by_its_topic_and_its_status():
    send = told(lambda *_: (0, "id"))
    with happenings.listening((heard := []).append):
        send(producer(), SimpleNamespace(topic="orders"))
        send(producer(), SimpleNamespace(messages=[SimpleNamespace(topic="batched")]))
    assert [each.text for each in heard] == ["orders: SEND_OK", "batched: SEND_OK"]


@pytest.mark.parametrize("message", [None, "x", b"x", SimpleNamespace(messages=[])])
def test_what_is_no_message_fails_as_it_does_when_nobody_listens(message):
    @told
    def send(*_):
        raise TypeError("no Message")

    with pytest.raises(TypeError, match="no Message"):
        send(producer(), message)
    with happenings.listening((heard := []).append), pytest.raises(TypeError, match="no Message"):
        send(producer(), message)
    assert [each.text for each in heard] == ["no topic: no Message"]
