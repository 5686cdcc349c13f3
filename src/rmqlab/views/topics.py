"""All topics of a cluster: those with the largest backlog first, as many as fit, the rest in one line."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rmqlab.observe import Interest, Snapshot
from rmqlab.observe.catalogue import Catalogue, TopicSummary
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, at, el, facts, picture, shorten, text
from rmqlab.views.parts import LINE, head, notices

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 864.0
_ARGUMENTS = {"match", "top"}
_TOP, _ROW = 90.0, 26.0
_BAR_X, _BAR = 560.0, 200.0
_SHOWN, _MOST = 12, 40
_TABLE = ("topic", "queues", "messages", "groups", "largest lag")


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs.

    `what` may have `match` (names: a part, or a pattern with `*` and `?`) and `top` (how many are drawn, 1 to
    40, by default 12).

    Raises:
        TypeError: another argument, or one of another kind.
    """
    top = what.get("top", _SHOWN)
    if what.keys() - _ARGUMENTS or not isinstance(what.get("match", ""), str) or not isinstance(top, int):
        raise TypeError(
            f"topics take match= (a name's part) and top= (a number), got {', '.join(sorted(what))}"
        )
    if not 1 <= top <= _MOST:
        raise TypeError(f"topics take top= from 1 to {_MOST}, got {top}")
    return Interest(catalogue=True)


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:
    """Draw the topics whose names match, the largest backlog first."""
    everything = (snapshot.catalogue or Catalogue()).topics
    match = str(what.get("match", ""))
    found = sorted(
        (topic for topic in everything if _matches(topic.name, match)),
        key=lambda topic: (-topic.lag, -(topic.messages or 0), topic.name),
    )
    shown = found[: int(what.get("top", _SHOWN))]
    most = max(1, *(topic.lag for topic in shown)) if shown else 1
    y = _TOP + 10
    rows = "".join(_row(topic, y + number * _ROW, most, looker) for number, topic in enumerate(shown))
    y += len(shown) * _ROW
    rest = _rest(found[len(shown) :])
    body = _captions() + el("g", rows, data_id="topics")
    if rest or not shown:
        body += text(
            PAD, y + 14, rest or "No topic" + (f" matches {match}." if match else " yet."), "f-soft s"
        )
        y += 24
    chosen = next((topic for topic in shown if looker.live and topic.name == looker.selected), None)
    if chosen:
        body += el("g", text(PAD, y + 12, _sentence(chosen), "f-ink s"), data_id="topic", class_="new")
        y += 24
    notes = tuple(filter(None, (looker.notice, *(f"{gap.source}: {gap.reason}." for gap in snapshot.gaps))))
    if notes:
        body += notices(PAD + 2, y + 10, notes)
        y += len(notes) * LINE + 4
    title = "Topics" + (f" that match {shorten(match, 30)}" if match else "")
    waiting = sum(topic.lag > 0 for topic in found)
    subtitle = f"{count(len(found), 'topic')}, {waiting:,} with a backlog"
    if match:
        subtitle += f"; {len(everything):,} in all"
    label = f"{title}: {subtitle}"
    table = tuple(_cells(topic) for topic in shown)
    drawn = picture(WIDTH, y + PAD, label, head(WIDTH, title, subtitle, looker) + body)
    return Drawing(label, drawn, _TABLE, table, tuple(filter(None, (rest, *notes))))


def _matches(name: str, match: str) -> bool:
    if any(sign in match for sign in "*?["):
        return fnmatchcase(name, match)
    return match in name


def _captions() -> str:
    words = (
        (PAD, "topic, the largest backlog first", ""),
        (370, "queues", " e"),
        (460, "messages", " e"),
        (540, "groups", " e"),
        (_BAR_X, "largest lag of a group", ""),
    )
    return "".join(text(x, _TOP, word, f"f-soft c{side}") for x, word, side in words)


def _row(topic: TopicSummary, y: float, most: int, looker: Looker) -> str:
    hint = f"{topic.name}: show how far behind its groups are"
    control = {"data_action": "select", "data_target": topic.name, "role": "button", "tabindex": 0}
    filled = _BAR * topic.lag / most
    return el(
        "g",
        facts(topic.name, *(f"{group}: lag {lag:,}" for group, lag in _largest(topic))),
        el(
            "rect",
            x=PAD - 6,
            y=2,
            width=WIDTH - 2 * PAD + 12,
            height=_ROW - 3,
            rx=6,
            class_=f"hot f-{'card' if topic.name == looker.selected else 'paper'} s-paper",
        ),
        text(PAD, 17, shorten(topic.name, 36), "f-ink b"),
        text(370, 17, f"{topic.queues:,}", "f-soft e"),
        text(460, 17, "…" if topic.messages is None else f"{topic.messages:,}", "f-ink e"),
        text(540, 17, f"{len(topic.lags):,}" if topic.lags else "none", "f-soft e"),
        el("rect", x=_BAR_X, y=8, width=_BAR, height=10, rx=5, class_="f-line") if topic.lags else "",
        el("rect", x=_BAR_X, y=8, width=max(filled, 10.0), height=10, rx=5, class_="f-accent fade")
        if topic.lag
        else "",
        text(WIDTH - PAD, 17, f"{topic.lag:,}", f"{'f-paused b' if topic.lag else 'f-soft'} e")
        if topic.lags
        else "",
        data_id=f"t-{topic.name}",
        style=at(0, y),
        class_="move" if looker.live else None,
        **({**control, "aria_label": hint} if looker.live else {}),
    )


def _largest(topic: TopicSummary) -> list[tuple[str, int]]:
    """Return the groups that are furthest behind; a handful is enough."""
    return sorted(topic.lags, key=lambda each: (-each[1], each[0]))[:6]


def _rest(topics: list[TopicSummary]) -> str:
    if not topics:
        return ""
    behind = [topic for topic in topics if topic.lag]
    told = (
        f"{len(behind):,} of them with a backlog, of {behind[0].lag:,} at most"
        if behind
        else "none with a backlog"
    )
    return f"and {count(len(topics), 'more topic')}, {told}"


def _sentence(topic: TopicSummary) -> str:
    groups = ", ".join(f"{group} {lag:,}" for group, lag in _largest(topic))
    more = len(topic.lags) - len(_largest(topic))
    told = (
        f"lag by group: {groups}{f' and {more} more' if more else ''}" if groups else "no group reads it yet"
    )
    return shorten(f"{topic.name}: {told}", 130)


def _cells(topic: TopicSummary) -> tuple[str, ...]:
    return (
        topic.name,
        str(topic.queues),
        "" if topic.messages is None else str(topic.messages),
        str(len(topic.lags)),
        str(topic.lag) if topic.lags else "-",
    )


KIND = Kind("topics", interest, draw)
