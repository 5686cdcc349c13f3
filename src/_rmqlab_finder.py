"""Settles who provides librocketmq to `rocketmq.ffi`: a `.pth` file imports this in every process.

Every Python start pays for this module, so it imports nothing but `sys` until somebody imports
`rocketmq.ffi`. `RMQLAB_CLIENT=native` leaves the package to the native library.
"""

import sys


class ClassicFinder:
    """A meta path finder for one module, `rocketmq.ffi` of rocketmq-client-python."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):  # noqa: ANN001, ANN205, ARG004  (`typing` would cost)
        """Return the module's own spec with our loader, or None for every other module (PEP 451)."""
        if fullname != "rocketmq.ffi":
            return None
        import os  # noqa: PLC0415

        if os.environ.get("RMQLAB_CLIENT") == "native":
            return None
        from importlib.machinery import PathFinder  # noqa: PLC0415

        spec = PathFinder.find_spec(fullname, path)
        if spec is None or not spec.has_location:
            return None
        from rmqlab.client.classic_import import ClassicLoader  # noqa: PLC0415

        spec.loader = ClassicLoader(fullname, spec.origin)
        return spec


sys.meta_path.insert(0, ClassicFinder)
