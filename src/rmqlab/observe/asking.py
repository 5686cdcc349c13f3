"""The questions of one reading: side by side, and what is not answered becomes a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.errors import AdminError
from rmqlab.observe.snapshot import Gap, NodeState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from rmqlab.client.admin import Admin
    from rmqlab.observe.snapshot import Interest


class Asking:
    """Who is worth asking, how to ask, and the gaps of one reading.

    Args:
        nodes: the cluster's nodes as they are now; those that are not up are not asked.
        interest: what the reading is to find out.
        memory: what earlier readings of the same cluster have kept.
        group_age_s: how old an answer about which groups and members there are may be.
    """

    def __init__(
        self,
        nodes: tuple[NodeState, ...],
        interest: Interest,
        memory: dict[str, Any] | None = None,
        group_age_s: float = 0,
    ) -> None:
        self.nodes = nodes
        self.interest = interest
        self.group_age_s = group_age_s
        self.mute = {node.address: node for node in nodes if node.state != "up"}
        self.gaps: set[Gap] = set()
        self._admin: Admin | None = None
        self._pool: Executor | None = None
        self._memory = {} if memory is None else memory

    def remembered(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what a section keeps from reading to reading under that name; made the first time."""
        if name not in self._memory:
            self._memory[name] = make()
        return self._memory[name]

    @property
    def admin(self) -> Admin:
        """The connection; there is one once `through` was called."""
        assert self._admin is not None
        return self._admin

    def through(self, admin: Admin, pool: Executor) -> None:
        """Ask through this connection, on these threads."""
        self._admin, self._pool = admin, pool

    def is_mute(self, address: str) -> bool:
        """Tell whether a node is known not to answer; that is a gap of this reading then."""
        node = self.mute.get(address)
        if node is not None:
            self.gaps.add(Gap(node.name, node.state))
        return node is not None

    def gap(self, source: str, reason: str, error: Exception) -> None:
        """Note what could not be read; one gap a source is enough."""
        if not any(gap.source == source for gap in self.gaps):
            self.gaps.add(Gap(source, reason, str(error)))

    def brokers(self) -> tuple[NodeState, ...]:
        """Return the brokers, masters and slaves, that are worth asking."""
        brokers = [node for node in self.nodes if node.role in {"MASTER", "SLAVE"}]
        return tuple(node for node in brokers if not self.is_mute(node.address))

    def side_by_side(
        self, items: Iterable[Any], question: Callable[[Any], Any], who: Callable[[Any], str]
    ) -> list[tuple[Any, Any]]:
        """Put a question for each item side by side; return (item, answer) of those that were answered.

        Args:
            items: what to ask about.
            question: asks about one; AdminError becomes a gap.
            who: names the one who should answer about an item, for the gap.
        """
        assert self._pool is not None
        futures = [(item, self._pool.submit(question, item)) for item in items]
        answers = []
        for item, future in futures:
            try:
                answers.append((item, future.result()))
            except AdminError as error:
                self.gap(who(item), "no answer", error)
        return answers
