"""A push consumer and its queues: its start waits until it has them, or what is sent next could be missed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jpype

if TYPE_CHECKING:
    from collections.abc import Iterable

_MEMBER_S, _SHARE_S, _QUEUE_S, _LOOK_S = 3.0, 0.5, 3.0, 0.02
"""How long start() waits until a broker counts it in, then for a share, for each queue; between looks."""


def take_queues(java: Any, topics: Iterable[str]) -> None:
    """Wait, shortly, until the push consumer has its queues and its place in them.

    A new group begins at the end of a queue unless the first message is already there (the broker's
    ConsumerManageProcessor), and Java looks where the end is some time after start(): a message sent in
    between could be missed. So start() returns once it has looked, which may take a busy machine a while.
    With more consumers than queues, or no route yet, there is nothing to take: it waits shortly, or not.

    It is left to Java's one rebalancing thread. Two at a time would both read a queue's offset from the
    broker, and the slower one would set back (RebalanceImpl#updateProcessQueueTableInRebalance) what the
    first messages of the faster one have acknowledged by then.
    """
    consumer = java.getDefaultMQPushConsumerImpl()
    balance = consumer.getRebalanceImpl()
    routes = balance.getTopicSubscribeInfoTable()
    real = [str(java.withNamespace(topic)) for topic in topics]
    for topic in real:
        if not routes.containsKey(topic):  # Java keeps the route of a topic only once it is subscribed to
            consumer.getmQClientFactory().updateTopicRouteInfoFromNameServer(topic)
    known = {topic for topic in real if routes.containsKey(topic)}
    consumer.getmQClientFactory().rebalanceImmediately()
    wanted: set[Any] = set()
    missing, patience, since = -1, _MEMBER_S, time.monotonic()
    while known and time.monotonic() - since < patience:
        if not wanted:
            shares = [_share(java, balance, topic) for topic in known]
            wanted = {queue for share in shares for queue in share or ()}
            patience = _MEMBER_S if None in shares else _SHARE_S
        if wanted:
            # The thread takes one queue after the other, and asks the broker about each.
            left = len(wanted.difference(balance.getProcessQueueTable().keySet()))
            if not left:
                return
            if left != missing:
                missing, patience, since = left, _QUEUE_S, time.monotonic()
        time.sleep(_LOOK_S)


def _share(java: Any, balance: Any, topic: str) -> list[Any] | None:
    """Return the queues of a topic that fall to this consumer now (RebalanceImpl#rebalanceByTopic).

    None if no broker counts it in yet: it has sent its heartbeat, or Java is about to.
    """
    jutil = jpype.JPackage("java.util")
    queues = jutil.ArrayList(balance.getTopicSubscribeInfoTable().get(topic))
    if str(balance.getMessageModel()) == "BROADCASTING":
        return list(queues)
    factory, group = balance.getmQClientFactory(), balance.getConsumerGroup()
    members = factory.findConsumerIdList(topic, group)
    if members is None or not members.contains(factory.getClientId()):
        return None
    jutil.Collections.sort(queues)
    jutil.Collections.sort(members)
    strategy = java.getAllocateMessageQueueStrategy()
    return list(strategy.allocate(group, factory.getClientId(), queues, members))
