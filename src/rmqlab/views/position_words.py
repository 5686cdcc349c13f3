"""What is said of a commit log's positions: in the picture, in its table, in its title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.views.markup import shorten
from rmqlab.views.sizes import amount, order_of

if TYPE_CHECKING:
    from rmqlab.observe import Copy, Store, SyncSet


class Words:
    """Says it exactly, or (`rough`) as a still does, which keeps orders of magnitude only."""

    def __init__(self, *, rough: bool) -> None:
        self._rough = rough

    def on_disk(self, store: Store) -> str:
        """Return `all`, or what is written and not on the disk."""
        missing = store.max_offset - store.flushed
        if missing <= 0 and self._rough and not store.sync_flush:
            return "all but 16 KiB at most"
        return self._all_but(missing, store.flushed_within)

    def readable(self, store: Store) -> str:
        """Return `all`, or what is written and not dispatched to the queues."""
        if store.dispatched is None:
            return "unknown"
        return self._all_but(store.max_offset - store.dispatched)

    def copied(self, store: Store, copy: Copy) -> str:
        """Return what a slave has, by its name."""
        missing = store.max_offset - copy.acked
        what = "has all" if missing <= 0 else f"lacks {self._size(missing)}"
        return f"{shorten(copy.slave or 'a slave', 14)} {what}"

    def copies(self, store: Store, group: tuple[Store, ...]) -> list[tuple[str, bool]]:
        """Return what is said of each slave of a master, and whether RocketMQ counts it as in sync."""
        said = [
            (f"{self.copied(store, copy)}, {'in sync' if copy.in_sync else 'not in sync'}", copy.in_sync)
            for copy in store.copies
        ]
        slaves = sum(not each.is_master for each in group)
        if store.is_master and slaves > len(store.copies):
            said.append(("a slave is not connected" if said else "no slave is connected", False))
        return said

    def _all_but(self, missing: int, within: int = 0) -> str:
        return "all" if missing <= 0 else f"all but {self._size(missing, within)}"

    def _size(self, size: int, within: int = 0) -> str:
        return order_of(size) if self._rough else amount(size, within)


def role_of(store: Store) -> str:
    """Return what a broker is now, and what its sends wait for."""
    role = "master" if store.is_master else "slave"
    return f"{role}, {'SYNC' if store.sync_flush else 'ASYNC'}_FLUSH"


def controllers(sync_set: SyncSet) -> str:
    """Return what the controller says of a broker's replicas."""
    out = f"; not in it: {', '.join(sync_set.others)}" if sync_set.others else ""
    master = sync_set.master or "nobody"
    return f"the master is {master}; in the sync-state set: {', '.join(sync_set.in_sync) or 'nobody'}{out}"
