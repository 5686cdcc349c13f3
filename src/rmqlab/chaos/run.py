"""What one run of a trial came to: a fact, one line of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmqlab.errors import ChaosError

if TYPE_CHECKING:
    from collections.abc import Iterable

TICK_S = 0.1
"""A timeline's unit."""


@dataclass(frozen=True)
class Timeline:
    """What happened in each tenth of a second since the first send.

    Attributes:
        begun, ended: when the hazard began and ended, in seconds.
        acknowledged, failed, delivered: how many, tick by tick.
    """

    begun: float = 0.0
    ended: float = 0.0
    acknowledged: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    delivered: tuple[int, ...] = ()


@dataclass(frozen=True)
class Run:
    """One run: a recipe, a hazard, and what the ledger says afterwards. Numbers are messages.

    Attributes:
        recipe, hazard, seed, number, backend, consumers: What was tried; they name the run.
        when: The day and time of its begin, UTC.
        sent, acknowledged, doubtful, unknown, failed: Messages by what the program was told.
        lost: Acknowledged, and no broker holds them. What no recipe that promises may have.
        undelivered: Stored, and no consumer was done with them when nothing moved any more.
        duplicated: Stored more than once, or done more than once; `stored_twice` and `done_twice` say which.
        delivered_twice: Given to consumers more than once, whether or not it was done the first time.
        reordered: Done after a later message of the same key.
        effects_twice: Effects that happened more than once. Has to be 0.
        effects_missing: Messages that were done without an effect. Has to be 0.
        outbox: Messages that the program gave up.
        sends_stalled_s, receives_stalled_s: The longest time without an acknowledgement, without a delivery,
            from the hazard's begin on: until sends and receives worked again. None: receives did not, or
            nobody received.
        in_flight: Sends that were under way while the hazard lasted.
        evidence: What shows that it took effect.
        void: Why the run proves nothing; empty where it does.
        impossible: Why it could not be tried; empty where it was.
        timeline: What happened when.
    """

    recipe: str
    hazard: str
    seed: int
    number: int
    backend: str
    consumers: int = 0
    when: str = ""
    sent: int = 0
    acknowledged: int = 0
    doubtful: int = 0
    unknown: int = 0
    failed: int = 0
    lost: int = 0
    undelivered: int = 0
    duplicated: int = 0
    stored_twice: int = 0
    done_twice: int = 0
    delivered_twice: int = 0
    reordered: int = 0
    effects_twice: int = 0
    effects_missing: int = 0
    outbox: int = 0
    sends_stalled_s: float = 0.0
    receives_stalled_s: float | None = None
    in_flight: int = 0
    evidence: tuple[str, ...] = ()
    void: str = ""
    impossible: str = ""
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def counts(self) -> bool:
        """Whether it proves anything."""
        return not (self.void or self.impossible)

    @property
    def name(self) -> tuple[str, str, int, int, str, int]:
        """What tells it from all other runs."""
        return (self.recipe, self.hazard, self.seed, self.number, self.backend, self.consumers)

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    def __str__(self) -> str:
        head = f"{self.recipe}, {self.hazard}"
        if not self.counts:
            return f"{head}: {'void' if self.void else 'impossible'}: {self.void or self.impossible}"
        return (
            f"{head}: {self.sent:,} sent, {self.acknowledged:,} acknowledged, {self.lost:,} of them lost, "
            f"{self.duplicated:,} duplicated, {self.reordered:,} out of order; sends worked again after "
            f"{self.sends_stalled_s:.1f} s"
        )


def run_of(line: str) -> Run:
    """Read a line.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    data: dict[str, Any] = json.loads(line)
    told = data.pop("timeline")
    timeline = Timeline(**{name: tuple(v) if isinstance(v, list) else v for name, v in told.items()})
    return Run(**{**data, "evidence": tuple(data["evidence"]), "timeline": timeline})


def read_runs(*paths: Path | str) -> tuple[Run, ...]:
    """Read files of runs, one a line. A last line that was cut off is left out.

    Raises:
        ChaosError: a file is not there, or no file of runs.
    """
    runs = []
    for path in paths:
        try:
            *lines, _cut_off = Path(path).read_text(encoding="utf-8").split("\n")
        except OSError as error:
            raise ChaosError(f"{path} cannot be read: {error.strerror}.") from error
        for number, line in enumerate(lines, 1):
            try:
                runs.append(run_of(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise ChaosError(f"{path}, line {number}, is no run of a campaign: {error!r}.") from error
    return tuple(runs)


def committed() -> tuple[Run, ...]:
    """Return the runs of the campaign that travels with the course: docs/campaign/ of its repository."""
    packaged = Path(__file__).parents[1] / "_campaign"
    folder = packaged if packaged.is_dir() else Path(__file__).parents[3] / "docs" / "campaign"
    return read_runs(*sorted(folder.glob("*.jsonl")))


def total(runs: Iterable[Run], what: str) -> Any:
    """Return the sum of one number of all runs that count."""
    assert what in {each.name for each in fields(Run)}
    return sum(getattr(run, what) for run in runs if run.counts)
