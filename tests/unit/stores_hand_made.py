"""Commit logs made by hand, for the tests of what is drawn from them."""

from __future__ import annotations

from rmqlab.observe import Copy, Gap, NodeState, Snapshot, Store, Stores, SyncSet

END = 1_234_567


def master(broker: str = "broker-a", **changes) -> Store:
    facts = {
        "node": broker,
        "broker": broker,
        "is_master": True,
        "max_offset": END,
        "flushed": END,
        "dispatched": END,
        "put_per_s": 12.0,
        "get_per_s": 3.5,
        "disk_used": 0.42,
    }
    return Store(**{**facts, **changes})


def slave(broker: str = "broker-a", **changes) -> Store:
    return master(**{"broker": broker, "node": f"{broker}-s1", "is_master": False, **changes})


def copy(acked: int = END, name: str = "broker-a-s1", *, in_sync: bool = True) -> Copy:
    return Copy(name, acked, in_sync)


def logs(*stores: Store, gaps: tuple[Gap, ...] = (), **facts) -> Snapshot:
    nodes = tuple(
        NodeState(store.node, "MASTER" if store.is_master else "SLAVE", store.silent or "up")
        for store in stores
    )
    return Snapshot("08-reliability", 1_795_207_912_345, nodes, gaps=gaps, stores=Stores(stores, **facts))


STORES = {
    "positions": ("positions", logs(master(copies=(copy(),), sync_flush=True), slave()), {}),
    "positions of a slow disk": (
        "positions",
        logs(master(sync_flush=True, flushed=END - 1400, dispatched=END - 1400)),
        {},
    ),
    "positions of a paused slave": (
        "positions",
        logs(
            master(copies=(copy(END - 43_210),)),
            slave(max_offset=END - 43_210, flushed=END - 50_000, dispatched=END - 43_210, silent="paused"),
            gaps=(Gap("broker-a-s1", "paused"),),
        ),
        {},
    ),
    "positions under a controller": (
        "positions",
        logs(
            master(copies=(copy(END - 9_000, in_sync=False),), flushed=END - 2048, flushed_within=51),
            slave(max_offset=END - 9_000, flushed=END - 9_000, dispatched=None),
            sync_sets=(SyncSet("broker-a", "broker-a", ("broker-a",), ("broker-a-s1",)),),
        ),
        {},
    ),
    "positions of many brokers": (
        "positions",
        logs(
            *(
                store
                for name in ("broker-a", "broker-b", "a-broker-with-a-long-name")
                for store in (master(name, copies=(copy(END, name=f"{name}-s1"),)), slave(name))
            ),
            master("broker-d", max_offset=812, flushed=300, dispatched=812, put_per_s=None, get_per_s=None),
            slave("broker-d", max_offset=0, flushed=0, dispatched=0),
        ),
        {},
    ),
    "positions where others write too": ("positions", logs(master(), shared=True), {}),
    "positions of nobody": ("positions", Snapshot("empty", 1, gaps=(Gap("NameServer", "no answer"),)), {}),
}
