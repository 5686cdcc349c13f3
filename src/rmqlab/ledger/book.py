"""A ledger: who reports to it, and what it finds when it is closed against the broker."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from rmqlab.errors import LedgerError
from rmqlab.ledger.holdings import read_holding
from rmqlab.ledger.journal import Delivered, Journal, Sent, read_events
from rmqlab.ledger.reports import ReportingProducer, reporting_callback
from rmqlab.ledger.verdicts import reconcile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rmqlab.cluster import Cluster
    from rmqlab.ledger.account import Account

_ANSWER_S = 10.0
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")


class Ledger:
    """What was sent against what came out; the reports lie with the cluster's files and outlive the process.

        ledger = lab.ledger()
        with ledger.producer(Producer("shop", namesrv=lab.namesrv)) as producer: ...
        consumer.subscribe("orders", ledger.callback(handle, group="stock"))
        ledger.reconcile()

    Any number of processes may report to one ledger: each opens it by cluster and name.

    Args:
        cluster: whose messages these are.
        name: the ledger's.

    Raises:
        LedgerError: the name cannot be a folder's.
    """

    def __init__(self, cluster: Cluster, name: str = "ledger") -> None:
        if not _NAME.fullmatch(name):
            raise LedgerError(f"{name!r} cannot name a ledger: use letters, digits and dashes, 60 at most.")
        self.name = name
        self._folder = cluster.record.folder / "ledgers" / name
        self._cluster = cluster
        self._journal = Journal(self._folder)

    def producer(self, producer: Any, *, key: Callable[[Any], str] | None = None) -> Any:
        """Return the producer, reporting: it is used like the one that is given.

        Args:
            producer: one of the classic package's, or of `rmqlab.client`.
            key: from a message to what its order is judged by. Default: its keys.
        """
        return ReportingProducer(producer, self._journal, key)

    def callback(
        self, callback: Callable[[Any], Any], *, group: str, instance: str = ""
    ) -> Callable[[Any], Any]:
        """Return a consumer's callback, reporting: `consumer.subscribe(topic, ledger.callback(handle, ...))`.

        Args:
            callback: what the consumer would be given.
            group: the consumer's group.
            instance: which member of the group it is. Default: this process.
        """
        return reporting_callback(callback, self._journal, group, instance or f"process {os.getpid()}")

    def reconcile(
        self,
        *,
        late_after_s: float | None = None,
        groups: Iterable[str] = (),
        broadcasting: Iterable[str] = (),
        without: Iterable[str] = (),
    ) -> Account:
        """Add up: what was reported so far against what the broker holds now.

        Args:
            late_after_s: a message that a group gets later than this after it was sent is late.
            groups: groups that should have got everything. Default: those that reported a delivery.
            broadcasting: groups whose members each get every message.
            without: brokers that are gone for good, by their nodes' names; what only they held is lost.

        Raises:
            LedgerError: a broker does not answer, so that nobody can say what is lost; or a file is damaged.
        """
        events = list(read_events(self._folder))
        topics = {event.topic for event in events if isinstance(event, Sent)}
        reported = {event.group for event in events if isinstance(event, Delivered)}
        from rmqlab.client.admin import Admin  # noqa: PLC0415  (a picture of an account needs no JVM)

        credentials, namespace = self._cluster.credentials, self._cluster.namespace
        with Admin(
            self._cluster.namesrv, timeout_s=_ANSWER_S, credentials=credentials, namespace=namespace
        ) as admin:
            holding = read_holding(
                admin, self._cluster.brokers, topics, reported | set(groups), without=frozenset(without)
            )
        return reconcile(events, holding, late_after_s=late_after_s, groups=groups, broadcasting=broadcasting)

    def deliveries(self, group: str) -> int:
        """Return how often a group's callbacks were called so far; no broker is asked.

        Raises:
            LedgerError: a file is damaged.
        """
        events = read_events(self._folder)
        return sum(isinstance(event, Delivered) and event.group == group for event in events)

    def clear(self) -> None:
        """Forget all reports. The broker's messages stay, and are nobody's then."""
        self._journal.clear()

    def close(self) -> None:
        """Close this process's file; the reports stay."""
        self._journal.close()

    def __repr__(self) -> str:
        return f"<Ledger {self.name} of {self._cluster.name}>"
