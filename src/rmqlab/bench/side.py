"""What a client that `rmqlab bench client` compares is asked to do, and how that is timed.

Every way does the same work on each side: it makes a message with topic, body, tag and a key of its own, and
reads the broker's answer; a consumer reads the body. Each takes a body and a number of messages and returns
what that took. A side leaves out what its client does not have.
"""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.cluster import Cluster

IN_FLIGHT = 100
"""Async sends that are handed over before the answers to them are waited for."""

_FIRST = 5
"""Deliveries that do not count: a consumer takes its queues, and asks for messages half a second later."""

_DEADLINE_S = 60.0
_clock = time.perf_counter


@dataclass(frozen=True)
class Taken:
    """What some messages took: seconds in all, and each call's own (of a batch: the batch's)."""

    messages: int
    seconds: float
    calls: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds


class Arrivals:
    """When answers or messages came; knows when the last one has. Python's callbacks and Java's end here."""

    def __init__(self, count: int) -> None:
        self.at: list[float] = []
        self._count = count
        self._done = threading.Event()

    def came(self, *_: Any) -> None:
        """Note one."""
        self.at.append(_clock())
        if len(self.at) >= self._count:
            self._done.set()

    def wait(self) -> list[float]:
        """Return when each came, once the last has.

        Raises:
            TimeoutError: it has not come in a minute.
        """
        if not self._done.wait(_DEADLINE_S):
            raise TimeoutError(f"{self._count - len(self.at)} messages are missing after {_DEADLINE_S:g} s")
        return self.at

    def onSuccess(self, result: Any) -> None:  # noqa: N802  (Java's SendCallback)
        """Read an answer and note it."""
        read(result)
        self.came()

    def onException(self, error: Any) -> None:  # noqa: N802  (Java's SendCallback)
        """Fail: a bench in which sends fail measures nothing."""
        raise RuntimeError(f"a send failed: {error}")


def read(result: Any) -> tuple[int, str, int]:
    """Read Java's SendResult, as our own sends do."""
    return result.getSendStatus().ordinal(), str(result.getMsgId()), result.getQueueOffset()


def one_by_one(send: Callable[[], Any], count: int) -> Taken:
    """Time calls, one after the other."""
    stamps = [_clock()]
    for _ in range(count):
        send()
        stamps.append(_clock())
    return Taken(count, stamps[-1] - stamps[0], tuple(after - at for at, after in itertools.pairwise(stamps)))


def until_stored(handed_over: Taken, ask: Callable[[], Any]) -> Taken:
    """Let oneway sends count until the broker has stored them: until then they are only in a socket's buffer.

    Args:
        handed_over: the sends.
        ask: a sync send behind them, on the same connection.
    """
    began = _clock()
    ask()
    return Taken(handed_over.messages, handed_over.seconds + _clock() - began, handed_over.calls)


def in_flight(send: Callable[[Arrivals], Any], count: int) -> Taken:
    """Time async sends; answers are matched to sends in order, which one connection keeps."""
    calls: list[float] = []
    begin = _clock()
    for _ in range(count // IN_FLIGHT):
        arrivals = Arrivals(IN_FLIGHT)
        began = []
        for _ in range(IN_FLIGHT):
            began.append(_clock())
            send(arrivals)
        calls += [came - at for at, came in zip(began, arrivals.wait(), strict=False)]
    return Taken(count // IN_FLIGHT * IN_FLIGHT, _clock() - begin, tuple(calls))


class Side:
    """One client on one topic of a cluster."""

    name: str

    def __init__(self, cluster: Cluster, topic: str) -> None:
        self._namesrv, self._proxy, self._topic = cluster.namesrv, cluster.proxy, topic
        self._numbers = itertools.count()
        self._producer = self._start()

    def _start(self) -> Any:
        """Make the producer and start it."""
        raise NotImplementedError

    def _made(self, body: bytes, topic: str | None = None) -> Any:
        """Make a message, for the side's own topic unless another is named."""
        raise NotImplementedError

    def _consumer(self, group: str, topic: str, came: Callable[[], Any]) -> Any:
        """Start a consumer from the first message on; it reads each body and calls `came`."""
        raise NotImplementedError

    def _key(self) -> str:
        return f"key-{next(self._numbers)}"

    def consume(self, group: str, topic: str, count: int) -> Taken:
        """Receive what is in a topic, timed from the first message to the last: a start is no rate."""
        arrivals = Arrivals(count)
        consumer = self._consumer(group, topic, arrivals.came)
        try:
            at = sorted(arrivals.wait())
        finally:
            consumer.shutdown()
        return Taken(len(at) - 1, at[-1] - at[0], ())

    def delivered(self, group: str, topic: str, body: bytes, count: int) -> Taken:
        """Send one message after the other, each when the last has arrived: from the call to the callback."""
        arrived = threading.Event()
        consumer = self._consumer(group, topic, arrived.set)

        def send() -> None:
            arrived.clear()
            self._producer.send(self._made(body, topic))
            if not arrived.wait(_DEADLINE_S):
                raise TimeoutError(f"{self.name}: a message has not arrived after {_DEADLINE_S:g} s")

        try:
            one_by_one(send, _FIRST)
            return one_by_one(send, count)
        finally:
            consumer.shutdown()

    def close(self) -> None:
        """End the producer."""
        self._producer.shutdown()
