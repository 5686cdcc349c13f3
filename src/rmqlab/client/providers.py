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


_FIRST_NEEDED = (
    "org.apache.rocketmq.client.producer.DefaultMQProducer",
    "org.apache.rocketmq.common.message.Message",
)


def _load_classes() -> None:
    open_log()
    for name in _FIRST_NEEDED:
        java_class(name)


def warm_up() -> None:
    """Start the JVM and load the client's classes in a thread, while a cluster starts; returns at once."""
    start_jvm_in_background(_load_classes)
