"""What crosses the boundary of librocketmq: C's status codes, arguments, and the last error of each thread.

A C function never raises: it returns a status and keeps a sentence for GetLatestErrorMessage. The functions
of this package are written as ordinary Python that raises; `c_function` and `c_getter` turn them into it.
What an argument of the wrong type does is ctypes' decision, and is kept: `ctypes.ArgumentError`.

The statuses are those of rocketmq-client-cpp's include/CCommon.h.
"""

from __future__ import annotations

import ctypes
import threading
from enum import IntEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import jpype

from rmqlab.client.java import jvm_is_gone
from rmqlab.client.reasons import reason_of
from rmqlab.errors import RmqLabError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
C_INT_MAX = 2**31 - 1


class Status(IntEnum):
    """CStatus: what a C function answers."""

    OK = 0
    NULL_POINTER = 1
    PRODUCER_START_FAILED = 10
    PRODUCER_SEND_SYNC_FAILED = 11
    PRODUCER_SEND_ONEWAY_FAILED = 12
    PRODUCER_SEND_ORDERLY_FAILED = 13
    PRODUCER_SEND_TRANSACTION_FAILED = 16
    PUSH_CONSUMER_START_FAILED = 20
    NOT_SUPPORT_NOW = -1


class RefusedError(Exception):
    """A call that cannot be done; `status` is None where the function's own failure status fits."""

    def __init__(self, reason: str, status: Status | None = None) -> None:
        super().__init__(reason)
        self.status = status


FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Every C function by its C name; filled by `c_function` as the modules are imported."""

_last_error = threading.local()
_OK = Status.OK
_EXPECTED = (RefusedError, RmqLabError, jpype.JException, jpype.JVMNotRunning)


def _reason(error: BaseException) -> str:
    if isinstance(error, RefusedError | RmqLabError):
        return str(error)
    if jvm_is_gone():
        return (
            "the JVM of this process has ended, and the client with it: this happens only while Python exits"
        )
    return reason_of(error)


def _keep_reason(error: BaseException) -> None:
    _last_error.text = _reason(error)


def c_function(name: str, failure: Status = Status.NOT_SUPPORT_NOW) -> Callable[..., Any]:
    """Register a function that answers with a status under its C name; its errors become `failure`."""

    def register(function: Callable[..., None]) -> Callable[..., Status]:
        @wraps(function)
        def call(*arguments: Any) -> Status:
            try:
                function(*arguments)
            except _EXPECTED as error:
                _keep_reason(error)
                return getattr(error, "status", None) or failure
            return _OK

        FUNCTIONS[name] = call
        return call

    return register


def c_getter(name: str) -> Callable[..., Any]:
    """Register a function that answers with a value under its C name; its errors become NULL."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except _EXPECTED as error:
                _keep_reason(error)
                return None

        FUNCTIONS[name] = call
        return call

    return register


@c_getter("GetLatestErrorMessage")
def get_latest_error_message() -> bytes | None:
    """Return why the calling thread's last failure happened, one line of UTF-8, or None without one."""
    reason = getattr(_last_error, "text", None)
    return None if reason is None else reason.encode("utf-8", "replace")


def text(value: bytes | None, what: str) -> str:
    """Read a `const char*` that is text.

    Raises:
        RefusedError: it is NULL, or not UTF-8.
        ctypes.ArgumentError: it is not bytes.
    """
    if value is None:
        raise RefusedError(f"{what} is NULL (None)", Status.NULL_POINTER)
    if not isinstance(value, bytes):
        raise ctypes.ArgumentError(f"{what}: bytes or str expected instead of {type(value).__name__}")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError(f"{what} is not UTF-8 text: {error}") from None


def number(value: Any, what: str, low: int = -(2**31), high: int = C_INT_MAX) -> int:
    """Read a C int and check its range.

    Raises:
        RefusedError: it is outside of `low` to `high`.
        ctypes.ArgumentError: it is not an int.
    """
    if not isinstance(value, int):
        raise ctypes.ArgumentError(f"{what}: int expected instead of {type(value).__name__}")
    if not low <= value <= high:
        raise RefusedError(f"{what} is {int(value)}: it must lie between {low} and {high}")
    return int(value)


def handle(value: Any, kind: type[T]) -> T:
    """Read a pointer to one of our objects, as ctypes does: through `_as_parameter_` if the object has one.

    Raises:
        RefusedError: it is NULL.
        ctypes.ArgumentError: it is something else.
    """
    if isinstance(value, kind):
        return value
    inner = getattr(value, "_as_parameter_", value)
    if inner is None:
        raise RefusedError(f"the {kind.__name__} is NULL", Status.NULL_POINTER)
    if not isinstance(inner, kind):
        raise ctypes.ArgumentError(f"expected a {kind.__name__} instead of {type(inner).__name__}")
    return inner
