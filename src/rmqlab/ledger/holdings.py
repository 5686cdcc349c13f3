"""What the brokers hold of a ledger's messages: every queue of the topics is read, and the dead letters.

Brokers are asked by address, not by the topic's route: one that has just left the route may come back with
all that it holds.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING

from rmqlab.errors import AdminError, LedgerError
from rmqlab.ledger.entries import Copy, Holding
from rmqlab.ledger.reports import PROPERTY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rmqlab.client.admin import Admin
    from rmqlab.client.facts import StoredMessage
    from rmqlab.node import Node

_DEAD = "%DLQ%"  # MixAll.DLQ_GROUP_TOPIC_PREFIX
_TOPIC_NOT_EXIST = 17  # ResponseCode
_SIDE_BY_SIDE = 4


def read_holding(
    admin: Admin,
    brokers: Iterable[Node],
    topics: Iterable[str],
    groups: Iterable[str],
    *,
    without: Collection[str] = (),
) -> Holding:
    """Read every message of some topics, and which of them are in the dead-letter topics of some groups.

    Args:
        admin: a connection to the cluster.
        brokers: its brokers, masters and slaves.
        topics: where the ledger's messages were sent to.
        groups: whose dead letters to look at.
        without: the names of brokers that are gone for good.

    Raises:
        LedgerError: a broker does not answer: nobody can say then what is lost.
    """
    stored: dict[str, set[Copy]] = defaultdict(set)
    dead: dict[str, set[str]] = defaultdict(set)
    try:
        addresses = _who_tells(admin, brokers, without)
        admin.await_dispatch(addresses=addresses)  # what was answered this moment is not in its queue yet
        for topic in sorted(set(topics)):
            for message in _everything(admin, addresses, topic):
                if entry := message.properties.get(PROPERTY):
                    stored[entry].add(Copy(message.broker, message.queue_id, message.queue_offset))
        for group in sorted(set(groups)):
            for message in _everything(admin, addresses, _DEAD + group):
                if entry := message.properties.get(PROPERTY):
                    dead[entry].add(group)
    except AdminError as error:
        raise LedgerError(f"Nobody can say now which messages are lost. {error}") from error
    return Holding(
        {entry: tuple(copies) for entry, copies in stored.items()},
        {entry: tuple(sorted(found)) for entry, found in dead.items()},
    )


def _who_tells(admin: Admin, brokers: Iterable[Node], without: Collection[str]) -> list[str]:
    """Return whom to ask: each broker's master; its slaves, where the master is said to be gone for good.

    A slave may be behind its master: what it lacks is lost only if the master does not come back.
    """
    masters = {table[0] for table in admin.brokers().values() if 0 in table}
    addresses: list[str] = []
    by_name = sorted(brokers, key=lambda node: node.spec.broker_name)
    for name, group in groupby(by_name, key=lambda node: node.spec.broker_name):
        nodes = list(group)
        kept = [node.address for node in nodes if node.name not in without]
        telling = [address for address in kept if address in masters]
        if not telling and len(kept) == len(nodes):
            raise LedgerError(
                f"The master of {name} is not there: nobody can say now which messages are lost. "
                f"Bring it back, or say that it is gone for good: `without=[{nodes[0].name!r}]`."
            )
        addresses += telling or kept
    return addresses


def _everything(admin: Admin, addresses: Iterable[str], topic: str) -> list[StoredMessage]:
    """Return all messages of a topic; none of one that does not exist."""
    queues = []
    for address in addresses:
        try:
            found = admin.at(address).topic_stats(topic)
        except AdminError as error:
            if error.code != _TOPIC_NOT_EXIST:
                raise
        else:
            queues += [(admin.at(address), ref, extent) for ref, extent in found.items()]
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        parts = pool.map(
            lambda row: row[0].messages(row[1], row[2].min_offset, row[2].max_offset - row[2].min_offset),
            queues,
        )
        return [message for part in parts for message in part]
