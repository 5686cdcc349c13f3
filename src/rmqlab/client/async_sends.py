"""The async sends of one producer: what is in flight, the answers that arrive, what is lost at the end.

Java sends and waits on threads of its own and leaves the answers in `rmqlab.Sends`. One Python thread fetches
them and completes the futures; a second one runs the program's callbacks, one after the other, so that a slow
callback delays other callbacks and no future. Both threads start with the first async send.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab import happenings
from rmqlab.client import callbacks
from rmqlab.client.java import detach_with_thread
from rmqlab.client.telling import tell_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.client.callbacks import ErrorLog

_ANSWERS = 1000
_LAST_ANSWERS_S = 2.0
"""How long shutdown() waits for answers that are here already, and for the callbacks they lead to."""

LOST = (
    "the producer was shut down before the broker answered: the message may be stored or not; "
    "call flush() before shutdown(), or leave a `with` block, which does"
)


@dataclass(eq=False, slots=True)
class _Pending:
    """One send without an answer yet."""

    topic: str
    future: Future[Any]
    on_success: Callable[[Any], Any] | None
    on_exception: Callable[[BaseException], Any] | None


class AsyncSends:
    """Futures and callbacks over a Java `rmqlab.Sends`.

    Args:
        java: the Java object.
        owner: what errors of callbacks are kept under.
        errors: where they are kept.
        success: makes the result from an answer's line.
        failure: makes the exception from Java's, or from a sentence.
    """

    def __init__(
        self,
        java: Any,
        owner: str,
        errors: ErrorLog,
        success: Callable[[str], Any],
        failure: Callable[[Any], BaseException],
    ) -> None:
        self._java = java
        self._owner = owner
        self._errors = errors
        self._success = success
        self._failure = failure
        self._numbers = itertools.count(1)
        self._in_flight: dict[int, _Pending] = {}
        self._changed = threading.Condition()
        self._calls: queue.SimpleQueue[tuple[str, str, Callable[..., Any], Any] | None] = queue.SimpleQueue()
        self._calling = 0  # callbacks that wait or run
        self._threads: list[threading.Thread] = []
        self._ending = False
        self.lost = 0

    @property
    def in_flight(self) -> int:
        """How many sends wait for their answer."""
        return len(self._in_flight)

    def begin(
        self,
        topic: str,
        hand_over: Callable[[int], Any],
        on_success: Callable[[Any], Any] | None,
        on_exception: Callable[[BaseException], Any] | None,
    ) -> Future[Any]:
        """Hand a message over to Java under a new number, and return the future of its answer.

        Args:
            topic: the message's.
            hand_over: gives the message to Java under a number.
            on_success: is called with the result.
            on_exception: is called with the exception.
        """
        if not self._threads:
            self._start()
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # what is handed over cannot be taken back
        number = next(self._numbers)
        self._in_flight[number] = _Pending(topic, future, on_success, on_exception)
        try:
            hand_over(number)
        except jpype.JException as error:
            self._settle(number, error=self._failure(error))
        return future

    def _start(self) -> None:
        with self._changed:
            if self._threads:
                return
            for work, name in ((self._receive, "answers"), (self._call_back, "callbacks")):
                thread = threading.Thread(target=work, name=f"rmqlab-{name}-{self._owner}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _receive(self) -> None:
        detach_with_thread()
        while (found := self._java.answers(_ANSWERS)) is not None:
            successes, *failures = found
            for line in str(successes).splitlines():
                number, _, answer = line.partition("\t")
                self._settle(int(number), answer=answer)
            for number, message_id, error in zip(*(iter(failures),) * 3, strict=True):
                self._settle(int(number), error=self._failure(error), message_id=str(message_id))

    def _settle(
        self, number: int, *, answer: str = "", error: BaseException | None = None, message_id: str = ""
    ) -> None:
        pending = self._in_flight.get(number)
        if pending is None:
            return
        outcome: Any
        if error is None:
            callback, outcome = pending.on_success, self._success(answer)
            message_id = outcome.msg_id
            pending.future.set_result(outcome)
        else:
            if self._ending:
                self.lost += 1
                error = self._failure(LOST)
            callback, outcome = pending.on_exception, error
            pending.future.set_exception(error)
        if happenings.listeners:
            tell_answer(pending.topic, outcome)
        if callback is not None:
            with self._changed:
                self._calling += 1
            self._calls.put((pending.topic, message_id, callback, outcome))
        del self._in_flight[number]
        if not self._in_flight:
            with self._changed:
                self._changed.notify_all()

    def _call_back(self) -> None:
        while (call := self._calls.get()) is not None:
            topic, message_id, callback, outcome = call
            try:
                callback(outcome)
            except BaseException as error:  # noqa: BLE001  (it is kept; the next callback has its turn)
                what_follows = "the send itself is not touched by it"
                callbacks.keep(self._owner, topic, message_id, error, what_follows, self._errors)
            with self._changed:
                self._calling -= 1
                self._changed.notify_all()

    def flush(self, timeout_s: float) -> int:
        """Wait until every send is answered and its callback has run; return how many were not in time."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while (waiting := len(self._in_flight) + self._calling) and time.monotonic() < deadline:
                self._changed.wait(min(0.1, max(0.0, deadline - time.monotonic())))
        return waiting

    def ending(self) -> None:
        """From here on, what fails is lost by the shutdown."""
        self._ending = True

    def end(self) -> None:
        """Settle everything, once the Java producer is shut down: what has no answer by now is lost."""
        if not self._threads:
            return
        receiving, calling = self._threads
        self._java.stop()
        receiving.join(_LAST_ANSWERS_S)
        for number in list(self._in_flight):
            self._settle(number, error=self._failure(LOST))
        self._calls.put(None)
        if threading.current_thread() is not calling:
            calling.join(_LAST_ANSWERS_S)
