"""The shop's database: its tables, and what is in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from rmqlab.capstone.tables import numbers_by_order

if TYPE_CHECKING:
    from pathlib import Path

SHOP_TABLES = (
    "CREATE TABLE orders (number TEXT PRIMARY KEY, pieces INTEGER, state TEXT)",
    "CREATE TABLE moves  (number TEXT, pieces INTEGER)",
    "CREATE TABLE outbox (number TEXT PRIMARY KEY, body TEXT, sent INTEGER DEFAULT 0)",
    "CREATE TABLE done   (system TEXT, number TEXT, PRIMARY KEY (system, number))",
)
"""What an order system finds in its database: `orders` (state: open, paid, cancelled), `moves` of the stock
(-2: two pieces were reserved, 2: two came back), and two tables that it may use as it likes."""

_PATIENCE_S = 20.0


def make_shop(path: Path) -> None:
    """Make the shop's database, empty; readers and a writer do not wait for each other (WAL)."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        for table in SHOP_TABLES:
            db.execute(table)
        db.commit()


def read_states(path: Path) -> dict[str, str]:
    """Return each order's state."""
    with closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as db:
        return {str(number): str(state) for number, state in db.execute("SELECT number, state FROM orders")}


def read_moves(path: Path) -> dict[str, tuple[int, ...]]:
    """Return what moved in the stock for each order, in its order."""
    return numbers_by_order(path, "SELECT number, pieces FROM moves ORDER BY rowid", timeout_s=_PATIENCE_S)
