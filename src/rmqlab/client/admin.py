"""Questions and commands to a cluster, over `DefaultMQAdminExt` of rocketmq-tools (what mqadmin itself uses).

Answers are the frozen values of `facts`; refusals and time-outs are `AdminError` with RocketMQ's own reason.
"""

from __future__ import annotations

import atexit
import itertools
import os
import time
import weakref
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client import stored
from rmqlab.client.broker_commands import BrokerCommands, topic_attributes
from rmqlab.client.broker_questions import BrokerQuestions, asking, code_of, refusal
from rmqlab.client.facts import BrokerRoute, ConsumerInfo, Progress, QueueRef, QueueStats, StoredMessage
from rmqlab.client.java import start_jvm
from rmqlab.client.names import Names, without_system_topics
from rmqlab.client.routes import addresses_of, route_of
from rmqlab.client.signing import signing_hook
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

# Of org.apache.rocketmq.remoting.protocol.ResponseCode, and of the client (QueryResult without a message).
_TOPIC_NOT_EXIST = 17
_NO_MESSAGE = 208
_POLL_S = 0.01

_serial = itertools.count(1)
_open: weakref.WeakSet[Admin] = weakref.WeakSet()


class Admin:
    """An administrator's connection to one cluster. Thread-safe; close it, or use it in `with`.

    Args:
        namesrv: the NameServer's address, `host:port` (several: separated by `;`).
        timeout_s: deadline of each question, in seconds.
        credentials: access key and secret key, where the brokers ask for them.
        namespace: on a cluster that others use too, where our topics and groups are (see `names.Names`).

    Raises:
        AdminError: the connection could not be set up. A NameServer that is down shows at the first question.
    """

    def __init__(
        self,
        namesrv: str,
        *,
        timeout_s: float = 3.0,
        credentials: tuple[str, str] | None = None,
        namespace: str | None = None,
    ) -> None:
        start_jvm()
        self.namesrv = namesrv
        self._names = Names(namespace)
        self._timeout_ms = int(timeout_s * 1000)
        admin_class = jpype.JClass("org.apache.rocketmq.tools.admin.DefaultMQAdminExt")
        with asking(f"connect to {namesrv}"):
            self._ext = admin_class(signing_hook(credentials), self._timeout_ms)
            self._ext.setNamesrvAddr(namesrv)
            # Instances of one name share a connection, and its first owner's shutdown would end it for all.
            self._ext.setInstanceName(f"rmqlab-admin-{os.getpid()}-{next(_serial)}")
            self._ext.start()
            clients = jpype.JClass("org.apache.rocketmq.client.impl.MQClientManager").getInstance()
            # The running instance, found by the name above: its API asks one broker, with a deadline.
            self._api = clients.getOrCreateMQClientInstance(self._ext).getMQClientAPIImpl()
        self._closed = False
        _open.add(self)

    def close(self) -> None:
        """End the connection; a second time does nothing."""
        if not self._closed:
            self._closed = True
            with suppress(jpype.JException):
                self._ext.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Admin({self.namesrv!r})"

    # -- the cluster -------------------------------------------------------------------------------

    def at(self, address: str) -> BrokerQuestions:
        """Return the questions to the broker at one address, with this connection's deadline."""
        return BrokerQuestions(self._api, address, self._timeout_ms, self._names)

    def command(self, address: str) -> BrokerCommands:
        """Return the commands to the broker at one address, with this connection's deadline."""
        return BrokerCommands(self._api, address, self._timeout_ms, self._names)

    def brokers(self) -> dict[str, dict[int, str]]:
        """Return what the NameServer knows: broker name to {broker id: address}; id 0 is the master."""
        with asking(f"ask the NameServer {self.namesrv} for its brokers"):
            table = self._api.getBrokerClusterInfo(self._timeout_ms).getBrokerAddrTable()
            known = {str(entry.getKey()): addresses_of(entry.getValue()) for entry in table.entrySet()}
        return dict(sorted(known.items()))

    def runtime_stats(self, broker: str) -> dict[str, str]:
        """Return the own account (mqadmin brokerStatus) of a broker, given by name or address."""
        return self.at(self._address(broker)).runtime_stats()

    def update_broker_config(self, broker: str, **properties: object) -> None:
        """Change a running broker's properties, as mqadmin updateBrokerConfig does."""
        self.command(self._address(broker)).update_config(properties)

    # -- topics and groups -------------------------------------------------------------------------

    def create_topic(self, name: str, queues: int = 4, *, kind: str = "normal", wait_s: float = 10.0) -> None:
        """Create a topic on every broker (or change it), and wait until the NameServer serves its route.

        Args:
            name: the topic.
            queues: read and write queues on each broker.
            kind: what a proxy lets in: `normal`, `fifo`, `delay` or `transaction` messages.
            wait_s: deadline for the route, in seconds.

        Raises:
            AdminError: no such kind, no broker is registered, one refused, or the route did not come.
        """
        attributes = topic_attributes(kind)
        addresses = self._everywhere(f"create the topic {name}")
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

    def route(self, topic: str) -> tuple[BrokerRoute, ...]:
        """Return a topic's route, one entry a broker, by broker name; empty if the NameServer knows none."""
        try:
            data = self._api.getTopicRouteInfoFromNameServer(self._names.real(topic), self._timeout_ms)
        except jpype.JException as error:
            if code_of(error) == _TOPIC_NOT_EXIST:
                return ()
            raise refusal(f"ask the NameServer {self.namesrv} for the route of {topic}", error) from None
        return route_of(data)

    # -- queues and progress -----------------------------------------------------------------------

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

    # -- messages ----------------------------------------------------------------------------------

    def message(self, queue: QueueRef, offset: int) -> StoredMessage | None:
        """Return the message at an offset of a queue, or None if the queue does not hold it."""
        for broker in self.route(queue.topic):
            if broker.broker == queue.broker:
                found = self.at(broker.address).messages(queue, offset, 1)
                return found[0] if found and found[0].queue_offset == offset else None
        return None

    def messages(self, topic: str, limit: int = 64) -> list[StoredMessage]:
        """Return the newest `limit` messages of each queue of a topic, in the order of storing."""
        found: list[StoredMessage] = []
        for broker in self.route(topic):
            questions = self.at(broker.address)
            for ref, extent in questions.topic_stats(topic).items():
                start = max(extent.min_offset, extent.max_offset - limit)
                found += questions.messages(ref, start, extent.max_offset - start)
        return sorted(found, key=StoredMessage.stored_order)

    def message_by_id(self, topic: str, msg_id: str) -> StoredMessage | None:
        """Return the message of that id (the sender's or the broker's), or None.

        A broker indexes a message some milliseconds after it acknowledged it.
        """
        found = self._look_up(topic, msg_id, lambda: [self._ext.viewMessage(self._names.real(topic), msg_id)])
        return found[0] if found else None

    def messages_by_key(self, topic: str, key: str, limit: int = 64) -> list[StoredMessage]:
        """Return at most `limit` messages that carry a key, in the order in which they were stored."""
        until_ms = int(time.time() * 1000) + 60_000  # the broker's clock may be ahead
        real = self._names.real(topic)
        found = self._look_up(
            topic, key, lambda: self._ext.queryMessage(real, key, limit, 0, until_ms).getMessageList()
        )
        return sorted(found, key=StoredMessage.stored_order)

    def _look_up(self, topic: str, wanted: str, ask: Callable[[], Iterable[Any]]) -> list[StoredMessage]:
        try:
            found = ask()
        except jpype.JException as error:
            if code_of(error) in {_NO_MESSAGE, _TOPIC_NOT_EXIST}:
                return []
            raise refusal(f"look up {wanted} in {topic}", error) from None
        named = {address: route.broker for route in self.route(topic) for address in route.addresses.values()}
        messages = (stored.from_java(message, named) for message in found if message is not None)
        return [replace(message, topic=self._names.shown(message.topic)) for message in messages]

    # -- addresses ---------------------------------------------------------------------------------

    def _address(self, broker: str) -> str:
        if ":" in broker:
            return broker
        known = self.brokers()
        if broker not in known:
            names = ", ".join(known) or "none"
            raise AdminError(f"The NameServer {self.namesrv} knows no broker {broker!r}; it knows: {names}.")
        return known[broker][min(known[broker])]

    def _everywhere(self, what: str) -> list[str]:
        """Return the address of each broker's master (or of its lowest slave)."""
        addresses = [table[min(table)] for table in self.brokers().values() if table]
        if not addresses:
            raise AdminError(
                f"Could not {what}: no broker is registered at the NameServer {self.namesrv}. "
                "A broker that was just started registers within seconds; `rmqlab ps` shows which ones run."
            )
        return addresses


def _merged(tables: Iterable[dict[QueueRef, Any]]) -> dict[QueueRef, Any]:
    return dict(sorted((row for table in tables for row in table.items()), key=lambda row: row[0]))


@atexit.register
def _close_all() -> None:
    # A live connection's threads would keep a script from ending.
    for admin in list(_open):
        admin.close()
