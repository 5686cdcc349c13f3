"""A cluster that lives in a few dictionaries: what a reader asks it, it answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from rmqlab.client.facts import BrokerRoute, ConsumerInfo, Progress, QueueRef, QueueStats, StoredMessage
from rmqlab.errors import AdminError


@dataclass
class FakeNode:
    name: str
    role: str
    address: str
    state: str = "up"
    commands: list[str] = field(default_factory=list)

    def kill(self) -> None:
        self.commands.append("kill")
        self.state = "down"

    def pause(self) -> None:
        self.commands.append("pause")
        self.state = "paused"

    def resume(self) -> None:
        raise RuntimeError("no")


@dataclass(eq=False)
class FakeCluster:
    """Two brokers with two queues each of the topic `orders`; `stored` has the messages of each queue."""

    name: str = "fake"
    namesrv: str = "127.0.0.1:1"
    nodes: dict[str, FakeNode] = field(default_factory=dict)
    stored: dict[QueueRef, list[StoredMessage]] = field(default_factory=dict)
    committed: dict[QueueRef, int] = field(default_factory=dict)
    asked: list[tuple] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    troubled: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def troubles(self) -> dict[str, tuple[str, ...]]:
        return self.troubled

    def __post_init__(self) -> None:
        self.nodes = {
            "namesrv": FakeNode("namesrv", "NAMESRV", self.namesrv),
            "broker-a": FakeNode("broker-a", "MASTER", "127.0.0.1:2"),
            "broker-b": FakeNode("broker-b", "MASTER", "127.0.0.1:3"),
        }
        self.stored = {
            QueueRef("orders", broker, number): [] for broker in ("broker-a", "broker-b") for number in (0, 1)
        }
        self.closed = 0

    def send(self, queue_id: int, key: str, broker: str = "broker-a") -> None:
        queue = self.stored[QueueRef("orders", broker, queue_id)]
        number = sum(map(len, self.stored.values()))
        queue.append(
            StoredMessage(
                "orders",
                broker,
                queue_id,
                len(queue),
                number,
                f"id{number}",
                "",
                key,
                "",
                b"",
                {},
                number,
                number,
            )
        )

    def connect(self, namesrv: str) -> FakeAdmin:
        return FakeAdmin(self)

    def registered(self, namesrv: str) -> dict[tuple[str, int], str]:
        if namesrv in self.silent:
            raise TimeoutError("timed out")
        return {(node.name, 0): node.address for node in self.nodes.values() if node.role == "MASTER"}


class FakeAdmin:
    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster = cluster

    def route(self, topic: str) -> tuple[BrokerRoute, ...]:
        self.cluster.asked.append(("route", topic))
        brokers = [self.cluster.nodes["broker-a"], self.cluster.nodes["broker-b"]]
        if topic != "orders":
            return ()
        return tuple(
            BrokerRoute(node.name, {0: node.address}, 2, 2) for node in brokers if node.state != "down"
        )

    def at(self, address: str) -> FakeQuestions:
        return FakeQuestions(self.cluster, address)

    def close(self) -> None:
        self.cluster.closed += 1


class FakeQuestions:
    def __init__(self, cluster: FakeCluster, address: str) -> None:
        self.cluster = cluster
        self.address = address

    def _queues(self, question: str) -> dict[QueueRef, list[StoredMessage]]:
        self.cluster.asked.append((question, self.address, threading.get_ident()))
        if self.address in self.cluster.silent:
            raise AdminError(f"{self.address} did not answer")
        broker = next(node.name for node in self.cluster.nodes.values() if node.address == self.address)
        return {ref: held for ref, held in self.cluster.stored.items() if ref.broker == broker}

    def topic_stats(self, topic: str) -> dict[QueueRef, QueueStats]:
        queues = self._queues("stats")
        return {
            ref: QueueStats(0, len(held), held[-1].store_ms if held else 0) for ref, held in queues.items()
        }

    def groups(self, topic: str) -> tuple[str, ...]:
        self._queues("groups")
        return ("stock",) if self.cluster.committed else ()

    def consume_stats(self, group: str, topic: str) -> dict[QueueRef, Progress]:
        queues = self._queues("progress")
        return {ref: Progress(len(held), self.cluster.committed.get(ref, 0)) for ref, held in queues.items()}

    def consumers(self, group: str, *, assignments: bool) -> tuple[ConsumerInfo, ...]:
        held = tuple(ref for ref in self._queues("members") if ref.queue_id == 0)
        return (
            ConsumerInfo("somebody@1", (*held, QueueRef("payments", "broker-a", 0)) if assignments else ()),
        )

    def messages(self, queue: QueueRef, offset: int, count: int) -> list[StoredMessage]:
        return self._queues(f"messages from {offset}")[queue][offset : offset + count]
