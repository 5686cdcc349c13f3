"""Nodes as plain JVM processes, detached from whoever starts them, found again by pid and command line."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil

from rmqlab.backends.base import Usage
from rmqlab.backends.jvm import CONSOLE, JVM_OPTIONS, log_tail
from rmqlab.errors import ClusterError
from rmqlab.links import listening_hosts
from rmqlab.runtime import RELEASES, archive_options, ensure_jars, ensure_native, find_java
from rmqlab.runtime.platforms import classpath_before

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rmqlab.backends.base import Handle, NodeState
    from rmqlab.plan import NodeSpec

_CLOCK_SLACK_S = 3.0
_NAMED_S = 5.0
_GONE_S = 10.0
_LOOK_S = 0.05
_STANDS_S = 5.0
_TEMPORARY = "tmp"
_PR_SET_TIMERSLACK = 29
_SLACK_NS = 8_000_000

DETACHED: dict[str, bool | int] = (
    {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    if sys.platform == "win32"
    else {"start_new_session": True}
)
"""How a process is started that outlives its starter, as arguments of Popen."""


def java_command(spec: NodeSpec, folder: Path) -> list[str]:
    """Return the command line of a node, as an argument list."""
    java = find_java()
    release = RELEASES[spec.release]
    classpath = [*(ensure_jars(release.jars) if release.jars else ()), release.ours]
    if release.is_pinned:
        classpath = [*classpath_before(spec.files.values()), *classpath, *ensure_native()]
    return [
        str(java.executable),
        f"-Xmx{spec.max_heap_mb}m",
        *JVM_OPTIONS,
        *java.quiet_options,
        *(archive_options() if release.is_pinned else ()),  # the archive holds the pinned release's classes
        *release.java_options,
        *spec.java_options,
        *(f"-D{key}={value}" for key, value in spec.system_properties.items()),
        f"-Duser.home={folder}",
        f"-Djava.io.tmpdir={folder / _TEMPORARY}",
        "-cp",
        os.pathsep.join(map(str, classpath)),
        *shlex.split(os.environ.get("RMQLAB_NODE_OPTIONS", "")),
        release.main_classes[spec.program],
        *(str(folder / word) if word in spec.files else word for word in spec.arguments),
    ]


class ProcessBackend:
    """Runs each node as one JVM. Windows, macOS, Linux."""

    name = "process"
    bind = "127.0.0.1"

    def missing(self) -> str | None:
        """Nothing is: the jars and Java are fetched where they lack."""
        return None

    def node_folder(self, folder: Path) -> Path:
        """Return the folder itself."""
        return folder

    def prepare(self, cluster: str, specs: Sequence[NodeSpec], folder: Path) -> None:  # noqa: ARG002
        """See to it that this system has the addresses that a relay listens on; the rest is there.

        Raises:
            ClusterError: it has not.
        """
        for relay in (spec for spec in specs if spec.role == "RELAY"):
            for host in sorted(listening_hosts(relay)):
                _require_address(host)

    def launch(self, cluster: str, spec: NodeSpec, folder: Path) -> Handle:  # noqa: ARG002  (the folder tells)
        """Write the node's configuration and start its JVM in a session of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in spec.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        # A broker unpacks 12 MB of RocksDB there, and leaves them when it is killed.
        shutil.rmtree(folder / _TEMPORARY, ignore_errors=True)
        (folder / _TEMPORARY).mkdir(exist_ok=True)
        with (folder / CONSOLE).open("ab") as console, _rare_wake_ups():
            process = psutil.Popen(
                java_command(spec, folder),
                cwd=folder,
                env={**os.environ, "ROCKETMQ_HOME": str(folder), **spec.environment},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                **DETACHED,
            )
        mark = str(folder / next(iter(spec.files)))
        _wait_until_named(process, mark)
        return {"pid": process.pid, "created": process.create_time(), "mark": mark}

    def state(self, handle: Handle) -> NodeState:
        """Tell how a process is; a pid that now belongs to another program is down."""
        process = _find(handle)
        if process is None:
            return "down"
        with contextlib.suppress(psutil.Error):
            return "paused" if process.status() == psutil.STATUS_STOPPED else "up"
        return "down"

    def usage(self, handle: Handle) -> Usage | None:
        """Ask the operating system about the process."""
        process = _find(handle)
        if process is not None:
            with contextlib.suppress(psutil.Error):
                return Usage(sum(process.cpu_times()[:2]), process.memory_info().rss / 1e6)
        return None

    def stop(self, handle: Handle, timeout_s: float) -> None:
        """Ask the JVM to shut down: SIGTERM runs RocketMQ's shutdown hook (Windows kills instead)."""
        process = _find(handle)
        if process is None:
            return
        with contextlib.suppress(psutil.Error):
            process.resume()
            process.terminate()
            _wait_until_ended(process, timeout_s)
        self.kill(handle)

    def kill(self, handle: Handle) -> None:
        """Kill -9, and wait until the process is gone."""
        process = _find(handle)
        if process is not None:
            with contextlib.suppress(psutil.Error):
                process.kill()
                _wait_until_ended(process, _GONE_S)

    def pause(self, handle: Handle) -> None:
        """Suspend the process (SIGSTOP); return once it stands still, which may take a while."""
        process = _find(handle)
        if process is not None:
            process.suspend()
            deadline = time.monotonic() + _STANDS_S
            while process.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
                time.sleep(0.01)

    def resume(self, handle: Handle) -> None:
        """Let the process go on (SIGCONT)."""
        process = _find(handle)
        if process is not None:
            process.resume()

    def log_tail(self, spec: NodeSpec, folder: Path, lines: int) -> str:
        """Return the end of what the node printed, and of its own log."""
        return log_tail(spec, folder, lines)

    def sweep(self, cluster: str, folder: Path) -> None:  # noqa: ARG002  (the folder tells)
        """Kill every process of this user whose command line names a file below the folder."""
        prefix = str(folder) + ("\\" if sys.platform == "win32" else "/")
        for process in psutil.process_iter(["cmdline", "name"]):
            if "java" in (process.info["name"] or "") and any(
                word.startswith(prefix) for word in process.info["cmdline"] or ()
            ):
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    _wait_until_ended(process, _GONE_S)


@contextlib.contextmanager
def _rare_wake_ups() -> Iterator[None]:
    """Let what this thread starts wake up to 8 ms late (Linux), so that wake-ups fall together.

    A broker sleeps a millisecond at a time (DefaultMessageStore.ReputMessageService): a thousand wake-ups a
    second, for nothing. Children inherit the timer slack of the thread that starts them (prctl(2)).
    """
    if sys.platform != "linux":
        yield
        return
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(_SLACK_NS), 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(0), 0, 0, 0)  # 0: back to the thread's default


def _require_address(host: str) -> None:
    """Loopback is 127.0.0.0/8 on Linux and Windows; macOS has 127.0.0.1 alone."""
    try:
        with socket.socket() as probe:
            probe.bind((host, 0))
    except OSError as error:
        raise ClusterError(
            f"This system has no address {host}, which links need ({error}). "
            f"On macOS: `sudo ifconfig lo0 alias {host}`, for each that is missing, until the next boot."
        ) from error


def _wait_until_named(process: psutil.Popen, mark: str) -> None:
    """Wait until the system shows a process with its command line.

    Without one `_find` takes it for down. It may have none for a moment: execve(2) closes the pipe that Popen
    waits for before it sets the arguments. In 400 starts on four busy loops that moment was never hit.
    """
    deadline = time.monotonic() + _NAMED_S
    with contextlib.suppress(psutil.Error):  # it has died already: readiness says so
        while mark not in process.cmdline() and time.monotonic() < deadline:
            time.sleep(0.001)


def _wait_until_ended(process: psutil.Process, timeout_s: float) -> None:
    """Wait until a process runs no more, although it may still have its pid.

    `Process.wait` waits for the pid to go, and the nodes of a kernel that lives on stay zombies: it does not
    ask what became of them.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(_LOOK_S)
            return
        if process.status() == psutil.STATUS_ZOMBIE:
            return


def _find(handle: Handle) -> psutil.Process | None:
    """Return a handle's process, never somebody else's: pid, start time and conf file's path must agree."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(int(handle["pid"]))
        if (
            abs(process.create_time() - float(handle["created"])) < _CLOCK_SLACK_S
            and process.status() != psutil.STATUS_ZOMBIE
            and handle["mark"] in process.cmdline()
        ):
            return process
    return None
