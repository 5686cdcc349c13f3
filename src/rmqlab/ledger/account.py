"""The account: all messages of a ledger with what is wrong with them, to read, to compute with, to export."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rmqlab.errors import LedgerError
from rmqlab.ledger.entries import Answer, Entry, Verdict

_EXAMPLES = 6
_COLUMNS = (
    "number",
    "entry",
    "topic",
    "key",
    "sent",
    "answers",
    "answer",
    "stored",
    "delivered",
    "processed",
    "dead",
    "verdicts",
)


@dataclass(frozen=True, slots=True)
class Account:
    """All messages of a ledger, in the order in which they were sent, and what is wrong with them."""

    entries: tuple[Entry, ...]
    _summary: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def having(self, verdict: Verdict) -> tuple[Entry, ...]:
        """Return the messages with a verdict."""
        return tuple(entry for entry in self.entries if verdict in entry.verdicts)

    def count(self, what: Verdict | Answer) -> int:
        """Return how many messages have a verdict or an answer."""
        if isinstance(what, Answer):
            return sum(entry.answer is what for entry in self.entries)
        return len(self.having(what))

    def verdicts(self) -> dict[Verdict, int]:
        """Return how many messages have each verdict that occurs."""
        counted = Counter(verdict for entry in self.entries for verdict in entry.verdicts)
        return {verdict: counted[verdict] for verdict in Verdict if counted[verdict]}

    @property
    def lost(self) -> int:
        """Messages that the program was told are safe, and that are gone. What nobody may be above zero."""
        return self.count(Verdict.ACKNOWLEDGED_AND_LOST)

    def summary(self) -> dict[str, Any]:
        """Return the counts as plain data, which a recording can hold.

        `told` has for each answer how many messages are stored and how many are not; `wrong` for each verdict
        that occurs how many messages have it, and the keys of the first six; `consumed` whether any was
        delivered. It is added up once: a live picture asks for it with each frame.
        """
        if not self._summary:
            self._summary.update(self._added_up())
        return self._summary

    def _added_up(self) -> dict[str, Any]:
        told = {str(answer): [0, 0] for answer in Answer}
        for entry in self.entries:
            told[str(entry.answer)][not entry.stored] += 1
        wrong = {
            str(verdict): [
                len(found),
                [each.key or f"message {each.number + 1}" for each in found[:_EXAMPLES]],
            ]
            for verdict in self.verdicts()
            if (found := self.having(verdict))
        }
        return {"told": told, "wrong": wrong, "consumed": any(entry.delivered for entry in self.entries)}

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a message: what the CSV file and the frame have."""
        return [
            {
                "number": entry.number,
                "entry": entry.name,
                "topic": entry.topic,
                "key": entry.key,
                "sent": len(entry.sent),
                "answers": " ".join(entry.answers),
                "answer": str(entry.answer),
                "stored": len(entry.stored),
                "delivered": len(entry.delivered),
                "processed": len(entry.processed),
                "dead": " ".join(entry.dead),
                "verdicts": ", ".join(entry.verdicts),
            }
            for entry in self.entries
        ]

    def to_csv(self, path: Path | str) -> None:
        """Write the rows as a CSV file (UTF-8, a header line)."""
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows())

    def frame(self) -> Any:
        """Return the rows as a pandas DataFrame.

        Raises:
            LedgerError: pandas is not installed.
        """
        try:
            import pandas  # noqa: ICN001, PLC0415  (who does not use it need not have it)
        except ImportError:
            raise LedgerError(
                "pandas is not installed here: `python -m pip install pandas`. "
                "`rows()` and `to_csv()` do without it."
            ) from None
        return pandas.DataFrame(self.rows(), columns=list(_COLUMNS))

    def __repr__(self) -> str:
        told = ", ".join(f"{count:,} {answer}" for answer in Answer if (count := self.count(answer)))
        lines = [f"{len(self.entries):,} messages sent{f': {told}' if told else ''}"]
        lines += [f"  {count:,} {verdict}" for verdict, count in self.verdicts().items()]
        return "\n".join(lines if len(lines) > 1 else [*lines, "  nothing is wrong with any of them"])
