"""Execute the classic package's `rocketmq/ffi.py`, unmodified, with our librocketmq for the native one.

ffi.py loads the library through ctypes and describes the callbacks with CFUNCTYPE. While that one module
executes, and only as seen by it, the modules `ctypes`, `ctypes.util` and `sys` are views: the library is
ours, callbacks stay Python functions, and on Windows the platform reads as Linux, since the package refuses
Windows for want of a native library there. Nothing global is patched, so other threads and modules see
nothing of it.
"""

from __future__ import annotations

import builtins
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.client.librocketmq import SimpleNamespace

LIBRARY = "librocketmq (rmqlab)"


class _View(ModuleType):
    """A module with some names replaced."""

    def __init__(self, module: ModuleType, **replaced: Any) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(replaced)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class _Libraries:
    """`ctypes.cdll` as ffi.py sees it."""

    def LoadLibrary(self, _path: str) -> SimpleNamespace:  # noqa: N802  (ctypes' name)
        from rmqlab.client.librocketmq import load  # noqa: PLC0415  (only a process that uses it pays)

        return load()


def _pass_through(_result: Any, *_arguments: Any) -> Callable[[Any], Any]:
    """Stand for CFUNCTYPE: a callback stays a Python function, and its exceptions stay exceptions."""
    return lambda function: function


def _views() -> dict[str, ModuleType]:
    import ctypes  # noqa: PLC0415
    import ctypes.util  # noqa: PLC0415

    util = _View(ctypes.util, find_library=lambda _name: LIBRARY)
    views = {
        "ctypes": _View(ctypes, cdll=_Libraries(), CFUNCTYPE=_pass_through, util=util),
        "ctypes.util": util,
    }
    if sys.platform == "win32":
        views["sys"] = _View(sys, platform="linux")
    return views


class ClassicLoader(SourceFileLoader):
    """Executes ffi.py with an `import` of its own."""

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module's unmodified code (PEP 451)."""
        views = _views()

        def import_(
            name: str,
            globals_: Any = None,
            locals_: Any = None,
            fromlist: Any = (),
            level: int = 0,
        ) -> Any:
            if level == 0 and name in views:
                return views[name if fromlist else name.partition(".")[0]]
            return builtins.__import__(name, globals_, locals_, fromlist, level)

        code = self.get_code(module.__name__)
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": import_}
        try:
            exec(code, module.__dict__)  # noqa: S102  (a loader's work: the package's own code)
        finally:
            module.__dict__["__builtins__"] = builtins
