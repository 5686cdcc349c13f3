"""The program that sends in a trial: several threads, each with keys of its own, in order within a key."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from rmqlab.errors import ChaosError

if TYPE_CHECKING:
    from typing import Self

    from rmqlab.chaos.recipes import Recipe
    from rmqlab.ledger import Ledger

THREADS = 4
KEYS_A_THREAD = 2
_PAUSE_S = 0.02
_AGAIN_S = 0.1
_PADDING = "x" * 400


class Senders:
    """Threads that send until they are told to stop, as the recipe says.

    Attributes:
        acknowledged: how many sends were answered with OK so far.
        outbox: the messages that the program gave up, which somebody has to look after.
    """

    def __init__(self, recipe: Recipe, ledger: Ledger, namesrv: str, topic: str) -> None:
        from rmqlab.client import Producer  # noqa: PLC0415  (waits for the JVM)

        self._recipe = recipe
        self._topic = topic
        self._producer = ledger.producer(Producer(f"shop-{topic}", namesrv=namesrv, **recipe.producer))
        self._stop = threading.Event()
        self._count = threading.Lock()
        self._threads = [threading.Thread(target=self._send_all, args=(number,)) for number in range(THREADS)]
        self.acknowledged = 0
        self.outbox: list[str] = []

    def __enter__(self) -> Self:
        try:
            self._producer.__enter__()
        except Exception as error:
            raise ChaosError(f"The producer did not start: {error}") from error
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        self._producer.__exit__(*error)

    def stop(self) -> None:
        """Send no new message, and return when all threads are done with theirs."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, timeout_s: float) -> bool:
        """Wait until so many more are acknowledged; tell whether they were in time."""
        goal, deadline = self.acknowledged + more, time.monotonic() + timeout_s
        while self.acknowledged < goal:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _send_all(self, thread: int) -> None:
        number = 0
        while not self._stop.is_set():
            key = f"order-{thread * KEYS_A_THREAD + number % KEYS_A_THREAD}"
            self._send(key, f"{key}/{number // KEYS_A_THREAD}")
            number += 1
            self._stop.wait(_PAUSE_S)

    def _send(self, key: str, name: str) -> None:
        """Send one message; again, where the recipe says so, until the answer is OK."""
        from rmqlab.client import Message  # noqa: PLC0415

        message = Message(self._topic, json.dumps({"id": name, "more": _PADDING}), keys=key)
        deadline = time.monotonic() + self._recipe.sends_again_s
        while True:
            answer = self._try(message)
            if answer == "OK":
                with self._count:
                    self.acknowledged += 1
                return
            if time.monotonic() >= deadline:
                with self._count:
                    self.outbox.append(name)
                return
            time.sleep(_AGAIN_S)

    def _try(self, message: Any) -> str:
        try:
            return str(self._producer.send(message).status.name)
        except Exception as error:  # noqa: BLE001  (whatever it is, the program has to decide what to do)
            return type(error).__name__
