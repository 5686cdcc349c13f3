"""Reading a table whose rows belong to orders, while others write to it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def numbers_by_order(path: Path, query: str, *, timeout_s: float) -> dict[str, tuple[int, ...]]:
    """Return the numbers of each order, in their order.

    Args:
        path: the database's.
        query: selects an order's number and an integer.
        timeout_s: how long to wait for a writer.
    """
    found: dict[str, list[int]] = defaultdict(list)
    with closing(sqlite3.connect(path, timeout=timeout_s)) as db:
        for order, number in db.execute(query):
            found[str(order)].append(int(number))
    return {order: tuple(numbers) for order, numbers in found.items()}
