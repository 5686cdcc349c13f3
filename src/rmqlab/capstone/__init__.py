"""The capstone: an order system of the learner's, run as processes, hurt on purpose, and given a score.

`system` makes programs of a learner's functions, `services` are the processes that run them, `dangers` what
happens to them, `trying` does it all, `facts` gathers what is left, `judging` makes a score of it (pure).

Names are imported on first use (PEP 562): the processes pass here, and most of it is not for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rmqlab.capstone.bank import Bank
    from rmqlab.capstone.dangers import DANGERS
    from rmqlab.capstone.judging import Facts, Order, Score, judge
    from rmqlab.capstone.outcome import Outcome, read_outcome
    from rmqlab.capstone.shop import SHOP_TABLES, make_shop
    from rmqlab.capstone.system import System
    from rmqlab.capstone.trying import trial

_HOME = {
    "DANGERS": "dangers",
    "SHOP_TABLES": "shop",
    "Bank": "bank",
    "Facts": "judging",
    "Order": "judging",
    "Outcome": "outcome",
    "Score": "judging",
    "System": "system",
    "judge": "judging",
    "make_shop": "shop",
    "read_outcome": "outcome",
    "trial": "trying",
}

__all__ = [
    "DANGERS",
    "SHOP_TABLES",
    "Bank",
    "Facts",
    "Order",
    "Outcome",
    "Score",
    "System",
    "judge",
    "make_shop",
    "read_outcome",
    "trial",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found
