"""Questions to one broker, by its address, so that one broker's silence does not spoil another's answer.

`Admin.at(address)` makes them; `Admin` puts them together for a whole cluster.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client import queue_tables, stored
from rmqlab.client.catalogue_questions import CatalogueQuestions
from rmqlab.client.delay_questions import DelayQuestions
from rmqlab.client.facts import ConsumerInfo, Progress, QueueRef, QueueStats
from rmqlab.client.half_messages import half_message
from rmqlab.client.names import SYSTEM_PREFIXES
from rmqlab.client.reasons import reason_of
from rmqlab.client.store_questions import StoreQuestions
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.client.facts import StoredMessage
    from rmqlab.client.half_messages import HalfMessage
    from rmqlab.client.names import Names

# Of org.apache.rocketmq.remoting.protocol.ResponseCode.
_TOPIC_NOT_EXIST = 17
_CONSUMER_NOT_ONLINE = 206
# Groups that RocketMQ makes for its own tools (MixAll, BrokerConfig).
_TOOL_GROUPS = frozenset({"TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONSAPI_OWNER"})


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn a Java exception into an AdminError that says what was asked."""
    try:
        yield
    except jpype.JException as error:
        raise refusal(what, error) from None


def refusal(what: str, error: Any) -> AdminError:
    """Return the AdminError for a Java exception."""
    refused = AdminError(f"Could not {what}: {reason_of(error)}")
    refused.code = code_of(error)
    return refused


def code_of(error: Any) -> int | None:
    """Return RocketMQ's response code (MQBrokerException, MQClientException), None for other exceptions."""
    get = getattr(error, "getResponseCode", None)
    return int(get()) if get else None


class BrokerQuestions:
    """What can be asked of the broker at one address. AdminError if it does not answer or refuses."""

    def __init__(self, api: Any, address: str, timeout_ms: int, names: Names) -> None:
        self._api = api
        self._address = address
        self._timeout_ms = timeout_ms
        self._names = names

    def runtime_stats(self) -> dict[str, str]:
        """Return the broker's own account of itself (mqadmin brokerStatus)."""
        with asking(f"ask {self._address} for its runtime figures"):
            table = self._api.getBrokerRuntimeInfo(self._address, self._timeout_ms).getTable()
            return {str(entry.getKey()): str(entry.getValue()) for entry in table.entrySet()}

    def undispatched(self) -> int:
        """Return how many bytes are stored and not in their queues yet (ReputMessageService)."""
        return int(self.runtime_stats().get("dispatchBehindBytes", 0))

    def delays(self) -> DelayQuestions:
        """Return the questions about what the broker holds back."""
        return DelayQuestions(self._api, self._address, self._timeout_ms, self._names)

    def store(self) -> StoreQuestions:
        """Return the questions about the broker's commit log and its replication."""
        return StoreQuestions(self._api, self._address, self._timeout_ms, is_shared=self._names.is_shared)

    def catalogue(self) -> CatalogueQuestions:
        """Return the questions about all topics and groups at once."""
        return CatalogueQuestions(self._api, self._address, self._timeout_ms, self._names)

    def topic_stats(self, topic: str, *, missing_ok: bool = False) -> dict[QueueRef, QueueStats]:
        """Return the extent of each of the topic's queues here, sorted.

        `missing_ok`: a topic that is not here has no queues, instead of being refused.
        """
        with asking(f"ask {self._address} for the queues of {topic}"):
            real = self._names.real(topic)
            try:
                table = queue_tables.topic_stats(self._api, self._address, real, self._timeout_ms)
            except jpype.JException as error:
                if missing_ok and code_of(error) == _TOPIC_NOT_EXIST:
                    return {}
                raise
            return {
                self._names.shown_queue(ref): QueueStats(
                    row["minOffset"], row["maxOffset"], row["lastUpdateTimestamp"]
                )
                for ref, row in table
            }

    def groups(self, topic: str) -> tuple[str, ...]:
        """Return the consumer groups that read a topic here, online or with saved progress, sorted."""
        with asking(f"ask {self._address} who reads {topic}"):
            real = self._names.real(topic)
            names = self._api.queryTopicConsumeByWho(self._address, real, self._timeout_ms).getGroupList()
            return tuple(sorted({self._names.shown(str(name)) for name in names} - _TOOL_GROUPS))

    def all_groups(self) -> tuple[str, ...]:
        """Return the consumer groups that exist here, RocketMQ's own too, sorted; in a namespace, its own."""
        with asking(f"ask {self._address} for its groups"):
            found = self._api.getAllSubscriptionGroup(self._address, self._timeout_ms)
            names = {str(name) for name in found.getSubscriptionGroupTable().keySet()}
        if self._names.namespace:
            names = {self._names.shown(name) for name in names if self._names.is_inside(name)}
        return tuple(sorted(names))

    def consume_stats(self, group: str, topic: str | None = None) -> dict[QueueRef, Progress]:
        """Return a group's progress in each queue here, sorted; of all its topics if none is given."""
        with asking(f"ask {self._address} for the progress of {group}"):
            of_topic = self._names.real(topic) if topic else None
            real = self._names.real(group)
            table = queue_tables.consume_stats(self._api, self._address, real, of_topic, self._timeout_ms)
            return {
                self._names.shown_queue(ref): Progress(row["brokerOffset"], row["consumerOffset"])
                for ref, row in table
            }

    def consumers(self, group: str, *, assignments: bool = True) -> tuple[ConsumerInfo, ...]:
        """Return a group's members that are connected here, by client id, with their queues if asked."""
        try:
            real = self._names.real(group)
            connections = self._api.getConsumerConnectionList(self._address, real, self._timeout_ms)
            members = sorted(str(each.getClientId()) for each in connections.getConnectionSet())
        except jpype.JException as error:
            if code_of(error) == _CONSUMER_NOT_ONLINE:
                return ()
            raise refusal(f"ask {self._address} for the consumers of {group}", error) from None
        return tuple(
            ConsumerInfo(client_id, self._assigned(group, client_id) if assignments else ())
            for client_id in members
        )

    def member_settings(self, group: str) -> dict[str, dict[str, str]]:
        """Return what each online member says of its own settings, by client id; nothing of a silent one.

        They are the fields of its DefaultMQPushConsumer, and `PROP_CONSUMEORDERLY` (ConsumerRunningInfo).
        """
        running = {
            member.client_id: self._running_info(group, member.client_id)
            for member in self.consumers(group, assignments=False)
        }
        return {
            client_id: {str(each.getKey()): str(each.getValue()) for each in info.getProperties().entrySet()}
            if info is not None
            else {}
            for client_id, info in running.items()
        }

    def real_name(self, name: str) -> str:
        """Return how the broker calls a topic or group: what it writes into messages that it moves."""
        return self._names.real(name)

    def messages(self, queue: QueueRef, offset: int, count: int) -> list[StoredMessage]:
        """Read up to `count` messages of a queue from `offset` on."""
        with asking(f"read {queue.topic} queue {queue.queue_id} at {self._address}"):
            real = self._names.real_queue(queue)
            found = stored.read(self._api, self._address, real, offset, count, self._timeout_ms)
        shown = self._names.shown(real.topic)
        return [replace(message, topic=shown) for message in found] if shown != real.topic else found

    def messages_by_id(self, topic: str, msg_id: str) -> list[StoredMessage]:
        """Return a topic's messages here of the sender's id, in the order of storing; there may be several.

        The index has a message before any later one of this broker can be read.
        """
        with asking(f"look up {msg_id} in {topic} at {self._address}"):
            real = self._names.real(topic)
            found = stored.look_up(self._api, self._address, real, msg_id, self._timeout_ms)
        return [replace(message, topic=topic) for message in found]

    def half_messages(self, queue: QueueRef, offset: int, count: int) -> list[HalfMessage]:
        """Read up to `count` half messages (or ones that were given up) of a queue from `offset` on.

        Of those outside of our namespace only the place is told.
        """
        return [half_message(message, self._names) for message in self.messages(queue, offset, count)]

    def _assigned(self, group: str, client_id: str) -> tuple[QueueRef, ...]:
        info = self._running_info(group, client_id)
        if info is None:
            return ()
        refs = (self._names.shown_queue(_ref(queue)) for queue in info.getMqTable().keySet())
        return tuple(sorted(ref for ref in refs if not ref.topic.startswith(SYSTEM_PREFIXES)))

    def _running_info(self, group: str, client_id: str) -> Any:
        """Ask a member, through the broker; None if it left meanwhile, or its process is silent."""
        try:
            return self._api.getConsumerRunningInfo(
                self._address,
                self._names.real(group),
                client_id,
                False,  # noqa: FBT003 - no stack traces, by position: Java
                self._timeout_ms,
            )
        except jpype.JException:
            return None


def _ref(queue: Any) -> QueueRef:
    return QueueRef(str(queue.getTopic()), str(queue.getBrokerName()), int(queue.getQueueId()))
