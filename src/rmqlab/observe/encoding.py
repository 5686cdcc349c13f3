"""Facts as JSON, exactly, and back: what a recording's lines are made of.

A dataclass becomes an object whose `!` says which one it is (`client.facts:QueueRef`), with the fields that
differ from their defaults; a member of an enumeration one with its name (`is`). An object that was written
before becomes `{"=": number}`, where the first one has that number as its `#`: a message that lies in a queue
for a hundred snapshots is written once.
"""

from __future__ import annotations

import base64
import dataclasses
import importlib
import json
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN = (type(None), bool, int, float, str)
_WORTH_A_NUMBER = 40  # characters: below, repeating is as short as pointing
_PACKAGES = {"client", "ledger", "observe"}  # whose facts a recording may hold
_COLLECTIONS: dict[str, Any] = {"list": list, "set": set, "frozenset": frozenset}
_OTHERS = {*_COLLECTIONS, "dict", "text", "bytes"}


def as_line(value: Any) -> str:
    """Return JSON without blanks, in one line."""
    return json.dumps(value, separators=(",", ":"))


class Encoder:
    """Writes the values of one recording, in the order in which they will be read."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def encode(self, value: Any) -> Any:
        """Return a value as what JSON can hold.

        Args:
            value: dataclasses and enumerations of `rmqlab.client`, `rmqlab.ledger` and `rmqlab.observe`, and
                what they are made of: numbers, text, bytes, tuples, lists, sets, dictionaries.

        Raises:
            TypeError: something else is in it.
        """
        return self._both(value)[0]

    def _both(self, value: Any) -> tuple[Any, Any]:
        """Return what is written, and the same in short: what was numbered is its number in it."""
        if type(value) in _PLAIN:
            return value, value
        if type(value) is bytes or isinstance(value, Enum):
            written = _bytes(value) if type(value) is bytes else {"!": _tag(type(value)), "is": value.name}
            return written, written
        if type(value) is tuple:
            return self._each(value)
        if type(value) is dict:
            return _tagged("dict", *self._each(tuple(value.items())))
        if type(value) in _COLLECTIONS.values():
            # A set in an order that the next process finds as well.
            items = value if type(value) is list else sorted(value, key=repr)
            return _tagged(type(value).__name__, *self._each(items))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._facts(value)
        raise TypeError(f"a recording cannot hold a {type(value).__name__}: {value!r}")

    def _each(self, values: Iterable[Any]) -> tuple[list[Any], list[Any]]:
        both = [self._both(each) for each in values]
        return [written for written, _ in both], [short for _, short in both]

    def _facts(self, value: Any) -> tuple[Any, Any]:
        tag = _tag(type(value))
        written, short = {}, {}
        for field in dataclasses.fields(value):
            content = getattr(value, field.name)
            if not _is_default(field, content):
                written[field.name], short[field.name] = self._both(content)
        text = as_line([tag, short])
        if len(text) < _WORTH_A_NUMBER:
            return {"!": tag, **written}, {"!": tag, **short}
        pointer = {"=": self._known.get(text, len(self._known))}
        if text in self._known:
            return pointer, pointer
        self._known[text] = pointer["="]
        return {"!": tag, "#": pointer["="], **written}, pointer


class Decoder:
    """Reads the values of one recording, in the order in which they were written."""

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}

    def decode(self, written: Any) -> Any:
        """Return the value that was written.

        Raises:
            ValueError, TypeError, KeyError, RecursionError: this is nothing that an `Encoder` writes.
        """
        if isinstance(written, list):
            return tuple(self.decode(each) for each in written)
        if not isinstance(written, dict):
            return written
        if "=" in written:
            return self._known[written["="]]
        if written["!"] in _OTHERS:
            return self._other(written["!"], written["of"])
        if "is" in written:
            return _fact_class(written["!"])[written["is"]]
        value = _fact_class(written["!"])(
            **{name: self.decode(each) for name, each in written.items() if name not in {"!", "#"}}
        )
        if "#" in written:
            self._known[written["#"]] = value
        return value

    def _other(self, kind: str, of: Any) -> Any:
        if kind == "dict":
            return {self.decode(key): self.decode(value) for key, value in of}
        if kind == "text":
            return of.encode()
        if kind == "bytes":
            return base64.b64decode(of, validate=True)
        return _COLLECTIONS[kind](self.decode(each) for each in of)


def _tagged(kind: str, written: Any, short: Any) -> tuple[Any, Any]:
    return {"!": kind, "of": written}, {"!": kind, "of": short}


@cache
def _tag(cls: type) -> str:
    package, _, module = cls.__module__.partition(".")
    if package != "rmqlab" or module.partition(".")[0] not in _PACKAGES or not _is_fact(cls):
        raise TypeError(f"a recording holds the facts of rmqlab's own packages, not {cls}")
    return f"{module}:{cls.__qualname__}"


@cache
def _fact_class(tag: str) -> type:
    module, _, name = tag.partition(":")
    if module.partition(".")[0] not in _PACKAGES:
        raise ValueError(f"{tag!r} is no fact")
    try:
        cls = getattr(importlib.import_module(f"rmqlab.{module}"), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"this RocketMQ Lab knows no {tag!r}") from error
    if not _is_fact(cls):
        raise ValueError(f"{tag!r} is no fact")
    return cls


def _is_fact(cls: Any) -> bool:
    return isinstance(cls, type) and (issubclass(cls, Enum) or dataclasses.is_dataclass(cls))


def _is_default(field: dataclasses.Field[Any], content: Any) -> bool:
    # Only where equal means the same: 0 == False == 0.0, and (0,) == (False,).
    if field.default_factory is not dataclasses.MISSING:
        return not content and type(content) is field.default_factory
    return type(content) is type(field.default) and (
        content == field.default
        if type(content) in {type(None), bool, int, str}
        else content == () == field.default
    )


def _bytes(value: bytes) -> dict[str, str]:
    try:
        return {"!": "text", "of": value.decode()}
    except UnicodeDecodeError:
        return {"!": "bytes", "of": base64.b64encode(value).decode()}
