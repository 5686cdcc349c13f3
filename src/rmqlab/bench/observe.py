"""`rmqlab bench observe`: what looking costs: a snapshot, the feed, a frame.

Each cost is set beside its absence within one run: the processor's time with the feed at rest and at 5 Hz in
turn, and the rate of sync sends with it and without. Kernel and broker are counted together, since a question
costs both.
"""

from __future__ import annotations

import statistics
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
from rich.table import Table

from rmqlab.client import Message, Producer
from rmqlab.client.admin import Admin
from rmqlab.client.remoting import ask
from rmqlab.errors import RmqLabError
from rmqlab.observe import Feed, Reader, Watch
from rmqlab.starting import start_cluster
from rmqlab.views import KINDS
from rmqlab.views.looker import Looker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from rmqlab.cluster import Cluster
    from rmqlab.observe import Snapshot
    from rmqlab.views.drawing import Drawing

SNAPSHOT_MS = 50.0
FEED_SHARE = 0.10
SEND_CHANGE = 0.05
FRAME_MS = 5.0
HZ = 5.0

_QUEUES, _GROUPS = 64, 8
_MESSAGES = 40  # a queue: more than its row shows
_READINGS = 60
_FRAMES = 200
_TURN_S = 3.0
_SLICE_S = 1.0
_UPDATE_CONSUMER_OFFSET = 15  # RequestCode
_LIVE = Looker(live=True)
_QUEUE_PICTURE = KINDS["queues"]


@dataclass(frozen=True)
class Measured:
    """One figure, its budget (None: for information), and in which unit both are."""

    what: str
    value: float
    budget: float | None
    unit: str
    note: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether the budget is kept."""
        return self.budget is None or self.value <= self.budget


class _Switch:
    """A feed that is drawn from at 5 Hz as a view does, and can rest without being taken down."""

    def __init__(self, cluster: Cluster, what: dict[str, Any]) -> None:
        self.frames: list[Drawing] = []
        self._feed = Feed(HZ)
        interest = _QUEUE_PICTURE.interest(what)
        self._watch = Watch(
            cluster,
            lambda: interest,
            lambda seen: self.frames.append(_QUEUE_PICTURE.draw(seen, what, _LIVE)),
        )
        self._feed.add(self._watch)

    def turn(self, *, on: bool) -> None:
        """Let it go on, or rest, and wait until it does: a reader that was closed would connect again."""
        self._feed.rate_hz = HZ if on else 0.001
        if on:
            self._feed.add(self._watch)  # wakes it
        time.sleep(2 / HZ)

    def close(self) -> None:
        self._feed.remove(self._watch)
        if self._watch.error is not None:
            raise RmqLabError(f"The feed failed: {self._watch.error}")


@contextmanager
def _feeding(cluster: Cluster, topic: str) -> Iterator[_Switch]:
    switch = _Switch(cluster, {"topic": topic})
    try:
        yield switch
    finally:
        switch.close()


def snapshot_ms(cluster: Cluster, topic: str) -> tuple[float, Snapshot]:
    """Return the median time of a snapshot of a topic, its groups and the registrations."""
    reader = Reader(cluster)
    interest = _QUEUE_PICTURE.interest({"topic": topic}) | KINDS["map"].interest({})
    try:
        taken = [_timed(lambda: reader.read(interest)) for _ in range(_READINGS)]
        return statistics.median(taken[_READINGS // 3 :]) * 1000, reader.read(interest)
    finally:
        reader.close()


def feed_share(cluster: Cluster, topic: str, rounds: int) -> float:
    """Return by how much of a core the feed at 5 Hz keeps kernel and broker busier than it does at rest."""
    processes = [psutil.Process(), *(psutil.Process(node.pid) for node in cluster.nodes.values() if node.pid)]
    with _feeding(cluster, topic) as switch:
        time.sleep(_TURN_S)  # Java compiles what it runs often
        differences = []
        for _ in range(rounds):
            shares = []
            for on in (False, True):
                switch.turn(on=on)
                shares.append(_share(processes))
            differences.append(shares[1] - shares[0])
    return statistics.median(differences)


def send_change(cluster: Cluster, topic: str, rounds: int) -> tuple[float, float]:
    """Return by which share sync sends are slower with the feed on, and their rate without it."""
    with (
        _feeding(cluster, topic) as switch,
        Producer("bench-observe", namesrv=cluster.namesrv) as producer,
    ):
        switch.turn(on=False)
        _sends(producer, topic, 2 * _SLICE_S)
        ratios, rates = [], []
        for index in range(rounds):
            rate = {}
            for on in (False, True) if index % 2 else (True, False):
                switch.turn(on=on)
                rate[on] = _sends(producer, topic, _SLICE_S)
            ratios.append(rate[True] / rate[False])
            rates.append(rate[False])
    return 1 - statistics.median(ratios), statistics.median(rates)


def frame(seen: Snapshot, topic: str) -> tuple[float, int]:
    """Return how long the queue picture takes to draw, in ms, and how many bytes a browser is sent of it."""
    what = {"topic": topic}
    taken = [_timed(lambda: _QUEUE_PICTURE.draw(seen, what, _LIVE)) for _ in range(_FRAMES)]
    drawing = _QUEUE_PICTURE.draw(seen, what, _LIVE)
    return statistics.median(taken) * 1000, len(drawing.svg.encode()) + len(drawing.table.encode())


def measure(cluster: Cluster, rounds: int) -> list[Measured]:
    """Measure everything on a cluster of one broker."""
    wide, small = _topic(cluster, _QUEUES, _GROUPS), _topic(cluster, 4, 2)
    found = []
    size = {wide: f"{_QUEUES} queues, {_GROUPS} groups", small: "4 queues, 2 groups"}
    for topic, budgets in ((wide, (SNAPSHOT_MS, FRAME_MS)), (small, (None, FRAME_MS))):
        taken, seen = snapshot_ms(cluster, topic)
        drawn, sent = frame(seen, topic)
        found += [
            Measured(f"a snapshot of {size[topic]}", taken, budgets[0], "ms"),
            Measured(
                f"a frame of {size[topic]}", drawn, budgets[1], "ms", f"{sent / 1024:.0f} KiB to the browser"
            ),
        ]
    for topic, budget in ((small, FEED_SHARE), (wide, None)):
        share = feed_share(cluster, topic, rounds)
        found.append(Measured(f"the feed at {HZ:g} Hz, {size[topic]}", share, budget, "of a core"))
    change, rate = send_change(cluster, small, rounds * 4)
    found.append(Measured("sync sends slower by", change, SEND_CHANGE, "", f"of {rate:,.0f} a second"))
    return found


def run(rounds: int, console: Console) -> int:
    """Start a throw-away cluster, measure, print; return 0 if the budgets are kept, else 1."""
    cluster = start_cluster("single", backend="process", name=f"bench-{uuid.uuid4().hex[:6]}", lease_s=600)
    try:
        found = measure(cluster, rounds)
    finally:
        cluster.stop(keep_files=False)
    table = Table("what", "measured", "budget", "", title="what looking costs")
    for one in found:
        budget = "none" if one.budget is None else _words(one.budget, one.unit)
        table.add_row(
            one.what, _words(one.value, one.unit), budget, one.note if one.is_kept else f"MISSED {one.note}"
        )
    console.print(table)
    return 0 if all(one.is_kept for one in found) else 1


def _words(value: float, unit: str) -> str:
    return f"{value:.1f} ms" if unit == "ms" else f"{value:.1%} {unit}".strip()


def _topic(cluster: Cluster, queues: int, groups: int) -> str:
    """Make a topic whose queues hold messages, and groups that have read none of them."""
    topic = f"bench-{uuid.uuid4().hex[:8]}"
    with Admin(cluster.namesrv) as admin, Producer("bench-fill", namesrv=cluster.namesrv) as producer:
        admin.create_topic(topic, queues=queues)
        for number in range(queues * _MESSAGES):
            producer.send_oneway(Message(topic, b"x" * 100, keys=f"key-{number % 5}"))
        for group in (f"{topic}-g{number}" for number in range(groups)):
            admin.create_group(group)
            for queue in range(queues):
                fields = {"consumerGroup": group, "topic": topic, "queueId": str(queue), "commitOffset": "0"}
                ask(cluster.brokers[0].address, _UPDATE_CONSUMER_OFFSET, fields)
    return topic


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _share(processes: list[psutil.Process]) -> float:
    """Return the share of a core that processes take for a while."""

    def spent() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    began, before = time.monotonic(), spent()
    time.sleep(_TURN_S)
    return (spent() - before) / (time.monotonic() - began)


def _sends(producer: Producer, topic: str, seconds: float) -> float:
    """Return how many messages a second are sent and acknowledged."""
    began, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        producer.send_sync(Message(topic, b"x" * 200, keys=f"key-{count % 5}"))
        count += 1
    return count / spent
