"""Errors that a lesson is about: shown in few lines, and missed where they do not come."""

from __future__ import annotations

import contextlib
import textwrap
from typing import TYPE_CHECKING

from rmqlab.errors import RmqLabError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 100
"""What a page shows of a line, before it breaks it anywhere."""


@contextlib.contextmanager
def expect_error(*kinds: type[BaseException]) -> Iterator[None]:
    """Run code that a lesson expects to fail, and show the error's first line.

    Raises:
        RmqLabError: nothing failed. An error of another kind passes through.
    """
    try:
        yield
    except kinds as error:
        said = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        lines = textwrap.wrap(said, _WIDTH, break_long_words=False, break_on_hyphens=False)
        print(*lines, sep="\n")  # noqa: T201
    else:
        names = " or ".join(kind.__name__ for kind in kinds)
        raise RmqLabError(f"This should have failed with {names}, and did not.")
