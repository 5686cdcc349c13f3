"""Frames as one SVG that moves by itself: what an image in a README can do, without any script.

An element that stays the same over several frames is there once, and CSS shows it in its turn. Whoever asked
for less motion, and a program that knows no animation, sees the last frame.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from rmqlab.views.markup import PAD, el, picture, shorten, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rmqlab.views.frames import Frame

SHORTEST_S, LONGEST_S, LAST_S = 0.7, 2.0, 4.0
"""How long a frame is seen, at least and at most, and the last one."""
_NAMESPACE = "http://www.w3.org/2000/svg"
_CAPTION = 62
_LONGEST_LINE = 118


def moving_image(drawn: Sequence[Frame], view: int = 0) -> str:
    """Return the SVG of one picture's frames, one after the other, again and again."""
    roots = [ET.fromstring(frame.drawings[view].svg) for frame in drawn]  # noqa: S314 - drawn by us
    width = max(_size(root)[0] for root in roots)
    height = max(_size(root)[1] for root in roots)
    times = _times(drawn)
    shown = _woven(
        [[*_parts(root), *_caption(frame, height)] for root, frame in zip(roots, drawn, strict=True)]
    )
    classes: dict[frozenset[int], str] = {}
    body = []
    for markup, when in shown:
        if len(when) == len(drawn):
            body.append(markup)
            continue
        name = classes.setdefault(frozenset(when), f"a{len(classes)}")
        hidden = "" if len(drawn) - 1 in when else " z"
        body.append(f'<g class="{name}{hidden}">{markup}</g>')
    style = _style(classes, times)
    label = f"{drawn[-1].drawings[view].title} (recorded; it moves)"
    return picture(width, height + _CAPTION, label, el("style", style) + "".join(body) + _bar(width, height))


def _size(root: ET.Element) -> tuple[float, float]:
    _, _, width, height = root.attrib["viewBox"].split()
    return float(width), float(height)


def _parts(root: ET.Element) -> Iterable[str]:
    """Return the picture's elements, without its style, description and paper."""
    ET.register_namespace("", _NAMESPACE)
    for number, child in enumerate(child for child in root if not child.tag.endswith(("}style", "}desc"))):
        if number:
            yield ET.tostring(child, encoding="unicode").replace(f' xmlns="{_NAMESPACE}"', "")


def _caption(frame: Frame, y: float) -> Iterable[str]:
    yield text(PAD, y + 14, shorten(frame.note, _LONGEST_LINE), "f-ink b")
    said = " · ".join(words for kind, words in frame.events if kind not in {"note", "cell"})
    yield text(PAD, y + 34, shorten(said, _LONGEST_LINE), "f-soft")


def _bar(width: float, height: float) -> str:
    size = width - 2 * PAD
    return el("rect", x=PAD, y=height + 46, width=size, height=3, class_="f-line") + el(
        "rect", x=PAD, y=height + 46, width=size, height=3, class_="f-accent bar"
    )


def _times(drawn: Sequence[Frame]) -> list[float]:
    """Return when each frame begins, in seconds, and when the last one ends."""
    times = [0.0]
    for frame, following in pairwise(drawn):
        lasted = (following.at_ms - frame.at_ms) / 1000
        times.append(times[-1] + min(LONGEST_S, max(SHORTEST_S, lasted)))
    return [*times, times[-1] + LAST_S]


def _woven(frames: list[list[str]]) -> list[tuple[str, set[int]]]:
    """Join the frames' elements into one row that keeps the order of each; say where each one is seen."""
    row: list[tuple[str, set[int]]] = []
    for number, parts in enumerate(frames):
        place = 0
        for part in parts:
            found = next(
                (n for n in range(place, len(row)) if row[n][0] == part and number not in row[n][1]), None
            )
            if found is None:
                row.insert(place, (part, {number}))
                place += 1
            else:
                row[found][1].add(number)
                place = found + 1
    return row


def _style(classes: dict[frozenset[int], str], times: list[float]) -> str:
    whole = times[-1]
    rules = [".z{visibility:hidden}", ".bar{transform-origin:16px 0}"]
    moving = [f".bar{{animation:bar {whole:.1f}s linear infinite}}"]
    for when, name in classes.items():
        moving.append(f".{name}{{animation:{name} {whole:.1f}s step-end infinite}}")
        steps = []
        for frame in range(len(times) - 1):
            if frame == 0 or (frame in when) != (frame - 1 in when):
                word = "visible" if frame in when else "hidden"
                steps.append(f"{100 * times[frame] / whole:.2f}%{{visibility:{word}}}")
        rules.append(f"@keyframes {name}{{{''.join(steps)}}}")
    rules.append("@keyframes bar{from{transform:scaleX(0)}to{transform:scaleX(1)}}")
    return "".join(rules) + f"@media (prefers-reduced-motion:no-preference){{{''.join(moving)}}}"
