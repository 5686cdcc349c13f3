"""An effect that happens once, however often its message comes: its key is in the same transaction.

    with closing(sqlite3.connect("stock.db")) as db:
        done_now = once(db, "order-7", lambda: db.execute("UPDATE stock SET teapots = teapots - 1"))

The key is the business's own (an order's number), not the message's id: a message that is sent again has
another id, and the same order in it. Two processes may try at the same time: the database's unique key lets
one of them in.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = "CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY)"
"""What the database needs; it lies beside the tables that effects change."""


def once(db: sqlite3.Connection, key: str, effect: Callable[[], object]) -> bool:
    """Do an effect and note its key, both or neither; return False if it was done before.

    Args:
        db: a connection to the database that the effect changes. Its transaction is committed here.
        key: what this effect is known by.
        effect: changes that database, and nothing besides.

    Raises:
        Exception: what `effect` raises; then nothing has happened, and the key is free.
    """
    db.execute(TABLE)
    with db:  # commits, or takes everything back
        try:
            db.execute("INSERT INTO done VALUES (?)", (key,))
        except sqlite3.IntegrityError:
            return False
        effect()
    return True
