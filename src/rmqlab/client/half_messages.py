"""Half messages: what a broker keeps of a transaction's message until it knows whether to deliver it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rmqlab.client.facts import StoredMessage
    from rmqlab.client.names import Names

# MessageConst: where the message really belongs, who sent it, how often the broker has asked about it.
_REAL_TOPIC, _REAL_QUEUE = "REAL_TOPIC", "REAL_QID"
_GROUP = "PGROUP"
_CHECKS = "TRANSACTION_CHECK_TIMES"


@dataclass(frozen=True, slots=True)
class HalfMessage:
    """One entry of RMQ_SYS_TRANS_HALF_TOPIC or TRANS_CHECK_MAX_TIME_TOPIC.

    Attributes:
        offset: its place in that queue.
        store_ms: when it was stored, in milliseconds since 1970.
        msg_id: the sender's id; a check-back stores the half message again, with the same id.
        topic: where it goes when it is committed (REAL_TOPIC); empty for one outside of our namespace.
        queue_id: the queue it goes to (REAL_QID).
        keys: what the sender set, separated by blanks.
        tags: as well.
        group: the producer group that is asked about it (PGROUP).
        checks: how often the broker has asked, this entry included (TRANSACTION_CHECK_TIMES).
    """

    offset: int
    store_ms: int
    msg_id: str = ""
    topic: str = ""
    queue_id: int = 0
    keys: str = ""
    tags: str = ""
    group: str = ""
    checks: int = 0


def half_message(message: StoredMessage, names: Names) -> HalfMessage:
    """Return what a stored message of a transaction says."""
    said = message.properties
    real = said.get(_REAL_TOPIC, "")
    if names.namespace and not names.is_inside(real):
        return HalfMessage(message.queue_offset, message.store_ms)
    return HalfMessage(
        message.queue_offset,
        message.store_ms,
        message.msg_id,
        names.shown(real),
        int(said.get(_REAL_QUEUE, 0)),
        message.keys,
        message.tags,
        names.shown(said.get(_GROUP, "")),
        int(said.get(_CHECKS, 0)),
    )
