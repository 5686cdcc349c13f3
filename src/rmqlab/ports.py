"""Lease blocks of ports to clusters, so that many start at once on one machine without colliding.

A lease is a file that only one process can create. Blocks lie between 10000 and 32760: above begin the
ephemeral ports, where a client that polls a closed port can connect to itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
import zlib
from typing import TYPE_CHECKING

import psutil

from rmqlab.errors import PortTakenError
from rmqlab.places import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FIRST, _LAST = 10000, 32760


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether nobody listens on a port, by listening there for a moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if (
            os.name == "posix"
        ):  # a port of a connection that just closed is free; on Windows the option would share it
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def who_listens(port: int) -> str:
    """Return name and pid of the process that listens on a port; empty where that cannot be seen."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""


def require_free(port: int) -> None:
    """Check a port that somebody asked for by number.

    Raises:
        PortTakenError: it is taken; the message says by whom where that can be seen.
    """
    if not 1 <= port < 2**16:
        raise PortTakenError(f"{port} is not a port number: they go from 1 to 65535.")
    if not is_free(port):
        who = who_listens(port) or "another program"
        raise PortTakenError(
            f"Port {port} is taken by {who}. End it, choose another port, or leave the choice to rmqlab."
        )


def lease_block(owner: str, size: int, is_owner_alive: Callable[[str], bool]) -> int:
    """Lease `size` neighbouring free ports to a cluster and return the first.

    Args:
        owner: The cluster's name.
        size: How many ports.
        is_owner_alive: Tells whether a cluster still has a record; leases of others are taken over.

    Raises:
        PortTakenError: there is no free block left.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    blocks = range(_FIRST, _LAST - size, size)
    # Leases hold among the clusters of one state folder. Other users, or a test session beside a lab, have
    # folders of their own and see a port as taken only once somebody listens: so each begins somewhere else.
    begin = zlib.crc32(str(state_dir()).encode()) % len(blocks)
    for base in (*blocks[begin:], *blocks[:begin]):
        claim = folder / str(base)
        if claim.exists() and not _drop_if_stale(claim, is_owner_alive):
            continue
        try:
            with claim.open("x", encoding="utf-8") as file:
                json.dump({"owner": owner, "pid": os.getpid()}, file)
        except FileExistsError:
            continue
        if all(is_free(port) for port in range(base, base + size)):
            return base
        claim.unlink(missing_ok=True)
    raise PortTakenError(
        "No block of free ports is left between 10000 and 32760. `rmqlab down --all` frees ours."
    )


def release(owner: str) -> None:
    """Give back every block of a cluster."""
    for claim in _folder().glob("[0-9]*"):
        if _read(claim).get("owner") == owner:
            claim.unlink(missing_ok=True)


def leased() -> dict[int, str]:
    """Return the leased blocks: first port to owner."""
    return {int(claim.name): _read(claim).get("owner", "?") for claim in _folder().glob("[0-9]*")}


def _folder() -> Path:
    return state_dir() / "ports"


def _read(claim: Path) -> dict[str, str | int]:
    try:
        return json.loads(claim.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _drop_if_stale(claim: Path, is_owner_alive: Callable[[str], bool]) -> bool:
    content = _read(claim)
    if not content:  # being written this moment, or left half-written by a process that died
        with contextlib.suppress(OSError):
            if time.time() - claim.stat().st_mtime > 5:  # noqa: PLR2004
                claim.unlink(missing_ok=True)
                return True
        return False
    if psutil.pid_exists(int(content["pid"])) or is_owner_alive(str(content["owner"])):
        return False
    claim.unlink(missing_ok=True)
    return True
