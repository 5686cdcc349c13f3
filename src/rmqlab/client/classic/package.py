"""The classic package, once it is sure that it runs on our library."""

from __future__ import annotations

import os
from types import SimpleNamespace

from rmqlab.errors import ClientError

NEEDS_OURS = (
    "rmqlab.client's producers and consumers need RocketMQ Lab's own library under rocketmq.client, and this "
    "process has a native librocketmq there: start Python anew without RMQLAB_CLIENT=native."
)

if os.environ.get("RMQLAB_CLIENT") == "native":
    raise ClientError(NEEDS_OURS)

from rocketmq import client, exceptions, ffi  # noqa: E402  (the check above comes first)

if not isinstance(ffi.dll, SimpleNamespace):
    raise ClientError(NEEDS_OURS)

__all__ = ["client", "exceptions", "ffi"]
