"""Taking one snapshot: all questions side by side, each with its own short deadline.

Nodes that are known to be down or paused are not asked. Topics are read by `topics`; what else there is to
read, each by a module of its own, is in `SECTIONS`.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from rmqlab.client.remoting import registered_brokers
from rmqlab.errors import AdminError, RmqLabError
from rmqlab.observe import catalogue, delays, retries, stores, transactions
from rmqlab.observe.asking import Asking
from rmqlab.observe.snapshot import Interest, NodeState, Snapshot
from rmqlab.observe.topics import TopicReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rmqlab.client.admin import Admin

_QUESTION_S = 0.8
_SIDE_BY_SIDE = 4

SECTIONS: dict[str, Callable[[Asking], Any]] = {
    "catalogue": catalogue.read,
    "delays": delays.read,
    "retries": retries.read,
    "stores": stores.read,
    "transactions": transactions.read,
}
"""What can be read besides nodes and topics: an interest and an attribute of the snapshot have its name."""


class Observable(Protocol):
    """What can be observed: a cluster. Its nodes have `name`, `role`, `address` and `state`."""

    @property
    def name(self) -> str:
        """The cluster's name."""

    @property
    def namesrv(self) -> str:
        """The NameServer's address."""

    @property
    def nodes(self) -> Mapping[str, Any]:
        """The cluster's nodes by name."""

    def troubles(self) -> Mapping[str, tuple[str, ...]]:
        """What is wrong with a node's links and disk, by the node's name."""

    @property
    def credentials(self) -> tuple[str, str] | None:
        """What its brokers want requests signed with, if anything."""

    @property
    def namespace(self) -> str | None:
        """Where our topics and groups are; None on a cluster of one's own."""


def _connect(source: Observable) -> Admin:
    from rmqlab.client.admin import Admin  # noqa: PLC0415 - a map of nodes needs no JVM

    return Admin(
        source.namesrv, timeout_s=_QUESTION_S, credentials=source.credentials, namespace=source.namespace
    )


def _registered(namesrv: str) -> Mapping[tuple[str, int], str]:
    return registered_brokers(namesrv, timeout_s=_QUESTION_S)


class Reader:
    """Reads one cluster; thread-safe.

    Args:
        source: the cluster.
        connect: makes the Admin of a cluster, on the first question that needs one.
        registered: asks one NameServer for the brokers that it knows.
    """

    def __init__(
        self,
        source: Observable,
        connect: Callable[[Observable], Admin] = _connect,
        registered: Callable[[str], Mapping[tuple[str, int], str]] = _registered,
    ) -> None:
        self.source = source
        self._connect = connect
        self._registered = registered
        self._lock = threading.Lock()
        self._admin: Admin | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._topics = TopicReader(source.namesrv)
        self._memory: dict[str, Any] = {}

    def read(self, interest: Interest, *, group_age_s: float = 0) -> Snapshot:
        """Take a snapshot. Never raises for what the cluster does: what it does not answer becomes a gap.

        Args:
            interest: what to read.
            group_age_s: how old, in seconds, an answer about which groups and members there are may be.
        """
        with self._lock:
            nodes = tuple(
                NodeState(node.name, str(node.role), str(node.state), node.address)
                for node in self.source.nodes.values()
            )
            asking = Asking(nodes, interest, self._memory, group_age_s)
            if interest.registrations:
                nodes = self._registrations(asking, self._troubled(nodes))
            sections = [name for name in SECTIONS if getattr(interest, name)]
            found: dict[str, Any] = {}
            if interest.topics or sections:
                try:
                    asking.through(*self._open())
                except RmqLabError as error:
                    asking.gap("NameServer", "no answer", error)
                else:
                    found = {name: SECTIONS[name](asking) for name in sections}
                    found["topics"] = tuple(
                        self._topics.read(asking, name, interest) for name in sorted(interest.topics)
                    )
            return Snapshot(
                self.source.name,
                int(time.time() * 1000),
                nodes,
                gaps=tuple(sorted(asking.gaps, key=repr)),
                **found,
            )

    def close(self) -> None:
        """Give the connection and the threads back; the next reading opens them again."""
        with self._lock:
            if self._admin is not None:
                self._admin.close()
                self._admin = None
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None

    # -- parts of a reading, under the lock --------------------------------------------------------

    def _open(self) -> tuple[Admin, ThreadPoolExecutor]:
        if self._admin is None or self._pool is None:
            self._admin = self._connect(self.source)
            self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="rmqlab-observe")
        return self._admin, self._pool

    def _troubled(self, nodes: tuple[NodeState, ...]) -> tuple[NodeState, ...]:
        troubles = self.source.troubles()
        return tuple(replace(node, troubles=troubles.get(node.name, ())) for node in nodes)

    def _registrations(self, asking: Asking, nodes: tuple[NodeState, ...]) -> tuple[NodeState, ...]:
        """Ask each NameServer which brokers it knows; without the JVM, so that a map is there at once."""
        known: dict[tuple[str, int], str] = {}
        answered = False
        for address in filter(None, self.source.namesrv.split(";")):  # a Kafka has none
            if asking.is_mute(address):
                continue
            try:
                known |= self._registered(address)
                answered = True
            except (OSError, AdminError) as error:
                asking.gap("NameServer", "no answer", error)
        if not answered:
            return nodes
        return tuple(_registered_as(node, known) for node in nodes)


def _registered_as(node: NodeState, known: Mapping[tuple[str, int], str]) -> NodeState:
    """Return a node as the NameServers know it: under a controller the master is whoever has id 0."""
    if node.role == "NAMESRV":
        return node
    ids = [broker_id for (_, broker_id), address in known.items() if address == node.address]
    # one that left is no master any more where another is
    led = any(each == 0 and f"{node.name}-".startswith(f"{broker}-") for broker, each in known)
    role = node.role
    if role in {"MASTER", "SLAVE"} and (ids or led):
        role = "MASTER" if 0 in ids else "SLAVE"
    return replace(node, role=role, registered=bool(ids))
