"""Taking one snapshot: all questions side by side, each with its own short deadline.

A reader remembers what cannot change (a stored message never does) and what seldom does (routes), so that a
reading costs one question a broker and topic, and one a group. Nodes that are known to be down or paused are
not asked.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from rmqlab.client.facts import QueueRef
from rmqlab.client.remoting import registered_brokers
from rmqlab.errors import AdminError, RmqLabError
from rmqlab.observe.snapshot import Gap, GroupState, Interest, NodeState, QueueState, Snapshot, TopicState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rmqlab.client.admin import Admin
    from rmqlab.client.facts import BrokerRoute, QueueStats, StoredMessage

_QUESTION_S = 0.8
_ROUTE_LIFE_S = 1.0
_SIDE_BY_SIDE = 4


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


def _registered(namesrv: str) -> Mapping[Any, str]:
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
        registered: Callable[[str], Mapping[Any, str]] = _registered,
    ) -> None:
        self.source = source
        self._connect = connect
        self._registered = registered
        self._lock = threading.Lock()
        self._admin: Admin | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._routes: dict[str, tuple[float, tuple[BrokerRoute, ...]]] = {}
        self._messages: dict[QueueRef, dict[int, StoredMessage]] = {}
        self._last: dict[tuple[str, str], tuple[str, list[QueueState]]] = {}

    def read(self, interest: Interest) -> Snapshot:
        """Take a snapshot. Never raises for what the cluster does: what it does not answer becomes a gap."""
        with self._lock:
            reading = _Reading(self.source)
            nodes = tuple(
                NodeState(node.name, str(node.role), str(node.state), node.address)
                for node in self.source.nodes.values()
            )
            reading.mute = {node.address: node for node in nodes if node.state != "up"}
            if interest.registrations:
                nodes = self._registrations(reading, self._troubled(nodes))
            topics: list[TopicState] = []
            if interest.topics:
                try:
                    admin = self._open()
                except RmqLabError as error:
                    reading.gap("NameServer", "no answer", error)
                else:
                    topics = [self._topic(reading, admin, name, interest) for name in sorted(interest.topics)]
            return Snapshot(
                self.source.name,
                int(time.time() * 1000),
                nodes,
                tuple(topics),
                tuple(sorted(reading.gaps, key=repr)),
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

    def _open(self) -> Admin:
        if self._admin is None:
            self._admin = self._connect(self.source)
            self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="rmqlab-observe")
        return self._admin

    def _troubled(self, nodes: tuple[NodeState, ...]) -> tuple[NodeState, ...]:
        troubles = self.source.troubles()
        return tuple(replace(node, troubles=troubles.get(node.name, ())) for node in nodes)

    def _registrations(self, reading: _Reading, nodes: tuple[NodeState, ...]) -> tuple[NodeState, ...]:
        """Ask each NameServer which brokers it knows; without the JVM, so that a map is there at once."""
        known: set[str] = set()
        answered = False
        for address in self.source.namesrv.split(";"):
            if reading.is_mute(address):
                continue
            try:
                known |= set(self._registered(address).values())
                answered = True
            except (OSError, AdminError) as error:
                reading.gap("NameServer", "no answer", error)
        if not answered:
            return nodes
        return tuple(
            node if node.role == "NAMESRV" else replace(node, registered=node.address in known)
            for node in nodes
        )

    def _topic(self, reading: _Reading, admin: Admin, name: str, interest: Interest) -> TopicState:
        route = self._route(reading, admin, name)
        asked = [broker for broker in route if not reading.is_mute(broker.address)]
        extents = self._ask(reading, asked, lambda broker: admin.at(broker.address).topic_stats(name))
        groups = self._ask(reading, asked, lambda broker: admin.at(broker.address).groups(name))
        stats: list[tuple[BrokerRoute, QueueRef, QueueStats]] = [
            (broker, ref, extent) for broker, found in extents for ref, extent in found.items()
        ]
        wanted = interest.messages if len(stats) <= interest.detailed_queues else 0
        queues = self._ask(
            reading, stats, lambda row: self._queue(admin, *row, wanted), who=lambda row: row[0].broker
        )
        names = sorted({group for _, found in groups for group in found})
        pairs = [(broker, group) for group in names for broker in asked]
        progress = self._ask(
            reading,
            pairs,
            lambda pair: (
                admin.at(pair[0].address).consume_stats(pair[1], name),
                admin.at(pair[0].address).consumers(pair[1], assignments=interest.assignments),
            ),
            who=lambda pair: pair[0].broker,
        )
        answered = [queue for _, queue in queues]
        silent = self._silent(reading, name, route, answered)
        if not route and not silent:  # else its broker's being down says it all
            reading.gaps.add(Gap(name, "no route"))
        return TopicState(
            name,
            tuple(sorted([*answered, *silent], key=lambda queue: queue.ref)),
            tuple(
                _group(group, name, [found for (_, owner), found in progress if owner == group])
                for group in names
            ),
        )

    def _silent(
        self, reading: _Reading, topic: str, route: tuple[BrokerRoute, ...], answered: list[QueueState]
    ) -> list[QueueState]:
        """Remember what answered; return the queues of brokers that did not, as they were last seen."""
        for broker in route:
            seen = [queue for queue in answered if queue.ref.broker == broker.broker]
            if seen or (topic, broker.broker) not in self._last:
                never = [
                    QueueState(QueueRef(topic, broker.broker, number), 0, 0)
                    for number in range(broker.read_queues)
                ]
                self._last[topic, broker.broker] = (broker.address, seen or never)
        brokers = {queue.ref.broker for queue in answered}
        routed = {broker.broker for broker in route}
        silent = []
        for (known_topic, broker), (address, queues) in self._last.items():
            # A broker that left the route counts as silent only while its node is not up: else it left for
            # good.
            if (
                known_topic == topic
                and broker not in brokers
                and (broker in routed or reading.is_mute(address))
            ):
                node = reading.mute.get(address)
                silent += [replace(queue, silent=node.state if node else "no answer") for queue in queues]
        return silent

    def _queue(
        self, admin: Admin, broker: BrokerRoute, ref: QueueRef, extent: QueueStats, wanted: int
    ) -> QueueState:
        start = max(extent.min_offset, extent.max_offset - wanted)
        known = self._messages.setdefault(ref, {})
        newest = known.get(extent.max_offset - 1)
        remade = known and (
            max(known) >= extent.max_offset or (newest and newest.store_ms != extent.last_update_ms)
        )
        if remade or (known and min(known) > start):
            known.clear()  # the topic was deleted and made again, or somebody wants to see more than before
        for offset in [offset for offset in known if offset < start]:
            del known[offset]
        missing = start + len(known)
        if wanted and missing < extent.max_offset:
            found = admin.at(broker.address).messages(ref, missing, extent.max_offset - missing)
            known.update((message.queue_offset, message) for message in found)
        return QueueState(
            ref, extent.min_offset, extent.max_offset, tuple(known[offset] for offset in sorted(known))
        )

    def _route(self, reading: _Reading, admin: Admin, topic: str) -> tuple[BrokerRoute, ...]:
        asked_at, route = self._routes.get(topic, (float("-inf"), ()))
        if time.monotonic() - asked_at < _ROUTE_LIFE_S:
            return route
        mute = [reading.is_mute(address) for address in self.source.namesrv.split(";")]
        if all(mute):
            return route  # the last one known: that is what clients do, too
        try:
            fresh = admin.route(topic)
        except AdminError as error:
            reading.gap("NameServer", "no answer", error)
            return route
        if fresh:
            self._routes[topic] = (time.monotonic(), fresh)
        else:
            self._routes.pop(topic, None)
        return fresh

    def _ask(
        self,
        reading: _Reading,
        items: list[Any],
        question: Callable[[Any], Any],
        who: Callable[[Any], str] | None = None,
    ) -> list[tuple[Any, Any]]:
        """Put a question for each item side by side; return (item, answer) of those that were answered."""
        assert self._pool is not None
        futures = [(item, self._pool.submit(question, item)) for item in items]
        answers = []
        for item, future in futures:
            try:
                answers.append((item, future.result()))
            except AdminError as error:
                reading.gap(who(item) if who else item.broker, "no answer", error)
        return answers


class _Reading:
    """The gaps of one reading, and who is not worth asking."""

    def __init__(self, source: Observable) -> None:
        self.mute: dict[str, NodeState] = {}
        self.gaps: set[Gap] = set()
        self.source = source

    def is_mute(self, address: str) -> bool:
        node = self.mute.get(address)
        if node is not None:
            self.gaps.add(Gap(node.name, node.state))
        return node is not None

    def gap(self, source: str, reason: str, error: Exception) -> None:
        if not any(gap.source == source for gap in self.gaps):
            self.gaps.add(Gap(source, reason, str(error)))


def _group(name: str, topic: str, answers: list[Any]) -> GroupState:
    held: dict[str, set[QueueRef]] = {}
    for member in (member for _, online in answers for member in online):
        held.setdefault(member.client_id, set()).update(ref for ref in member.assigned if ref.topic == topic)
    progress = {ref: each for table, _ in answers for ref, each in table.items()}
    assigned = {member: tuple(sorted(held[member])) for member in sorted(held)}
    return GroupState(name, tuple(assigned), dict(sorted(progress.items())), assigned)
