"""Lease blocks of ports to clusters, so that many start at once on one machine without colliding.

A lease is a file that only one process can create, in one folder a machine. Blocks lie between 10000 and
32760: above begin the ephemeral ports, where a client that polls a closed port can connect to itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
import time
from pathlib import Path

import filelock
import psutil

from rmqlab.errors import PortTakenError
from rmqlab.places import state_dir

_FIRST, _LAST = 10000, 32760
_HALF_WRITTEN_S = 5.0


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


def lease_block(owner: str, size: int, proof: Path) -> int:
    """Lease `size` neighbouring free ports to a cluster and return the first.

    Args:
        owner: The cluster's name.
        size: How many ports.
        proof: The lease holds while this process lives or this file exists; then it may be taken over.

    Raises:
        PortTakenError: there is no free block left.
    """
    folder = _folder()
    blocks = range(_FIRST, _LAST - size, size)
    with _one_at_a_time(folder).acquire(poll_interval=0.01):
        for base in blocks:
            claim = folder / str(base)
            if claim.exists() and not _drop_if_stale(claim):
                continue
            try:
                with claim.open("x", encoding="utf-8") as file:
                    json.dump({"owner": _full_name(owner), "pid": os.getpid(), "proof": str(proof)}, file)
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
        if _read(claim).get("owner") == _full_name(owner):
            claim.unlink(missing_ok=True)


def leased() -> dict[int, str]:
    """Return the blocks leased to clusters of this state folder: first port to owner."""
    prefix = _full_name("")
    owners = {int(claim.name): str(_read(claim).get("owner", "")) for claim in _folder().glob("[0-9]*")}
    return {base: owner.removeprefix(prefix) for base, owner in owners.items() if owner.startswith(prefix)}


def _full_name(owner: str) -> str:
    """Names are one's own within a state folder; the leases are the machine's."""
    return f"{state_dir()}:{owner}"


def _folder() -> Path:
    """Return where the leases of this machine lie: other users, and test sessions, lease there too."""
    folder = Path(tempfile.gettempdir()) / "rmqlab-ports"
    if not folder.exists():
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):
            folder.chmod(0o1777)  # all may claim, and give back only what is theirs
    return folder


def _one_at_a_time(folder: Path) -> filelock.FileLock:
    """Return the lock under which this user's processes lease.

    Two that find the same stale lease would each drop it, and the second would drop the first's new one.
    Among users that cannot be: in a sticky folder nobody drops what is another's.
    """
    user = os.getuid() if hasattr(os, "getuid") else "all"
    return filelock.FileLock(folder / f"lock-{user}")


def _read(claim: Path) -> dict[str, str | int]:
    try:
        return json.loads(claim.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _drop_if_stale(claim: Path) -> bool:
    content = _read(claim)
    try:
        if content:
            is_stale = not psutil.pid_exists(int(content["pid"])) and not Path(str(content["proof"])).exists()
        else:  # being written this moment, or left half-written by a process that died
            is_stale = time.time() - claim.stat().st_mtime > _HALF_WRITTEN_S
        if is_stale:
            claim.unlink(missing_ok=True)
    except OSError:  # another user's, who shows us nothing
        return False
    return is_stale
