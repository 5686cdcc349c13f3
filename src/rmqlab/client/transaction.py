"""A transaction producer over Java's TransactionMQProducer: local transaction, outcome, check-back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client import callbacks
from rmqlab.client.java import java_class
from rmqlab.client.message import UNIQUE_ID, ReceivedMessage
from rmqlab.client.producer import PACKAGE, Producer, sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.client.message import Message

COMMIT, ROLLBACK, UNKNOWN = 0, 1, 2
"""C's CTransactionStatus."""

_STATES = {COMMIT: "COMMIT_MESSAGE", ROLLBACK: "ROLLBACK_MESSAGE"}


def _state(status: Any) -> Any:
    """Return Java's LocalTransactionState; whatever is neither commit nor rollback is undecided, as in C."""
    return getattr(java_class(PACKAGE + "LocalTransactionState"), _STATES.get(status, "UNKNOW"))


class TransactionProducer(Producer):
    """A producer whose messages wait, half sent, for the outcome of a local transaction.

    Args:
        group: the producer group; any producer of the group may be asked about an undecided message.
        checker: C's check callback (producer, message, user data) -> CTransactionStatus.
        user_data: handed to `checker` as it is.
    """

    def __init__(self, group: str, checker: Callable[..., int], user_data: Any) -> None:
        super().__init__(group)
        self._checker = checker
        self._user_data = user_data
        # Java runs the local transaction in the thread that sends: what it should do waits here for that
        # thread.
        self._sending = threading.local()

    def _create(self) -> Any:
        java = java_class(PACKAGE + "TransactionMQProducer")(self.settings.group, self.settings.rpc_hook())
        java.setTransactionListener(jpype.JProxy(java_class(PACKAGE + "TransactionListener"), inst=self))
        return java

    def send_in_transaction(
        self,
        message: Message,
        execute: Callable[..., int],
        user_data: Any,
        read: Callable[[Any], Any] = sent,
    ) -> Any:
        """Send the half message, run the local transaction, tell the broker its outcome.

        Args:
            message: what is sent.
            execute: C's callback (producer, message, user data) -> CTransactionStatus.
            user_data: handed to `execute` as it is.
            read: makes the answer of Java's TransactionSendResult.

        Raises:
            RefusedError: the half message was not sent; the local transaction did not run.
            BaseException: what the local transaction raised; the message stays undecided and will be checked.
        """
        self._sending.what = (message, execute, user_data)
        self._sending.error = None
        try:
            answer = self.call(lambda java: read(java.sendMessageInTransaction(message.to_java(), None)))
            error = self._sending.error
        finally:
            self._sending.__dict__.clear()
        if error is not None:
            raise error
        return answer

    def executeLocalTransaction(self, java_message: Any, _argument: Any) -> Any:  # noqa: N802  (Java calls it)
        """Run the local transaction of the send that this thread is in."""
        message, execute, user_data = self._sending.what
        seen = message.copy()
        seen.properties[UNIQUE_ID] = str(java_message.getProperty(UNIQUE_ID) or "")
        try:
            return _state(execute(self, seen, user_data))
        except BaseException as error:  # noqa: BLE001  (it must not unwind through Java; the sender gets it)
            self._sending.error = error
            what_follows = "the transaction stays undecided"
            callbacks.keep(repr(self), message.topic, seen.id, error, what_follows, self.errors)
            return _state(UNKNOWN)

    def checkLocalTransaction(self, java_message: Any) -> Any:  # noqa: N802  (Java calls it)
        """Answer the broker's question about an undecided message."""
        message = ReceivedMessage.of(java_message)
        try:
            return _state(self._checker(self, message, self._user_data))
        except BaseException as error:  # noqa: BLE001  (it must not unwind through Java; it is kept)
            callbacks.keep(
                repr(self),
                message.topic,
                message.id,
                error,
                "the transaction stays undecided and is checked again",
                self.errors,
            )
            return _state(UNKNOWN)
