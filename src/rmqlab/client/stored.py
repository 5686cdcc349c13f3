"""Reading messages where they lie, by queue and offset, without being a consumer.

No group of one's own, no commit, no rebalance.

The pull request is put to one broker's address at once (`MQClientAPIImpl.pullMessage`), which answers
immediately whether or not the offset holds a message.
"""

from __future__ import annotations

from typing import Any

import jpype

from rmqlab.client.facts import QueueRef, StoredMessage

# A group that every broker knows from the start (MixAll.TOOLS_CONSUMER_GROUP); mqadmin reads under this name
# too.
_GROUP = "TOOLS_CONSUMER"
# A broker hands out at most this many from memory at a time (maxTransferCountOnMessageInMemory).
_BATCH = 32
# PullSysFlag: the request carries its subscription. Not set: commit an offset, suspend while empty.
_SUBSCRIPTION = 0x1 << 2
_UNIQ_KEY = "UNIQ_KEY"
# RequestCode, ResponseCode.
_QUERY_MESSAGE, _SUCCESS = 12, 0


def read(  # noqa: PLR0913, PLR0917 - what a pull request needs
    api: Any, address: str, queue: QueueRef, offset: int, count: int, timeout_ms: int
) -> list[StoredMessage]:
    """Return up to `count` messages from `offset` on; fewer if the queue ends, none if it is not there."""
    mode = jpype.JClass("org.apache.rocketmq.client.impl.CommunicationMode").SYNC
    decoder = jpype.JClass("org.apache.rocketmq.common.message.MessageDecoder")
    buffer = jpype.JClass("java.nio.ByteBuffer")
    found: list[StoredMessage] = []
    end = offset + count
    while offset < end:
        request = _request(queue, offset, min(_BATCH, end - offset))
        binary = api.pullMessage(address, request, timeout_ms, mode, None).getMessageBinary()
        if binary is None:
            break
        batch = [_convert(message, queue.broker) for message in decoder.decodes(buffer.wrap(binary))]
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
    decoder = jpype.JClass("org.apache.rocketmq.common.message.MessageDecoder")
    messages = decoder.decodes(jpype.JClass("java.nio.ByteBuffer").wrap(answer.getBody()))
    found = [_convert(message, str(message.getBrokerName() or "")) for message in messages]
    # The index is by hash: another id with the same one may be among them.
    return sorted(
        (message for message in found if message.msg_id == msg_id and message.topic == topic),
        key=StoredMessage.stored_order,
    )


def from_java(message: Any, broker_at: dict[str, str]) -> StoredMessage:
    """Convert a `MessageExt`; `broker_at` names the broker at an address: the message does not."""
    host = message.getStoreHost()
    address = f"{host.getAddress().getHostAddress()}:{host.getPort()}"
    broker = str(message.getBrokerName() or "") or broker_at.get(address, address)
    return _convert(message, broker)


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


def _convert(message: Any, broker: str) -> StoredMessage:
    properties = {str(entry.getKey()): str(entry.getValue()) for entry in message.getProperties().entrySet()}
    # A decoded message answers getMsgId() with the sender's id and keeps the broker's own aside
    # (MessageClientExt).
    offset_id = getattr(message, "getOffsetMsgId", message.getMsgId)
    body = message.getBody()
    return StoredMessage(
        topic=str(message.getTopic()),
        broker=broker,
        queue_id=int(message.getQueueId()),
        queue_offset=int(message.getQueueOffset()),
        commit_log_offset=int(message.getCommitLogOffset()),
        msg_id=properties.get(_UNIQ_KEY) or str(message.getMsgId()),
        offset_msg_id=str(offset_id()),
        keys=properties.get("KEYS", ""),
        tags=properties.get("TAGS", ""),
        body=b"" if body is None else bytes(body),
        properties=properties,
        born_ms=int(message.getBornTimestamp()),
        store_ms=int(message.getStoreTimestamp()),
        reconsume_times=int(message.getReconsumeTimes()),
    )
