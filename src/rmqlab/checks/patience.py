"""Bounded polling for checks: a broker's numbers settle a moment after the learner's call returned."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from rmqlab.errors import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def eventually(
    look: Callable[[], T],
    *,
    until: Callable[[T], object] = bool,
    timeout_s: float = 3.0,
    every_s: float = 0.1,
) -> T:
    """Look again and again until it is as it should be or time is up; return what was seen last.

    A look that the cluster refuses (`ClientError`) counts as "not yet".

    Args:
        look: Reads a fact from the broker.
        until: Says whether the fact is the wanted one; by default, whether it is truthy.
        timeout_s: Seconds to keep looking. At least one look is made.
        every_s: Seconds between two looks.

    Raises:
        ClientError: If the last look, at the end of the time, was refused.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        last_chance = time.monotonic() >= deadline
        try:
            seen = look()
        except ClientError:
            if last_chance:
                raise
        else:
            if until(seen) or last_chance:
                return seen
        time.sleep(every_s)
