"""The transaction timeline: each half message, how often the broker asked about it, and how it ended.

The broker's own record is drawn, not what programs say. A first answer of "unknown" leaves no trace there: it
looks like silence, and is called "no outcome".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.observe import FATES, Interest, Snapshot, Transactions
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, el, facts, picture, shorten, text
from rmqlab.views.parts import LINE, head, notices
from rmqlab.views.transaction_lane import (
    END,
    ENDS,
    FIRST,
    HALF,
    LANE,
    RIGHT,
    SEEN,
    first_answer,
    lane,
    seen_by_consumers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rmqlab.observe import Transaction, TransactionLog

WIDTH = 864
_LANES = 12
_FEW = 8
_TOP = 96.0
_TABLE = ("transaction", "topic", "group", "told at first", "asked back", "end", "consumers see")


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs; `what` may have `topic`, where committed messages go: one or several.

    Raises:
        TypeError: another argument, or no name of a topic.
    """
    if not what.keys() <= {"topic"} or not all(isinstance(each, str) and each for each in _topics(what)):
        raise TypeError(f"transactions take topic=, one name or several, got {dict(what)}")
    return Interest(transactions=True)


def _topics(what: Mapping[str, Any]) -> tuple[Any, ...]:
    topic = what.get("topic", ())
    return (topic,) if isinstance(topic, str) else tuple(topic)


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:
    """Draw a lane for each transaction; of many, what became of them all and the lanes that matter most."""
    read = snapshot.transactions or Transactions()
    topics = _topics(what)
    found = [each for each in read.found if not topics or each.topic in topics]
    chosen = Transactions(read.logs, tuple(found), read.older)
    lanes = _chosen(found)
    title = f"Transactions for {shorten(', '.join(topics), 40)}" if topics else "Transactions"
    subtitle = count(len(found), "transaction") if found else "no half message yet"
    if found:
        subtitle += ": " + ", ".join(f"{number:,} {fate}" for fate, number in chosen.fates().items())
    missing = tuple(filter(None, (looker.notice, *(f"{gap.source}: {gap.reason}." for gap in snapshot.gaps))))
    top, parts = _TOP, [head(WIDTH, title, subtitle, looker)]
    if len(lanes) < len(found):
        parts.append(_all(chosen, 68, len(found) - len(lanes)))
        top += 52
    parts.append(_heads(top - 12))
    parts += [lane(number, top + row * LANE, each, snapshot) for row, (number, each) in enumerate(lanes)]
    bottom = top + max(1, len(lanes)) * LANE
    if not lanes:
        parts.append(text(PAD, top + 22, "Nothing was sent in a transaction yet.", "f-soft"))
    notes = [*missing, *(_unread(read) if looker.live else ())]
    for log in read.logs if looker.live else ():
        parts.append(text(PAD, bottom + 14, _log(log), "f-soft s", data_id=f"log-{log.broker}"))
        bottom += LINE
    parts.append(notices(PAD + 2, bottom + 12, tuple(notes)))
    height = bottom + PAD + len(notes) * LINE
    label = f"{title}: {subtitle}"
    rows = tuple(_row(each) for _, each in lanes)
    return Drawing(label, picture(WIDTH, height, label, "".join(parts)), _TABLE, rows, tuple(notes))


def _chosen(found: list[Transaction]) -> list[tuple[int, Transaction]]:
    """Return the lanes to draw, each with its number; of many those that are open or were asked about."""
    numbered = list(enumerate(found, 1))
    if len(found) <= _LANES:
        return numbered
    matter = {"open": 0, "given up": 1, "settled": 3}
    numbered.sort(key=lambda row: (matter.get(row[1].fate, 3 - (row[1].checks > 0)), -row[0]))
    return sorted(numbered[:_FEW], key=lambda row: row[0])


def _row(each: Transaction) -> tuple[str, ...]:
    return (
        each.keys or "no key",
        each.topic,
        each.group,
        first_answer(each),
        f"{each.checks}",
        each.fate,
        seen_by_consumers(each),
    )


def _heads(y: float) -> str:
    """Return what the columns are, and which part of a lane consumers never see."""
    return (
        text(PAD, y, "transaction", "f-soft c")
        + text(HALF, y, "half message", "f-soft c mid")
        + text(FIRST - 9, y, "check-backs: the broker asks", "f-soft c")
        + text(END, y, "end", "f-soft c mid")
        + text(SEEN, y, "what consumers see", "f-soft c")
        + el("path", d=f"M{PAD} {y + 6}H{RIGHT}", class_="none s-line")
    )


def _all(all_of_them: Transactions, y: float, hidden: int) -> str:
    """Return one bar of all transactions, parted by what became of them."""
    fates = all_of_them.fates()
    total = sum(fates.values())
    x, parts = float(PAD), []
    for fate in FATES:
        if fate not in fates:
            continue
        width = min(max(6.0, (RIGHT - PAD) * fates[fate] / total), RIGHT - x)
        word, ink, _ = ENDS[fate]
        label = f"{fates[fate]:,} {word}"
        parts.append(
            el(
                "g",
                facts(label),
                el("rect", x=x, y=y, width=round(width, 1), height=18, rx=3, class_=f"fade f-{ink}"),
                text(x + 8, y + 13, label, "f-paper s b") if width > 8 * len(label) + 16 else "",
                data_id=f"bar-{fate}",
            )
        )
        x += width
    sentence = f"all {total:,}; {hidden:,} of them have no lane below: open ones and check-backs come first"
    return "".join(parts) + text(PAD, y + 34, sentence, "f-soft s")


def _log(log: TransactionLog) -> str:
    halves, ops, dropped = (end - start for start, end in (log.half, log.op, log.given_up))
    return (
        f"{log.broker}: {count(halves, 'half message')}, one a check-back included; "
        f"settled in {count(ops, 'op message')}; {dropped:,} given up"
    )


def _unread(read: Transactions) -> tuple[str, ...]:
    return (
        (f"{count(read.older, 'half message')} more: too old to be looked at, or not yours.",)
        if read.older
        else ()
    )


KIND = Kind("transactions", interest, draw)
