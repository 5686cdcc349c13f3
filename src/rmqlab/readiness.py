"""When is a cluster ready? When its NameServers know every broker and serve a route: found out by asking."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from rmqlab.client import remoting
from rmqlab.errors import AdminError, StartError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rmqlab.plan import NodeSpec

_DEFAULT_TOPIC = "TBW102"
"""Its route serves every topic that does not exist yet (TopicValidator.AUTO_CREATE_TOPIC_KEY_TOPIC)."""

_POLL_S = 0.03
_ANSWER_S = 2.0


def wait_until_ready(
    specs: Sequence[NodeSpec],
    is_running: Callable[[NodeSpec], bool],
    log_tail: Callable[[NodeSpec], str],
    *,
    timeout_s: float,
) -> None:
    """Wait until every NameServer has every broker registered and serves a route.

    Args:
        specs: The nodes that should be up.
        is_running: Tells whether a node's process still lives.
        log_tail: The end of a node's log, for the error.
        timeout_s: How long to wait.

    Raises:
        StartError: a node died, or time ran out; the message carries the end of that node's log.
    """
    nameservers = [spec for spec in specs if not spec.is_broker]
    brokers = [spec for spec in specs if spec.is_broker]
    deadline = time.monotonic() + timeout_s
    while True:
        dead = [spec for spec in specs if not is_running(spec)]
        if dead:
            names = ", ".join(spec.name for spec in dead)
            raise StartError(f"{names} died while starting. The end of its log:\n{log_tail(dead[0])}")
        if all(_knows(namesrv, brokers) for namesrv in nameservers):
            return
        if time.monotonic() > deadline:
            late = _first_silent(specs)
            raise StartError(
                f"The cluster was not ready after {timeout_s:.0f} s; {late.name} is what it waits for. "
                f"The end of its log:\n{log_tail(late)}"
            )
        time.sleep(_POLL_S)


def _knows(namesrv: NodeSpec, brokers: list[NodeSpec]) -> bool:
    """Ask a NameServer; make the brokers that it does not know register."""
    try:
        known = remoting.registered_brokers(namesrv.address, timeout_s=_ANSWER_S)
    except (OSError, AdminError, ValueError):
        return False
    missing = [spec for spec in brokers if (spec.broker_name, spec.broker_id) not in known]
    for spec in missing:
        with contextlib.suppress(OSError, AdminError, ValueError):
            remoting.make_register(spec.address, timeout_s=_ANSWER_S)
    if missing or not brokers:
        return not brokers
    return remoting.has_route(namesrv.address, _DEFAULT_TOPIC, timeout_s=_ANSWER_S)


def _first_silent(specs: Sequence[NodeSpec]) -> NodeSpec:
    for spec in specs:
        try:
            if spec.is_broker:
                remoting.make_register(spec.address, timeout_s=_ANSWER_S)
            else:
                remoting.registered_brokers(spec.address, timeout_s=_ANSWER_S)
        except (OSError, AdminError, ValueError):
            return spec
    return specs[-1]
