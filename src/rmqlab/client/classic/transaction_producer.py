"""The transaction producer: a half message, a local transaction, its outcome, and the broker's checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.client.boundary import RefusedError
from rmqlab.client.classic.message import ReceivedMessage
from rmqlab.client.classic.package import client, exceptions, ffi
from rmqlab.client.classic.producer import Producer
from rmqlab.client.classic.results import SendStatus, TransactionSendResult, TransactionStatus
from rmqlab.client.classic.rules import MessageRefusedError, check_message
from rmqlab.client.facts import QueueRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.client.transaction import TransactionProducer

_ANSWERS = tuple(TransactionStatus)
_OUTCOMES = {"COMMIT_MESSAGE": TransactionStatus.COMMIT, "ROLLBACK_MESSAGE": TransactionStatus.ROLLBACK}


class TransactionMQProducer(Producer, client.TransactionMQProducer):
    """A producer whose messages are delivered if, and only if, a local transaction commits.

        def check(message):                    # the broker asks when it has not heard the outcome
            return TransactionStatus.COMMIT if is_paid(message.keys) else TransactionStatus.ROLLBACK

        with TransactionMQProducer("payments", check, namesrv="127.0.0.1:9876") as producer:
            result = producer.send_in_transaction(message, pay, arg=order)

    Args:
        group: the producer group; any producer of the group may be asked about an undecided message.
        check: (message) -> TransactionStatus: what the broker asks about a message without an outcome.
            What it raises is kept in `errors`, and the broker asks again.
        settings: those of `Producer`.
    """

    _handle: TransactionProducer

    def __init__(
        self, group: str, check: Callable[[ReceivedMessage], TransactionStatus], **settings: Any
    ) -> None:
        self._check = check
        super().__init__(group, **settings)

    def _make(self, group: str) -> None:
        # Not by way of the classic package's constructor, which hands its time-out to a base class that takes
        # it for `orderly`, and makes two producers.
        def asked(_producer: Any, handle: Any, _data: Any) -> TransactionStatus:
            return _outcome(self._check(ReceivedMessage(handle)))

        self._callback_refs: list[Any] = []
        self._handle = ffi.dll.CreateTransactionProducer(client._to_bytes(group), asked, None)  # noqa: SLF001
        if self._handle is None:
            raise exceptions.NullPointerException("the producer group is None")

    def send_in_transaction(
        self,
        message: client.Message,
        execute: Callable[[ReceivedMessage, Any], TransactionStatus],
        arg: Any = None,
    ) -> TransactionSendResult:
        """Send a half message, run the local transaction in this thread, tell the broker its outcome.

        Args:
            message: what consumers see once it is committed; it cannot have a delay level.
            execute: the local transaction: (message, arg) -> TransactionStatus; its message has an id.
            arg: handed to `execute`.

        Raises:
            MessageRefusedError: RocketMQ would refuse the message; nothing was sent.
            ProducerException: the half message was not stored; `execute` did not run.
            Exception: what `execute` raised; the message stays undecided, and the broker will ask.
        """
        half = message._handle  # noqa: SLF001  (the classic package's own)
        check_message(half, self._largest_body)
        if half.delay_level:
            raise MessageRefusedError("in a transaction RocketMQ drops a delay level silently: leave it out")
        self._require_running()

        def run(_producer: Any, handle: Any, data: Any) -> TransactionStatus:
            return _outcome(execute(ReceivedMessage(handle), data))

        try:
            return self._handle.send_in_transaction(half, run, arg, read=_read)
        except RefusedError as error:
            raise exceptions.ProducerException(str(error)) from error.__cause__


def _outcome(status: Any) -> TransactionStatus:
    if isinstance(status, bool) or status not in _ANSWERS:
        raise ValueError(f"it returned {status!r}: a TransactionStatus is needed")
    return TransactionStatus(status)


def _read(java: Any) -> TransactionSendResult:
    queue = java.getMessageQueue()
    return TransactionSendResult(
        status=SendStatus(java.getSendStatus().ordinal()),
        msg_id=str(java.getMsgId()),
        queue=QueueRef(str(queue.getTopic()), str(queue.getBrokerName()), int(queue.getQueueId())),
        offset=int(java.getQueueOffset()),
        offset_msg_id=str(java.getOffsetMsgId() or ""),
        transaction_id=str(java.getTransactionId() or ""),
        transaction_status=_OUTCOMES.get(str(java.getLocalTransactionState()), TransactionStatus.UNKNOWN),
    )
