"""Recordings: where they lie, what their lines are, and reading one.

A recording is a file of JSON lines: a head, then snapshots and happenings as they came, then an end. What was
written before the recording process died can be read: only a last line that is not whole is left out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmqlab import places
from rmqlab.errors import RecordingError
from rmqlab.observe.encoding import Decoder
from rmqlab.observe.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Views = tuple[tuple[str, Mapping[str, Any]], ...]

VERSION = 1
SUFFIX = ".jsonl"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LARGEST = 256 * 1024 * 1024  # bytes of a file that is read; what is written is far below


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened while it was recorded.

    Attributes:
        at_ms: when, in milliseconds since 1970.
        kind: `cell`, `note`, `node`, `fault`, `send`, `receive` or `trouble`.
        text: what happened, in a few words.
    """

    at_ms: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded.

    Attributes:
        name: how it is called.
        path: where it lies.
        cluster: the cluster's name.
        began_ms: when it began, in milliseconds since 1970.
        views: the pictures that it is for: a kind's name, and its arguments at the beginning.
        snapshots: oldest first; one that is like the one before it but for its time ends a quiet time.
        events: oldest first.
        ended: `stopped` by whoever recorded, `full` at the size limit, empty if the recorder just ended.
        told: when arguments changed (milliseconds since 1970), and the views from then on.
    """

    name: str
    path: Path
    cluster: str
    began_ms: int
    views: Views = ()
    snapshots: tuple[Snapshot, ...] = field(default=(), repr=False)
    events: tuple[Event, ...] = field(default=(), repr=False)
    ended: str = ""
    told: tuple[tuple[int, Views], ...] = field(default=(), repr=False)

    def views_at(self, at_ms: int) -> Views:
        """Return the pictures with the arguments that they had then."""
        return next((views for since_ms, views in reversed(self.told) if since_ms <= at_ms), self.views)


def recordings_dir() -> Path:
    """Return the folder of the recordings: `recordings` in the state folder."""
    return places.state_dir() / "recordings"


def recording_path(name: str) -> Path:
    """Return where the recording of a name lies.

    Raises:
        RecordingError: the name is none for a file.
    """
    if not _NAME.fullmatch(name) or name.endswith(SUFFIX):
        raise RecordingError(
            f"{name!r} cannot be a recording's name. Take up to 64 letters, digits, '-', '_' and '.', "
            "a letter or digit first."
        )
    return recordings_dir() / f"{name}{SUFFIX}"


def find_recording(name: str | Path) -> Path:
    """Return the file of a recording, by its name or its path.

    Raises:
        RecordingError: there is none; the message names those that there are.
    """
    path = Path(name)
    if path.suffix != SUFFIX and len(path.parts) == 1:
        path = recording_path(str(name))
    if path.is_file():
        return path
    there = ", ".join(sorted(each.stem for each in recordings_dir().glob(f"*{SUFFIX}"))) or "none"
    raise RecordingError(f"There is no recording {str(name)!r}. There are: {there}.")


def read_recording(name: str | Path) -> Recording:
    """Read a recording, by its name or its path.

    Raises:
        RecordingError: there is none, it is no recording, it is damaged, or of a version that is not known.
    """
    path = find_recording(name)
    if path.stat().st_size > _LARGEST:
        raise RecordingError(f"{path} is larger than any recording is. Nothing was read.")
    lines = path.read_bytes().split(b"\n")
    # Whoever was killed while writing leaves half a line, and no line end.
    whole = [(number, line) for number, line in enumerate(lines[:-1], 1) if line.strip()]
    if not whole:
        raise RecordingError(f"{path} is no recording: its first line is missing.")
    return _assemble(path, _parsed(path, whole))


def _parsed(path: Path, lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, Any]]:
    for number, line in lines:
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _damaged(path, number, error) from None


def _assemble(path: Path, lines: Iterator[tuple[int, Any]]) -> Recording:
    decoder, number = Decoder(), 1
    snapshots: list[Snapshot] = []
    events: list[Event] = []
    try:
        _, head = next(lines)
        _check(path, head)
        views = _views(decoder, head)
        told: list[tuple[int, Views]] = []
        ended = ""
        for number, line in lines:  # noqa: B007  (for the sentence about a damaged line)
            if "snapshot" in line:
                snapshots.append(_snapshot(decoder.decode(line["snapshot"])))
            elif "same" in line:
                snapshots.append(replace(snapshots[-1], taken_ms=int(line["at"])))
            elif "views" in line:
                told.append((int(line["at"]), _views(decoder, line)))
            elif "event" in line:
                events.append(Event(int(line["at"]), str(line["event"]), str(line["text"])))
            elif "end" in line:
                ended = str(line["end"])
        return Recording(
            path.stem,
            path,
            str(head["cluster"]),
            int(head["began_ms"]),
            views,
            tuple(snapshots),
            tuple(events),
            ended,
            tuple(told),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise _damaged(path, number, error) from None


def _check(path: Path, head: Any) -> None:
    if not isinstance(head, dict) or head.get("rmqlab") != "recording":
        raise RecordingError(f"{path} is no recording: its first line does not say so.")
    if head.get("version") != VERSION:
        raise RecordingError(
            f"{path} is of version {head.get('version')}, and this RocketMQ Lab reads version {VERSION}. "
            "Record it again, or read it with the RocketMQ Lab that wrote it."
        )


def _views(decoder: Decoder, line: Any) -> Views:
    return tuple((str(kind), decoder.decode(what)) for kind, what in line["views"])


def _snapshot(value: Any) -> Snapshot:
    if not isinstance(value, Snapshot):
        raise TypeError("this is no snapshot")
    return value


def _damaged(path: Path, number: int, error: Exception) -> RecordingError:
    return RecordingError(f"{path} is damaged in line {number} ({error}). Nothing was read; record it again.")
