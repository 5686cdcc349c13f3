"""Routes as the NameServer tells them, out of Java's hands."""

from __future__ import annotations

from typing import Any

from rmqlab.client.facts import BrokerRoute


def addresses_of(broker: Any) -> dict[int, str]:
    """Return a `BrokerData`'s addresses by broker id."""
    return {int(entry.getKey()): str(entry.getValue()) for entry in broker.getBrokerAddrs().entrySet()}


def route_of(data: Any) -> tuple[BrokerRoute, ...]:
    """Return a `TopicRouteData` as one entry a broker, by broker name."""
    addresses = {str(entry.getBrokerName()): addresses_of(entry) for entry in data.getBrokerDatas()}
    queues = {
        str(entry.getBrokerName()): (int(entry.getReadQueueNums()), int(entry.getWriteQueueNums()))
        for entry in data.getQueueDatas()
    }
    names = sorted(name for name in addresses.keys() & queues.keys() if addresses[name])
    return tuple(BrokerRoute(name, addresses[name], *queues[name]) for name in names)
