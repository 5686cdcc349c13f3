"""What producers and consumers have in common: where the cluster is, who they are, whether traced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rmqlab.client.boundary import C_INT_MAX


def check_number(name: str, value: float, low: int, high: int = C_INT_MAX) -> None:
    """Check a setting.

    Raises:
        ValueError: it is outside of `low` to `high`.
        TypeError: it is no whole number.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}: a whole number is needed")
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}: it must lie between {low} and {high}")


@dataclass(frozen=True)
class ClientOptions:
    """Settings of every client (Java's ClientConfig); None is RocketMQ's own default."""

    namesrv: str | None = None
    instance: str | None = None
    credentials: tuple[str, str] | None = None
    trace: bool | str = False

    def apply(self, handle: Any) -> None:
        """Give them to a producer or consumer of ours that has not started."""
        settings = handle.settings
        settings.namesrv = self.namesrv
        settings.instance = self.instance
        settings.credentials = self.credentials
        if self.trace:
            handle.configuring.append(self._trace)

    def _trace(self, java: Any) -> None:
        java.setEnableTrace(True)
        if isinstance(self.trace, str):
            java.setTraceTopic(self.trace)
