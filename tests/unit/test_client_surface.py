"""rmqlab.client as a package: its names, what an import costs, what it says over a native library."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rmqlab.client

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
TESTS = [*ROOT.glob("tests/*/test_client_*.py"), *ROOT.glob("tests/*/*_kit.py")]
PAGE = (ROOT / "docs" / "sending-and-receiving.md").read_text(encoding="utf-8")


needs_ours = pytest.mark.skipif(os.environ.get("RMQLAB_CLIENT") == "native", reason="needs our own library")


def run(script, **environment):
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def public(cls):
    """A class's own public methods and properties, and those of its bases of ours."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("rmqlab.")]
    return {name for base in ours for name in vars(base) if not name.startswith("_")}


@needs_ours
def test_every_public_name_is_there_and_in_the_docs():
    assert all(getattr(rmqlab.client, name) is not None for name in rmqlab.client.__all__)
    assert set(rmqlab.client.__all__) - set(re.findall(r"\w+", PAGE)) == set()


@needs_ours
@pytest.mark.parametrize(
    "name",
    [
        "Producer",
        "TransactionMQProducer",
        "PushConsumer",
        "PullConsumer",
        "Message",
        "ReceivedMessage",
        "SendResult",
    ],
)
def test_every_public_method_and_property_is_tried_by_a_test_and_has_a_docstring(name):
    tried = set(re.findall(r"\w+", "".join(path.read_text(encoding="utf-8") for path in TESTS)))
    cls = getattr(rmqlab.client, name)
    assert public(cls) - tried == set()
    undocumented = [
        each for each in public(cls) if callable(getattr(cls, each)) and not getattr(cls, each).__doc__
    ]
    assert undocumented == []


def test_the_import_brings_neither_java_nor_the_classic_package():
    script = "import sys, rmqlab.client; print(sorted({'jpype', 'rocketmq'} & set(sys.modules)))"
    assert run(script).stdout.strip() == "[]"


def test_pictures_are_imported_without_java_too():
    script = "import sys, rmqlab.views; print(sorted({'jpype', 'rocketmq', 'docker'} & set(sys.modules)))"
    assert run(script).stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["Producer", "PushConsumer", "PullConsumer", "Message"])
def test_over_a_native_library_one_sentence_says_what_to_do(name):
    ended = run(f"from rmqlab.client import {name}", RMQLAB_CLIENT="native")
    last = ended.stderr.strip().splitlines()[-1]
    assert ended.returncode != 0
    assert last.startswith("rmqlab.errors.ClientError: ")
    assert "start Python anew without RMQLAB_CLIENT=native" in last


def test_the_rest_of_the_package_works_over_a_native_library():
    ended = run("from rmqlab.client import provider, QueueRef; print(provider())", RMQLAB_CLIENT="native")
    assert "native" in ended.stdout


@needs_ours
def test_classes_are_subclasses_of_the_classic_packages_own():
    import rocketmq.client  # noqa: PLC0415

    for name in ("Producer", "TransactionMQProducer", "PushConsumer", "Message", "ReceivedMessage"):
        assert issubclass(getattr(rmqlab.client, name), getattr(rocketmq.client, name))
