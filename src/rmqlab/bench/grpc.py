"""`rmqlab bench grpc`: the gRPC client's sends beside the classic client's, on one broker, in one process.

The classic client goes to the broker, the gRPC client to the proxy before it: that is how each is used. The
two take turns after a few sends, and the median send counts, so that a stall falls on one send and not on one
client.
"""

from __future__ import annotations

import statistics
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from rmqlab.client.admin import Admin
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

TOPOLOGIES = ("proxy", "proxy-cluster")
BODY_BYTES = (100, 4096)
_SENDS = 400
_SLICE = 10
_WARM_UP = 300
_ANSWER_S = 60.0


@dataclass(frozen=True)
class Rates:
    """Sends per second of one body size: sync of both clients by the median send, async of the gRPC one."""

    classic: float
    grpc: float
    grpc_async: float

    @property
    def ratio(self) -> float:
        """The gRPC client's sync rate as a share of the classic client's."""
        return self.grpc / self.classic


class _Classic:
    def __init__(self, namesrv: str, topic: str) -> None:
        from rocketmq.client import Message, Producer  # noqa: PLC0415  (what is measured)

        self._topic, self._message = topic, Message
        self._producer = Producer(f"PID-{topic}")
        self._producer.set_name_server_address(namesrv)
        self._producer.start()

    def send(self, body: bytes) -> None:
        message = self._message(self._topic)
        message.set_body(body)
        self._producer.send_sync(message)

    def close(self) -> None:
        self._producer.shutdown()


class _Grpc:
    def __init__(self, proxy: str, topic: str) -> None:
        from rocketmq import ClientConfiguration, Credentials, Message, Producer  # noqa: PLC0415

        self._topic, self._message_class = topic, Message
        self._producer = Producer(ClientConfiguration(proxy, Credentials()), (topic,))
        self._producer.startup()

    def _message(self, body: bytes) -> Any:
        message = self._message_class()
        message.topic, message.body = self._topic, body
        return message

    def send(self, body: bytes) -> None:
        self._producer.send(self._message(body))

    def async_rate(self, body: bytes) -> float:
        begin = time.perf_counter()
        for answer in [self._producer.send_async(self._message(body)) for _ in range(_SENDS)]:
            answer.result(_ANSWER_S)
        return _SENDS / (time.perf_counter() - begin)

    def close(self) -> None:
        self._producer.shutdown()


def _seconds(send: Callable[[bytes], None], body: bytes, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        send(body)
        taken.append(time.perf_counter() - begin)
    return taken


def _round(classic: _Classic, grpc: _Grpc, body: bytes) -> Rates:
    taken: dict[Any, list[float]] = {classic: [], grpc: []}
    for index in range(_SENDS // _SLICE):
        for client in (classic, grpc) if index % 2 else (grpc, classic):
            taken[client] += _seconds(client.send, body, _SLICE)
    classic_rate, grpc_rate = (1 / statistics.median(taken[client]) for client in (classic, grpc))
    return Rates(classic_rate, grpc_rate, grpc.async_rate(body))


def measure(namesrv: str, proxy: str, rounds: int) -> dict[int, list[Rates]]:
    """Return the rates of each round, by body size in bytes, lowest ratio first."""
    topic = f"bench-{uuid.uuid4().hex[:8]}"
    with Admin(namesrv) as admin:
        admin.create_topic(topic)
    classic, grpc = _Classic(namesrv, topic), _Grpc(proxy, topic)
    found = {}
    try:
        for size in BODY_BYTES:
            body = b"x" * size
            for client in (classic, grpc):
                _seconds(client.send, body, _WARM_UP)
            rates = [_round(classic, grpc, body) for _ in range(rounds)]
            found[size] = sorted(rates, key=lambda each: each.ratio)
    finally:
        classic.close()
        grpc.close()
    return found


def run(rounds: int, console: Console) -> int:
    """Start a throw-away cluster of each topology with a proxy, measure, print."""
    table = Table("cluster", "body", "classic /s", "gRPC /s", "ratio", "gRPC async /s")
    for topology in TOPOLOGIES:
        cluster = start_cluster(
            topology, backend="process", name=f"bench-{uuid.uuid4().hex[:6]}", lease_s=600
        )
        try:
            found = measure(cluster.namesrv, cluster.proxy, rounds)
        finally:
            cluster.stop(keep_files=False)
        for size, rates in found.items():
            middle = rates[len(rates) // 2]
            spread = f"{middle.ratio:.2f} ({rates[0].ratio:.2f} to {rates[-1].ratio:.2f})"
            async_rate = statistics.median(each.grpc_async for each in rates)
            figures = (f"{middle.classic:,.0f}", f"{middle.grpc:,.0f}", spread, f"{async_rate:,.0f}")
            table.add_row(topology, f"{size} B", *figures)
    console.print(table)
    return 0
