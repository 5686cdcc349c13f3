"""One trial: services start, customers come, dangers happen, everything comes to rest and is judged."""

from __future__ import annotations

import contextlib
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

from rmqlab.capstone.bank import Bank
from rmqlab.capstone.customers import Customers
from rmqlab.capstone.dangers import DANGERS, SEND_MS, Scene, plan
from rmqlab.capstone.facts import ledger_of, read_facts
from rmqlab.capstone.judging import judge
from rmqlab.capstone.outcome import Happened, Outcome, folder_of, write_outcome
from rmqlab.capstone.processes import ServiceProcess
from rmqlab.capstone.running import Trial
from rmqlab.capstone.shop import make_shop, read_moves, read_states
from rmqlab.errors import ChaosError, RmqLabError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rmqlab.capstone.judging import Facts
    from rmqlab.capstone.system import System
    from rmqlab.cluster import Cluster

PATIENCE_S = 80.0
_SERVICES = ("shop", "stock", "payment")
_QUEUES = 1
"""After a broker's restart a client may be in its group twice for two minutes: by its new connection, and by
one that broke while its heartbeat waited (ClientChannelInfo, CHANNEL_EXPIRED_TIMEOUT). With several queues
the average strategy then gives half of them to nobody."""

_BEFORE, _BETWEEN, _AFTER = 6, 2, 6
"""So many customers come before the dangers, before each, and after all."""

_CUSTOMERS_S = 10.0
_TRIES = 2
_STILL_S, _AT_REST_S = 1.2, 7.0
_SETTLED_S = 60.0
_DELAYED_S = 6.0
"""A reminder that waits for its moment is not in its topic yet, and looks lost; level 2 of the lab is 4 s."""

_POLL_S = 0.4
_ALL = 100
_DEFAULT_SEND_MS = 3000
"""On a quiet day a send has as much time as RocketMQ gives it."""


def trial(system: System, cluster: Cluster, *, seed: int = 1, dangers: Sequence[str] | None = None) -> Trial:
    """Run an order system, let dangers happen to it, and judge what is left. Takes about a minute.

    On a busy machine it returns after `PATIENCE_S`, and the trial goes on: its outcome waits for the rest.

    Args:
        system: the order system.
        cluster: one broker, with `links=True`; it stays.
        seed: settles which dangers come, and in which order.
        dangers: names of `DANGERS`, in their order; `()` for a quiet day. Default: six, as the seed settles.

    Raises:
        ChaosError: the system cannot be made a program, or there is no such danger.
    """
    program = system.program()
    names = plan(seed) if dangers is None else tuple(dangers)
    if strangers := [name for name in names if name not in DANGERS]:
        raise ChaosError(f"There is no danger called {strangers[0]!r}. There are: {', '.join(DANGERS)}.")
    name = uuid.uuid4().hex[:6]
    running = Trial(name, lambda: _play(program, cluster, name, seed, names))
    running.wait(PATIENCE_S)
    return running


def _play(program: str, cluster: Cluster, name: str, seed: int, names: tuple[str, ...]) -> Outcome:
    folder = folder_of(cluster, name)
    folder.mkdir(parents=True)
    (folder / "program.py").write_text(program, encoding="utf-8")
    make_shop(folder / "shop.db")
    send_ms = str(SEND_MS if names else _DEFAULT_SEND_MS)
    with Bank(folder / "bank.db") as bank, _services(cluster, name, folder, bank, send_ms) as services:
        return _Day(cluster, name, folder, bank, services, seed).play(names)


@contextlib.contextmanager
def _services(
    cluster: Cluster, name: str, folder: Path, bank: Bank, send_ms: str
) -> Iterator[dict[str, ServiceProcess]]:
    """Run the three services, and see to it that none is left."""
    _make_topics(cluster)
    environment = {"SHOP_DB": str(folder / "shop.db"), "BANK": bank.address}
    services = {each: ServiceProcess(each, environment) for each in _SERVICES}
    order = {
        "cluster": cluster.name,
        "trial": name,
        "program": str(folder / "program.py"),
        "send_ms": send_ms,
    }
    try:
        with ThreadPoolExecutor(len(services)) as pool:
            list(pool.map(lambda service: service.begin(**order), services.values()))
        yield services
    finally:
        for service in services.values():
            service.close()


def _make_topics(cluster: Cluster) -> None:
    from rmqlab.client.admin import Admin  # noqa: PLC0415  (waits for the JVM)

    with Admin(cluster.namesrv) as admin:
        there = admin.topics()
        for topic in ("orders", "timeouts"):
            if topic not in there:
                admin.create_topic(topic, queues=_QUEUES)


class _Day:
    """One trial, from its first customer to its score."""

    def __init__(  # noqa: PLR0913, PLR0917  (what a trial has)
        self,
        cluster: Cluster,
        name: str,
        folder: Path,
        bank: Bank,
        services: dict[str, ServiceProcess],
        seed: int,
    ) -> None:
        self._cluster, self._name, self._folder, self._bank, self._seed = cluster, name, folder, bank, seed
        self._services = services
        self._luck = Random(f"trial {seed}")  # noqa: S311
        self._ledger = ledger_of(cluster, name)
        self._customers = Customers(services["shop"], name, Random(f"customers {seed}"))  # noqa: S311

    def play(self, names: Sequence[str]) -> Outcome:
        """Let customers come and dangers happen, wait until all is at rest, and judge."""
        from rmqlab.client import Producer  # noqa: PLC0415  (waits for the JVM)
        from rmqlab.client.admin import Admin  # noqa: PLC0415

        happened = []
        with (
            Admin(self._cluster.namesrv, timeout_s=15) as admin,
            Producer(f"trial-{self._name}", namesrv=self._cluster.namesrv, timeout_ms=15000) as producer,
            self._customers as customers,
        ):
            scene = Scene(
                self._cluster,
                admin,
                producer,
                self._name,
                **self._services,
                customers=customers,
                bank=self._bank,
                database=self._folder / "shop.db",
                luck=self._luck,
            )
            customers.wait_for(_BEFORE, _CUSTOMERS_S)
            for name in names:
                customers.wait_for(_BETWEEN, _CUSTOMERS_S)
                happened.append(_happen(name, scene))
            customers.wait_for(_AFTER, _CUSTOMERS_S)
        facts = self._settled()
        raised = [each for service in self._services.values() for each in service.raised()]
        outcome = Outcome(
            self._name, self._seed, self._folder, tuple(happened), tuple(raised), facts, judge(facts)
        )
        write_outcome(outcome)
        return outcome

    def _settled(self) -> Facts:
        """Wait until all is right and stays so, or nothing changes any more; return the facts."""
        deadline = time.monotonic() + _SETTLED_S
        seen, facts, since = self._in_files(), None, time.monotonic()
        while True:
            time.sleep(_POLL_S)
            now, is_late = self._in_files(), time.monotonic() > deadline
            if now != seen:
                seen, since = now, time.monotonic()
            if now == seen and time.monotonic() - since < _STILL_S and not is_late:
                continue  # the brokers are asked only when the files are still
            before, facts = facts, self._facts()
            if before is not None and facts != before:
                since = max(since, time.monotonic() - _STILL_S)
            # a group that has not come back yet after a broker's restart changes nothing either
            is_at_rest = time.monotonic() - since > _AT_REST_S and not (facts.undone or facts.lost)
            if is_late and facts.lost:
                time.sleep(_DELAYED_S)
                facts = self._facts()
            if is_late or is_at_rest or judge(facts).total == _ALL:
                return facts

    def _in_files(self) -> tuple[object, ...]:
        shop = self._folder / "shop.db"
        return read_states(shop), read_moves(shop), self._bank.book

    def _facts(self) -> Facts:
        customers = self._customers
        return read_facts(self._folder, self._ledger.reconcile(), customers.orders, customers.told)


def _happen(name: str, scene: Scene) -> Happened:
    """Let a danger happen; one that hurt nobody is tried once more."""
    why = ""
    for _ in range(_TRIES):
        try:
            evidence, order = DANGERS[name].happen(scene)
        except RmqLabError as error:
            why = " ".join(str(error).split())
        else:
            return Happened(name, evidence, order)
    return Happened(name, why, took_effect=False)
