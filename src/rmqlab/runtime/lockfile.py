"""The list of the jars that make up RocketMQ, each with its hash and size: read here, written by `relock`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "locks"


@dataclass(frozen=True)
class Jar:
    """One jar: its Maven coordinate, its sha256 in hex, its size in bytes."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str
    size: int

    @property
    def coordinate(self) -> str:
        """`group:artifact:version[:classifier]`, as the lock file writes it."""
        parts = [self.group, self.artifact, self.version]
        return ":".join([*parts, self.classifier] if self.classifier else parts)

    @property
    def file_name(self) -> str:
        """The name that Maven gives the file."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{suffix}.jar"


@dataclass(frozen=True)
class JarGroup:
    """A product and all its jars, as a lock file names them; `roots` is what it was resolved from."""

    name: str
    version: str
    roots: tuple[str, ...]
    jars: tuple[Jar, ...]

    @property
    def size(self) -> int:
        """Size of all jars in bytes."""
        return sum(jar.size for jar in self.jars)


def lock_path(name: str) -> Path:
    """Return the path of the lock file of a group."""
    return _FOLDER / f"{name}.json"


def read_lock(name: str) -> JarGroup:
    """Read the lock file of a group, such as `rocketmq`."""
    data = json.loads(lock_path(name).read_text(encoding="utf-8"))
    jars = []
    for coordinate, (sha256, size) in data["jars"].items():
        group, artifact, version, *classifier = coordinate.split(":")
        jars.append(Jar(group, artifact, version, "".join(classifier), sha256, size))
    return JarGroup(data["name"], data["version"], tuple(data["roots"]), tuple(jars))


def write_lock(group: JarGroup) -> Path:
    """Write the lock file of a group, one jar a line, sorted; return its path."""
    path = lock_path(group.name)
    path.parent.mkdir(exist_ok=True)
    jars = {jar.coordinate: [jar.sha256, jar.size] for jar in sorted(group.jars, key=lambda j: j.coordinate)}
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in jars.items())
    head = json.dumps({"name": group.name, "version": group.version, "roots": list(group.roots)}, indent=2)
    path.write_text(f'{head[:-2]},\n  "jars": {{\n{lines}\n  }}\n}}\n', encoding="utf-8", newline="\n")
    return path
