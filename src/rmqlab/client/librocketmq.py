"""librocketmq in Python: the object that `rocketmq/ffi.py` gets where it would load the native library.

It has the C functions that ffi.py names, by their C names, each a plain function that takes what ctypes would
have passed and returns what ctypes would have returned. Handles are Python objects.
"""

from __future__ import annotations

from types import SimpleNamespace

# Imported for their functions, which register themselves.
from rmqlab.client import c_consumer, c_message, c_producer  # noqa: F401
from rmqlab.client.boundary import FUNCTIONS


def load() -> SimpleNamespace:
    """Return the library: one attribute a C function."""
    return SimpleNamespace(**FUNCTIONS)
