"""From a ledger's account to a run: what was lost, how long nothing worked, what happened when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rmqlab.chaos.effects import count_effects
from rmqlab.chaos.run import TICK_S, Timeline
from rmqlab.ledger import Answer, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rmqlab.chaos.run import Run
    from rmqlab.ledger import Account, Entry

_LONGEST_S = 90.0


def judged(  # noqa: PLR0913, PLR0917  (what a trial knows)
    run: Run, account: Account, database: Path, begun: float, last: float, ended: float
) -> Run:
    """Return the run with all that the account says.

    Args:
        run: What was tried.
        account: The ledger's.
        database: Their effects'.
        begun: When the hazard began, in seconds since 1970.
        last: When its undoing began.
        ended: When it was undone.
    """
    entries = account.entries
    done = [entry for entry in entries if entry.processed]
    twice, effects = count_effects(database)
    in_flight = sum(_under_way(entry, begun, last) for entry in entries)
    sends = [
        entry.answered[-1] for entry in entries if entry.answer is Answer.ACKNOWLEDGED and entry.answered
    ]
    receives = [each.at for entry in entries for each in entry.delivered]
    void = "" if in_flight else "no send was under way while the fault lasted"
    return replace(
        run,
        sent=len(entries),
        acknowledged=account.count(Answer.ACKNOWLEDGED),
        doubtful=account.count(Answer.DOUBTFUL),
        unknown=account.count(Answer.UNKNOWN),
        failed=account.count(Answer.FAILED),
        lost=account.lost,
        undelivered=sum(bool(entry.stored) and not entry.processed for entry in entries)
        if run.consumers
        else 0,
        duplicated=account.count(Verdict.DUPLICATED),
        stored_twice=sum(len(entry.stored) > 1 for entry in entries),
        delivered_twice=sum(len(entry.delivered) > 1 for entry in entries),
        done_twice=sum(len(entry.processed) > 1 for entry in entries),
        reordered=account.count(Verdict.OUT_OF_ORDER),
        effects_twice=twice,
        effects_missing=max(0, len(done) - effects),
        sends_stalled_s=_longest_silence(sends, begun, ended) or 0.0,
        receives_stalled_s=_longest_silence(receives, begun, ended) if run.consumers else None,
        in_flight=in_flight,
        void=run.void or void,
        timeline=_timeline(entries, begun, ended),
    )


def _under_way(entry: Entry, begun: float, last: float) -> bool:
    """Tell whether a message was being sent while the hazard lasted."""
    end = entry.answered[-1] if len(entry.answered) >= len(entry.sent) else float("inf")
    return entry.sent[0] < last and end > begun


def _longest_silence(moments: Iterable[float], begun: float, ended: float) -> float | None:
    """Return the longest time between two moments, of which the later is after the begin; in seconds.

    What comes long after the end (sends have stopped, the rest is consumed) does not count. None: none
    came after the end.
    """
    longest, before = 0.0, begun
    for moment in sorted(moments):
        if moment > begun:
            if before < ended:
                longest = max(longest, moment - before)
            before = moment
    return round(longest, 2) if before > ended else None


def _timeline(entries: Sequence[Entry], begun: float, ended: float) -> Timeline:
    if not entries:
        return Timeline()
    start = entries[0].sent[0]
    acknowledged, failed = [], []
    for entry in entries:
        for answer, at in zip(entry.answers, entry.answered, strict=True):
            (acknowledged if answer == "OK" else failed).append(at - start)
    delivered = [each.at - start for entry in entries for each in entry.delivered]
    last = min(max([*acknowledged, *failed, *delivered, ended - start]), _LONGEST_S)
    ticks = int(last / TICK_S) + 1

    def counted(moments: Iterable[float]) -> tuple[int, ...]:
        bins = [0] * ticks
        for moment in moments:
            if (tick := int(moment / TICK_S)) < ticks:
                bins[tick] += 1
        return tuple(bins)

    return Timeline(
        round(begun - start, 2),
        round(ended - start, 2),
        counted(acknowledged),
        counted(failed),
        counted(delivered),
    )
