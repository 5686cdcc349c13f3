"""Fetching the jars, against a real HTTP server on this machine that can be told to misbehave."""

from __future__ import annotations

import hashlib
import http.server
import subprocess
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from rmqlab.errors import DiskSpaceError, DownloadError, RuntimeFilesError, WrongHashError
from rmqlab.runtime import ROCKETMQ, jars, lockfile
from rmqlab.runtime.lockfile import Jar, JarGroup, read_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.unit

FILES = {f"part-{letter}": letter.encode() * 5000 for letter in "abc"}


def group(**changed: bytes) -> JarGroup:
    made = [
        Jar("org.example", name, "1.0", "", hashlib.sha256(body).hexdigest(), len(body))
        for name, body in {**FILES, **changed}.items()
    ]
    return JarGroup("example", "1.0", (), tuple(made))


class Mirror(http.server.ThreadingHTTPServer):
    """A Maven mirror: `files` it holds, jars it `served`, transfers that it will `cut`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(FILES)
        self.served: Counter[str] = Counter()
        self.cut: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        name = self.path.split("/")[-3]
        body = self.server.files.get(name)
        if body is None or not self.path.endswith(".jar"):
            self.send_error(404)
            return
        self.server.served[name] += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if name in self.server.cut:
            self.server.cut.discard(name)
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Mirror]:
    server = Mirror()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("RMQLAB_MAVEN_URL", server.url)
    monkeypatch.setenv("RMQLAB_CACHE", str(tmp_path / "cache"))
    yield server
    server.shutdown()
    server.server_close()


def test_jars_come_from_the_mirror_and_are_what_the_lock_names(mirror: Mirror) -> None:
    paths = jars.ensure_jars(group())
    assert [path.read_bytes() for path in paths] == list(FILES.values())


def test_nothing_is_fetched_twice_and_no_network_is_needed_once_filled(mirror: Mirror) -> None:
    jars.ensure_jars(group())
    mirror.shutdown()
    assert len(jars.ensure_jars(group())) == 3
    assert set(mirror.served.values()) == {1}


def test_an_interrupted_fetch_goes_on_with_what_lacks(mirror: Mirror) -> None:
    del mirror.files["part-c"]
    with pytest.raises(DownloadError, match=r"part-c:1\.0"):
        jars.ensure_jars(group())
    mirror.files["part-c"] = FILES["part-c"]
    jars.ensure_jars(group())
    assert mirror.served["part-c"] == 1
    assert jars.jars_status(group()) == (3, 3)


@pytest.mark.parametrize("damage", [b"", b"a" * 4999, b"x" * 5000], ids=["emptied", "half", "altered"])
def test_a_damaged_jar_is_fetched_again_and_only_that_one(mirror: Mirror, damage: bytes) -> None:
    path = jars.ensure_jars(group())[0]
    path.write_bytes(damage)
    jars.ensure_jars(group())
    assert path.read_bytes() == FILES["part-a"]
    assert mirror.served == Counter({"part-a": 2, "part-b": 1, "part-c": 1})


def test_a_jar_that_was_only_touched_is_hashed_not_fetched(mirror: Mirror) -> None:
    path = jars.ensure_jars(group())[0]
    path.touch()
    jars.ensure_jars(group())
    assert mirror.served["part-a"] == 1


def test_a_transfer_that_breaks_is_tried_again(mirror: Mirror) -> None:
    mirror.cut.add("part-b")
    jars.ensure_jars(group())
    assert mirror.served["part-b"] == 2


def test_a_wrong_file_is_refused_with_what_to_do(mirror: Mirror) -> None:
    mirror.files["part-a"] = b"z" * 5000
    with pytest.raises(WrongHashError, match=r"part-a:1\.0 .*RMQLAB_MAVEN_URL"):
        jars.ensure_jars(group())
    assert not any(path.name.startswith("part-a") for path in jars.home(group()).rglob("*.jar"))


def test_no_network_is_one_sentence_with_what_to_do(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMQLAB_MAVEN_URL", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"could not be fetched .* Check the network, or name a mirror"):
        jars.ensure_jars(group())


def test_a_full_disk_is_told_before_anything_is_fetched(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = type("Usage", (), {"total": 100, "used": 99, "free": 1})
    monkeypatch.setattr(jars.shutil, "disk_usage", lambda _: full)
    with pytest.raises(DiskSpaceError, match="RMQLAB_CACHE"):
        jars.ensure_jars(group())
    assert not mirror.served


def test_a_cache_that_cannot_be_written_is_one_sentence(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a-file").write_text("not a folder")
    monkeypatch.setenv("RMQLAB_CACHE", str(tmp_path / "a-file"))
    with pytest.raises(RuntimeFilesError, match=r"cannot be kept .* RMQLAB_CACHE"):
        jars.ensure_jars(group())


def test_processes_that_start_together_fetch_each_jar_once(mirror: Mirror) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_runtime_jars import group\n"
        "from rmqlab.runtime.jars import ensure_jars\n"
        "ensure_jars(group())\n"
    )
    here = __file__.rpartition("/")[0] or "."
    started = [subprocess.Popen([sys.executable, "-c", script, here]) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0] * 4
    assert mirror.served == Counter(dict.fromkeys(FILES, 1))


def test_the_pinned_rocketmq_is_the_one_without_the_busy_core() -> None:
    # 5.5.0 keeps a core busy for ever after the first transaction (apache/rocketmq#10966)
    assert ROCKETMQ.version == "5.4.0"
    versions = {jar.version for jar in ROCKETMQ.jars if jar.group == "org.apache.rocketmq"}
    assert "5.4.0" in versions
    assert "5.5.0" not in versions


def test_no_two_jars_of_the_lock_share_a_file_name() -> None:
    names = [jar.file_name for jar in read_lock("rocketmq").jars]
    assert len(names) == len(set(names)) == 150


def test_the_lock_file_is_exactly_what_writing_it_again_makes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    committed = lockfile.lock_path("rocketmq").read_bytes()
    group_read = read_lock("rocketmq")
    monkeypatch.setattr(lockfile, "_FOLDER", tmp_path / "locks")
    assert lockfile.write_lock(group_read).read_bytes() == committed
