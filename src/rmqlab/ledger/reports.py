"""Wrappers that report: a producer's sends, and what a consumer's callback does.

Each message gets its name in the ledger as the property `LEDGER`. It travels with the message: broker,
consumers and dead-letter topics have it too. A message that is sent again keeps it.
"""

from __future__ import annotations

import functools
import itertools
import time
import uuid
from typing import TYPE_CHECKING, Any, Self

from rmqlab.ledger.journal import Answered, Delivered, Processed, Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rmqlab.ledger.journal import Journal

PROPERTY = "LEDGER"
_KEYS = "KEYS"  # MessageConst.PROPERTY_KEYS
_NAME = "_ledger_entry"
_DONE = 0  # ConsumeStatus.CONSUME_SUCCESS


class ReportingProducer:
    """A producer whose sends are reported; everything else is the producer's own.

    It works for the classic package's producers and for those of `rmqlab.client`.
    """

    def __init__(self, producer: Any, journal: Journal, key: Callable[[Any], str] | None = None) -> None:
        self._producer = producer
        self._journal = journal
        self._key = key or _keys_of
        self._run = uuid.uuid4().hex[:8]
        self._numbers = itertools.count()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def __enter__(self) -> Self:
        started = self._producer.__enter__()  # the classic package's returns None
        self._producer = started or self._producer
        return self

    def __exit__(self, *error: object) -> None:
        self._producer.__exit__(*error)

    def __repr__(self) -> str:
        return f"<reporting {self._producer!r}>"

    # -- sends -------------------------------------------------------------------------------------

    def send(self, message: Any, **how: Any) -> Any:
        """Send, as `Producer.send` does."""
        return self._sync((message,), lambda: self._producer.send(message, **how))

    def send_sync(self, message: Any) -> Any:
        """Send, as the classic producer does."""
        return self._sync((message,), lambda: self._producer.send_sync(message))

    def send_orderly_with_sharding_key(self, message: Any, sharding_key: str) -> Any:
        """Send to the queue of a key, as the classic producer does."""
        return self._sync(
            (message,), lambda: self._producer.send_orderly_with_sharding_key(message, sharding_key)
        )

    def send_batch(self, messages: Iterable[Any], **how: Any) -> Any:
        """Send together, as `Producer.send_batch` does."""
        messages = tuple(messages)
        return self._sync(messages, lambda: self._producer.send_batch(messages, **how))

    def send_oneway(self, message: Any, **how: Any) -> None:
        """Send without an answer, as the producer does."""
        entry = self._begin(message)
        try:
            self._producer.send_oneway(message, **how)
        except Exception as error:
            self._failed(entry, error)
            raise
        self._answered(entry, "NONE")

    def send_async(
        self,
        message: Any,
        *,
        on_success: Callable[[Any], Any] | None = None,
        on_exception: Callable[[BaseException], Any] | None = None,
        **how: Any,
    ) -> Any:
        """Send without waiting, as `Producer.send_async` does."""
        entry = self._begin(message)

        def succeeded(result: Any) -> None:
            self._answered(entry, result.status.name)
            if on_success is not None:
                on_success(result)

        def failed(error: BaseException) -> None:
            self._failed(entry, error)
            if on_exception is not None:
                on_exception(error)

        try:
            return self._producer.send_async(message, on_success=succeeded, on_exception=failed, **how)
        except Exception as error:
            self._failed(entry, error)
            raise

    # -- reports -----------------------------------------------------------------------------------

    def _sync(self, messages: tuple[Any, ...], send: Callable[[], Any]) -> Any:
        entries = [self._begin(message) for message in messages]
        try:
            result = send()
        except Exception as error:
            for entry in entries:
                self._failed(entry, error)
            raise
        waiting = iter(entries)
        for each in result if isinstance(result, list) else [result]:
            for entry in itertools.islice(waiting, each.msg_id.count(",") + 1):  # a batch has all its ids
                self._answered(entry, each.status.name)
        return result

    def _begin(self, message: Any) -> str:
        entry = getattr(message, _NAME, None)
        if entry is None:
            entry = f"{self._run}-{next(self._numbers)}"
            message.set_property(PROPERTY, entry)
            setattr(message, _NAME, entry)
        topic = getattr(_parts(message), "topic", "")
        self._journal.write(Sent(entry, topic, self._key(message), time.time()))
        return entry

    def _answered(self, entry: str, answer: str, detail: str = "") -> None:
        self._journal.write(Answered(entry, answer, detail, time.time()))

    def _failed(self, entry: str, error: BaseException) -> None:
        self._answered(entry, answer_of(error), str(error)[:300])


def answer_of(error: BaseException) -> str:
    """Return what a send's exception means: it was never sent, nobody knows, or it failed.

    A connection that breaks while an answer is under way leaves as much open as a time-out does.
    """
    if type(error).__name__ == "MessageRefusedError":
        return "REFUSED"
    kind = str(getattr(error, "type", ""))
    cause: Any = error.__cause__
    while cause is not None:
        kind += f" {cause.getClass().getSimpleName()}" if hasattr(cause, "getClass") else ""
        cause = cause.getCause() if hasattr(cause, "getCause") else cause.__cause__
    words = f"{kind} {error}".lower()
    return "TIMEOUT" if any(word in words for word in _NOBODY_KNOWS) else "FAILED"


_NOBODY_KNOWS = ("timeout", "timed out", "in time", "channel", "shutdown")


def reporting_callback(
    callback: Callable[[Any], Any], journal: Journal, group: str, instance: str
) -> Callable[[Any], Any]:
    """Return a callback that reports each message before and after the given one."""

    @functools.wraps(callback)
    def report(message: Any) -> Any:
        entry = entry_of(message)
        if entry is None:
            return callback(message)
        journal.write(Delivered(entry, group, instance, message.reconsume_times, time.time()))
        done = False
        try:
            status = callback(message)
            done = status == _DONE
        finally:
            journal.write(Processed(entry, group, instance, done=done, at=time.time()))
        return status

    return report


def entry_of(message: Any) -> str | None:
    """Return a received message's name in its ledger; None if it was sent without one."""
    properties = getattr(message, "properties", None)
    found = message.get_property(PROPERTY) if properties is None else properties.get(PROPERTY)
    return _text(found) or None


def _keys_of(message: Any) -> str:
    """Return the keys of a message that is to be sent; a native library's does not tell them."""
    get = getattr(_parts(message), "get_property", None)
    return _text(get(_KEYS)) if get else ""


def _parts(message: Any) -> Any:
    return message._handle  # noqa: SLF001  (the classic package's message itself tells nothing)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")
