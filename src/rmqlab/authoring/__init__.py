"""Course source to notebooks, and their verification.

`build` and `validate` need the `authoring` extra (jupytext, nbclient, nbval, papermill) and are imported on
first use: `rmqlab.authoring.source`, which the checks use to show a solution, must not cost a learner those
packages.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rmqlab.authoring.builder import build
    from rmqlab.authoring.validation import validate

_HOME = {"build": "rmqlab.authoring.builder", "validate": "rmqlab.authoring.validation"}

__all__ = ["build", "validate"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rmqlab.authoring' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
