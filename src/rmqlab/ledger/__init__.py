"""The delivery ledger: what was sent against what came out, message by message.

`journal` is what programs report, `reports` the wrappers that do it, `holdings` what the broker has,
`entries` one message, `verdicts` the judgement, `account` its sum, `book` the ledger that puts them together.
"""

from __future__ import annotations

from rmqlab.ledger.account import Account
from rmqlab.ledger.book import Ledger
from rmqlab.ledger.entries import Answer, Copy, Entry, Holding, Verdict
from rmqlab.ledger.verdicts import reconcile

__all__ = ["Account", "Answer", "Copy", "Entry", "Holding", "Ledger", "Verdict", "reconcile"]
