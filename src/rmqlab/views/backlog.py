"""The backlog of a topic over time: what was produced, what each group has consumed, what lies between.

How a backlog grows and shrinks depends on the machine: a still draws the end of it, and whether it passed the
mark that was set. How it went is in a still where that is asked for: it differs from run to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.observe import Interest, Snapshot
from rmqlab.views.backlog_moments import Moment, moments_of, rates_of
from rmqlab.views.chart import Frame, round_up
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.ink import KEYS
from rmqlab.views.legend import GROUP_MARKS
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, el, facts, picture, shorten, text
from rmqlab.views.parts import LINE, head, notices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDTH = 864.0
_ARGUMENTS = {"topic", "groups", "mark", "curve"}
_LEFT, _PLOT = 78.0, 864.0 - 78.0 - 30.0
_TOP, _TALL = 92.0, 130.0
_LONGEST_S, _SHORTEST_S = 120.0, 10.0
_GROUPS = 5
_ROW = 30.0


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs.

    `what` has `topic`, one name, and may have `groups` (draw these only), `mark` (a lag: whether it was
    passed is told, also in a still) and `curve` (True: a still has the charts, too).

    Raises:
        TypeError: another argument, no topic, a mark that is no number, or a curve that is no bool.
    """
    if what.keys() - _ARGUMENTS or not isinstance(what.get("topic"), str) or not what["topic"]:
        raise TypeError(
            f"the backlog takes topic=, groups=, mark= and curve=, got {', '.join(sorted(what)) or 'nothing'}"
        )
    if not isinstance(what.get("mark", 0), int):
        raise TypeError(f"mark= is a number of messages, got {what['mark']!r}")
    if not isinstance(what.get("curve", False), bool):
        raise TypeError(f"curve= is True or False, got {what['curve']!r}")
    return Interest(topics=frozenset({what["topic"]}))


def draw(seen: tuple[Snapshot, ...], what: Mapping[str, Any], looker: Looker) -> Drawing:
    """Draw two minutes of what was seen, live or with `curve`: the last, in a still those with a change."""
    name, mark = what["topic"], what.get("mark", 0)
    moments = moments_of(seen, name, what.get("groups"))
    last = moments[-1] if moments else Moment(0, 0, {}, {})
    groups = sorted(last.lag, key=lambda group: (-last.lag[group], group))
    shown = sorted(groups[:_GROUPS])
    peaks = {group: max(each.lag.get(group, 0) for each in moments) for group in groups}
    until_s = last.seconds if looker.live else _last_change_s(moments)
    window = [each for each in moments if 0 <= until_s - each.seconds <= _LONGEST_S]
    charts = looker.live or what.get("curve", False)
    body, y = _charts(window, shown, mark) if charts else ("", _TOP - 18)
    rates = rates_of(window) if looker.live else {}
    for number, group in enumerate(shown):
        body += _row(group, number, last, y, _words(group, last, rates, peaks, mark, looker))
        y += _ROW
    if len(groups) > len(shown):
        body += text(PAD, y + 10, f"and {count(len(groups) - len(shown), 'group')} with less", "f-soft s")
        y += 20
    if not groups:
        body += text(PAD, y + 10, "No consumer group yet." if moments else "Reading …", "f-soft s")
        y += 24
    notes = tuple(
        filter(
            None,
            (looker.notice, *(f"{gap.source}: {gap.reason}." for gap in (seen[-1].gaps if seen else ()))),
        )
    )
    if notes:
        body += notices(PAD + 2, y + 8, notes)
        y += len(notes) * LINE + 4
    title = f"Backlog of {shorten(name, 40)}"
    worst = max(last.lag.values(), default=0)
    subtitle = f"{count(last.produced, 'message')} produced, largest lag now {worst:,}"
    if what.get("curve", False):
        subtitle += f", at its peak {_peak(window):,}"
    if looker.live:
        subtitle += f", {rates.get('', 0):,.0f} a second come in"
    label = f"{title}: {subtitle}"
    table_head, rows = _table(groups, last, rates, peaks, mark, looker)
    drawn = picture(WIDTH, y + PAD, label, head(WIDTH, title, subtitle, looker) + body)
    return Drawing(label, drawn, table_head, rows, notes)


def _peak(window: list[Moment]) -> int:
    """Return the largest lag that the charts show."""
    return max((lag for each in window for lag in each.lag.values()), default=0)


def _last_change_s(moments: list[Moment]) -> float:
    """Return when something came in or was done for the last time: a picture of later shows nothing."""
    for before, after in zip(moments[-2::-1], moments[:0:-1], strict=True):
        if (before.produced, before.consumed) != (after.produced, after.consumed):
            return after.seconds
    return moments[-1].seconds if moments else 0.0


def _charts(window: list[Moment], groups: list[str], mark: int) -> tuple[str, float]:
    """Draw both charts; return them and where they end."""
    second = _TOP + _TALL + 44
    if not window:
        return "", _TOP
    last_s = window[-1].seconds
    first_s = min(window[0].seconds, last_s - _SHORTEST_S)
    lowest = min(
        min(each.consumed.get(group, each.produced) for group in groups) if groups else each.produced
        for each in window
    )
    low = lowest - lowest % 10
    totals = Frame(_LEFT, _TOP, _PLOT, _TALL, first_s, last_s, low, low + round_up(window[-1].produced - low))
    most = max((each.lag.get(group, 0) for each in window for group in groups), default=0)
    lags = Frame(_LEFT, second, _PLOT, _TALL, first_s, last_s, 0, round_up(max(most, mark)))
    parts = [
        totals.draw("messages produced (upper line) and consumed, by group"),
        lags.draw("lag: produced and not yet consumed"),
    ]
    for number, group in enumerate(groups):
        ink = KEYS[number]
        # before its first report nobody knows how far a group is: that is not a lag of 0
        known = [each for each in window if group in each.lag]
        if not known:
            continue
        consumed = _runs(known, lambda each, group=group: each.consumed[group])
        lag = _runs(known, lambda each, group=group: each.lag[group])
        parts += [
            _line(totals, consumed, ink, f"c-{group}"),
            el("path", d=lags.area(lag), class_=f"f-{ink}", opacity=0.12, data_id=f"a-{group}"),
            _line(lags, lag, ink, f"g-{group}"),
            _sign(number, totals, consumed[-1][-1]),
            _sign(number, lags, lag[-1][-1]),
        ]
    parts.append(_line(totals, _runs(window, lambda each: each.produced), "ink", "produced"))
    if mark:
        at = round(lags.up(mark), 1)
        parts.append(
            el(
                "path",
                d=f"M{_LEFT} {at}h{_PLOT}",
                class_="none s-paused",
                stroke_width=1.5,
                stroke_dasharray="6 4",
            )
            + text(_LEFT + _PLOT, at - 4, f"mark {mark:,}", "f-paused c e")
        )
    return "".join(parts), second + _TALL + 28


def _runs(window: list[Moment], number: Callable[[Moment], float]) -> list[list[tuple[float, float]]]:
    """Return the points of a line, broken where it is not known how it went on."""
    runs: list[list[tuple[float, float]]] = []
    for moment in window:
        if not runs or moment.after_silence:
            runs.append([])
        runs[-1].append((moment.seconds, number(moment)))
    return runs


def _line(frame: Frame, runs: list[list[tuple[float, float]]], ink: str, name: str) -> str:
    return el("path", d=frame.line(runs), class_=f"none s-{ink}", stroke_width=2, data_id=name)


def _sign(number: int, frame: Frame, point: tuple[float, float]) -> str:
    """Draw a group's sign at the end of its line: not colour alone tells the lines apart."""
    x, y = round(frame.right(point[0]), 1), round(frame.up(point[1]), 1)
    return _mark(number, x, y)


def _mark(number: int, x: float, y: float) -> str:
    shape = GROUP_MARKS[number % len(GROUP_MARKS)]
    return el("path", d=shape, transform=f"translate({x} {y})", class_=f"f-{KEYS[number]}")


def _row(group: str, number: int, last: Moment, y: float, words: str) -> str:
    """Draw how much of what was produced a group has consumed, as a bar."""
    ink = KEYS[number]
    width = 200.0
    whole = max(1, last.produced)
    done = width * min(1.0, last.consumed.get(group, 0) / whole)
    return el(
        "g",
        facts(group, f"{last.consumed.get(group, 0):,} of {last.produced:,} consumed"),
        _mark(number, PAD + 8, y + 8),
        text(PAD + 22, y + 12.5, shorten(group, 22), "f-ink b"),
        el("rect", x=220.0, y=y + 2, width=width, height=12, rx=6, class_="f-line"),
        el("rect", x=220.0, y=y + 2, width=max(done, 0.1), height=12, rx=6, class_=f"f-{ink}"),
        text(220 + width + 12, y + 12.5, words, "f-soft s"),
        data_id=f"row-{group}",
    )


def _words(  # noqa: PLR0913, PLR0917 - what is known of a group
    group: str, last: Moment, rates: dict[str, float], peaks: dict[str, int], mark: int, looker: Looker
) -> str:
    words = [f"lag {last.lag[group]:,}"]
    if looker.live:
        words += [f"{rates.get(group, 0):,.0f} a second consumed", f"peak {peaks[group]:,}"]
    if mark:
        words.append(_passed(peaks[group], mark))
    return " · ".join(words)


def _passed(peak: int, mark: int) -> str:
    return f"was above {mark:,}" if peak > mark else f"never above {mark:,}"


def _table(  # noqa: PLR0913, PLR0917 - what is known of the groups
    groups: list[str],
    last: Moment,
    rates: dict[str, float],
    peaks: dict[str, int],
    mark: int,
    looker: Looker,
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    heads = ["group", "produced", "consumed", "lag"]
    heads += ["consumed a second", "peak"] if looker.live else []
    heads += [f"above {mark:,}"] if mark else []
    rows = []
    for group in groups:
        row = [group, str(last.produced), str(last.consumed[group]), str(last.lag[group])]
        row += [f"{rates.get(group, 0):.0f}", str(peaks[group])] if looker.live else []
        row += ["yes" if peaks[group] > mark else "no"] if mark else []
        rows.append(tuple(row))
    return tuple(heads), tuple(rows)


KIND = Kind("backlog", interest, draw, history=True)
