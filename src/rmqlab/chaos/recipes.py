"""Recipes: settings of broker, producer and consumer, bundled and named, and what each promises. Facts only.

The broker's part is a topology with options (`start_cluster`), the producer's is what `Producer` of
`rmqlab.client` takes. Every consumer acknowledges after its work, and its effects happen once
(`rmqlab.idempotence`).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rmqlab.chaos.hazards import HAZARDS
from rmqlab.errors import ChaosError
from rmqlab.topology import TOPOLOGIES

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_COPY = "nobody else has a copy"
_IN_MEMORY = "SEND_OK is answered from memory (ASYNC_FLUSH): what was not flushed dies with the power"
_ROCKETMQS_OWN = {"timeout_ms": 3000, "retries": 2, "retry_another_broker": False}


@dataclass(frozen=True)
class Recipe:
    """Settings with a name.

    Attributes:
        name: How it is asked for.
        summary: One line on what it is.
        topology: The shape of its cluster.
        options: What is chosen on top of it, as `ClusterOptions.of` takes it.
        producer: The producer's settings, as `Producer` takes them.
        sends_again_s: For how long the program itself sends a message again that failed, or was answered with
            another status than OK (RocketMQ does not do the latter by itself). After that, and with 0 at
            once, it notes the message in an outbox and goes on.
        weak_against: The hazards under which acknowledged messages may be lost, each with the reason. Under
            all others the recipe promises that none is.
    """

    name: str
    summary: str
    topology: str
    options: Mapping[str, Any] = field(default_factory=dict)
    producer: Mapping[str, Any] = field(default_factory=lambda: _ROCKETMQS_OWN)
    sends_again_s: float = 0.0
    weak_against: Mapping[str, str] = field(default_factory=dict)

    @property
    def promises(self) -> tuple[str, ...]:
        """The hazards under which no acknowledged message is lost."""
        return tuple(name for name in HAZARDS if name not in self.weak_against and not self.cannot_have(name))

    def cannot_have(self, hazard: str) -> str:
        """Return why a hazard cannot be tried on this recipe's cluster; empty where it can."""
        shape = TOPOLOGIES[self.topology]
        if hazard == "cut-replica" and not shape.has_slaves:
            return "there is no replica to cut off"
        if shape.controller and hazard in _NOT_UNDER_A_CONTROLLER:
            return _NOT_UNDER_A_CONTROLLER[hazard]
        return ""


_NOT_UNDER_A_CONTROLLER = {
    "cut-replica": "under a controller, replication cannot be led through the relay",
    "power-loss": "under a controller, a broker does not say what it has flushed",
    "disk-full": "under a controller, a broker does not load the class that makes its disk full",
}

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "default",
            "RocketMQ's own settings: one broker, ASYNC_FLUSH",
            "single",
            weak_against={"power-loss": _IN_MEMORY, "replica-loss": _NO_COPY},
        ),
        Recipe(
            "sync-flush",
            "one broker that answers when the message is on its disk",
            "single",
            {"flush": "sync"},
            weak_against={"replica-loss": _NO_COPY},
        ),
        Recipe(
            "async-replication",
            "a master that does not wait for its slave, ASYNC_FLUSH",
            "master-slave-async",
            weak_against={
                "power-loss": _IN_MEMORY,
                "replica-loss": "the slave has what it was sent so far, and no answer waited for that",
            },
        ),
        Recipe(
            "sync-replication",
            "a master that answers when its slave has the message in memory too, ASYNC_FLUSH",
            "master-slave-sync",
            {"properties": {"slaveTimeout": "1000"}},
            weak_against={
                "power-loss": "both have it in memory; the master comes back with what its disk had, and is "
                "the master still, though its slave has more",
            },
        ),
        Recipe(
            "transient-pool",
            "one broker, ASYNC_FLUSH, messages wait in a pool of buffers (transientStorePoolEnable)",
            "single",
            {"properties": {"transientStorePoolEnable": "true", "transientStorePoolSize": "3"}},
            weak_against={
                "kill-master": "the pool's buffers are the process's own memory, and die with it",
                "power-loss": _IN_MEMORY,
                "replica-loss": _NO_COPY,
                "restart-all": "as kill-master",
            },
        ),
        Recipe(
            "controller",
            "two replicas, a controller makes one the master; a send waits for both (minInSyncReplicas=2)",
            "controller",
            {"properties": {"minInSyncReplicas": "2"}},
            {**_ROCKETMQS_OWN, "retry_another_broker": True},
            sends_again_s=30.0,
        ),
        Recipe(
            "full",
            "two masters with a slave each; a send waits for the disk and for the slave, and is sent again",
            "2m-2s",
            {"flush": "sync", "replication": "sync", "properties": {"slaveTimeout": "1000"}},
            {"timeout_ms": 3000, "retries": 3, "retry_another_broker": True},
            sends_again_s=30.0,
        ),
    )
}
"""Every recipe, by name."""


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises:
        ChaosError: there is none; the message names the nearest and all.
    """
    return _find("recipe", name, RECIPES)


def find_hazard(name: str) -> Any:
    """Return the hazard of that name.

    Raises:
        ChaosError: there is none; the message names the nearest and all.
    """
    return _find("fault", name, HAZARDS)


def _find(what: str, name: str, known: Mapping[str, Any]) -> Any:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise ChaosError(f"There is no {what} called {name!r}.{guess} There are: {', '.join(known)}.")
