"""Which letter and colour a message has, and the lines below the rows that say so.

Letters go by first appearance in the order of storing: the same sends give the same letters in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.client.facts import StoredMessage
from rmqlab.observe.snapshot import SHARDING_KEY
from rmqlab.views.drawing import count
from rmqlab.views.ink import KEYS
from rmqlab.views.markup import PAD, el, facts, shorten, text

if TYPE_CHECKING:
    from rmqlab.observe import GroupState, TopicState

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ENTRIES = 24
MOST_GROUPS = 8
"""So many of a topic's groups get a line each."""
_PLAIN = "·"
GROUP_MARKS = (
    "M0 -5L5 4H-5Z",  # triangle
    "M-4.5 -4.5H4.5V4.5H-4.5Z",  # square
    "M0 -5.5L5.5 0L0 5.5L-5.5 0Z",  # diamond
)


class Legend:
    """The letters and colours of a topic's visible messages; `by` is `key` or `tag`."""

    def __init__(self, topic: TopicState, by: str = "key") -> None:
        self.by = by
        self._topic = topic
        messages = sorted(
            (m for queue in topic.queues for m in queue.messages), key=StoredMessage.stored_order
        )
        self._order = {name: number for number, name in enumerate(dict.fromkeys(map(self.name, messages)))}
        plain = self._order.pop("", None)
        if plain is not None:
            self._order = {name: number for number, name in enumerate(self._order)}
        self.has_plain = plain is not None

    def name(self, message: StoredMessage) -> str:
        """Return the message's key (else its sharding key), or its tag; empty if it has none."""
        if self.by == "tag":
            return message.tags
        return message.keys or message.properties.get(SHARDING_KEY, "")

    def letter(self, name: str) -> str:
        """Return the letter of a key; the 27th and later share one sign."""
        number = self._order.get(name)
        if number is None:
            return _PLAIN
        return _LETTERS[number] if number < len(_LETTERS) else "*"

    def colour(self, name: str) -> str:
        """Return the ink of a key: eight colours in turn, grey for none."""
        number = self._order.get(name)
        return KEYS[-1] if number is None else KEYS[number % (len(KEYS) - 1)]

    def _told(self) -> tuple[list[str], int]:
        """Return the names that are told, and how many are not."""
        return [*self._order][:_ENTRIES], max(0, len(self._order) - _ENTRIES)

    @property
    def words(self) -> str:
        """The letters' names, for those who read the table; empty without any."""
        names, more = self._told()
        told = ", ".join(f"{self.letter(name)} {shorten(name, 18)}" for name in names)
        return f"{self.by}: {told}{f' and {more} more' if more else ''}" if told else ""

    def draw(self, y: float) -> tuple[str, float]:
        """Draw the legend from `y` down; return it and where it ends."""
        parts, x = [], float(PAD)
        names, more = self._told()
        entries = [(self.letter(name), self.colour(name), shorten(name, 18), name) for name in names]
        if self.has_plain:
            entries.append((_PLAIN, KEYS[-1], f"no {self.by}", ""))
        for letter, colour, label, name in entries:
            width = 34 + len(label) * 7.2
            if x + width > 848:  # noqa: PLR2004 - the picture's inner edge
                x, y = float(PAD), y + 24
            parts.append(
                el(
                    "g",
                    facts(name),
                    el("circle", cx=x + 8, cy=y + 8, r=8, class_=f"f-{colour}"),
                    text(x + 8, y + 12, letter, "f-on s b mid"),
                    text(x + 22, y + 12.5, label, "f-soft s"),
                )
            )
            x += width
        if more:
            parts.append(text(x, y + 12.5, f"and {more} more", "f-soft s"))
        if entries:
            y += 26
        told, rest = told_groups(self._topic.groups)
        for number, group in told:
            members = f"{count(len(group.members), 'consumer')} online" if group.members else "nobody online"
            parts.append(
                group_mark(PAD + 8, y + 8, number)
                + text(
                    PAD + 22, y + 12.5, f"{shorten(group.name, 40)}: {members}, lag {group.lag:,}", "f-soft s"
                )
            )
            y += 20
        if rest:
            parts.append(text(PAD + 22, y + 12.5, rest, "f-soft s"))
            y += 20
        return "".join(parts), y


def told_groups(groups: tuple[GroupState, ...]) -> tuple[list[tuple[int, GroupState]], str]:
    """Return the groups that get a line each, with their numbers, and a line for all others.

    Of many these are the ones furthest behind.
    """
    numbered = [*enumerate(groups)]
    if len(groups) <= MOST_GROUPS:
        return numbered, ""
    by_lag = sorted(numbered, key=lambda each: (-each[1].lag, each[1].name))
    rest = by_lag[MOST_GROUPS:]
    return sorted(
        by_lag[:MOST_GROUPS], key=lambda each: each[0]
    ), f"and {count(len(rest), 'group')}, lag {rest[0][1].lag:,} at most"


def label_of(legend: Legend, message: StoredMessage) -> str:
    """Return the letter of a message."""
    return legend.letter(legend.name(message))


def group_mark(x: float, y: float, number: int) -> str:
    """Return the sign of the topic's n-th group, around a point."""
    mark = GROUP_MARKS[number % len(GROUP_MARKS)]
    return el("path", d=mark, transform=f"translate({x} {y})", class_="f-accent")
