"""Messages as librocketmq's handles: what a program makes, what a consumer receives, and batches.

Handles are Python objects: nothing leaks (the package never destroys a message), and a message that a program
keeps after its callback stays readable. A made message becomes a Java object when it is sent and not before,
so making messages needs no JVM.
"""

# The fields of a message are RocketMQ's own; docs/client.md names them all.
# ruff: noqa: D102

from __future__ import annotations

from typing import Any

from rmqlab.client.java import java_class
from rmqlab.client.java_bytes import java_bytes

_JAVA_MESSAGE = "org.apache.rocketmq.common.message.Message"
_ACCESSOR = "org.apache.rocketmq.common.message.MessageAccessor"
DELIVERIES = "rmqlab.Deliveries"
_FIELDS = 11
"""Fields of a received message before its properties."""

# MessageConst's names
KEYS, TAGS, DELAY, UNIQUE_ID, SHARDING_KEY = "KEYS", "TAGS", "DELAY", "UNIQ_KEY", "__SHARDINGKEY"
CONSTRUCTED = (KEYS, TAGS)


class Message:
    """What a program makes and sends; `properties` holds keys, tags and delay level too, as in RocketMQ."""

    __slots__ = ("body", "properties", "topic")

    def __init__(self, topic: str) -> None:
        self.topic: str | None = topic  # None once destroyed
        self.body = b""
        self.properties: dict[str, str] = {}

    def copy(self) -> Message:
        twin = Message(self.topic)
        twin.body, twin.properties = self.body, dict(self.properties)
        return twin

    def destroy(self) -> None:
        self.topic, self.body, self.properties = None, b"", {}

    def get_property(self, name: str) -> str:
        return self.properties.get(name, "")

    @property
    def id(self) -> str:
        return self.properties.get(UNIQUE_ID, "")

    @property
    def delay_level(self) -> int:
        return int(self.properties.get(DELAY, 0))

    # What only a stored message has; C's MQMessageExt starts from these values as well.
    queue_id = reconsume_times = store_size = 0
    born_ms = store_ms = queue_offset = commit_log_offset = prepared_transaction_offset = 0

    def others(self) -> list[str]:
        """Return names and values, in turn, of the properties that Java's constructor does not take."""
        return [text for pair in self.properties.items() if pair[0] not in CONSTRUCTED for text in pair]

    def to_java(self) -> Any:
        """Make the Java message that is sent; the program's own stays as it is and can be sent again."""
        properties = self.properties
        java = java_class(_JAVA_MESSAGE)(
            self.topic, properties.get(TAGS, ""), properties.get(KEYS, ""), java_bytes(self.body)
        )
        for name, value in properties.items():
            if name not in CONSTRUCTED:
                java_class(_ACCESSOR).putProperty(java, name, value)
        return java


class ReceivedMessage:
    """What a consumer or a transaction check was given; it needs no JVM any more.

    Args:
        head: its fields and properties, as Java's `rmqlab.Deliveries` writes them; read when asked.
        body: its body.
    """

    __slots__ = ("_fields", "_head", "_properties", "body")

    def __init__(self, head: str, body: bytes) -> None:
        self._head = head
        self.body = body
        self._fields: list[str] | None = None
        self._properties: dict[str, str] | None = None

    @classmethod
    def of(cls, java: Any) -> ReceivedMessage:
        """Read Java's MessageExt."""
        body = java.getBody()
        return cls(str(java_class(DELIVERIES).head(java)), b"" if body is None else bytes(body))

    def _field(self, index: int) -> str:
        if self._fields is None:
            self._fields = self._head.split("\n", _FIELDS)
        return self._fields[index]

    def _read(self) -> dict[str, str]:
        if self._properties is None:
            pairs = self._field(_FIELDS).split("\x02")
            self._properties = dict(pair.split("\x01", 1) for pair in pairs if pair)
        return self._properties

    def get_property(self, name: str) -> str:
        return self._read().get(name, "")

    @property
    def properties(self) -> dict[str, str]:
        return dict(self._read())

    @property
    def topic(self) -> str:
        return self._field(0)

    @property
    def id(self) -> str:
        # Java itself answers with the offset's id where the broker asks back about a transaction; C does not.
        return self.get_property(UNIQUE_ID) or self._field(1)

    @property
    def delay_level(self) -> int:
        return int(self.get_property(DELAY) or 0)

    @property
    def broker(self) -> str:
        return self._field(2)

    @property
    def queue_id(self) -> int:
        return int(self._field(3))

    @property
    def reconsume_times(self) -> int:
        return int(self._field(4))

    @property
    def store_size(self) -> int:
        return int(self._field(5))

    @property
    def born_ms(self) -> int:
        return int(self._field(6))

    @property
    def store_ms(self) -> int:
        return int(self._field(7))

    @property
    def queue_offset(self) -> int:
        return int(self._field(8))

    @property
    def commit_log_offset(self) -> int:
        return int(self._field(9))

    @property
    def prepared_transaction_offset(self) -> int:
        return int(self._field(10))


class Batch:
    """Messages of one topic that travel and are stored together."""

    __slots__ = ("messages",)

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def to_java(self) -> Any:
        java = java_class("java.util.ArrayList")()
        for message in self.messages:
            java.add(message.to_java())
        return java
