"""The gRPC client's log: one file beside the Java client's, and nothing on the terminal.

The package itself logs to ~/logs/rocketmq_python. What escapes its logger is caught here as well: exceptions
that its callbacks raise into `concurrent.futures` and `asyncio`, which would print them into whatever cell
runs. What gRPC's own core writes to standard error is turned off where it is imported (`grpc_import`).
"""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from rmqlab.places import state_dir

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

NAME = "rocketmq-python-client"
_FILE_SIZE = 16 * 1024 * 1024
_FORMAT = "%(asctime)s %(levelname)s %(threadName)s - %(message)s"


def log_file() -> Path:
    """Return where the gRPC client logs; `RMQLAB_HOME` moves it, before its first import."""
    return state_dir() / "logs" / "rocketmq_grpc_client.log"


class _LogFile(RotatingFileHandler):
    """A file that says nothing on the terminal when it cannot be written."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        pass


class _Stray(logging.Filter):
    """Takes what the gRPC client let escape out of another logger, and into the client's."""

    def __init__(self, client: logging.Logger) -> None:
        super().__init__()
        self._client = client

    def filter(self, record: logging.LogRecord) -> bool:
        trace = record.exc_info[2] if record.exc_info else None
        if not _comes_from_client(trace):
            return True
        self._client.handle(record)
        return False


def _comes_from_client(trace: TracebackType | None) -> bool:
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith("rocketmq.v5."):
            return True
        trace = trace.tb_next
    return False


def logger() -> logging.Logger:
    """Return the gRPC client's logger, writing to `log_file()` from now on."""
    client = logging.getLogger(NAME)
    if not any(isinstance(handler, _LogFile) for handler in client.handlers):
        log_file().parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(log_file(), maxBytes=_FILE_SIZE, backupCount=2, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter(_FORMAT))
        client.addHandler(handler)
        client.setLevel(logging.INFO)
        client.propagate = False
        for other in ("asyncio", "concurrent.futures"):
            logging.getLogger(other).addFilter(_Stray(client))
    return client
