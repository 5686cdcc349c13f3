"""The customers of a trial: one after the other, each wants some pieces, and remembers what he was told."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

from rmqlab.capstone.judging import Order
from rmqlab.checks.patience import eventually

if TYPE_CHECKING:
    from random import Random
    from typing import Self

    from rmqlab.capstone.processes import ServiceProcess

_PACE_S = 0.2
_EMPTY = 5  # each fifth customer cannot pay
_PRICE = 20


class Customers:
    """Customers who come until they are told to stop.

    Attributes:
        orders: what they wanted, by number.
        told: what they were told: `yes`, `no`, `nothing`.
    """

    def __init__(self, shop: ServiceProcess, name: str, luck: Random) -> None:
        self._shop = shop
        self._name = name
        self._luck = luck
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._come, daemon=True)
        self.orders: dict[str, Order] = {}
        self.told: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let nobody in any more, and return when the last one has left."""
        self._stop.set()
        self._thread.join()

    def wait_for(self, more: int, timeout_s: float) -> bool:
        """Wait until so many more have been answered; tell whether they were in time."""
        goal = len(self.told) + more
        return eventually(lambda: len(self.told) >= goal, timeout_s=timeout_s, every_s=0.02)

    def _come(self) -> None:
        while not self._stop.wait(_PACE_S):
            count = len(self.orders) + 1
            pieces = self._luck.randint(1, 3)
            card = "valid" if count % _EMPTY else "empty"
            order = Order(f"{self._name}-{count}", pieces, pieces * _PRICE, card)
            self.orders[order.number] = order
            self.told[order.number] = self._shop.place(asdict(order))
