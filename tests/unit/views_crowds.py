"""Far too much of everything, by kind of picture: what has to be summarised, and still be drawn quickly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import delays_hand_made
import lanes_hand_made
import ledger_hand_made
import retries_hand_made
import stores_hand_made
import topics_hand_made
import transactions_hand_made
from views_hand_made import MEASURED, SENT, consumed, snapshot

from rmqlab.client.facts import Progress, QueueRef, StoredMessage
from rmqlab.observe import GroupState, NodeState, QueueState, Snapshot, TopicState

if TYPE_CHECKING:
    from collections.abc import Mapping

BROKERS = 32
QUEUES = 64
GROUPS = 30
MEMBERS = 64
MESSAGES = 10_000
TOPICS = tuple(f"topic-{number:04}" for number in range(64))


def _message(ref: QueueRef, offset: int) -> StoredMessage:
    key = f"order-{offset}"
    return StoredMessage(
        ref.topic,
        ref.broker,
        ref.queue_id,
        offset,
        300 * offset,
        f"FD{ref.queue_id}-{offset}",
        "",
        key,
        "pay",
        b"x" * 200,
        {"KEYS": key},
        offset,
        offset,
    )


def crowded_topic(
    queues: int = QUEUES, shown: int = 0, *, produced: int = MESSAGES, done: int = 9_000
) -> TopicState:
    """A topic with that many messages in each queue, and many groups that have read some of them."""
    refs = [QueueRef("topic-0000", "broker-a", number) for number in range(queues)]
    states = tuple(
        QueueState(
            ref, 0, produced, tuple(_message(ref, offset) for offset in range(produced - shown, produced))
        )
        for ref in refs
    )
    members = tuple(f"10.0.0.{number}@consumer-{number}" for number in range(MEMBERS))
    held = {member: (refs[number],) for number, member in enumerate(members) if number < len(refs)}
    groups = tuple(
        GroupState(
            f"group-{number}",
            members,
            {ref: Progress(produced, max(0, done - 10 * number)) for ref in refs},
            held,
        )
        for number in range(GROUPS)
    )
    return TopicState("topic-0000", states, groups)


_NODES = (
    *(NodeState(f"namesrv-{n}", "NAMESRV", "up", f"127.0.0.1:{10000 + n}") for n in range(3)),
    *(
        NodeState(f"broker-{n:02}", "MASTER", "up", f"127.0.0.1:{11000 + n}", registered=True)
        for n in range(BROKERS)
    ),
    *(
        NodeState(f"broker-{n:02}-s1", "SLAVE", "up", f"127.0.0.1:{12000 + n}", registered=True)
        for n in range(BROKERS)
    ),
)
_STEPS = [
    (f"order-{n % 200}", f"step-{n // 200}", ("broker-a" if n % 2 else "broker-b", n % 2))
    for n in range(4000)
]
_HISTORY = tuple(
    replace(snapshot(crowded_topic(produced=20 * tick, done=18 * tick)), taken_ms=250 * tick)
    for tick in range(1200)
)

# By kind: what is drawn, and the arguments; more than one crowd for a picture that has more than one manner.
CROWDS: dict[str, tuple[str, Snapshot | tuple[Snapshot, ...], Mapping[str, Any]]] = {
    "map": ("map", snapshot(nodes=_NODES), {}),
    "queues": ("queues", snapshot(crowded_topic()), {"topic": TOPICS}),
    "queues in detail": ("queues", snapshot(crowded_topic(16, 23)), {"topic": "topic-0000"}),
    "rebalance": ("rebalance", snapshot(crowded_topic()), {"topic": "topic-0000", "group": "group-0"}),
    "sends": (
        "sends",
        snapshot(),
        {"calls": {mode: lane * (MESSAGES // 50) for mode, lane in MEASURED.items()}},
    ),
    "trace": (
        "trace",
        snapshot(),
        {
            "traces": (
                SENT,
                *(
                    each
                    for number in range(100)
                    for retry in range(16)
                    for each in consumed(
                        f"group-{number}", 1010 + 1000 * retry, 5, retry=retry, ended="failed"
                    )
                ),
            )
        },
    ),
    "ledger": ("ledger", snapshot(), {"account": ledger_hand_made.MANY}),
    "scoreboard": (
        "scoreboard",
        snapshot(),
        {"accounts": {f"trial-{number}": ledger_hand_made.BAD for number in range(100)}},
    ),
    "lanes": ("lanes", snapshot(lanes_hand_made.topic(_STEPS)), {"topic": "steps"}),
    "delays": (
        "delays",
        replace(
            snapshot(),
            delays=delays_hand_made.board(
                dict.fromkeys(range(1, 19), (0, MESSAGES)),
                brokers=tuple(f"broker-{n}" for n in range(8)),
            ),
        ),
        {},
    ),
    "transactions": ("transactions", replace(snapshot(), transactions=transactions_hand_made.MANY), {}),
    "retries": (
        "retries",
        replace(snapshot(), retries=retries_hand_made.PICTURES["crowded retries"][0]),
        {"group": "stock"},
    ),
    "topics": ("topics", replace(snapshot(), catalogue=topics_hand_made.THOUSAND), {"top": 40}),
    "backlog": ("backlog", _HISTORY, {"topic": "topic-0000"}),
    "positions": (
        "positions",
        stores_hand_made.logs(
            *(
                stores_hand_made.master(f"broker-{n}", copies=(stores_hand_made.copy(name=f"broker-{n}-s1"),))
                for n in range(BROKERS)
            ),
            *(stores_hand_made.slave(f"broker-{n}") for n in range(BROKERS)),
        ),
        {},
    ),
}
