"""A consumer as a process of its own: `python -m rmqlab.chaos.worker`, told by lines of JSON what to do.

    {"do": "begin", "cluster": ..., "ledger": ..., "topic": ..., "group": ..., "database": ...,
     "name": ...}
    {"do": "hold"}      keep the next message between its work and its acknowledgement; {"held": message}
    {"do": "release"}   let it go on
    {"do": "end"}       shut the consumer down

Each but `hold` and `release` is answered with {"done": what}. It ends with its input, so that none outlives
the trial. Its effects happen once: `rmqlab.idempotence`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any

from rocketmq.exceptions import PushConsumerStartFailed

from rmqlab.chaos.effects import add_effect, open_effects
from rmqlab.client import ConsumeFromWhere, ConsumeStatus, PushConsumer, warm_up
from rmqlab.cluster import attach
from rmqlab.idempotence import once
from rmqlab.ledger import Ledger

if TYPE_CHECKING:
    import sqlite3

_START_S = 40.0


class Worker:
    """One consumer, which begins and ends with each trial."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._telling = threading.Lock()
        self._holds = threading.Event()
        self._released = threading.Event()
        self._consumer: PushConsumer | None = None
        self._db: sqlite3.Connection | None = None

    def run(self, orders: IO[str]) -> None:
        """Do what is told until there is no more."""
        for line in orders:
            order: dict[str, Any] = json.loads(line)
            what = order.pop("do")
            if what == "hold":
                self._released.clear()
                self._holds.set()
            elif what == "release":
                self._holds.clear()
                self._released.set()
            else:
                getattr(self, f"_{what}")(**order)
                self._tell({"done": what})
        self._end()

    def _begin(  # noqa: PLR0913, PLR0917  (one trial)
        self, cluster: str, ledger: str, topic: str, group: str, database: str, name: str
    ) -> None:
        attached = attach(cluster)
        self._db = open_effects(database)
        work = Ledger(attached, ledger).callback(self._work, group=group, instance=name)
        deadline = time.monotonic() + _START_S
        while self._consumer is None:
            consumer = PushConsumer(
                group,
                namesrv=attached.namesrv,
                from_where=ConsumeFromWhere.FIRST,
                threads=1,
                shutdown_wait_s=5.0,
            )
            consumer.subscribe(topic, work)
            try:
                consumer.start()
            except PushConsumerStartFailed:  # a busy broker that did not answer in time
                if time.monotonic() > deadline:
                    raise
            else:
                self._consumer = consumer

    def _end(self) -> None:
        self._released.set()
        if self._consumer is not None:
            self._consumer.shutdown()
            self._consumer = None

    def _work(self, message: Any) -> ConsumeStatus:
        db, name = self._db, json.loads(message.body)["id"]
        assert db is not None
        once(db, name, lambda: add_effect(db, name))
        if self._holds.is_set():
            self._holds.clear()
            self._tell({"held": name})
            self._released.wait()
        return ConsumeStatus.CONSUME_SUCCESS

    def _tell(self, what: dict[str, str]) -> None:
        with self._telling:
            self._out.write(json.dumps(what) + "\n")
            self._out.flush()


if __name__ == "__main__":
    warm_up()
    Worker(sys.stdout).run(sys.stdin)
