"""What is said where containers cannot be had. A small server stands in for engines in all conditions."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from rmqlab.backends import docker_engine
from rmqlab.backends.docker_engine import (
    engine_client,
    find_engine,
    image_for,
    require_image,
    runs_on_arm,
)
from rmqlab.errors import EngineError, EngineGoneError
from rmqlab.image import pull_image
from rmqlab.runtime import RELEASES, ROCKETMQ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.unit, pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")]

IMAGE = "apache/rocketmq:5.4.0"
FITTING = {"Architecture": "amd64", "Config": {"Env": ["ROCKETMQ_HOME=/home/rocketmq/rocketmq-5.4.0"]}}
HERE = {"/version": (200, {"Os": "linux", "Arch": "amd64"})}


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Start an engine that gives fixed answers: `engine({path: (status, body)})`; return its address."""
    servers: list[_Server] = []

    def start(answers: dict[str, tuple[int, object]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                status, body = answers.get(path, (404, {"message": f"no {path}"}))
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET  # noqa: N815  (the name that http.server looks for)

            def address_string(self) -> str:
                return "a unix socket"

            def log_message(self, *_: object) -> None:
                pass

        server = _Server(str(tmp_path / f"{len(servers)}.sock"), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        address = f"unix://{server.server_address}"
        monkeypatch.setenv("DOCKER_HOST", address)
        return address

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "RMQLAB_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))


def sentence(error: pytest.ExceptionInfo[EngineError]) -> str:
    """Return the message, after a look at its form: what happened, what to do next."""
    text = str(error.value)
    assert text.endswith(".")
    assert ". " in text
    return text


def test_no_engine_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "_usual_addresses", lambda: iter(()))
    with pytest.raises(EngineGoneError) as error:
        find_engine()
    assert sentence(error).startswith("No container engine was found. Install and start Docker or Podman.")


def test_an_engine_that_does_not_run_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dead.sock"
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with pytest.raises(EngineGoneError) as error:
        engine_client()
    assert "the engine does not run. Start Docker" in sentence(error)


def test_a_named_socket_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nowhere.sock")
    with pytest.raises(EngineGoneError, match="Nothing answers at"):
        engine_client()


def test_an_engine_that_this_user_may_not_use(engine: Callable[..., str]) -> None:
    address = engine(HERE)
    # root may use every socket, and tests run as root in CI: the refusal itself has to be acted
    with (
        mock.patch.object(socket.socket, "connect", side_effect=PermissionError(13, "Permission denied")),
        pytest.raises(EngineError) as error,
    ):
        require_image(IMAGE)
    assert f"You may not use the engine at {address}" in sentence(error)
    assert "usermod -aG docker" in sentence(error)


@pytest.mark.skipif(not hasattr(os, "setuid") or os.getuid() != 0, reason="only root can become another user")
def test_a_socket_closed_to_other_users_is_named_as_that(engine: Callable[..., str], tmp_path: Path) -> None:
    address = engine(HERE)
    tmp_path.chmod(0o711)
    Path(address.removeprefix("unix://")).chmod(0o600)
    script = (
        "import os\n"
        "from rmqlab.backends.docker_engine import require_image\n"
        "from rmqlab.errors import EngineError\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n    require_image('x')\nexcept EngineError as error:\n    print(error)\n"
    )
    for parent in tmp_path.parents:  # pytest keeps its folders to their owner
        if parent.stat().st_uid == 0 and parent != Path("/") and "pytest" in parent.name:
            parent.chmod(0o711)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"You may not use the engine at {address}")


def test_a_paused_engine_is_given_up_after_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "paused.sock")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as paused:
        paused.bind(path)
        paused.listen(5)  # takes connections and never answers, as a stopped process does
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        begun = time.monotonic()
        with pytest.raises(EngineError) as error:
            require_image(IMAGE, within_s=docker_engine.AT_ONCE_S)
    assert time.monotonic() - begun < 10  # a busy machine is slow, a paused engine silent for ever
    assert "does not answer within 1 s: it is paused" in sentence(error)


def test_an_engine_that_says_that_it_is_paused_is_quoted(engine: Callable[..., str]) -> None:
    engine({"/version": (503, {"message": "Docker Desktop is manually paused."})})
    with pytest.raises(EngineError) as error:
        require_image(IMAGE)
    assert "refuses: Docker Desktop is manually paused. Resume" in sentence(error)


def test_something_else_that_listens_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "ssh.sock")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as other:
        other.bind(path)
        other.listen(1)

        def greet() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        threading.Thread(target=greet, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        with pytest.raises(EngineError) as error:
            require_image(IMAGE)
    assert "does not talk like a container engine" in sentence(error)


def test_an_image_that_is_not_here(engine: Callable[..., str]) -> None:
    engine(HERE)
    with pytest.raises(EngineError) as error:
        require_image(IMAGE)
    assert f"The image {IMAGE} is not on this machine. `rmqlab pull` brings it." in sentence(error)


def test_an_image_for_another_processor(engine: Callable[..., str]) -> None:
    engine({**HERE, f"/images/{IMAGE}/json": (200, {"Architecture": "arm64"})})
    with pytest.raises(EngineError) as error:
        require_image(IMAGE)
    assert "is made for arm64, and this engine runs amd64. `rmqlab pull`" in sentence(error)


def test_an_image_of_another_layout(engine: Callable[..., str]) -> None:
    engine({**HERE, f"/images/{IMAGE}/json": (200, {"Architecture": "amd64", "Config": {"Env": None}})})
    with pytest.raises(EngineError) as error:
        require_image(IMAGE)
    assert "is not laid out like apache/rocketmq" in sentence(error)
    assert "Name another in RMQLAB_IMAGE." in sentence(error)


def test_an_engine_of_windows_containers(engine: Callable[..., str]) -> None:
    engine({"/version": (200, {"Os": "windows", "Arch": "amd64"})})
    with pytest.raises(EngineError) as error:
        require_image(IMAGE)
    assert "runs windows containers. Switch Docker Desktop to Linux containers." in sentence(error)


def test_an_engine_says_whether_it_runs_on_arm(engine: Callable[..., str]) -> None:
    assert runs_on_arm(engine({"/version": (200, {"Os": "linux", "Arch": "arm64"})}))
    assert not runs_on_arm(engine(HERE))


def test_an_engine_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://teacher@server")
    with pytest.raises(EngineError) as error:
        find_engine()
    assert "DOCKER_HOST names an engine on another machine (ssh://teacher@server)" in sentence(error)


def test_an_engine_with_the_image_is_found(engine: Callable[..., str]) -> None:
    address = engine({**HERE, f"/images/{IMAGE}/json": (200, FITTING)})
    assert require_image(IMAGE) == address


def test_the_context_of_the_docker_command_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "fe9c6bd7a66301f49ca9b6a70b217107cd1284598bfc254700c989b916da791e"  # sha256 of desktop-linux
    meta = tmp_path / "config" / "contexts" / "meta" / key
    meta.mkdir(parents=True)
    (tmp_path / "config" / "config.json").write_text('{"currentContext": "desktop-linux"}', encoding="utf-8")
    (meta / "meta.json").write_text(
        json.dumps({"Endpoints": {"docker": {"Host": "unix:///home/me/desktop.sock"}}}), encoding="utf-8"
    )
    assert find_engine() == "unix:///home/me/desktop.sock"
    monkeypatch.setenv("DOCKER_HOST", "unix:///elsewhere.sock")
    assert find_engine() == "unix:///elsewhere.sock"


def test_the_first_engine_that_answers_is_taken(
    engine: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = engine({"/_ping": (200, b"OK")})
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setattr(docker_engine, "_usual_addresses", lambda: iter(["unix:///nowhere.sock", address]))
    assert find_engine() == address


def test_a_question_to_the_engine_does_not_import_the_sdk(engine: Callable[..., str]) -> None:
    engine({**HERE, f"/images/{IMAGE}/json": (200, FITTING)})
    script = (
        "import sys\n"
        "from rmqlab.backends import choose_backend\n"
        "backend, why = choose_backend()\n"
        "assert backend.name == 'docker', why\n"
        "assert not {'docker', 'requests'} & set(sys.modules)\n"
    )
    home = {key: value for key, value in os.environ.items() if key != "RMQLAB_BACKEND"}
    subprocess.run([sys.executable, "-c", script], check=True, env={**home, "RMQLAB_IMAGE": IMAGE})


def test_images_are_named_after_the_pinned_version(monkeypatch: pytest.MonkeyPatch) -> None:
    old = RELEASES["rocketmq-4.9"].jars.version
    assert image_for() == f"apache/rocketmq:{ROCKETMQ.version}"
    assert image_for("relay") == image_for()
    assert image_for("rocketmq-4.9") == f"apache/rocketmq:{old}"
    monkeypatch.setenv("RMQLAB_IMAGE", "localhost:5000/ours:1")
    assert (image_for(), image_for("rocketmq-4.9")) == ("localhost:5000/ours:1", f"localhost:5000/ours:{old}")


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (404, "manifest unknown", "No registry has an image called"),
        (500, "dial tcp: lookup registry-1.docker.io: no such host", "no such host. Check the network"),
    ],
)
def test_an_image_that_cannot_be_pulled(
    engine: Callable[..., str], status: int, message: str, said: str
) -> None:
    engine(
        {
            "/_ping": (200, b"OK"),
            "/version": (200, {"ApiVersion": "1.41", "Os": "linux", "Arch": "amd64"}),
            "/v1.41/images/create": (status, {"message": message}),
        }
    )
    with pytest.raises(EngineError) as error:
        pull_image()
    assert said in sentence(error)
