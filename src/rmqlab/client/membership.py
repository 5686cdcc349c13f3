"""What clients are told about clusters that others use too: where our names are, and what to sign with.

`connect` writes it down in the environment of this process, where the programs that it starts find it too. A
client whose NameServer address is one of these works in the namespace, and signs with the credentials
unless it has its own.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

VARIABLE = "RMQLAB_SHARED"


class Membership(NamedTuple):
    """Our place on a cluster: a namespace (empty for none), and credentials where it asks for them."""

    namespace: str
    credentials: tuple[str, str] | None


def membership(namesrv: str) -> Membership | None:
    """Return our place on the cluster of that NameServer address; None on a cluster of our own."""
    found = _all().get(namesrv)
    if found is None:
        return None
    namespace, credentials = found
    return Membership(namespace, tuple(credentials) if credentials else None)


def enter(namesrv: str, member: Membership) -> None:
    """Let the clients of this process, and of those that it starts from now on, have this place."""
    os.environ[VARIABLE] = json.dumps({**_all(), namesrv: member})


def leave(namesrv: str) -> None:
    """Forget a place."""
    others = {address: member for address, member in _all().items() if address != namesrv}
    if others:
        os.environ[VARIABLE] = json.dumps(others)
    else:
        os.environ.pop(VARIABLE, None)


def _all() -> dict[str, list]:
    return json.loads(os.environ.get(VARIABLE) or "{}")
