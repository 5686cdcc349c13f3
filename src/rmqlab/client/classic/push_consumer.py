"""The push consumer with everything that RocketMQ's own has: where to begin, filters, topics, retries."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from rmqlab.client.boundary import RefusedError
from rmqlab.client.classic.message import ReceivedMessage
from rmqlab.client.classic.options import ClientOptions, check_number
from rmqlab.client.classic.package import client, exceptions, ffi
from rmqlab.client.classic.where import ConsumeFromWhere, check_where, set_where
from rmqlab.client.reasons import reason_of
from rmqlab.client.settings import LAST_CALLBACKS_S, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Self

    from rmqlab.client.callbacks import CallbackError
    from rmqlab.client.consumer import PushConsumer as Provider

ConsumeStatus = client.ConsumeStatus
MessageModel = ffi.MessageModel
_ANSWERS = tuple(ConsumeStatus)


class PushConsumer(client.PushConsumer):
    """A consumer that is called with each message: `rocketmq.client.PushConsumer`, and what that lacks.

        def on_order(message):
            stock.reserve(message.body)
            return ConsumeStatus.CONSUME_SUCCESS

        with PushConsumer("stock", namesrv="127.0.0.1:9876") as consumer:
            consumer.subscribe("orders", on_order)
            ...

    A message is acknowledged when its callback has returned CONSUME_SUCCESS, and not before. When a callback
    returns RECONSUME_LATER, raises, or returns something else, the message comes again; the error is kept in
    `errors`. Leaving `with`, and `shutdown()`, wait for the callbacks that run. Callbacks run in threads
    of the
    client: let them collect, not print. Every setting is RocketMQ's, with its default
        (DefaultMQPushConsumer).

    Args:
        group: the consumer group. All its members subscribe to the same topics with the same filters.
        namesrv: the NameServers, `host:port`, several separated by `;`. Default: NAMESRV_ADDR.
        orderly: one queue, one thread, in order; a message that fails holds up its queue. Otherwise
            concurrent.
        message_model: CLUSTERING: the group's members share the messages; BROADCASTING: each gets all, and a
            message that fails does not come again.
        from_where: where a group without progress begins (consumeFromWhere).
        from_time: for ConsumeFromWhere.TIMESTAMP; to the second. Default: half an hour ago.
        threads: how many threads run callbacks (consumeThreadMin and consumeThreadMax).
        batch_size: messages that a thread takes at a time (consumeMessageBatchMaxSize); the callback sees
            them one by one.
        max_reconsume_times: how often a failed message comes again before it goes to the dead-letter topic
            `%DLQ%` + group. Default: 16; orderly: without end (maxReconsumeTimes).
        retry_delay_level: when it comes again (concurrent): 0 the broker's choice, which waits longer each
            time; 1 and above that delay level; -1 at once to the dead-letter topic.
        suspend_ms: for how long a failed message holds up its queue (orderly; suspendCurrentQueueTimeMillis),
            10 to 30,000.
        shutdown_wait_s: how long `shutdown()` waits for callbacks that run. The messages of those that take
            longer come again.
        trace: whether consuming is traced, to the broker's trace topic or to the topic of that name.
        instance: the instance name. Default: one that no other client has; for BROADCASTING `DEFAULT`, under
            which the next start finds the progress that is kept on this machine.
        credentials: access key and secret key, where the cluster has authentication on.

    Raises:
        ValueError: a number is out of range.
        PushConsumerStartFailed: at `start()` or `with`: no NameServer, or a group name that RocketMQ refuses.
    """

    _handle: Provider

    def __init__(  # noqa: PLR0913  (RocketMQ's settings)
        self,
        group: str,
        *,
        namesrv: str | None = None,
        orderly: bool = False,
        message_model: MessageModel = MessageModel.CLUSTERING,
        from_where: ConsumeFromWhere = ConsumeFromWhere.LAST,
        from_time: datetime | None = None,
        threads: int = 20,
        batch_size: int = 1,
        max_reconsume_times: int | None = None,
        retry_delay_level: int = 0,
        suspend_ms: int = 1000,
        shutdown_wait_s: float = LAST_CALLBACKS_S,
        trace: bool | str = False,
        instance: str | None = None,
        credentials: tuple[str, str] | None = None,
    ) -> None:
        check_where(from_where, from_time)
        check_number("threads", threads, 1, 1000)
        check_number("batch_size", batch_size, 1, 1024)
        check_number("retry_delay_level", retry_delay_level, -1)
        check_number("suspend_ms", suspend_ms, 10, 30_000)
        if max_reconsume_times is not None:
            check_number("max_reconsume_times", max_reconsume_times, 0)
        super().__init__(group, orderly, message_model)
        handle = self._handle
        handle.orderly = orderly
        handle.subscribes_later = True
        handle.retry_delay_level = retry_delay_level
        handle.last_callbacks_ms = int(shutdown_wait_s * 1000)
        self._seen = 0
        self.set_thread_count(threads)
        self.set_message_batch_max_size(batch_size)

        def configure(java: Any) -> None:
            set_where(java, from_where, from_time)
            java.setSuspendCurrentQueueTimeMillis(suspend_ms)
            if max_reconsume_times is not None:
                java.setMaxReconsumeTimes(max_reconsume_times)

        handle.configuring.append(configure)
        ClientOptions(namesrv, instance, credentials, trace).apply(handle)

    def subscribe(
        self,
        topic: str,
        callback: Callable[[ReceivedMessage], ConsumeStatus],
        expression: str = "*",
        *,
        sql: str | None = None,
    ) -> None:
        """Subscribe to a topic, with a callback of its own; before or after `start()`, as often as you like.

        A second subscription to the same topic takes the place of the first.

        Args:
            topic: the topic.
            callback: is called with each message, in several threads at a time unless the consumer is
                orderly; returns ConsumeStatus.CONSUME_SUCCESS or RECONSUME_LATER.
            expression: which tags: `*`, one, or several separated by `||`.
            sql: instead of tags an SQL92 condition on properties (and TAGS), such as
                `region = 'eu' AND amount > 10`; needs a broker with enablePropertyFilter=true.

        Raises:
            ConsumerException: RocketMQ refuses the topic or the expression.
            TypeError: `callback` cannot be called.
        """
        if not callable(callback):
            raise TypeError(f"the callback of {topic} is {callback!r}: a function is needed")
        if sql is not None and expression != "*":
            raise ValueError("expression and sql: a subscription has one of the two")

        def deliver(_consumer: Any, handle: Any) -> ConsumeStatus:
            status = callback(ReceivedMessage(handle))
            # True would count as 1, which is RECONSUME_LATER: not what it means to who returns it.
            if isinstance(status, bool) or status not in _ANSWERS:
                raise ValueError(
                    f"the callback of {topic} returned {status!r}: return ConsumeStatus.CONSUME_SUCCESS "
                    "or ConsumeStatus.RECONSUME_LATER"
                )
            return status

        try:
            self._handle.subscribe_with(
                topic, expression if sql is None else sql, deliver, sql=sql is not None, orderly=self._orderly
            )
        except RefusedError as error:
            raise exceptions.ConsumerException(str(error)) from None
        except Exception as error:
            if not hasattr(error, "getClass"):
                raise
            raise exceptions.ConsumerException(f"{topic}: {reason_of(error)}") from error

    @property
    def subscriptions(self) -> dict[str, str]:
        """The topics and their expressions."""
        return {topic: each.expression for topic, each in self._handle.subscriptions.items()}

    @property
    def errors(self) -> tuple[CallbackError, ...]:
        """What callbacks of this consumer have raised, oldest first; at most the latest 1000."""
        self._seen = self._handle.errors.count
        return self._handle.errors.errors()

    @property
    def error_count(self) -> int:
        """How often callbacks of this consumer have raised."""
        return self._handle.errors.count

    def shutdown(self) -> None:
        """Shut it down: callbacks that run may end (`shutdown_wait_s`), no other begins, progress is stored.

        Twice, or without a start, is fine. In a callback it returns at once and takes effect after it. If
        callbacks have raised and nobody has looked at `errors`, a warning says so.
        """
        super().shutdown()
        if unseen := self.error_count - self._seen:
            self._seen = self.error_count
            latest = self._handle.errors.errors()[-1]
            warnings.warn(
                f"{self!r}: nobody looked at what callbacks raised ({unseen} times), the latest: "
                f"{latest}. All is in consumer.errors.",
                RuntimeWarning,
                stacklevel=2,
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def __repr__(self) -> str:
        raised = f", errors: {self.error_count}" if self.error_count else ""
        return f"<PushConsumer {self._handle.settings.group}: {self._handle.state.value}{raised}>"

    @property
    def running(self) -> bool:
        """Whether it has started and is not shut down."""
        return self._handle.state is State.RUNNING
