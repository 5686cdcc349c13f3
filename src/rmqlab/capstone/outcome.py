"""What a trial came to: its score, its dangers, and all that it left, on the disk and at the broker."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rmqlab.capstone.facts import ledger_of, read_facts
from rmqlab.capstone.judging import Facts, Order, Score, judge
from rmqlab.errors import ChaosError
from rmqlab.views import Still

if TYPE_CHECKING:
    from pathlib import Path

    from rmqlab.cluster import Cluster

_FILE = "trial.json"


@dataclass(frozen=True, slots=True)
class Happened:
    """One danger, as it was.

    Attributes:
        name: which.
        evidence: what shows that it took effect, or why it did not.
        order: the number of the order that it hit, if it was one.
        took_effect: whether it did.
    """

    name: str
    evidence: str
    order: str = ""
    took_effect: bool = True


@dataclass(frozen=True)
class Outcome:
    """A trial that is over. As the last expression of a cell it is a picture.

    Attributes:
        name: the trial's; `read_outcome` finds it again.
        seed: what settled the order of the dangers.
        folder: its files: `shop.db`, `bank.db`, `program.py`.
        happened: the dangers, in the order in which they came.
        raised: what the learner's functions raised, each kind once.
        facts: what is left.
        score: the judgement.
    """

    name: str
    seed: int
    folder: Path
    happened: tuple[Happened, ...]
    raised: tuple[str, ...]
    facts: Facts
    score: Score

    @property
    def total(self) -> int:
        """The points, 0 to 100."""
        return self.score.total

    def hit_by(self, danger: str) -> str:
        """Return the number of the order that a danger has hit; empty if it was none."""
        return next((each.order for each in self.happened if each.name == danger), "")

    def __str__(self) -> str:
        lines = [str(self.score), *(f"  {each.name}: {each.evidence}" for each in self.happened)]
        return "\n".join([*lines, *(f"  raised by {each}" for each in self.raised)])

    def __repr__(self) -> str:
        from rmqlab.capstone.picture import draw_outcome  # noqa: PLC0415  (it draws one of these)

        return draw_outcome(self).text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from rmqlab.capstone.picture import draw_outcome  # noqa: PLC0415

        return Still(draw_outcome(self))._repr_mimebundle_()


def folder_of(cluster: Cluster, name: str) -> Path:
    """Return where a trial keeps its files: with the cluster's."""
    return cluster.record.folder / "trials" / name


def write_outcome(outcome: Outcome) -> None:
    """Write down what cannot be read from anywhere else."""
    kept = {
        "seed": outcome.seed,
        "orders": [asdict(order) for order in outcome.facts.orders.values()],
        "told": dict(outcome.facts.told),
        "happened": [asdict(each) for each in outcome.happened],
        "raised": outcome.raised,
    }
    (outcome.folder / _FILE).write_text(json.dumps(kept), encoding="utf-8")


def read_outcome(cluster: Cluster, name: str) -> Outcome:
    """Return a trial of a cluster, judged anew by its files and by what the broker holds now.

    Raises:
        ChaosError: there is no such trial.
        LedgerError: the broker does not answer.
    """
    folder = folder_of(cluster, name)
    try:
        kept = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ChaosError(f"{cluster.name} has had no trial called {name!r}.") from error
    orders = {each["number"]: Order(**each) for each in kept["orders"]}
    account = ledger_of(cluster, name).reconcile()
    facts = read_facts(folder, account, orders, kept["told"])
    happened = tuple(Happened(**each) for each in kept["happened"])
    return Outcome(name, kept["seed"], folder, happened, tuple(kept["raised"]), facts, judge(facts))
