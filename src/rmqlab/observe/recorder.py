"""Recording a cluster: what the feed reads, and what happens meanwhile, as lines of a file.

A snapshot that says nothing new is not written again; when something new comes, the end of the quiet time is.
Each line is handed to the operating system at once, so that it is there if this process is killed.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import filelock

from rmqlab import happenings
from rmqlab.errors import RecordingError
from rmqlab.observe.encoding import Encoder, as_line
from rmqlab.observe.feed import Feed, Watch, feed
from rmqlab.observe.history import same
from rmqlab.observe.recording import VERSION, Recording, read_recording, recording_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO, Self

    from rmqlab.happenings import Happening
    from rmqlab.observe.reader import Observable
    from rmqlab.observe.snapshot import Interest, Snapshot

LIMIT_BYTES = 32 * 1024 * 1024
"""How large a recording may become: an hour of a lab, some minutes of a cluster under load."""
_ROOM_FOR_THE_END = 4096
_LONGEST_TEXT = 400


class Recorder:
    """Records until the end of its `with`, or from `start` to `stop`. Made by `lab.record`.

    Args:
        name: the recording's name; an earlier one of that name is replaced.
        source: the cluster.
        interest: what to read.
        views: returns the pictures that it is for, a kind's name and its arguments each; asked with each
            snapshot, because what a program tells a picture may grow.
        through: who reads.
        limit_bytes: how large the file may become; then it ends, and says so.

    Raises:
        RecordingError: the name is none for a file.
    """

    def __init__(  # noqa: PLR0913 - what a recording is of
        self,
        name: str,
        source: Observable,
        interest: Interest,
        views: Callable[[], Sequence[tuple[str, Mapping[str, Any]]]] = tuple,
        *,
        through: Feed = feed,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self.name = name
        self.path = recording_path(name)
        self.why_ended = ""
        self._source = source
        self._interest = interest
        self._views = views
        self._feed = through
        self._limit = limit_bytes
        self._encoder = Encoder()
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._size = 0
        self._shown: Sequence[tuple[str, Mapping[str, Any]]] = ()
        self._last: Snapshot | None = None
        self._quiet_until = 0
        self._counts: dict[tuple[str, str], int] = {}
        self._ending = False
        # Whoever ends it, the feed's thread at the limit, lets it go; so does the end of the process.
        self._only_one = filelock.FileLock(f"{self.path}.lock", timeout=0, thread_local=False)
        self._with = contextlib.ExitStack()
        self._watch = Watch(source, lambda: interest if self.running else None, self._keep, self._fail)

    @property
    def running(self) -> bool:
        """Whether it still records."""
        return self._file is not None

    def start(self) -> Self:
        """Begin, with a first reading.

        Raises:
            RecordingError: it has been started before, another one of that name is at it, or a picture has an
                argument that cannot be written down.
            OSError: the file cannot be written.
        """
        if self._last is not None or self.running:
            raise RecordingError(f"The recorder of {self.name!r} has been started before. Make a new one.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._shown = self._views()
        head = {
            "rmqlab": "recording",
            "version": VERSION,
            "cluster": self._source.name,
            "began_ms": _now_ms(),
            "views": self._encoded(self._shown),
        }
        try:
            self._only_one.acquire()
        except filelock.Timeout:
            raise RecordingError(
                f"{self.name!r} is being recorded already. Stop that one, or take another name."
            ) from None
        self._file = self.path.open("wb", buffering=0)
        self._write(head)
        self._with.enter_context(happenings.listening(self._hear))
        try:
            self._keep(self._feed.read(self._source, self._interest))
        except BaseException:
            self.stop()
            raise
        self._feed.add(self._watch)
        return self

    def stop(self) -> None:
        """End, with a last reading; a second time does nothing."""
        if not self.running:
            return
        self._feed.remove(self._watch)
        with contextlib.suppress(Exception):  # what ends a cell must not hide why it ended
            self._keep(self._feed.read(self._source, self._interest))
        with self._lock:
            self._end("stopped")

    def note(self, text: str) -> None:
        """Say what comes now: it is the replay's caption from here on."""
        self._hear(happenings.Happening("note", text))

    def recording(self) -> Recording:
        """Return what has been recorded so far.

        Raises:
            RecordingError: nothing has.
        """
        return read_recording(self.path)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        if self.running:
            return f"Recording {self.name!r} to {self.path}"
        if not self.why_ended:
            return f"The recording {self.name!r} has not begun; with it: it begins."
        full = " It reached its largest size, and ends there." if self.why_ended == "full" else ""
        return f"Recorded as {self.name!r}, in place of any earlier one.{full}"

    # -- what comes in -------------------------------------------------------------------------------

    def _keep(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._write_counts()
            shown = self._views()
            if shown != self._shown:
                self._shown = shown
                self._write({"at": snapshot.taken_ms, "views": self._encoded(shown)})
            if self._last is not None and same(self._last, snapshot):
                self._quiet_until = snapshot.taken_ms
                return
            self._write_quiet()
            self._last = snapshot
            self._write({"at": snapshot.taken_ms, "snapshot": self._encoder.encode(snapshot)})

    def _hear(self, happening: Happening) -> None:
        if happening.where not in {"", self._source.name, self._source.namesrv}:
            return
        with self._lock:
            if happening.kind in {"send", "receive"}:  # there can be thousands a second: counted
                key = (happening.kind, happening.text)
                self._counts[key] = self._counts.get(key, 0) + 1
            else:
                self._write_counts()
                self._write_event(happening.kind, happening.text)

    def _fail(self, error: Exception) -> None:
        with self._lock:
            self._write_event("trouble", f"could not be read: {error}")

    # -- what is written, under the lock -------------------------------------------------------------

    def _encoded(self, views: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Any]:
        try:
            return [[kind, self._encoder.encode(dict(what))] for kind, what in views]
        except TypeError as error:
            raise RecordingError(f"A picture's argument cannot be recorded: {error}.") from None

    def _write_counts(self) -> None:
        counts, self._counts = self._counts, {}
        for (kind, text), count in counts.items():
            self._write_event(kind, f"{text} ({count:,} times)" if count > 1 else text)

    def _write_event(self, kind: str, text: str) -> None:
        self._write({"at": _now_ms(), "event": kind, "text": text[:_LONGEST_TEXT]})

    def _write_quiet(self) -> None:
        if self._last is not None and self._quiet_until > self._last.taken_ms:
            self._write({"at": self._quiet_until, "same": True})
            self._quiet_until = 0

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is None:
            return
        written = as_line(line).encode() + b"\n"
        room = self._limit - (0 if self._ending else _ROOM_FOR_THE_END)
        if self._size + len(written) <= room:
            self._file.write(written)
            self._size += len(written)
        elif not self._ending:
            self._end("full")

    def _end(self, why: str) -> None:
        if self._file is None or self._ending:
            return
        self._ending = True
        self._write_counts()
        self._write_quiet()
        self._write({"at": _now_ms(), "end": why})
        self._file.close()
        self._file = None
        self._with.close()  # here, since a recording may end by itself: when it is full
        self.why_ended = why
        self._only_one.release()


def _now_ms() -> int:
    return int(time.time() * 1000)
