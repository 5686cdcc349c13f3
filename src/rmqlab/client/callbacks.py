"""Errors that a program's own callbacks raise: kept and countable, where C would print them and go on.

A message whose callback raised is delivered again; a transaction whose callback raised stays undecided and is
checked again. Each error is also logged once by the logger `rmqlab.client`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass

KEPT = 1000
"""How many of the latest errors are kept; the count goes on."""

_logger = logging.getLogger("rmqlab.client")
_lock = threading.Lock()
_errors: deque[CallbackError] = deque(maxlen=KEPT)
_count = 0


@dataclass(frozen=True)
class CallbackError:
    """One exception that left a callback: whose, on which message, and when (Unix time, seconds)."""

    client: str
    topic: str
    message_id: str
    error: BaseException
    at: float


def keep(client: str, topic: str, message_id: str, error: BaseException, what_follows: str) -> None:
    """Keep an error and log it with its traceback."""
    global _count  # noqa: PLW0603  (the process's own record)
    with _lock:
        _errors.append(CallbackError(client, topic, message_id, error, time.time()))
        _count += 1
    _logger.error(
        "the callback of %s raised %s: %s (message %s of topic %s); %s",
        client,
        type(error).__name__,
        error,
        message_id,
        topic,
        what_follows,
        exc_info=error,
    )


def callback_errors() -> tuple[CallbackError, ...]:
    """Return the latest errors of this process's callbacks, oldest first (at most `KEPT`)."""
    with _lock:
        return tuple(_errors)


def callback_error_count() -> int:
    """Return how many callbacks of this process have raised."""
    with _lock:
        return _count


def clear_callback_errors() -> None:
    """Forget the kept errors and set the count to zero."""
    global _count  # noqa: PLW0603
    with _lock:
        _errors.clear()
        _count = 0
