"""Orders of a shop made by hand, for the tests of the order's picture."""

from __future__ import annotations

from rmqlab.client.facts import QueueRef, StoredMessage
from rmqlab.observe import QueueState, TopicState

STEPS = ("create", "pay", "deliver", "sign")
# Which queue an order lies in: broker and queue id.
HOME = {"order-1": ("broker-a", 0), "order-2": ("broker-b", 1), "order-3": ("broker-a", 0)}


def topic(sent, brokers=("broker-a", "broker-b"), queues=2, shown=256, older=0) -> TopicState:
    """A topic with these messages, given as (key, step, (broker, queue id)) in the order of storing."""
    refs = [QueueRef("steps", broker, number) for broker in brokers for number in range(queues)]
    rows = {(ref.broker, ref.queue_id): [] for ref in refs}
    for number, (key, step, (broker, queue_id)) in enumerate(sent):
        row = rows[broker, queue_id]
        message = StoredMessage(
            topic="steps",
            broker=broker,
            queue_id=queue_id,
            queue_offset=older + len(row),
            commit_log_offset=300 * number,
            msg_id=f"FD00{number:08d}",
            offset_msg_id=f"7F00{number:08d}",
            keys=key,
            tags=step,
            body=step.encode(),
            properties={"KEYS": key, "__SHARDINGKEY": f"{key}-shard", "UNIQ_KEY": f"FD00{number:08d}"},
            born_ms=1_795_207_912_000 + number,
            store_ms=1_795_207_912_001 + number,
        )
        row.append(message)
    states = [
        QueueState(ref, 0, older + len(row), tuple(row[-shown:]))
        for ref, row in zip(refs, rows.values(), strict=True)
    ]
    return TopicState("steps", tuple(states))


def sent(keys=tuple(HOME), steps=STEPS):
    """Each key's steps, one step of all keys after the other, each key to its own queue."""
    homes = list(HOME.values())
    return [
        (key, step, HOME.get(key, homes[number % len(homes)]))
        for step in steps
        for number, key in enumerate(keys)
    ]


def in_order(messages=None):
    """What a program notes that has consumed them as they were stored."""
    return [(key, step) for key, step, _ in (sent() if messages is None else messages)]


SPREAD = [
    (key, step, list(dict.fromkeys([*HOME.values(), ("broker-b", 0)]))[(row + column) % 3])
    for row, step in enumerate(STEPS)
    for column, key in enumerate(HOME)
]
LATE = [
    ("order-1", "create"),
    ("order-2", "pay"),
    ("order-2", "create"),
    ("order-1", "pay"),
    ("order-1", "pay"),
    ("order-1", "deliver"),
    ("order-2", "deliver"),
]
HELD_UP = [(key, "create") for key in HOME] + [("order-2", "pay"), ("order-2", "deliver")]
MANY = tuple(f"order-{number}" for number in range(1, 41))
LONG = tuple(f"{number}" for number in range(300))

# A name, and what is drawn: the topic, the arguments.
PICTURES = {
    "lanes in order": (topic(sent()), {"consumed": in_order(), "steps": STEPS}),
    "lanes of one broker": (
        topic([(key, step, ("broker-a", 0)) for key, step, _ in sent()], brokers=("broker-a",)),
        {"consumed": in_order()},
    ),
    "lanes out of order": (topic(sent()), {"consumed": LATE, "steps": STEPS}),
    "lanes held up": (
        topic(sent()),
        {"consumed": HELD_UP, "failed": [("order-1", "pay")] * 3, "steps": STEPS},
    ),
    "lanes over several queues": (topic(SPREAD), {"consumed": in_order(SPREAD), "steps": STEPS}),
    "lanes as stored": (
        topic([sent()[3], *sent()[:3], *sent()[4:], sent()[5]]),
        {"steps": STEPS, "by": "sharding", "step": "body"},
    ),
    "lanes since a moment": (
        topic(sent(), older=7),
        {"since": {QueueRef("steps", "broker-a", 0): 9, QueueRef("steps", "broker-b", 1): 8}, "consumed": []},
    ),
    "lanes of nothing": (topic([]), {"consumed": []}),
    "lanes of many keys": (
        topic(sent(MANY)),
        {"consumed": [*in_order(sent(MANY))[:130], ("order-40", "create")], "steps": STEPS},
    ),
    "long lanes": (
        topic(sent(("order-1", "order-2"), LONG)),
        {
            "consumed": [
                (key, LONG[number ^ 1 if number in {40, 41, 200, 201} else number])
                for number in range(250)
                for key in ("order-1",)
            ],
            "steps": LONG,
        },
    ),
}
