"""Many nodes at a glance: a tile each, those that are not up first; the one that was clicked in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.views.markup import PAD, el, facts, shorten, text
from rmqlab.views.parts import state_symbol

if TYPE_CHECKING:
    from rmqlab.observe import NodeState
    from rmqlab.views.looker import Looker

COLUMNS = 4
_WIDE, _HIGH = 204.0, 30.0
_TILES = 80


def draw(nodes: tuple[NodeState, ...], y: float, looker: Looker) -> tuple[str, float]:
    """Draw the nodes as tiles from `y` down; return them and where they end."""
    ordered = sorted(nodes, key=lambda node: (node.state == "up", _rank(node), node.name))
    shown = ordered[:_TILES]
    tiles = [
        _tile(node, PAD + (at % COLUMNS) * (_WIDE + 6), y + (at // COLUMNS) * (_HIGH + 6), looker)
        for at, node in enumerate(shown)
    ]
    y += -(-len(shown) // COLUMNS) * (_HIGH + 6)
    if len(ordered) > len(shown):
        up = sum(node.state == "up" for node in ordered[_TILES:])
        tiles.append(text(PAD, y + 12, f"and {len(ordered) - _TILES:,} more, {up:,} of them up", "f-soft s"))
        y += 20
    return "".join(tiles), y


def _rank(node: NodeState) -> int:
    return (
        ("NAMESRV", "MASTER", "SLAVE").index(node.role) if node.role in {"NAMESRV", "MASTER", "SLAVE"} else 3
    )


def _tile(node: NodeState, x: float, y: float, looker: Looker) -> str:
    state = node.state if node.state in {"up", "paused", "down"} else "down"
    edge = "line" if state == "up" else state
    hint = f"{node.name}: show what can be done to it"
    control = {"data_action": "select", "data_target": node.name, "role": "button", "tabindex": 0}
    return el(
        "g",
        facts(node.name, node.role.lower(), node.state, node.address),
        el(
            "rect",
            x=x,
            y=y,
            width=_WIDE,
            height=_HIGH,
            rx=7,
            class_=f"hot f-card s-{'accent' if node.name == looker.selected else edge}",
            stroke_dasharray="5 4" if state == "down" else None,
        ),
        state_symbol(x + 14, y + 15, state),
        text(x + 26, y + 19.5, shorten(node.name, 16), "f-ink b s"),
        text(x + _WIDE - 8, y + 19.5, node.state, f"f-{state} s e"),
        data_id=f"n-{node.name}",
        **({**control, "aria_label": hint} if looker.live else {}),
    )
