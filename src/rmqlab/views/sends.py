"""How long sends took, as the program saw it: one lane a mode, all on one scale of time.

It draws what the program has measured and asks the cluster nothing: only the sender knows when it called.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from rmqlab.observe import Interest, Snapshot
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, el, facts, picture, shorten, text
from rmqlab.views.parts import head

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Call = tuple[float, float, float | None]

WIDTH = 864
_LEFT, _RIGHT = 112, WIDTH - PAD
_TOP, _LANE = 84, 66
_MIN_BAR = 2.0
_TABLE = ("mode", "messages", "handed over in", "a second", "half the calls", "half the answers", "99 %")


def interest(what: Mapping[str, Any]) -> Interest:
    """Return that nothing is asked of the cluster.

    `what` has `calls`: for each mode one (called, returned, answered) a message, in seconds of one clock;
    `answered` is None for a message that nobody answers.

    Raises:
        TypeError: another argument, or calls of another shape.
    """
    calls = what.get("calls")
    if what.keys() != {"calls"} or not isinstance(calls, dict) or not all(calls.values()) or not calls:
        raise TypeError("the sends take calls=, for each mode a list of (called, returned, answered)")
    for mode, lane in calls.items():
        if any(len(call) != 3 for call in lane):  # noqa: PLR2004  (the three that the sentence names)
            raise TypeError(f"the calls of {mode} are (called, returned, answered), in seconds")
    return Interest()


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:  # noqa: ARG001 - a Kind's shape
    """Draw the lanes in the order in which they are given."""
    calls: Mapping[str, Sequence[Call]] = what["calls"]
    longest = max(_end(lane) for lane in calls.values())
    title = "How long the sends took"
    sent = count(max(len(lane) for lane in calls.values()), "message")
    subtitle = f"{sent} in each mode, each lane from its first call on; the axis ends at {duration(longest)}"
    rows = tuple(_row(mode, lane) for mode, lane in calls.items())
    lanes = "".join(
        _lane(row, lane, longest, _TOP + number * _LANE)
        for number, (row, lane) in enumerate(zip(rows, calls.values(), strict=True))
    )
    bottom = _TOP + len(calls) * _LANE
    body = head(WIDTH, title, subtitle, looker) + lanes + _legend(bottom + 6)
    label = f"{title}: {subtitle}"
    return Drawing(label, picture(WIDTH, bottom + 26, label, body), _TABLE, rows)


def duration(seconds: float) -> str:
    """Return a duration as people say it: 0.43 ms, 12 ms, 1.3 s."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    ms = seconds * 1000
    if ms >= 10:  # noqa: PLR2004  (two digits tell enough)
        return f"{ms:.0f} ms"
    return f"{ms:.2g} ms" if ms >= 0.01 else "< 0.01 ms"  # noqa: PLR2004  (what a clock tells apart)


def _lane(row: tuple[str, ...], lane: Sequence[Call], longest: float, y: float) -> str:
    mode, began = row[0], lane[0][0]

    def x(moment: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (moment - began) / longest

    answers = sorted({round(x(answered), 1) for _, _, answered in lane if answered is not None})
    returned = max(_MIN_BAR, x(max(call[1] for call in lane)) - _LEFT)
    whole = max(returned, x(began + _end(lane)) - _LEFT)
    summary = _sentence(row)
    return el(
        "g",
        facts(f"{mode}: {summary}"),
        text(PAD, y + 15, shorten(mode, 13), "f-ink b"),
        el("rect", x=_LEFT, y=y, width=_RIGHT - _LEFT, height=22, rx=3, class_="f-card"),
        el("rect", x=_LEFT, y=y + 4, width=round(whole, 1), height=14, rx=2, class_="f-line"),
        el("rect", x=_LEFT, y=y + 4, width=round(returned, 1), height=14, rx=2, class_="f-k0"),
        el("path", d="".join(f"M{at} {y - 3}v5" for at in answers), class_="s-up none") if answers else "",
        text(_LEFT, y + 39, summary, "f-soft s"),
        data_id=f"lane-{mode}",
    )


def _sentence(row: tuple[str, ...]) -> str:
    _, _, sent, rate, call, answer, slowest = row
    known = f"of the answers within {answer} (99 %: {slowest})" if slowest else "no answer, ever"
    return f"handed over in {sent}: {rate} a second · half of the calls within {call} · {known}"


def _row(mode: str, lane: Sequence[Call]) -> tuple[str, ...]:
    sent = max(call[1] for call in lane) - lane[0][0]
    waits = sorted(answered - called for called, _, answered in lane if answered is not None)
    return (
        mode,
        f"{len(lane):,}",
        duration(sent),
        f"{len(lane) / sent:,.0f}" if sent > 0 else "-",
        duration(median(returned - called for called, returned, _ in lane)),
        duration(median(waits)) if waits else "never",
        duration(waits[min(len(waits) - 1, len(waits) * 99 // 100)]) if waits else "",
    )


def _end(lane: Sequence[Call]) -> float:
    """Return how long a lane lasted, in seconds, up to the last return or answer."""
    moments = [moment for call in lane for moment in call[1:] if moment is not None]
    return max(1e-6, max(moments) - lane[0][0])


def _legend(y: float) -> str:
    return (
        el("rect", x=_LEFT, y=y - 9, width=18, height=10, rx=2, class_="f-k0")
        + text(_LEFT + 24, y, "your program is busy sending", "f-soft s")
        + el("rect", x=_LEFT + 210, y=y - 9, width=18, height=10, rx=2, class_="f-line")
        + text(_LEFT + 234, y, "handed over, answers are under way", "f-soft s")
        + el("path", d=f"M{_LEFT + 552} {y - 8}v8M{_LEFT + 557} {y - 8}v8", class_="s-up none")
        + text(_LEFT + 566, y, "an answer", "f-soft s")
    )


KIND = Kind("sends", interest, draw)
