"""What producers and consumers are told before they start, and how the Java client is told it.

The C library takes every setting at any time and reads most of them at start(); so do we, except that a
setting which comes too late is refused with the reason instead of being ignored.
"""

from __future__ import annotations

import os
import re
import urllib.request
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rmqlab.client.boundary import RefusedError
from rmqlab.client.java import POLL_INTERVAL_MS
from rmqlab.client.membership import VARIABLE, Membership, membership
from rmqlab.client.signing import signing_hook

_CALLBACK_THREADS = 8
"""Threads of a Java client that complete answers (clientCallbackExecutorThreads; RocketMQ: one a processor).

They also answer what the client is asked about itself (ConsumerRunningInfo), for which they ask the broker
and wait: on two processors two such questions at a time leave nobody to complete the answers.
"""

LAST_CALLBACKS_S = 10.0
"""How long a consumer's shutdown() lets callbacks end that have begun; the C++ client has no limit."""

_DOMAIN_TIMEOUT_S = 3.0
_DOMAIN_URL = "http://{domain}:8080/rocketmq/nsaddr"
_ADDRESSES = re.compile(r"^[^\s;:]+:\d{1,5}(;[^\s;:]+:\d{1,5})*$")


class State(Enum):
    """Where a client is in its life."""

    NEW = "not started"
    RUNNING = "running"
    ENDED = "shut down"


@dataclass
class Settings:
    """What every client has; None is RocketMQ's own default."""

    group: str
    namesrv: str | None = None
    domain: str | None = None
    instance: str | None = None
    credentials: tuple[str, str] | None = None

    def rpc_hook(self) -> Any:
        """Return what signs each request with the session credentials, or Java's null.

        On a cluster that `connect` knows, clients without credentials sign with those that it was given.
        """
        credentials = self.credentials
        if credentials is None and (member := self._membership()):
            credentials = member.credentials
        return signing_hook(credentials)

    def _membership(self) -> Membership | None:
        return membership(self.addresses()) if VARIABLE in os.environ else None

    def addresses(self) -> str:
        """Return the NameServers to ask, `host:port` separated by `;`.

        Raises:
            RefusedError: none was set, or the domain does not name any.
        """
        found = (
            self.namesrv or (self._ask_domain() if self.domain else None) or os.environ.get("NAMESRV_ADDR")
        )
        if not found:
            raise RefusedError(
                "no NameServer address was set: call set_name_server_address('127.0.0.1:9876') before start()"
            )
        found = found.strip().replace(",", ";").removeprefix("http://")
        if not _ADDRESSES.match(found):
            raise RefusedError(
                f"the NameServer address {found!r} is not 'host:port', or several 'host:port;host:port'"
            )
        return found

    def _ask_domain(self) -> str:
        """Ask an address server once (TopAddressing): its answer's text is the list of NameServers."""
        url = self.domain if "://" in self.domain else _DOMAIN_URL.format(domain=self.domain)
        try:
            with urllib.request.urlopen(url, timeout=_DOMAIN_TIMEOUT_S) as answer:  # noqa: S310  (the user's)
                return answer.read().decode("utf-8").strip()
        except (OSError, ValueError) as error:
            raise RefusedError(
                f"the NameServer domain {self.domain!r} ({url}) did not answer: {error}"
            ) from error

    def configure(self, java: Any) -> None:
        """Tell a Java client (ClientConfig) its addresses, its name and the short intervals."""
        java.setNamesrvAddr(self.addresses())
        if member := self._membership():
            java.setNamespace(member.namespace)
        if self.instance is not None:
            java.setInstanceName(self.instance)
        java.setClientCallbackExecutorThreads(_CALLBACK_THREADS)
        java.setPollNameServerInterval(POLL_INTERVAL_MS)
        java.setHeartbeatBrokerInterval(POLL_INTERVAL_MS)
        java.setPersistConsumerOffsetInterval(POLL_INTERVAL_MS)


def set_once(client: Any, name: str, value: Any) -> None:
    """Set one of a client's `Settings`, which is read at start.

    Raises:
        RefusedError: the client has started, with another value.
    """
    if client.state is not State.NEW and getattr(client.settings, name) != value:
        raise RefusedError(f"{client} is {client.state.value}: its {name} cannot change any more")
    setattr(client.settings, name, value)
