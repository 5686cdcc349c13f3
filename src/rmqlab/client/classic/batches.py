"""Batches: messages of one topic that travel together, split so that each part stays within a size."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from rmqlab.client.classic.message import DELAY_MS, DELIVER_MS
from rmqlab.client.classic.rules import MessageRefusedError
from rmqlab.client.message import DELAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rmqlab.client.message import Message

MAX_BATCH_BYTES = 1_000_000
"""What RocketMQ's own example keeps a batch within (SplitBatchProducer); the limit is the message's, 4 MB."""

# MessageDecoder.encodeMessage: total size, magic code, CRC (0 there too), flag, body's length; then body,
# properties' length (a short), properties. The producer adds an id and WAIT to each: so many bytes more when
# it is sent.
_HEAD = struct.Struct(">iiiii")
_LENGTH = struct.Struct(">h")
_FIXED = _HEAD.size + _LENGTH.size
_ADDED = len("UNIQ_KEY") + 32 + 2 + len("WAIT") + len("true") + 2

_DELAYS = frozenset({DELAY, DELAY_MS, DELIVER_MS})


def encode(message: Message) -> bytes:
    """Return a message as it travels in a batch."""
    body = message.body
    text = ""
    for name, value in message.properties.items():
        text += f"{name}\x01{value}\x02"
    properties = text.encode()
    total = _FIXED + len(body) + len(properties)
    head = _HEAD.pack(total, 0, 0, 0, len(body))
    return b"".join((head, body, _LENGTH.pack(len(properties)), properties))


def split(messages: Iterable[Message], max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Yield topic and encoded messages, part by part, in order; each part is one batch within `max_bytes`.

    A message that is larger than that by itself goes alone.

    Raises:
        MessageRefusedError: the topics differ, or a message has a delay: RocketMQ has no batches of these.
    """
    topic = ""
    part: list[bytes] = []
    size = 0
    for message in messages:
        _check(message, topic)
        topic = message.topic
        encoded = encode(message)
        taken = len(encoded) + _ADDED
        if part and size + taken > max_bytes:
            yield topic, b"".join(part)
            part, size = [], 0
        part.append(encoded)
        size += taken
    if part:
        yield topic, b"".join(part)


def _check(message: Message, topic: str) -> None:
    if topic and message.topic != topic:
        raise MessageRefusedError(
            f"the topics of a batch are {topic} and {message.topic}: a batch has messages of one topic"
        )
    if not _DELAYS.isdisjoint(message.properties):
        raise MessageRefusedError("a message of the batch has a delay: RocketMQ delivers batches at once")
