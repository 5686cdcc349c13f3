"""Errors that a program's own callbacks raise: kept and countable, where C would print them and go on.

A message whose callback raised is delivered again; a transaction whose callback raised stays undecided and is
checked again. Each error is also logged once by the logger `rmqlab.client`; in a notebook that logger has no
output of its own, because a line from a client's thread would land in whatever cell runs then.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass

KEPT = 1000
"""How many of the latest errors are kept; the count goes on."""

_logger = logging.getLogger("rmqlab.client")


@dataclass(frozen=True)
class CallbackError:
    """One exception that left a callback: whose, on which message, and when (Unix time, seconds)."""

    client: str
    topic: str
    message_id: str
    error: BaseException
    at: float

    def __str__(self) -> str:
        where = f"message {self.message_id} of topic {self.topic}"
        return f"{type(self.error).__name__}: {self.error} ({where})"


class ErrorLog:
    """The errors of one client's callbacks, or of all in this process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: deque[CallbackError] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, error: CallbackError) -> None:
        """Keep one; only the latest `KEPT` stay."""
        with self._lock:
            self._errors.append(error)
            self._count += 1

    def errors(self) -> tuple[CallbackError, ...]:
        """Return the latest errors, oldest first."""
        with self._lock:
            return tuple(self._errors)

    @property
    def count(self) -> int:
        """How many there were in all."""
        with self._lock:
            return self._count

    def clear(self) -> None:
        """Forget the errors and set the count to zero."""
        with self._lock:
            self._errors.clear()
            self._count = 0


_process = ErrorLog()


def keep(  # noqa: PLR0913, PLR0917  (the facts of one error)
    client: str,
    topic: str,
    message_id: str,
    error: BaseException,
    what_follows: str,
    own: ErrorLog | None = None,
) -> None:
    """Keep an error, for the process and for the client whose callback it was, and log it."""
    kept = CallbackError(client, topic, message_id, error, time.time())
    _process.add(kept)
    if own is not None:
        own.add(kept)
    _log(kept, what_follows)


def _log(kept: CallbackError, what_follows: str) -> None:
    # Without any handler Python's logging prints to stderr: right for a script, wrong in a notebook.
    if "ipykernel" in sys.modules and not _logger.handlers:
        _logger.addHandler(logging.NullHandler())
    error = kept.error
    _logger.error(
        "the callback of %s raised %s: %s (message %s of topic %s); %s",
        kept.client,
        type(error).__name__,
        error,
        kept.message_id,
        kept.topic,
        what_follows,
        exc_info=error,
    )


def callback_errors() -> tuple[CallbackError, ...]:
    """Return the latest errors of this process's callbacks, oldest first (at most `KEPT`)."""
    return _process.errors()


def callback_error_count() -> int:
    """Return how many callbacks of this process have raised."""
    return _process.count


def clear_callback_errors() -> None:
    """Forget the kept errors and set the count to zero."""
    _process.clear()
