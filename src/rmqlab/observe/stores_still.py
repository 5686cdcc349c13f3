"""Commit logs as they are kept in a saved notebook: equal from run to run.

Offsets are not: what a broker writes for itself lies between the messages. Distances are nearly, so they stay
as orders of magnitude, and offsets count from the end of each broker's commit log back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rmqlab.observe.stores import Store, Stores

UNFLUSHED = 16 * 1024
"""With ASYNC_FLUSH so much may wait for ten seconds (flushCommitLogLeastPages, ...ThoroughInterval)."""

_LEAST = 1024


def magnitude(distance: int) -> int:
    """Return the lower end of a distance's order of magnitude: 0, 1 byte, 1 KiB, 10 KiB, 100 KiB, ..."""
    if distance <= 0:
        return 0
    if distance < _LEAST:
        return 1
    least = _LEAST
    while distance >= least * 10:
        least *= 10
    return least


def still_stores(stores: Stores) -> Stores:
    """Return commit logs without what differs between two runs that do the same."""
    ends: dict[str, int] = {}
    for store in stores.stores:
        if not store.silent:
            ends[store.broker] = max(ends.get(store.broker, 0), store.max_offset)
    return replace(
        stores,
        relative=True,
        stores=tuple(_still(store, ends.get(store.broker, 0)) for store in stores.stores),
    )


def _still(store: Store, end: int) -> Store:
    kept = replace(store, min_offset=0, flushed_within=0, put_per_s=None, get_per_s=None, disk_used=None)
    if store.silent:  # what was known of it depends on when somebody last looked
        return replace(kept, max_offset=0, flushed=0, dispatched=None, copies=())
    own_end = -magnitude(end - store.max_offset)
    unflushed = store.max_offset - store.flushed
    if not store.sync_flush and unflushed <= UNFLUSHED:
        unflushed = 0
    behind = None if store.dispatched is None else store.max_offset - store.dispatched
    return replace(
        kept,
        max_offset=own_end,
        flushed=own_end - magnitude(unflushed),
        dispatched=None if behind is None else own_end - magnitude(behind),
        copies=tuple(
            replace(copy, acked=own_end - magnitude(store.max_offset - copy.acked)) for copy in store.copies
        ),
    )
