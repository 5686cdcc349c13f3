"""The widgets: one holds a drawn picture and hands clicks to whoever drew it, one holds a replay's frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from rmqlab.views.ink import FORCED_COLOURS
from rmqlab.views.scripts import BAR_CSS, script

if TYPE_CHECKING:
    from collections.abc import Callable

_CSS = (
    FORCED_COLOURS
    + """
.rmqlab-view{max-width:864px;padding:2px}
.rmqlab-view details{font-size:12px;opacity:.85;margin:2px 0 0 4px}
.rmqlab-view summary{cursor:pointer}
.rmqlab-away{font-weight:600;padding:4px 6px;color:var(--jp-ui-font-color1,inherit)}
.rmqlab-stale svg{opacity:.6}
.rmqlab-stale [data-id=badge]{display:none}
.rmqlab-view table{border-collapse:collapse;margin:4px 0}
.rmqlab-view caption{text-align:left}
.rmqlab-view th,.rmqlab-view td{padding:2px 10px;text-align:left;border-bottom:1px solid #8884}
"""
)


class Picture(anywidget.AnyWidget):
    """Shows SVG text, morphing from one to the next; sends `{action, target}` back.

    `svg` is the picture, `table` the same facts as HTML. `on_action(action, target)` is called for each
    click, and answered: a page that hears nothing says so.
    """

    _esm = script("morph", "countdown", "widget")
    _css = _CSS
    svg = traitlets.Unicode().tag(sync=True)
    table = traitlets.Unicode().tag(sync=True)

    def __init__(self, svg: str, table: str, on_action: Callable[[str, str], None]) -> None:
        super().__init__(svg=svg, table=table)
        self.on_msg(lambda _, content, __: self._receive(content, on_action))

    def _receive(self, content: Any, on_action: Callable[[str, str], None]) -> None:
        if isinstance(content, dict):
            on_action(str(content.get("action", "")), str(content.get("target", "")))
            self.send({"heard": content.get("action")})

    @property
    def view_mime(self) -> dict[str, Any]:
        """The mime bundle entry that makes a front end show the widget."""
        return _view_mime(self)


class Player(anywidget.AnyWidget):
    """Plays the frames of a replay, all of which it is given: it never asks the kernel.

    `frames` is `rmqlab.views.frames.as_json`'s text.
    """

    _esm = script("morph", "player", "player_widget")
    _css = _CSS + BAR_CSS
    frames = traitlets.Unicode().tag(sync=True)

    @property
    def view_mime(self) -> dict[str, Any]:
        """The mime bundle entry that makes a front end show the widget."""
        return _view_mime(self)


def _view_mime(widget: anywidget.AnyWidget) -> dict[str, Any]:
    bundle = widget._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    return {mime: value for mime, value in (data or {}).items() if mime.endswith("widget-view+json")}
