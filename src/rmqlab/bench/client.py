"""`rmqlab bench client`: the classic client's sync sends beside the Java client driven by JPype directly.

The other ways of sending, and consuming, are measured in `ways`.

Both send to one topic of one broker in the same process, in alternating rounds, with the same settings, and
read the same three things from each answer. What is compared is our library's share: everything between
`producer.send_sync(message)` and Java's `producer.send(message)`.
"""

from __future__ import annotations

import statistics
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from rmqlab.bench import ways
from rmqlab.client.admin import Admin
from rmqlab.client.java import java_class
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

BUDGET = 0.9
"""The classic client's rate must be at least this share of the Java client's."""

SENDS = 1000
"""Sends a round and way."""

_SLICE = 10
"""The two ways take turns after so many sends, and the median send counts: a stall of the machine or of the
broker's disk, which takes as long as a hundred sends, falls on one send and not on one way."""

_WARM_UP = 1500
_BODY = b"x" * 200


@dataclass(frozen=True)
class Round:
    """Sync sends per second of one round, both ways, by the median send."""

    classic: float
    java: float

    @property
    def ratio(self) -> float:
        """The classic client's rate as a share of the Java client's."""
        return self.classic / self.java


def _classic(namesrv: str, topic: str) -> tuple[Callable[[int], None], Any]:
    from rocketmq.client import Message, Producer  # noqa: PLC0415  (what is measured)

    producer = Producer("PID-bench-classic")
    producer.set_name_server_address(namesrv)
    producer.start()

    def send(number: int) -> None:
        message = Message(topic)
        message.set_keys(f"key-{number}")
        message.set_tags("bench")
        message.set_body(_BODY)
        result = producer.send_sync(message)
        _ = (result.status, result.msg_id, result.offset)

    return send, producer


def _java(namesrv: str, topic: str) -> tuple[Callable[[int], None], Any]:
    producer = java_class("org.apache.rocketmq.client.producer.DefaultMQProducer")("PID-bench-java")
    message_type = java_class("org.apache.rocketmq.common.message.Message")
    producer.setNamesrvAddr(namesrv)
    producer.start()

    def send(number: int) -> None:
        result = producer.send(message_type(topic, "bench", f"key-{number}", _BODY))
        _ = (result.getSendStatus().ordinal(), str(result.getMsgId()), result.getQueueOffset())

    return send, producer


def _seconds(send: Callable[[int], None], count: int) -> list[float]:
    taken = []
    for number in range(count):
        begin = time.perf_counter()
        send(number)
        taken.append(time.perf_counter() - begin)
    return taken


def _round(classic: Callable[[int], None], java: Callable[[int], None], sends: int) -> Round:
    taken: dict[Callable[[int], None], list[float]] = {classic: [], java: []}
    for index in range(max(1, sends // _SLICE)):
        for send in (classic, java) if index % 2 else (java, classic):
            taken[send] += _seconds(send, _SLICE)
    return Round(*(1 / statistics.median(taken[send]) for send in (classic, java)))


def measure(namesrv: str, rounds: int, sends: int = SENDS) -> list[Round]:
    """Return the rates of `rounds` rounds, in each of which the two ways alternate.

    Args:
        namesrv: a running cluster.
        rounds: how many.
        sends: sends a round and way.
    """
    topic = _topic(namesrv)
    classic, producer = _classic(namesrv, topic)
    java, java_producer = _java(namesrv, topic)
    try:
        for send in (classic, java):
            _seconds(send, _WARM_UP)
        return [_round(classic, java, sends) for _ in range(rounds)]
    finally:
        producer.shutdown()
        java_producer.shutdown()


def _topic(namesrv: str) -> str:
    topic = f"bench-{uuid.uuid4().hex[:8]}"
    with Admin(namesrv) as admin:
        admin.create_topic(topic, queues=4)
    return topic


def _others(found: list[ways.Rates]) -> Table:
    table = Table("what", "body", "rmqlab.client /s", "Java client by JPype /s", "ratio", title="other ways")
    for one in found:
        table.add_row(
            one.what, f"{one.body_bytes} B", f"{one.ours:,.0f}", f"{one.java:,.0f}", f"{one.ratio:.2f}"
        )
    return table


def run(rounds: int, console: Console) -> int:
    """Start a throw-away cluster, measure, print; return 0 if the budget is kept, else 1."""
    name = f"bench-{uuid.uuid4().hex[:6]}"
    cluster = start_cluster("single", name=name, lease_s=600)
    try:
        found = measure(cluster.namesrv, rounds)
        others = ways.measure(cluster.namesrv, lambda: _topic(cluster.namesrv), rounds)
    finally:
        cluster.stop(keep_files=False)
    table = Table("round", "classic client /s", "Java client by JPype /s", "ratio", title="sync sends")
    for index, one in enumerate(found, 1):
        table.add_row(str(index), f"{one.classic:,.0f}", f"{one.java:,.0f}", f"{one.ratio:.3f}")
    ratio = statistics.median(one.ratio for one in found)
    console.print(table)
    console.print(_others(others))
    verdict = "kept" if ratio >= BUDGET else "MISSED"
    console.print(f"median ratio {ratio:.3f}, budget {BUDGET}: {verdict}")
    return 0 if ratio >= BUDGET else 1
