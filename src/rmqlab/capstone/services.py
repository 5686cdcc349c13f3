"""One service as a process of its own: `python -m rmqlab.capstone.services`, told what to do by JSON.

    {"do": "begin", "name": "shop", "cluster": ..., "trial": ..., "program": path,
     "send_ms": ...}
    {"do": "place", "order": ...}   a customer's order, at the shop; {"placed": "NUMBER yes"}, or no
    {"do": "hold"}       stand still at the next message: the shop before it sends, payment between its work
                         and its acknowledgement; {"held": the order's number}
    {"do": "raised"}     {"raised": what the functions raised, as JSON}
    {"do": "end"}        shut the clients down

It ends with its input, so that none outlives the trial.
"""

from __future__ import annotations

import json
import runpy
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any

from rocketmq.exceptions import ProducerStartFailed, PushConsumerStartFailed

from rmqlab.client import ConsumeFromWhere, ConsumeStatus, Producer, PushConsumer, warm_up
from rmqlab.cluster import attach
from rmqlab.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

PROPERTY = "TRIAL"
"""Each message of a trial has its name: others are of an earlier one, and nobody's."""

RETRIES = 2
_THREADS = 4
_START_S = 40.0
_OUTBOX_S = 0.1
_KINDS = 6


class Hold:
    """A place to stand still in, until somebody kills the process, or lets it go on."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._armed = threading.Lock()
        self._wanted = False
        self._free = threading.Event()

    def arm(self) -> None:
        """Hold the next one that comes by."""
        with self._armed:
            self._free.clear()
            self._wanted = True

    def release(self) -> None:
        """Let whoever stands still go on."""
        with self._armed:
            self._wanted = False
            self._free.set()

    def pass_by(self, number: str) -> None:
        """Stand still if it is wanted."""
        with self._armed:
            if not self._wanted:
                return
            self._wanted = False
        self._tell("held", number)
        self._free.wait()


class Till:
    """A producer that marks what it sends, and may be held before it does."""

    def __init__(self, producer: Any, trial: str, before: Callable[[str], None]) -> None:
        self._producer, self._trial, self._before = producer, trial, before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._producer, name)
        if not name.startswith("send"):
            return found

        def send(message: Any, *args: Any, **how: Any) -> Any:
            messages = message if isinstance(message, list | tuple) else (message,)
            for each in messages:
                each.set_property(PROPERTY, self._trial)
            self._before(_keys_of(messages[0]))
            return found(message, *args, **how)

        return send


class Services:
    """One of the three services."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._telling = threading.Lock()
        self._hold = Hold(lambda kind, what: self._tell({kind: what}))
        self._at_the_till = ThreadPoolExecutor(2)
        self._closing = threading.Event()
        self._clients: list[Any] = []
        self._raised: dict[str, None] = {}
        self._producer: Any = None
        self._system: dict[str, Callable[..., Any]] = {}

    def run(self, orders: IO[str]) -> None:
        """Do what is told until there is no more."""
        for line in orders:
            order: dict[str, Any] = json.loads(line)
            match order.pop("do"):
                case "hold":
                    self._hold.arm()
                case "release":
                    self._hold.release()
                case "place":
                    self._at_the_till.submit(self._place, json.loads(order["order"]))
                case "raised":
                    self._tell({"raised": json.dumps([*self._raised][:_KINDS])})
                case "end":
                    self._end()
                    self._tell({"done": "end"})
                case _:
                    self._begin(**order)
                    self._tell({"done": "begin"})
        self._end()

    def _begin(self, name: str, cluster: str, trial: str, program: str, send_ms: str) -> None:
        self._system = runpy.run_path(program)["SYSTEM"]
        attached = attach(cluster)
        ledger = Ledger(attached, f"trial-{trial}")
        if name != "payment":
            producer = Producer(
                f"{name}-{trial}", namesrv=attached.namesrv, timeout_ms=int(send_ms), retries=RETRIES
            )
            self._started(producer)
            before = self._hold.pass_by if name == "shop" else lambda _number: None
            self._producer = Till(ledger.producer(producer), trial, before)
        if name == "shop" and "send_outbox" in self._system:
            threading.Thread(target=self._empty_outbox, daemon=True).start()
        groups = {
            "stock": (("stock", "on_order"), ("clock", "on_timeout")),
            "payment": (("payment", "on_payment"),),
        }
        for group, role in groups.get(name, ()):
            consumer = PushConsumer(
                f"{group}-{trial}",
                namesrv=attached.namesrv,
                from_where=ConsumeFromWhere.FIRST,
                threads=_THREADS,
            )
            work = ledger.callback(self._callback(role, with_producer=role == "on_order"), group=group)
            topic = "timeouts" if group == "clock" else "orders"
            consumer.subscribe(topic, _of_this_trial(trial, work))
            self._started(consumer)

    def _started(self, client: Any) -> None:
        """Start a client; a broker that is away or busy is asked again."""
        deadline = time.monotonic() + _START_S
        while True:
            try:
                client.start()
            except (PushConsumerStartFailed, ProducerStartFailed):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                self._clients.append(client)
                return

    def _callback(self, role: str, *, with_producer: bool) -> Callable[[Any], Any]:
        def call(message: Any) -> Any:
            work = self._system[role]
            try:
                status = work(self._producer, message) if with_producer else work(message)
            except Exception as error:
                self._note(role, error)
                raise
            if role == "on_payment" and b'"valid"' in message.body:  # a customer who has paid by now
                self._hold.pass_by(message.keys.decode())
            return status

        return call

    def _place(self, order: dict[str, Any]) -> None:
        told = "yes"
        try:
            self._system["place_order"](self._producer, order)
        except Exception as error:  # noqa: BLE001  (whatever it is, the customer is told no)
            self._note("place_order", error)
            told = "no"
        self._tell({"placed": f"{order['number']} {told}"})

    def _empty_outbox(self) -> None:
        while not self._closing.wait(_OUTBOX_S):
            try:
                self._system["send_outbox"](self._producer)
            except Exception as error:  # noqa: BLE001  (the next turn may succeed)
                self._note("send_outbox", error)

    def _end(self) -> None:
        self._closing.set()
        self._hold.release()
        while self._clients:
            self._clients.pop().shutdown()

    def _note(self, role: str, error: BaseException) -> None:
        self._raised.setdefault(f"{role}: {type(error).__name__}: {str(error)[:120]}", None)

    def _tell(self, what: dict[str, str]) -> None:
        with self._telling:
            self._out.write(json.dumps(what) + "\n")
            self._out.flush()


def _keys_of(message: Any) -> str:
    return str(message._handle.properties.get("KEYS", ""))  # noqa: SLF001  (the classic message tells nothing)


def _of_this_trial(trial: str, work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(message: Any) -> Any:
        if message.properties.get(PROPERTY) != trial:
            return ConsumeStatus.CONSUME_SUCCESS
        return work(message)

    return call


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr  # what a learner prints is no answer
    warm_up()
    Services(answers).run(sys.stdin)
