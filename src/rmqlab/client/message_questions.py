"""Questions about messages themselves: by queue and offset, by key, by id, and what their clients traced."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client import stored, traces
from rmqlab.client.broker_questions import code_of, refusal
from rmqlab.client.connection import Connection
from rmqlab.client.facts import StoredMessage
from rmqlab.client.traces import TRACE_TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rmqlab.client.facts import QueueRef
    from rmqlab.client.traces import Trace

# Of org.apache.rocketmq.remoting.protocol.ResponseCode, and of the client (QueryResult without a message).
_TOPIC_NOT_EXIST = 17
_NO_MESSAGE = 208


class MessageQuestions(Connection):
    """What can be asked about stored messages. AdminError if the cluster does not answer or refuses."""

    def message(self, queue: QueueRef, offset: int) -> StoredMessage | None:
        """Return the message at an offset of a queue, or None if the queue does not hold it."""
        for broker in self.route(queue.topic):
            if broker.broker == queue.broker:
                found = self.at(broker.address).messages(queue, offset, 1)
                return found[0] if found and found[0].queue_offset == offset else None
        return None

    def messages(self, topic: str, limit: int = 64) -> list[StoredMessage]:
        """Return the newest `limit` messages of each queue of a topic, in the order of storing."""
        found: list[StoredMessage] = []
        for broker in self.route(topic):
            questions = self.at(broker.address)
            for ref, extent in questions.topic_stats(topic).items():
                start = max(extent.min_offset, extent.max_offset - limit)
                found += questions.messages(ref, start, extent.max_offset - start)
        return sorted(found, key=StoredMessage.stored_order)

    def message_by_id(self, topic: str, msg_id: str) -> StoredMessage | None:
        """Return the message of that id (the sender's or the broker's), or None.

        A broker indexes a message some milliseconds after it acknowledged it.
        """
        found = self._look_up(topic, msg_id, lambda: [self._ext.viewMessage(self._names.real(topic), msg_id)])
        return found[0] if found else None

    def messages_by_key(self, topic: str, key: str, limit: int = 64) -> list[StoredMessage]:
        """Return at most `limit` messages that carry a key, in the order in which they were stored."""
        until_ms = int(time.time() * 1000) + 60_000  # the broker's clock may be ahead
        real = self._names.real(topic)
        found = self._look_up(
            topic, key, lambda: self._ext.queryMessage(real, key, limit, 0, until_ms).getMessageList()
        )
        return sorted(found, key=StoredMessage.stored_order)

    def trace(self, msg_id: str, *, topic: str = TRACE_TOPIC) -> tuple[Trace, ...]:
        """Return what clients noted of a message (mqadmin queryMsgTraceById), the earliest first.

        Empty where no client traces, or the broker keeps no traces (`trace=True` in `ClusterOptions`).
        Clients write what they did within seconds, not at once.

        Args:
            msg_id: the id that the sender saw.
            topic: where the clients trace to.
        """
        entries = [
            entry
            for message in self.messages_by_key(topic, msg_id)
            for entry in traces.parse(message.body.decode())
            if msg_id in entry.msg_id.split(",")  # of a batch all ids stand together
        ]
        shown = (
            replace(each, topic=self._names.shown(each.topic), group=self._names.shown(each.group))
            for each in entries
        )
        return tuple(sorted(shown, key=lambda each: each.at_ms))

    def _look_up(self, topic: str, wanted: str, ask: Callable[[], Iterable[Any]]) -> list[StoredMessage]:
        try:
            found = ask()
        except jpype.JException as error:
            if code_of(error) in {_NO_MESSAGE, _TOPIC_NOT_EXIST}:
                return []
            raise refusal(f"look up {wanted} in {topic}", error) from None
        named = {address: route.broker for route in self.route(topic) for address in route.addresses.values()}
        messages = stored.from_java((message for message in found if message is not None), named)
        return [replace(message, topic=self._names.shown(message.topic)) for message in messages]
