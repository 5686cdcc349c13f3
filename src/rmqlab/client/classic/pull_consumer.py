"""The pull consumer: the program asks for messages, and says itself how far it has come."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from rmqlab.client.classic.lite_pull import LitePull
from rmqlab.client.classic.message import ReceivedMessage
from rmqlab.client.classic.options import ClientOptions, check_number
from rmqlab.client.classic.package import ffi
from rmqlab.client.classic.where import ConsumeFromWhere, check_where, set_where
from rmqlab.client.facts import Progress, QueueRef
from rmqlab.client.settings import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import Self

MessageModel = ffi.MessageModel
_SLICE_MS = 200
"""A wait in Java cannot be interrupted; so long one is at most."""


class PullConsumer:
    """A consumer that is asked for messages (Java's DefaultLitePullConsumer; the classic package has none).

        with PullConsumer("audit", namesrv="127.0.0.1:9876", from_where=ConsumeFromWhere.FIRST) as consumer:
            consumer.subscribe("orders")           # or consumer.assign(consumer.queues("orders"))
            for message in consumer.messages(idle_s=2):
                audit(message)

    A message counts as done when the next one is asked for, or at `commit()`. With `auto_commit` what is done
    is committed at each further poll, and when `with` is left without an exception; what was handed out
    and not committed comes again. One thread at a time may use it. Every setting is RocketMQ's, with its
    default.

    Args:
        group: the consumer group.
        namesrv: the NameServers, `host:port`, several separated by `;`. Default: NAMESRV_ADDR.
        auto_commit: whether progress is committed without being told (autoCommit).
        from_where: where a group without progress begins (consumeFromWhere).
        from_time: for ConsumeFromWhere.TIMESTAMP; to the second. Default: half an hour ago.
        batch_size: the most messages that a poll returns (pullBatchSize), 1 to 1024.
        message_model: CLUSTERING: members that subscribe share the queues; BROADCASTING: each has all.
        trace: whether consuming is traced, to the broker's trace topic or to the topic of that name.
        instance: the instance name. Default: one that no other client has.
        credentials: access key and secret key, where the cluster has authentication on.

    Raises:
        ValueError: a number is out of range.
        ConsumerException: at `start()` or `with`: no NameServer, or a group name that RocketMQ refuses.
    """

    def __init__(  # noqa: PLR0913  (RocketMQ's settings)
        self,
        group: str,
        *,
        namesrv: str | None = None,
        auto_commit: bool = True,
        from_where: ConsumeFromWhere = ConsumeFromWhere.LAST,
        from_time: datetime | None = None,
        batch_size: int = 10,
        message_model: MessageModel = MessageModel.CLUSTERING,
        trace: bool | str = False,
        instance: str | None = None,
        credentials: tuple[str, str] | None = None,
    ) -> None:
        check_where(from_where, from_time)
        check_number("batch_size", batch_size, 1, 1024)
        self.auto_commit = auto_commit
        self._from = (from_where, from_time)
        self._pull = LitePull(group)
        self._waiting: deque[ReceivedMessage] = deque()  # fetched, and not handed out yet
        self._done: dict[QueueRef, int] = {}  # where to go on after what was handed out; not committed yet

        def configure(java: Any) -> None:
            set_where(java, from_where, from_time)
            java.setPullBatchSize(batch_size)
            if message_model == MessageModel.BROADCASTING:
                java.setMessageModel(type(java.getMessageModel()).BROADCASTING)

        self._pull.configuring.append(configure)
        ClientOptions(namesrv, instance, credentials, trace).apply(self._pull)

    # -- life --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it; a second start of a running consumer changes nothing.

        Raises:
            ConsumerException: no NameServer, it was shut down, or RocketMQ's reason.
        """
        self._pull.start()

    def shutdown(self) -> None:
        """Shut it down; what is committed is stored. Twice, or without a start, is fine."""
        self._pull.shutdown()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self.auto_commit and self._done and self._pull.state is State.RUNNING:
                self.commit()
        finally:
            self.shutdown()

    def __repr__(self) -> str:
        return f"<PullConsumer {self._pull.settings.group}: {self._pull.state.value}>"

    # -- which queues ------------------------------------------------------------------------------

    def queues(self, topic: str) -> tuple[QueueRef, ...]:
        """Return the queues of a topic, sorted.

        Raises:
            ConsumerException: there is no such topic, or the consumer does not run.
        """
        return self._pull.queues(topic)

    def subscribe(self, topic: str, expression: str = "*", *, sql: str | None = None) -> None:
        """Consume a topic's messages, its queues shared with the other members of the group.

        Args:
            topic: the topic.
            expression: which tags: `*`, one, or several separated by `||`.
            sql: instead of tags an SQL92 condition on properties; needs a broker with
                enablePropertyFilter=true.

        Raises:
            ConsumerException: RocketMQ refuses it, or queues were assigned before.
        """
        if sql is not None and expression != "*":
            raise ValueError("expression and sql: a subscription has one of the two")
        self._pull.subscribe(topic, expression if sql is None else sql, sql=sql is not None)

    def assign(self, queues: Iterable[QueueRef]) -> None:
        """Consume these queues, in place of any assigned before; nobody else's business, no rebalancing.

        Raises:
            ConsumerException: there are none, or a topic was subscribed to before.
        """
        chosen = tuple(queues)
        self._pull.assign(chosen)
        self._waiting = deque(message for message in self._waiting if message.queue in chosen)
        self._done = {queue: offset for queue, offset in self._done.items() if queue in chosen}

    @property
    def assignment(self) -> tuple[QueueRef, ...]:
        """The queues that it consumes now, sorted."""
        return self._pull.assignment()

    def pause(self, *queues: QueueRef) -> None:
        """Fetch nothing more from these queues (all of them, if none is given) until `resume`."""
        self._pull.pause(queues or self.assignment)

    def resume(self, *queues: QueueRef) -> None:
        """Fetch from these queues (all of them, if none is given) again."""
        self._pull.resume(queues or self.assignment)

    # -- where in them -----------------------------------------------------------------------------

    def seek(self, queue: QueueRef, offset: int) -> None:
        """Go on at an offset of a queue.

        Raises:
            ConsumerException: the queue is not assigned, or the offset is not between its first and its end.
        """
        self._pull.seek(queue, offset)
        self._waiting = deque(message for message in self._waiting if message.queue != queue)
        self._done[queue] = offset

    def seek_to_beginning(self, *queues: QueueRef) -> None:
        """Go on at the first message of these queues (of all, if none is given)."""
        for queue in queues or self.assignment:
            self.seek(queue, self._pull.min_offset(queue))

    def seek_to_end(self, *queues: QueueRef) -> None:
        """Go on after the last message of these queues (of all, if none is given)."""
        for queue in queues or self.assignment:
            self.seek(queue, self._pull.max_offset(queue))

    def offset_at(self, queue: QueueRef, moment: datetime) -> int:
        """Return the offset of a queue's first message that was stored at a moment or later."""
        return self._pull.offset_at(queue, int(moment.timestamp() * 1000))

    # -- messages ----------------------------------------------------------------------------------

    def poll(self, timeout_ms: int = 1000) -> list[ReceivedMessage]:
        """Return the next messages, of one queue, in order; an empty list if none came in time.

        With `auto_commit` the messages of earlier polls are committed first.

        Raises:
            ConsumerException: the consumer does not run.
        """
        self._fetch(timeout_ms)
        messages = list(self._waiting)
        self._waiting.clear()
        for message in messages:
            self._hand_out(message)
        return messages

    def messages(self, *, idle_s: float | None = None) -> Iterator[ReceivedMessage]:
        """Yield messages as they come, one by one, and wait for more.

        Args:
            idle_s: end after so many seconds without a message. Default: never, until `shutdown()`.
        """
        while self._pull.state is State.RUNNING:
            self._fetch(_SLICE_MS if idle_s is None else int(idle_s * 1000))
            if not self._waiting and idle_s is not None:
                return
            if self._waiting:
                message = self._waiting.popleft()
                self._hand_out(message)
                yield message

    def __iter__(self) -> Iterator[ReceivedMessage]:
        return self.messages()

    def _hand_out(self, message: ReceivedMessage) -> None:
        self._done[message.queue] = message.queue_offset + 1

    def _fetch(self, timeout_ms: int) -> None:
        """Have messages waiting, if any come in time; what was handed out before is done."""
        if self.auto_commit and self._done:
            self._pull.note(self._done)
            self._done.clear()
        deadline = time.monotonic() + timeout_ms / 1000
        while not self._waiting:
            left_ms = max(0, int((deadline - time.monotonic()) * 1000))
            self._waiting.extend(ReceivedMessage(each) for each in self._pull.poll(min(left_ms, _SLICE_MS)))
            if left_ms == 0:
                return

    # -- progress ----------------------------------------------------------------------------------

    def commit(self) -> None:
        """Commit everything that was handed out, and wait until the brokers have it.

        Raises:
            ConsumerException: a broker did not take it.
        """
        done, self._done = self._done, {}
        self._pull.commit(done)

    def committed(self, queue: QueueRef) -> int | None:
        """Return the offset at which the group goes on in a queue, or None without any progress."""
        return self._pull.committed(queue)

    def progress(self) -> dict[QueueRef, Progress]:
        """Return end and committed offset of each assigned queue; their difference is its `lag`.

        Where the group has no progress yet, the place where it would begin stands for it.
        """
        return {
            queue: Progress(self._pull.max_offset(queue), self._goes_on(queue)) for queue in self.assignment
        }

    @property
    def lag(self) -> int:
        """How many messages of the assigned queues the group has not committed."""
        return sum(each.lag for each in self.progress().values())

    def _goes_on(self, queue: QueueRef) -> int:
        offset = self._pull.committed(queue)
        if offset is not None:
            return offset
        where, _ = self._from
        if where is ConsumeFromWhere.FIRST:
            return self._pull.min_offset(queue)
        if where is ConsumeFromWhere.LAST:
            return self._pull.max_offset(queue)
        return self._pull.offset_at(queue, self._pull.begins_ms())
