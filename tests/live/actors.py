"""Processes that act like a learner's kernel, for the tests about clusters that outlive them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from typing import TYPE_CHECKING, TypeVar

import psutil

from rmqlab import ports, records
from rmqlab.client import remoting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rmqlab.client.admin import Admin
    from rmqlab.client.facts import StoredMessage

T = TypeVar("T")

_SEND_MESSAGE = 10  # RequestCode.SEND_MESSAGE

_START = """
import sys, time
from rmqlab.starting import start_cluster
cluster = start_cluster("single", name={name!r}, lease_s={lease_s!r})
print(cluster.namesrv, *(node.pid for node in cluster.nodes.values()), flush=True)
sys.stdin.read()
"""


class Kernel:
    """A process that starts a cluster or re-attaches to it, says so, and stays until it is ended."""

    def __init__(self, name: str, lease_s: float | None) -> None:
        script = _START.format(name=name, lease_s=lease_s)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> tuple[str, list[int]]:
        """Return the NameServer's address and the nodes' pids."""
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        namesrv, *pids = line.split()
        return namesrv, [int(pid) for pid in pids if pid != "None"]  # containers have none

    def leave(self) -> None:
        """End in order, as a kernel does that is restarted."""
        self.process.stdin.close()
        self.process.wait(20)
        self._close()

    def kill(self) -> None:
        """End with SIGKILL."""
        self.process.kill()
        self.process.wait(20)
        self._close()

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


@contextlib.contextmanager
def kernel(name: str, lease_s: float | None = 60.0) -> Iterator[Kernel]:
    """Run a kernel, and see to it that it is gone in the end."""
    acting = Kernel(name, lease_s)
    try:
        yield acting
    finally:
        acting.kill()


def eventually(look: Callable[[], T], *, timeout_s: float, why: str) -> T:
    """Poll until something holds, and return it."""
    deadline = time.monotonic() + timeout_s
    while not (seen := look()):
        assert time.monotonic() < deadline, why
        time.sleep(0.05)
    return seen


def stored(admin: Admin, topic: str, count: int) -> list[StoredMessage]:
    """Return a topic's messages once there are so many: a queue's index has one some milliseconds later."""
    eventually(
        lambda: len(admin.messages(topic)) >= count, timeout_s=20, why=f"{topic} does not hold {count}"
    )
    return admin.messages(topic)


def node_processes(name: str) -> list[int]:
    """Return the pids of what runs out of a cluster's folder, whatever the records say."""
    folder = str(records.folder(name))
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = process.info["cmdline"] or ()
        if any(word.startswith(folder + "/") for word in words):
            found.append(process.info["pid"])
    return found


def nothing_left(name: str) -> bool:
    """Tell whether a cluster left no process, no record and no port."""
    return not node_processes(name) and records.read(name) is None and name not in ports.leased().values()


def send_to(broker: str, *, timeout_s: float = 10) -> int:
    """Send one message to a broker's address, without a client's retries; return the code of the answer."""
    fields = {
        "producerGroup": "tests",
        "topic": "BenchmarkTest",
        "defaultTopic": "TBW102",
        "defaultTopicQueueNums": "4",
        "queueId": "0",
        "sysFlag": "0",
        "bornTimestamp": str(int(time.time() * 1000)),
        "flag": "0",
        "properties": "",
        "reconsumeTimes": "0",
        "unitMode": "false",
        "batch": "false",
    }
    return remoting.ask(broker, _SEND_MESSAGE, fields, b"x", timeout_s=timeout_s).code
