"""What is done with clients that still run when Python exits."""

import threading

import pytest

from rmqlab.client import running

pytestmark = pytest.mark.unit


class Client:
    def __init__(self):
        self.ended_in = None

    def shutdown(self):
        self.ended_in = threading.current_thread()
        running.forget(self)


@pytest.fixture
def clients(monkeypatch):
    monkeypatch.setattr(running, "_running", {})
    made = [Client(), Client()]
    for each in made:
        running.register(each)
    return made


def test_they_are_shut_down_at_the_same_time(clients):
    assert running.shutdown_all() == ()
    assert len({client.ended_in for client in clients}) == 2


def test_where_python_starts_no_thread_any_more_they_are_shut_down_one_after_the_other(clients, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert running.shutdown_all() == ()
    assert {client.ended_in for client in clients} == {threading.current_thread()}
