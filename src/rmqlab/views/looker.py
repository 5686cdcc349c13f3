"""What the person who looks has chosen, and the kinds of picture there are to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rmqlab.observe import Interest, Snapshot
    from rmqlab.views.drawing import Drawing


@dataclass(frozen=True, slots=True)
class Looker:
    """The state of a view, which is not the cluster's.

    Attributes:
        live: somebody can click: controls are drawn. A picture in a file has none.
        held: the picture stands still while the cluster goes on.
        selected: the name of the message that was clicked (`broker/queue/offset`), or empty.
        shown: the topic that was picked, or empty for the first.
        doing: what is being done to nodes, by name: `killing`, ...
        notice: what went wrong last, in a sentence.
    """

    live: bool = False
    held: bool = False
    selected: str = ""
    shown: str = ""
    doing: tuple[tuple[str, str], ...] = ()
    notice: str = ""


STILL = Looker()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of picture: what it needs to know, and how it is drawn. Both are pure functions.

    Attributes:
        name: what `show` calls it.
        interest: from the arguments of `show` to what must be read; raises TypeError for arguments it does
            not know.
        draw: from a snapshot, the arguments and the looker to the picture.
        history: draw from how it went: `draw` is given a tuple of snapshots, the oldest first and never
            empty, for each of which was asked what `interest` says. They are without the queues' messages.
    """

    name: str
    interest: Callable[[Mapping[str, Any]], Interest]
    draw: Callable[[Any, Mapping[str, Any], Looker], Drawing]
    history: bool = False

    def picture(self, seen: tuple[Snapshot, ...], what: Mapping[str, Any], looker: Looker) -> Drawing:
        """Draw the last of what was seen, or all of it."""
        return self.draw(seen if self.history else seen[-1], what, looker)
