"""What RocketMQ's jars lack on some systems, and what is put on a node's classpath in its place."""

from __future__ import annotations

import platform
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.runtime.jars import ensure_jars, home
from rmqlab.runtime.lockfile import read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable

ROCKSDB = read_lock("rocksdb")
"""The release that RocketMQ's own build, rocketmq-rocksdb 1.0.2, stems from; it has one function less, which
only queues kept in RocksDB call (RemoveConsumeQueueCompactionFilter)."""

_LIBRARY = "librocksdbjni-linux-aarch64.so"
_WITHOUT_MLOCK = Path(__file__).with_name("windows")
_WINDOWS = sys.platform == "win32"
_LINUX_ON_ARM = sys.platform == "linux" and platform.machine() in {"aarch64", "arm64"}


def classpath_before(configurations: Iterable[str]) -> tuple[Path, ...]:
    """Return what has to come before RocketMQ's jars on this system, for a node with these files.

    It costs the node the class archive (`archive`), so it is only there where it is needed.
    """
    has_pool = any("transientStorePoolEnable=true" in text for text in configurations)
    return (_WITHOUT_MLOCK,) if _WINDOWS and has_pool else ()


def ensure_native() -> tuple[Path, ...]:
    """Return the folders of native libraries that come after RocketMQ's jars on this system; mostly none.

    Raises:
        RuntimeFilesError: one could not be fetched; as `ensure_jars`.
    """
    return (rocksdb_on_arm().parent,) if _LINUX_ON_ARM else ()


def rocksdb_on_arm() -> Path:
    """Return RocksDB's library for Linux on ARM, after fetching it (60 MB, once).

    Every broker and every controller loads RocksDB, and RocketMQ's build of it has none for that processor:
    "librocksdbjni-linux-aarch64.so was not found inside JAR". It is looked for on the classpath
    (NativeLibraryLoader.loadLibraryFromJarToTemp): its folder there is enough.

    Raises:
        RuntimeFilesError: it could not be fetched; as `ensure_jars`.
    """
    (jar,) = ensure_jars(ROCKSDB)
    library = home(ROCKSDB) / "native" / _LIBRARY
    if not library.is_file():
        library.parent.mkdir(exist_ok=True)
        partial = library.with_suffix(".new")
        with zipfile.ZipFile(jar) as archive:
            partial.write_bytes(archive.read(_LIBRARY))
        partial.replace(library)
    return library
