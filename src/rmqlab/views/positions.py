"""Flush and replication: up to where each broker's commit log is on the disk, readable, and copied.

A row is a broker, a slave below its master; all rows of one broker's name have the same scale, which has room
for the longest of their commit logs.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from rmqlab.observe import Interest
from rmqlab.views import position_row
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind
from rmqlab.views.markup import PAD, picture, shorten, text
from rmqlab.views.parts import LINE, head, notices, state_word
from rmqlab.views.position_row import WIDTH, Scale
from rmqlab.views.position_words import Words, controllers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.observe import Snapshot, Store, Stores, SyncSet
    from rmqlab.views.looker import Looker

_TOP = 72.0
_HEAD = ("broker", "role", "on disk", "readable", "copies", "end")


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs.

    Raises:
        TypeError: it takes no arguments.
    """
    if what:
        raise TypeError(f"the positions take no arguments, got {', '.join(sorted(what))}")
    return Interest(stores=True)


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:  # noqa: ARG001 - as all
    """Draw the commit logs of a snapshot."""
    stores = snapshot.stores
    parts, y, rows = [], _TOP, []
    for broker, members in groupby(stores.stores if stores else (), key=lambda store: store.broker):
        group = tuple(members)
        sync_set = next((each for each in stores.sync_sets if each.broker == broker), None)
        drawn, y = _group(broker, group, sync_set, stores, y)
        parts.append(drawn)
        rows += [_cells(store, group, stores) for store in group]
        if sync_set:
            rows.append((f"{broker}: controller", "", "", "", controllers(sync_set), ""))
    if rows:
        drawn, y = position_row.legend(y, copies=any(store.copies for store in stores.stores))
        parts.append(drawn)
    else:
        parts.append(text(PAD, y + 12, "No broker to show." if snapshot.gaps else "Reading …", "f-soft"))
        y += 24
    missing = _sentences(snapshot, looker)
    if missing:
        parts.append(notices(PAD + 2, y + 12, missing))
        y += len(missing) * LINE + 6
    title, subtitle = "Commit logs", _subtitle(stores)
    label = f"{title}: {subtitle}"
    svg = picture(WIDTH, y + PAD, label, head(WIDTH, title, subtitle, looker) + "".join(parts))
    if stores and stores.relative:  # a still's offsets have no end to name
        return Drawing(label, svg, _HEAD[:-1], tuple(row[:-1] for row in rows), missing)
    return Drawing(label, svg, _HEAD, tuple(rows), missing)


def _group(
    broker: str, group: tuple[Store, ...], sync_set: SyncSet | None, stores: Stores, y: float
) -> tuple[str, float]:
    scale = Scale.of(group, rough=stores.relative)
    name = f"replicas of {shorten(broker, 12)}" if len(group) > 1 else shorten(broker, 18)
    parts = [
        text(PAD, y, name, "f-ink b"),
        text(position_row.LEFT, y, scale.caption, "f-soft c"),
    ]
    if sync_set:
        y += LINE
        parts.append(text(PAD, y, f"controller: {controllers(sync_set)}", "f-soft s"))
    y += 12
    for store in group:
        parts.append(position_row.draw(store, group, scale, y))
        y += position_row.height(store, group)
    return "".join(parts), y + 14


def _subtitle(stores: Stores | None) -> str:
    known = [store for store in stores.stores if not store.silent] if stores else []
    if not known:
        return "no broker is known"
    words = Words(rough=stores.relative)
    late = [
        f"{store.node} has {words.on_disk(store)} on disk"
        for store in known
        if store.flushed < store.max_offset
    ]
    late += [
        words.copied(store, copy) for store in known for copy in store.copies if copy.acked < store.max_offset
    ]
    nothing = "nothing is far behind" if stores.relative else "nothing is behind"
    return "; ".join(late) or f"{count(len(known), 'broker')}, {nothing}"


def _cells(store: Store, group: tuple[Store, ...], stores: Stores) -> tuple[str, ...]:
    role = "master" if store.is_master else "slave"
    if store.silent and stores.relative:
        return (store.node, f"{role}, {state_word(store.silent)}", "", "", "", "")
    words = Words(rough=stores.relative)
    return (
        store.node,
        f"{role}, {state_word(store.silent)}" if store.silent else role,
        words.on_disk(store),
        words.readable(store),
        "; ".join(said for said, _ in words.copies(store, group)),
        f"{store.max_offset:,}",
    )


def _sentences(snapshot: Snapshot, looker: Looker) -> tuple[str, ...]:
    sentences = [looker.notice]
    for gap in snapshot.gaps:
        if gap.reason in {"down", "paused"}:
            sentences.append(
                f"{gap.source} is {gap.reason}: its numbers are the last that were seen, if any."
            )
        else:
            sentences.append(f"{gap.source}: {gap.reason}.")
    if snapshot.stores and snapshot.stores.shared:
        sentences.append(
            "These brokers keep the messages of others, too: a commit log holds what everybody sends."
        )
    return tuple(filter(None, sentences))


KIND = Kind("positions", interest, draw)
