"""What a client sends and receives, told to whoever records it (`rmqlab.happenings`)."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from rmqlab import happenings

if TYPE_CHECKING:
    from collections.abc import Callable

STATUS = ("SEND_OK", "FLUSH_DISK_TIMEOUT", "FLUSH_SLAVE_TIMEOUT", "SLAVE_NOT_AVAILABLE")
"""Java's SendStatus, in its order."""


def told(send: Callable[..., Any]) -> Callable[..., Any]:
    """Tell what becomes of a producer's sends; of the classic package's, and of what is under them."""

    @wraps(send)
    def sending(producer: Any, message: Any, *others: Any, **options: Any) -> Any:
        if not happenings.listeners:
            return send(producer, message, *others, **options)
        where = getattr(producer, "_handle", producer).settings.addresses()
        try:
            answer = send(producer, message, *others, **options)
        except Exception as error:
            happenings.tell("send", f"{_topic(message)}: {str(error).partition(chr(10))[0]}", where)
            raise
        happenings.tell("send", f"{_topic(message)}: {_status(answer)}", where)
        return answer

    return sending


def tell_answer(topic: str, outcome: Any) -> None:
    """Tell the answer to an async send, or the error."""
    said = str(outcome).partition("\n")[0] if isinstance(outcome, BaseException) else _status(outcome)
    happenings.tell("send", f"{topic}: {said}")


def _topic(message: Any) -> str:
    handle = getattr(message, "_handle", message)
    first = (getattr(handle, "messages", None) or [handle])[0]  # a batch is of one topic
    return getattr(first, "topic", "") or "no topic"  # what is refused need not be a message


def _status(answer: Any) -> str:
    if answer is None:
        return "handed over, nobody answers"
    return STATUS[int(answer.status if hasattr(answer, "status") else answer[0])]
