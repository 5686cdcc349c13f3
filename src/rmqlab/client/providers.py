"""Who provides librocketmq to the classic package here, in words; and a head start for our own provider."""

from __future__ import annotations

import os
from ctypes.util import find_library
from importlib.metadata import PackageNotFoundError, version

from rmqlab.client.java import java_class, start_jvm_in_background
from rmqlab.client.log import open_log
from rmqlab.runtime import ROCKETMQ

_CLASSIC = "rocketmq-client-python"


def _classic() -> str:
    try:
        return f"{_CLASSIC} {version(_CLASSIC)}"
    except PackageNotFoundError:
        return f"{_CLASSIC} (not installed)"


def provider() -> str:
    """Say in one line what `from rocketmq.client import Producer` runs on in this process."""
    if os.environ.get("RMQLAB_CLIENT") != "native":
        return f"{_classic()} over the Java client {ROCKETMQ.version}"
    library = find_library("rocketmq")
    found = f"the native {library}" if library else "a native librocketmq, which this machine does not have"
    return f"{_classic()} over {found} (RMQLAB_CLIENT=native)"


_NOBODY = "127.0.0.1:9"
"""The discard port: where nobody listens."""

_REHEARSAL_MS = 300


def _rehearse() -> None:
    """Start a producer, try a send that finds no route, end it: what a send needs is loaded then."""
    open_log()
    producer = java_class("org.apache.rocketmq.client.producer.DefaultMQProducer")("rmqlab-rehearsal")
    producer.setNamesrvAddr(_NOBODY)
    producer.setInstanceName("rmqlab-rehearsal")
    producer.start()
    try:
        message = java_class("org.apache.rocketmq.common.message.Message")("rehearsal", b"x")
        producer.send(message, _REHEARSAL_MS)
    except java_class("java.lang.Exception"):
        pass  # as it should be
    finally:
        producer.shutdown()


def warm_up() -> None:
    """Start the JVM and rehearse a send in a thread, while a cluster starts; returns at once."""
    start_jvm_in_background(_rehearse)
