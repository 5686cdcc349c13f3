"""Commands to one broker, by its address; `Admin` gives them to all brokers of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client.broker_questions import asking, refusal
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from rmqlab.client.names import Names

# Where a broker without a timer wheel stumbles after a topic is deleted
# (AdminBrokerProcessor.deleteTopicInBroker).
_NO_TIMER = "getTimerMessageStore"
KINDS = ("normal", "fifo", "delay", "transaction")
"""What a topic can be for (TopicMessageType). A proxy lets messages of its kind in and refuses all others."""

_AUTO_CREATE_KEY = "TBW102"  # TopicValidator.AUTO_CREATE_TOPIC_KEY_TOPIC, what mqadmin passes too


def topic_attributes(kind: str) -> dict[str, str]:
    """Return the attributes that make a topic one of a kind (TopicAttributes.TOPIC_MESSAGE_TYPE_ATTRIBUTE).

    Raises:
        AdminError: there is no such kind.
    """
    if kind not in KINDS:
        raise AdminError(f"A topic is {', '.join(KINDS[:-1])} or {KINDS[-1]}, not {kind!r}.")
    return {} if kind == "normal" else {"+message.type": kind.upper()}  # without, a topic is NORMAL


class BrokerCommands:
    """What the broker at one address can be told. AdminError if it does not answer or refuses."""

    def __init__(self, api: Any, address: str, timeout_ms: int, names: Names) -> None:
        self._api = api
        self._address = address
        self._timeout_ms = timeout_ms
        self._names = names

    def update_config(self, properties: dict[str, object]) -> None:
        """Change properties while the broker runs."""
        what = f"change {', '.join(properties)} of {self._address}"
        self._names.require_own_cluster(what)
        changes = jpype.JClass("java.util.Properties")()
        for name, value in properties.items():
            changes.setProperty(name, str(value).lower() if isinstance(value, bool) else str(value))
        with asking(what):
            self._api.updateBrokerConfig(self._address, changes, self._timeout_ms)

    def create_topic(self, name: str, queues: int, attributes: dict[str, str]) -> None:
        """Create a topic, or change it."""
        config = jpype.JClass("org.apache.rocketmq.common.TopicConfig")(
            self._names.changeable(name), queues, queues
        )
        config.setAttributes(jpype.JClass("java.util.HashMap")(attributes))
        with asking(f"create the topic {name} at {self._address}"):
            self._api.createTopic(self._address, _AUTO_CREATE_KEY, config, self._timeout_ms)

    def delete_topic(self, name: str) -> None:
        """Delete a topic; one that is not there is no error."""
        real = self._names.changeable(name)
        try:
            self._api.deleteTopicInBroker(self._address, real, self._timeout_ms)
        except jpype.JException as error:
            if _NO_TIMER not in str(error.getMessage()):  # else the topic is gone: it was the last step
                raise refusal(f"delete the topic {name} at {self._address}", error) from None

    def create_group(self, name: str, *, orderly: bool) -> None:
        """Create a consumer group, or set it to the defaults but for its order."""
        settings = "org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig"
        config = jpype.JClass(settings)()
        config.setGroupName(self._names.changeable(name))
        config.setConsumeMessageOrderly(orderly)
        with asking(f"create the group {name} at {self._address}"):
            self._api.createSubscriptionGroup(self._address, config, self._timeout_ms)

    def delete_group(self, name: str) -> None:
        """Delete a consumer group and its progress; one that is not there is no error."""
        real = self._names.changeable(name)
        with asking(f"delete the group {name} at {self._address}"):
            self._api.deleteSubscriptionGroup(self._address, real, True, self._timeout_ms)  # noqa: FBT003
