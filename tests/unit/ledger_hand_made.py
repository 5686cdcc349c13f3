"""Accounts made by hand, for the tests of the ledger's picture."""

from __future__ import annotations

from rmqlab.ledger import Account, Copy, Entry, Verdict


def entries(answer: str, stored: int, lost: int, start: int = 0, *verdicts: Verdict) -> list[Entry]:
    """So many messages with an answer that are stored, and so many that are not."""
    return [
        Entry(
            f"m{number}",
            "orders",
            f"order-{number}",
            number,
            sent=[float(number)],
            answers=[answer],
            stored=(Copy("broker-a", 0, number),) if number - start < stored else (),
            verdicts=verdicts,
        )
        for number in range(start, start + stored + lost)
    ]


GOOD = Account(tuple(entries("OK", 200, 0)))
BAD = Account(
    (
        *entries("OK", 900, 0),
        *entries("OK", 0, 7, 900, Verdict.ACKNOWLEDGED_AND_LOST),
        *entries("FLUSH_SLAVE_TIMEOUT", 40, 2, 907),
        *entries("TIMEOUT", 12, 5, 949),
        *entries("FAILED", 3, 30, 966),
        *entries("OK", 8, 0, 999, Verdict.DUPLICATED),
        *entries("OK", 2, 0, 1007, Verdict.OUT_OF_ORDER, Verdict.LATE),
        *entries("OK", 1, 0, 1009, Verdict.DEAD_LETTERED),
    )
)
MANY = Account(tuple(entries("OK", 9_000, 1_000, 0, Verdict.ACKNOWLEDGED_AND_LOST, Verdict.DUPLICATED)))
PICTURES = {"ledger": GOOD, "ledger with losses": BAD, "ledger of nothing": Account(())}
SCOREBOARDS = {
    "scoreboard": {"naive": BAD, "careful": GOOD},
    "scoreboard of nothing": {},
}
