"""Containers of ours that no record knows: somebody deleted the state folder's content, or it was lost."""

from __future__ import annotations

import contextlib

from rmqlab import records
from rmqlab.backends.docker import DockerBackend, clusters_by_label
from rmqlab.backends.docker_engine import find_engine
from rmqlab.errors import EngineError


def end_strays() -> list[str]:
    """End every cluster that only labels tell of, and return their names; an engine that is away has none."""
    ended = []
    with contextlib.suppress(EngineError):
        find_engine()  # asks without the SDK: most machines have no engine
        for name in clusters_by_label():
            with records.lock(name):
                if records.read(name) is None:
                    DockerBackend().sweep(name, records.folder(name))
                    ended.append(name)
    return ended
