"""What is written down about each cluster, so that any process finds it again: records, locks, leases.

clusters/NAME/record.json        what runs, and how to find it (replaced whole, never edited)
clusters/NAME/credentials.json   what its brokers want requests signed with; for nobody else to read
clusters/NAME/leases/PID         touched by each process that uses the cluster
clusters/NAME/NODE/              a node's own files
clusters/NAME.lock               held while a cluster starts or ends
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import filelock

from rmqlab.authentication import Credentials
from rmqlab.errors import ClusterError
from rmqlab.places import state_dir
from rmqlab.plan import NodeSpec, bootstrap_servers

if TYPE_CHECKING:
    from pathlib import Path

    from rmqlab.backends.base import Handle

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}", re.IGNORECASE)


@dataclass(frozen=True)
class Record:
    """One cluster.

    `lease_s` is None for a cluster that is kept until somebody ends it. `starter` is the pid of the process
    that is starting it, 0 once it is ready. `handles` has one entry a launched node. `options` are those
    that were chosen on top of the topology. `part_of` names the cluster with which it ends, if any.
    """

    name: str
    topology: str
    backend: str
    created: float
    lease_s: float | None
    starter: int
    specs: tuple[NodeSpec, ...]
    handles: dict[str, Handle]
    options: dict[str, Any] = field(default_factory=dict)
    part_of: str = ""

    @property
    def namesrv(self) -> str:
        """The NameServers' addresses, as clients take them."""
        return ";".join(spec.address for spec in self.specs if spec.is_nameserver)

    @property
    def address(self) -> str:
        """What clients connect to: the NameServers, or a Kafka's bootstrap servers."""
        return self.namesrv or bootstrap_servers(self.specs)

    @property
    def folder(self) -> Path:
        """Where the cluster's files are."""
        return folder(self.name)

    def with_handle(self, node: str, handle: Handle) -> Record:
        """Return this record with a node's handle replaced."""
        return replace(self, handles={**self.handles, node: handle})


def root() -> Path:
    """Return the folder of all clusters."""
    return state_dir() / "clusters"


def folder(name: str) -> Path:
    """Return a cluster's folder.

    Raises:
        ClusterError: the name cannot be a folder's.
    """
    if not _NAME.fullmatch(name):
        raise ClusterError(
            f"{name!r} cannot name a cluster: use letters, digits, dots and dashes, 60 at most."
        )
    return root() / name


def _make_folder(path: Path) -> None:
    """Make a cluster's folder, closed to other users: messages and credentials lie in it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def write(record: Record) -> None:
    """Write a record so that no reader ever sees half of one."""
    _make_folder(record.folder)
    partial = record.folder / f"record.{os.getpid()}.new"
    partial.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    partial.replace(record.folder / "record.json")


def read(name: str) -> Record | None:
    """Return the record of a cluster, or None where there is none."""
    try:
        data: dict[str, Any] = json.loads((folder(name) / "record.json").read_text(encoding="utf-8"))
        specs = tuple(
            NodeSpec(
                **{key: tuple(value) if isinstance(value, list) else value for key, value in spec.items()}
            )
            for spec in data.pop("specs")
        )
        return Record(specs=specs, **data)
    except (OSError, ValueError, TypeError, KeyError):  # gone, half-made, or of another version
        return None


def keep_credentials(name: str, credentials: Credentials) -> None:
    """Write down a cluster's credentials; they stay with its files, since its brokers remember them too."""
    path = folder(name) / "credentials.json"
    _make_folder(path.parent)
    path.touch(mode=0o600)
    path.write_text(json.dumps(credentials), encoding="utf-8")


def credentials(name: str) -> Credentials | None:
    """Return a cluster's credentials, None where it has none."""
    try:
        return Credentials(*json.loads((folder(name) / "credentials.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def forget(record: Record) -> None:
    """Remove a record and its leases; the nodes' files stay."""
    (record.folder / "record.json").unlink(missing_ok=True)
    for lease in leases(record.name):
        lease.unlink(missing_ok=True)


def note_end(name: str, why: str) -> None:
    """Leave word of why a cluster ended, for whoever comes back to it."""
    _end_note(name).write_text(why, encoding="utf-8")


def why_ended(name: str) -> str:
    """Return why the last cluster of that name ended; empty where nobody left word."""
    try:
        return _end_note(name).read_text(encoding="utf-8")
    except OSError:
        return ""


def forget_end(name: str) -> None:
    """Remove the word that `note_end` left: somebody has read it."""
    _end_note(name).unlink(missing_ok=True)


def _end_note(name: str) -> Path:
    return root() / f"{name}.ended"


def all_records() -> list[Record]:
    """Return every record, by name."""
    names = sorted(path.parent.name for path in root().glob("*/record.json"))
    return [record for name in names if (record := read(name))]


def lock(name: str) -> filelock.FileLock:
    """Return the lock that whoever starts or ends a cluster holds."""
    folder(name)
    root().mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(root() / f"{name}.lock")


def renew_lease(cluster: Path) -> bool:
    """Say that this process uses the cluster of that folder now; return whether there still is one."""
    if not (cluster / "record.json").exists():
        return False
    lease = cluster / "leases" / str(os.getpid())
    with contextlib.suppress(OSError):
        lease.parent.mkdir(parents=True, exist_ok=True)
        lease.touch()
        os.utime(lease)
    return True


def leases(name: str) -> list[Path]:
    """Return the lease files of a cluster, one a process that used it."""
    return list((folder(name) / "leases").glob("*"))


def lease_left_s(record: Record) -> float | None:
    """Return for how many seconds the cluster may still be used by nobody; None if it is kept."""
    if record.lease_s is None:
        return None
    last = record.created
    for lease in leases(record.name):
        with contextlib.suppress(OSError):
            last = max(last, lease.stat().st_mtime)
    return last + record.lease_s - time.time()
