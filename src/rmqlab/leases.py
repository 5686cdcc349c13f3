"""Hold a cluster's lease while this process lives, and see to it that the supervisor runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import filelock

from rmqlab import records
from rmqlab.backends.process import DETACHED
from rmqlab.places import state_dir

if TYPE_CHECKING:
    from pathlib import Path

_held: dict[Path, threading.Event] = {}
_guard = threading.Lock()


def hold(name: str, lease_s: float) -> None:
    """Renew this process's lease, four times per lease or every 30 s, until `release` or its end.

    It is the lease of the cluster that has the name now: the program may turn to another state folder.
    """
    home, folder = state_dir(), records.folder(name)
    with _guard:
        if folder in _held:
            return
        done = _held[folder] = threading.Event()
    period = min(lease_s / 4, 30.0)

    def renew() -> None:
        while not done.wait(period) and records.renew_lease(folder):
            ensure_supervisor(home)
        with _guard:
            if _held.get(folder) is done:
                del _held[folder]

    threading.Thread(target=renew, name=f"rmqlab-lease-{name}", daemon=True).start()


def release(name: str) -> None:
    """Stop renewing."""
    with _guard:
        done = _held.pop(records.folder(name), None)
    if done:
        done.set()


def supervisor_lock(home: Path) -> filelock.FileLock:
    """Return the lock that the one supervisor of a state folder holds while it lives."""
    home.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(home / "supervisor.lock")


def ensure_supervisor(home: Path) -> None:
    """Start a state folder's supervisor unless it runs. A second one finds the lock taken and leaves."""
    lock = supervisor_lock(home)
    try:
        with lock.acquire(timeout=0):
            pass
    except filelock.Timeout:
        return
    with (home / "supervisor.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "rmqlab.supervisor"],
            cwd=home,
            env={**os.environ, "RMQLAB_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **DETACHED,
        )
