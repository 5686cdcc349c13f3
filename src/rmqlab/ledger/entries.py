"""One message of a ledger: what its program was told, where it lies, what consumers did with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.ledger.journal import Delivered, Processed

_OPEN = frozenset({"TIMEOUT", "NONE"})
_DOUBTFUL = frozenset({"FLUSH_DISK_TIMEOUT", "FLUSH_SLAVE_TIMEOUT", "SLAVE_NOT_AVAILABLE"})


class Answer(StrEnum):
    """What the program was told, the best first."""

    ACKNOWLEDGED = "acknowledged"
    """SEND_OK: as safe as the broker's settings make it."""

    DOUBTFUL = "doubtful"
    """FLUSH_DISK_TIMEOUT, FLUSH_SLAVE_TIMEOUT, SLAVE_NOT_AVAILABLE: stored, less safe than it should be."""

    UNKNOWN = "unknown"
    """A time-out, a oneway send, or a program that died before the answer."""

    FAILED = "failed"
    """An error: the program believes that it was not stored."""


class Verdict(StrEnum):
    """What can be wrong with a message."""

    ACKNOWLEDGED_AND_LOST = "acknowledged and lost"
    DOUBTFUL_AND_LOST = "doubtful and lost"
    UNKNOWN_AND_LOST = "unknown and lost"
    UNKNOWN_AND_STORED = "unknown and stored"
    FAILED_BUT_STORED = "failed but stored"
    DUPLICATED = "duplicated"
    OUT_OF_ORDER = "out of order"
    LATE = "late"
    DEAD_LETTERED = "dead-lettered"
    NOT_DELIVERED = "not delivered"


@dataclass(frozen=True, slots=True)
class Copy:
    """Where the broker holds a message: queue and offset."""

    broker: str
    queue_id: int
    offset: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What the broker holds of a ledger's messages.

    Attributes:
        stored: where each message lies, by its entry.
        dead: the groups whose dead-letter topic holds it, by its entry.
    """

    stored: Mapping[str, tuple[Copy, ...]] = field(default_factory=dict)
    dead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Entry:
    """One message of a ledger.

    Attributes:
        name: the ledger's name for it.
        topic: where it was sent to.
        key: the keys that it was given.
        number: its place among the messages that were sent, from 0 on.
        sent: when, in seconds since 1970, once an attempt.
        answers: what the attempts came to, as in `Answered.answer`.
        answered: when each of them came.
        stored: where the broker holds it.
        delivered: each call of a consumer's callback.
        processed: each time a callback was done with it.
        dead: groups whose dead-letter topic has it.
        verdicts: what is wrong with it.
    """

    name: str
    topic: str
    key: str
    number: int
    sent: list[float] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    stored: tuple[Copy, ...] = ()
    delivered: list[Delivered] = field(default_factory=list)
    processed: list[Processed] = field(default_factory=list)
    dead: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def answer(self) -> Answer:
        """The best that the program was ever told."""
        told = set(self.answers)
        if "OK" in told:
            return Answer.ACKNOWLEDGED
        if told & _DOUBTFUL:
            return Answer.DOUBTFUL
        if told & _OPEN or len(self.answers) < len(self.sent):
            return Answer.UNKNOWN
        return Answer.FAILED
