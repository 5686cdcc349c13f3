"""Pictures of a cluster, drawn from its own numbers.

`show(kind, cluster, **what)` returns a live view. A kind is a module with two pure functions (what it needs
to know, and how a snapshot is drawn) and an entry in `KINDS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.views import cluster_map, delays, queues, rebalance, sends
from rmqlab.views.view import Still, View

if TYPE_CHECKING:
    from rmqlab.observe import Observable
    from rmqlab.views.looker import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (cluster_map.KIND, delays.KIND, queues.KIND, rebalance.KIND, sends.KIND)
}

__all__ = ["KINDS", "Still", "View", "show"]


def show(kind: str, source: Observable, **what: Any) -> View:
    """Return a live picture of a cluster.

    Args:
        kind: `"map"`, `"delays"` (no arguments), `"queues"` (`topic=` a name or several; `groups=` draw only these;
            `by="key"` or `"tag"`), `"rebalance"` (`topic=`, `group=`) or `"sends"` (`calls=` what the
            program has measured).
        source: the cluster: anything with `name`, `namesrv` and `nodes`.
        **what: the kind's arguments.

    Raises:
        ValueError: there is no such kind.
        TypeError: the kind does not take those arguments.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no picture {kind!r}; there are: {', '.join(KINDS)}.")
    return View(KINDS[kind], source, what)
