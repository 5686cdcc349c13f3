"""The judgement: what programs reported against what the broker holds. Pure.

A message may be sent several times (a program that tries again); what counts is the best answer that it ever
got.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from rmqlab.ledger.account import Account
from rmqlab.ledger.entries import Answer, Entry, Holding, Verdict
from rmqlab.ledger.journal import Answered, Delivered, Event, Processed, Sent

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOST = {
    Answer.ACKNOWLEDGED: Verdict.ACKNOWLEDGED_AND_LOST,
    Answer.DOUBTFUL: Verdict.DOUBTFUL_AND_LOST,
    Answer.UNKNOWN: Verdict.UNKNOWN_AND_LOST,
}
_STORED = {Answer.UNKNOWN: Verdict.UNKNOWN_AND_STORED, Answer.FAILED: Verdict.FAILED_BUT_STORED}


def reconcile(
    events: Iterable[Event],
    holding: Holding,
    *,
    late_after_s: float | None = None,
    groups: Iterable[str] = (),
    broadcasting: Iterable[str] = (),
) -> Account:
    """Judge each message that was sent.

    Args:
        events: what programs reported, in any order between processes.
        holding: what the broker holds now.
        late_after_s: a message that a group gets later than this after it was sent is late. None: none is.
        groups: groups that should have got every message by now. Default: those that reported a delivery.
        broadcasting: groups whose members each get every message: for them that is no duplicate.
    """
    entries = _entries(events)
    for_all = frozenset(broadcasting)
    for entry in entries.values():
        entry.stored = tuple(holding.stored.get(entry.name, ()))
        entry.dead = tuple(holding.dead.get(entry.name, ()))
    expected = set(groups) | {each.group for entry in entries.values() for each in entry.delivered}
    disordered = _disordered(entries.values())
    for entry in entries.values():
        entry.verdicts = tuple(_judge(entry, expected, for_all, disordered, late_after_s))
    return Account(tuple(entries.values()))


def _entries(events: Iterable[Event]) -> dict[str, Entry]:
    """Put the events of each message together; in the order of its first send."""
    sends: list[Sent] = []
    others: list[Event] = []
    for event in events:
        (sends if isinstance(event, Sent) else others).append(event)
    sends.sort(key=lambda event: event.at)
    entries: dict[str, Entry] = {}
    for event in sends:
        entry = entries.get(event.entry)
        if entry is None:
            entry = entries[event.entry] = Entry(event.entry, event.topic, event.key, len(entries))
        entry.sent.append(event.at)
    others.sort(key=lambda event: event.at)
    for event in others:
        entry = entries.get(event.entry)
        if entry is None:
            continue  # of a program whose own lines are not here
        if isinstance(event, Answered):
            entry.answers.append(event.answer)
            entry.answered.append(event.at)
        elif isinstance(event, Delivered):
            entry.delivered.append(event)
        elif isinstance(event, Processed) and event.done:
            entry.processed.append(event)
    return entries


def _judge(
    entry: Entry, groups: set[str], for_all: frozenset[str], disordered: set[str], late_after_s: float | None
) -> Iterable[Verdict]:
    answer = entry.answer
    if not entry.stored:
        if answer in _LOST:
            yield _LOST[answer]
    elif answer in _STORED:
        yield _STORED[answer]
    done = Counter((each.group, each.instance if each.group in for_all else "") for each in entry.processed)
    if len(entry.stored) > 1 or any(times > 1 for times in done.values()):
        yield Verdict.DUPLICATED
    if entry.name in disordered:
        yield Verdict.OUT_OF_ORDER
    if late_after_s is not None and any(each.at - entry.sent[0] > late_after_s for each in entry.delivered):
        yield Verdict.LATE
    if entry.dead:
        yield Verdict.DEAD_LETTERED
    reached = {each.group for each in entry.delivered}
    if entry.stored and groups - reached - set(entry.dead):
        yield Verdict.NOT_DELIVERED


def _disordered(entries: Iterable[Entry]) -> set[str]:
    """Return the messages that a group was done with after a later one of the same key.

    What counts is the first time: a message that comes twice is a duplicate, and no disorder by itself.
    """
    lanes: dict[tuple[str, str, str], list[tuple[float, int, str]]] = defaultdict(list)
    for entry in entries:
        if not entry.key:
            continue
        first: dict[str, float] = {}
        for each in entry.processed:
            first.setdefault(each.group, each.at)
        for group, at in first.items():
            lanes[group, entry.topic, entry.key].append((at, entry.number, entry.name))
    found = set()
    for lane in lanes.values():
        latest = -1
        for _, number, name in sorted(lane):
            if number < latest:
                found.add(name)
            latest = max(latest, number)
    return found
