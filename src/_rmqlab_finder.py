"""Settles what `rocketmq` is and who provides librocketmq: a `.pth` file imports this in every process.

Every Python start pays for this module, so it imports nothing but `sys` until somebody imports one of
few modules: `rocketmq` itself, since two packages bring a file for it, and the entries and the logging
set-up of the gRPC one (`rmqlab.client.grpc_import`); `rocketmq.ffi` of the classic one
(`rmqlab.client.classic_import`; `RMQLAB_CLIENT=native` leaves it to the native library).
"""

import sys

_OURS = {
    "rocketmq",
    "rocketmq.ffi",
    "rocketmq.grpc_protocol",
    "rocketmq.v5",
    "rocketmq.v5.log.log_config",
}


class ClassicFinder:
    """A meta path finder for a few modules of rocketmq-client-python and rocketmq-python-client."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):  # noqa: ANN001, ANN205, ARG004  (`typing` would cost)
        """Return the module's own spec with our loader, or None for every other module (PEP 451)."""
        if fullname not in _OURS:
            return None
        import os  # noqa: PLC0415

        if fullname == "rocketmq.ffi" and os.environ.get("RMQLAB_CLIENT") == "native":
            return None
        from importlib.machinery import PathFinder  # noqa: PLC0415

        spec = PathFinder.find_spec(fullname, path)
        if spec is None:
            return None
        if fullname == "rocketmq.ffi":
            from rmqlab.client.classic_import import ClassicLoader  # noqa: PLC0415

            if not spec.has_location:
                return None
            spec.loader = ClassicLoader(fullname, spec.origin)
            return spec
        from rmqlab.client.grpc_import import with_our_loader  # noqa: PLC0415

        return with_our_loader(spec)


sys.meta_path.insert(0, ClassicFinder)
