"""Collect what consumer callbacks receive: in the client's threads, a print would land in any cell."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from rmqlab.client import callback_errors
from rmqlab.errors import RmqLabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rmqlab.client import CallbackError


class Inbox:
    """What callbacks put, in order of arrival. Thread-safe."""

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._changed = threading.Condition()
        self._errors_before = len(callback_errors())

    def put(self, item: Any) -> None:
        """Add one item: call this in a consumer's callback."""
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    @property
    def items(self) -> list[Any]:
        """A copy of what has arrived so far."""
        with self._changed:
            return list(self._items)

    @property
    def errors(self) -> list[CallbackError]:
        """What callbacks of this process raised since the inbox was made."""
        return list(callback_errors())[self._errors_before :]

    def wait_for(
        self, count: int, *, timeout_s: float = 10.0, until: Callable[[list[Any]], bool] | None = None
    ) -> list[Any]:
        """Wait until `count` items are here (or `until(items)` holds) and return them all.

        Raises:
            RmqLabError: they did not come in time; the message says how many did, and what callbacks raised.
        """
        deadline = time.monotonic() + timeout_s
        enough = until or (lambda items: len(items) >= count)
        with self._changed:
            while not enough(self._items):
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(left, 0.2))
            else:
                return list(self._items)
            arrived = len(self._items)
        raised = (
            f" Callbacks raised {len(self.errors)} errors; the last: {self.errors[-1]}."
            if self.errors
            else ""
        )
        raise RmqLabError(f"{arrived} of {count} arrived within {timeout_s:g} s.{raised}")

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __repr__(self) -> str:
        return f"<Inbox {len(self)} items>"
