"""A recording of a made-up cluster: messages, a group that reads them, a broker that dies and comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rmqlab.client.facts import Progress, QueueRef, StoredMessage
from rmqlab.observe import Event, GroupState, NodeState, QueueState, Recording, Snapshot, TopicState
from rmqlab.observe.encoding import Encoder, as_line

BEGAN = 1_700_000_000_000
REFS = [QueueRef("orders", broker, number) for broker in ("broker-a", "broker-b") for number in (0, 1)]
NODES = (
    NodeState("namesrv", "NAMESRV", "up", "127.0.0.1:1"),
    NodeState("broker-a", "MASTER", "up", "127.0.0.1:2", registered=True),
    NodeState("broker-b", "MASTER", "up", "127.0.0.1:3", registered=True),
)
DOWN = (*NODES[:2], replace(NODES[2], state="down", registered=False))


def message(number):
    ref = REFS[number % 4]
    at_ms = BEGAN + number * 400
    body, properties = f"number {number}".encode(), {"KEYS": f"order-{number % 3}"}
    return StoredMessage(
        "orders",
        ref.broker,
        ref.queue_id,
        number // 4,
        number * 200,
        f"7F0001{number:04X}",
        "",
        f"order-{number % 3}",
        "",
        body,
        properties,
        at_ms,
        at_ms,
    )


def snapshot(after_ms, count, read=0, nodes=NODES):
    stored = [message(number) for number in range(count)]
    queues, progress = [], {}
    for ref in REFS:
        held = tuple(each for each in stored if each.queue == ref)
        down = nodes is DOWN and ref.broker == "broker-b"
        queues.append(QueueState(ref, 0, len(held), held, "down" if down else ""))
        progress[ref] = Progress(len(held), min(read, len(held)))
    groups = (GroupState("stock", ("stock-1",), progress),) if read else ()
    topic = TopicState("orders", tuple(queues), groups)
    return Snapshot("hand-made", BEGAN + after_ms, nodes, topics=(topic,))


SNAPSHOTS = (
    snapshot(0, 0),
    *(snapshot(400 * number, number) for number in range(1, 9)),
    snapshot(3_600, 8),  # the end of a quiet time
    snapshot(4_000, 8, read=1),
    snapshot(5_000, 8, read=2),
    snapshot(6_000, 8, read=2, nodes=DOWN),
    snapshot(12_000, 8, read=2),
)
EVENTS = (
    Event(BEGAN - 5, "note", "A producer sends eight messages."),
    Event(BEGAN + 390, "send", "orders: SEND_OK"),
    Event(BEGAN + 3_300, "note", "Nobody reads them yet."),
    Event(BEGAN + 5_900, "node", "broker-b is killed"),
    Event(BEGAN + 12_500, "note", "It is <back>, with all its messages & offsets."),
)
VIEWS = (("queues", {"topic": "orders"}), ("map", {}))


def write(path):
    """Write the recording as a recorder does."""
    encoder = Encoder()
    views = [[kind, encoder.encode(what)] for kind, what in VIEWS]
    head = {"rmqlab": "recording", "version": 1, "cluster": "hand-made", "began_ms": BEGAN, "views": views}
    lines = [head, *({"at": each.at_ms, "event": each.kind, "text": each.text} for each in EVENTS)]
    lines += [{"at": each.taken_ms, "snapshot": encoder.encode(each)} for each in SNAPSHOTS]
    lines.append({"at": SNAPSHOTS[-1].taken_ms, "end": "stopped"})
    path.write_text("".join(as_line(line) + "\n" for line in lines))
    return path


RECORDING = Recording(
    "hand-made", Path("hand-made.jsonl"), "hand-made", BEGAN, VIEWS, SNAPSHOTS, EVENTS, "stopped"
)
