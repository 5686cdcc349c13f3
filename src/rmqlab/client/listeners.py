"""What Java calls with messages, on its own threads: concurrent or orderly, each message to its callback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client.java import java_class
from rmqlab.client.message import ReceivedMessage

if TYPE_CHECKING:
    from rmqlab.client.consumer import PushConsumer

_PACKAGE = "org.apache.rocketmq.client.consumer.listener."


class _Listener:
    def __init__(self, consumer: PushConsumer, kind: str) -> None:
        self._consumer = consumer
        self.proxy = jpype.JProxy(java_class(_PACKAGE + kind), inst=self)

    def _consumed(self, java_messages: Any) -> int:
        """Hand messages over, in order, until one is not consumed; return how many were."""
        for done, java in enumerate(java_messages):
            if not self._consumer.deliver(ReceivedMessage(java)):
                return done
        return len(java_messages)


class Concurrently(_Listener):
    """Several threads a queue; a message that failed comes again later, by way of the retry topic."""

    def __init__(self, consumer: PushConsumer) -> None:
        super().__init__(consumer, "MessageListenerConcurrently")
        status = java_class(_PACKAGE + "ConsumeConcurrentlyStatus")
        self._success, self._later = status.CONSUME_SUCCESS, status.RECONSUME_LATER

    def consumeMessage(self, messages: Any, context: Any) -> Any:  # noqa: N802  (Java calls it)
        """Return Java's status for a batch."""
        done = self._consumed(messages)
        if done == len(messages):
            return self._success
        context.setDelayLevelWhenNextConsume(self._consumer.retry_delay_level)
        if done == 0:
            return self._later
        # Only those from here on come again (ConsumeMessageConcurrentlyService#processConsumeResult).
        context.setAckIndex(done - 1)
        return self._success


class Orderly(_Listener):
    """One thread a queue; a message that failed holds up its queue until it comes again."""

    def __init__(self, consumer: PushConsumer) -> None:
        super().__init__(consumer, "MessageListenerOrderly")
        status = java_class(_PACKAGE + "ConsumeOrderlyStatus")
        self._success, self._wait = status.SUCCESS, status.SUSPEND_CURRENT_QUEUE_A_MOMENT

    def consumeMessage(self, messages: Any, context: Any) -> Any:  # noqa: N802  (Java calls it)
        """Return Java's status for a batch."""
        if self._consumer.leaving:
            # A queue's thread goes on for up to a minute after shutdown() has begun
            # (ConsumeMessageOrderlyService.ConsumeRequest#run). A dropped queue ends it; without auto commit
            # these messages stay unconsumed, and do not count as tried.
            self._consumer.drop(context.getMessageQueue())
            context.setAutoCommit(False)
            return self._success
        return self._success if self._consumed(messages) == len(messages) else self._wait
