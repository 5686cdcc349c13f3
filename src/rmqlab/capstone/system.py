"""A learner's order system: five functions of a notebook, made into a program that other processes can run.

A process that is killed and started again has none of the notebook's variables. So a function takes along
the source of all that it uses: other functions, imports, and plain values.
"""

from __future__ import annotations

import ast
import builtins
import dis
import importlib
import inspect
import textwrap
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rmqlab.errors import ChaosError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROLES = ("place_order", "send_outbox", "on_order", "on_payment", "on_timeout")


@dataclass(frozen=True)
class System:
    """An order system. Its functions find the database's path in `SHOP_DB`, the bank's address in `BANK`.

    Attributes:
        place_order: `(producer, order)`: called by a customer, who is told yes when it returns, no when it
            raises.
        on_order: `(producer, message)`: the callback of the group `stock`, for the topic `orders`.
        on_payment: `(message)`: the callback of the group `payment`, for the topic `orders`.
        on_timeout: `(message)`: the callback of the group `clock`, for the topic `timeouts`.
        send_outbox: `(producer)`: called several times a second in the shop's process; if it raises, it is
            called again. None: there is no outbox.
    """

    place_order: Callable[[Any, dict[str, Any]], object]
    on_order: Callable[[Any, Any], object]
    on_payment: Callable[[Any], object]
    on_timeout: Callable[[Any], object]
    send_outbox: Callable[[Any], object] | None = None

    def program(self) -> str:
        """Return the source of a module that has the functions, as `SYSTEM`, by their roles.

        Raises:
            ChaosError: one of them is no function, or uses what cannot be taken along.
        """
        functions = {role: getattr(self, role) for role in ROLES if getattr(self, role) is not None}
        for role, function in functions.items():
            if not isinstance(function, types.FunctionType):
                raise ChaosError(f"{role} is a {type(function).__name__}: a function is needed.")
        parts: dict[str, str] = {}
        for function in functions.values():
            _take(function, parts)
        names = ", ".join(f'"{role}": {function.__name__}' for role, function in functions.items())
        return "\n\n".join([*sorted(parts.values(), key=_is_code), f"SYSTEM = {{{names}}}\n"])


def _is_code(part: str) -> bool:
    return part.startswith(("def ", "class ", "@", "async "))


def _take(function: types.FunctionType, parts: dict[str, str]) -> None:
    """Add a function's source, and that of all that it uses, by name."""
    if function.__name__ in parts:
        return
    if function.__closure__ or function.__name__ == "<lambda>":
        raise ChaosError(
            f"{function.__qualname__} is made inside another expression: write it as a `def` of its "
            f"own in a cell."
        )
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except OSError:
        raise ChaosError(
            f"The source of {function.__name__} is not to be found: define it in a cell."
        ) from None
    parts[function.__name__] = source.rstrip()
    for name in sorted(set(_globals_of(compile(source, function.__name__, "exec")))):
        if name in function.__globals__ and name not in parts:
            _take_value(function, name, function.__globals__[name], parts)


def _globals_of(code: types.CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"} and not hasattr(builtins, step.argval):
            yield step.argval
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _globals_of(inner)


def _take_value(function: types.FunctionType, name: str, value: Any, parts: dict[str, str]) -> None:
    if isinstance(value, types.ModuleType):
        parts[name] = f"import {value.__name__} as {name}"
    elif isinstance(value, types.FunctionType) and value.__globals__ is function.__globals__:
        _take(value, parts)
        if value.__name__ != name:
            parts[name] = f"def {name}(*args, **kwargs):\n    return {value.__name__}(*args, **kwargs)"
    elif _can_be_imported(value):
        parts[name] = f"from {value.__module__} import {value.__qualname__} as {name}"
    elif _is_plain(value):
        parts[name] = f"{name} = {value!r}"
    else:
        raise ChaosError(
            f"{function.__name__} uses `{name}`, a {type(value).__name__} of the notebook. A service is a "
            "process of its own and has none of the notebook's objects: functions, imports, "
            "numbers and texts "
            "it can take along."
        )


def _can_be_imported(value: Any) -> bool:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not module or not name or module == "__main__":
        return False
    return getattr(importlib.import_module(module), name, None) is value


def _is_plain(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError):
        return False
