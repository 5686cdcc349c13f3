"""`rmqlab bench ledger`: what it costs to report to the delivery ledger, and to reconcile it.

A reporting producer and a plain one take turns after a few sends on one broker. The median send counts, so
that a stall falls on one send and not on one side.
"""

from __future__ import annotations

import statistics
import time
import uuid
from typing import TYPE_CHECKING, Any

from rich.table import Table

from rmqlab.client.admin import Admin
from rmqlab.ledger import Ledger
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from rich.console import Console

_TURNS, _WARM_UP_TURNS = 150, 50
_SENDS_A_TURN = 20
_BUDGET = 0.9
_ONEWAY = 100_000
_BODY = b"x" * 100
_STORED_S = 120.0


def run(console: Console) -> int:
    """Start a cluster, measure, print a table; return 1 if the budget was missed."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    cluster = start_cluster("single", backend="process", name=name, lease_s=600)
    try:
        with Admin(cluster.namesrv, timeout_s=15) as admin:
            admin.create_topic("orders", queues=4)
            admin.create_topic("many", queues=4)
            plain, reporting = _sends(cluster)
            many_s, reconcile_s, messages = _reconciled(cluster, admin)
    finally:
        cluster.stop()
    table = Table("what", "measured", "budget")
    table.add_row("sync send, plain", f"{1 / plain:,.0f}/s", "")
    table.add_row("sync send through the ledger", f"{1 / reporting:,.0f}/s", "")
    table.add_row("the second as a share of the first", f"{plain / reporting:.3f}", f"{_BUDGET}")
    table.add_row(f"{messages:,} oneway sends through the ledger", f"{many_s:.1f} s", "")
    table.add_row(
        f"{messages:,} messages read from the broker and reconciled", f"{reconcile_s:.1f} s", "seconds"
    )
    console.print(table)
    return int(plain / reporting < _BUDGET)


def _sends(cluster: Any) -> tuple[float, float]:
    """Return the median seconds of a plain sync send and of one that is reported."""
    from rmqlab.client import Message, Producer  # noqa: PLC0415  (what is measured)

    ledger = Ledger(cluster, "sends")
    took: tuple[list[float], list[float]] = ([], [])
    with (
        Producer("plain", namesrv=cluster.namesrv) as plain,
        ledger.producer(Producer("reporting", namesrv=cluster.namesrv)) as reporting,
    ):
        for turn in range(_WARM_UP_TURNS + _TURNS):
            for side, producer in enumerate((plain, reporting)):
                for _ in range(_SENDS_A_TURN):
                    began = time.perf_counter()
                    producer.send(Message("orders", _BODY, keys=f"order-{turn}"))
                    if turn >= _WARM_UP_TURNS:
                        took[side].append(time.perf_counter() - began)
    return statistics.median(took[0]), statistics.median(took[1])


def _reconciled(cluster: Any, admin: Admin) -> tuple[float, float, int]:
    """Send many messages oneway, and reconcile once the broker has them; return both times, and how many."""
    from rmqlab.client import Message, Producer  # noqa: PLC0415

    ledger = Ledger(cluster, "many")
    began = time.perf_counter()
    with ledger.producer(Producer("many", namesrv=cluster.namesrv)) as producer:
        for number in range(_ONEWAY):
            producer.send_oneway(Message("many", _BODY, keys=f"order-{number % 1000}"))
    sent_s = time.perf_counter() - began
    deadline, before = time.monotonic() + _STORED_S, -1
    while time.monotonic() < deadline:  # oneway: until no more come
        stored = sum(extent.max_offset for extent in admin.topic_stats("many").values())
        if stored in {before, _ONEWAY}:
            break
        before = stored
        time.sleep(1)
    began = time.perf_counter()
    account = ledger.reconcile()
    return sent_s, time.perf_counter() - began, len(account.entries)
