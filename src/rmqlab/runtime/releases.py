"""The releases that nodes can run on: each a group of jars, and how its programs are started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rmqlab.runtime.jars import ROCKETMQ
from rmqlab.runtime.lockfile import JarGroup, read_lock

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Release:
    """One release.

    Attributes:
        jars: What it is made of, as its lock file says; None where our classes are all.
        ours: The folder of our few classes that belong on its classpath.
        main_classes: What each entry word of RocketMQ's image stands for.
        java_options: Options that it needs on a Java as new as ours.
    """

    jars: JarGroup | None
    ours: Path
    main_classes: dict[str, str]
    java_options: tuple[str, ...] = ()

    @property
    def is_pinned(self) -> bool:
        """Tell the release that everything runs on from one that a topology asks for."""
        return self.jars is ROCKETMQ


_STARTUP = "org.apache.rocketmq."

RELEASES = {
    "rocketmq": Release(
        ROCKETMQ,
        _HERE / "loopback",
        {
            "mqnamesrv": f"{_STARTUP}namesrv.NamesrvStartup",
            "mqbroker": f"{_STARTUP}broker.BrokerStartup",
            "mqproxy": "rmqlab.LoopbackProxy",
        },
    ),
    "rocketmq-4.9": Release(
        read_lock("rocketmq-4.9"),
        _HERE / "legacy",
        {"mqbroker": "rmqlab.LegacyBroker"},
        # MappedFile.clean unmaps a file by reflection: no topic could be deleted, no old file removed
        ("--add-opens=java.base/java.nio=ALL-UNNAMED", "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED"),
    ),
    "kafka": Release(read_lock("kafka"), _HERE / "kafka", {"kafka": "rmqlab.FormattedKafka"}),
    "relay": Release(None, _HERE / "relay", {"relay": "rmqlab.Relay"}),
}
"""By the name of their lock file."""

QUICK_END = _HERE / "quick_end"
"""The folder of our class that lets a tool of RocketMQ's end when it has said all."""
