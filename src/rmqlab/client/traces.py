"""What clients noted of a message: sent, delivered, consumed, settled.

A client that traces writes to RMQ_SYS_TRACE_TOPIC what it did, some entries a message, as text between
control characters (TraceDataEncoder). A broker keeps them if it has that topic (`traceTopicEnable`;
`trace=True` in `ClusterOptions`), a client writes them when told to (`rmqlab.client.Producer(trace=True)`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TRACE_TOPIC = "RMQ_SYS_TRACE_TOPIC"
"""Where clients write by default (TopicValidator.RMQ_SYS_TRACE_TOPIC)."""

# TraceConstants
_FIELD, _CONTENT = "\x02", "\x01"
_MESSAGE_TYPES = ("normal", "half", "committed", "delayed", "ordered")  # MessageType, by its ordinal
_RESULTS = ("success", "time-out", "exception", "null", "failed")  # ConsumeReturnType
_WITH_OFFSET_ID = 13


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that a client did with a message.

    Attributes:
        kind: RocketMQ's word (TraceType): `Pub` sent, `SubBefore` handed to a callback, `SubAfter` come back
            from it, `EndTransaction` settled, `Recall` called back.
        msg_id: the id that the sender saw.
        at_ms: when, by the client's clock: of `Pub` and `SubBefore` when it began; milliseconds since 1970.
        group: the producer's or consumer's group.
        topic: where it was sent; empty of what consumers did.
        keys, tags: the message's.
        took_ms: how long the send or the callback took.
        success: whether it went well; None while nobody can know (`SubBefore`).
        detail: of `Pub` what was sent (`normal`, `half`, `delayed`, ...), of `SubBefore` the number of the
            retry, of `SubAfter` how it ended (`success`, `time-out`, `exception`, `null`, `failed`), of
            `EndTransaction` the state (`COMMIT_MESSAGE`, ...).
        request: joins a `SubAfter` with its `SubBefore`.
    """

    kind: str
    msg_id: str
    at_ms: int
    group: str = ""
    topic: str = ""
    keys: str = ""
    tags: str = ""
    took_ms: int = 0
    success: bool | None = None
    detail: str = ""
    request: str = ""


def parse(body: str) -> tuple[Trace, ...]:
    """Return the entries of one trace message; those of kinds that this does not know are left out.

    Raises:
        ValueError: an entry is not what TraceDataEncoder writes.
    """
    found = []
    for entry in filter(None, body.split(_FIELD)):
        kind, *fields = entry.split(_CONTENT)
        if kind in _READ:
            try:
                found.append(_READ[kind](fields))
            except (IndexError, ValueError) as error:
                raise ValueError(f"{entry!r} is no entry of a trace: {error}") from None
    return tuple(found)


def _sent(of: Sequence[str]) -> Trace:
    # Older clients leave out the offset id, which stands before the success.
    success = of[12] if len(of) >= _WITH_OFFSET_ID else of[11]
    return Trace(
        "Pub",
        msg_id=of[4],
        at_ms=int(of[0]),
        group=of[2],
        topic=of[3],
        keys=_text(of[6]),
        tags=_text(of[5]),
        took_ms=int(of[9]),
        success=success == "true",
        detail=_word(_MESSAGE_TYPES, of[10]),
    )


def _delivered(of: Sequence[str]) -> Trace:
    return Trace(
        "SubBefore",
        msg_id=of[4],
        at_ms=int(of[0]),
        group=of[2],
        keys=_text(of[6]),
        detail=of[5],
        request=of[3],
    )


def _consumed(of: Sequence[str]) -> Trace:
    rest = [*of[5:], "", "", ""]
    return Trace(
        "SubAfter",
        msg_id=of[1],
        at_ms=int(rest[1] or 0),
        group=rest[2],
        keys=_text(of[4]),
        took_ms=int(of[2]),
        success=of[3] == "true",
        detail=_word(_RESULTS, rest[0]),
        request=of[0],
    )


def _settled(of: Sequence[str]) -> Trace:
    return Trace(
        "EndTransaction",
        msg_id=of[4],
        at_ms=int(of[0]),
        group=of[2],
        topic=of[3],
        keys=_text(of[6]),
        tags=_text(of[5]),
        success=True,
        detail=of[10],
    )


def _recalled(of: Sequence[str]) -> Trace:
    return Trace("Recall", msg_id=of[4], at_ms=int(of[0]), group=of[2], topic=of[3], success=of[5] == "true")


_READ = {
    "Pub": _sent,
    "SubBefore": _delivered,
    "SubAfter": _consumed,
    "EndTransaction": _settled,
    "Recall": _recalled,
}


def _text(field: str) -> str:
    return "" if field == "null" else field


def _word(words: tuple[str, ...], ordinal: str) -> str:
    return words[int(ordinal)] if ordinal.isdigit() and int(ordinal) < len(words) else ordinal
