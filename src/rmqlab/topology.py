"""The named shapes of a cluster. Facts only: no ports, no files, no processes."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from rmqlab.errors import UnknownTopologyError


@dataclass(frozen=True)
class BrokerShape:
    """One broker: its brokerName, its brokerId (0 = master), its brokerRole."""

    name: str = "broker-a"
    broker_id: int = 0
    role: str = "ASYNC_MASTER"

    @property
    def node_name(self) -> str:
        """How the node is called: a slave's name carries its id."""
        return self.name if self.broker_id == 0 else f"{self.name}-s{self.broker_id}"


@dataclass(frozen=True)
class Topology:
    """A shape with a name: how many NameServers, which brokers, and broker properties of its own."""

    name: str
    summary: str
    nameservers: int = 1
    brokers: tuple[BrokerShape, ...] = (BrokerShape(),)
    properties: dict[str, str] = field(default_factory=dict)


TOPOLOGIES = {shape.name: shape for shape in (Topology("single", "one NameServer, one master broker"),)}


def find_topology(name: str) -> Topology:
    """Return the topology of that name.

    Raises:
        UnknownTopologyError: there is none; the message names the nearest and all.
    """
    if name in TOPOLOGIES:
        return TOPOLOGIES[name]
    near = difflib.get_close_matches(name, TOPOLOGIES, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise UnknownTopologyError(
        f"There is no topology called {name!r}.{guess} There are: {', '.join(TOPOLOGIES)}."
    )
