"""The queues of a topic: one row a queue, its messages as dots, each group's committed offset and lag.

Many queues are summarised (`queue_grid`); many messages are, too: a row shows the newest and counts the
older.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.observe import Interest, Snapshot, TopicState
from rmqlab.views import queue_grid
from rmqlab.views.drawing import Drawing, count
from rmqlab.views.legend import Legend, label_of, told_groups
from rmqlab.views.looker import Kind, Looker
from rmqlab.views.markup import PAD, picture, shorten, text
from rmqlab.views.message_card import card_height, message_card
from rmqlab.views.parts import LINE, button, button_width, head, notices
from rmqlab.views.queue_row import WIDTH, row, row_height, slots

if TYPE_CHECKING:
    from collections.abc import Mapping

DETAILED_QUEUES = 16
_ARGUMENTS = {"topic", "groups", "by"}
_TOP = 84
_TABS = 4
_MOST_TOPICS = 64


def interest(what: Mapping[str, Any]) -> Interest:
    """Return what the picture needs.

    `what` has `topic` (a name or several), and may have `groups` (draw these only) and `by` (`"key"` or
    `"tag"`: what colours and letters the messages).

    Raises:
        TypeError: another argument, no topic, or more than 64.
    """
    unknown = what.keys() - _ARGUMENTS
    if unknown or not _topics(what):
        raise TypeError(
            f"the queues take topic=, groups= and by=, got {', '.join(sorted(what)) or 'nothing'}"
        )
    if len(_topics(what)) > _MOST_TOPICS:
        raise TypeError(
            f"the queues are read of {_MOST_TOPICS} topics at most, not of {len(_topics(what)):,}: "
            'view("topics") shows them all, and those with the largest backlog first'
        )
    return Interest(topics=frozenset(_topics(what)), messages=slots(1), detailed_queues=DETAILED_QUEUES)


def draw(snapshot: Snapshot, what: Mapping[str, Any], looker: Looker) -> Drawing:
    """Draw one topic of the snapshot: the one that the looker picked, else the first."""
    names = _topics(what)
    name = looker.shown if looker.shown in names else names[0]
    whole = snapshot.topic(name) or TopicState(name)
    topic = _chosen_groups(whole, what)
    legend = Legend(topic, str(what.get("by", "key")))
    missing = _sentences(snapshot, topic, looker)
    subtitle = _subtitle(topic, len(whole.groups))
    if len(names) > 1 and not looker.live:
        subtitle += f"; topic {names.index(name) + 1} of {len(names)}"
    body, y = _rows(topic, legend, looker) if topic.queues else (_empty(missing), _TOP + 30)
    if len(topic.queues) <= DETAILED_QUEUES:
        drawn, y = legend.draw(y)
        body += drawn
    selected = _selected(topic, looker)
    if selected:
        body += message_card(y + 4, WIDTH, selected)
        y += card_height() + 12
    if missing:
        body += notices(PAD + 2, y + 12, missing)
        y += len(missing) * LINE + 6
    title = f"Topic {shorten(name, 48)}"
    label = f"{title}: {subtitle}"
    table_head, table = _table(topic, legend)
    top = head(WIDTH, title, subtitle, looker) + (
        _tabs(names, name) if looker.live and len(names) > 1 else ""
    )
    notes = (*filter(None, [legend.words]), *missing)
    return Drawing(label, picture(WIDTH, y + PAD, label, top + body), table_head, table, notes)


def _subtitle(topic: TopicState, groups: int) -> str:
    if not topic.queues:
        return "no queue is known"
    silent = sum(bool(queue.silent) for queue in topic.queues)
    parts = [f"{count(topic.count, 'message')} in {count(len(topic.queues), 'queue')}"]
    if silent:
        parts.append(f"{silent} of them silent")
    told = count(groups, "consumer group") if groups else "no consumer group yet"
    parts.append(told if groups == len(topic.groups) else f"{len(topic.groups):,} of {told}")
    return ", ".join(parts)


def _topics(what: Mapping[str, Any]) -> tuple[str, ...]:
    topic = what.get("topic", ())
    return (topic,) if isinstance(topic, str) else tuple(topic)


def _chosen_groups(topic: TopicState, what: Mapping[str, Any]) -> TopicState:
    chosen = what.get("groups")
    if chosen is None:
        return topic
    names = {chosen} if isinstance(chosen, str) else set(chosen)
    return TopicState(topic.name, topic.queues, tuple(group for group in topic.groups if group.name in names))


def _rows(topic: TopicState, legend: Legend, looker: Looker) -> tuple[str, float]:
    if len(topic.queues) > DETAILED_QUEUES:
        return queue_grid.draw(topic, _TOP - 18, WIDTH)
    captions = (
        text(PAD, _TOP, "queue", "f-soft c")
        + text(164, _TOP, "min", "f-soft c e")
        + text(180, _TOP, f"messages, the oldest left, lettered by {legend.by}", "f-soft c")
        + text(728, _TOP, "max", "f-soft c e")
        + text(WIDTH - PAD, _TOP, "committed (lag)" if topic.groups else "", "f-soft c e")
    )
    y, parts = _TOP + 10.0, [captions]
    for queue in topic.queues:
        parts.append(row(queue, topic, legend, looker, y))
        y += row_height(topic)
    return "".join(parts), y + 8


def _empty(missing: tuple[str, ...]) -> str:
    return text(PAD, _TOP, "No queue to show." if missing else "Reading …", "f-soft")


def _tabs(names: tuple[str, ...], shown: str) -> str:
    parts, x = [], WIDTH / 2 - 60.0
    if len(names) > _TABS:
        here = names.index(shown)
        place = f"topic {here + 1:,} of {len(names):,}"
        return (
            button(x, 16, "◀", "show", names[here - 1], f"Show the topic {names[here - 1]}")
            + text(x + 40, 32.5, place, "f-soft s")
            + button(x + 160, 16, "▶", "show", names[(here + 1) % len(names)], "Show the next topic")
        )
    for name in names:
        label = shorten(name, 14)
        parts.append(button(x, 16, label, "show", name, f"Show the topic {name}", on=name == shown))
        x += button_width(label) + 6
    return "".join(parts)


def _selected(topic: TopicState, looker: Looker) -> Any:
    for queue in topic.queues:
        for message in queue.messages:
            if (
                looker.live
                and f"{queue.ref.broker}/{queue.ref.queue_id}/{message.queue_offset}" == looker.selected
            ):
                return message
    return None


def _sentences(snapshot: Snapshot, topic: TopicState, looker: Looker) -> tuple[str, ...]:
    sentences = [looker.notice]
    for gap in snapshot.gaps:
        if gap.reason == "no route":
            if gap.source == topic.name:
                sentences.append(
                    f"The NameServer has no route for {topic.name}: no broker with it is registered."
                )
        elif gap.reason in {"down", "paused"}:
            sentences.append(
                f"{gap.source} is {gap.reason}: its numbers are the last that were seen, if any."
            )
        else:
            sentences.append(f"{gap.source}: {gap.reason}.")
    return tuple(filter(None, sentences))


def _table(topic: TopicState, legend: Legend) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    groups = [group for _, group in told_groups(topic.groups)[0]]
    heads = ("queue", "min", "max", "messages", *(f"{group.name} (lag)" for group in groups))
    rows = []
    for queue in topic.queues:
        letters = " ".join(label_of(legend, message) for message in queue.messages)
        older = queue.count - len(queue.messages)
        shown = f"{older:,} older {letters}".strip() if older > 0 else letters
        progress = [group.progress.get(queue.ref) for group in groups]
        rows.append(
            (
                f"{queue.ref.broker} {queue.ref.queue_id}",
                *(
                    (queue.silent, "", "")
                    if queue.silent
                    else (str(queue.min_offset), str(queue.max_offset), shown)
                ),
                *(f"{each.consumer_offset} ({each.lag})" if each else "-" for each in progress),
            )
        )
    return heads, tuple(rows)


KIND = Kind("queues", interest, draw)
