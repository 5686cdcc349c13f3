"""The picture of `rmqlab bench client`: rates as a share of the Java client's, and waits on a log scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rmqlab.views.markup import PAD, el, facts, picture, text

if TYPE_CHECKING:
    from rmqlab.bench.ways import Found, Measured

_WIDTH = 940
_LABELS = 150
_BARS = 250
_NUMBERS = 120
_WAITS = _WIDTH - _LABELS - _BARS - _NUMBERS - 4 * PAD - 14
_LINE = 15
_GAP = 12
_TOP = 92
_MOST = 1.6
"""Bars end here; a longer one says its number."""

_COLOURS = {"Java by JPype": "k7", "gRPC client": "k1"}
_OURS = "k0"


def _colour(measured: Measured) -> str:
    return _COLOURS.get(measured.side, _OURS)


class _Log:
    """Milliseconds from left to right."""

    def __init__(self, found: list[Found], left: float, width: float) -> None:
        waits = [
            wait
            for one in found
            for each in (one.java, *one.others)
            for wait in (each.p50_ms, each.p99_ms)
            if wait
        ]
        self.low, self.high = math.floor(math.log10(min(waits))), math.ceil(math.log10(max(waits)))
        self._left, self._width = left, width

    def x(self, milliseconds: float) -> float:
        share = (math.log10(milliseconds) - self.low) / (self.high - self.low)
        return self._left + self._width * share


def _mark(colour: str, x: float, y: float) -> str:
    """Draw a point of a side: a circle, a square, a diamond."""
    if colour == _OURS:
        return el("circle", cx=x, cy=y, r=4, class_=f"f-{colour}")
    if colour == "k1":
        return el("rect", x=x - 3.5, y=y - 3.5, width=7, height=7, class_=f"f-{colour}")
    return el("path", d=f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z", class_=f"f-{colour}")


def _share(each: Measured, left: float, y: float) -> str:
    width = _BARS * min(each.share, _MOST) / _MOST
    colour = _colour(each)
    return el(
        "g",
        facts(f"{each.side}: {each.rate:,.0f} messages/s", f"{each.share:.2f} of Java by JPype"),
        el("rect", x=left, y=y, width=round(width, 1), height=_LINE - 4, rx=2, class_=f"f-{colour}"),
        text(left + _BARS + _NUMBERS, y + 9.5, f"{each.share:.2f} · {each.rate:,.0f}/s", "f-ink c e"),
    )


def _wait(each: Measured, log: _Log, y: float) -> str:
    if each.p50_ms is None or each.p99_ms is None:
        return ""
    colour, begin, end = _colour(each), log.x(each.p50_ms), log.x(each.p99_ms)
    return el(
        "g",
        facts(f"{each.side}: p50 {each.p50_ms:.3g} ms, p99 {each.p99_ms:.3g} ms"),
        el("path", d=f"M{begin:.1f} {y:.1f}H{end:.1f}", class_=f"s-{colour} none", stroke_width=2),
        _mark(colour, begin, y),
        el("path", d=f"M{end:.1f} {y - 4:.1f}v8", class_=f"s-{colour} none", stroke_width=2),
    )


def _words(power: int) -> str:
    """Name a power of ten milliseconds shortly."""
    if power < -1:
        return f"{10 ** (power + 3)} µs"
    return f"{10**power} ms" if power in {0, 1} else f"{10.0 ** (power - 3):g} s" if power > 1 else "0.1 ms"


def _legend() -> str:
    parts = []
    x = PAD
    for colour, word in ((_OURS, "ours"), ("k7", "Java by JPype"), ("k1", "gRPC client, through a proxy")):
        parts += [_mark(colour, x + 5, 52), text(x + 15, 56, word, "f-ink s")]
        x += 32 + 6.6 * len(word)
    return "".join(parts)


def draw(found: list[Found]) -> str:
    """Return the picture: a group of lines for each way and size."""
    left = PAD + _LABELS
    waits_left = left + _BARS + _NUMBERS + 2 * PAD
    log = _Log(found, waits_left, _WAITS)
    body = [
        text(PAD, 30, "One broker, one process, in turns", "f-ink t"),
        _legend(),
        text(left, _TOP - 12, "messages/s as a share of Java by JPype (line: 1.0)", "f-soft c"),
        text(waits_left, _TOP - 12, "a call's wait: mark p50, end p99", "f-soft c"),
    ]
    y = float(_TOP)
    for one in found:
        sides = (*one.others, one.java)
        body.append(text(PAD, y + 10, one.way, "f-ink b"))
        body.append(text(PAD, y + 25, f"{one.body_bytes:,} B", "f-soft c"))
        for row, each in enumerate(sides):
            at = y + row * _LINE
            if each is not one.java and one.way != "delivered":
                body.append(_share(each, left, at))
            body.append(_wait(each, log, at + 5.5))
        y += max(2, len(sides)) * _LINE + _GAP
    one_x = left + _BARS / _MOST
    grid = [el("path", d=f"M{one_x:.1f} {_TOP - 6}V{y:.1f}", class_="s-ink none", stroke_dasharray="3 3")]
    for power in range(log.low, log.high + 1):
        x = log.x(10.0**power)
        grid.append(el("path", d=f"M{x:.1f} {_TOP - 6}V{y:.1f}", class_="s-line none"))
        grid.append(text(x, y + 14, _words(power), "f-soft c mid"))
    said = "; ".join(
        f"{one.way} {one.body_bytes} B: "
        + ", ".join(f"{each.side} {each.share:.2f} of Java by JPype" for each in one.others)
        for one in found
    )
    return picture(_WIDTH, y + 28, "Clients compared", "".join((*grid, *body)), said)
