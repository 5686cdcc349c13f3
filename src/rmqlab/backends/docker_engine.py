"""Is there a container engine that can run our nodes now? Two small questions tell.

The docker SDK takes a fifth of a second to import: a start on plain processes does not pay for it. So the
questions are asked in plain HTTP over the engine's socket, and `engine_client` is for what comes after.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import quote, urlsplit

from rmqlab.backends.base import Usage
from rmqlab.errors import EngineError, EngineGoneError
from rmqlab.runtime import RELEASES, ROCKETMQ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker import DockerClient
    from docker.models.containers import Container

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")

OFFICIAL = "apache/rocketmq"
AT_ONCE_S = 1.0
"""Where nobody asked for containers, an engine that takes longer for a small question is left alone."""

PATIENCE_S = 10.0
"""An engine that takes longer for a small question is paused; a busy machine can take seconds."""

_CALL_S = 60.0
_OK, _NOT_FOUND = 200, 404
_OTHERWISE = "Or leave Docker out: RMQLAB_BACKEND=process."


def image_for(release: str = ROCKETMQ.name) -> str:
    """Return the image that nodes of a release run on.

    RMQLAB_IMAGE names the pinned release's, by default the official one at the pinned version. Another
    release is looked for under the same name, with its own version as the tag.
    """
    named = os.environ.get("RMQLAB_IMAGE") or f"{OFFICIAL}:{ROCKETMQ.version}"
    jars = RELEASES[release].jars
    if jars is None or jars is ROCKETMQ:
        return named
    path, slash, last = named.partition("@")[0].rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}:{jars.version}"


def find_engine(within_s: float = PATIENCE_S) -> str:
    """Return the address of the engine: DOCKER_HOST, docker's current context, else the first that answers.

    Raises:
        EngineError: there is none, it does not run, it may not be used, or it is on another machine.
    """
    if named := os.environ.get("DOCKER_HOST"):
        return _require_local(named, "DOCKER_HOST")
    if chosen := _context_address():
        return _require_local(chosen, "docker's current context")
    refusal: EngineError | None = None
    for address in _usual_addresses():
        try:
            _ask(address, "/_ping", within_s)
        except EngineError as error:
            refusal = refusal or error
        else:
            return address
    raise refusal or EngineGoneError(
        f"No container engine was found. Install and start Docker or Podman. {_OTHERWISE}"
    )


def require_image(image: str, address: str | None = None, within_s: float = PATIENCE_S) -> str:
    """Return the address of an engine that answers and has the image.

    Raises:
        EngineError: there is none; the message says why, and the next step.
    """
    address = address or find_engine(within_s)
    _, engine = _ask(address, "/version", within_s)
    if engine.get("Os", "linux") != "linux":
        raise EngineError(
            f"The engine at {address} runs {engine['Os']} containers. "
            f"Switch Docker Desktop to Linux containers. {_OTHERWISE}"
        )
    status, found = _ask(address, f"/images/{quote(image, safe='/:@')}/json", within_s)
    if status == _NOT_FOUND:
        raise EngineError(f"The image {image} is not on this machine. `rmqlab pull` brings it. {_OTHERWISE}")
    mine, its = engine.get("Arch", ""), found.get("Architecture", "")
    if mine and its and mine != its:
        raise EngineError(
            f"The image {image} is made for {its}, and this engine runs {mine}. "
            f"`rmqlab pull` brings the right one. {_OTHERWISE}"
        )
    if not any(value.startswith("ROCKETMQ_HOME=") for value in (found.get("Config") or {}).get("Env") or ()):
        raise EngineError(
            f"The image {image} is not laid out like {OFFICIAL}: it has no ROCKETMQ_HOME with mqnamesrv and "
            f"mqbroker. Name another in RMQLAB_IMAGE. {_OTHERWISE}"
        )
    return address


def runs_on_arm(address: str) -> bool:
    """Say whether an engine's containers run on an ARM processor, as Docker Desktop's do on a newer Mac."""
    _, engine = _ask(address, "/version", PATIENCE_S)
    return engine.get("Arch") == "arm64"


def container_status(address: str, container: str) -> str:
    """Return a container's status, such as `running`, `paused`, `exited`; empty where it is gone.

    Asked many times a second while a cluster starts: the SDK takes five times as long.
    """
    try:
        _, answer = _ask(address, f"/containers/{container}/json", PATIENCE_S)
    except EngineGoneError:
        return ""
    return str(answer.get("State", {}).get("Status", ""))


def finished(call: Callable[_Given, _Answer], *args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
    """Ask the engine, and wait for its answer even if Ctrl-C comes meanwhile.

    An engine finishes what it has begun. What it makes after its caller has gone away and cleaned up stays.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call, *args, **kwargs).result()


def container_usage(container: Container) -> Usage:
    """Return what a container takes; its memory is what `docker stats` shows."""
    found = container.stats(stream=False, one_shot=True)
    memory = found["memory_stats"]
    parts = memory.get("stats", {})
    unused_files = parts.get("inactive_file", parts.get("total_inactive_file", 0))  # cgroup v2, v1
    return Usage(
        found["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, (memory.get("usage", 0) - unused_files) / 1e6
    )


def engine_client(address: str | None = None) -> DockerClient:
    """Return the docker SDK's client of an engine, by default of the one that is here.

    Raises:
        EngineError: it does not answer.
    """
    address = address or find_engine()
    _ask(address, "/_ping", PATIENCE_S)  # in our words, before the SDK begins to wait
    return _client(address)


@cache
def _client(address: str) -> DockerClient:
    import docker  # noqa: PLC0415

    return docker.DockerClient(base_url=address, version="auto", timeout=_CALL_S)


def _require_local(address: str, source: str) -> str:
    parts = urlsplit(address)
    if parts.scheme in {"unix", "npipe"} or parts.hostname in {"localhost", "127.0.0.1", "::1"}:
        return address
    raise EngineError(
        f"{source} names an engine on another machine ({address}), which cannot see the files of this one. "
        f"Use an engine on this machine. {_OTHERWISE}"
    )


def _context_address() -> str:
    """Return the address of the context that the command `docker` uses; empty for the default one."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        name = os.environ.get("DOCKER_CONTEXT") or config.get("currentContext", "default")
        key = hashlib.sha256(name.encode()).hexdigest()
        meta = json.loads((folder / "contexts" / "meta" / key / "meta.json").read_text(encoding="utf-8"))
        return meta["Endpoints"]["docker"]["Host"]
    except (OSError, ValueError, KeyError, AttributeError):
        return ""


def _usual_addresses() -> Iterator[str]:
    """Yield the addresses where a socket lies: Docker's, rootless Docker's, Docker Desktop's, Podman's."""
    if sys.platform == "win32":
        for pipe in ("docker_engine", "podman-machine-default"):
            if Path(rf"\\.\pipe\{pipe}").exists():
                yield f"npipe:////./pipe/{pipe}"
        return
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    for path in (
        Path("/var/run/docker.sock"),
        own / "docker.sock",
        Path.home() / ".docker" / "run" / "docker.sock",
        own / "podman" / "podman.sock",
        Path("/run/podman/podman.sock"),
    ):
        try:
            if path.is_socket():
                yield f"unix://{path}"
        except PermissionError:  # another user's folder
            continue


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _ask(address: str, question: str, within_s: float) -> tuple[int, dict[str, Any]]:
    """Ask an engine one thing; return status and answer."""
    parts = urlsplit(address)
    try:
        if parts.scheme == "npipe":
            return _ask_pipe(address, question, within_s)
        if parts.scheme == "unix":
            connection: http.client.HTTPConnection = _UnixConnection(parts.path, within_s)
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=within_s)
        try:
            connection.request("GET", question)
            response = connection.getresponse()
            status, body = response.status, response.read()
        finally:
            connection.close()
    except PermissionError:
        raise EngineError(
            f"You may not use the engine at {address}. On Linux: `sudo usermod -aG docker $USER`, "
            f"then log in again. {_OTHERWISE}"
        ) from None
    except TimeoutError:
        raise EngineError(
            f"The engine at {address} does not answer within {within_s:.0f} s: it is paused, or very busy. "
            f"Resume or restart it. {_OTHERWISE}"
        ) from None
    except (ConnectionRefusedError, FileNotFoundError):
        raise EngineGoneError(
            f"Nothing answers at {address}: the engine does not run. Start Docker (or Podman). {_OTHERWISE}"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise EngineError(
            f"What listens at {address} does not talk like a container engine ({error}). "
            f"Look at DOCKER_HOST. {_OTHERWISE}"
        ) from error
    answer = _parsed(body)
    if status not in {_OK, _NOT_FOUND}:
        raise EngineError(
            f"The engine at {address} refuses: {_message(answer)}. Resume or restart it. {_OTHERWISE}"
        )
    return status, answer


def _ask_pipe(address: str, question: str, within_s: float) -> tuple[int, dict[str, Any]]:
    """Ask over a Windows named pipe, which only the SDK knows how to do with a time-out."""
    import docker  # noqa: PLC0415
    import requests  # noqa: PLC0415

    client = docker.APIClient(base_url=address, timeout=within_s, version="1.41")
    try:
        response = client.get(f"{client.base_url}{question}")
    except requests.Timeout:
        raise TimeoutError from None
    except (requests.ConnectionError, docker.errors.DockerException):
        raise ConnectionRefusedError from None
    finally:
        client.close()
    return response.status_code, _parsed(response.content)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = body.decode(errors="replace").strip()
    return answer if isinstance(answer, dict) else {"message": str(answer)}


def _message(answer: dict[str, Any]) -> str:
    return str(answer.get("message") or answer).rstrip(".")
