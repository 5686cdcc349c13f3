"""What is left after a trial, read from where it lies: the shop's database, the bank's book, the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.capstone.bank import read_book
from rmqlab.capstone.judging import Facts
from rmqlab.capstone.shop import read_moves, read_states
from rmqlab.ledger import Answer, Ledger, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rmqlab.capstone.judging import Order
    from rmqlab.cluster import Cluster
    from rmqlab.ledger import Account, Entry

GROUPS = {"orders": {"stock", "payment"}, "timeouts": {"clock"}}
"""Who has to be done with the messages of a topic."""


def ledger_of(cluster: Cluster, trial: str) -> Ledger:
    """Return a trial's ledger."""
    return Ledger(cluster, f"trial-{trial}")


def read_facts(folder: Path, account: Account, orders: Mapping[str, Order], told: Mapping[str, str]) -> Facts:
    """Return what is left.

    Args:
        folder: the trial's.
        account: its ledger's.
        orders: what customers wanted.
        told: what they were told.
    """
    return Facts(
        orders=dict(orders),
        told=dict(told),
        states=read_states(folder / "shop.db"),
        moves=read_moves(folder / "shop.db"),
        book=read_book(folder / "bank.db"),
        sent=_keys(each for each in account.entries if each.topic == "orders"),
        announced=_keys(each for each in account.entries if _is_sure(each, "orders")),
        reminded=_keys(each for each in account.entries if _is_sure(each, "timeouts")),
        lost=_keys(each for each in account.entries if _is_lost(each)),
        undone=_keys(each for each in account.entries if _is_undone(each)),
    )


def _keys(entries: Iterable[Entry]) -> frozenset[str]:
    return frozenset(each.key for each in entries)


def _is_sure(entry: Entry, topic: str) -> bool:
    return entry.topic == topic and entry.answer is Answer.ACKNOWLEDGED


def _is_lost(entry: Entry) -> bool:
    return Verdict.ACKNOWLEDGED_AND_LOST in entry.verdicts


def _is_undone(entry: Entry) -> bool:
    done = {each.group for each in entry.processed}
    return bool(entry.stored) and bool(GROUPS.get(entry.topic, set()) - done)
