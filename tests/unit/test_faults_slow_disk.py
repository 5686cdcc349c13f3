"""The library that slows a disk: compiled once, and one sentence where it cannot be."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from rmqlab.backends.process import _require_address
from rmqlab.errors import ClusterError
from rmqlab.runtime import slow_disk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

FLUSH = """
import os, sys, time
with open(sys.argv[1], "wb") as file:
    begun = time.monotonic()
    os.fsync(file.fileno())
    print(time.monotonic() - begun)
"""


@pytest.fixture
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RMQLAB_CACHE", str(tmp_path / "cache"))


def _can_compile() -> bool:
    return sys.platform == "linux" and any(map(shutil.which, ("cc", "gcc", "clang")))


@pytest.mark.usefixtures("_own_cache")
@pytest.mark.skipif(not _can_compile(), reason="slow_disk is for Linux with a C compiler")
def test_a_flush_waits_as_the_order_says_and_is_counted(tmp_path: Path) -> None:
    slow_disk.put_into(tmp_path)
    order = tmp_path / slow_disk.ORDER
    environment = {"LD_PRELOAD": str(tmp_path / slow_disk.LIBRARY), "SLOW_DISK_ORDER": str(order)}

    def flush_s() -> float:
        command = [sys.executable, "-c", FLUSH, str(tmp_path / "file")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return float(done.stdout)

    quick = flush_s()
    order.write_text("300")
    assert flush_s() >= 0.3 > quick
    assert (tmp_path / f"{slow_disk.ORDER}.count").read_text() == "."
    order.write_text("0")
    flush_s()
    assert (tmp_path / f"{slow_disk.ORDER}.count").read_text() == "."


@pytest.mark.usefixtures("_own_cache")
@pytest.mark.skipif(not _can_compile(), reason="slow_disk is for Linux with a C compiler")
def test_a_flush_that_waits_hears_of_the_end_of_the_fault(tmp_path: Path) -> None:
    slow_disk.put_into(tmp_path)
    order = tmp_path / slow_disk.ORDER
    order.write_text("60000")
    with subprocess.Popen(
        [sys.executable, "-c", FLUSH, str(tmp_path / "file")],
        env={"LD_PRELOAD": str(tmp_path / slow_disk.LIBRARY), "SLOW_DISK_ORDER": str(order)},
        stdout=subprocess.DEVNULL,
    ) as flushing:
        deadline = time.monotonic() + 10
        while not order.with_name(f"{order.name}.count").exists():
            assert time.monotonic() < deadline, "it does not flush"
        order.unlink()
        assert flushing.wait(10) == 0


@pytest.mark.usefixtures("_own_cache")
@pytest.mark.skipif(not _can_compile(), reason="slow_disk is for Linux with a C compiler")
def test_the_library_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = slow_disk.require_library()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert slow_disk.require_library() == first


@pytest.mark.usefixtures("_own_cache")
def test_without_a_compiler_the_portable_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ClusterError, match=r"needs a C compiler, and none is installed\..*TRANSIENT_POOL"):
        slow_disk.require_library()


def test_on_another_system_the_portable_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ClusterError, match=r"works on Linux only\..*TRANSIENT_POOL"):
        slow_disk.require_library()


def test_an_address_that_a_system_lacks_is_told_with_the_command_that_adds_it() -> None:
    with pytest.raises(ClusterError, match=r"no address 192\.0\.2\.7, .*ifconfig lo0 alias 192\.0\.2\.7"):
        _require_address("192.0.2.7")
