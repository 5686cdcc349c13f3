"""RocketMQ Lab: a course on a real Apache RocketMQ, and the kit that it stands on.

Names are imported on first use (PEP 562): who touches only `rocketmq.client` pays for nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rmqlab.checks.verdict import Verdict
    from rmqlab.cluster import Cluster, attach, list_clusters
    from rmqlab.connecting import connect
    from rmqlab.expecting import expect_error
    from rmqlab.lab import Lab
    from rmqlab.starting import start_cluster
    from rmqlab.starting_lab import start_lab

__version__ = "0.1.0"

_HOME = {
    "Cluster": "rmqlab.cluster",
    "Lab": "rmqlab.lab",
    "Verdict": "rmqlab.checks.verdict",
    "attach": "rmqlab.cluster",
    "connect": "rmqlab.connecting",
    "expect_error": "rmqlab.expecting",
    "list_clusters": "rmqlab.cluster",
    "start_cluster": "rmqlab.starting",
    "start_lab": "rmqlab.starting_lab",
}

__all__ = [
    "Cluster",
    "Lab",
    "Verdict",
    "attach",
    "connect",
    "expect_error",
    "list_clusters",
    "start_cluster",
    "start_lab",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rmqlab' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
