"""librocketmq's functions on messages (include/CMessage.h, CMessageExt.h, CBatchMessage.h)."""

# A function whose C name says it all has no docstring of its own.
# ruff: noqa: D103

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from rmqlab.client.boundary import FUNCTIONS, RefusedError, Status, c_function, c_getter, handle, number, text
from rmqlab.client.message import DELAY, KEYS, TAGS, Batch, Message, ReceivedMessage

if TYPE_CHECKING:
    from collections.abc import Callable

# MessageDecoder.NAME_VALUE_SEPARATOR and PROPERTY_SEPARATOR: a property that holds one would arrive as two.
_ITEM, _PAIR = "\x01", "\x02"
_DESTROYED = "the message was destroyed (DestroyMessage)"


def _made(value: Any) -> Message:
    message = handle(value, Message)
    if message.topic is None:
        raise RefusedError(_DESTROYED, Status.NULL_POINTER)
    return message


def _readable(value: Any) -> Message | ReceivedMessage:
    if isinstance(value, ReceivedMessage):
        return value
    return _made(value)


def _set_property(message: Message, name: str, value: str) -> None:
    if _ITEM in value or _PAIR in value or _ITEM in name or _PAIR in name:
        raise RefusedError(
            f"property {name!r}: RocketMQ separates properties by the characters U+0001 and U+0002"
        )
    message.properties[name] = value


@c_getter("CreateMessage")
def create_message(topic: bytes | None) -> Message:
    """Make a message; with NULL for a topic too, as in C: it is refused when it is sent."""
    return Message("" if topic is None else text(topic, "the topic"))


@c_function("DestroyMessage")
def destroy_message(message: Any) -> None:
    """Empty a message; Python frees it when nobody refers to it any more."""
    handle(message, Message).destroy()


@c_function("SetMessageKeys")
def set_message_keys(message: Any, keys: bytes) -> None:
    _set_property(_made(message), KEYS, text(keys, "keys"))


@c_function("SetMessageTags")
def set_message_tags(message: Any, tags: bytes) -> None:
    _set_property(_made(message), TAGS, text(tags, "tags"))


def _body(value: bytes | None) -> bytes:
    if value is None:
        raise RefusedError("the body is NULL (None)", Status.NULL_POINTER)
    if not isinstance(value, bytes):
        raise ctypes.ArgumentError(f"the body: bytes or str expected instead of {type(value).__name__}")
    return value


@c_function("SetMessageBody")
def set_message_body(message: Any, body: bytes) -> None:
    """Set the body, whole: C's would end at the first NUL."""
    _made(message).body = _body(body)


@c_function("SetByteMessageBody")
def set_byte_message_body(message: Any, body: bytes, length: int) -> None:
    content = _body(body)
    _made(message).body = content[: number(length, "the body's length", 0, len(content))]


@c_function("SetMessageProperty")
def set_message_property(message: Any, key: bytes, value: bytes) -> None:
    """Set any property; also those that the Java client reserves for itself, as in C."""
    name = text(key, "the property's name")
    _set_property(_made(message), name, text(value, f"property {name!r}"))


@c_function("SetDelayTimeLevel")
def set_delay_time_level(message: Any, level: int) -> None:
    """Set the delay level, 0 for none; above the broker's last it means the last (ScheduleMessageService)."""
    _made(message).properties[DELAY] = str(number(level, "the delay level", 0))


@c_getter("GetMessageTopic")
def get_message_topic(message: Any) -> bytes:
    return _readable(message).topic.encode()


@c_getter("GetMessageTags")
def get_message_tags(message: Any) -> bytes:
    return _readable(message).get_property(TAGS).encode()


@c_getter("GetMessageKeys")
def get_message_keys(message: Any) -> bytes:
    return _readable(message).get_property(KEYS).encode()


@c_getter("GetMessageBody")
def get_message_body(message: Any) -> bytes:
    """Return the body, whole: C's `const char*` would end at the first NUL."""
    return _readable(message).body


@c_getter("GetMessageProperty")
def get_message_property(message: Any, key: bytes) -> bytes:
    """Return a property, empty if there is none, as in C."""
    return _readable(message).get_property(text(key, "the property's name")).encode()


@c_getter("GetMessageId")
def get_message_id(message: Any) -> bytes:
    return _readable(message).id.encode()


@c_getter("GetMessageDelayTimeLevel")
def get_message_delay_time_level(message: Any) -> int:
    return _readable(message).delay_level


@c_getter("GetMessageQueueId")
def get_message_queue_id(message: Any) -> int:
    return _readable(message).queue_id


@c_getter("GetMessageReconsumeTimes")
def get_message_reconsume_times(message: Any) -> int:
    return _readable(message).reconsume_times


@c_getter("GetMessageStoreSize")
def get_message_store_size(message: Any) -> int:
    return _readable(message).store_size


@c_getter("GetMessageBornTimestamp")
def get_message_born_timestamp(message: Any) -> int:
    return _readable(message).born_ms


@c_getter("GetMessageStoreTimestamp")
def get_message_store_timestamp(message: Any) -> int:
    return _readable(message).store_ms


@c_getter("GetMessageQueueOffset")
def get_message_queue_offset(message: Any) -> int:
    return _readable(message).queue_offset


@c_getter("GetMessageCommitLogOffset")
def get_message_commit_log_offset(message: Any) -> int:
    return _readable(message).commit_log_offset


@c_getter("GetMessagePreparedTransactionOffset")
def get_message_prepared_transaction_offset(message: Any) -> int:
    return _readable(message).prepared_transaction_offset


@c_getter("CreateBatchMessage")
def create_batch_message() -> Batch:
    return Batch()


@c_function("AddMessage")
def add_message(batch: Any, message: Any) -> None:
    """Copy a message into a batch: later changes of the message do not reach it, as in C."""
    handle(batch, Batch).messages.append(_made(message).copy())


@c_function("DestroyBatchMessage")
def destroy_batch_message(batch: Any) -> None:
    handle(batch, Batch).messages.clear()


# Every message that a program makes passes through these four: the usual case in one step, every other
# through the function that says what is wrong.
_OK = Status.OK


def _quick_create(topic: bytes | None) -> Message | None:
    try:
        return Message(topic.decode())
    except (AttributeError, UnicodeDecodeError):
        return create_message(topic)


def _quick_setter(name: str, careful: Callable[[Any, Any], Status]) -> Callable[[Any, Any], Status]:
    def call(message: Any, value: Any) -> Status:
        plain = type(message) is Message and type(value) is bytes and message.topic is not None
        if plain and value.isascii() and b"\x01" not in value and b"\x02" not in value:
            message.properties[name] = value.decode()
            return _OK
        return careful(message, value)

    return call


def _quick_body(message: Any, body: Any) -> Status:
    if type(message) is Message and type(body) is bytes and message.topic is not None:
        message.body = body
        return _OK
    return set_message_body(message, body)


FUNCTIONS["CreateMessage"] = _quick_create
FUNCTIONS["SetMessageKeys"] = _quick_setter(KEYS, set_message_keys)
FUNCTIONS["SetMessageTags"] = _quick_setter(TAGS, set_message_tags)
FUNCTIONS["SetMessageBody"] = _quick_body
