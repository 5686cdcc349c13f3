"""Fetch RocketMQ's jars once per user, verify them, and hand out their paths.

The lock file says which; jgo fetches each by its exact coordinate; a jar counts once its sha256 is right.
Finished jars stay, so an interrupted download goes on where it stopped.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from rmqlab.errors import DiskSpaceError, DownloadError, RuntimeFilesError, WrongHashError
from rmqlab.places import cache_dir
from rmqlab.runtime.lockfile import Jar, JarGroup, read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROCKETMQ = read_lock("rocketmq")
"""The pinned RocketMQ: its version stands in the lock file and nowhere else."""

_AT_ONCE = 6
_TRIES = 2
_TIMEOUT_S = 30
_WAIT_FOR_OTHER_S = 900


def home(group: JarGroup = ROCKETMQ) -> Path:
    """Return the folder that holds a group's `lib/` (RocketMQ calls such a folder ROCKETMQ_HOME)."""
    return cache_dir() / f"{group.name}-{group.version}"


def jars_status(group: JarGroup = ROCKETMQ) -> tuple[int, int]:
    """Return how many jars are here and verified, and how many there should be. Fetches nothing."""
    return len(group.jars) - len(_missing(group, _read_verified(group))), len(group.jars)


def ensure_jars(group: JarGroup = ROCKETMQ, *, show_progress: bool = True) -> tuple[Path, ...]:
    """Return the paths of a group's jars, after fetching those that are missing or damaged.

    Works without a network once all are here. Concurrent callers wait for the first.
    `RMQLAB_MAVEN_URL` names a mirror of Maven Central.

    Raises:
        DownloadError: a jar could not be fetched.
        WrongHashError: what was fetched is not what the lock names.
        DiskSpaceError: the disk of the cache is full.
        RuntimeFilesError: the cache folder cannot be written.
    """
    if _missing(group, _read_verified(group)):
        try:
            _lib(group).mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(home(group) / ".lock", timeout=_WAIT_FOR_OTHER_S):
                _fill(group, show_progress=show_progress)
        except filelock.Timeout:
            raise DownloadError(
                f"Another process has been fetching RocketMQ's jars for {_WAIT_FOR_OTHER_S // 60} minutes. "
                "End it and try again."
            ) from None
        except OSError as error:
            raise _file_error(error, group) from error
    return tuple(_lib(group) / jar.file_name for jar in group.jars)


def _lib(group: JarGroup) -> Path:
    return home(group) / "lib"


def _stamp(path: Path) -> list[int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return [stat.st_size, stat.st_mtime_ns]


def _read_verified(group: JarGroup) -> dict[str, list[int]]:
    """Return size and time of each jar when its hash was last found right: hashing 100 MB takes a second."""
    try:
        return json.loads((home(group) / "verified.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _missing(group: JarGroup, verified: dict[str, list[int]]) -> list[Jar]:
    def is_here(jar: Jar) -> bool:
        stamp = _stamp(_lib(group) / jar.file_name)
        return stamp is not None and verified.get(jar.file_name) == stamp

    return [jar for jar in group.jars if not is_here(jar)]


def _fill(group: JarGroup, *, show_progress: bool) -> None:
    verified = _read_verified(group)
    unproven = _missing(group, verified)
    to_fetch = []
    for jar in unproven:
        path = _lib(group) / jar.file_name
        if _is_right(path, jar):
            verified[jar.file_name] = _stamp(path) or []
        else:
            to_fetch.append(jar)
    needed = sum(jar.size for jar in to_fetch)
    free = shutil.disk_usage(home(group)).free
    if free < needed * 1.1:
        raise DiskSpaceError(
            f"The jars need {needed / 1e6:.0f} MB in {home(group)}, where {free / 1e6:.0f} MB are free. "
            "Make room, or set RMQLAB_CACHE to a folder on another disk."
        )
    try:
        with (
            tempfile.TemporaryDirectory(prefix="fetching-", dir=home(group)) as staging,
            _progress(group, needed, show=show_progress and bool(to_fetch)) as advance,
        ):
            for jar, path in _fetch_all(to_fetch, Path(staging), advance):
                target = _lib(group) / jar.file_name
                path.replace(target)
                verified[jar.file_name] = _stamp(target) or []
    finally:
        text = json.dumps(verified, indent=0, sort_keys=True)
        partial = home(group) / "verified.json.new"
        partial.write_text(text, encoding="utf-8")
        partial.replace(home(group) / "verified.json")


def _is_right(path: Path, jar: Jar) -> bool:
    if not path.is_file() or path.stat().st_size != jar.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def _fetch_all(jars: list[Jar], staging: Path, advance: Callable[[int], None]) -> Iterator[tuple[Jar, Path]]:
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="rmqlab-fetch") as pool:
        jobs = {pool.submit(_fetch, jar, staging, advance): jar for jar in jars}
        try:
            for job in as_completed(jobs):
                yield jobs[job], job.result()
        finally:
            for job in jobs:
                job.cancel()


def _fetch(jar: Jar, staging: Path, advance: Callable[[int], None]) -> Path:
    """Fetch one jar to a folder of its own under `staging`; a transfer that broke is tried once more."""
    import requests  # noqa: PLC0415  (half a second that only a download needs)
    from jgo.maven import MavenContext  # noqa: PLC0415
    from jgo.maven._resolver import PythonResolver  # noqa: PLC0415

    @contextmanager
    def count(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield advance

    mirror = os.environ.get("RMQLAB_MAVEN_URL")
    remotes = {"mirror": mirror.rstrip("/")} if mirror else None
    where = f"the mirror {mirror}" if mirror else "Maven Central"
    problem: RuntimeFilesError | None = None
    for _ in range(_TRIES):
        context = MavenContext(
            resolver=PythonResolver(progress_callback=count),
            repo_cache=Path(tempfile.mkdtemp(dir=staging)),
            remote_repos=remotes,
            timeout=_TIMEOUT_S,
        )
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        try:
            path = context.resolver.download(component.artifact(classifier=jar.classifier))
        except requests.RequestException as error:
            problem = DownloadError(
                f"{jar.coordinate} could not be fetched from {where} ({type(error).__name__}). Check "
                "the network, or name a mirror of Maven Central in RMQLAB_MAVEN_URL; what is here is kept."
            )
        except RuntimeError:
            problem = DownloadError(
                f"{where} does not have {jar.coordinate}. Check the address in RMQLAB_MAVEN_URL."
            )
        else:
            if path is not None and _is_right(path, jar):
                return path
            problem = WrongHashError(
                f"{jar.coordinate} from {where} is not the file that the lock names "
                f"(sha256 {jar.sha256[:12]}…). Something altered it on the way: try another network, or a "
                "mirror (RMQLAB_MAVEN_URL)."
            )
    assert problem is not None
    raise problem


@contextmanager
def _progress(group: JarGroup, total: int, *, show: bool) -> Iterator[Callable[[int], None]]:
    if not show:
        yield lambda _count: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"Fetching {group.name} {group.version}, once", total=total)
        yield lambda count: bar.advance(task, count)


def _file_error(error: OSError, group: JarGroup) -> RuntimeFilesError:
    if error.errno == errno.ENOSPC:
        return DiskSpaceError(
            f"The disk of {home(group)} is full. Make room, or set RMQLAB_CACHE to a folder on another disk."
        )
    return RuntimeFilesError(
        f"RocketMQ's jars cannot be kept in {home(group)}: {error.strerror or error}. "
        "Set RMQLAB_CACHE to a folder that can be written."
    )
