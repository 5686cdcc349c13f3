"""A bank with an HTTP service on 127.0.0.1, which can be slow, or away; its book is a file.

POST /charge {"number": "7", "amount": 40, "card": "valid", "key": "7"}
    200: charged (with a key that it knows: charged before, and not again)
    402: the card is empty, nothing was charged
    503: not now, nothing was charged
POST /refund {"number": "7"}
    200: what was charged for this order is given back; nothing if there is nothing
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from rmqlab.capstone.tables import numbers_by_order

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

OK, EMPTY, AWAY = 200, 402, 503
SLOW_S = 2.5
"""A slow bank charges at once, and answers so much later."""

_TABLE = "CREATE TABLE IF NOT EXISTS book (key TEXT, number TEXT, amount INTEGER)"


def read_book(path: Path) -> dict[str, tuple[int, ...]]:
    """Return what a bank has booked for each order: more than 0 for a charge, less than 0 for a refund."""
    return numbers_by_order(path, "SELECT number, amount FROM book ORDER BY rowid", timeout_s=10)


class Bank:
    """A bank that is open until `close()`, or the end of `with`.

    Args:
        path: where its book is kept (SQLite).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._slow = self._away = 0
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(_TABLE)
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        ).start()

    @property
    def address(self) -> str:
        """Where it listens, `host:port`."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    @property
    def book(self) -> dict[str, tuple[int, ...]]:
        """What it has booked for each order."""
        return read_book(self.path)

    def hurt(self, *, slow: int = 0, away: int = 0) -> tuple[int, int]:
        """Let so many charges be answered too late, and then so many be refused.

        Returns:
            What was left of the last time: how many were not answered too late yet, and how many not refused.
        """
        with self._lock:
            left = self._slow, self._away
            self._slow, self._away = slow, away
            return left

    @property
    def is_well(self) -> bool:
        """Whether it is neither slow nor away."""
        return not (self._slow or self._away)

    def charge(self, number: str, amount: int, card: str, key: str | None) -> tuple[int, float]:
        """Charge, unless the key says that it was done; return the status, and how late the answer is."""
        with self._lock, self._db:
            if self._away and not self._slow:
                self._away -= 1
                return AWAY, 0.0
            if card == "empty":
                return EMPTY, 0.0
            if key and self._db.execute("SELECT 1 FROM book WHERE key = ?", (key,)).fetchone():
                return OK, 0.0
            self._db.execute("INSERT INTO book VALUES (?, ?, ?)", (key, number, amount))
            if self._slow:
                self._slow -= 1
                return OK, SLOW_S
            return OK, 0.0

    def refund(self, number: str) -> int:
        """Give back what was charged for an order; return the status."""
        with self._lock, self._db:
            asked = "SELECT SUM(amount) FROM book WHERE number = ?"
            (charged,) = self._db.execute(asked, (number,)).fetchone()
            if charged:
                self._db.execute("INSERT INTO book VALUES (NULL, ?, ?)", (number, -charged))
        return OK

    def close(self) -> None:
        """Close it; its book stays."""
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a slow answer holds up nobody

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever asked is dead, or has lost patience."""


def _handler(bank: Bank) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            number, late_s = str(asked.get("number")), 0.0
            if self.path == "/refund":
                status = bank.refund(number)
            else:
                how = (int(asked.get("amount", 0)), str(asked.get("card", "valid")), asked.get("key"))
                status, late_s = bank.charge(number, *how)
            time.sleep(late_s)
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:  # a notebook is no log
            pass

    return Handler
