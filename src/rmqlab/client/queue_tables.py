"""Answers with a row a queue, read as the broker wrote them.

RocketMQ's own decoding makes a Java object of each key and value, each of which Python would ask for its
fields one by one: of 64 queues and 8 groups, four thousand calls. So the text is read here, in one piece.
"""

from __future__ import annotations

import json
import re
from typing import Any

from rmqlab.client.facts import QueueRef
from rmqlab.client.java import java_class

# Of org.apache.rocketmq.remoting.protocol.RequestCode.
GET_TOPIC_STATS_INFO = 202
GET_CONSUME_STATS = 208
_PROTOCOL = "org.apache.rocketmq.remoting.protocol"
# Keys are objects, {{"topic":...}:{...},...}, which is no JSON; names of topics and brokers have no braces.
_ROW = re.compile(r"\{([^{}]*)\}:\{([^{}]*)\}")


def topic_stats(api: Any, address: str, topic: str, timeout_ms: int) -> list[tuple[QueueRef, dict[str, int]]]:
    """Return the rows of a TopicStatsTable by queue: minOffset, maxOffset, lastUpdateTimestamp."""
    header = java_class(f"{_PROTOCOL}.header.GetTopicStatsInfoRequestHeader")()
    header.setTopic(topic)
    return _ask(api, address, GET_TOPIC_STATS_INFO, header, timeout_ms)


def consume_stats(
    api: Any, address: str, group: str, topic: str | None, timeout_ms: int
) -> list[tuple[QueueRef, dict[str, int]]]:
    """Return the rows of a ConsumeStats by queue: brokerOffset, consumerOffset; of all topics without one."""
    header = java_class(f"{_PROTOCOL}.header.GetConsumeStatsRequestHeader")()
    header.setConsumerGroup(group)
    header.setTopic(topic)
    return _ask(api, address, GET_CONSUME_STATS, header, timeout_ms)


def rows_of(body: str) -> list[tuple[QueueRef, dict[str, int]]]:
    """Read an answer's rows, sorted by queue."""
    found = json.loads("[" + ",".join(f"[{{{key}}},{{{row}}}]" for key, row in _ROW.findall(body)) + "]")
    rows = [(QueueRef(key["topic"], key["brokerName"], key["queueId"]), row) for key, row in found]
    return sorted(rows, key=lambda row: row[0])


def _ask(
    api: Any, address: str, code: int, header: Any, timeout_ms: int
) -> list[tuple[QueueRef, dict[str, int]]]:
    """Put a question; a refusal is raised as the Java client does it."""
    request = java_class(f"{_PROTOCOL}.RemotingCommand").createRequestCommand(code, header)
    answer = api.getRemotingClient().invokeSync(address, request, timeout_ms)
    if int(answer.getCode()) != 0:
        refused = java_class("org.apache.rocketmq.client.exception.MQBrokerException")
        raise refused(answer.getCode(), answer.getRemark(), address)
    return rows_of(bytes(answer.getBody()).decode())
