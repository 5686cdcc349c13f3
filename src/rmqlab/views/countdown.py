"""Time that is left, in words; a live picture's go on by themselves between its frames.

The browser's half is countdown.js, which writes the same words.
"""

from __future__ import annotations

from rmqlab.views.markup import text

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def words(left_ms: float) -> str:
    """Return `due`, `7 s`, `4 min 05 s`, `1 h 59 min` or `2 d 3 h`; a second that has begun counts."""
    seconds = -int(-left_ms // 1000)
    if seconds <= 0:
        return "due"
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE:02} s"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"
    return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h"


def countdown(x: float, y: float, left_ms: float, class_: str, *, runs: bool) -> str:
    """Return a line of text that says what is left; `runs`: it counts down in the browser."""
    return text(x, y, words(left_ms), class_, data_left=round(left_ms) if runs else None)
