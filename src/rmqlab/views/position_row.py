"""One commit log as a row: what is on the disk, what is only written, what is readable, what slaves have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.views.markup import PAD, at, el, facts, shorten, text
from rmqlab.views.parts import state_symbol
from rmqlab.views.position_words import Words, role_of
from rmqlab.views.sizes import amount

if TYPE_CHECKING:
    from rmqlab.observe import Copy, Store

WIDTH = 864.0
LEFT, _RIGHT, _SAID = 186.0, 548.0, 566.0
_BAR, _THIN, _LINE = 18, 8, 18
_LOW = 62.0
_LEAST_SPAN = 4096
_ROOM = 1.25
_TRIANGLE = "M0 0L5 8H-5Z"


@dataclass(frozen=True)
class Scale:
    """The part of a commit log that is drawn: `span` bytes from `start` on."""

    start: int
    span: int
    rough: bool = False

    @classmethod
    def of(cls, group: tuple[Store, ...], *, rough: bool) -> Scale:
        """Return the scale of a master and its slaves: a power of two with room for all their distances."""
        known = [store for store in group if not store.silent] or list(group)
        end = max(store.max_offset for store in known)
        first = min(mark for store in known for mark in _marks(store))
        span = _LEAST_SPAN
        while span < (end - first) * _ROOM:
            span *= 2
        return cls(end - span if rough else max(0, end - span), span, rough)

    @property
    def caption(self) -> str:
        """What is drawn, in words."""
        if self.rough:
            return "commit log, its end"
        return f"commit log, its last {amount(self.span)}" if self.start else "commit log"

    def x(self, offset: int) -> float:
        """Return where an offset lies."""
        return LEFT + min(1.0, max(0.0, (offset - self.start) / self.span)) * (_RIGHT - LEFT)


def _marks(store: Store) -> list[int]:
    marks = [store.max_offset, store.flushed, *(copy.acked for copy in store.copies)]
    return marks if store.dispatched is None else [*marks, store.dispatched]


def height(store: Store, group: tuple[Store, ...]) -> float:
    """Return how tall a row is."""
    return max(_LOW, 44.0 + _LINE * len(Words(rough=False).copies(store, group)))


def draw(store: Store, group: tuple[Store, ...], scale: Scale, y: float) -> str:
    """Draw one row from `y` down."""
    state = store.silent or "up"
    words = Words(rough=scale.rough)
    nothing = store.silent and scale.rough
    return el(
        "g",
        state_symbol(PAD + 5, y + 9, state if state in {"up", "paused"} else "down"),
        text(PAD + 16, y + 13.5, shorten(store.node, 18), "f-ink b"),
        text(
            PAD + 16, y + 30, store.silent or role_of(store), "f-paused b s" if store.silent else "f-soft c"
        ),
        text(PAD + 16, y + 46, f"to {store.max_offset:,}", "f-soft c") if not scale.rough else "",
        "" if nothing else _bars(store, scale, y),
        "" if nothing else _said(store, group, words, y),
        data_id=f"store-{store.node}",
    )


def _bars(store: Store, scale: Scale, y: float) -> str:
    solid = "f-soft" if store.silent else "f-accent"
    parts = [
        facts(*_facts(store)),
        el("rect", x=LEFT, y=y, width=_RIGHT - LEFT, height=_BAR, rx=3, class_="f-card s-line"),
        _written(scale.x(store.flushed), scale.x(store.max_offset), y),
        _bar("flushed", scale.x(store.flushed), y, _BAR, solid),
    ]
    if scale.start:
        parts.append(text(LEFT + 6, y + 13.5, "…", "f-on b"))
    if store.dispatched is not None:
        mark = el("path", d=_TRIANGLE, class_="f-ink move", style=at(scale.x(store.dispatched), y + _BAR + 2))
        parts.append(mark)
    for number, copy in enumerate(store.copies):
        top = y + _LINE * (2 + number) + 3
        parts += [
            el("rect", x=LEFT, y=top, width=_RIGHT - LEFT, height=_THIN, rx=3, class_="f-card s-line"),
            _bar(f"copy-{number}", scale.x(copy.acked), top, _THIN, _ink(copy, store)),
        ]
    return el("g", *parts)


def _ink(copy: Copy, store: Store) -> str:
    if store.silent:
        return "f-soft"
    return "f-up" if copy.in_sync else "f-paused"


def _bar(name: str, right: float, top: float, tall: float, class_: str) -> str:
    """Return a bar whose length moves: one pixel wide, and stretched."""
    return el(
        "rect",
        width=1,
        height=tall,
        class_=f"{class_} move",
        style=f"{at(LEFT, top)} scale({max(0.0, right - LEFT):.2f},1)",
        data_id=name,
    )


def _written(left: float, right: float, y: float) -> str:
    """Return the outline of what is written and not on the disk: dashed, with an end that moves."""
    if right <= left:
        return ""
    return el(
        "path",
        d=f"M{left:.2f} {y}H{right:.2f}v{_BAR}H{left:.2f}",
        class_="none s-ink",
        stroke_dasharray="4 3",
        data_id="written",
    )


def _said(store: Store, group: tuple[Store, ...], words: Words, y: float) -> str:
    on_disk, readable = words.on_disk(store), words.readable(store)
    lines = [
        _line(
            "■",
            f"on disk: {on_disk}",
            y + 13.5,
            good=on_disk.startswith("all but 16 KiB at") or on_disk == "all",
        ),
    ]
    if readable != "unknown":
        lines.append(_line("▲", f"readable: {readable}", y + 13.5 + _LINE, good=readable == "all"))
    for number, (said, good) in enumerate(words.copies(store, group)):
        lines.append(_line("✓" if good else "✗", said, y + 13.5 + _LINE * (2 + number), good=good))
    return "".join(lines)


def _line(sign: str, said: str, y: float, *, good: bool) -> str:
    ink = "f-ink" if good else "f-paused b"
    return text(_SAID, y, sign, f"{ink} s") + text(_SAID + 18, y, said, f"{ink} s")


def _facts(store: Store) -> tuple[str, ...]:
    near = f" (within {amount(store.flushed_within)})" if store.flushed_within else ""
    rates = [
        f"{rate:,.1f} messages/s {word}, average of 10 s"
        for rate, word in ((store.put_per_s, "stored"), (store.get_per_s, "handed out"))
        if rate is not None
    ]
    return (
        f"{store.node}, {role_of(store)}" + (f", {store.silent}" if store.silent else ""),
        f"commit log from {store.min_offset:,} to {store.max_offset:,}",
        f"on the disk up to {store.flushed:,}{near}",
        "" if store.dispatched is None else f"in the queues up to {store.dispatched:,}",
        *(f"{copy.slave or 'a slave'} has it up to {copy.acked:,}" for copy in store.copies),
        *rates,
        "" if store.disk_used is None else f"{store.disk_used:.0%} of its disk is used",
    )


def legend(y: float, *, copies: bool) -> tuple[str, float]:
    """Draw what the signs mean from `y` down; return it and where it ends."""
    entries = [
        (el("rect", x=0, y=-9, width=22, height=10, class_="f-accent"), "on the disk", 104),
        (
            el("rect", x=0, y=-9, width=22, height=10, class_="none s-ink", stroke_dasharray="4 3"),
            "written, not on the disk",
            184,
        ),
        (el("path", d=_TRIANGLE, transform="translate(11 -8)", class_="f-ink"), "readable up to here", 152),
    ]
    if copies:
        entries.append((el("rect", x=0, y=-7, width=22, height=7, class_="f-up"), "a slave has it", 120))
    entries.append((text(4, 0, "…", "f-ink b"), "older, not drawn", 130))
    parts, x = [], float(PAD)
    for sign, said, wide in entries:
        parts.append(el("g", sign, text(28, 0, said, "f-soft s"), transform=f"translate({x:g} {y + 12:g})"))
        x += wide + 10
    return "".join(parts), y + 20
