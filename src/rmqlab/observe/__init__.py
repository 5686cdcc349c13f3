"""Looking at a cluster: frozen snapshots, and the one feed that takes them.

`snapshot` says what a reading holds, `reader` takes one, `feed` takes them again and again for all who look,
`history` keeps the last of them and `recorder` all of them.
What is drawn from them is the views' affair.
"""

from __future__ import annotations

from rmqlab.observe.delays import DelayLevel, Delays, Timers, Waiting
from rmqlab.observe.feed import Feed, Watch, feed
from rmqlab.observe.reader import Observable, Reader
from rmqlab.observe.recorder import Recorder
from rmqlab.observe.recording import Event, Recording, read_recording
from rmqlab.observe.snapshot import (
    Gap,
    GroupState,
    Interest,
    NodeState,
    QueueState,
    Snapshot,
    TopicState,
    instance_name,
)
from rmqlab.observe.stores import Copy, Store, Stores, SyncSet
from rmqlab.observe.transactions import FATES, Place, Transaction, TransactionLog, Transactions

__all__ = [
    "FATES",
    "Copy",
    "DelayLevel",
    "Delays",
    "Event",
    "Feed",
    "Gap",
    "GroupState",
    "Interest",
    "NodeState",
    "Observable",
    "Place",
    "QueueState",
    "Reader",
    "Recorder",
    "Recording",
    "Snapshot",
    "Store",
    "Stores",
    "SyncSet",
    "Timers",
    "TopicState",
    "Transaction",
    "TransactionLog",
    "Transactions",
    "Waiting",
    "Watch",
    "feed",
    "instance_name",
    "read_recording",
]
