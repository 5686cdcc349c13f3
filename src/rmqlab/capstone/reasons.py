"""Why a score is not 100: each reason with what is seen, what is behind it, and what to try. Facts only."""

from __future__ import annotations

from dataclasses import dataclass

PARTS = {"orders": 30, "stock": 25, "money": 30, "messages": 15}
"""The parts of a score, and their points."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; its sentences have no numbers, so that they are the same in each run.

    Attributes:
        part: the part of the score that it costs points.
        expected: what should be.
        seen: what is, instead.
        why: the likely cause.
        try_next: one thing to do.
    """

    part: str
    expected: str
    seen: str
    why: str
    try_next: str


_ENDS = "each order that a customer was promised ends: paid or cancelled"
_ONCE = "the pieces of each order leave the stock once, and come back once if it is cancelled"
_PAY = "a paid order is charged once, another one not at all"
_TOLD = (
    "the broker has acknowledged a message in `orders` for each order, one in `timeouts` for each reservation"
)

REASONS = {
    "missing": Reason(
        "orders",
        _ENDS,
        "orders that were promised and that the database does not have",
        "the customer was told yes before the order was committed",
        "commit the order first, return then",
    ),
    "charged-twice": Reason(
        "money",
        _PAY,
        "customers who were charged more than once",
        "a message comes again after a kill, a time-out or a retry, and for the bank each request "
        "without a key is a "
        "new one",
        "send the order's number along as the key",
    ),
    "reserved-twice": Reason(
        "stock",
        _ONCE,
        "orders whose pieces were reserved more than once",
        "a message comes more than once: the shop sends it again when it does not know, the broker "
        "brings it again when "
        "nobody has acknowledged it",
        "a unique key in the transaction that reserves: `INSERT OR IGNORE INTO done`",
    ),
    "not-reserved": Reason(
        "stock",
        _ONCE,
        "orders that are paid, and whose pieces were never reserved",
        "the message was acknowledged before the work was done; then the process died, and the "
        "broker did not bring it "
        "again",
        "reserve first, return CONSUME_SUCCESS then, in the same thread",
    ),
    "returned-twice": Reason(
        "stock",
        _ONCE,
        "cancelled orders whose pieces came back more than once",
        "the message in `timeouts` comes more than once as well",
        "return the pieces only if this very UPDATE has made the order `cancelled` (`AND state = "
        "'open'`, `rowcount`)",
    ),
    "not-returned": Reason(
        "stock",
        _ONCE,
        "cancelled orders whose pieces never came back",
        "the state was committed, and the process died before the stock was",
        "both in one transaction",
    ),
    "kept-the-money": Reason(
        "money",
        _PAY,
        "customers who have paid for an order that was cancelled",
        "the time was up while the bank was working, or while the payment service was dead",
        "look at the state after the charge, and refund what was cancelled: also when the message "
        "comes again",
    ),
    "not-charged": Reason(
        "money",
        _PAY,
        "orders that are paid, and the bank has nothing of it",
        "no answer was taken for a yes, or the money was given back although the order is paid",
        "set the state after the bank has said yes, and refund only what is cancelled",
    ),
    "unacknowledged": Reason(
        "messages",
        _TOLD,
        "orders whose message the broker never confirmed to the shop",
        "a oneway send has no answer, a send that failed has none either: whether the message is "
        "there is luck",
        "`producer.send`, look at `result.ok`, and send again until it is",
    ),
    "stuck": Reason(
        "orders",
        _ENDS,
        "orders that are open for ever: nobody will pay, pack or cancel them",
        "their message was never sent (the shop died between database and broker, or a send was "
        "lost), or it was "
        "acknowledged before its work was done",
        "write the message into the outbox in the order's own transaction, mark it as sent after "
        "the broker's OK, and "
        "acknowledge after the work",
    ),
    "lost": Reason(
        "messages",
        "no message that was acknowledged is lost",
        "messages that the broker has acknowledged, and that it no longer has",
        "what the broker had not flushed, or what it held back, is gone",
        "look at the broker's settings: lab 08",
    ),
    "never-sent": Reason(
        "messages",
        _TOLD,
        "orders of which no message was ever sent",
        "the shop died between the database and the message, and after that nobody knew that there "
        "was one to send",
        "write the message into the outbox in the order's own transaction, and mark it as sent "
        "after the broker's OK",
    ),
    "no-reminder": Reason(
        "messages",
        _TOLD,
        "reservations without a message in `timeouts` that was acknowledged",
        "it was sent oneway, or not sent again when the order's message came again",
        "send it before you acknowledge, also if the order was reserved before, and look at `result.ok`",
    ),
    "undone": Reason(
        "messages",
        "each group is done with each message in the end",
        "messages that a group has not done, or that are in its dead-letter queue",
        "a callback raises, or returns something else than CONSUME_SUCCESS, each time it gets such a message",
        "`print(result)` has what your functions raised",
    ),
    "unsold": Reason(
        "money",
        "customers who can pay are charged",
        "customers who could have paid and were not charged: hardly anybody was",
        "a shop that sells nothing loses nothing: that does not count",
        "charge in `on_payment`, and then set the order to `paid`",
    ),
    "refused": Reason(
        "orders",
        "at least four of five customers are told yes",
        "more customers were sent away",
        "a shop that sells nothing loses nothing: that does not count",
        "do not make a customer wait for the broker: note the message in the database, and send it later",
    ),
}
"""Every reason, the gravest first."""
