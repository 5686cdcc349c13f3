"""One trial: messages are sent and consumed, a hazard comes in between, and the ledger adds up."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from rmqlab.chaos.consumers import ConsumerProcess, all_begin, all_end, running_consumers
from rmqlab.chaos.effects import make_effects
from rmqlab.chaos.hazards import Scene
from rmqlab.chaos.judging import judged
from rmqlab.chaos.recipes import find_hazard, find_recipe
from rmqlab.chaos.run import Run
from rmqlab.chaos.senders import Senders
from rmqlab.errors import ClusterError, RmqLabError
from rmqlab.ledger import Ledger
from rmqlab.options import ClusterOptions
from rmqlab.runtime import slow_disk
from rmqlab.starting import start_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rmqlab.chaos.hazards import Hazard
    from rmqlab.chaos.recipes import Recipe
    from rmqlab.cluster import Cluster
    from rmqlab.ledger import Account

_LEASE_S = 600.0
_QUEUES = 2
_BEFORE, _AFTER = 40, 30
"""So many messages are acknowledged before the hazard, and after it, at least."""

_SENDS_S = 60.0
_SETTLED_S = 180.0
_STILL_S = 6.0
_POLL_S = 0.4


@dataclass
class Stage:
    """A cluster as a recipe wants it, and consumers: what several trials use one after the other.

    Attributes:
        recipe: The recipe.
        cluster: Its cluster.
        consumers: Processes that wait for a trial.
        whole: Whether another trial may use it.
    """

    recipe: Recipe
    cluster: Cluster
    consumers: tuple[ConsumerProcess, ...]
    whole: bool = True


def options_of(recipe: Recipe, hazards: tuple[str, ...]) -> ClusterOptions:
    """Return what a recipe's cluster is started with, so that these hazards can be tried on it."""
    more: dict[str, Any] = {}
    if any(name.startswith("cut-") for name in hazards):
        more["links"] = True
    if "slow-disk" in hazards and not _has_pool(recipe):
        with contextlib.suppress(ClusterError):  # the trial says so
            slow_disk.require_library()
            more["slow_disk"] = True
    return ClusterOptions.of(**{**recipe.options, **more})


def _has_pool(recipe: Recipe) -> bool:
    return "transientStorePoolEnable" in recipe.options.get("properties", {})


@contextlib.contextmanager
def staged(
    recipe: Recipe, hazards: tuple[str, ...], *, consumers: int = 0, backend: str | None = None
) -> Iterator[Stage]:
    """Start a throw-away cluster and consumers; end both."""
    with running_consumers(consumers) as running:
        cluster = start_cluster(
            recipe.topology,
            name=f"chaos-{recipe.name}-{os.getpid()}",
            backend=backend,
            options=options_of(recipe, hazards),
            lease_s=_LEASE_S,
            fresh=True,
        )
        try:
            yield Stage(recipe, cluster, running)
        finally:
            cluster.stop(keep_files=False)


def run_trial(  # noqa: PLR0913  (each is one choice of the caller)
    recipe: str,
    hazard: str,
    *,
    seed: int = 1,
    number: int = 0,
    consumers: int = 2,
    backend: str | None = None,
    cluster: Cluster | None = None,
) -> Run:
    """Try one recipe under one hazard, on a throw-away cluster or on yours.

    Args:
        recipe: One of `RECIPES`.
        hazard: One of `HAZARDS`.
        seed: With `number`, settles the moment, and which broker or consumer is hit.
        number: Which run of this recipe under this hazard.
        consumers: How many consumers, each a process. 0: the messages are only sent and stored.
        backend: `process` or `docker`.
        cluster: One that was started as the recipe says, and stays. Default: one of the trial's own.

    Raises:
        ChaosError: there is no such recipe or hazard.
        StartError: the cluster does not start.
    """
    chosen, threat = find_recipe(recipe), find_hazard(hazard)
    empty = Run(recipe, hazard, seed, number, backend or "process", consumers, _now())
    if why := _impossible(chosen, threat, consumers):
        return replace(empty, impossible=why)
    with contextlib.ExitStack() as stack:
        if cluster is None:
            stage = stack.enter_context(staged(chosen, (hazard,), consumers=consumers, backend=backend))
        else:
            stage = Stage(chosen, cluster, stack.enter_context(running_consumers(consumers)))
        return perform(stage, threat, seed=seed, number=number)


def _impossible(recipe: Recipe, hazard: Hazard, count: int) -> str:
    if hazard.of_consumers and not count:
        return "there are no consumers in this trial"
    return recipe.cannot_have(hazard.name)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def perform(stage: Stage, hazard: Hazard, *, seed: int, number: int) -> Run:
    """Try a hazard on a stage; whatever goes wrong makes the run void, and the stage is no longer whole."""
    backend = stage.cluster.backend.name
    run = Run(stage.recipe.name, hazard.name, seed, number, backend, len(stage.consumers), _now())
    if why := _impossible(stage.recipe, hazard, len(stage.consumers)):
        return replace(run, impossible=why)
    try:
        run = _Trial(stage, hazard, run).play()
    except RmqLabError as error:
        stage.whole = False
        return replace(run, void=" ".join(str(error).split())[:400])
    if hazard.name == "power-loss" and stage.recipe.options.get("flush") != "sync":
        # a slave that has more than its master never becomes its copy again: docs/faults.md
        stage.whole = stage.whole and not any(node.spec.broker_id > 0 for node in stage.cluster.brokers)
    return run


class _Trial:
    """One run, from its topic to its account."""

    def __init__(self, stage: Stage, hazard: Hazard, run: Run) -> None:
        self._stage, self._hazard, self._run = stage, hazard, run
        self._luck = Random(f"{run.seed} {run.recipe} {run.hazard} {run.number}")  # noqa: S311
        name = uuid.uuid4().hex[:8]
        self._topic, self._group = f"orders-{name}", f"stock-{name}"
        self._ledger = Ledger(stage.cluster, f"chaos-{name}")
        self._database: Path = stage.cluster.record.folder / f"effects-{name}.db"

    def play(self) -> Run:
        """Send, break, mend, send on, wait until nothing moves, and add up."""
        stage = self._stage
        self._make_topic()
        if stage.consumers:
            make_effects(self._database)
            order = {"cluster": stage.cluster.name, "ledger": self._ledger.name, "topic": self._topic}
            all_begin(stage.consumers, **order, group=self._group, database=str(self._database))
        senders = Senders(stage.recipe, self._ledger, stage.cluster.namesrv, self._topic)
        with senders:
            if not senders.wait_for(_BEFORE, _SENDS_S):
                return self._void("before the fault, sends did not work")
            time.sleep(self._luck.uniform(0.1, 0.8))  # the moment is chance
            begun = time.time()
            scene = Scene(
                stage.cluster, stage.consumers, stage.recipe.producer["timeout_ms"] / 1000, self._luck
            )
            with self._hazard.hold(scene) as evidence:
                time.sleep(self._hazard.seconds(scene.timeout_s))
                last = time.time()
            ended = time.time()
            if not senders.wait_for(_AFTER, _SENDS_S):
                return self._void("after the fault, sends did not work again")
            senders.stop()
            self._settle()
        if stage.consumers:
            all_end(stage.consumers)
        run = replace(self._run, evidence=(evidence,), outbox=len(senders.outbox))
        result = judged(run, self._account(), self._database, begun, last, ended)
        self._ledger.clear()
        return result

    def _make_topic(self) -> None:
        from rmqlab.client.admin import Admin  # noqa: PLC0415  (waits for the JVM)

        with Admin(self._stage.cluster.namesrv, timeout_s=15) as admin:
            for broker in self._stage.cluster.brokers:
                if broker.role == "SLAVE" and broker.spec.broker_id > 0:
                    # it would learn of the topic at its next synchronization only, up to a minute later
                    admin.command(broker.address).create_topic(self._topic, _QUEUES, {})
            admin.create_topic(self._topic, _QUEUES, wait_s=30)

    def _void(self, why: str) -> Run:
        self._stage.whole = False
        return replace(self._run, void=why)

    def _account(self) -> Account:
        groups = [self._group] if self._stage.consumers else []
        return self._ledger.reconcile(groups=groups)

    def _settle(self) -> None:
        """Wait until all that is stored is done, or the group has read each queue to its end.

        After a fault a consumer may stand still at one queue, until RocketMQ's client begins anew there:
        after two minutes (ProcessQueue.PULL_MAX_IDLE_TIME). One that was ahead of what a broker came back
        with skips messages, and they never come: docs/faults.md.
        """
        if not self._stage.consumers:
            return
        deadline, least, since = time.monotonic() + _SETTLED_S, -1, time.monotonic()
        while time.monotonic() < deadline:
            left = sum(bool(entry.stored) and not entry.processed for entry in self._account().entries)
            if not left:
                return
            if left != least:
                least, since = left, time.monotonic()
            elif time.monotonic() - since > _STILL_S and self._has_read_all():
                return
            time.sleep(_POLL_S)

    def _has_read_all(self) -> bool:
        from rmqlab.client.admin import Admin  # noqa: PLC0415

        with Admin(self._stage.cluster.namesrv, timeout_s=15) as admin:
            progress = admin.consume_stats(self._group, self._topic)
        # a group that has not come back yet has told nothing
        return bool(progress) and all(queue.lag <= 0 for queue in progress.values())
