"""Errors of the Java client as one useful line: what failed, and what the broker said.

Java nests its reasons (a send fails because a route is unknown because a connection was refused), adds links
to a FAQ and repeats class names; a learner needs the last sentence, an operator the response code.
"""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAQ = re.compile(
    r"\s*(?:See|For more information)[^\n]*https?://\S+(?:\s+for further details\.?)?", re.IGNORECASE
)
_CLASS = re.compile(r"\b(?:[a-z_]\w*\.)+(?=[A-Z]\w*(?:Exception|Error)\b)")
_CODE = re.compile(r"^CODE:\s*(-?\d+)\s+DESC:\s*", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_CONNECT_S = 0.5
_CAUSES = 6  # they can be circular
_MEANING = {
    # RocketMQ's words, and what they mean (module auth; NettyRemotingAbstract.processRequestCommand)
    "username cannot be null": "no credentials were given, and this broker lets in only those who sign",
    "check signature failed": "the secret key is not the user's",
    "request type": "this broker is of a RocketMQ too old for the question",
}


def _one_line(message: str) -> str:
    message = _FAQ.sub("", message)
    message = _CLASS.sub("", message)
    return _SPACE.sub(" ", message).strip(" ,;")


def _sentence(error: Any) -> str:
    name = str(error.getClass().getSimpleName())
    message = str(error.getMessage() or "")
    if name == "MQBrokerException":
        broker, code = error.getBrokerAddr() or "", error.getResponseCode()
        return f"the broker {broker} refused (code {code}): {error.getErrorMessage()}"
    code = _CODE.match(message)
    if code:
        return f"{message[code.end() :]} (code {code[1]})"
    return message or name


def _chain(error: Any) -> Iterator[Any]:
    """Yield a Java error and its causes."""
    for _ in range(_CAUSES):
        if error is None:
            return
        yield error
        error = error.getCause()


def reason_of(error: Any) -> str:
    """Return why a Java call failed, in one line: the outermost sentence, and the causes that add something.

    Args:
        error: what JPype raised.
    """
    if not hasattr(error, "getClass"):
        return _one_line(f"{type(error).__name__}: {error}")
    parts: list[str] = []
    for each in _chain(error):
        part = _one_line(_sentence(each))
        if part and not any(part in earlier or earlier in part for earlier in parts):
            parts.append(part)
        elif part:  # the longer of two that say the same
            parts = [part if earlier in part else earlier for earlier in parts]
    reason = "; ".join(parts)
    meanings = [meaning for words, meaning in _MEANING.items() if words in reason]
    return f"{reason.rstrip('.')}: {meanings[0]}" if meanings else reason


def was_never_sent(error: Any) -> bool:
    """Tell whether the broker cannot have heard the request: it was not written, for its connection had gone.

    Once more is safe then, whatever was asked (NettyRemotingAbstract.invokeImpl).
    """
    names = (str(each.getClass().getSimpleName()) for each in _chain(error))
    return "RemotingSendRequestException" in names


def unreachable(addresses: str) -> tuple[str, ...]:
    """Return which of `host:port;host:port` do not accept a connection now (half a second each)."""
    silent = []
    for address in re.split(r"[;,]", addresses):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
        except (OSError, ValueError):
            silent.append(address.strip())
    return tuple(silent)
