"""Native libraries: on every system that Java and Python come to, a broker finds all that it loads."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pytest

from rmqlab.backends.process import java_command
from rmqlab.faults import TRANSIENT_POOL
from rmqlab.options import ClusterOptions
from rmqlab.plan import plan
from rmqlab.runtime import ensure_jars, platforms
from rmqlab.topology import TOPOLOGIES

pytestmark = pytest.mark.unit

LOADED = {
    "JNA": {
        "Linux": "com/sun/jna/linux-x86-64/libjnidispatch.so",
        "Linux on ARM": "com/sun/jna/linux-aarch64/libjnidispatch.so",
        "macOS": "com/sun/jna/darwin-x86-64/libjnidispatch.jnilib",
        "macOS on ARM": "com/sun/jna/darwin-aarch64/libjnidispatch.jnilib",
        "Windows": "com/sun/jna/win32-x86-64/jnidispatch.dll",
    },
    "RocksDB": {
        "Linux": "librocksdbjni-linux64.so",
        "macOS": "librocksdbjni-osx-x86_64.jnilib",
        "macOS on ARM": "librocksdbjni-osx-arm64.jnilib",
        "Windows": "librocksdbjni-win64.dll",
    },
}
AARCH64 = 183  # e_machine of an ELF file
FUNCTION = re.compile(rb"Java_org_rocksdb_\w+")


def classpath_of_a_broker(properties: dict[str, str] | None = None) -> list[str]:
    options = ClusterOptions.of(properties=properties or {})
    broker = plan(TOPOLOGIES["single"], Path("/lab"), 10000, options=options)[1]
    command = java_command(broker, Path("/lab"))
    return command[command.index("-cp") + 1].split(os.pathsep)


@pytest.fixture(scope="module")
def contents() -> dict[str, Path]:
    """Which of RocketMQ's jars holds a file."""
    return {name: jar for jar in ensure_jars() for name in zipfile.ZipFile(jar).namelist()}


@pytest.mark.parametrize("library", LOADED)
def test_the_jars_have_a_library_for_each_system(library: str, contents: dict[str, Path]) -> None:
    assert [system for system, name in LOADED[library].items() if name not in contents] == []


def test_on_linux_on_arm_rocksdb_is_what_rocketmqs_own_stems_from(
    contents: dict[str, Path],
) -> None:
    on_arm = platforms.rocksdb_on_arm()
    library = on_arm.read_bytes()
    assert library[:4] == b"\x7fELF"
    assert int.from_bytes(library[18:20], "little") == AARCH64
    assert on_arm.name not in contents  # with a release that has it, ours is of no more use
    on_linux = LOADED["RocksDB"]["Linux"]
    rocketmqs = zipfile.ZipFile(contents[on_linux]).read(on_linux)
    (more,) = set(FUNCTION.findall(rocketmqs)) - set(FUNCTION.findall(library))
    assert b"RemoveConsumeQueueCompactionFilter" in more


def test_its_folder_ends_the_classpath_there_and_there_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(platforms.rocksdb_on_arm().parent)
    monkeypatch.setattr(platforms, "_LINUX_ON_ARM", True)
    assert classpath_of_a_broker()[-1] == folder
    monkeypatch.setattr(platforms, "_LINUX_ON_ARM", False)
    assert folder not in classpath_of_a_broker()


def test_on_windows_a_broker_with_a_pool_takes_our_c_library_first_and_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platforms, "_WINDOWS", True)
    assert classpath_of_a_broker(TRANSIENT_POOL)[0].endswith("windows")
    assert classpath_of_a_broker()[0].endswith(".jar")
    monkeypatch.setattr(platforms, "_WINDOWS", False)
    assert classpath_of_a_broker(TRANSIENT_POOL)[0].endswith(".jar")
