"""The delivery ledger: what programs were told, against what the brokers hold and what consumers did.

It draws an account and asks the cluster nothing: the account was taken at one moment, by `reconcile`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.ledger import Account, Answer, Verdict
from rmqlab.observe import Interest, Snapshot
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, el, facts, picture, shorten, text
from rmqlab.views.parts import head

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH = 864
_NUMBER, _LEFT, _RIGHT = 210, 226, WIDTH - PAD
_TOP, _ROW, _LINE = 74, 46, 26
_MIN_BAR = 3.0
_TABLE = ("what the program was told", "messages", "stored", "not stored")

_TOLD = {
    Answer.ACKNOWLEDGED: ("✔", "SEND_OK", "f-up", "lost"),
    Answer.DOUBTFUL: ("≈", "another status", "f-up", "lost"),
    Answer.UNKNOWN: ("?", "no answer", "f-accent", "lost"),
    Answer.FAILED: ("✕", "an error", "f-paused", "not stored, as the program believes"),
}
_AFTERWARDS = {
    Verdict.DUPLICATED: ("2x", "duplicated"),
    Verdict.OUT_OF_ORDER: ("⇅", "out of order"),
    Verdict.LATE: ("◷", "late"),
    Verdict.DEAD_LETTERED: ("†", "dead-lettered"),
    Verdict.NOT_DELIVERED: ("…", "not delivered"),
}

_OF_CONSUMERS = {Verdict.OUT_OF_ORDER, Verdict.LATE, Verdict.DEAD_LETTERED, Verdict.NOT_DELIVERED}
"""What cannot be said of messages that nobody consumed."""


def interest(what: Mapping[str, Any]) -> Interest:
    """Return that nothing is asked of the cluster.

    `what` has `account`: what `Ledger.reconcile` returned, or the account's `summary()`.

    Raises:
        TypeError: another argument, or no account.
    """
    if what.keys() != {"account"} or not isinstance(what["account"], Account | dict):
        raise TypeError("ledger takes account=, what the ledger's reconcile() returned")
    return Interest()


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:  # noqa: ARG001 - a Kind's shape
    """Draw a bar for each answer, and below it what happened to messages that are stored."""
    account = what["account"]
    summary = account.summary() if isinstance(account, Account) else account
    told, wrong = summary["told"], summary["wrong"]
    longest = max(map(sum, told.values())) or 1
    title = "The delivery ledger"
    subtitle = f"{count(sum(map(sum, told.values())), 'message')} sent; {_lost(wrong)}"
    body = "".join(
        _row(answer, *told[answer], longest, _TOP + number * _ROW) for number, answer in enumerate(Answer)
    )
    y = _TOP + len(Answer) * _ROW + 8
    found = [verdict for verdict in _AFTERWARDS if verdict in wrong]
    body += "".join(
        _afterwards(verdict, *wrong[verdict], y + number * _LINE) for number, verdict in enumerate(found)
    )
    y += len(found) * _LINE
    consumed = summary.get("consumed", True) or not wrong.keys().isdisjoint(_OF_CONSUMERS)
    asked = [verdict for verdict in _AFTERWARDS if consumed or verdict not in _OF_CONSUMERS]
    if absent := [_AFTERWARDS[verdict][1] for verdict in asked if verdict not in found]:
        body += text(PAD, y + 12, " · ".join(f"0 {word}" for word in absent), "f-soft s", data_id="absent")
        y += _LINE
    label = f"{title}: {subtitle}"
    table = tuple(
        (f"{_TOLD[answer][0]} {answer}", f"{stored + gone:,}", f"{stored:,}", f"{gone:,}")
        for answer, (stored, gone) in ((answer, told[answer]) for answer in Answer)
    )
    notes = tuple(f"{wrong[verdict][0]:,} {_AFTERWARDS[verdict][1]}." for verdict in found)
    return Drawing(
        label,
        picture(WIDTH, y + PAD, label, head(WIDTH, title, subtitle, looker) + body),
        _TABLE,
        table,
        notes,
    )


def _lost(wrong: Mapping[str, Any]) -> str:
    if Verdict.ACKNOWLEDGED_AND_LOST in wrong:
        return f"{wrong[Verdict.ACKNOWLEDGED_AND_LOST][0]:,} acknowledged and lost"
    return "none of those that are acknowledged is lost"


def _row(answer: Answer, stored: int, gone: int, longest: int, y: float) -> str:
    symbol, word, stored_ink, gone_word = _TOLD[answer]
    whole = stored + gone
    scale = (_RIGHT - _LEFT) / longest
    gone_width = max(_MIN_BAR, gone * scale) if gone else 0.0
    stored_width = max(_MIN_BAR, min(stored * scale, whole * scale - gone_width)) if stored else 0.0
    gone_ink = "f-line" if answer is Answer.FAILED else "f-down"
    parts = [f"{stored:,} stored"] if stored else []
    parts += [f"{gone:,} {gone_word}"] if gone else []
    sentence = " · ".join(parts) or "none"
    return el(
        "g",
        facts(f"{answer}: {sentence}"),
        text(PAD, y + 13, f"{symbol} {answer}", "f-ink b"),
        text(PAD, y + 30, word, "f-soft s"),
        text(_NUMBER, y + 13, f"{whole:,}", "f-ink e"),
        el("rect", x=_LEFT, y=y, width=_RIGHT - _LEFT, height=18, rx=3, class_="f-card"),
        el("rect", x=_LEFT, y=y + 2, width=round(stored_width, 1), height=14, rx=2, class_=stored_ink)
        if stored
        else "",
        el(
            "rect",
            x=round(_LEFT + stored_width, 1),
            y=y + 2,
            width=round(gone_width, 1),
            height=14,
            rx=2,
            class_=gone_ink,
        )
        if gone
        else "",
        text(_LEFT, y + 33, sentence, "f-down b s" if gone and answer is Answer.ACKNOWLEDGED else "f-soft s"),
        data_id=f"told-{answer.name}",
    )


def _afterwards(verdict: Verdict, number: int, names: Sequence[str], y: float) -> str:
    symbol, word = _AFTERWARDS[verdict]
    more = number - len(names)
    examples = ", ".join(shorten(name, 18) for name in names) + (f" and {more:,} more" if more else "")
    return el(
        "g",
        facts(f"{number:,} {word}: {examples}"),
        text(PAD, y + 12, f"{symbol} {word}", "f-paused b"),
        text(_NUMBER, y + 12, f"{number:,}", "f-ink e"),
        text(_LEFT, y + 12, shorten(examples, 92), "f-soft s"),
        data_id=f"verdict-{verdict.name}",
    )


KIND = Kind("ledger", interest, draw)
