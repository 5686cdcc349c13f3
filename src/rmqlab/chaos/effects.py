"""What the consumers of a trial do: one row for each effect, in a database of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from rmqlab.idempotence import TABLE

if TYPE_CHECKING:
    from pathlib import Path

_EFFECTS = "CREATE TABLE IF NOT EXISTS effects (message TEXT)"
_BUSY_S = 30.0


def make_effects(path: Path) -> None:
    """Make the database, before several processes open it: one alone may change the journal's mode."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        for table in (TABLE, _EFFECTS):
            db.execute(table)
        db.commit()


def open_effects(path: Path | str) -> sqlite3.Connection:
    """Open the database; a consumer's callbacks use one connection, from one thread at a time."""
    db = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    db.execute("PRAGMA synchronous=NORMAL")
    return db


def add_effect(db: sqlite3.Connection, message: str) -> None:
    """Do the work of a message."""
    db.execute("INSERT INTO effects VALUES (?)", (message,))


def count_effects(path: Path) -> tuple[int, int]:
    """Return how many effects happened more than once, and how many happened."""
    if not path.exists():
        return 0, 0
    with closing(sqlite3.connect(path, timeout=_BUSY_S)) as db:
        rows = db.execute("SELECT COUNT(*) FROM effects GROUP BY message").fetchall()
    return sum(count > 1 for (count,) in rows), len(rows)
