"""Let two packages called `rocketmq` live in one environment, and keep the gRPC one quiet.

rocketmq-client-python (`rocketmq.client`) and rocketmq-python-client (`rocketmq.v5`) both bring a
rocketmq/__init__.py. Whichever was installed last wins: the classic one's is empty, and without the names
that the other's has, most of `rocketmq.v5` cannot be imported; the gRPC one's makes `import
rocketmq.client` load all of gRPC. Uninstalling either removes the file for both. So neither is executed:
`rocketmq` is made here, and its gRPC names are imported on first use.

The gRPC package's logging set-up makes ~/logs/rocketmq_python at its import; ours logs where
`rmqlab logs client` looks (`grpc_log`). Nothing of either package is changed on disk.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

GRPC_NAMES = {
    "ClientConfiguration": "v5.client",
    "ConsumeResult": "v5.consumer",
    "Credentials": "v5.client",
    "FilterExpression": "v5.model",
    "LitePushConsumer": "v5.consumer",
    "LiteSimpleConsumer": "v5.consumer",
    "Message": "v5.model",
    "MessageListener": "v5.consumer",
    "Producer": "v5.producer",
    "PushConsumer": "v5.consumer",
    "SendReceipt": "v5.model",
    "SimpleConsumer": "v5.consumer",
    "Transaction": "v5.producer",
    "TransactionChecker": "v5.producer",
    "TransactionResolution": "grpc_protocol",
}
"""What rocketmq-python-client's own rocketmq/__init__.py exports, and from where."""

_ENTRIES = {"rocketmq.grpc_protocol", "rocketmq.v5"}


def with_our_loader(spec: ModuleSpec) -> ModuleSpec:
    """Return a spec of the two packages with our loader; that of a stranger called rocketmq as it is."""
    if spec.name == "rocketmq.v5.log.log_config":
        spec.loader = _LogLoader()
        return spec
    if spec.name in _ENTRIES:
        if spec.has_location:
            spec.loader = _GrpcLoader(spec.name, spec.origin)
        return spec
    places = list(spec.submodule_search_locations or ())
    if any((Path(place) / "ffi.py").exists() or (Path(place) / "v5").is_dir() for place in places):
        spec.loader = _PackageLoader()
        spec.submodule_search_locations = places
    return spec


class _PackageLoader(Loader):
    """Makes the package `rocketmq`."""

    def exec_module(self, module: ModuleType) -> None:
        has_grpc = any((Path(place) / "v5").is_dir() for place in module.__path__)
        module.__doc__ = __doc__
        module.__all__ = sorted(GRPC_NAMES) if has_grpc else []

        def look_up(name: str) -> object:
            if name not in module.__all__:
                raise AttributeError(f"module 'rocketmq' has no attribute {name!r}")
            found = getattr(import_module(f"rocketmq.{GRPC_NAMES[name]}"), name)
            setattr(module, name, found)
            return found

        module.__getattr__ = look_up


class _GrpcLoader(SourceFileLoader):
    """Executes an entry of the gRPC package, its own code, with what has to be done before and after."""

    def exec_module(self, module: ModuleType) -> None:
        # gRPC's core writes to standard error, that is into a cell; it reads this when it is loaded.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        super().exec_module(module)
        if module.__name__ == "rocketmq.v5":
            # Its modules import each other in a circle that only closes from here, where its own
            # rocketmq/__init__.py begins too.
            import_module("rocketmq.v5.client")


class _LogLoader(Loader):
    """Makes the module `rocketmq.v5.log.log_config`, whose one name is the client's logger."""

    def exec_module(self, module: ModuleType) -> None:
        from rmqlab.client.grpc_log import logger  # noqa: PLC0415  (only a process that uses gRPC pays)

        module.logger = logger()
