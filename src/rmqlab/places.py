"""Where RocketMQ Lab keeps its files: one folder for what can be fetched again, one for what lives."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """Return the folder for downloads, shared by all clusters of this user (`RMQLAB_CACHE` overrides it)."""
    override = os.environ.get("RMQLAB_CACHE")
    return Path(override) if override else platformdirs.user_cache_path("rmqlab", appauthor=False)


def state_dir() -> Path:
    """Return the folder for clusters, ports and progress (`RMQLAB_HOME` overrides it)."""
    override = os.environ.get("RMQLAB_HOME")
    return Path(override) if override else platformdirs.user_state_path("rmqlab", appauthor=False)
