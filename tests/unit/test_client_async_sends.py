"""Async sends' bookkeeping: answers in bunches, callbacks in turn, what is lost; with a stand-in for Java."""

import queue
import threading
import time

import pytest

from rmqlab.client.async_sends import LOST, AsyncSends
from rmqlab.client.callbacks import ErrorLog

pytestmark = pytest.mark.unit


class Answer(str):
    """A result: `answer 1` is that of the message id-1."""

    __slots__ = ()

    @property
    def msg_id(self):
        return self.replace("answer ", "id-")


class JavaSends:
    """What rmqlab.Sends is to AsyncSends: answers are put in by the test, and fetched in bunches."""

    def __init__(self):
        self._answers = queue.Queue()
        self.handed_over = []

    def hand_over(self, number):
        self.handed_over.append(number)

    def answer(self, *numbers, errors=()):
        lines = "".join(f"{number}\tanswer {number}\n" for number in numbers)
        failures = [part for number, error in errors for part in (number, f"id-{number}", error)]
        self._answers.put([lines, *failures])

    def answers(self, _most):
        return self._answers.get()

    def stop(self):
        self._answers.put(None)


@pytest.fixture
def java():
    return JavaSends()


@pytest.fixture
def errors():
    return ErrorLog()


@pytest.fixture
def sends(java, errors):
    made = AsyncSends(java, "tests", errors, success=Answer, failure=RuntimeError)
    yield made
    made.ending()
    made.end()


def begin(sends, java, on_success=None, on_exception=None):
    return sends.begin("topic", java.hand_over, on_success, on_exception)


def test_answers_that_come_together_complete_each_its_own_future(sends, java):
    futures = [begin(sends, java) for _ in range(3)]
    java.answer(3, 1, errors=[(2, "refused")])
    assert [futures[0].result(5), futures[2].result(5)] == ["answer 1", "answer 3"]
    assert str(futures[1].exception(5)) == "refused"
    assert sends.flush(5) == 0


def test_a_slow_callback_holds_up_no_future(sends, java):
    gate = threading.Event()
    begin(sends, java, on_success=lambda _: gate.wait(10))
    second = begin(sends, java)
    java.answer(1, 2)
    assert second.result(5) == "answer 2"
    assert sends.flush(0.05) == 1  # the callback
    gate.set()
    assert sends.flush(5) == 0


def test_what_a_callback_raises_is_kept_with_its_message(sends, java, errors):
    begin(sends, java, on_success=lambda _: 1 / 0)
    java.answer(1)
    assert sends.flush(5) == 0
    begin(sends, java, on_exception=lambda _: 1 / 0)
    java.answer(errors=[(2, "refused")])
    assert sends.flush(5) == 0
    found = [(type(kept.error), kept.topic, kept.message_id) for kept in errors.errors()]
    assert found == [(ZeroDivisionError, "topic", "id-1"), (ZeroDivisionError, "topic", "id-2")]


def test_at_the_end_what_has_an_answer_is_settled_and_the_rest_is_lost(sends, java):
    got = []
    futures = [begin(sends, java, on_exception=got.append) for _ in range(4)]
    java.answer(1)
    sends.ending()
    java.answer(errors=[(2, "the connection was closed")])
    sends.end()
    assert futures[0].result(0) == "answer 1"
    assert [str(future.exception(0)) for future in futures[1:]] == [LOST] * 3
    assert (sends.lost, sends.in_flight, len(got)) == (3, 0, 3)


def test_no_thread_runs_before_the_first_send_and_none_after_the_end(java, errors):
    def ours():
        return [thread for thread in threading.enumerate() if thread.name.endswith("-quiet")]

    sends = AsyncSends(java, "quiet", errors, success=Answer, failure=RuntimeError)
    assert ours() == []
    begin(sends, java)
    assert len(ours()) == 2
    sends.ending()
    sends.end()
    deadline = time.monotonic() + 5
    while ours():
        assert time.monotonic() < deadline
