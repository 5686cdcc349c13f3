"""The scoreboard: several accounts of the delivery ledger side by side, the safest first.

It draws accounts and asks the cluster nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rmqlab.ledger import Account, Answer, Verdict
from rmqlab.observe import Interest, Snapshot
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, el, facts, picture, shorten, text
from rmqlab.views.parts import head

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 864
_TOP, _ROW = 104, 34
_MOST = 24
_FIRST, _STEP = 250, 100

_COLUMNS = ("acknowledged", "lost", "duplicated", "out of order", "late", "dead letters", "undelivered")
_AFTERWARDS = (
    Verdict.DUPLICATED,
    Verdict.OUT_OF_ORDER,
    Verdict.LATE,
    Verdict.DEAD_LETTERED,
    Verdict.NOT_DELIVERED,
)
_LOST = _COLUMNS.index("lost")


class Line(NamedTuple):
    """One account: its name, how many messages were sent, and a number for each of the columns."""

    name: str
    sent: int
    numbers: tuple[int, ...]

    @property
    def is_safe(self) -> bool:
        """Whether nothing that was acknowledged is lost."""
        return not self.numbers[_LOST]


def interest(what: Mapping[str, Any]) -> Interest:
    """Return that nothing is asked of the cluster.

    `what` has `accounts`: names and what `Ledger.reconcile` returned for each, or their `summary()`.

    Raises:
        TypeError: another argument, or no accounts.
    """
    accounts = what.get("accounts")
    if what.keys() != {"accounts"} or not isinstance(accounts, dict) or not _are_accounts(accounts):
        raise TypeError("scoreboard takes accounts=, names and what each ledger's reconcile() returned")
    return Interest()


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:  # noqa: ARG001 - a Kind's shape
    """Draw a line for each account: those that lost nothing first, then by what they lost."""
    lines = sorted(
        (_line(name, account) for name, account in what["accounts"].items()),
        key=lambda line: line.numbers[_LOST],
    )
    safe = sum(line.is_safe for line in lines)
    title = "Scoreboard"
    subtitle = f"{safe} of {count(len(lines), 'trial')} lost nothing that was acknowledged"
    drawn = lines[:_MOST]
    body = "".join(
        text(_FIRST + _STEP * column - 20, 84, word, "f-soft c e") for column, word in enumerate(_COLUMNS)
    )
    body += "".join(_row(line, _TOP + number * _ROW) for number, line in enumerate(drawn))
    y = _TOP + len(drawn) * _ROW
    notes = (f"{len(lines) - _MOST} more are not drawn: they lost more.",) if len(lines) > _MOST else ()
    for note in notes:
        body += text(PAD, y + 8, note, "f-soft s")
        y += 20
    label = f"{title}: {subtitle}"
    rows = tuple(
        (f"{_sign(line)} {line.name}", f"{line.sent:,}", *(f"{each:,}" for each in line.numbers))
        for line in drawn
    )
    svg = picture(WIDTH, y + PAD, label, head(WIDTH, title, subtitle, looker) + body)
    return Drawing(label, svg, ("trial", "sent", *_COLUMNS), rows, notes)


def _are_accounts(accounts: Mapping[Any, Any]) -> bool:
    return all(
        isinstance(name, str) and isinstance(account, Account | dict) for name, account in accounts.items()
    )


def _line(name: str, account: Account | Mapping[str, Any]) -> Line:
    summary = account.summary() if isinstance(account, Account) else account
    told, wrong = summary["told"], summary["wrong"]
    numbers = [sum(told[Answer.ACKNOWLEDGED])]
    numbers += [wrong.get(verdict, (0,))[0] for verdict in (Verdict.ACKNOWLEDGED_AND_LOST, *_AFTERWARDS)]
    return Line(name, sum(map(sum, told.values())), tuple(numbers))


def _sign(line: Line) -> str:
    return "✔" if line.is_safe else "✕"


def _row(line: Line, y: float) -> str:
    cells = "".join(
        text(_FIRST + _STEP * column - 20, y + 17, f"{number:,}", f"{_ink(column, number)} e")
        for column, number in enumerate(line.numbers)
    )
    said = [f"{word}: {number:,}" for word, number in zip(_COLUMNS, line.numbers, strict=True)]
    return el(
        "g",
        facts(f"{line.name}, {line.sent:,} sent", *said),
        el("rect", x=PAD, y=y - 4, width=WIDTH - 2 * PAD, height=_ROW - 4, rx=5, class_="f-card"),
        text(PAD + 10, y + 17, _sign(line), f"{'f-up' if line.is_safe else 'f-down'} b"),
        text(PAD + 30, y + 17, shorten(line.name, 16), "f-ink b"),
        cells,
        data_id=f"trial-{line.name}",
    )


def _ink(column: int, number: int) -> str:
    if column < _LOST or not number:
        return "f-ink" if column < _LOST else "f-soft"
    return "f-down b" if column == _LOST else "f-paused b"


KIND = Kind("scoreboard", interest, draw)
