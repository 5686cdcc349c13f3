"""Hold a cluster's lease while this process lives, and see to it that the supervisor runs."""

from __future__ import annotations

import subprocess
import sys
import threading

import filelock

from rmqlab import records
from rmqlab.backends.process import DETACHED
from rmqlab.places import state_dir

_held: dict[str, threading.Event] = {}
_guard = threading.Lock()


def hold(name: str, lease_s: float) -> None:
    """Renew this process's lease, four times per lease or every 30 s, until `release` or its end."""
    with _guard:
        if name in _held:
            return
        done = _held[name] = threading.Event()
    period = min(lease_s / 4, 30.0)

    def renew() -> None:
        while not done.wait(period):
            if records.read(name) is None:
                break
            records.renew_lease(name)
            ensure_supervisor()
        with _guard:
            if _held.get(name) is done:
                del _held[name]

    threading.Thread(target=renew, name=f"rmqlab-lease-{name}", daemon=True).start()


def release(name: str) -> None:
    """Stop renewing."""
    with _guard:
        done = _held.pop(name, None)
    if done:
        done.set()


def supervisor_lock() -> filelock.FileLock:
    """Return the lock that the one supervisor of this user holds while it lives."""
    state_dir().mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(state_dir() / "supervisor.lock")


def ensure_supervisor() -> None:
    """Start the supervisor unless it runs. A second one finds the lock taken and leaves."""
    lock = supervisor_lock()
    try:
        with lock.acquire(timeout=0):
            pass
    except filelock.Timeout:
        return
    with (state_dir() / "supervisor.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "rmqlab.supervisor"],
            cwd=state_dir(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **DETACHED,
        )
