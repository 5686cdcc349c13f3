"""Reading messages where they lie, by queue and offset, without being a consumer.

No group of one's own, no commit, no rebalance.

The pull request is put to one broker's address at once (`MQClientAPIImpl.pullMessage`), which answers
immediately whether or not the offset holds a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client.facts import QueueRef, StoredMessage
from rmqlab.client.java import java_class
from rmqlab.client.message import KEYS, TAGS, ReceivedMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A group that every broker knows from the start (MixAll.TOOLS_CONSUMER_GROUP); mqadmin reads under this name
# too.
_GROUP = "TOOLS_CONSUMER"
# A broker hands out at most this many from memory at a time (maxTransferCountOnMessageInMemory).
_BATCH = 32
# PullSysFlag: the request carries its subscription. Not set: commit an offset, suspend while empty.
_SUBSCRIPTION = 0x1 << 2
_STORED = "rmqlab.Stored"
# RequestCode, ResponseCode.
_QUERY_MESSAGE, _SUCCESS = 12, 0


def read(  # noqa: PLR0913, PLR0917 - what a pull request needs
    api: Any, address: str, queue: QueueRef, offset: int, count: int, timeout_ms: int
) -> list[StoredMessage]:
    """Return up to `count` messages from `offset` on; fewer if the queue ends, none if it is not there."""
    mode = java_class("org.apache.rocketmq.client.impl.CommunicationMode").SYNC
    decode = java_class(_STORED).decode
    found: list[StoredMessage] = []
    end = offset + count
    while offset < end:
        request = _request(queue, offset, min(_BATCH, end - offset))
        binary = api.pullMessage(address, request, timeout_ms, mode, None).getMessageBinary()
        if binary is None:
            break
        batch = _converted(decode(binary), lambda _: queue.broker)
        batch = [message for message in batch if offset <= message.queue_offset < end]
        if not batch:
            break
        found += batch
        offset = batch[-1].queue_offset + 1
    return found


def look_up(api: Any, address: str, topic: str, msg_id: str, timeout_ms: int) -> list[StoredMessage]:
    """Return the messages of one broker's topic that carry the sender's id, in the order of storing.

    `MQClientAPIImpl.queryMessage` answers to a callback; the same request, waited for, keeps a deadline.
    """
    jpackage = jpype.JPackage("org.apache.rocketmq")
    boxed = jpype.JPackage("java.lang")
    header = jpackage.remoting.protocol.header.QueryMessageRequestHeader()
    header.setTopic(topic)
    header.setKey(msg_id)
    header.setMaxNum(boxed.Integer(_BATCH))
    header.setBeginTimestamp(boxed.Long(0))
    header.setEndTimestamp(boxed.Long(boxed.Long.MAX_VALUE))
    request = jpackage.remoting.protocol.RemotingCommand.createRequestCommand(_QUERY_MESSAGE, header)
    request.addExtField("_UNIQUE_KEY_QUERY", "true")  # MixAll.UNIQUE_MSG_QUERY_FLAG
    answer = api.getRemotingClient().invokeSync(address, request, timeout_ms)
    if int(answer.getCode()) != _SUCCESS or answer.getBody() is None:
        return []
    found = _converted(java_class(_STORED).decode(answer.getBody()), lambda _: "")
    # The index is by hash: another id with the same one may be among them.
    return sorted(
        (message for message in found if message.msg_id == msg_id and message.topic == topic),
        key=StoredMessage.stored_order,
    )


def from_java(messages: Iterable[Any], broker_at: dict[str, str]) -> list[StoredMessage]:
    """Convert Java's `MessageExt`s; `broker_at` names the broker at an address: the messages do not."""
    here = java_class("java.util.ArrayList")()
    brokers = []
    for message in messages:
        host = message.getStoreHost()
        address = f"{host.getAddress().getHostAddress()}:{host.getPort()}"
        brokers.append(str(message.getBrokerName() or "") or broker_at.get(address, address))
        here.add(message)
    return _converted(java_class(_STORED).parts(here), brokers.__getitem__)


def _request(queue: QueueRef, offset: int, count: int) -> Any:
    request = jpype.JClass("org.apache.rocketmq.remoting.protocol.header.PullMessageRequestHeader")()
    boxed = jpype.JPackage("java.lang")
    request.setConsumerGroup(_GROUP)
    request.setTopic(queue.topic)
    request.setQueueId(boxed.Integer(queue.queue_id))
    request.setQueueOffset(boxed.Long(offset))
    request.setMaxMsgNums(boxed.Integer(count))
    request.setSysFlag(boxed.Integer(_SUBSCRIPTION))
    request.setCommitOffset(boxed.Long(0))
    request.setSuspendTimeoutMillis(boxed.Long(0))
    request.setSubscription("*")
    request.setSubVersion(boxed.Long(0))
    request.setExpressionType("TAG")
    request.setBrokerName(queue.broker)
    return request


def _converted(parts: Any, broker_of: Callable[[int], str]) -> list[StoredMessage]:
    """Convert what `rmqlab.Stored` has taken apart; `broker_of` names the broker of each, by its place."""
    texts, bodies = parts
    content, at, found = bytes(bodies), 0, []
    for place, text in enumerate(texts):
        length, offset_msg_id, head = str(text).split("\n", 2)
        body = content[at : at + int(length)]
        at += len(body)
        message = ReceivedMessage(head, body)
        properties = message.properties
        found.append(
            StoredMessage(
                topic=message.topic,
                broker=broker_of(place) or message.broker,
                queue_id=message.queue_id,
                queue_offset=message.queue_offset,
                commit_log_offset=message.commit_log_offset,
                msg_id=message.id,
                offset_msg_id=offset_msg_id,
                keys=properties.get(KEYS, ""),
                tags=properties.get(TAGS, ""),
                body=body,
                properties=properties,
                born_ms=message.born_ms,
                store_ms=message.store_ms,
                reconsume_times=message.reconsume_times,
            )
        )
    return found
