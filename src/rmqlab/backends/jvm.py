"""What the JVM of a node gets and where it logs, whatever it runs in."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rmqlab.plan import NodeSpec

JVM_OPTIONS = (
    "-XX:+UseSerialGC",  # one small heap: no use for parallel collectors
    "-XX:TieredStopAtLevel=1",  # quick to start; a lab never runs hot for long
    "-Xss512k",
    "-XX:-UsePerfData",
    "-XX:+PerfDisableSharedMem",
)

CONSOLE = "console.log"
_LOGS = {
    "mqnamesrv": "rocketmqlogs/namesrv.log",
    "mqbroker": "rocketmqlogs/broker.log",
    "mqproxy": "rocketmqlogs/proxy.log",
    "kafka": "server.log",
}


def log_tail(spec: NodeSpec, folder: Path, lines: int) -> str:
    """Return the end of a node's own log, and of what it printed where that goes to a file."""
    files = [folder / CONSOLE]
    if spec.program in _LOGS:
        files.insert(0, folder / "logs" / _LOGS[spec.program])
    tails = []
    for file in files:
        with contextlib.suppress(OSError):
            text = file.read_text(encoding="utf-8", errors="replace").rstrip()
            if text:
                tails.append("\n".join(text.splitlines()[-lines:]))
    return "\n".join(tails)
