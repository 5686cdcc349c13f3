"""Transactions made by hand: each ending there is, and very many."""

from __future__ import annotations

from rmqlab.observe import Place, Transaction, TransactionLog, Transactions

BEGAN = 1_795_207_900_000


def transaction(key: str, number: int = 0, checks: int = 0, **facts) -> Transaction:
    """A half message of its own millisecond, asked about every two seconds."""
    began = BEGAN + number
    halves = tuple(Place(number + 100 * asked, began + 2000 * asked) for asked in range(checks + 1))
    made = {"visible": ()} | facts
    return Transaction("broker-a", f"FD{number:030}", "orders", 2, key, "", "shop", halves, checks, **made)


def later(seconds: float, offset: int = 0) -> Place:
    return Place(offset, BEGAN + int(1000 * seconds))


COMMITTED = transaction("order-1", 1, settled=(later(0.3),), visible=(later(0.02),))
ROLLED_BACK = transaction("order-2", 2, settled=(later(0.3),))
COMMITTED_LATE = transaction("order-3", 3, checks=1, settled=(later(2.2, 1),), visible=(later(2.02, 1),))
GIVEN_UP = transaction("order-4", 4, checks=3, given_up=later(8))
TWICE = transaction(
    "order-5", 5, checks=1, settled=(later(4.2, 2), later(2.3, 1)), visible=(later(2.1, 2), later(4.1, 3))
)
OPEN = transaction("order-6", 6, visible=())
ASKED = transaction("order-7-with-a-very-long-key-of-its-own", 7, checks=15)
UNKNOWN_END = transaction("", 8, settled=(later(0.4),), visible=None)
EVERY_END = (COMMITTED, ROLLED_BACK, COMMITTED_LATE, GIVEN_UP, TWICE, OPEN, ASKED, UNKNOWN_END)

LOG = TransactionLog("broker-a", (0, 27), (0, 4), (0, 1))
MANY = Transactions(
    (LOG,),
    (
        *(transaction(f"order-{n}", n, settled=(later(1),), visible=(later(1, n),)) for n in range(400)),
        *(transaction(f"order-{n}", n, settled=(later(1),)) for n in range(400, 440)),
        *(transaction(f"order-{n}", n, checks=2) for n in range(440, 445)),
    ),
    older=9_555,
)

# A name, and what is drawn.
PICTURES = {
    "transactions": (Transactions((LOG,), EVERY_END), (), {}),
    "transactions of four endings": (
        Transactions((LOG,), EVERY_END[:4]),
        (),
        {"topic": "orders"},
    ),
    "many transactions": (MANY, (), {}),
    "no transactions": (Transactions(), (), {"topic": ["orders", "payments"]}),
}
