"""`rmqlab bench client`: our client and the gRPC client beside the Java client driven by JPype alone.

All of them talk to one broker, in one process, in turns. What is compared with JPype is our library's share:
everything between `producer.send(message)` and Java's `producer.send(message)`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from rich.table import Table

from rmqlab.bench.bars import draw
from rmqlab.bench.ways import Bench
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from rmqlab.bench.ways import Found, Measured

BUDGET = 0.9
"""The classic client's sync rate must be at least this share of the Java client's."""

WARRANTED = "classic sync"
"""The way for which the budget holds."""

TOPOLOGY = "proxy"


def _waits(measured: Measured | None) -> str:
    if measured is None or measured.p50_ms is None or measured.p99_ms is None:
        return "-"
    return f"{_short(measured.p50_ms)} / {_short(measured.p99_ms)}"


def _short(milliseconds: float) -> str:
    return f"{milliseconds:.0f}" if milliseconds >= 100 else f"{milliseconds:.2g}"  # noqa: PLR2004


def _table(found: list[Found]) -> Table:
    table = Table(
        *("what", "B", "ours /s", "JPype /s", "ratio", "gRPC /s"),
        *(f"{who} p50 / p99 ms" for who in ("ours", "JPype", "gRPC")),
        caption="JPype: the Java client, driven by JPype alone",
    )
    for one in found:
        ours, *grpc = one.others
        theirs = grpc[0] if grpc else None
        table.add_row(
            one.way,
            f"{one.body_bytes:,}",
            f"{ours.rate:,.0f}",
            f"{one.java.rate:,.0f}",
            f"{ours.share:.2f}",
            f"{theirs.rate:,.0f}" if theirs else "-",
            *(_waits(each) for each in (ours, one.java, theirs)),
        )
    return table


def run(rounds: int, console: Console, plot: Path | None = None) -> int:
    """Start a throw-away cluster, measure, print; return 0 if the budget is kept, else 1.

    Args:
        rounds: of each way; the median turn counts.
        console: where to print.
        plot: where to write the picture (SVG).
    """
    cluster = start_cluster(TOPOLOGY, backend="process", name=f"bench-{uuid.uuid4().hex[:6]}", lease_s=1200)
    try:
        bench = Bench(cluster, rounds)
        try:
            found = bench.measure()
        finally:
            bench.close()
    finally:
        cluster.stop(keep_files=False)
    console.print(_table(found))
    if plot is not None:
        plot.write_text(draw(found), encoding="utf-8")
        console.print(f"picture: {plot}")
    ratio = min(one.others[0].share for one in found if one.way == WARRANTED)
    console.print(
        f"{WARRANTED}: ratio {ratio:.3f}, budget {BUDGET}: {'kept' if ratio >= BUDGET else 'MISSED'}"
    )
    return 0 if ratio >= BUDGET else 1
