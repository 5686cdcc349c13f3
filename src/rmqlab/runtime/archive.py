"""RocketMQ's classes, parsed and verified once: the JVM's class data sharing (CDS).

Every JVM of the labs, that of the Python process included, loads some 4,000 classes from 150 jars. An archive
of them, mapped instead of parsed, takes a third off a start. It is made once for each Java, and a JVM
that finds it unfit (another Java, other jars) goes on without it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
from pathlib import Path

import filelock

from rmqlab.runtime.jars import ROCKETMQ, ensure_jars, home
from rmqlab.runtime.java import find_java

CLASS_LIST = Path(__file__).with_name("classes.lst")
"""What NameServer, broker and client load, and their lambdas; `rmqlab lock` writes it from a run of them."""

_DUMP_S = 120
_OTHERS_KEPT = 2  # other Javas, other releases of this package: each would make its own anew, at every start
_SILENT = "-Xlog:disable"
_logger = logging.getLogger("rmqlab.runtime")


def archive_options() -> tuple[str, ...]:
    """Return the options that let a JVM use the archive; none where it was not made.

    The JVM's classpath has to begin with the jars, in their order.
    """
    path = _path(ensure_jars())
    return (f"-XX:SharedArchiveFile={path}", _SILENT) if path.is_file() and path.stat().st_size else ()


def ensure_archive() -> None:
    """Make the archive if this Java has none yet: three seconds, once. What goes wrong costs only time."""
    jars = ensure_jars()
    path = _path(jars)
    if path.exists():
        return
    try:
        with filelock.FileLock(home(ROCKETMQ) / ".archive.lock", timeout=_DUMP_S):
            if not path.exists():
                _dump(jars, path)
    except (OSError, filelock.Timeout, subprocess.SubprocessError) as error:
        _logger.debug("no class archive: %s", error)


def _path(jars: tuple[Path, ...]) -> Path:
    """Name the archive after what it depends on: the Java build, the jars as they lie here, the list."""
    release = (find_java().home / "release").read_bytes()
    stamps = [(jar.name, jar.stat().st_mtime_ns) for jar in jars]
    key = hashlib.sha256(release + repr(stamps).encode() + CLASS_LIST.read_bytes())
    return home(ROCKETMQ) / f"classes-{key.hexdigest()[:16]}.jsa"


def _dump(jars: tuple[Path, ...], path: Path) -> None:
    """Write the archive, or an empty file where this Java cannot: then nobody tries again."""
    others = sorted(path.parent.glob("classes-*.jsa"), key=lambda each: each.stat().st_mtime)
    for outdated in others[:-_OTHERS_KEPT]:
        outdated.unlink(missing_ok=True)
    java = find_java()
    partial = path.with_suffix(".new")
    partial.touch()
    subprocess.run(
        [
            str(java.executable),
            "-Xshare:dump",
            "-XX:+UseSerialGC",  # as the JVMs that use it: then the archived heap fits too
            f"-XX:SharedClassListFile={CLASS_LIST}",
            f"-XX:SharedArchiveFile={partial}",
            _SILENT,
            *java.quiet_options,  # they are part of what must agree
            "-cp",
            os.pathsep.join(map(str, jars)),
        ],
        check=False,
        capture_output=True,
        timeout=_DUMP_S,
    )
    partial.replace(path)
