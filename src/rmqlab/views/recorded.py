"""A recording shown again: in a notebook, as a page of its own, in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmqlab.errors import RecordingError
from rmqlab.ledger import Account
from rmqlab.observe import Recorder
from rmqlab.observe.snapshot import Interest
from rmqlab.views.drawing import count
from rmqlab.views.frames import as_json, frames
from rmqlab.views.notebook import in_kernel, watch_cells, when_replaced
from rmqlab.views.replay_page import page
from rmqlab.views.view import Still, View, draw_still

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.observe import Observable, Recording
    from rmqlab.views.frames import Frame
    from rmqlab.views.looker import Kind
    from rmqlab.views.widget import Player

_MOST_LINES = 40


class Replay:
    """A recording, to be looked at: the last expression of a cell shows it with its controls.

    Made by `lab.replay` and `rmqlab.views.replay`.

    Args:
        recording: what was recorded.
        kinds: the kinds of picture that there are.

    Raises:
        RecordingError: nothing was recorded.
    """

    def __init__(self, recording: Recording, kinds: Mapping[str, Kind]) -> None:
        if not recording.snapshots or not recording.views:
            raise RecordingError(f"{recording.path} has nothing to show: it broke off before it began.")
        self.recording = recording
        self._kinds = kinds

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """What there is to see, moment by moment."""
        return frames(self.recording, self._kinds)

    def save_html(self, path: str | Path) -> Path:
        """Write a page that plays the recording from a disk, without any network.

        Raises:
            RecordingError: it cannot be written there.
        """
        return _write(path, page(self.frames, self.recording))

    def save_svg(self, path: str | Path, *, view: int = 0) -> Path:
        """Write one picture's frames as an SVG that moves by itself, as an image in a README does.

        Args:
            path: the file.
            view: which of the recording's pictures.

        Raises:
            RecordingError: it cannot be written there.
        """
        from rmqlab.views.moving_image import moving_image  # noqa: PLC0415 - few want one

        return _write(path, moving_image(self.frames, view))

    def still(self) -> Still:
        """Return the first picture as it was at the end, without what differs from run to run."""
        return self._stills()[0]

    def _stills(self) -> list[Still]:
        seen = self.recording.snapshots
        views = self.recording.views_at(seen[-1].taken_ms)
        return [Still(draw_still(self._kinds[kind], what, seen)) for kind, what in views]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundles = [still._repr_mimebundle_(include, exclude) for still in self._stills()]
        bundle: dict[str, Any] = {
            "text/plain": "\n\n".join([self._title, *(each["text/plain"] for each in bundles)]),
            "text/html": "<br>".join(each["text/html"] for each in bundles),
            "image/svg+xml": bundles[0]["image/svg+xml"],
        }
        if in_kernel():
            watch_cells()
            player = self._widget()
            when_replaced(player.close)  # kernel and page keep it else
            bundle |= player.view_mime
        return bundle

    def _widget(self) -> Player:
        from rmqlab.views.widget import Player  # noqa: PLC0415 - a terminal has no use for it

        return Player(frames=as_json(self.frames, self.recording))

    @property
    def _title(self) -> str:
        return f"The recording {self.recording.name!r}, as it was at its end"

    def __repr__(self) -> str:
        recording = self.recording
        began = self.frames[0].at_ms
        lines = [
            f"{(frame.at_ms - began) / 1000:7.1f} s  {text}"
            for frame in self.frames
            for _, text in frame.events
        ]
        if len(lines) > _MOST_LINES:
            left_out = len(lines) - _MOST_LINES
            lines = [*lines[: _MOST_LINES // 2], f"      ...  {left_out} more", *lines[-_MOST_LINES // 2 :]]
        pictures = ", ".join(kind for kind, _ in recording.views)
        lasted = (self.frames[-1].at_ms - began) / 1000
        seen = count(len(self.frames), "frame")
        why = {"stopped": "", "full": "; it reached its largest size"}.get(recording.ended, "; it broke off")
        return "\n".join(
            [
                f"Recording {recording.name!r} of {recording.cluster}: {pictures}",
                f"{seen} in {lasted:.1f} s{why}",
                *lines,
                *("\n" + still.drawing.text for still in self._stills()),
            ]
        )


def _write(path: str | Path, content: str) -> Path:
    path = Path(path)
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"{path} cannot be written: {error.strerror}.") from None
    return path


def recorder(
    name: str, source: Observable, shown: tuple[View | str, ...], kinds: Mapping[str, Kind]
) -> Recorder:
    """Return a recorder of some pictures of a cluster.

    Args:
        name: the recording's; one of that name is replaced.
        source: the cluster.
        shown: views, or names of kinds that take no arguments; the map if there is none.
        kinds: the kinds of picture that there are.

    Raises:
        RecordingError: the name is none for a file.
        TypeError: a kind wants arguments.
        ValueError: there is no such kind.
    """
    views = [
        (each.kind, each.what) if isinstance(each, View) else (_kind(each, kinds), {})
        for each in shown or ("map",)
    ]
    interest = Interest(registrations=True)  # what is wrong with links and disks is news
    for kind, what in views:
        interest |= kind.interest(what)
    if in_kernel():
        watch_cells()
    return Recorder(name, source, interest, lambda: tuple((kind.name, _plain(what)) for kind, what in views))


def _plain(what: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as they are now: an inbox or a list goes on growing."""
    return {name: _plain_value(value) for name, value in what.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Account):
        return value.summary()
    if isinstance(value, dict):
        return {
            name: _plain_value(each) if isinstance(each, Account) else each for name, each in value.items()
        }
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        return value
    return tuple(value)


def _kind(name: str, kinds: Mapping[str, Kind]) -> Kind:
    if name not in kinds:
        raise ValueError(f"There is no picture {name!r}; there are: {', '.join(kinds)}.")
    return kinds[name]
