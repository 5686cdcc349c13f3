"""The library that slows a process's flushes (slow_disk.c): compiled on first use, on Linux."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from rmqlab.errors import ClusterError
from rmqlab.places import cache_dir

SOURCE = Path(__file__).with_name("slow_disk.c")
LIBRARY = "slow_disk.so"
"""How it is called in a broker's folder."""

ORDER = "flush-delay"
"""The file in a broker's folder that says how many milliseconds a flush waits."""

_COMPILERS = ("cc", "gcc", "clang")
_COMPILE_S = 60
_ELSEWHERE = (
    "Leave slow_disk out, and start the cluster with flush='sync' and the properties of "
    "rmqlab.faults.TRANSIENT_POOL: then slow_flush works everywhere (docs/faults.md)."
)


def require_library() -> Path:
    """Return the compiled library.

    Raises:
        ClusterError: this is no Linux, or it has no C compiler that works.
    """
    if sys.platform != "linux":
        raise ClusterError(f"slow_disk works on Linux only. {_ELSEWHERE}")
    source = SOURCE.read_bytes()
    mark = hashlib.sha256(source + platform.machine().encode()).hexdigest()[:12]
    library = cache_dir() / f"slow_disk-{mark}.so"
    if not library.exists():
        compiler = next((found for name in _COMPILERS if (found := shutil.which(name))), None)
        if compiler is None:
            raise ClusterError(f"slow_disk needs a C compiler, and none is installed. {_ELSEWHERE}")
        _compile(compiler, library)
    return library


def _compile(compiler: str, library: Path) -> None:
    library.parent.mkdir(parents=True, exist_ok=True)
    partial = library.with_suffix(".new")
    done = subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(partial), str(SOURCE)],
        check=False,
        capture_output=True,
        text=True,
        timeout=_COMPILE_S,
    )
    if done.returncode:
        raise ClusterError(f"{compiler} could not compile slow_disk.c: {done.stderr.strip()}. {_ELSEWHERE}")
    partial.replace(library)


def put_into(folder: Path) -> None:
    """Put the library where a broker with this folder loads it from."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(require_library(), folder / LIBRARY)
