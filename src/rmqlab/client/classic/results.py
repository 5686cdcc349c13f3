"""What a send answers, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from rmqlab.client.classic.package import client
from rmqlab.client.facts import QueueRef

SendStatus = client.SendStatus
TransactionStatus = client.TransactionStatus


@dataclass(frozen=True, slots=True)
class SendResult:
    """The broker's answer to a send (Java's SendResult).

    Attributes:
        status: `SendStatus.OK`, or stored with a reservation: FLUSH_DISK_TIMEOUT (not on disk in time),
            FLUSH_SLAVE_TIMEOUT (not on a slave in time), SLAVE_NOT_AVAILABLE.
        msg_id: the message's id, made by the producer (`UNIQ_KEY`); of a batch all ids, separated by commas.
        queue: the queue that holds it.
        offset: its place in the queue; of a batch that of the first message.
        offset_msg_id: the broker's own id: its address and the place in the commit log.
    """

    status: SendStatus
    msg_id: str
    queue: QueueRef
    offset: int
    offset_msg_id: str = field(default="", repr=False)

    @property
    def ok(self) -> bool:
        """Whether the broker reported no reservation."""
        return self.status == SendStatus.OK

    @property
    def msg_ids(self) -> tuple[str, ...]:
        """The ids of a batch's messages, in order; of a single message just the one."""
        return tuple(self.msg_id.split(","))


@dataclass(frozen=True, slots=True)
class TransactionSendResult(SendResult):
    """The answer to a send in a transaction: its id besides, and what the local transaction decided."""

    transaction_id: str = ""
    transaction_status: TransactionStatus = TransactionStatus.UNKNOWN


_STATUSES = {str(int(status)): status for status in SendStatus}


@lru_cache(maxsize=4096)
def _queue(topic: str, broker: str, queue_id: str) -> QueueRef:
    return QueueRef(topic, broker, int(queue_id))


def read_result(line: str) -> SendResult:
    """Read what `rmqlab.Sends` says about a SendResult: fields separated by tabs."""
    status, offset, topic, broker, queue_id, msg_id, stored = line.split("\t")
    return SendResult(_STATUSES[status], msg_id, _queue(topic, broker, queue_id), int(offset), stored)
