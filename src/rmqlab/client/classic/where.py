"""Where a consumer group begins that has no progress in a queue yet."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Any

from rmqlab.client.java import java_class

if TYPE_CHECKING:
    from datetime import datetime

_JAVA = "org.apache.rocketmq.common.consumer.ConsumeFromWhere"
_HALF_AN_HOUR_S = 1800


class ConsumeFromWhere(Enum):
    """Where a group begins in a queue in which it has no progress; its progress counts more than this.

    LAST: at the end; but RocketMQ begins at offset 0 all the same in a queue whose first message is still
    there and in memory (ConsumerManageProcessor), and a broker on a recent Java takes every message for one
    that is. So it counts in queues that have lost their first messages to fileReservedTime, and in no others.
    """

    FIRST = "CONSUME_FROM_FIRST_OFFSET"
    LAST = "CONSUME_FROM_LAST_OFFSET"
    TIMESTAMP = "CONSUME_FROM_TIMESTAMP"


def set_where(java: Any, where: ConsumeFromWhere, moment: datetime | None) -> None:
    """Tell a Java consumer; without a moment TIMESTAMP means half an hour ago, as in RocketMQ."""
    java.setConsumeFromWhere(getattr(java_class(_JAVA), where.value))
    if where is ConsumeFromWhere.TIMESTAMP:
        seconds = time.time() - _HALF_AN_HOUR_S if moment is None else moment.timestamp()
        to_text = java_class("org.apache.rocketmq.common.UtilAll").timeMillisToHumanString3
        java.setConsumeTimestamp(to_text(int(seconds * 1000)))  # whole seconds


def check_where(where: ConsumeFromWhere, moment: datetime | None) -> None:
    """Check the two arguments together.

    Raises:
        TypeError: `where` is no ConsumeFromWhere.
        ValueError: there is a moment, and `where` is not TIMESTAMP.
    """
    if not isinstance(where, ConsumeFromWhere):
        raise TypeError(f"from_where is {where!r}: ConsumeFromWhere.FIRST, LAST or TIMESTAMP is needed")
    if moment is not None and where is not ConsumeFromWhere.TIMESTAMP:
        raise ValueError("from_time belongs to from_where=ConsumeFromWhere.TIMESTAMP")
