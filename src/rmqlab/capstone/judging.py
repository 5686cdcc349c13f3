"""The judgement: from what is left after a trial to a score out of 100, with reasons. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rmqlab.capstone.reasons import PARTS, REASONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVED = 0.8
"""A system that sells to fewer of its customers loses points for those that are missing."""

PAYING = 0.1
"""A system that charges fewer of those who can pay sells nothing: there is nothing that it could lose."""

_ORDERS, _STOCK, _MONEY, _MESSAGES = PARTS


@dataclass(frozen=True, slots=True)
class Order:
    """What one customer wanted.

    Attributes:
        number: the order's.
        pieces: how many.
        amount: what they cost.
        card: `valid`, or `empty`: then the bank charges nothing, and nobody pays.
    """

    number: str
    pieces: int
    amount: int
    card: str = "valid"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is left after a trial; all by the order's number.

    Attributes:
        orders: what customers wanted.
        told: what they were told: `yes`, `no`, or `nothing` (the shop died meanwhile).
        states: the shop's orders: `open`, `paid`, `cancelled`.
        moves: the stock's: -2 for two pieces reserved, 2 for two that came back.
        book: the bank's: 40 for a charge, -40 for a refund.
        sent: orders with a message in `orders`, whatever the answer was.
        announced: orders with a message in `orders` that was acknowledged.
        reminded: orders with a message in `timeouts` that was acknowledged.
        lost: orders with a message that was acknowledged and that no broker has.
        undone: orders with a message that is stored and that a group has not done, or has dead-lettered.
    """

    orders: Mapping[str, Order]
    told: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    book: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    sent: frozenset[str] = frozenset()
    announced: frozenset[str] = frozenset()
    reminded: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    undone: frozenset[str] = frozenset()

    @property
    def relevant(self) -> tuple[str, ...]:
        """The orders that count: those that were promised, and those that left a trace anywhere."""
        return tuple(
            number
            for number in self.orders
            if self.told.get(number) == "yes"
            or number in self.states
            or number in self.moves
            or number in self.book
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score.

    Attributes:
        name: which.
        most: how many points there are.
        points: how many there were: the share of the orders that are right, rounded down.
        wrong: the orders that are not, by the reason's key.
        missing: how many customers too few were served.
    """

    name: str
    most: int
    points: int
    wrong: Mapping[str, tuple[str, ...]]
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """The parts, and the number of orders that they are about."""

    parts: tuple[Part, ...]
    orders: int

    @property
    def total(self) -> int:
        """The points, 0 to 100."""
        return sum(part.points for part in self.parts)

    @property
    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Why it is not 100: the orders by the reason's key, the gravest reason first."""
        found = {key: numbers for part in self.parts for key, numbers in part.wrong.items()}
        if any(part.missing for part in self.parts):
            found["refused"] = ()
        return {key: found[key] for key in REASONS if key in found}

    def __str__(self) -> str:
        lines = [f"{self.total} of 100, {self.orders} orders"]
        lines += [f"  {part.name}: {part.points} of {part.most}" for part in self.parts]
        for key, numbers in self.reasons.items():
            orders = f" ({len(numbers)} orders, such as {numbers[0]})" if numbers else ""
            lines.append(f"  {REASONS[key].seen}{orders}")
        return "\n".join(lines)


def judge(facts: Facts) -> Score:
    """Judge a trial."""
    relevant = facts.relevant
    answered = sum(answer in {"yes", "no"} for answer in facts.told.values())
    served = sum(answer == "yes" for answer in facts.told.values())
    missing = max(0, int(SERVED * answered) - served) if answered else 1
    unsold = _unsold(facts)
    rules: dict[str, Callable[[Facts, str], str]] = {
        _ORDERS: _order,
        _STOCK: _stock,
        _MONEY: lambda facts, number: _money(facts, number) or ("unsold" if number in unsold else ""),
        _MESSAGES: _message,
    }
    parts = []
    for name, most in PARTS.items():
        wrong: dict[str, list[str]] = {}
        for number in relevant:
            if key := rules[name](facts, number):
                wrong.setdefault(key, []).append(number)
        right = len(relevant) - sum(map(len, wrong.values()))
        points = most * right // max(1, len(relevant) + missing)
        parts.append(Part(name, most, points, {key: tuple(each) for key, each in wrong.items()}, missing))
    return Score(tuple(parts), len(relevant))


def _order(facts: Facts, number: str) -> str:
    state = facts.states.get(number)
    if state is None:
        return "missing"
    return "" if state in {"paid", "cancelled"} else "stuck"


def _stock(facts: Facts, number: str) -> str:
    pieces, state = facts.orders[number].pieces, facts.states.get(number)
    moves = facts.moves.get(number, ())
    taken = -sum(move for move in moves if move < 0)
    back = sum(move for move in moves if move > 0)
    if taken > pieces:
        return "reserved-twice"
    if back > taken:
        return "returned-twice"
    if state == "paid" and taken - back != pieces:
        return "not-reserved"
    return "not-returned" if state == "cancelled" and taken != back else ""


def _money(facts: Facts, number: str) -> str:
    amount, state = facts.orders[number].amount, facts.states.get(number)
    booked = facts.book.get(number, ())
    if sum(each > 0 for each in booked) > 1:
        return "charged-twice"
    if state == "paid" and sum(booked) != amount:
        return "not-charged"
    return "kept-the-money" if state != "paid" and sum(booked) else ""


def _unsold(facts: Facts) -> frozenset[str]:
    """Return who could have paid and has not, if hardly anybody has."""
    able = {number for number in facts.relevant if facts.orders[number].card == "valid"}
    paid = {number for number in able if facts.states.get(number) == "paid"}
    return frozenset(able - paid if len(paid) < PAYING * len(able) else ())


def _message(facts: Facts, number: str) -> str:
    if number in facts.lost:
        return "lost"
    if number not in facts.announced:
        return "unacknowledged" if number in facts.sent else "never-sent"
    if number in facts.moves and number not in facts.reminded:
        return "no-reminder"
    return "undone" if number in facts.undone else ""
