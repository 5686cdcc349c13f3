"""What a broker says of all its topics and groups at once: two questions, however many there are.

`BrokerQuestions.catalogue` makes these questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client.java import java_class
from rmqlab.client.names import SYSTEM_PREFIXES
from rmqlab.client.reasons import reason_of
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from rmqlab.client.names import Names

_READABLE = 4  # PermName.PERM_READ


class CatalogueQuestions:
    """Questions to the broker at one address. AdminError if it does not answer or refuses."""

    def __init__(self, api: Any, address: str, timeout_ms: int, names: Names) -> None:
        self._api = api
        self._address = address
        self._timeout_ms = timeout_ms
        self._names = names

    def topics(self) -> dict[str, int]:
        """Return how many queues each readable topic has here (TopicConfig.readQueueNums).

        RocketMQ's own topics are left out, also those of retries; in a namespace, all that are outside of it.
        """
        try:
            table = self._api.getAllTopicConfig(self._address, self._timeout_ms).getTopicConfigTable()
        except jpype.JException as error:
            raise self._refusal("topics", error) from None
        queues = {
            str(entry.getKey()): int(entry.getValue().getReadQueueNums())
            for entry in table.entrySet()
            if int(entry.getValue().getPerm()) & _READABLE
        }
        return {self._names.shown(name): number for name, number in queues.items() if self._is_ours(name)}

    def lags(self) -> dict[str, dict[str, int]]:
        """Return by topic how many messages each group that reads it has not committed.

        Groups without progress in a topic are not in it (ConsumerOffsetManager.whichTopicByConsumer).
        """
        try:
            stats = self._api.fetchConsumeStatsInBroker(self._address, False, self._timeout_ms)  # noqa: FBT003
        except jpype.JException as error:
            raise self._refusal("groups", error) from None
        lags: dict[str, dict[str, int]] = {}
        for by_group in stats.getConsumeStatsList():
            for entry in by_group.entrySet():
                for each in entry.getValue():
                    topic = _topic_of(each)
                    if topic and self._is_ours(topic):
                        group = self._names.shown(str(entry.getKey()))
                        lags.setdefault(self._names.shown(topic), {})[group] = int(each.computeTotalDiff())
        return lags

    def _is_ours(self, real: str) -> bool:
        if real.startswith(SYSTEM_PREFIXES) or real.endswith("_REPLY_TOPIC"):
            return False
        if self._names.namespace:
            return self._names.is_inside(real)
        return not java_class("org.apache.rocketmq.common.topic.TopicValidator").isSystemTopic(real)

    def _refusal(self, what: str, error: Any) -> AdminError:
        return AdminError(f"Could not ask {self._address} for its {what}: {reason_of(error)}")


def _topic_of(stats: Any) -> str:
    """Return the topic of a ConsumeStats, which only its queues name; empty if it has none."""
    for queue in stats.getOffsetTable().keySet():
        return str(queue.getTopic())
    return ""
