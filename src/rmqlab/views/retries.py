"""The retry ladder of a consumer group: a rung for each further try, the DLQ at its foot.

A message that failed waits in a delay level, comes again, and is done or goes one rung down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.observe import Interest, Snapshot
from rmqlab.observe.retries import MOST_TIMES, Failed, GroupRetries
from rmqlab.views import retry_rungs
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, el, picture, shorten, text
from rmqlab.views.message_dot import clock
from rmqlab.views.parts import LINE, head, notices

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOP = 92.0
_FEWEST = 3  # rungs that are drawn even while nobody stands on them
_ROWS = 40
_KEYS = 8
_TABLE = ("message", "topic", "retry", "where")


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs; `what` has `group`, one name.

    Raises:
        TypeError: another argument, or no group.
    """
    if what.keys() != {"group"} or not isinstance(what["group"], str) or not what["group"]:
        raise TypeError(f"retries takes group=, got {', '.join(sorted(what)) or 'nothing'}")
    return Interest(retries=frozenset({what["group"]}))


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:
    """Draw where each message stands that the group failed."""
    name = what["group"]
    found = (snapshot.retries and snapshot.retries.of(name)) or GroupRetries(name)
    known = retry_rungs.signs(found.messages)
    rungs = _rungs(found)
    tops = {times: _TOP + number * retry_rungs.HEIGHT for number, times in enumerate(rungs)}
    y = _TOP + len(rungs) * retry_rungs.HEIGHT
    limit = _limit(found)
    skipped = f"retries {rungs[-1] + 1} to {limit}: none yet" if limit and limit > rungs[-1] else ""
    body = _captions() + "".join(
        retry_rungs.row(times, top, found, snapshot.taken_ms, looker) for times, top in tops.items()
    )
    if skipped:
        body += text(PAD, y + 14, skipped, "f-soft s", data_id="skipped")
        y += 22
    body += retry_rungs.foot(y, found) + retry_rungs.dots(found, tops, y, known, looker)
    y += retry_rungs.HEIGHT + 10
    body += _legend(known, y)
    y += 26 if known else 4
    chosen = next((each for each in found.messages if looker.live and each.msg_id == looker.selected), None)
    if chosen:
        body += el(
            "g", text(PAD, y + 8, _sentence(chosen, found), "f-ink s"), data_id="message", class_="new"
        )
        y += 24
    notes = _notes(snapshot, found, looker)
    if notes:
        body += notices(PAD + 2, y + 8, notes)
        y += len(notes) * LINE + 4
    title = f"Retries of {shorten(name, 40)}"
    subtitle = _subtitle(found)
    label = f"{title}: {subtitle}"
    drawn = picture(
        retry_rungs.WIDTH, y + PAD, label, head(retry_rungs.WIDTH, title, subtitle, looker) + body
    )
    return Drawing(label, drawn, _TABLE, _table(found), notes)


def _rungs(found: GroupRetries) -> list[int]:
    """Return the retries that get a rung: up to the deepest with somebody on it, and a few at least."""
    deepest = max((each.times for each in found.messages if each.where != "dead"), default=0)
    limit = _limit(found) or deepest
    return list(range(1, max(1, deepest, min(_FEWEST, limit)) + 1))[-MOST_TIMES:]


def _limit(found: GroupRetries) -> int:
    """Return after how many retries the group gives up, as it says; -1 means RocketMQ's own choice.

    If nobody is online to say it, its dead letters do.
    """
    dead = [_retry(each) for each in found.messages if each.where == "dead"]
    if found.most_times is None and dead:
        return max(dead)
    if found.most_times is None or found.most_times < 0:
        return 0 if found.orderly else MOST_TIMES
    return found.most_times


def _retry(message: Failed) -> int:
    """Return which retry a message waits for or had last: the way into the DLQ counts as one more."""
    return max(0, message.times - 1) if message.where == "dead" else message.times


def _subtitle(found: GroupRetries) -> str:
    places = [each.where for each in found.messages]
    parts = [
        f"{places.count('waiting'):,} waiting now",
        f"{places.count('again'):,} being tried again now",
        f"{places.count('done'):,} consumed after all",
        f"{found.dead:,} in the DLQ",
    ]
    return ", ".join(parts) if places or found.dead else "no message has failed yet"


def _captions() -> str:
    words = {"waiting": "waits in its delay level", "again": "is tried again", "done": "consumed"}
    return text(PAD, _TOP - 8, "try", "f-soft c") + "".join(
        text(retry_rungs.CELLS[where][0], _TOP - 8, word, "f-soft c") for where, word in words.items()
    )


def _legend(known: Mapping[str, retry_rungs.Sign], y: float) -> str:
    parts, x = [], float(PAD)
    for key, sign in [*known.items()][:_KEYS]:
        label = shorten(key, 14)
        parts.append(
            el("circle", cx=x + 8, cy=y + 8, r=8, class_=f"f-{sign.ink}")
            + text(x + 8, y + 12, sign.letter, "f-on s b mid")
            + text(x + 22, y + 12.5, label, "f-soft s")
        )
        x += 34 + len(label) * 7.2
        if x > retry_rungs.WIDTH - 150:
            break
    more = len(known) - len(parts)
    return "".join(parts) + (text(x, y + 12.5, f"and {more} more", "f-soft s") if more else "")


def _sentence(message: Failed, found: GroupRetries) -> str:
    due = f", due {clock(message.due_ms)}" if message.due_ms else ""
    body = retry_rungs.clip(message)
    return shorten(
        f"{message.keys or 'no key'} · of topic {message.topic or '?'} · retry {_retry(message)} · "
        f"{retry_rungs.fate(message, found)}{due}" + (f" · {body}" if body else ""),
        130,
    )


def _notes(snapshot: Snapshot, found: GroupRetries, looker: Looker) -> tuple[str, ...]:
    sentences = [looker.notice]
    if found.orderly:
        sentences.append(
            "Its consumers are orderly: a message that fails is tried again on the spot, and its queue waits."
        )
    if found.more:
        sentences.append(f"{count(found.more, 'older copy', 'older copies')} not looked into.")
    sentences += [f"{gap.source}: {gap.reason}." for gap in snapshot.gaps]
    return tuple(filter(None, sentences))


def _table(found: GroupRetries) -> tuple[tuple[str, ...], ...]:
    rows = [
        (each.keys or "-", each.topic or "-", str(_retry(each)), retry_rungs.fate(each, found))
        for each in found.messages[:_ROWS]
    ]
    more = len(found.messages) - len(rows)
    return (*rows, *([(f"and {more:,} more", "", "", "")] if more else []))


KIND = Kind("retries", interest, draw)
