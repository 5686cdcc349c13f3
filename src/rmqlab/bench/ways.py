"""The ways of sending and consuming that `rmqlab bench client` measures, and what it finds out about each."""

from __future__ import annotations

import statistics
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.bench.sides import Classic, Grpc, Java, Ours
from rmqlab.client.admin import Admin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rmqlab.bench.side import Side, Taken
    from rmqlab.cluster import Cluster

BODY_BYTES = (100, 4096)
_BACKLOG = 5000
_BATCHES_OF = 500  # messages that fill a topic at a time


@dataclass(frozen=True)
class Way:
    """A way, by what a reader calls it and what the sides call it.

    Attributes:
        name: in tables and pictures.
        method: of the sides that have it.
        messages: before another client has its turn.
        slow: the same for the gRPC client, which would take too long over as many.
        turns: of each client in a round.
        sides: whom it is measured with besides the Java client.
    """

    name: str
    method: str
    messages: int
    slow: int
    turns: int
    sides: tuple[type[Side], ...] = (Ours, Grpc)


# Short turns: a stall of the machine or of the broker's disk falls on one turn and not on one client.
SENDS = (
    Way("classic sync", "sync", 20, 0, 20, (Classic,)),
    Way("sync", "sync", 20, 10, 20),
    Way("async", "async_", 200, 100, 10),
    Way("oneway", "oneway", 2000, 0, 10, (Ours,)),
    Way("batch", "batch", 250, 0, 20, (Ours,)),
)
CONSUME = Way("consume", "consume", _BACKLOG, 500, 1)
DELIVERED = Way("delivered", "delivered", 50, 20, 1)


@dataclass(frozen=True)
class Measured:
    """One client, one way, one size.

    Attributes:
        side: the client's name.
        rate: messages per second (median turn).
        p50_ms: a call's wait, p99_ms likewise; None where there are no calls.
        share: its rate as a share of the Java client's, the median of the pairs: a turn of each stands beside
            the other's. Medians of each side's own turns would not: where rates fall into two lots, as those
            of oneway sends do, they jump from one to the other.
    """

    side: str
    rate: float
    p50_ms: float | None
    p99_ms: float | None
    share: float = 1.0


@dataclass(frozen=True)
class Found:
    """One way and size: the Java client by JPype, and beside it those that were measured in turn with it."""

    way: str
    body_bytes: int
    java: Measured
    others: tuple[Measured, ...]


def _measured(side: Side, turns: Sequence[Taken], java: Sequence[Taken]) -> Measured:
    calls = [call * 1000 for taken in turns for call in taken.calls]
    p50, p99 = (None, None)
    if calls:
        cuts = statistics.quantiles(calls, n=100, method="inclusive")
        p50, p99 = cuts[49], cuts[98]
    share = statistics.median(one.rate / other.rate for one, other in zip(turns, java, strict=True))
    return Measured(side.name, statistics.median(taken.rate for taken in turns), p50, p99, share)


class Bench:
    """One run over a cluster with a proxy: the sides, their topic, the rounds.

    Args:
        cluster: running, with a proxy.
        rounds: of each way; the median turn counts.
    """

    def __init__(self, cluster: Cluster, rounds: int) -> None:
        self._rounds = rounds
        self._admin = Admin(cluster.namesrv)
        topic = self._topic()
        self._sides = {side: side(cluster, topic) for side in (Java, Ours, Classic, Grpc)}

    def _topic(self) -> str:
        name = f"bench-{uuid.uuid4().hex[:8]}"
        self._admin.create_topic(name, queues=4)
        return name

    def _group(self) -> str:
        name = f"CID-{uuid.uuid4().hex[:8]}"
        self._admin.create_group(name)  # a proxy makes none
        return name

    def _found(self, way: Way, size: int, work: Callable[[Side, int], Taken], warm_up: int) -> Found:
        sides = [self._sides[each] for each in (Java, *way.sides)]
        taken: dict[Side, list[Taken]] = {side: [] for side in sides}
        for index in range((warm_up + self._rounds) * way.turns):
            for side in sides if index % 2 else reversed(sides):
                taken[side].append(work(side, way.slow if isinstance(side, Grpc) else way.messages))
        counted = [taken[side][warm_up * way.turns :] for side in sides]
        java, *others = (_measured(*each, counted[0]) for each in zip(sides, counted, strict=True))
        return Found(way.name, size, java, tuple(others))

    def measure(self) -> list[Found]:
        """Measure everything.

        Raises:
            TimeoutError: messages did not come.
        """
        found = []
        for size in BODY_BYTES:
            body = b"x" * size
            found += [self._sent(way, size, body) for way in SENDS]
            found += self._consumed(size, body)
        return found

    def _sent(self, way: Way, size: int, body: bytes) -> Found:
        # What is sent first is sent by code that no compiler has seen.
        warm_up = 4 if size == BODY_BYTES[0] else 1
        return self._found(way, size, lambda side, count: getattr(side, way.method)(body, count), warm_up)

    def _consumed(self, size: int, body: bytes) -> list[Found]:
        full = {count: self._filled(body, count) for count in (CONSUME.messages, CONSUME.slow)}
        return [
            self._found(CONSUME, size, lambda side, n: side.consume(self._group(), full[n], n), 1),
            self._found(
                DELIVERED, size, lambda side, n: side.delivered(self._group(), self._topic(), body, n), 0
            ),
        ]

    def _filled(self, body: bytes, count: int) -> str:
        from rmqlab.client import Message, Producer  # noqa: PLC0415  (what is measured, not what measures)

        topic = self._topic()
        with Producer(f"PID-{topic}", namesrv=self._admin.namesrv) as producer:
            for _ in range(count // _BATCHES_OF):
                producer.send_batch([Message(topic, body) for _ in range(_BATCHES_OF)], max_bytes=10**6)
        return topic

    def close(self) -> None:
        """End all clients."""
        for side in self._sides.values():
            side.close()
        self._admin.close()
