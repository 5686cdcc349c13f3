"""Questions and commands to a cluster, over `DefaultMQAdminExt` of rocketmq-tools (what mqadmin itself uses).

Answers are the frozen values of `facts`; refusals and time-outs are `AdminError` with RocketMQ's own reason. Where one
broker's silence must not spoil another's answer, the same questions can be put to one broker's address: the `..._at`
methods, which the feed asks side by side. Reading messages is `stored`'s.
"""

from __future__ import annotations

import atexit
import itertools
import os
import time
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client import stored
from rmqlab.client.facts import BrokerRoute, ConsumerInfo, Progress, QueueRef, QueueStats, StoredMessage
from rmqlab.client.java import start_jvm
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

# ResponseCode and the client's own codes (org.apache.rocketmq.remoting.protocol.ResponseCode).
_TOPIC_NOT_EXIST = 17
_CONSUMER_NOT_ONLINE = 206
_NO_MESSAGE = 208
_SYSTEM_PREFIXES = ("%RETRY%", "%DLQ%", "rmq_sys_", "RMQ_SYS_")
_TOOL_GROUPS = frozenset({"TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONSAPI_OWNER"})

_serial = itertools.count(1)
_open: weakref.WeakSet[Admin] = weakref.WeakSet()


class Admin:
    """An administrator's connection to one cluster. Thread-safe; close it, or use it in `with`.

    Args:
        namesrv: the NameServer's address, `host:port` (several: separated by `;`).
        timeout_s: deadline of each question, in seconds.

    Raises:
        AdminError: the connection could not be set up. A NameServer that is down shows at the first question.
    """

    def __init__(self, namesrv: str, *, timeout_s: float = 3.0) -> None:
        start_jvm()
        self.namesrv = namesrv
        self._timeout_ms = int(timeout_s * 1000)
        tools = jpype.JPackage("org.apache.rocketmq.tools.admin")
        self._ext = tools.DefaultMQAdminExt(self._timeout_ms)
        self._ext.setNamesrvAddr(namesrv)
        # Instances of one name share a connection, and its first owner's shutdown ends it for all.
        self._ext.setInstanceName(f"rmqlab-admin-{os.getpid()}-{next(_serial)}")
        with _asking(f"connect to {namesrv}"):
            self._ext.start()
            clients = jpype.JPackage("org.apache.rocketmq.client.impl").MQClientManager
            self._api = clients.getInstance().getOrCreateMQClientInstance(self._ext).getMQClientAPIImpl()
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

    # -- the cluster ---------------------------------------------------------------------------------------------

    def brokers(self) -> dict[str, dict[int, str]]:
        """Return what the NameServer knows: broker name to {broker id: address}; id 0 is the master."""
        with _asking("ask the NameServer for its brokers"):
            table = self._api.getBrokerClusterInfo(self._timeout_ms).getBrokerAddrTable()
            return {
                str(entry.getKey()): _addresses(entry.getValue().getBrokerAddrs())
                for entry in sorted(table.entrySet(), key=lambda entry: str(entry.getKey()))
            }

    def runtime_stats(self, broker: str) -> dict[str, str]:
        """Return a broker's own account of itself (mqadmin brokerStatus); `broker` is a name or an address."""
        with _asking(f"ask {broker} for its runtime figures"):
            table = self._api.getBrokerRuntimeInfo(self._address(broker), self._timeout_ms).getTable()
            return {str(entry.getKey()): str(entry.getValue()) for entry in table.entrySet()}

    def update_broker_config(self, broker: str, **properties: object) -> None:
        """Change a running broker's properties, as mqadmin updateBrokerConfig does."""
        changes = jpype.JClass("java.util.Properties")()
        for name, value in properties.items():
            changes.setProperty(name, str(value).lower() if isinstance(value, bool) else str(value))
        with _asking(f"change {', '.join(properties)} of {broker}"):
            self._api.updateBrokerConfig(self._address(broker), changes, self._timeout_ms)

    # -- topics and groups ---------------------------------------------------------------------------------------

    def create_topic(
        self, name: str, queues: int = 4, attributes: dict[str, str] | None = None, *, wait_s: float = 10.0
    ) -> None:
        """Create a topic on every broker (or change it), and wait until the NameServer serves its route.

        Args:
            name: the topic.
            queues: read and write queues on each broker.
            attributes: RocketMQ 5's topic attributes, such as `{"+message.type": "FIFO"}`.
            wait_s: deadline for the route, in seconds.

        Raises:
            AdminError: no broker is registered, one refused, or the route did not come.
        """
        config = jpype.JClass("org.apache.rocketmq.common.TopicConfig")(name, queues, queues)
        if attributes:
            config.setAttributes(jpype.JClass("java.util.HashMap")(attributes))
        addresses = self._everywhere(f"create the topic {name}")
        for address in addresses:
            with _asking(f"create the topic {name} at {address}"):
                self._ext.createAndUpdateTopicConfig(address, config)
        deadline = time.monotonic() + wait_s
        while len(self.route(name)) < len({*self.brokers()}):
            if time.monotonic() > deadline:
                raise AdminError(
                    f"The topic {name} was created, but the NameServer {self.namesrv} does not serve its "
                    f"route after {wait_s:g} s. Look at the brokers with `rmqlab ps`."
                )
            time.sleep(0.01)

    def delete_topic(self, name: str) -> None:
        """Delete a topic from every broker and from the NameServer; a topic that is not there is no error."""
        for address in self._everywhere(f"delete the topic {name}"):
            with _asking(f"delete the topic {name} at {address}"):
                self._api.deleteTopicInBroker(address, name, self._timeout_ms)
        for namesrv in self.namesrv.split(";"):
            with _asking(f"delete the route of {name}"):
                self._api.deleteTopicInNameServer(namesrv, name, self._timeout_ms)

    def create_group(self, name: str) -> None:
        """Create a consumer group on every broker (or set it to the defaults)."""
        config = jpype.JClass("org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig")()
        config.setGroupName(name)
        for address in self._everywhere(f"create the group {name}"):
            with _asking(f"create the group {name} at {address}"):
                self._ext.createAndUpdateSubscriptionGroupConfig(address, config)

    def topics(self, *, system: bool = False) -> list[str]:
        """Return all topics' names, sorted; those that RocketMQ made for itself only with `system=True`."""
        with _asking("list the topics"):
            names = sorted(str(name) for name in self._ext.fetchAllTopicList().getTopicList())
            if system:
                return names
            validator = jpype.JClass("org.apache.rocketmq.common.topic.TopicValidator")
            info = self._api.getBrokerClusterInfo(self._timeout_ms)
            # A broker makes a topic of its own name and one of its cluster's.
            own = {str(name) for name in (*info.getBrokerAddrTable().keySet(), *info.getClusterAddrTable().keySet())}
            return [
                name
                for name in names
                if name not in own
                and not name.startswith(_SYSTEM_PREFIXES)
                and not name.endswith("_REPLY_TOPIC")
                and not validator.isSystemTopic(name)
            ]

    def route(self, topic: str) -> tuple[BrokerRoute, ...]:
        """Return a topic's route, one entry a broker, by broker name; empty if the NameServer knows none."""
        try:
            data = self._api.getTopicRouteInfoFromNameServer(topic, self._timeout_ms)
        except jpype.JException as error:
            if _code(error) == _TOPIC_NOT_EXIST:
                return ()
            raise _refusal(f"ask for the route of {topic}", error) from None
        addresses = {str(entry.getBrokerName()): _addresses(entry.getBrokerAddrs()) for entry in data.getBrokerDatas()}
        queues = {
            str(entry.getBrokerName()): (int(entry.getReadQueueNums()), int(entry.getWriteQueueNums()))
            for entry in data.getQueueDatas()
        }
        return tuple(
            BrokerRoute(name, addresses[name], *queues[name])
            for name in sorted(addresses.keys() & queues.keys())
            if addresses[name]
        )

    # -- queues and progress -------------------------------------------------------------------------------------

    def topic_stats(self, topic: str) -> dict[QueueRef, QueueStats]:
        """Return the extent of each queue of a topic (mqadmin topicStatus), sorted; empty without a route."""
        found: dict[QueueRef, QueueStats] = {}
        for broker in self.route(topic):
            found |= self.topic_stats_at(broker.address, topic)
        return found

    def topic_stats_at(self, address: str, topic: str) -> dict[QueueRef, QueueStats]:
        """As `topic_stats`, from the broker at one address."""
        with _asking(f"ask {address} for the queues of {topic}"):
            table = self._api.getTopicStatsInfo(address, topic, self._timeout_ms).getOffsetTable()
            return {
                ref: QueueStats(int(row.getMinOffset()), int(row.getMaxOffset()), int(row.getLastUpdateTimestamp()))
                for ref, row in _by_queue(table)
            }

    def groups(self, topic: str) -> tuple[str, ...]:
        """Return the consumer groups that read a topic, online or with saved progress, sorted."""
        found: set[str] = set()
        for broker in self.route(topic):
            found |= set(self.groups_at(broker.address, topic))
        return tuple(sorted(found))

    def groups_at(self, address: str, topic: str) -> tuple[str, ...]:
        """As `groups`, from the broker at one address."""
        with _asking(f"ask {address} who reads {topic}"):
            names = self._api.queryTopicConsumeByWho(address, topic, self._timeout_ms).getGroupList()
            return tuple(sorted({str(name) for name in names} - _TOOL_GROUPS))

    def consume_stats(self, group: str, topic: str | None = None) -> dict[QueueRef, Progress]:
        """Return a group's progress in each queue (mqadmin consumerProgress), sorted; empty before it has any."""
        found: dict[QueueRef, Progress] = {}
        for address in self._everywhere(f"ask for the progress of {group}"):
            found |= self.consume_stats_at(address, group, topic)
        return dict(sorted(found.items()))

    def consume_stats_at(self, address: str, group: str, topic: str | None = None) -> dict[QueueRef, Progress]:
        """As `consume_stats`, from the broker at one address."""
        with _asking(f"ask {address} for the progress of {group}"):
            # An empty topic is how the broker spells "all of them" (AdminBrokerProcessor.getConsumeStats).
            stats = self._api.getConsumeStats(address, group, topic or "", self._timeout_ms)
            return {
                ref: Progress(int(row.getBrokerOffset()), int(row.getConsumerOffset()))
                for ref, row in _by_queue(stats.getOffsetTable())
            }

    def consumers(self, group: str, *, assignments: bool = True) -> tuple[ConsumerInfo, ...]:
        """Return a group's online members, by client id; none online is an empty answer, no error.

        Args:
            group: the consumer group.
            assignments: also ask each member which queues it has (a question that the broker passes on).
        """
        found: dict[str, ConsumerInfo] = {}
        for address in self._everywhere(f"ask for the consumers of {group}"):
            for member in self.consumers_at(address, group, assignments=assignments):
                known = found.get(member.client_id)
                if known is None or len(known.assigned) < len(member.assigned):
                    found[member.client_id] = member
        return tuple(found[client_id] for client_id in sorted(found))

    def consumers_at(self, address: str, group: str, *, assignments: bool = True) -> tuple[ConsumerInfo, ...]:
        """As `consumers`, from the broker at one address."""
        what = f"ask {address} for the consumers of {group}"
        try:
            online = self._api.getConsumerConnectionList(address, group, self._timeout_ms).getConnectionSet()
        except jpype.JException as error:
            if _code(error) == _CONSUMER_NOT_ONLINE:
                return ()
            raise _refusal(what, error) from None
        members = sorted(str(connection.getClientId()) for connection in online)
        if not assignments:
            return tuple(ConsumerInfo(client_id) for client_id in members)
        return tuple(ConsumerInfo(client_id, self._assigned(address, group, client_id)) for client_id in members)

    def _assigned(self, address: str, group: str, client_id: str) -> tuple[QueueRef, ...]:
        try:
            info = self._api.getConsumerRunningInfo(address, group, client_id, False, self._timeout_ms)  # noqa: FBT003
        except jpype.JException:
            return ()  # it left between the two questions, or its process does not answer: it holds nothing we know
        refs = (_ref(queue) for queue in info.getMqTable().keySet())
        return tuple(sorted(ref for ref in refs if not ref.topic.startswith(_SYSTEM_PREFIXES)))

    # -- messages ------------------------------------------------------------------------------------------------

    def message(self, queue: QueueRef, offset: int) -> StoredMessage | None:
        """Return the message at an offset of a queue, or None if the queue does not hold it."""
        for broker in self.route(queue.topic):
            if broker.broker == queue.broker:
                found = self.messages_at(broker.address, queue, offset, 1)
                return found[0] if found and found[0].queue_offset == offset else None
        return None

    def messages(self, topic: str, limit: int = 64) -> list[StoredMessage]:
        """Return the newest `limit` messages of each queue of a topic, in the order in which they were stored."""
        found: list[StoredMessage] = []
        for broker in self.route(topic):
            for ref, extent in self.topic_stats_at(broker.address, topic).items():
                start = max(extent.min_offset, extent.max_offset - limit)
                found += self.messages_at(broker.address, ref, start, extent.max_offset - start)
        return sorted(found, key=lambda message: (message.store_ms, message.broker, message.commit_log_offset))

    def messages_at(self, address: str, queue: QueueRef, offset: int, count: int) -> list[StoredMessage]:
        """Read up to `count` messages of a queue from `offset` on, from the broker at one address."""
        with _asking(f"read {queue.topic} queue {queue.queue_id} at {address}"):
            return stored.read(self._api, address, queue, offset, count, self._timeout_ms)

    def message_by_id(self, topic: str, msg_id: str) -> StoredMessage | None:
        """Return the message of that id (the sender's or the broker's), or None. The index lags by milliseconds."""
        return self._look_up(f"look up {msg_id}", lambda: [self._ext.viewMessage(topic, msg_id)], topic, first=True)

    def messages_by_key(self, topic: str, key: str, limit: int = 64) -> list[StoredMessage]:
        """Return the messages that carry a key, in the order in which they were stored."""
        found = self._look_up(
            f"look up the key {key}",
            lambda: self._ext.queryMessage(topic, key, limit, 0, int(time.time() * 1000) + 60_000).getMessageList(),
            topic,
        )
        return sorted(found, key=lambda message: (message.store_ms, message.broker, message.commit_log_offset))

    def _look_up(self, what: str, ask: Any, topic: str, *, first: bool = False) -> Any:
        try:
            found = ask()
        except jpype.JException as error:
            if _code(error) not in {_NO_MESSAGE, _TOPIC_NOT_EXIST}:
                raise _refusal(what, error) from None
            found = []
        by_address = {a: route.broker for route in self.route(topic) for a in route.addresses.values()}
        messages = [stored.from_java(message, by_address) for message in found if message is not None]
        return (messages[0] if messages else None) if first else messages

    # -- addresses -----------------------------------------------------------------------------------------------

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


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Turn a Java exception into an AdminError that says what was asked."""
    try:
        yield
    except jpype.JException as error:
        raise _refusal(what, error) from None


def _refusal(what: str, error: Any) -> AdminError:
    reason = str(error.getMessage() or error.getClass().getSimpleName()).strip()
    # Everything after it is a link to a web page about the error's number.
    return AdminError(f"Could not {what}: {reason.split('For more information, please visit')[0].strip()}")


def _code(error: Any) -> int | None:
    """Return RocketMQ's response code (MQBrokerException, MQClientException), None for other exceptions."""
    get = getattr(error, "getResponseCode", None)
    return int(get()) if get else None


def _addresses(table: Any) -> dict[int, str]:
    return {int(entry.getKey()): str(entry.getValue()) for entry in table.entrySet()}


def _ref(queue: Any) -> QueueRef:
    return QueueRef(str(queue.getTopic()), str(queue.getBrokerName()), int(queue.getQueueId()))


def _by_queue(table: Any) -> list[tuple[QueueRef, Any]]:
    return sorted(((_ref(entry.getKey()), entry.getValue()) for entry in table.entrySet()), key=lambda pair: pair[0])


@atexit.register
def _close_all() -> None:
    # A live connection's threads would keep a script from ending.
    for admin in list(_open):
        admin.close()
