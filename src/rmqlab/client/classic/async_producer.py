"""The async half of the producer: futures, callbacks, what is in flight and what is lost at the end."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from rmqlab.client.async_sends import AsyncSends
from rmqlab.client.classic.package import client, exceptions
from rmqlab.client.classic.results import SendResult, read_result
from rmqlab.client.java import java_class
from rmqlab.client.producer import SEND_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from rmqlab.client.callbacks import CallbackError
    from rmqlab.client.facts import QueueRef
    from rmqlab.client.producer import Producer as Provider

    Selector = Callable[[Sequence[QueueRef], client.Message, Any], QueueRef]

_FLUSH_MARGIN_S = 2.0
"""Java looks for async sends that have timed out once a second."""


class AsyncProducer(client.Producer):
    """What of `Producer` lives with its async sends: they begin at `start()` and end at `shutdown()`."""

    _handle: Provider
    _sends: Any = None  # Java's rmqlab.Sends, once it runs
    _async: AsyncSends | None = None

    def _parts(
        self, message: client.Message, queue: QueueRef | None, selector: Selector | None, arg: Any
    ) -> tuple[Any, ...]:
        raise NotImplementedError

    def _require_running(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Start it; a second start of a running producer changes nothing.

        Raises:
            ProducerStartFailed: no NameServer, or RocketMQ's reason.
        """
        super().start()
        if self._sends is None:
            self._sends = java_class("rmqlab.Sends")(self._handle.java())
            self._async = AsyncSends(
                self._sends, repr(self._handle), self._handle.errors, read_result, self._async_failure
            )
            self._handle.ending.append(self._async.ending)
            self._handle.ended.append(self._async.end)

    def shutdown(self) -> None:
        """Shut it down at once; twice, or without a start, is fine.

        Async sends without an answer are lost to the program: their futures fail, `lost` counts them, and a
        warning says so. Whether the broker has stored them is not known. `flush()` before it avoids that.
        """
        before = self.lost
        super().shutdown()
        if lost := self.lost - before:
            warnings.warn(
                f"{self!r} was shut down with {lost} async sends in flight: nobody knows whether they are "
                "stored. Call flush() before shutdown(), or leave a `with` block, which does.",
                RuntimeWarning,
                stacklevel=2,
            )

    def send_async(  # noqa: PLR0913  (as `send`, with callbacks)
        self,
        message: client.Message,
        *,
        on_success: Callable[[SendResult], Any] | None = None,
        on_exception: Callable[[BaseException], Any] | None = None,
        queue: QueueRef | None = None,
        selector: Selector | None = None,
        arg: Any = None,
        timeout_ms: int | None = None,
    ) -> Future[SendResult]:
        """Send a message without waiting; the answer comes to the future, and to the callbacks if there are.

        Callbacks run one after the other, in a thread of the producer. What they raise is kept in `errors`.

        Args:
            message: what to send.
            on_success: is called with the `SendResult`.
            on_exception: is called with the `ProducerSendAsyncFailed`; its `error` is RocketMQ's response
                code (0 without one), its `type` the Java exception.
            queue: as for `send`.
            selector: as for `send`; runs at once, in the calling thread.
            arg: as for `send`.
            timeout_ms: instead of the producer's.

        Raises:
            MessageRefusedError: RocketMQ would refuse the message; nothing was sent.
            ProducerException: the producer does not run.
            Exception: whatever `selector` raises.
        """
        self._require_running()
        parts = self._parts(message, queue, selector, arg)
        return self._async.begin(
            parts[0],
            lambda number: self._sends.sendAsync(number, *parts, timeout_ms or 0),
            on_success,
            on_exception,
        )

    @property
    def in_flight(self) -> int:
        """How many async sends have no answer yet."""
        return 0 if self._async is None else self._async.in_flight

    @property
    def lost(self) -> int:
        """How many async sends had no answer when the producer was shut down."""
        return 0 if self._async is None else self._async.lost

    @property
    def errors(self) -> tuple[CallbackError, ...]:
        """What callbacks of this producer have raised, oldest first; at most the latest 1000."""
        return self._handle.errors.errors()

    def flush(self, timeout_s: float | None = None) -> int:
        """Wait until every async send is answered and its callback has run.

        Args:
            timeout_s: the deadline. Default: the time-out of a send and two seconds.

        Returns:
            How many are still open at the deadline; 0 is what one hopes for.
        """
        if self._async is None:
            return 0
        if timeout_s is None:
            timeout_s = self._handle.limits[SEND_TIMEOUT] / 1000 + _FLUSH_MARGIN_S
        return self._async.flush(timeout_s)

    def _async_failure(self, error: Any) -> BaseException:
        if isinstance(error, str):
            return exceptions.ProducerSendAsyncFailed(error, 0, "", 0, "Shutdown")
        code = int(error.getResponseCode()) if hasattr(error, "getResponseCode") else 0
        kind = str(error.getClass().getSimpleName())
        return exceptions.ProducerSendAsyncFailed(self._handle.explain(error), code, "", 0, kind)
