"""Commit logs: up to where each is written, on the disk, dispatched to consumers, and copied to slaves.

Our own brokers say all that to the byte. Of others (under a controller, on clusters that others run, 4.9) the
runtime figures say how much is not flushed in rounded words (`1.4 MiB`): then `flushed_within` is by how much
the position may be wrong.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rmqlab.client.store_facts import Positions, ReplicaSet, StoreSettings
from rmqlab.observe.stores_still import still_stores

if TYPE_CHECKING:
    from rmqlab.observe.asking import Asking
    from rmqlab.observe.snapshot import NodeState

_FIGURES_LIFE_S = 2.0
_ROUNDED_LIFE_S = 0.5
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}


@dataclass(frozen=True, slots=True)
class Copy:
    """A slave as its master sees it.

    Attributes:
        slave: its node's name; empty where the master has several on one machine, and does not say which.
        acked: the commit log offset up to which it has everything, by its own word.
        in_sync: RocketMQ's word: less than haMaxGapNotInSync (256 MB) behind, or in the sync-state set.
    """

    slave: str
    acked: int
    in_sync: bool


@dataclass(frozen=True, slots=True)
class Store:
    """One broker's commit log; offsets are bytes.

    Of a broker that does not answer, `silent` says why in one word, and the rest is what was last known.

    Attributes:
        node: the node's name.
        broker: the broker's name, which a master and its slaves share.
        is_master: whether it is one now; under a controller that changes.
        min_offset, max_offset: where the commit log begins and ends.
        flushed: up to where it is on the disk, exact or within so many bytes (`flushed_within`).
        dispatched: up to where consumers can read; None where nobody says.
        sync_flush: whether a send waits for the disk (flushDiskType).
        copies: a master's slaves that are connected.
        put_per_s, get_per_s: messages stored and handed out in a second, the average of the last 10 s
            (putTps, getTransferredTps); None for a broker that is younger than that.
        disk_used: the share of the disk that is used, by whomever (commitLogDiskRatio); None if unknown.
    """

    node: str
    broker: str
    is_master: bool
    min_offset: int = 0
    max_offset: int = 0
    flushed: int = 0
    flushed_within: int = 0
    dispatched: int | None = None
    sync_flush: bool = False
    copies: tuple[Copy, ...] = ()
    put_per_s: float | None = None
    get_per_s: float | None = None
    disk_used: float | None = None
    silent: str = ""


@dataclass(frozen=True, slots=True)
class SyncSet:
    """What the controller says of one broker's replicas, by the nodes' names."""

    broker: str
    master: str
    in_sync: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stores:
    """The commit logs of a cluster.

    Attributes:
        stores: by broker, each one's master first.
        sync_sets: the controller's word, where there is one.
        shared: others' messages are in them.
        relative: offsets count from the end back, in orders of magnitude (a still's do).
    """

    stores: tuple[Store, ...] = ()
    sync_sets: tuple[SyncSet, ...] = ()
    shared: bool = False
    relative: bool = False

    def still(self) -> Stores:
        """Return it without what differs from run to run: see `stores_still`."""
        return still_stores(self)


@dataclass(frozen=True, slots=True)
class _Slow:
    """What is asked seldom: a broker computes its runtime figures for a twentieth of a second."""

    asked_at: float
    settings: StoreSettings
    figures: dict[str, str]


@dataclass
class _Memory:
    slow: dict[str, _Slow] = field(default_factory=dict)
    last: dict[str, Store] = field(default_factory=dict)


def read(asking: Asking) -> Stores:
    """Read all brokers, masters and slaves, and their controller."""
    memory: _Memory = asking.remembered("stores", _Memory)
    answered = asking.side_by_side(
        asking.brokers(), lambda node: _store(asking, node, memory), who=lambda node: node.name
    )
    memory.last.update((node.name, store) for node, store in answered)
    seen = {node.name for node, _ in answered}
    silent = [
        _silent(node, memory)
        for node in asking.nodes
        if node.role in {"MASTER", "SLAVE"} and node.name not in seen
    ]
    living = [store for _, store in answered]
    led = {store.broker for store in living if store.is_master}
    # a silent broker is no master any more where another is: under a controller it takes over
    silent = [replace(each, is_master=False, copies=()) if each.broker in led else each for each in silent]
    stores = _with_names([*living, *silent])
    return Stores(
        tuple(sorted(stores, key=lambda store: (store.broker, not store.is_master, store.node))),
        _sync_sets(asking, memory, {store.broker for store in stores}),
        any(asking.admin.at(node.address).store().is_shared for node, _ in answered[:1]),
    )


def _store(asking: Asking, node: NodeState, memory: _Memory) -> Store:
    questions = asking.admin.at(node.address)
    positions = questions.store().positions()
    is_exact = positions is not None and positions.flushed is not None
    known = memory.slow.get(node.address)
    life_s = _FIGURES_LIFE_S if is_exact else _ROUNDED_LIFE_S
    if known is None or time.monotonic() - known.asked_at > life_s:
        known = _Slow(time.monotonic(), questions.store().settings(), questions.runtime_stats())
        memory.slow[node.address] = known
    return store_of(node, positions, known.settings, known.figures)


def store_of(
    node: NodeState, positions: Positions | None, settings: StoreSettings, figures: dict[str, str]
) -> Store:
    """Put together what a broker said: its positions, its configuration, its runtime figures."""
    end = int(figures.get("commitLogMaxOffset", 0))
    if positions is None:
        positions = Positions(node.role == "MASTER", end)
    flushed, within, dispatched = positions.flushed, 0, positions.dispatched
    if flushed is None:
        behind, within = in_bytes(figures.get("remainHowManyDataToFlush", "0 B"))
        flushed = max(0, end - behind)
        undispatched = int(figures.get("dispatchBehindBytes", 0))
        dispatched = _dispatched(positions, settings, flushed, end, undispatched)
    return Store(
        node=node.name,
        broker=settings.broker or node.name,
        is_master=positions.is_master,
        min_offset=max(0, int(figures.get("commitLogMinOffset", 0))),
        max_offset=positions.max_offset,
        flushed=min(flushed, positions.max_offset),
        flushed_within=within,
        dispatched=dispatched if dispatched is None else min(dispatched, positions.max_offset),
        sync_flush=settings.sync_flush,
        copies=tuple(Copy(link.address, link.acked, link.in_sync) for link in positions.links),
        put_per_s=_of_ten_seconds(figures.get("putTps", "")),
        get_per_s=_of_ten_seconds(figures.get("getTransferredTps", "")),
        disk_used=_share(figures.get("commitLogDiskRatio", "")),
    )


def _dispatched(
    positions: Positions, settings: StoreSettings, flushed: int, end: int, behind: int
) -> int | None:
    """Return up to where messages are dispatched.

    A broker counts what is behind from the offset that is confirmed (CommitLog.getConfirmOffset): what is
    flushed with SYNC_FLUSH, what all of the sync-state set have under a controller, else the end.
    """
    if settings.controller:
        if not positions.is_master:
            return None  # it is told the confirmed offset by its master, and tells nobody
        acked = [link.acked for link in positions.links if link.in_sync] if settings.all_ack else []
        return max(0, min([end, *acked]) - behind)
    return max(0, (flushed if settings.sync_flush else end) - behind)


def in_bytes(words: str) -> tuple[int, int]:
    """Return how many bytes `1.4 MiB` are, and by how many that may be wrong (MixAll.humanReadableByteCount).

    Raises:
        ValueError: it is no such number.
    """
    found = re.fullmatch(r"(-?\d+(?:[.,]\d+)?) ([KMGT]i)?B", words)
    if not found:
        raise ValueError(f"{words!r} is no number of bytes")
    unit = _UNITS[f"{found[2] or ''}B"]
    number = float(found[1].replace(",", "."))
    return max(0, round(number * unit)), 0 if unit == 1 else unit // 20


def _of_ten_seconds(averages: str) -> float | None:
    """Return the first of `10 s, 60 s, 600 s`; the broker leaves out those that it has no samples for."""
    first = averages.partition(" ")[0]
    return float(first) if first else None


def _share(ratio: str) -> float | None:
    return float(ratio) if ratio and float(ratio) >= 0 else None


def _silent(node: NodeState, memory: _Memory) -> Store:
    why = node.state if node.state != "up" else "no answer"
    if node.name in memory.last:
        return replace(memory.last[node.name], silent=why)
    names = {store.broker for store in memory.last.values() if node.name.startswith(store.broker)}
    return Store(node.name, max(names, key=len, default=node.name), node.role == "MASTER", silent=why)


def _with_names(stores: list[Store]) -> list[Store]:
    """Name the slaves of each master: a connection's address says only which machine it comes from."""
    slaves: dict[str, list[str]] = {}
    for store in stores:
        if not store.is_master:
            slaves.setdefault(store.broker, []).append(store.node)
    return [replace(store, copies=_named(store.copies, slaves.get(store.broker, []))) for store in stores]


def _named(copies: tuple[Copy, ...], slaves: list[str]) -> tuple[Copy, ...]:
    name = slaves[0] if len(slaves) == len(copies) == 1 else ""
    return tuple(replace(copy, slave=name) for copy in copies)


def _sync_sets(asking: Asking, memory: _Memory, brokers: set[str]) -> tuple[SyncSet, ...]:
    controllers = {known.settings.controller for known in memory.slow.values()} - {""}
    nameservers = [node for node in asking.nodes if node.role == "NAMESRV"]
    if not controllers or all(asking.is_mute(node.address) for node in nameservers):
        return ()  # it lives in the NameServers
    peers = min(controllers).split(";")
    answers = asking.side_by_side(
        peers[:1],
        lambda peer: asking.admin.at(peer).store().replica_sets(tuple(sorted(brokers))),
        who=lambda _: "controller",
    )
    names = {node.address: node.name for node in asking.nodes}
    return tuple(_sync_set(each, names) for _, found in answers for each in found)


def _sync_set(told: ReplicaSet, names: dict[str, str]) -> SyncSet:
    def named(addresses: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(names.get(address, address) for address in addresses))

    return SyncSet(told.broker, names.get(told.master, told.master), named(told.in_sync), named(told.others))
