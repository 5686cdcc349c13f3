"""What RocketMQ refuses, or would change on the way, said before anything is sent.

The limits are those of `Validators`, `Message#putUserProperty`, `MessageDecoder` and `TopicValidator`
(client), of `HookUtils` and `MessageExtEncoder` (broker); each sentence names what is wrong and the limit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from rmqlab.client.classic.package import exceptions

if TYPE_CHECKING:
    from rmqlab.client.message import Message

TOPIC_MAX_LENGTH = 127
"""Characters of a topic's name (Validators.TOPIC_MAX_LENGTH)."""

PROPERTIES_MAX_BYTES = 32_767 - 512
"""All properties of a message, names and values in UTF-8, with keys and tags.

A broker stores 32,767 (a Java short); client and broker add some of their own, for which 512 are kept free.
"""

_TOPIC = re.compile(r"[%|a-zA-Z0-9_-]+")

NOT_FOR_PROGRAMS = frozenset(
    {
        "OFFSET_MOVED_EVENT",
        "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC",
        "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC",
        "RMQ_SYS_TRANS_HALF_TOPIC",
        "RMQ_SYS_TRANS_OP_HALF_TOPIC",
        "SCHEDULE_TOPIC_XXXX",
        "SELF_TEST_TOPIC",
        "TRANS_CHECK_MAX_TIME_TOPIC",
    }
)
"""Topics to which only a broker sends (TopicValidator.getNotAllowedSendTopicSet)."""

RESERVED = frozenset(
    """
    1ST_POP_TIME ARRIVE_TIME BORN_TIMESTAMP BUYER_ID CLUSTER CONSUME_START_TIME CORRECTION_FLAG
    CORRELATION_ID DELAY DLQ_ORIGIN_MESSAGE_ID DLQ_ORIGIN_TOPIC DUP_INFO EXTEND_UNIQ_INFO
    INNER_MULTI_QUEUE_OFFSET INSTANCE_ID KEYS MAX_OFFSET MAX_RECONSUME_TIMES MIN_OFFSET MQ2_FLAG MSG_REGION
    MSG_TYPE ORIGIN_GROUP ORIGIN_MESSAGE_ID PGROUP POP_CK POP_CK_OFFSET PUSH_REPLY_TIME REAL_QID REAL_TOPIC
    RECONSUME_TIME REPLY_TO_CLIENT RETRY_TOPIC TAGS TIMER_DELAY_LEVEL TIMER_DELAY_MS TIMER_DELAY_SEC
    TIMER_DELIVER_MS TIMER_DEL_UNIQKEY TIMER_DEQUEUE_MS TIMER_ENQUEUE_MS TIMER_OUT_MS TIMER_ROLL_TIMES
    TRACE_ON TRANSFER_FLAG TRAN_MSG TRAN_PREPARED_QUEUE_OFFSET TTL UNIQ_KEY WAIT _SYS_MSG_PRIORITY_
    __BORNHOST __CRC32#
    """.split()  # noqa: SIM905  (a list to be read)
)
"""Property names that RocketMQ keeps for itself (MessageConst.STRING_HASH_SET)."""

INNER_BATCH = "INNER_NUM"
"""A property that is not reserved, and for which a broker refuses a message (HookUtils.checkInnerBatch)."""


class MessageRefusedError(exceptions.ProducerException, ValueError):
    """A message, or one of its parts, that RocketMQ would refuse or change; nothing was sent."""


@lru_cache(maxsize=1024)
def check_topic(topic: str) -> None:
    """Check a topic that is to be sent to.

    Raises:
        MessageRefusedError: blank, too long, with characters that RocketMQ does not allow, or a broker's own.
    """
    if not topic.strip():
        raise MessageRefusedError("the topic is blank")
    if len(topic) > TOPIC_MAX_LENGTH:
        raise MessageRefusedError(
            f"the topic {topic[:20]!r}... has {len(topic)} characters: RocketMQ allows {TOPIC_MAX_LENGTH}"
        )
    if not _TOPIC.fullmatch(topic):
        raise MessageRefusedError(
            f"the topic {topic!r} has characters besides letters, digits and % | _ -: RocketMQ allows these"
        )
    if topic in NOT_FOR_PROGRAMS:
        raise MessageRefusedError(f"the topic {topic} is the broker's own: programs cannot send to it")


def check_property(name: str, value: str) -> None:
    """Check a property that a program sets.

    Raises:
        MessageRefusedError: reserved, blank, or with a separator in it.
    """
    if name in RESERVED or name == INNER_BATCH:
        raise MessageRefusedError(
            f"the property name {name} is RocketMQ's own (MessageConst): choose another one, "
            "or the argument that sets it (keys, tags, delay_level, delay_ms, deliver_at)"
        )
    if not name.strip() or not value.strip():
        raise MessageRefusedError(f"property {name!r} = {value!r}: neither name nor value may be blank")
    text = name + value
    if not text.isprintable():
        check_text(f"property {name!r}", text)


def check_text(what: str, value: str) -> None:
    """Check text that travels among the properties.

    Raises:
        MessageRefusedError: it has a separator in it, or is no Unicode text.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what}: {value!r} is no text")
    if value.isprintable():
        return  # no control character, no half of a surrogate pair
    if "\x01" in value or "\x02" in value:
        raise MessageRefusedError(
            f"{what} has U+0001 or U+0002 in it, by which RocketMQ separates properties (MessageDecoder)"
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise MessageRefusedError(f"{what} is not Unicode text: {error.reason}") from None


def properties_size(properties: dict[str, str]) -> int:
    """Return how many bytes properties take on the way and in the store (MessageDecoder)."""
    return sum(len(name.encode()) + len(value.encode()) + 2 for name, value in properties.items())


def check_message(message: Message, largest_body: int) -> None:
    """Check a message before it is sent.

    Args:
        message: our own, of the handle.
        largest_body: in bytes (the producer's max_message_size).

    Raises:
        MessageRefusedError: RocketMQ would refuse it; the sentence says why.
    """
    if message.topic is None:
        raise MessageRefusedError("the message was destroyed (DestroyMessage)")
    check_topic(message.topic)
    size = len(message.body)
    if size == 0:
        raise MessageRefusedError("the body is empty: RocketMQ sends no message without one")
    if size > largest_body:
        raise MessageRefusedError(
            f"the body has {size:,} bytes: the producer's max_message_size is {largest_body:,}"
        )
    properties = message.properties
    # A character takes at most four bytes, a pair two more: the exact size only where it may be too much.
    at_most = 4 * (len("".join((*properties, *properties.values()))) + len(properties))
    if at_most > PROPERTIES_MAX_BYTES and (taken := properties_size(properties)) > PROPERTIES_MAX_BYTES:
        raise MessageRefusedError(
            f"the properties take {taken:,} bytes: RocketMQ has room for {PROPERTIES_MAX_BYTES:,}; "
            "put what is long into the body"
        )
