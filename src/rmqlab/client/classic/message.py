"""Messages: what a program makes, all parts in one call, and what it receives, with all that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.client.classic.package import client
from rmqlab.client.classic.rules import MessageRefusedError, check_property, check_text
from rmqlab.client.facts import QueueRef
from rmqlab.client.message import DELAY, KEYS, TAGS
from rmqlab.client.message import Message as Handle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from rmqlab.client.message import ReceivedMessage as Received

DELAY_MS, DELIVER_MS = "TIMER_DELAY_MS", "TIMER_DELIVER_MS"
_DELAYS = (DELAY, DELAY_MS, DELIVER_MS)


class Message(client.Message):
    """A message to send.

        Message("orders", "order 7 paid", tags="paid", keys=["order-7"], properties={"region": "eu"})

    Args:
        topic: where to; letters, digits and % | _ -, at most 127.
        body: bytes, or text that is sent as UTF-8; not empty when it is sent.
        tags: one tag, which consumers can filter by.
        keys: a key, or a list of keys, which the broker indexes: they find the message again. In a text,
            blanks separate keys.
        properties: further names and values, all text; SQL92 filters and consumers see them.
        delay_level: deliver later, by the broker's levels: 1 is 1 s, 3 is 10 s (messageDelayLevel).
        delay_ms: deliver so many milliseconds later (TIMER_DELAY_MS); needs a broker with
            timerWheelEnable=true, and at most timerMaxDelaySec (3 days).
        deliver_at: deliver at a moment (TIMER_DELIVER_MS), likewise; a time without a zone is local time.

    Raises:
        MessageRefusedError: RocketMQ would refuse or change a part; more than one of the three delays.
        TypeError: a part is of another type.
    """

    def __init__(  # noqa: PLR0913  (all parts of a message)
        self,
        topic: str,
        body: bytes | str = b"",
        *,
        tags: str = "",
        keys: str | Iterable[str] = (),
        properties: Mapping[str, str] | None = None,
        delay_level: int | None = None,
        delay_ms: int | None = None,
        deliver_at: datetime | None = None,
    ) -> None:
        if not isinstance(topic, str):
            raise TypeError(f"the topic is {topic!r}: text is needed")
        handle = self._handle = Handle(topic)  # what the classic constructor makes, by way of bytes
        if type(body) is bytes:  # every message comes by here: the usual case in one step
            handle.body = body
        elif body:
            self.set_body(body)
        if tags:
            check_text("the tag", tags)
            handle.properties[TAGS] = tags
        if keys:
            self.set_keys(keys if isinstance(keys, str) else _joined(keys))
        if properties:
            for name, value in properties.items():
                self.set_property(name, value)
        if delay_level is not None or delay_ms is not None or deliver_at is not None:
            self._delay(delay_level, delay_ms, deliver_at)

    def _delay(self, level: int | None, delay_ms: int | None, deliver_at: datetime | None) -> None:
        if sum(delay is not None for delay in (level, delay_ms, deliver_at)) > 1:
            raise MessageRefusedError("delay_level, delay_ms, deliver_at: a message has one of the three")
        if level is not None:
            self.set_delay_time_level(level)
        if delay_ms is not None:
            self.set_delay_time_ms(delay_ms)
        if deliver_at is not None:
            self.set_deliver_time_ms(int(deliver_at.timestamp() * 1000))

    def set_body(self, body: bytes | str) -> None:
        """Set the body: bytes, or text that is sent as UTF-8.

        Raises:
            TypeError: it is neither.
        """
        if not isinstance(body, bytes | bytearray | memoryview | str):
            raise TypeError(
                f"the body is {type(body).__name__}: bytes or text is needed (json.dumps, perhaps?)"
            )
        self._handle.body = body.encode() if isinstance(body, str) else bytes(body)

    def set_tags(self, tags: str) -> None:
        """Set the tag."""
        check_text("the tag", tags)
        self._handle.properties[TAGS] = tags

    def set_keys(self, keys: str) -> None:
        """Set the keys, separated by blanks."""
        check_text("the keys", keys)
        self._handle.properties[KEYS] = keys

    def set_property(self, key: str, value: str) -> None:
        """Set a property.

        Raises:
            MessageRefusedError: the name is RocketMQ's own, one of them is blank, or has U+0001 or U+0002.
            TypeError: one of them is not text.
        """
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"property {key!r} = {value!r}: both have to be text")
        check_property(key, value)
        self._handle.properties[key] = value

    def set_delay_time_level(self, delay_time_level: int) -> None:
        """Deliver it by a delay level, instead of any other delay; 0 is none."""
        self._forget_delays()
        super().set_delay_time_level(delay_time_level)

    def set_delay_time_ms(self, delay_ms: int) -> None:
        """Deliver it so many milliseconds after the broker has got it, instead of any other delay."""
        self._set_timer(DELAY_MS, delay_ms)

    def set_deliver_time_ms(self, unix_ms: int) -> None:
        """Deliver it at a moment, in milliseconds since 1970, instead of any other delay."""
        self._set_timer(DELIVER_MS, unix_ms)

    def _set_timer(self, name: str, value: int) -> None:
        if value < 0:
            raise MessageRefusedError(f"{name} is {value}: it cannot be negative")
        self._forget_delays()
        self._handle.properties[name] = str(int(value))

    def _forget_delays(self) -> None:
        for name in _DELAYS:
            self._handle.properties.pop(name, None)

    @property
    def topic(self) -> str:
        """Where it is sent."""
        return self._handle.topic

    @property
    def body(self) -> bytes:
        """What it says."""
        return self._handle.body

    @property
    def tags(self) -> str:
        """Its tag, empty without one."""
        return self._handle.get_property(TAGS)

    @property
    def keys(self) -> str:
        """Its keys, separated by blanks."""
        return self._handle.get_property(KEYS)

    @property
    def properties(self) -> dict[str, str]:
        """All its properties as they are sent: the program's own, and KEYS, TAGS and delays (a copy)."""
        return dict(self._handle.properties)

    def __repr__(self) -> str:
        parts = "".join(f" {name}={value!r}" for name, value in self._handle.properties.items())
        return f"<Message topic={self.topic!r} body={self.body[:40]!r}{parts}>"


def _joined(keys: Iterable[str]) -> str:
    keys = tuple(keys)
    for key in keys:
        if not isinstance(key, str):
            raise TypeError(f"the key {key!r} is no text")
        if " " in key:
            raise MessageRefusedError(f"the key {key!r} has a blank in it, by which RocketMQ separates keys")
    return " ".join(keys)


class ReceivedMessage(client.ReceivedMessage):
    """A received message: the classic one, and the rest that travels with it.

    As in the classic package `tags` and `keys` are bytes.
    """

    _handle: Received

    @property
    def queue(self) -> QueueRef:
        """The queue that it came from; a retried message comes from a queue of the group's retry topic."""
        return QueueRef(self.topic, self._handle.broker, self.queue_id)

    @property
    def properties(self) -> dict[str, str]:
        """All its properties: the sender's, and RocketMQ's own."""
        return self._handle.properties
