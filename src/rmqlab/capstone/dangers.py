"""What happens to an order system in a trial: six of eight dangers, which and when a seed settles.

Each is a function that lets it happen, undoes it, and returns the evidence. They stand on the faults of a
cluster (`rmqlab.faults`), on the processes, the bank and the database.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from rmqlab.capstone.facts import ledger_of
from rmqlab.capstone.services import PROPERTY
from rmqlab.checks.patience import eventually
from rmqlab.errors import FaultError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rmqlab.capstone.bank import Bank
    from rmqlab.capstone.customers import Customers
    from rmqlab.capstone.processes import ServiceProcess
    from rmqlab.client.admin import Admin
    from rmqlab.client.facts import StoredMessage
    from rmqlab.cluster import Cluster

SEND_MS = 1000
"""So long does a send of the services wait for its answer, with its retries."""

_BROKER = "broker-a"
_LONGER_THAN_A_SEND_S = SEND_MS / 1000 * 1.6
_SLOW_MS = round(SEND_MS * 0.6)  # each way: an answer takes longer than a send waits for it
_REPORTED_S = 3.0  # a consumer's client reports once a second what it has acknowledged
_HELD_S = 15.0
_LOCKED_S = 3.0
_DELIVERED_S = 5.0  # with _REPORTED_S less than the 10 s for which the lab's functions wait for the database
_BANK_S = 30.0
_COPIES = 3


@dataclass(frozen=True)
class Scene:
    """What a danger can hurt.

    Attributes:
        cluster: the trial's.
        admin: a connection to it.
        producer: one of the trial's own.
        trial: the trial's name.
        shop, stock, payment: the processes.
        customers, bank: those outside.
        database: the shop's.
        luck: whom it hits.
    """

    cluster: Cluster
    admin: Admin
    producer: Any
    trial: str
    shop: ServiceProcess
    stock: ServiceProcess
    payment: ServiceProcess
    customers: Customers
    bank: Bank
    database: Path
    luck: Random


@dataclass(frozen=True)
class Danger:
    """One danger.

    Attributes:
        name: how it is called.
        summary: what happens.
        happen: lets it happen, and undoes it; returns the evidence, and the order that it hit, if it was one.
    """

    name: str
    summary: str
    happen: Callable[[Scene], tuple[str, str]]


def _broker_killed(scene: Scene) -> tuple[str, str]:
    with scene.cluster.fault("kill", _BROKER) as fault:
        time.sleep(0.3)
    return fault.evidence, ""


def _broker_paused(scene: Scene) -> tuple[str, str]:
    with scene.cluster.fault("pause", _BROKER) as fault:
        time.sleep(_LONGER_THAN_A_SEND_S)
    return fault.evidence, ""


def _network_slow(scene: Scene) -> tuple[str, str]:
    with scene.cluster.fault("slow_link", "clients", _BROKER, latency_ms=_SLOW_MS) as fault:
        time.sleep(_LONGER_THAN_A_SEND_S)
    return fault.evidence, ""


def _held(service: ServiceProcess) -> str:
    try:
        return service.hold(_HELD_S)
    except FaultError:
        service.release()
        raise


def _shop_killed(scene: Scene) -> tuple[str, str]:
    number = _held(scene.shop)
    pid = scene.shop.pid
    scene.shop.kill()
    scene.shop.replace()
    return f"The shop was killed: process {pid} is gone. It was about to send a message of {number}.", number


def _payment_killed(scene: Scene) -> tuple[str, str]:
    number = _held(scene.payment)
    pid = scene.payment.pid
    scene.payment.kill()
    scene.payment.replace()
    # behind a broker that was away, the clock may have been quicker
    done = "charged" if scene.bank.book.get(number) else "found cancelled"
    where = f"It had {done} {number}, and not acknowledged it."
    return f"The payment service was killed: process {pid} is gone. {where}", number


def _suspend_between_transactions(service: ServiceProcess, db: sqlite3.Connection) -> None:
    """Freeze a service, but not while it lets nobody else write."""
    deadline = time.monotonic() + _HELD_S
    while True:
        service.suspend()
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            service.resume()
            if time.monotonic() > deadline:
                raise FaultError(f"{service.name} lets nobody write into the database: {error}.") from error
        else:
            db.execute("ROLLBACK")
            return


def _stock_killed(scene: Scene) -> tuple[str, str]:
    """Kill the stock service while the database keeps it waiting, with orders in its hands."""
    ledger = ledger_of(scene.cluster, scene.trial)
    with closing(sqlite3.connect(scene.database, timeout=_LOCKED_S, isolation_level=None)) as db:
        _suspend_between_transactions(scene.stock, db)  # so that orders wait for it
        try:
            scene.customers.wait_for(4, _HELD_S)
            db.execute("BEGIN IMMEDIATE")
            before = ledger.deliveries("stock")
            scene.stock.resume()
            if not eventually(lambda: ledger.deliveries("stock") > before, timeout_s=_DELIVERED_S):
                raise FaultError("No order reached the stock service while the database let nobody write.")
            time.sleep(_REPORTED_S)  # what it acknowledges now, it has not done
            pid = scene.stock.pid
            scene.stock.kill()
        except sqlite3.OperationalError as error:
            raise FaultError(f"The database could not be kept: {error}.") from error
        finally:
            scene.stock.resume()
            if db.in_transaction:
                db.execute("ROLLBACK")
    scene.stock.replace()
    return (
        f"The database let nobody write. The stock service waited for it, and was killed: process {pid}.",
        "",
    )


def _sent_twice(scene: Scene) -> tuple[str, str]:
    """Store some messages once more, as a send does that was tried again after a time-out."""
    orders = eventually(
        lambda: _messages(scene, "orders"), until=lambda found: len(found) >= _COPIES, timeout_s=_HELD_S
    )
    if len(orders) < _COPIES:
        raise FaultError("There are no messages that could be sent twice.")
    timeouts = _messages(scene, "timeouts")
    copies = scene.luck.sample(orders, _COPIES) + scene.luck.sample(timeouts, min(_COPIES, len(timeouts)))
    for message in copies:
        _send_copy(scene, message)
    topics = dict.fromkeys(each.topic for each in copies)
    told = (
        f"of the topic {topic}: {', '.join(each.keys for each in copies if each.topic == topic)}"
        for topic in topics
    )
    return f"Sent once more, {'; '.join(told)}.", ""


def _messages(scene: Scene, topic: str) -> list[StoredMessage]:
    """Return the trial's messages of a topic."""
    found = scene.admin.messages(topic, limit=400)
    return [message for message in found if message.properties.get(PROPERTY) == scene.trial]


def _send_copy(scene: Scene, message: Any) -> None:
    from rocketmq.exceptions import ProducerException  # noqa: PLC0415  (waits for the JVM)

    from rmqlab.client import Message  # noqa: PLC0415

    copy = Message(message.topic, message.body, keys=message.keys, properties={PROPERTY: scene.trial})
    try:
        scene.producer.send(copy)
    except ProducerException as error:
        raise FaultError(f"{message.keys} could not be sent twice: {error}") from error


def _bank_away(scene: Scene) -> tuple[str, str]:
    slow, away = 2, scene.luck.randint(3, 5)
    scene.bank.hurt(slow=slow, away=away)
    eventually(lambda: scene.bank.is_well, timeout_s=_BANK_S)
    not_late, not_refused = scene.bank.hurt()
    if not_late == slow:
        raise FaultError("The bank has charged nobody while it was slow.")
    late, refused = slow - not_late, away - not_refused
    return f"The bank charged {late} times and answered too late, and refused {refused} times.", ""


DANGERS = {
    danger.name: danger
    for danger in (
        Danger("broker-killed", "kill -9 of the broker; it starts again on its files", _broker_killed),
        Danger("broker-paused", "the broker stands still for longer than a send waits", _broker_paused),
        Danger(
            "network-slow",
            "each answer of the broker comes later than a send waits for it: stored, and nobody knows",
            _network_slow,
        ),
        Danger("shop-killed", "kill -9 of the shop, between the database and the message", _shop_killed),
        Danger(
            "stock-killed",
            "the database lets nobody write, and the stock service is killed with orders in its hands",
            _stock_killed,
        ),
        Danger(
            "payment-killed",
            "kill -9 of the payment service, after it has charged and before it has acknowledged",
            _payment_killed,
        ),
        Danger("sent-twice", "messages are stored twice, as by a retry after a time-out", _sent_twice),
        Danger("bank-away", "the bank charges and answers too late, then it answers 503", _bank_away),
    )
}
"""Every danger, by name."""


def plan(seed: int) -> tuple[str, ...]:
    """Return six dangers in the order of a seed.

    The three that no careless system survives are always among them, one of the two other kills, and two that
    hurt the broker.
    """
    luck = Random(f"dangers {seed}")  # noqa: S311
    names = ["shop-killed", "sent-twice", "bank-away", luck.choice(("stock-killed", "payment-killed"))]
    names += luck.sample(("broker-killed", "broker-paused", "network-slow"), 2)
    luck.shuffle(names)
    return tuple(names)
