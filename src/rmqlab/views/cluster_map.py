"""The cluster map: which processes there are, what they are for, and how they are.

NameServers stand left, masters in the middle, slaves to the right of the master that they copy. Many nodes
are tiles (`node_grid`), and the one that is clicked is drawn in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.observe import Interest, NodeState, Snapshot
from rmqlab.views import node_grid
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, at, el, facts, picture, shorten, text
from rmqlab.views.parts import LINE, button, button_width, head, notices, state_symbol, state_word

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLES = {
    "NAMESRV": ("NameServer", "NS", "knows which broker serves which topic; clients ask it first"),
    "MASTER": ("broker, master", "M", "keeps messages; producers write to it, consumers read from it"),
    "SLAVE": ("broker, slave", "S", "keeps a copy of its master's messages"),
    "KAFKA": ("broker and controller", "K", "keeps messages, and knows where they are"),
}
_COLUMN = {"MASTER": 1, "SLAVE": 2}
_CARD, _GAP = 236, 76
_TALL, _LOW = 112, 64
_TOP = 66
_MOST_CARDS = 16
_TABLE = ("node", "role", "state")
_CONTROLS = {
    "up": (
        ("Pause", "pause", "Freeze the process (SIGSTOP): its connections stay open, nothing answers"),
        ("Kill", "kill", "Kill the process at once (SIGKILL)"),
        ("Restart", "restart", "Stop the process and start it again on the same files"),
    ),
    "paused": (
        ("Resume", "resume", "Let the process go on (SIGCONT)"),
        ("Kill", "kill", "Kill the process at once (SIGKILL)"),
    ),
    "down": (("Restart", "restart", "Start the process again on the same files"),),
}


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the map needs: nodes, and which brokers the NameServer knows.

    Raises:
        TypeError: it takes no arguments.
    """
    if what:
        raise TypeError(f"the map takes no arguments, got {', '.join(sorted(what))}")
    return Interest(registrations=True)


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:  # noqa: ARG001 - as all
    """Draw the map of a snapshot's nodes."""
    nodes = tuple(node for node in snapshot.nodes if node.role != "RELAY")  # it is the lines
    if len(nodes) > _MOST_CARDS:
        return _crowd(snapshot, nodes, looker)
    places = _places(nodes)
    tall = _TALL if looker.live else _LOW
    columns = 1 + max((column for column, _ in places.values()), default=0)
    rows = 1 + max((row for _, row in places.values()), default=0)
    width = max(2 * PAD + columns * _CARD + (columns - 1) * _GAP, 2 * PAD + 2 * _CARD + _GAP)
    missing = _sentences(snapshot, looker)
    bottom = _TOP + rows * (tall + 20) - 20
    height = bottom + PAD + len(missing) * LINE + (4 if missing else 0)
    title, subtitle = _head(snapshot, nodes)
    body = (
        head(width, title, subtitle, looker)
        + "".join(_link(node, places, nodes, tall) for node in nodes)
        + "".join(_card(node, _corner(places[node.name], tall), tall, looker) for node in nodes)
        + notices(PAD + 2, bottom + PAD + 4, missing)
    )
    label = f"{title}: {subtitle}"
    return Drawing(label, picture(width, height, label, body), _TABLE, _rows(nodes), missing)


def _crowd(snapshot: Snapshot, nodes: tuple[NodeState, ...], looker: Looker) -> Drawing:
    """Draw more nodes than cards would fit for."""
    width = 2 * PAD + 4 * 204.0 + 3 * 6
    title, subtitle = _head(snapshot, nodes)
    missing = _sentences(snapshot, looker)
    tiles, y = node_grid.draw(nodes, _TOP, looker)
    body = head(width, title, subtitle, looker) + tiles
    chosen = next((node for node in nodes if looker.live and node.name == looker.selected), None)
    if chosen:
        body += el("g", _card(chosen, (PAD, y + 8), _TALL, looker), data_id="chosen")
        y += _TALL + 16
    body += notices(PAD + 2, y + PAD, missing)
    height = y + PAD + len(missing) * LINE
    label = f"{title}: {subtitle}"
    return Drawing(label, picture(width, height, label, body), _TABLE, _rows(nodes), missing)


def _head(snapshot: Snapshot, nodes: tuple[NodeState, ...]) -> tuple[str, str]:
    up = sum(node.state == "up" for node in nodes)
    title = f"Cluster {snapshot.cluster}".strip()
    return title, f"{count(len(nodes), 'process', 'processes')}, {up} up"


def _rows(nodes: tuple[NodeState, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((node.name, ROLES.get(node.role, (node.role,))[0], state_word(node.state)) for node in nodes)


def _places(nodes: tuple[NodeState, ...]) -> dict[str, tuple[int, int]]:
    """Return each node's column and row."""
    rows = {0: 0, 1: 0, 2: 0}
    places: dict[str, tuple[int, int]] = {}
    for node in sorted(nodes, key=lambda node: _COLUMN.get(node.role, 0)):
        column = _COLUMN.get(node.role, 0)
        master = _master(node, nodes) if column == 2 else None  # noqa: PLR2004 - the slaves' column
        row = max(rows[column], places[master.name][1] if master else 0)
        places[node.name] = (column, row)
        rows[column] = row + 1
        if column == 2:  # noqa: PLR2004
            rows[1] = max(rows[1], row + 1)
    return places


def _master(slave: NodeState, nodes: tuple[NodeState, ...]) -> NodeState | None:
    """Return the master of a slave: one's name goes on from the other's (`broker-a`, `broker-a-s1`)."""
    masters = [node for node in nodes if node.role == "MASTER"]
    return next((node for node in masters if _goes_on(slave.name, node.name)), None)


def _goes_on(one: str, other: str) -> bool:
    # under a controller the master may be the one with the longer name
    return f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-")


def _corner(place: tuple[int, int], tall: int) -> tuple[float, float]:
    column, row = place
    return PAD + column * (_CARD + _GAP), _TOP + row * (tall + 20)


def _link(
    node: NodeState, places: dict[str, tuple[int, int]], nodes: tuple[NodeState, ...], tall: int
) -> str:
    """Return the lines from a broker to whom it reports: the NameServers, or a slave's master."""
    if node.role == "MASTER":
        others = [other for other in nodes if other.role == "NAMESRV"]
        word = "registers"
    else:
        master = _master(node, nodes) if node.role == "SLAVE" else None
        others, word = ([master] if master else []), "copies"
    lines = []
    for other in others:
        x1, y1 = _corner(places[node.name], tall)
        x2, y2 = _corner(places[other.name], tall)
        y1, y2, x2 = y1 + tall / 2, y2 + tall / 2, x2 + _CARD
        known = node.state == "up" if node.registered is None else node.registered
        cut = f"cut off from {other.name}" in node.troubles
        holds = known and other.state != "down" and not cut
        middle = (x1 + x2) / 2
        lines.append(
            el(
                "g",
                facts(
                    f"{node.name} {word} {'with' if word == 'registers' else ''} {other.name}".replace(
                        "  ", " "
                    )
                ),
                el(
                    "path",
                    d=f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2 + 7} {y2}",
                    class_=f"none fade {'s-soft' if holds else 's-line'}",
                    stroke_width=1.8,
                    stroke_dasharray=None if holds else "3 5",
                ),
                el(
                    "path",
                    d=f"M{x2 + 9} {y2 - 5}L{x2 + 1} {y2}L{x2 + 9} {y2 + 5}Z",
                    class_=f"f-{'soft' if holds else 'line'}",
                ),
                _link_word(word if holds else "cut" if cut else "no link", x1, y1, y2),
                data_id=f"l-{node.name}-{other.name}",
            )
        )
    return "".join(lines)


def _link_word(word: str, x1: float, y1: float, y2: float) -> str:
    """Return a line's word at the end where it begins, on the side from which the line turns away."""
    if y1 == y2:
        return text(x1 - _GAP // 2, y1 - 7, word, "f-soft c mid")
    return text(x1 - 4, y1 + 14 if y2 < y1 else y1 - 7, word, "f-soft c e")


def _card(node: NodeState, corner: tuple[float, float], tall: int, looker: Looker) -> str:
    role, letters, purpose = ROLES.get(node.role, (node.role.lower(), node.role[:2], ""))
    state = node.state if node.state in _CONTROLS else "down"
    doing = dict(looker.doing).get(node.name, "")
    word = f"{doing} …" if doing else node.state
    word_at = _CARD - 14 - len(word) * 6.6
    parts = [
        facts(node.name, f"{role}: {purpose}" if purpose else role, node.state, node.address),
        el(
            "rect",
            width=_CARD,
            height=tall,
            rx=10,
            stroke_width=1.5,
            class_=f"f-card fade s-{'line' if state == 'up' else state}",
            stroke_dasharray="5 4" if state == "down" else None,
        ),
        el(
            "rect",
            x=12,
            y=14,
            width=36,
            height=36,
            rx=9,
            class_=f"f-{'ink' if state == 'up' else 'soft'} fade",
        ),
        text(30, 37, letters, "f-paper b mid"),
        text(58, 29, shorten(node.name, 14), "f-ink b"),
        text(58, 46, role, "f-soft s"),
        state_symbol(word_at - 10, 25, state) if not doing else "",
        text(word_at, 29, word, f"f-{state} b s"),
    ]
    if looker.live:
        parts.append(text(14, 72, _address(node), "f-soft m"))
        x = 12.0
        for label, action, hint in () if doing else _CONTROLS[state]:
            parts.append(button(x, 80, label, action, node.name, f"{label} {node.name}: {hint}"))
            x += button_width(label) + 8
    return el("g", *parts, data_id=f"n-{node.name}", style=at(*corner), class_="move")


def _address(node: NodeState) -> str:
    if node.registered is None:
        return node.address
    return f"{node.address} · {'in route' if node.registered else 'no route'}"


def _sentences(snapshot: Snapshot, looker: Looker) -> tuple[str, ...]:
    down = {node.name for node in snapshot.nodes if node.state != "up"}
    silent = [f"{gap.source}: {gap.reason}" for gap in snapshot.gaps if gap.source not in down]
    troubled = [f"{node.name}: {', '.join(node.troubles)}" for node in snapshot.nodes if node.troubles]
    relays = [node for node in snapshot.nodes if node.role == "RELAY" and node.state != "up"]
    stuck = [f"{relay.name}: {relay.state}, so nobody is reached" for relay in relays]
    return tuple(filter(None, (looker.notice, *stuck, *troubled, *silent)))


KIND = Kind("map", interest, draw)
