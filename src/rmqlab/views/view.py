"""A view: one picture of one cluster that follows it, in a notebook or a terminal.

In a notebook that runs, a view is live: it asks the feed for snapshots while somebody looks, draws each, and
does what is clicked. What is saved with the notebook beside the live widget is a still: the same drawing of
the moment at which the cell ended, without controls and without what differs from run to run.
"""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from rmqlab.observe import Feed, Observable, Snapshot, Watch, feed, history
from rmqlab.views.drawing import Drawing, failure
from rmqlab.views.looker import STILL, Kind, Looker
from rmqlab.views.notebook import cell_began, in_kernel, watch_cells, when_replaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.observe import Interest
    from rmqlab.views.widget import Picture

_LOOK_S = 20.0  # a browser says every 5 s that it looks
_FIRST_S = 3.0
_POLL_S = 0.1
_SAVED = "<small>A live picture, as it was when its cell had run.</small>"
_DOING = {"kill": "killing", "pause": "pausing", "resume": "resuming", "restart": "restarting"}


class View:
    """A live picture; the last expression of a cell shows it, `snapshot()` keeps what it shows.

    Made by `rmqlab.views.show` and `lab.view`.
    """

    def __init__(
        self, kind: Kind, source: Observable, what: Mapping[str, Any], *, through: Feed = feed
    ) -> None:
        self._kind = kind
        self._source = source
        self._what = dict(what)
        self._feed = through
        self._interest = kind.interest(self._what)
        self._looker = Looker(live=True)
        self._seen: tuple[Snapshot, ...] = ()
        self._looked_at = float("-inf")
        self._lock = threading.RLock()
        self._picture: Picture | None = None
        self._outputs = 0  # in which it is shown
        self._watch = Watch(source, self._wanted, self._follow, self._fail)

    # -- showing -----------------------------------------------------------------------------------

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:  # noqa: ARG002
        bundle = _still_bundle(self._draw_still(self._all(self._read())))
        bundle["text/html"] += _SAVED  # what is seen where no widget is: an export, a code host
        if in_kernel():
            watch_cells()
            self._look()
            bundle |= self._widget().view_mime
            self._outputs += 1
            when_replaced(self._replaced)
        return bundle

    def __repr__(self) -> str:
        return self._draw_still(self._all(self._read())).text

    def snapshot(self, *, lag: int | None = None, quiet_s: float = 1.3, timeout_s: float = 10.0) -> Still:
        """Wait until the picture no longer changes, and return it as a still.

        It is for the reader of the saved notebook, who sees neither the live picture nor its last state.

        Args:
            lag: wait until each consumer group that is drawn has exactly so many messages before it.
            quiet_s: how long it must stay the same; consumers report their progress once a second. What a
                busy broker has not answered is waited for 3 s.
            timeout_s: deadline; after it the still is what is seen then.
        """
        deadline = time.monotonic() + timeout_s
        snapshot = self._read()
        drawing, since = self._draw_still((snapshot,)), time.monotonic()
        while (now := time.monotonic()) < deadline:
            enough = max(quiet_s, _FIRST_S) if _unexplained(snapshot) else quiet_s
            if now - since >= enough and (lag is None or _lags(snapshot, self._what) == {lag}):
                break
            time.sleep(_POLL_S)
            snapshot = self._feed.read(self._source, self._interest)
            fresh = self._draw_still((snapshot,))
            if fresh != drawing:
                drawing, since = fresh, time.monotonic()
        return Still(self._draw_still(self._all(snapshot)))

    @property
    def kind(self) -> Kind:
        """What kind of picture it is."""
        return self._kind

    @property
    def what(self) -> dict[str, Any]:
        """The arguments that it was made with."""
        return self._what

    def close(self) -> None:
        """Follow the cluster no more, and take the live picture away."""
        self._feed.remove(self._watch)
        with self._lock:
            if self._picture is not None:
                self._picture.close()
                self._picture = None

    def _replaced(self) -> None:
        """Free the live picture when the last output that shows it is gone: kernel and page keep it else."""
        self._outputs -= 1
        if not self._outputs:
            self.close()

    # -- what is clicked ---------------------------------------------------------------------------

    def act(self, action: str, target: str = "") -> None:
        """Do what a control of the picture does, by its name.

        Args:
            action: `hold` (again: follow), `select` a message (`broker/queue/offset`; again: no more),
                `show` a topic, `kill`, `pause`, `resume`, `restart` a node; others do nothing.
            target: what to do it to.
        """
        if action == "look":
            self._look()
        elif action in _DOING:
            threading.Thread(
                target=self._command, args=(action, target), name="rmqlab-command", daemon=True
            ).start()
        elif action == "hold":
            self._choose(held=not self._looker.held)
        elif action == "select":
            self._choose(selected="" if target == self._looker.selected else target)
        elif action == "show":
            self._choose(shown=target, selected="")

    def _command(self, action: str, name: str) -> None:
        """Command a node, on a thread: restarting takes seconds, and the picture goes on meanwhile."""
        doing = (name, _DOING[action])
        with self._lock:
            self._choose(doing=(*self._looker.doing, doing), notice="")
        try:
            getattr(self._source.nodes[name], action)()
        except Exception as error:  # noqa: BLE001 - shown in the picture: there is no cell to raise it in
            self._choose(notice=f"Could not {action} {name}: {error}")
        with self._lock:
            self._choose(doing=tuple(each for each in self._looker.doing if each != doing))
        self._look()

    def _choose(self, **changes: Any) -> None:
        with self._lock:
            self._looker = replace(self._looker, **changes)
            if self._seen:
                self._paint()

    # -- following ---------------------------------------------------------------------------------

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        self._feed.add(self._watch)

    def _wanted(self) -> Interest | None:
        # While a cell runs, a browser's messages may have to wait until it ends: count from where it began.
        silent_s = (cell_began() or time.monotonic()) - self._looked_at
        return self._interest if silent_s < _LOOK_S else None

    def _follow(self, snapshot: Snapshot) -> None:
        with self._lock:
            if not self._looker.held:
                self._seen = self._all(snapshot)
                self._paint()

    def _fail(self, error: Exception) -> None:
        """Show what went wrong while following: there is no cell to raise it in."""
        if self._picture is not None:
            self._hang(failure(f"The picture could not be drawn: {type(error).__name__}: {error}"))

    def _paint(self) -> None:
        if self._picture is not None:
            self._hang(self._kind.picture(self._seen, self._what, self._looker))

    def _hang(self, drawing: Drawing) -> None:
        with self._lock:
            if self._picture is not None:
                with self._picture.hold_sync():
                    self._picture.svg, self._picture.table = drawing.svg, drawing.table

    def _widget(self) -> Picture:
        from rmqlab.views.widget import Picture  # noqa: PLC0415 - a terminal has no use for it

        with self._lock:
            if self._picture is None:
                drawing = self._kind.picture(self._seen, self._what, self._looker)
                self._picture = Picture(drawing.svg, drawing.table, self.act)
            return self._picture

    def _read(self) -> Snapshot:
        """Take a first reading; one that nobody's absence explains is tried again for a while."""
        deadline = time.monotonic() + _FIRST_S
        while True:
            snapshot = self._feed.read(self._source, self._interest)
            if not _unexplained(snapshot) or time.monotonic() > deadline:
                self._seen = self._all(snapshot)
                return snapshot
            time.sleep(_POLL_S)

    def _all(self, snapshot: Snapshot) -> tuple[Snapshot, ...]:
        """Return what the picture is drawn from: a reading, or the history that ends with it."""
        if not self._kind.history:
            return (snapshot,)
        return self._feed.history(self._source, self._interest) or (snapshot,)

    def _draw_still(self, seen: tuple[Snapshot, ...]) -> Drawing:
        return draw_still(self._kind, self._what, seen)


def _unexplained(snapshot: Snapshot) -> bool:
    """Tell whether something could not be read that is neither down nor paused."""
    return any(gap.reason not in {"down", "paused"} for gap in snapshot.gaps)


def draw_still(kind: Kind, what: Mapping[str, Any], seen: tuple[Snapshot, ...]) -> Drawing:
    """Draw what was seen without controls and without what differs from run to run."""
    stills = history.still(seen) if kind.history else (seen[-1].still(),)
    return kind.picture(stills, what, STILL)


class Still:
    """A picture that stays as it is: what `View.snapshot` returns."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        return _still_bundle(self.drawing)

    def __repr__(self) -> str:
        return self.drawing.text


def _still_bundle(drawing: Drawing) -> dict[str, str]:
    # JupyterLab shows an SVG at its full width, cut off at the cell's edge, and none in a notebook that
    # it does not trust; an image within HTML it shows in both, as wide as there is room.
    source = "data:image/svg+xml;base64," + base64.b64encode(drawing.svg.encode()).decode()
    image = f'<img src="{source}" alt={quoteattr(drawing.text)} style="max-width:100%">'
    return {"text/plain": drawing.text, "text/html": image, "image/svg+xml": drawing.svg}


def _lags(snapshot: Snapshot, what: Mapping[str, Any]) -> set[int]:
    """Return the lags of the groups that are drawn: those of `groups=` or `group=`, else all."""
    chosen = what.get("groups", what.get("group"))
    names = {chosen} if isinstance(chosen, str) else chosen
    groups = [group for topic in snapshot.topics for group in topic.groups]
    return {group.lag for group in groups if names is None or group.name in names}
