"""The way of one message: sent, stored, handed out, done; one lane for each client group that traced it.

It draws what `lab.admin.trace` has read and asks the cluster nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rmqlab.client.facts import StoredMessage
from rmqlab.client.traces import Trace
from rmqlab.observe import Interest, Snapshot
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, el, facts, picture, shorten, text
from rmqlab.views.parts import head, notices
from rmqlab.views.sends import duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH = 864
_LEFT, _RIGHT = 172, WIDTH - PAD - 10
_TOP, _LANE = 84, 58
_MIN_BAR = 5.0
_MOST_LANES = 12
_MOST_WORDS = 6  # so many ends of a lane's steps are spelt out
_TABLE = ("who", "what", "after", "took", "how it ended")
_NOBODY = (
    "No client has noted anything. It takes a cluster with trace=True and clients with trace=True; "
    "they write within seconds."
)
_SIGNS = {"good": "✔", "bad": "✕", "open": "…", "plain": "●"}
_INKS = {"good": "f-up", "bad": "f-down", "open": "f-paused", "plain": "f-accent"}
_WHAT = {"EndTransaction": "settled", "Recall": "called back"}


@dataclass(frozen=True, slots=True)
class _Axis:
    """Time, from the first step on: `first_ms` since 1970, and how many milliseconds there are."""

    first_ms: int
    whole_ms: int

    def x(self, moment_ms: int) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (moment_ms - self.first_ms) / self.whole_ms


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing that happened to the message: `begun_ms` since 1970, `end` a key of `_SIGNS`."""

    who: str
    role: str
    what: str
    begun_ms: int
    took_ms: int | None
    end: str
    words: str

    @property
    def ended_ms(self) -> int:
        return self.begun_ms + (self.took_ms or 0)


def interest(what: Mapping[str, Any]) -> Interest:
    """Return that nothing is asked of the cluster.

    `what` has `traces`: what `lab.admin.trace(msg_id)` returned; and, if the broker's part is wanted,
    `message`: what `lab.admin.message_by_id(topic, msg_id)` did.

    Raises:
        TypeError: another argument, or traces of several messages.
    """
    traces, message = what.get("traces"), what.get("message")
    if not {"traces"} <= what.keys() <= {"traces", "message"} or not (
        isinstance(traces, list | tuple) and all(isinstance(each, Trace) for each in traces)
    ):
        raise TypeError(
            "trace takes traces=, what lab.admin.trace(msg_id) returned, and message=, the stored one"
        )
    if message is not None and not isinstance(message, StoredMessage):
        raise TypeError("message is what lab.admin.message_by_id(topic, msg_id) returned")
    ids = {each.msg_id for each in traces} | ({message.msg_id} if message else set())
    if len(ids) > 1:
        raise TypeError(f"a trace is drawn of one message, and these are of {len(ids)}")
    return Interest()


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:  # noqa: ARG001 - a Kind's shape
    """Draw a lane for the producer, the broker and each group of consumers, by their first step."""
    steps = _steps(what["traces"], what.get("message"))
    title = "The way of one message"
    if not steps:
        body = head(WIDTH, title, "nobody noted anything", looker) + notices(PAD + 2, 80, (_NOBODY,))
        return Drawing(title, picture(WIDTH, 104, title, body), _TABLE, (), (_NOBODY,))
    lanes: dict[tuple[str, str], list[_Step]] = {}
    for step in steps:
        lanes.setdefault((step.role, step.who), []).append(step)
    first = steps[0].begun_ms
    axis = _Axis(first, max(1, max(step.ended_ms for step in steps) - first))
    key = next((each.keys for each in what["traces"] if each.keys), "")
    named = f"key {shorten(key, 30)}, " if key else ""
    groups = count(sum(role == "consumers" for role, _ in lanes), "group")
    end = f"the axis ends at {_span(axis.whole_ms)}; times by each client's clock"
    subtitle = f"{named}{groups} of consumers; {end}"
    shown = dict(list(lanes.items())[:_MOST_LANES])
    body = "".join(
        _lane(lane, found, axis, _TOP + number * _LANE) for number, (lane, found) in enumerate(shown.items())
    )
    height = _TOP + len(shown) * _LANE + 8
    notes: tuple[str, ...] = ()
    if more := len(lanes) - len(shown):
        notes = (f"{count(more, 'more group')} of consumers.",)
        body += notices(PAD + 2, height + 4, notes)
        height += 24
    label = f"{title}: {subtitle}"
    svg = picture(WIDTH, height, label, head(WIDTH, title, subtitle, looker) + body)
    rows = tuple(_row(step, first) for step in steps if (step.role, step.who) in shown)
    return Drawing(label, svg, _TABLE, rows, notes)


def _steps(traces: Sequence[Trace], message: StoredMessage | None) -> list[_Step]:
    """Return what happened in the order of time; a delivery and its end are one step."""
    ends = {each.request: each for each in traces if each.kind == "SubAfter"}
    begun = {each.request for each in traces if each.kind == "SubBefore"}
    steps = [_step(each, ends.get(each.request)) for each in traces if each.kind != "SubAfter"]
    steps += [_end_alone(each) for each in ends.values() if each.request not in begun]
    if message is not None:
        where = (
            f"queue {message.queue_id} of {message.broker}" if message.broker else f"queue {message.queue_id}"
        )
        steps.append(
            _Step(
                message.broker or "the broker",
                "broker",
                "stored",
                message.store_ms,
                None,
                "plain",
                f"in {where}",
            )
        )
    rank = {"producer": 0, "broker": 1, "consumers": 2}  # a millisecond holds several steps
    return sorted(steps, key=lambda step: (step.begun_ms, rank[step.role]))


def _step(trace: Trace, end: Trace | None) -> _Step:
    if trace.kind == "Pub":
        good = "good" if trace.success else "bad"
        words = f"{trace.detail}, acknowledged" if trace.success else "failed"
        return _Step(trace.group, "producer", "sent", trace.at_ms, trace.took_ms, good, words)
    if trace.kind != "SubBefore":
        good = "good" if trace.success else "bad"
        return _Step(
            trace.group, "producer", _WHAT[trace.kind], trace.at_ms, None, good, trace.detail.lower()
        )
    what = f"retry {trace.detail}" if trace.detail not in {"", "0"} else "handed out"
    if end is None:
        return _Step(trace.group, "consumers", what, trace.at_ms, None, "open", "not come back")
    return _Step(trace.group, "consumers", what, trace.at_ms, end.took_ms, *_ended(end))


def _end_alone(end: Trace) -> _Step:
    begun = end.at_ms - end.took_ms
    return _Step(end.group, "consumers", "handed out", begun, end.took_ms, *_ended(end))


def _ended(end: Trace) -> tuple[str, str]:
    return ("good", "done") if end.success else ("bad", end.detail or "failed")


def _lane(lane: tuple[str, str], steps: Sequence[_Step], axis: _Axis, y: float) -> str:
    role, who = lane
    x, first = axis.x, axis.first_ms
    marks = "".join(_mark(step, x(step.begun_ms), x(step.ended_ms), y) for step in steps)
    told = [_told(step, first) for step in steps]
    words = " · ".join(told)
    if len(told) > _MOST_WORDS:
        words = f"{count(len(told), 'step')}, the last: {told[-1]}"
    return el(
        "g",
        facts(f"{who} ({role}): {'; '.join(told[-_MOST_WORDS:])}"),
        text(PAD, y + 9, shorten(who, 19), "f-ink b"),
        text(PAD, y + 25, role, "f-soft s"),
        el("rect", x=_LEFT, y=y, width=_RIGHT - _LEFT, height=16, rx=3, class_="f-card"),
        marks,
        text(_LEFT, y + 33, shorten(words, 118), "f-soft s"),
        data_id=f"lane-{role}-{who}",
    )


def _mark(step: _Step, left: float, right: float, y: float) -> str:
    """Draw a step's bar; beside its end a cross where it went wrong, dots where nobody knows."""
    width = max(_MIN_BAR, right - left)
    left = min(left, _RIGHT - width)
    bar = el(
        "rect", x=round(left, 1), y=y + 2, width=round(width, 1), height=12, rx=2, class_=_INKS[step.end]
    )
    if step.end == "bad":
        at = left + width + 8
        cross = f"M{at - 4:.1f} {y + 4}l8 8M{at + 4:.1f} {y + 4}l-8 8"
        bar += el("path", d=cross, class_="s-down", stroke_width=2)
    if step.end == "open":
        bar += text(round(left + width + 4, 1), y + 12, "…", "f-paused b")
    return bar


def _told(step: _Step, first: int) -> str:
    took = "" if step.took_ms is None else f" in {_span(step.took_ms)}"
    how = step.words if step.end == "plain" else f": {_SIGNS[step.end]} {step.words}"
    return f"{step.what} {_after(step, first)}{took}{'' if how.startswith(':') else ' '}{how}"


def _after(step: _Step, first: int) -> str:
    late = step.begun_ms - first
    return f"+{_span(late)}" if late > 0 else "at 0"


def _span(ms: int) -> str:
    """Return whole milliseconds, which is all that clients note, as people say them."""
    return duration(ms / 1000) if ms else "< 1 ms"


def _row(step: _Step, first: int) -> tuple[str, ...]:
    took = "" if step.took_ms is None else _span(step.took_ms)
    return (step.who, step.what, _after(step, first), took, f"{_SIGNS[step.end]} {step.words}")


KIND = Kind("trace", interest, draw)
