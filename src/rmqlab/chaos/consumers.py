"""The consumers of a trial: processes (`worker`) that can be killed, frozen and replaced."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

import psutil

from rmqlab.errors import FaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_Answers = dict[str, queue.Queue[str]]
"""By their kind."""

_ANSWER_S = 60.0
_HELD_S = 20.0


class ConsumerProcess:
    """One consumer. It is told what to do by lines, and answers by lines, from any number of threads.

    Args:
        name: which.
        environment: what it finds in its environment besides ours.
    """

    module = "rmqlab.chaos.worker"

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._environment = environment or {}
        self._order: dict[str, str] = {}
        self._telling = threading.Lock()
        self._launch()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def begin(self, **order: str) -> None:
        """Begin to consume; return once it has its share of the queues.

        Raises:
            FaultError: it has died, or does not begin in time.
        """
        self._order = order
        self._tell("begin", name=self.name, **order)
        self._wait_for("done", "begin", _ANSWER_S)

    def end(self) -> None:
        """Shut the consumer down; its callbacks have ended then."""
        self._order = {}
        self._tell("end")
        self._wait_for("done", "end", _ANSWER_S)

    def hold(self, timeout_s: float = _HELD_S) -> str:
        """Let it keep the next message between its work and its acknowledgement; return that message.

        Raises:
            FaultError: none comes.
        """
        self._tell("hold")
        return self._wait_for("held", "", timeout_s)

    def release(self) -> None:
        """Let it go on with the message that it keeps."""
        self._tell("release")

    def suspend(self) -> None:
        """Freeze the process; return once it stands still.

        Raises:
            FaultError: it does not.
        """
        deadline = time.monotonic() + _HELD_S
        try:
            process = psutil.Process(self.pid)
            process.suspend()
            while process.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
                time.sleep(0.01)
        except psutil.Error as error:
            raise FaultError(f"{self.name} has died: {error}") from error
        if time.monotonic() >= deadline:
            raise FaultError(f"{self.name} does not stand still.")

    def resume(self) -> None:
        """Let the process go on."""
        with suppress(psutil.Error):  # it has died: the end of the trial says so
            psutil.Process(self.pid).resume()

    def kill(self) -> None:
        """Kill -9; return when it is gone."""
        self._process.kill()
        self._process.wait(_ANSWER_S)

    def replace(self) -> None:
        """Start another process in its place, which takes up what this one was at."""
        self.close()
        self._launch()
        if self._order:
            self.begin(**self._order)

    def close(self) -> None:
        """End the process, whatever it does."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._words):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _launch(self) -> None:
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            env={**os.environ, **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
        )
        self._answers: _Answers = {}
        threading.Thread(target=_read, args=(self._process.stdout, self._answers), daemon=True).start()

    def _tell(self, what: str, **more: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError), self._telling:  # it has died: the answer will be missed
            self._process.stdin.write(json.dumps({"do": what, **more}) + "\n")
            self._process.stdin.flush()

    def _wait_for(self, kind: str, what: str, timeout_s: float) -> str:
        deadline = time.monotonic() + timeout_s
        process, words = self._process, self._words  # another thread may replace them
        answers = _kind(self._answers, kind)
        while (left := deadline - time.monotonic()) > 0 and process.poll() is None:
            with suppress(queue.Empty):
                answer = answers.get(timeout=min(left, 0.5))
                if answer.startswith(what):
                    return answer
        state = f"says nothing within {timeout_s:g} s"
        if process.poll() is not None:
            last = []
            with suppress(ValueError):  # closed by now
                words.seek(0)
                last = words.read().decode(errors="replace").strip().splitlines()[-1:]
            state = f"has died: {' '.join(last) or 'without a word'}"
        raise FaultError(f"{self.name} {state} (asked for: {what or kind}).")


def _kind(answers: _Answers, kind: str) -> queue.Queue[str]:
    return answers.setdefault(kind, queue.Queue())  # atomic: several threads come by here


def _read(lines: IO[str], into: _Answers) -> None:
    with suppress(ValueError, OSError):  # closed beneath us
        for line in lines:
            if line.startswith("{"):
                for kind, what in json.loads(line).items():
                    _kind(into, kind).put(str(what))


@contextmanager
def running_consumers(count: int) -> Iterator[tuple[ConsumerProcess, ...]]:
    """Run so many consumers, and see to it that none is left."""
    running = tuple(ConsumerProcess(f"consumer-{number}") for number in range(1, count + 1))
    try:
        yield running
    finally:
        for each in running:
            each.close()


def all_begin(running: tuple[ConsumerProcess, ...], **order: str) -> None:
    """Let all begin at once: each waits for its share, which it has when the others are there."""
    with ThreadPoolExecutor(max(1, len(running))) as pool:
        list(pool.map(lambda each: each.begin(**order), running))


def all_end(running: tuple[ConsumerProcess, ...]) -> None:
    """Let all end at once."""
    with ThreadPoolExecutor(max(1, len(running))) as pool:
        list(pool.map(ConsumerProcess.end, running))
