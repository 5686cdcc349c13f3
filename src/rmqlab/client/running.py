"""The live clients of this process: whoever is still running when Python exits is shut down, in bounded time.

Without it a script that forgets shutdown(), or ends with an exception, would hang: RocketMQ's threads are not
daemons, and callbacks would come into an interpreter that is being torn down.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from contextlib import suppress
from typing import Any

from rmqlab.client.java import detach_with_thread, java_class, jvm_runs

EXIT_DEADLINE_S = 5.0
"""How long all clients together may take to shut down when Python exits."""

_NUDGE_S = 0.02
_SETTLE_MS = 1000  # telling progress takes a millisecond, and longer only to a broker that is gone
_logger = logging.getLogger("rmqlab.client")
_lock = threading.Lock()
_running: dict[int, Any] = {}
_hooked = False


def register(client: Any) -> None:
    """Remember a client that runs; it has a `shutdown()` that may be called twice."""
    global _hooked  # noqa: PLW0603  (one hook a process, after JPype's, so that it runs before it)
    with _lock:
        _running[id(client)] = client
        if not _hooked:
            atexit.register(shutdown_all)
            _hooked = True


def forget(client: Any) -> None:
    """Forget a client that was shut down."""
    with _lock:
        _running.pop(id(client), None)


def running() -> tuple[Any, ...]:
    """Return the clients that run now."""
    with _lock:
        return tuple(_running.values())


def _after_fork() -> None:
    """Leave the clients to the process that this one was forked from."""
    global _lock  # noqa: PLW0603  (another thread may have held it, and is not here)
    _lock = threading.Lock()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def end(java: Any, instance: Any) -> None:
    """Shut a Java client down without its idle wait of up to three seconds.

    Its NettyEventExecutor looks at `stopped` only between two events, or after 3 s without one, and
    shutdown() waits for it. So it is given events that mean nothing (IDLE) until shutdown() is back.

    Args:
        java: the client, a producer's, a consumer's or an administrator's; its shutdown() is called.
        instance: its MQClientInstance.
    """
    detach_with_thread()
    remotings = [each.getMQClientAPIImpl().getRemotingClient() for each in (instance, *_tracing(java))]
    kind = java_class("org.apache.rocketmq.remoting.netty.NettyEventType").IDLE
    event = java_class("org.apache.rocketmq.remoting.netty.NettyEvent")(kind, "", None)
    ended = threading.Event()

    def nudge() -> None:
        detach_with_thread()
        while not ended.wait(_NUDGE_S) and jvm_runs():
            for remoting in remotings:
                remoting.putNettyEvent(event)

    nudging = threading.Thread(target=nudge, name="rmqlab-nudge", daemon=True)
    with suppress(RuntimeError):  # from 3.12 on no thread starts while Python ends: then it takes the 3 s
        nudging.start()
    try:
        java.shutdown()
    finally:
        ended.set()
        if nudging.ident:
            # One that comes back from Java while the interpreter ends would take the process down with it.
            nudging.join()


def end_consumer(java: Any, instance: Any) -> None:
    """As `end`, when nobody tells older progress any more: what shutdown() tells is the last."""
    detach_with_thread()
    progress = java.getOffsetStore()
    java_class("rmqlab.EarlyProgress").settle(instance, java.getConsumerGroup(), progress, _SETTLE_MS)
    end(java, instance)


def _tracing(java: Any) -> tuple[Any, ...]:
    """Return the MQClientInstance of the producer that sends a client's traces, if it traces.

    An administrator (DefaultMQAdminExt) never does, and cannot be asked.
    """
    dispatcher = java.getTraceDispatcher() if hasattr(java, "getTraceDispatcher") else None
    if dispatcher is None:
        return ()
    return (dispatcher.getTraceProducer().getDefaultMQProducerImpl().getMqClientFactory(),)


def _shutdown(client: Any) -> None:
    try:
        client.shutdown()
    except Exception as error:  # noqa: BLE001  (one client's failure must not keep the others)
        _logger.debug("shutting down %r at exit: %s", client, error)


def shutdown_all(deadline_s: float = EXIT_DEADLINE_S) -> tuple[Any, ...]:
    """Shut down every live client at the same time; return those that were not done in time."""
    clients = running()
    threads = []
    for client in clients:
        thread = threading.Thread(target=_shutdown, args=(client,), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # Python 3.12 starts no thread while it ends: then one after the other
            _shutdown(client)
        else:
            threads.append(thread)
    end = time.monotonic() + deadline_s
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return running()
