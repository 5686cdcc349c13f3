"""The processes of an order system, as the trial sees them: told what to do, killed, replaced."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from rmqlab.chaos.consumers import ConsumerProcess
from rmqlab.errors import FaultError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CUSTOMER_S = 12.0
_OPEN_S = 30.0


class ServiceProcess(ConsumerProcess):
    """A process that is one of the services: shop, stock or payment.

    Args:
        name: which.
        environment: what it finds in its environment besides.
    """

    module = "rmqlab.capstone.services"

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self._open = threading.Event()
        super().__init__(name, environment)

    def begin(self, **order: str) -> None:
        """Begin to serve.

        Raises:
            FaultError: it has died, or does not begin in time.
        """
        super().begin(**order)
        self._open.set()

    def end(self) -> None:
        """Shut its clients down."""
        self._open.clear()
        super().end()

    def kill(self) -> None:
        """Kill -9; return when it is gone."""
        self._open.clear()
        super().kill()

    def place(self, order: Mapping[str, Any]) -> str:
        """Place an order at the shop; return what the customer is told: `yes`, `no`, or `nothing`.

        While the shop is closed the customer waits.
        """
        if not self._open.wait(_OPEN_S):
            return "nothing"
        self._tell("place", order=json.dumps(order))
        try:
            return self._wait_for("placed", f"{order['number']} ", _CUSTOMER_S).rpartition(" ")[2]
        except FaultError:
            return "nothing"

    def raised(self) -> tuple[str, ...]:
        """Return what the learner's functions raised in this process since it began, each kind once."""
        self._tell("raised")
        try:
            return tuple(json.loads(self._wait_for("raised", "", _CUSTOMER_S)))
        except FaultError:
            return ()
