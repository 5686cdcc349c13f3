"""All topics of a cluster at a glance: their queues, their messages, how far behind their groups are.

However many there are, a reading costs two questions a broker, and one for each topic whose messages are
counted; those take turns.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from rmqlab.observe.asking import Asking
    from rmqlab.observe.snapshot import NodeState

COUNTED = 40
"""So many topics' messages are counted in a reading."""


@dataclass(frozen=True, slots=True)
class TopicSummary:
    """One topic.

    Attributes:
        name: the topic.
        queues: on all brokers.
        messages: what it holds; None while its turn to be counted has not come.
        lags: what each group that reads it has not committed, by group.
    """

    name: str
    queues: int
    messages: int | None = None
    lags: tuple[tuple[str, int], ...] = ()

    @property
    def lag(self) -> int:
        """The largest lag of a group."""
        return max((lag for _, lag in self.lags), default=0)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All topics, RocketMQ's own apart, by name."""

    topics: tuple[TopicSummary, ...] = ()

    def still(self) -> Catalogue:
        """Return it: nothing in it differs from run to run."""
        return self


def read(asking: Asking) -> Catalogue:
    """Read all masters."""
    names = _names(asking)
    masters = [node for node in asking.brokers() if node.role == "MASTER"]
    found = asking.side_by_side(masters, lambda node: _broker(asking, node), who=lambda node: node.name)
    queues: Counter[str] = Counter()
    lags: dict[str, Counter[str]] = {}
    homes: dict[str, list[NodeState]] = {}
    for node, (topics, behind) in found:
        queues.update(topics)
        for topic in topics:
            homes.setdefault(topic, []).append(node)
        for topic, by_group in behind.items():
            lags.setdefault(topic, Counter()).update(by_group)
    known = [name for name in names if name in homes]
    counts = _counts(asking, {name: homes[name] for name in known})
    return Catalogue(
        tuple(
            TopicSummary(name, queues[name], counts.get(name), tuple(sorted(lags.get(name, {}).items())))
            for name in known
        )
    )


def _names(asking: Asking) -> list[str]:
    try:
        return asking.admin.topics()
    except AdminError as error:
        asking.gap("NameServer", "no answer", error)
        return []


def _broker(asking: Asking, node: NodeState) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    questions = asking.admin.at(node.address).catalogue()
    return questions.topics(), questions.lags()


def _counts(asking: Asking, homes: dict[str, list[NodeState]]) -> dict[str, int]:
    """Count the messages of the topics whose turn it is; return what is known of all."""
    known: dict[str, int] = asking.remembered("catalogue", dict)
    for gone in known.keys() - homes.keys():
        del known[gone]
    # Whoever was counted goes to the end of the line: a dictionary keeps the order of insertion.
    line = [*(name for name in homes if name not in known), *known]
    counted = asking.side_by_side(
        line[:COUNTED], lambda name: _count(asking, name, homes[name]), who=lambda name: homes[name][0].name
    )
    for name, messages in counted:
        known.pop(name, None)
        known[name] = messages
    return known


def _count(asking: Asking, topic: str, homes: list[NodeState]) -> int:
    stats = (asking.admin.at(node.address).topic_stats(topic, missing_ok=True) for node in homes)
    return sum(each.max_offset - each.min_offset for extents in stats for each in extents.values())
