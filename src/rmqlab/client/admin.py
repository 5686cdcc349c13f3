"""Questions and commands to a cluster, over `DefaultMQAdminExt` of rocketmq-tools (what mqadmin itself uses).

Answers are the frozen values of `facts` and `traces`; refusals and time-outs are `AdminError` with RocketMQ's
own reason. Messages are `message_questions`' part of it, the connection `connection`'s.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rmqlab.client.broker_commands import topic_attributes
from rmqlab.client.broker_questions import BrokerQuestions, asking
from rmqlab.client.message_questions import MessageQuestions
from rmqlab.client.names import without_system_topics
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rmqlab.client.facts import ConsumerInfo, Progress, QueueRef, QueueStats

_POLL_S = 0.01


class Admin(MessageQuestions):
    """An administrator's connection to one cluster. Thread-safe; close it, or use it in `with`.

    What it takes is `Connection`'s; what it is asked about messages, `MessageQuestions`'.
    """

    # -- topics and groups -------------------------------------------------------------------------

    def create_topic(
        self,
        name: str,
        queues: int = 4,
        *,
        kind: str = "normal",
        broker: str | None = None,
        wait_s: float = 10.0,
    ) -> None:
        """Create a topic (or change it), and wait until the NameServer serves its route.

        Args:
            name: the topic.
            queues: read and write queues on each broker.
            kind: what a proxy lets in: `normal`, `fifo`, `delay` or `transaction` messages.
            broker: the only broker to have it, by name. Default: every broker.
            wait_s: deadline for the route, in seconds.

        Raises:
            AdminError: no such kind, no broker is registered, one refused, or the route did not come.
        """
        attributes = topic_attributes(kind)
        addresses = [self._address(broker)] if broker else self._everywhere(f"create the topic {name}")
        for address in addresses:
            self.command(address).create_topic(name, queues, attributes)
        deadline = time.monotonic() + wait_s
        while not {route.address for route in self.route(name)} >= set(addresses):
            if time.monotonic() > deadline:
                raise AdminError(
                    f"The topic {name} was created, but the NameServer {self.namesrv} does not serve its "
                    f"route after {wait_s:g} s. Look at the brokers with `rmqlab ps`."
                )
            time.sleep(_POLL_S)

    def delete_topic(self, name: str) -> None:
        """Delete a topic from every broker and from the NameServer; a topic that is not there is no error."""
        for address in self._everywhere(f"delete the topic {name}"):
            self.command(address).delete_topic(name)
        real = self._names.changeable(name)
        for namesrv in self.namesrv.split(";"):
            with asking(f"delete the route of {name} at {namesrv}"):
                self._api.deleteTopicInNameServer(namesrv, real, self._timeout_ms)

    def create_group(self, name: str, *, orderly: bool = False) -> None:
        """Create a consumer group on every broker, or set it to the defaults.

        `orderly`: gRPC consumers get a message group's messages one by one (consumeMessageOrderly).
        """
        for address in self._everywhere(f"create the group {name}"):
            self.command(address).create_group(name, orderly=orderly)

    def delete_group(self, name: str) -> None:
        """Delete a consumer group and its progress from every broker; one that is not there is no error."""
        for address in self._everywhere(f"delete the group {name}"):
            self.command(address).delete_group(name)

    def topics(self, *, system: bool = False) -> list[str]:
        """Return all topics' names, sorted; those that RocketMQ made for itself only with `system=True`.

        In a namespace: those that are in it.
        """
        with asking(f"ask the NameServer {self.namesrv} for its topics"):
            names = sorted(str(name) for name in self._ext.fetchAllTopicList().getTopicList())
            if self._names.namespace:
                names = sorted(self._names.shown(name) for name in names if self._names.is_inside(name))
            if system:
                return names
            return without_system_topics(names, self._api.getBrokerClusterInfo(self._timeout_ms))

    # -- queues and progress -----------------------------------------------------------------------

    def await_dispatch(self, timeout_s: float = 3.0, *, addresses: Iterable[str] | None = None) -> bool:
        """Wait until all that the brokers have stored stands in its queues; say whether it does.

        A broker answers a send when the message is in its commit log. What is asked about queues sees it once
        ReputMessageService has passed it on: a millisecond later, or more on a busy machine. A broker that
        refuses, or does not answer in time, is passed over.

        Args:
            timeout_s: Deadline, in seconds, for all brokers together.
            addresses: Which brokers; by default all masters.
        """
        deadline = time.monotonic() + timeout_s
        behind = self._everywhere("wait for what it has stored") if addresses is None else list(addresses)
        while behind := [address for address in behind if self._is_behind(address, deadline)]:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _is_behind(self, address: str, deadline: float) -> bool:
        patience_ms = min(self._timeout_ms, max(1, int((deadline - time.monotonic()) * 1000)))
        try:
            return BrokerQuestions(self._api, address, patience_ms, self._names).undispatched() > 0
        except AdminError:
            return False

    def topic_stats(self, topic: str) -> dict[QueueRef, QueueStats]:
        """Return the extent of each queue of a topic (mqadmin topicStatus), sorted; empty without a route."""
        return _merged(self.at(broker.address).topic_stats(topic) for broker in self.route(topic))

    def groups(self, topic: str) -> tuple[str, ...]:
        """Return the consumer groups that read a topic, online or with saved progress, sorted."""
        names = {name for broker in self.route(topic) for name in self.at(broker.address).groups(topic)}
        return tuple(sorted(names))

    def consume_stats(self, group: str, topic: str | None = None) -> dict[QueueRef, Progress]:
        """Return a group's progress in each queue (mqadmin consumerProgress), sorted; empty without."""
        addresses = self._everywhere(f"ask for the progress of {group}")
        return _merged(self.at(address).consume_stats(group, topic) for address in addresses)

    def consumers(self, group: str, *, assignments: bool = True) -> tuple[ConsumerInfo, ...]:
        """Return a group's online members, by client id; none online is an empty answer, no error.

        Args:
            group: the consumer group.
            assignments: also ask each member which queues it has (a question that the broker passes on).
        """
        found: dict[str, ConsumerInfo] = {}
        for address in self._everywhere(f"ask for the consumers of {group}"):
            for member in self.at(address).consumers(group, assignments=assignments):
                known = found.get(member.client_id)
                if known is None or len(known.assigned) < len(member.assigned):
                    found[member.client_id] = member
        return tuple(found[client_id] for client_id in sorted(found))


def _merged(tables: Iterable[dict[QueueRef, Any]]) -> dict[QueueRef, Any]:
    return dict(sorted((row for table in tables for row in table.items()), key=lambda row: row[0]))
