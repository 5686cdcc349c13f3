"""Pictures of a cluster, drawn from its own numbers.

`show(kind, cluster, **what)` returns a live view. A kind is a module with two pure functions (what it needs
to know, and how a snapshot is drawn) and an entry in `KINDS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.observe import Recorder, read_recording
from rmqlab.views import (
    backlog,
    cluster_map,
    delays,
    lanes,
    ledger,
    positions,
    queues,
    rebalance,
    retries,
    scoreboard,
    sends,
    topics,
    trace,
    transactions,
)
from rmqlab.views.recorded import Replay, recorder
from rmqlab.views.view import Still, View

if TYPE_CHECKING:
    from pathlib import Path

    from rmqlab.observe import Observable
    from rmqlab.views.looker import Kind

_MODULES = (
    cluster_map,
    queues,
    backlog,
    delays,
    lanes,
    ledger,
    rebalance,
    retries,
    scoreboard,
    sends,
    topics,
    trace,
    transactions,
    positions,
)
KINDS: dict[str, Kind] = {module.KIND.name: module.KIND for module in _MODULES}

__all__ = ["KINDS", "Replay", "Still", "View", "record", "replay", "show"]


def show(kind: str, source: Observable, **what: Any) -> View:
    """Return a live picture of a cluster.

    Args:
        kind: `"map"`, `"delays"` and `"positions"` (no arguments), `"queues"` (`topic=` a name or
            several; `groups=` draw only these; `by="key"` or `"tag"`), `"rebalance"` (`topic=`, `group=`),
            `"lanes"` (`topic=`; `consumed=` and `failed=` what the program noted; `steps=`, `by=`, `step=`,
            `since=`), `"sends"` (`calls=` what the program has measured), `"ledger"` (`account=` what
            `lab.ledger().reconcile()` returned), `"scoreboard"` (`accounts=` several of these by name),
            `"backlog"` (`topic=`; `groups=`, `mark=` a lag that is passed or not), `"retries"` (`group=`),
            `"trace"` (`traces=` what `lab.admin.trace` returned; `message=` the stored one),
            `"topics"` (`match=` a part of their names, `top=` how many), or `"transactions"` (`topic=` only
            those whose messages go there: a name or several).
        source: the cluster: anything with `name`, `namesrv` and `nodes`.
        **what: the kind's arguments.

    Raises:
        ValueError: there is no such kind.
        TypeError: the kind does not take those arguments.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no picture {kind!r}; there are: {', '.join(KINDS)}.")
    return View(KINDS[kind], source, what)


def record(name: str, source: Observable, *shown: View | str) -> Recorder:
    """Return a recorder of a cluster; `with` it, what it holds and what happens is kept.

    Args:
        name: the recording's: up to 64 letters, digits, `-`, `_` and `.`. One of that name is replaced.
        source: the cluster.
        *shown: what the replay will show: views, or names of kinds that take no arguments; else the map.

    Raises:
        RecordingError: the name is none for a file.
        TypeError: a kind wants arguments.
        ValueError: there is no such kind.
    """
    return recorder(name, source, shown, KINDS)


def replay(name: str | Path) -> Replay:
    """Return a recording to look at, by its name or its file.

    Raises:
        RecordingError: there is none, or it cannot be read.
    """
    return Replay(read_recording(name), KINDS)
