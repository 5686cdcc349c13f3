"""Errors that a lesson is about: shown in one line, and missed where they do not come."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rmqlab.errors import RmqLabError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def expect_error(*kinds: type[BaseException]) -> Iterator[None]:
    """Run code that a lesson expects to fail, and show the error as one line.

    Raises:
        RmqLabError: nothing failed. An error of another kind passes through.
    """
    try:
        yield
    except kinds as error:
        print(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")  # noqa: T201
    else:
        names = " or ".join(kind.__name__ for kind in kinds)
        raise RmqLabError(f"This should have failed with {names}, and did not.")
