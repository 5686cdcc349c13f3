"""Make the lock file anew from Maven's own resolution: for maintainers who raise RocketMQ's version.

Needs `mvn` on the PATH. Nobody else does: learners fetch the exact jars that the lock names.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from rmqlab.errors import RuntimeFilesError
from rmqlab.runtime.lockfile import Jar, JarGroup, lock_path, read_lock, write_lock

_LINE = re.compile(
    r"^\s+([\w.\-]+):([\w.\-]+):jar:(?:([\w.\-]+):)?([\w.\-]+):(?:compile|runtime):(\S.*?\.jar)"
)


def _pom(roots: tuple[str, ...]) -> str:
    dependencies = []
    for root in roots:
        group, artifact, version = map(escape, root.split(":"))
        dependencies.append(
            f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
            f"<version>{version}</version></dependency>"
        )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>rmqlab</groupId><artifactId>lock</artifactId>"
        f"<version>1</version><dependencies>{''.join(dependencies)}</dependencies></project>"
    )


def _moved(root: str, old: str, new: str) -> str:
    """Return a root at the new version; one with a version of its own, such as a logger, keeps that."""
    name, _, version = root.rpartition(":")
    return f"{name}:{new}" if version == old else root


def relock(name: str = "rocketmq", version: str | None = None) -> Path:
    """Resolve a group's roots with Maven and write its lock file.

    Args:
        name: The group, as its lock file is called.
        version: The version to pin; by default the one that is pinned now.

    Returns:
        The path of the lock file.

    Raises:
        RuntimeFilesError: Maven is missing, or it failed; the message carries the end of what it printed.
    """
    if not lock_path(name).is_file():
        known = ", ".join(sorted(path.stem for path in lock_path(name).parent.glob("*.json")))
        raise RuntimeFilesError(f"There is no lock file called {name}. There are: {known}.")
    if shutil.which("mvn") is None:
        raise RuntimeFilesError("Making the lock anew needs Maven: install it so that `mvn` is on the PATH.")
    old = read_lock(name)
    version = version or old.version
    roots = tuple(_moved(root, old.version, version) for root in old.roots)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pom.xml").write_text(_pom(roots), encoding="utf-8")
        listing = Path(folder) / "list.txt"
        options = ["-DincludeScope=runtime", "-DoutputAbsoluteArtifactFilename=true"]
        done = subprocess.run(
            ["mvn", "-B", "dependency:list", *options, f"-DoutputFile={listing}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeFilesError(f"Maven could not resolve {name} {version}:\n{done.stdout[-1500:]}")
        jars = []
        for line in listing.read_text(encoding="utf-8").splitlines():
            if found := _LINE.match(line):
                group, artifact, classifier, its_version, path = found.groups()
                data = Path(path).read_bytes()
                digest = hashlib.sha256(data).hexdigest()
                jars.append(Jar(group, artifact, its_version, classifier or "", digest, len(data)))
    return write_lock(JarGroup(name, version, roots, tuple(jars)))
