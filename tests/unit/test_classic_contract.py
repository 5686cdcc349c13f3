"""The contract suite is whole: every public name of the classic package is exercised by it."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import ast
import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

SUITE = sorted(Path(__file__).parents[1].glob("*/test_classic_*.py"))
PACKAGE = Path(importlib.util.find_spec("rocketmq").origin).parent


def names_in(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ast_names(node.value)
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


def ast_names(text):
    """Names in scripts that the suite runs as text, and in parametrised method names."""
    return [
        word
        for word in text.replace("(", " ").replace(".", " ").replace(",", " ").split()
        if word.isidentifier()
    ]


def suite_names():
    return {name for path in SUITE if path != Path(__file__) for name in names_in(path)}


def classes(path):
    return [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]


def test_every_public_class_method_and_property_is_exercised():
    public = set()
    for cls in classes(PACKAGE / "client.py"):
        public.add(cls.name)
        public |= {
            node.name
            for node in cls.body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        }
    assert len(public) > 40
    assert public - suite_names() == set()


def test_every_c_function_is_reached_through_the_package_or_by_itself():
    client = ast.parse((PACKAGE / "client.py").read_text())
    reached = {node.attr for node in ast.walk(client) if isinstance(node, ast.Attribute)}
    from rmqlab.client.librocketmq import load

    assert set(vars(load())) - reached - suite_names() == set()


def test_every_exception_that_a_status_can_become_is_exercised():
    from rocketmq.exceptions import _EXCEPTION_MAP

    expected = {cls.__name__ for status, cls in _EXCEPTION_MAP.items() if status.name != "MALLOC_FAILED"}
    assert expected - suite_names() == set()
