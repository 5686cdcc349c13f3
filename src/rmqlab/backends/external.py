"""A cluster that somebody else runs: another machine's, a class's, one in Kubernetes. It is only asked.

A node is up if it answers a question, paused if it takes a connection and answers nothing, down if it takes
none. Whatever would start, end or hurt a node is refused.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NoReturn

from rmqlab.errors import ExternalClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rmqlab.backends.base import Handle, NodeState, Usage
    from rmqlab.nodespec import NodeSpec

_CONNECT_S = 1.0
_ANSWER_S = 0.5
_FRESH_S = 2.0
"""An answer holds for so long: thirty learners watch the same broker."""

_QUESTIONS = {"NAMESRV": 106, "MASTER": 34, "SLAVE": 34}
"""What each role is asked: GET_BROKER_CLUSTER_INFO, an empty HEART_BEAT (a refusal is an answer too)."""

_seen: dict[str, tuple[float, NodeState]] = {}
_guard = threading.Lock()


class ExternalBackend:
    """Runs nothing."""

    name = "external"
    bind = ""

    def missing(self) -> str | None:
        """Nothing is: the cluster is elsewhere."""
        return None

    def node_folder(self, folder: Path) -> Path:
        """Return the folder, where no node has files."""
        return folder

    def prepare(self, cluster: str, specs: Sequence[NodeSpec], folder: Path) -> None:
        """Do nothing."""

    def launch(self, cluster: str, spec: NodeSpec, folder: Path) -> Handle:  # noqa: ARG002  (the protocol's)
        """Refuse."""
        _refuse("start", spec.name)

    def handles(self, specs: Sequence[NodeSpec]) -> dict[str, Handle]:
        """Return by what each node is found again, and those that are worth asking at the same time."""
        peers = ";".join(f"{spec.role} {spec.address}" for spec in specs)
        return {spec.name: {"name": spec.name, "address": spec.address, "peers": peers} for spec in specs}

    def state(self, handle: Handle) -> NodeState:
        """Tell how a node answers, or did within the last two seconds; all its peers are asked with it."""
        address = str(handle["address"])
        with _guard:
            asked_at, state = _seen.get(address, (float("-inf"), "down"))
            if time.monotonic() - asked_at <= _FRESH_S:
                return state
            peers = [peer.split(" ") for peer in str(handle["peers"]).split(";")]
            with ThreadPoolExecutor(len(peers), thread_name_prefix="rmqlab-external") as pool:
                states = list(pool.map(lambda peer: _ask(peer[1], _QUESTIONS.get(peer[0])), peers))
            now = time.monotonic()
            _seen.update({peer[1]: (now, state) for peer, state in zip(peers, states, strict=True)})
            return _seen[address][1]

    def usage(self, handle: Handle) -> Usage | None:  # noqa: ARG002  (the protocol's)
        """Nobody here can tell."""
        return None

    def stop(self, handle: Handle, timeout_s: float) -> None:  # noqa: ARG002  (the protocol's)
        """Refuse."""
        _refuse("stop", str(handle.get("name")))

    def kill(self, handle: Handle) -> None:
        """Refuse."""
        _refuse("kill", str(handle.get("name")))

    def pause(self, handle: Handle) -> None:
        """Refuse."""
        _refuse("pause", str(handle.get("name")))

    def resume(self, handle: Handle) -> None:
        """Refuse."""
        _refuse("resume", str(handle.get("name")))

    def log_tail(self, spec: NodeSpec, folder: Path, lines: int) -> str:  # noqa: ARG002  (the protocol's)
        """Say who has the logs."""
        return f"{spec.name} at {spec.address} logs where it runs; whoever runs it can look."

    def sweep(self, cluster: str, folder: Path) -> None:
        """Do nothing."""


def _refuse(verb: str, node: str) -> NoReturn:
    raise ExternalClusterError(
        f"Could not {verb} {node}: somebody else runs this cluster, and others use it. "
        "A cluster of your own can be hurt: `start_cluster()`, or RMQLAB_BACKEND=process."
    )


def _ask(address: str, code: int | None) -> NodeState:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_CONNECT_S) as connection:
            if code is None:
                return "up"  # a proxy speaks gRPC: that it listens has to do
            connection.settimeout(_ANSWER_S)
            connection.sendall(_frame(code))
            return "up" if connection.recv(4) else "down"
    except TimeoutError:
        return "paused" if _accepts(host, int(port)) else "down"
    except (OSError, ValueError):
        return "down"


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_ANSWER_S).close()
    except OSError:
        return False
    return True


def _frame(code: int) -> bytes:
    """Encode a request without fields as RemotingCommand does (client/remoting.py has the rest)."""
    header = json.dumps({"code": code, "opaque": 0, "flag": 0, "version": 501, "language": "PYTHON"}).encode()
    body = b'{"clientID":"rmqlab","producerDataSet":[],"consumerDataSet":[]}'
    return struct.pack(">ii", 4 + len(header) + len(body), len(header)) + header + body
