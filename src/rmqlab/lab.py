"""The learner's object: a lab's cluster, names, pictures, checks. The rest of a notebook is RocketMQ."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rmqlab import views
from rmqlab.checks import engine
from rmqlab.errors import ExternalClusterError, RmqLabError
from rmqlab.inbox import Inbox
from rmqlab.mqadmin import DEADLINE_S, mqadmin
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster
from rmqlab.topology import BESIDE

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from rmqlab.authentication import Credentials
    from rmqlab.checks.verdict import Verdict
    from rmqlab.client.admin import Admin
    from rmqlab.cluster import Cluster
    from rmqlab.faults import Fault
    from rmqlab.ledger import Ledger
    from rmqlab.node import Node
    from rmqlab.observe import Recorder

LEASE_S = 900.0
"""Seconds for which a lab's cluster waits for somebody to come back; `RMQLAB_LEASE` overrides it."""


class Lab:
    """A lab that runs. Made by `start_lab` (`starting_lab`)."""

    def __init__(self, slug: str, cluster: Cluster) -> None:
        self.slug = slug
        self.cluster = cluster
        self._admin: Admin | None = None
        self._others: list[Lab] = []

    @property
    def namesrv(self) -> str:
        """The NameServers' addresses, for any client."""
        return self.cluster.namesrv

    @property
    def proxy(self) -> str:
        """The proxy's address, for gRPC clients; empty where the cluster has none."""
        return self.cluster.proxy

    @property
    def bootstrap_servers(self) -> str:
        """The address for Kafka's clients; empty unless this is `lab.another("kafka")`."""
        return self.cluster.bootstrap_servers

    @property
    def credentials(self) -> Credentials | None:
        """Access key and secret key, for `set_session_credentials`; None where everybody may."""
        return self.cluster.credentials

    @property
    def nodes(self) -> dict[str, Node]:
        """The NameServer and the brokers, by name; each can be killed, paused, resumed, restarted."""
        return self.cluster.nodes

    @property
    def admin(self) -> Admin:
        """An administrator's connection to the cluster: what does it hold?"""
        self.cluster.require_alive()
        self.cluster.require_rocketmq("lab.admin")
        if self._admin is None:
            from rmqlab.client.admin import Admin  # noqa: PLC0415  (waits for the JVM)

            cluster = self.cluster
            self._admin = Admin(cluster.namesrv, credentials=cluster.credentials, namespace=cluster.namespace)
        return self._admin

    def another(
        self, topology: str = "single", *, name: str | None = None, fresh: bool = False, **options: Any
    ) -> Lab:
        """Start another cluster of this lab, or re-attach to it; topics, faults, pictures are its own.

        It ends with its `stop()`, at the end of `with lab.another(...) as pair:`, or with the lab's cluster.

        Args:
            topology: Its shape.
            name: Tells it from the lab's others; the topology's by default. It is found as `SLUG.NAME`.
            fresh: Throw away what runs, with its messages, and start anew.
            **options: As for `start_lab`.

        Raises:
            NoSuchClusterError: the lab's cluster has ended.
            ExternalClusterError: the lab is on a cluster that others run.
            ClusterError: it runs with another shape or other options; and as `start_cluster`.
        """
        mine = self.cluster
        mine.require_alive()
        if mine.backend.name == "external" and topology not in BESIDE:
            raise ExternalClusterError(wants_its_own(f"another cluster, {name or topology}"))
        cluster = start_cluster(
            topology,
            name=f"{mine.name}.{name or topology}",
            backend=mine.backend.name,
            options=ClusterOptions.of(**options),
            lease_s=lease_s(),
            part_of=mine.name,
            fresh=fresh,
        )
        self._others.append(Lab(self.slug, cluster))
        return self._others[-1]

    def topic(self, name: str, *, queues: int = 4, kind: str = "normal", broker: str | None = None) -> str:
        """Create a topic unless it exists, and return its name. Its messages stay for the next run.

        Args:
            name: The topic.
            queues: How many queues it has on each broker.
            kind: What gRPC clients may send to it: `normal`, `fifo`, `delay` or `transaction` messages.
            broker: The only broker to have it. By default each has.
        """
        if name not in self.admin.topics():
            self.admin.create_topic(name, queues=queues, kind=kind, broker=broker)
        return name

    def group(self, name: str, *, orderly: bool = False) -> str:
        """Create a consumer group unless it exists, and return its name.

        Args:
            name: The group.
            orderly: gRPC consumers get a message group's messages one by one; classic ones choose themselves.
        """
        self.admin.create_group(name, orderly=orderly)
        return name

    def fault(self, name: str, *where: str | Node, **how: Any) -> Fault:
        """Begin a fault, as `Cluster.fault` does: `with lab.fault("kill", "broker-a"):`."""
        return self.cluster.fault(name, *where, **how)

    def real_name(self, name: str) -> str:
        """Return how gRPC clients and other tools know a topic or group of yours.

        It is another than yours only on a cluster that others use.
        """
        namespace = self.cluster.namespace
        return f"{namespace}%{name}" if namespace else name

    def mqadmin(
        self, *words: str, credentials: tuple[str, str] | None = None, timeout_s: float = DEADLINE_S
    ) -> str:
        """Run RocketMQ's own tool, as `mqadmin.mqadmin`: `lab.mqadmin("topicRoute", "-t", "orders")`."""
        return mqadmin(self.cluster, words, credentials=credentials, timeout_s=timeout_s)

    def inbox(self) -> Inbox:
        """Return a new, empty inbox for what callbacks receive."""
        return Inbox()

    def ledger(self, name: str = "ledger") -> Ledger:
        """Open a delivery ledger of this cluster; one of that name that other programs report to is the same.

        It ends with the cluster's messages.
        """
        from rmqlab.ledger import Ledger  # noqa: PLC0415  (waits for the JVM)

        self.cluster.require_rocketmq("a ledger")
        return Ledger(self.cluster, name)

    def view(self, kind: str, **what: Any) -> Any:
        """Return a live picture of what the broker holds, such as `lab.view("queues", topic="orders")`."""
        if kind != "map":
            self.cluster.require_rocketmq(f"the picture {kind}")
        return views.show(kind, self.cluster, **what)

    def record(self, name: str, *shown: Any) -> Recorder:
        """Record what the cluster holds and what happens: `with lab.record("kill", "map"):`.

        Args:
            name: How the recording is called; an earlier one of that name is replaced.
            *shown: What the replay shows: views, such as `lab.view("queues", topic="orders")`, or `"map"`.
        """
        return views.record(name, self.cluster, *shown)

    def replay(self, name: str | Path) -> views.Replay:
        """Return a recording, by its name or its file, to be played; `save_html` makes a page of it."""
        return views.replay(name)

    def check(self, exercise_id: str, **answers: Any) -> Verdict:
        """Judge an exercise by what the broker holds. Never raises."""
        return engine.check(self, exercise_id, answers, before=self._catch_up)

    def _catch_up(self) -> None:
        """Let checks see what was sent just before them."""
        for lab in (self, *self._others):
            with suppress(RmqLabError):
                lab.admin.await_dispatch()

    def hint(self, exercise_id: str) -> Any:
        """Return the next of the exercise's three hints."""
        return engine.hint(self, exercise_id)

    def solution(self, exercise_id: str, *, reveal: bool = False) -> Any:
        """Return the exercise's solution: once it is passed, or when you insist with `reveal=True`."""
        return engine.solution(self, exercise_id, reveal=reveal)

    def stop(self) -> None:
        """End the lab's cluster now, and delete its messages. Otherwise it ends by itself, when unused."""
        while self._others:
            self._others.pop().stop()
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        self.cluster.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Lab {self.slug} at {self.namesrv or self.bootstrap_servers}>"

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return self.view("map")._repr_mimebundle_()


def wants_its_own(what: str) -> str:
    """Say what to do where a lab wants more than a cluster that others run can be asked for."""
    return (
        f"This lab wants {what}, and a cluster that others run is as it is. "
        "Start it on your machine: RMQLAB_BACKEND=process."
    )


def lease_s() -> float:
    """Return for how many seconds a lab's cluster waits for somebody to come back."""
    return float(os.environ.get("RMQLAB_LEASE", LEASE_S))
