"""The supervisor: one small process per user that ends clusters nobody uses any more, and then itself.

It works from the records alone, so it can be killed at any time: whoever uses a cluster next starts it again.
"""

from __future__ import annotations

import sys
import time

import filelock
import psutil

from rmqlab import records
from rmqlab.cluster import end_if
from rmqlab.leases import supervisor_lock
from rmqlab.places import state_dir

TICK_S = 1.0
IDLE_TICKS = 5
SLEPT_S = 20.0
"""A tick that took this long: the machine slept, and kernels get time to renew before anything ends."""

GRACE_S = 60.0

PROBED_S = 2.0
"""Whoever looks whether a supervisor runs holds its lock for a moment: that must not turn a new one away."""


def is_abandoned(record: records.Record) -> bool:
    """Tell whether a cluster's lease ran out, or its start was cut off."""
    if record.starter and not psutil.pid_exists(record.starter):
        return True
    left = records.lease_left_s(record)
    return left is not None and left < 0


def _why(record: records.Record) -> str:
    unused = record.lease_s or 0
    span = f"{unused / 60:.0f} minutes" if unused >= 120 else f"{unused:.0f} seconds"  # noqa: PLR2004
    return f"nobody used it for {span} (a computer that sleeps uses nothing)"


def watch() -> None:
    """End abandoned clusters until there is nothing left to watch."""
    idle = 0
    last = time.time()
    grace_until = 0.0
    while idle < IDLE_TICKS and state_dir().exists():
        time.sleep(TICK_S)
        now = time.time()
        if now - last > SLEPT_S:
            grace_until = now + GRACE_S
        last = now
        watched = [r for r in records.all_records() if r.lease_s is not None or r.starter]
        idle = 0 if watched else idle + 1
        if now < grace_until:
            continue
        for record in watched:
            if is_abandoned(record) and end_if(record.name, is_abandoned, why=_why(record)):
                print(f"{time.strftime('%F %T')} ended {record.name}: nobody used it", flush=True)  # noqa: T201


def main() -> int:
    """Watch, unless another supervisor does."""
    try:
        with supervisor_lock(state_dir()).acquire(timeout=PROBED_S):
            watch()
    except filelock.Timeout:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
