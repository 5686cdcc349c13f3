"""Reading topics: the queues, their newest messages, and the groups that read them.

A reader of topics remembers what cannot change (a stored message never does) and what seldom does: routes,
and groups and their members for as long as a reading allows. So a reading costs one question a broker and
topic, and one a group.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rmqlab.client.facts import QueueRef
from rmqlab.errors import AdminError
from rmqlab.observe.snapshot import Gap, GroupState, Interest, QueueState, TopicState

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.client.facts import BrokerRoute, QueueStats, StoredMessage
    from rmqlab.observe.asking import Asking

_ROUTE_LIFE_S = 1.0


class TopicReader:
    """Reads topics of one cluster, and remembers.

    Args:
        namesrv: the cluster's NameServers, separated by `;`.
    """

    def __init__(self, namesrv: str) -> None:
        self._nameservers = namesrv.split(";")
        self._routes: dict[str, tuple[float, tuple[BrokerRoute, ...]]] = {}
        self._messages: dict[QueueRef, dict[int, StoredMessage]] = {}
        self._last: dict[tuple[str, str], tuple[str, list[QueueState]]] = {}
        self._answers: dict[tuple[Any, ...], tuple[float, Any]] = {}

    def read(self, asking: Asking, name: str, interest: Interest) -> TopicState:
        """Read one topic, as far as its brokers answer."""
        admin = asking.admin
        route = self._route(asking, name)
        asked = [broker for broker in route if not asking.is_mute(broker.address)]
        extents = asking.side_by_side(
            asked, lambda broker: admin.at(broker.address).topic_stats(name), who=lambda broker: broker.broker
        )
        groups = asking.side_by_side(
            asked, lambda broker: self._groups(asking, broker, name), who=lambda broker: broker.broker
        )
        stats: list[tuple[BrokerRoute, QueueRef, QueueStats]] = [
            (broker, ref, extent) for broker, found in extents for ref, extent in found.items()
        ]
        wanted = interest.messages if len(stats) <= interest.detailed_queues else 0
        queues = asking.side_by_side(
            stats, lambda row: self._queue(asking, *row, wanted), who=lambda row: row[0].broker
        )
        names = sorted({group for _, found in groups for group in found})
        pairs = [(broker, group) for group in names for broker in asked]
        progress = asking.side_by_side(
            pairs,
            lambda pair: (
                admin.at(pair[0].address).consume_stats(pair[1], name),
                self._members(asking, *pair),
            ),
            who=lambda pair: pair[0].broker,
        )
        answered = [queue for _, queue in queues]
        silent = self._silent(asking, name, route, answered)
        if not route and not silent:  # else its broker's being down says it all
            asking.gaps.add(Gap(name, "no route"))
        return TopicState(
            name,
            tuple(sorted([*answered, *silent], key=lambda queue: queue.ref)),
            tuple(
                _group(group, name, [found for (_, owner), found in progress if owner == group])
                for group in names
            ),
        )

    def _silent(
        self, asking: Asking, topic: str, route: tuple[BrokerRoute, ...], answered: list[QueueState]
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
                and (broker in routed or asking.is_mute(address))
            ):
                node = asking.mute.get(address)
                silent += [replace(queue, silent=node.state if node else "no answer") for queue in queues]
        return silent

    def _queue(
        self, asking: Asking, broker: BrokerRoute, ref: QueueRef, extent: QueueStats, wanted: int
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
            found = asking.admin.at(broker.address).messages(ref, missing, extent.max_offset - missing)
            known.update((message.queue_offset, message) for message in found)
        return QueueState(
            ref, extent.min_offset, extent.max_offset, tuple(known[offset] for offset in sorted(known))
        )

    def _groups(self, asking: Asking, broker: BrokerRoute, topic: str) -> Any:
        admin = asking.admin.at(broker.address)
        return self._lately(asking, ("groups", broker.address, topic), lambda: admin.groups(topic))

    def _members(self, asking: Asking, broker: BrokerRoute, group: str) -> Any:
        admin, wanted = asking.admin.at(broker.address), asking.interest.assignments
        return self._lately(
            asking,
            ("members", broker.address, group, wanted),
            lambda: admin.consumers(group, assignments=wanted),
        )

    def _lately(self, asking: Asking, key: tuple[Any, ...], question: Callable[[], Any]) -> Any:
        """Return the last answer if it is young enough for this reading, else ask."""
        asked_at, answer = self._answers.get(key, (float("-inf"), None))
        if time.monotonic() - asked_at >= asking.group_age_s:
            asked_at, answer = time.monotonic(), question()
            self._answers[key] = (asked_at, answer)
        return answer

    def _route(self, asking: Asking, topic: str) -> tuple[BrokerRoute, ...]:
        asked_at, route = self._routes.get(topic, (float("-inf"), ()))
        if time.monotonic() - asked_at < _ROUTE_LIFE_S:
            return route
        mute = [asking.is_mute(address) for address in self._nameservers]
        if all(mute):
            return route  # the last one known: that is what clients do, too
        try:
            fresh = asking.admin.route(topic)
        except AdminError as error:
            asking.gap("NameServer", "no answer", error)
            return route
        if fresh:
            self._routes[topic] = (time.monotonic(), fresh)
        else:
            self._routes.pop(topic, None)
        return fresh


def _group(name: str, topic: str, answers: list[Any]) -> GroupState:
    held: dict[str, set[QueueRef]] = {}
    for member in (member for _, online in answers for member in online):
        held.setdefault(member.client_id, set()).update(ref for ref in member.assigned if ref.topic == topic)
    progress = {ref: each for table, _ in answers for ref, each in table.items()}
    assigned = {member: tuple(sorted(held[member])) for member in sorted(held)}
    return GroupState(name, tuple(assigned), dict(sorted(progress.items())), assigned)
