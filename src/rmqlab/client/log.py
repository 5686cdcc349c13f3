"""The Java client's log: one file a process, so its place and level are one for all clients of the process.

It opens with the first client. Until then a program may choose (SetProducerLogPath and its siblings); the
level may change at any time. RocketMQ's own set-up (rmq.client.logback.xml) fixes the size of a log file at
64 MB.
"""

from __future__ import annotations

import threading
from pathlib import Path

from rmqlab.client.boundary import RefusedError
from rmqlab.client.java import java_class, log_folder

LEVELS = {1: "ERROR", 2: "ERROR", 3: "WARN", 4: "INFO", 5: "DEBUG", 6: "TRACE", 7: "TRACE"}
"""C's CLogLevel in the words of Java's logback, which has no FATAL."""

FILE_SIZE = 64 * 1024 * 1024
_lock = threading.Lock()
_chosen: dict[str, str] = {}
_opened = False


def _choose(name: str, value: str, what: str) -> None:
    with _lock:
        if _opened and _chosen.get(name) != value:
            raise RefusedError(
                f"{what} cannot change any more: the Java client's log is open in {folder()}, "
                "and a process has one. Set it before the first start() of the process"
            )
        _chosen[name] = value


def folder() -> Path:
    """Return where the Java client of this process writes rocketmq_client.log."""
    return Path(_chosen.get("rocketmq.log.root", log_folder()))


def set_folder(path: str) -> None:
    """Choose the folder of the log."""
    _choose("rocketmq.log.root", str(Path(path).expanduser().absolute()), "the log path")


def set_files(count: int, size: int) -> None:
    """Choose how many old files are kept; their size is RocketMQ's own.

    Raises:
        RefusedError: another size was asked for, or the log is open.
    """
    if size != FILE_SIZE:
        raise RefusedError(
            f"the Java client's log files have {FILE_SIZE} bytes each: a size of {size} cannot be set"
        )
    _choose("rocketmq.log.file.maxIndex", str(count), "the number of log files")


def set_level(level: int) -> None:
    """Choose the level (C's CLogLevel, 1 FATAL to 6 TRACE)."""
    if level not in LEVELS:
        raise RefusedError(f"log level {level}: the levels are 1 (FATAL) to 6 (TRACE)")
    _choose("rocketmq.log.level", LEVELS[level].lower(), "the log level")


def open_log() -> None:
    """Tell Java what was chosen; call it before the first Java client is made."""
    global _opened  # noqa: PLW0603  (one log a process)
    with _lock:
        if _opened:
            return
        system = java_class("java.lang.System")
        for name, value in _chosen.items():
            system.setProperty(name, value)
        _opened = True
