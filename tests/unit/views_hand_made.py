"""Snapshots made by hand, for the tests of what is drawn from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import backlog_hand_made
import delays_hand_made
import lanes_hand_made
import ledger_hand_made
import retries_hand_made
import stores_hand_made
import topics_hand_made
import transactions_hand_made

from rmqlab.client.facts import Progress, QueueRef, StoredMessage
from rmqlab.client.traces import Trace
from rmqlab.observe import Gap, GroupState, NodeState, QueueState, Snapshot, TopicState
from rmqlab.observe.history import still
from rmqlab.views import KINDS

if TYPE_CHECKING:
    from rmqlab.views.drawing import Drawing
    from rmqlab.views.looker import Looker

KEYS = ("order-1", "order-2", "order-3", "", "customer-4711")


def message(queue_id: int, offset: int, key: str = "order-1", number: int = 0, **changes) -> StoredMessage:
    facts = {
        "topic": "orders",
        "broker": "broker-a",
        "queue_id": queue_id,
        "queue_offset": offset,
        "commit_log_offset": 266 * number,
        "msg_id": f"FD00{number:08d}",
        "offset_msg_id": f"7F00{number:08d}",
        "keys": key,
        "tags": "pay",
        "body": b'{"amount": "12.50"}',
        "properties": {"KEYS": key},
        "born_ms": 1_795_207_912_000 + number,
        "store_ms": 1_795_207_912_001 + number,
    }
    return StoredMessage(**(facts | changes))


def topic(counts: list[int], *, groups: tuple[GroupState, ...] = (), shown: int = 23) -> TopicState:
    """A topic with so many messages in each queue, sent to the queues in turn."""
    number, rows = 0, [[] for _ in counts]
    for offset in range(max(counts, default=0)):
        for queue_id, held in enumerate(counts):
            if held - shown <= offset < held:
                rows[queue_id].append(message(queue_id, offset, KEYS[number % len(KEYS)], number))
                number += 1
    queues = tuple(
        QueueState(QueueRef("orders", "broker-a", queue_id), 0, held, tuple(rows[queue_id]))
        for queue_id, held in enumerate(counts)
    )
    return TopicState("orders", queues, groups)


def team(*shares: tuple[int, ...], brokers: tuple[str, ...] = ("broker-a",)) -> TopicState:
    """Four queues on each broker, and the group `packing` whose members hold these."""
    ids = [f"10.0.0.1@{name}" for name in ("anna", "ben", "carla", "dora", "emil")[: len(shares)]]
    refs = [QueueRef("orders", broker, number) for broker in brokers for number in range(4)]
    held = {each: tuple(refs[at] for at in share) for each, share in zip(ids, shares, strict=True)}
    packing = GroupState("packing", tuple(ids), {}, held)
    return TopicState("orders", tuple(QueueState(ref, 0, 0) for ref in refs), (packing,))


def group(name: str, counts: list[int], committed: list[int], members: tuple[str, ...] = ()) -> GroupState:
    progress = {
        QueueRef("orders", "broker-a", queue_id): Progress(held, done)
        for queue_id, (held, done) in enumerate(zip(counts, committed, strict=True))
    }
    return GroupState(name, members, progress)


NODES = (
    NodeState("namesrv", "NAMESRV", "up", "127.0.0.1:10000"),
    NodeState("broker-a", "MASTER", "up", "127.0.0.1:10006", registered=True),
)
MANY_NODES = (
    NodeState("namesrv", "NAMESRV", "up", "127.0.0.1:10000"),
    NodeState("broker-a", "MASTER", "paused", "127.0.0.1:10006", registered=True),
    NodeState("broker-a-s1", "SLAVE", "up", "127.0.0.1:10012", registered=True),
    NodeState("broker-b", "MASTER", "down", "127.0.0.1:10018", registered=False),
)


def snapshot(*topics: TopicState, nodes=NODES, gaps: tuple[Gap, ...] = ()) -> Snapshot:
    return Snapshot("01-concepts", 1_795_207_912_345, tuple(nodes), topics, gaps)


_FOUR = [5, 3, 0, 7]
_CROWDED = [12345, 30, 23, 7]
_WIDE = [(number * 37) % 200 for number in range(64)]
_SILENT = TopicState(
    "orders",
    (
        *topic([4, 3]).queues,
        QueueState(QueueRef("orders", "broker-b", 0), 0, 2, (message(0, 0, broker="broker-b"),), "paused"),
    ),
)
ORDERS = {"topic": "orders"}
PACKING = {"topic": "orders", "group": "packing"}

_CROWD = (
    *(NodeState(f"namesrv-{number}", "NAMESRV", "up", f"127.0.0.1:{10000 + number}") for number in range(2)),
    *(
        NodeState(
            f"broker-{number}", "MASTER", "down" if number == 7 else "up", f"127.0.0.1:{11000 + number}"
        )
        for number in range(24)
    ),
    *(
        NodeState(
            f"broker-{number}-s1", "SLAVE", "paused" if number == 3 else "up", f"127.0.0.1:{12000 + number}"
        )
        for number in range(24)
    ),
)
_REFS = [QueueRef("orders", broker, number) for broker in ("broker-a", "broker-b") for number in range(32)]
_MEMBERS = [f"10.0.0.1@machine-{number}" for number in range(60)]
_FACTORY = TopicState(
    "orders",
    tuple(QueueState(ref, 0, 0) for ref in _REFS),
    (
        GroupState(
            "packing",
            tuple(_MEMBERS),
            {},
            {_MEMBERS[number]: tuple(_REFS[2 * number : 2 * number + 2]) for number in range(28)},
        ),
    ),
)

# What a program measured of its own sends: called, returned, answered, in seconds of one clock.
MEASURED = {
    "sync": [(5.0 + 0.002 * n, 5.002 + 0.002 * n, 5.002 + 0.002 * n) for n in range(50)],
    "async": [(6.0 + 0.0001 * n, 6.0001 + 0.0001 * n, 6.02 + 0.0004 * n) for n in range(50)],
    "oneway": [(7.0 + 0.0001 * n, 7.0001 + 0.0001 * n, None) for n in range(50)],
    "batch": [(8.0, 8.004, 8.004)] * 50,
}

# What clients noted of one message.
SENT = Trace("Pub", "ID1", 1000, "shop", "orders", "order-1", "pay", 4, success=True, detail="normal")


def consumed(group, begun_ms, took_ms, *, retry=0, ended="success"):
    """Return what a group's client noted of one try: handed out, and (unless `ended` is empty) come back."""
    request = f"{group}-{retry}"
    before = Trace("SubBefore", "ID1", begun_ms, group, keys="order-1", detail=str(retry), request=request)
    if not ended:
        return (before,)
    good = ended == "success"
    return before, Trace(
        "SubAfter", "ID1", begun_ms + took_ms, group, "", "order-1", "", took_ms, good, ended, request
    )


STORED = StoredMessage(
    "orders", "broker-a", 2, 7, 4711, "ID1", "", "order-1", "pay", b"{}", {}, born_ms=1000, store_ms=1002
)
TRACES = {
    "trace": {"traces": (SENT, *consumed("stock", 1009, 3)), "message": STORED},
    "trace with retries": {
        "traces": (
            SENT,
            *consumed("stock", 1009, 3),
            *consumed("mail", 1008, 40, ended="exception"),
            *consumed("mail", 2060, 2, retry=1, ended="failed"),
            *consumed("mail", 4100, 12, retry=2),
            *consumed("payment", 1010, 0, ended=""),
        ),
        "message": STORED,
    },
    "trace of a send that failed": {
        "traces": (Trace("Pub", "ID1", 1000, "shop", "orders", took_ms=3000, success=False, detail="normal"),)
    },
    "trace of nothing": {"traces": ()},
}

# A name, and what is drawn: the kind, its facts, its arguments.
GALLERY = {
    **{name: ("trace", snapshot(), what) for name, what in TRACES.items()},
    "sends": ("sends", snapshot(), {"calls": MEASURED}),
    "sends of a long-named mode": (
        "sends",
        snapshot(),
        {"calls": {"sync, in four threads": [(0, 1.5, 1.5)]}},
    ),
    **{
        name: ("lanes", snapshot(steps), {"topic": "steps", **what})
        for name, (steps, what) in lanes_hand_made.PICTURES.items()
    },
    **{
        name: ("ledger", snapshot(), {"account": account})
        for name, account in ledger_hand_made.PICTURES.items()
    },
    **{
        name: ("scoreboard", snapshot(), {"accounts": accounts})
        for name, accounts in ledger_hand_made.SCOREBOARDS.items()
    },
    **{
        name: ("delays", replace(snapshot(gaps=gaps), delays=delays), {})
        for name, (delays, gaps) in delays_hand_made.PICTURES.items()
    },
    **{
        name: ("transactions", replace(snapshot(gaps=gaps), transactions=found), what)
        for name, (found, gaps, what) in transactions_hand_made.PICTURES.items()
    },
    **{
        name: ("retries", replace(snapshot(gaps=gaps), retries=found), {"group": "stock"})
        for name, (found, gaps) in retries_hand_made.PICTURES.items()
    },
    **{
        name: ("topics", replace(snapshot(), catalogue=found), what)
        for name, (found, what) in topics_hand_made.PICTURES.items()
    },
    **{
        name: ("backlog", tuple(replace(snapshot(topic), taken_ms=at) for at, topic in moments), what)
        for name, (moments, what) in backlog_hand_made.PICTURES.items()
    },
    **stores_hand_made.STORES,
    "map": ("map", snapshot(), {}),
    "map of troubled nodes": ("map", snapshot(nodes=MANY_NODES), {}),
    "map of nothing": ("map", snapshot(nodes=()), {}),
    "map of many nodes": ("map", snapshot(nodes=_CROWD), {}),
    "queues": ("queues", snapshot(topic(_FOUR)), ORDERS),
    "empty queues": ("queues", snapshot(topic([0, 0])), ORDERS),
    "queues with groups": (
        "queues",
        snapshot(
            topic(
                _FOUR,
                groups=(
                    group("stock", _FOUR, [3, 3, 0, 5], ("10.0.0.1@1",)),
                    group("mail", _FOUR, [0] * 4),
                ),
            )
        ),
        ORDERS,
    ),
    "queues by tag": ("queues", snapshot(topic(_FOUR)), {**ORDERS, "by": "tag"}),
    "two topics": ("queues", snapshot(topic(_FOUR)), {"topic": ["orders", "payments"]}),
    "crowded queues": (
        "queues",
        snapshot(topic(_CROWDED, groups=(group("stock", _CROWDED, [12340, 3, 0, 5]),))),
        ORDERS,
    ),
    "many queues": (
        "queues",
        snapshot(topic(_WIDE, shown=0, groups=(group("stock", _WIDE, [0] * 64),))),
        ORDERS,
    ),
    "very many queues": ("queues", snapshot(topic([9] * 400, shown=0)), ORDERS),
    "a silent broker": ("queues", snapshot(_SILENT, gaps=(Gap("broker-b", "paused"),)), ORDERS),
    "no route": ("queues", snapshot(TopicState("orders"), gaps=(Gap("orders", "no route"),)), ORDERS),
    "a topic that was not read": ("queues", snapshot(), ORDERS),
    "rebalance": ("rebalance", snapshot(team((0, 1), (2,), (3,))), PACKING),
    "rebalance with an idle one": ("rebalance", snapshot(team((0,), (1,), (2,), (3,), ())), PACKING),
    "rebalance in the middle": ("rebalance", snapshot(team((0, 1), ())), PACKING),
    "rebalance over two brokers": (
        "rebalance",
        snapshot(team((0, 1, 2, 3), (4, 5, 6, 7), brokers=("broker-a", "broker-b"))),
        PACKING,
    ),
    "rebalance of many": ("rebalance", snapshot(_FACTORY), PACKING),
    "rebalance of nobody": ("rebalance", snapshot(topic([2, 0])), PACKING),
}


def draw(name: str, looker: Looker) -> Drawing:
    """Draw one of them: live, or as a still."""
    kind, facts, what = GALLERY[name]
    seen = facts if isinstance(facts, tuple) else (facts,)
    return KINDS[kind].picture(seen if looker.live else still(seen), what, looker)
