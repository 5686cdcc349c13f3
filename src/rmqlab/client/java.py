"""The JVM in this Python process: its only starter, and what every Java client in it is told.

RocketMQ's Java client runs inside the Python process (JPype). One process has one JVM, which cannot be
started twice; so everybody asks here. What the classes mean and how errors read is left to the modules that
use them.
"""

from __future__ import annotations

import atexit
import logging
import os
import shlex
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jpype
import jpype.config

from rmqlab.errors import ClientError
from rmqlab.places import state_dir
from rmqlab.runtime import archive_options, ensure_jars, find_java

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_INTERVAL_MS = 1000
"""How often a client looks up routes, rebalances, reports progress, says hello (RocketMQ: 5 to 30 s)."""

_HEAP = "-Xmx512m"
_BOOT_S = 10.0
_OWN_CLASSES = Path(__file__).with_name("jvm")
_logger = logging.getLogger("rmqlab.client")
_lock = threading.Lock()
_started = threading.Event()
_of_thread = threading.local()
_background: threading.Thread | None = None
_forked = False  # this process is a copy of one whose JVM ran

_FORKED = (
    "This process was forked from one in which the JVM runs, and a JVM does not survive a fork: start it "
    "afresh, with multiprocessing.get_context('spawn') or subprocess, or fork before any client is made."
)


def log_folder() -> Path:
    """Return where the Java client's log lies, unless a program chose another folder in time."""
    return state_dir() / "logs"


def _options() -> list[str]:
    java = find_java()
    return [
        "-Xrs",  # Ctrl-C stays Python's
        _HEAP,
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        *java.quiet_options,
        *archive_options(),
        # Every module's jar brings a logging set-up, and the first one found wins: name the client's (a file
        # only).
        "-Drmq.logback.configurationFile=rmq.client.logback.xml",
        f"-Drocketmq.log.root={log_folder()}",
        f"-Drocketmq.client.rebalance.waitInterval={POLL_INTERVAL_MS}",
        f"-Drocketmq.client.rebalance.minInterval={POLL_INTERVAL_MS // 10}",
        # Where a broadcasting consumer keeps its offsets (LocalFileOffsetStore); the default is the home
        # folder.
        f"-Drocketmq.client.localOffsetStoreDir={state_dir() / 'offsets'}",
        *shlex.split(os.environ.get("RMQLAB_JVM_OPTIONS", "")),
    ]


def _join_running_jvm(jars: tuple[Path, ...]) -> None:
    """Add RocketMQ to a JVM that other code of this process started with JPype."""
    for jar in jars:
        jpype.addClassPath(jar)
    try:
        jpype.JClass("org.apache.rocketmq.client.producer.DefaultMQProducer")
    except TypeError:
        raise ClientError(
            "Other code of this process has started the JVM without RocketMQ's jars; a process has only one. "
            "Call rmqlab.client.start_jvm() before it, or use rocketmq.client in a process of its own."
        ) from None


def _let_go() -> None:
    """Stop JPype's own thread, which looks into Python four times a second, before the interpreter ends.

    JPype stops it when it destroys the JVM, which would wait for ever for the threads of forgotten clients;
    and a thread that comes from Java into an interpreter that ends takes the process down ("exception not
    rethrown").
    """
    if jvm_runs():
        jpype.JClass("org.jpype.ref.JPypeReferenceQueue").getInstance().stop()


def _after_fork() -> None:
    """Keep a forked child away from the JVM: its threads are not there, and who waits for them never ends."""
    global _forked, _lock, _of_thread, _background  # noqa: PLW0603  (one JVM a process; this is another one)
    starting = _background is not None and not _started.is_set()
    _lock, _of_thread, _background = threading.Lock(), threading.local(), None
    if _forked or starting or jpype.isJVMStarted():
        _forked = True
        jpype.config.onexit = False  # JPype's own exit hook, which would end the JVM


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def jvm_runs() -> bool:
    """Tell whether there is a JVM that this process can use."""
    return jpype.isJVMStarted() and not _forked


def _refuse_if_forked() -> None:
    if _forked:
        raise ClientError(_FORKED)


def start_jvm() -> None:
    """Start the JVM of this process, or return at once if it runs. Safe from any thread.

    `RMQLAB_JVM_OPTIONS` adds options, e.g. `-Xmx1g`.

    Raises:
        RuntimeFilesError: no Java, or RocketMQ's jars could not be fetched.
        ClientError: the JVM did not start, another one without RocketMQ runs in this process, or this process
            was forked from one in which it runs.
    """
    _refuse_if_forked()
    if _started.is_set():
        return
    with _lock:
        if _started.is_set():
            return
        jars = (*ensure_jars(), _OWN_CLASSES)
        if jpype.isJVMStarted():
            _join_running_jvm(jars)
        else:
            # At exit, do not wait for Java's threads: a client that nobody shut down would keep the process.
            jpype.config.destroy_jvm = False
            log_folder().mkdir(parents=True, exist_ok=True)
            try:
                jpype.startJVM(
                    *_options(),
                    jvmpath=str(find_java().libjvm),
                    classpath=[str(jar) for jar in jars],
                    interrupt=False,
                )
            except (OSError, RuntimeError) as error:
                raise ClientError(f"The JVM of the Java client did not start: {error}") from error
        atexit.register(_let_go)
        _started.set()


def _start_quietly(then: Callable[[], None] | None) -> None:
    try:
        start_jvm()
        if then is not None:
            then()
    except Exception as error:  # noqa: BLE001  (whoever needs the JVM asks again, and gets the error)
        _logger.debug("the JVM did not start in the background: %s", error)


def start_jvm_in_background(then: Callable[[], None] | None = None) -> None:
    """Start the JVM in a thread, so that it boots while something else does; errors wait for `start_jvm`.

    Args:
        then: what that thread does once the JVM runs.
    """
    global _background  # noqa: PLW0603  (one JVM a process, one thread that starts it)
    if _background is not None or (_started.is_set() and then is None):
        return
    _background = threading.Thread(target=_start_quietly, args=(then,), name="rmqlab-jvm", daemon=True)
    _background.start()
    # A thread that comes back from Java while the interpreter ends would take the process down with it.
    atexit.register(_wait_for_boot)


def _wait_for_boot() -> None:
    if _background is not None:
        _background.join(_BOOT_S)


class _Leaving:
    """Held by a thread's own storage: goes with the thread, and takes Java's side of it along."""

    def __init__(self, thread_class: Any) -> None:
        self._thread_class = thread_class

    def __del__(self) -> None:
        if jvm_runs():
            self._thread_class.detach()


def knows_thread() -> bool:
    """Tell whether `detach_with_thread` has seen the calling thread."""
    return hasattr(_of_thread, "leaving")


def detach_with_thread() -> None:
    """See to it that the calling thread is detached from the JVM when it ends.

    JPype attaches a thread at its first call into Java and never detaches it: a program with a thread a
    message would pile up Java threads. Java's own threads, which run callbacks, and threads that others have
    attached stay as they are.

    Raises:
        ClientError: this process was forked from one in which the JVM runs.
    """
    _refuse_if_forked()
    if knows_thread() or not _started.is_set():
        return
    thread_class = java_class("java.lang.Thread")
    _of_thread.leaving = None if thread_class.isAttached() else _Leaving(thread_class)


def jvm_is_gone() -> bool:
    """Say whether the JVM ran and has ended, as it has while the interpreter shuts down."""
    return _started.is_set() and not jpype.isJVMStarted()


def java_class(name: str) -> Any:
    """Return a Java class by its full name, starting the JVM if it does not run.

    Raises:
        ClientError: there is no such class among RocketMQ's jars, or as `start_jvm`.
        RuntimeFilesError: as `start_jvm`.
    """
    _refuse_if_forked()
    return _class(name)


@cache
def _class(name: str) -> Any:
    start_jvm()
    try:
        return jpype.JClass(name)
    except TypeError as error:
        raise ClientError(f"RocketMQ's jars hold no class {name}: {error}") from error
