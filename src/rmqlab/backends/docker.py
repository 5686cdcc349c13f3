"""Nodes as containers. A cluster is built like a Kubernetes pod: all its nodes share one network namespace.

A small container, the pod, owns the network and publishes every port on 127.0.0.1 under its own number; the
nodes join it. So 127.0.0.1:PORT is right for a client on the host and for each node of the cluster, and no
broker needs a second address to tell others, which RocketMQ does not have. More in docs/backends.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from rmqlab.backends.container import (
    CLASSES,
    IDLE,
    INSIDE,
    memory_limit,
    node_command,
    node_environment,
    our_classes,
)
from rmqlab.backends.docker_engine import (
    PATIENCE_S,
    container_status,
    container_usage,
    engine_client,
    find_engine,
    finished,
    image_for,
    require_image,
    runs_on_arm,
)
from rmqlab.backends.docker_words import in_our_words
from rmqlab.backends.jvm import log_tail
from rmqlab.errors import ClusterError, EngineError, EngineGoneError
from rmqlab.places import state_dir
from rmqlab.runtime import ROCKETMQ
from rmqlab.runtime.platforms import rocksdb_on_arm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path, PurePosixPath

    from docker import DockerClient
    from docker.models.containers import Container

    from rmqlab.backends.base import Handle, NodeState, Usage
    from rmqlab.plan import NodeSpec

_CLUSTER, _NODE, _HOME = "rmqlab.cluster", "rmqlab.node", "rmqlab.home"
_POD = "pod"
_ENGINE = "engine"
_GONE_S = 10.0
_OFFICIAL_GROUP = "3000"

# In the official image the JVM is a child of two shells; the first of them, as process 1, ignores SIGTERM.
_END_JAVA = """
for process in /proc/[0-9]*; do
    read -r name < "$process/comm" && [ "$name" = java ] && kill -TERM "${process#/proc/}"
done
"""


class DockerBackend:
    """Runs each node as one container of Docker's API: Docker, Docker Desktop, Podman."""

    name = "docker"
    bind = "0.0.0.0"  # noqa: S104  (inside the pod; it is published on 127.0.0.1)

    def missing(self, within_s: float = PATIENCE_S) -> str | None:
        """Say why no engine can run our nodes here; None where one can."""
        try:
            require_image(image_for(), within_s=within_s)
        except EngineError as error:
            return str(error)
        return None

    def node_folder(self, folder: Path) -> PurePosixPath:  # noqa: ARG002  (the same in every container)
        """Return where the nodes see the cluster's folder."""
        return INSIDE

    def prepare(self, cluster: str, specs: Sequence[NodeSpec], folder: Path) -> None:
        """Make sure that the cluster's network and the pod that owns its ports are there."""
        folder.mkdir(parents=True, exist_ok=True)
        address = _engine_of(folder) or find_engine()
        (folder / _ENGINE).write_text(address, encoding="utf-8")
        with in_our_words():
            engine = engine_client(address)
            pod = _named(engine, _name(cluster, _POD))
            if pod is None:
                labels = _labels(cluster)
                network = finished(
                    engine.networks.create, _name(cluster, "net"), driver="bridge", labels=labels
                )
                pod = finished(
                    engine.containers.create,
                    image_for(),
                    entrypoint=list(IDLE),
                    name=_name(cluster, _POD),
                    hostname=cluster[:63],
                    labels=labels,
                    network=network.name,
                    ports={f"{port}/tcp": ("127.0.0.1", port) for spec in specs for port in spec.ports},
                )
            if pod.status != "running":
                pod.start()

    def launch(self, cluster: str, spec: NodeSpec, folder: Path) -> Handle:
        """Write the node's configuration and start its container, in place of its last one."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in spec.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        more = os.environ.get("RMQLAB_NODE_OPTIONS", "").split()
        environment = node_environment(spec, more)
        image = image_for(spec.release)
        address = require_image(image, _engine_of(folder.parent))
        if ours := our_classes(spec):
            shutil.copytree(ours, folder / CLASSES, dirs_exist_ok=True)
            environment["CLASSPATH"] = str(INSIDE / spec.name / CLASSES)
            if spec.release == ROCKETMQ.name and runs_on_arm(address):
                shutil.copy2(rocksdb_on_arm(), folder / CLASSES)
        with in_our_words():
            engine = engine_client(address)
            last = _named(engine, _name(cluster, spec.name))
            if last is not None:
                last.remove(force=True)
            container = finished(
                engine.containers.create,
                image,
                node_command(spec),
                name=_name(cluster, spec.name),
                labels={**_labels(cluster), _NODE: spec.name},
                environment=environment,
                network_mode=f"container:{_name(cluster, _POD)}",
                volumes={str(folder): {"bind": str(INSIDE / spec.name), "mode": "rw,z"}},
                mem_limit=memory_limit(spec, more),
                log_config={"type": "json-file", "config": {"max-size": "10m"}},
                **_user(engine),
            )
            container.start()
        return {"container": str(container.id), "engine": address, "mark": _name(cluster, spec.name)}

    def state(self, handle: Handle) -> NodeState:
        """Tell how a container is."""
        if not handle.get("container"):
            return "down"
        status = container_status(str(handle["engine"]), str(handle["container"]))
        return "paused" if status == "paused" else "up" if status == "running" else "down"

    def usage(self, handle: Handle) -> Usage | None:
        """Ask the engine about the container."""
        with in_our_words():
            container = _find(handle)
            is_there = container is not None and container.status in {"running", "paused"}
            return container_usage(container) if is_there else None

    def stop(self, handle: Handle, timeout_s: float) -> None:
        """Ask the JVM to shut down: SIGTERM runs RocketMQ's shutdown hook."""
        with in_our_words():
            container = _find(handle)
            if container is None or container.status not in {"running", "paused"}:
                return
            if container.status == "paused":
                container.unpause()
            container.exec_run(["sh", "-c", _END_JAVA])
            _wait(container, timeout_s)
        self.kill(handle)

    def kill(self, handle: Handle) -> None:
        """Kill -9, and wait until the container has ended. It stays, for its log, until the next launch."""
        import docker  # noqa: PLC0415

        with in_our_words():
            container = _find(handle)
            if container is None or container.status not in {"running", "paused"}:
                return
            try:
                container.kill("SIGKILL")
            except docker.errors.APIError:  # Podman does not kill what is paused; or it ended this moment
                with contextlib.suppress(docker.errors.APIError):
                    container.unpause()
                    container.kill("SIGKILL")
            if not _wait(container, _GONE_S):
                raise ClusterError(f"{handle['mark']} does not die. Restart the container engine.")

    def pause(self, handle: Handle) -> None:
        """Freeze the container's processes; return once they stand still."""
        with in_our_words():
            container = _find(handle)
            if container is not None and container.status == "running":
                container.pause()

    def resume(self, handle: Handle) -> None:
        """Let a frozen container go on."""
        with in_our_words():
            container = _find(handle)
            if container is not None and container.status == "paused":
                container.unpause()

    def log_tail(self, spec: NodeSpec, folder: Path, lines: int) -> str:
        """Return the end of the node's own log, and of what its container printed."""
        tails = [log_tail(spec, folder, lines)]
        with contextlib.suppress(EngineError):
            engine = engine_client(_engine_of(folder.parent))
            container = _named(engine, _name(folder.parent.name, spec.name))
            if container is not None:
                tails.append(container.logs(tail=lines).decode(errors="replace").rstrip())
        return "\n".join(filter(None, tails))

    def sweep(self, cluster: str, folder: Path) -> None:
        """Remove every container and network with the cluster's labels."""
        import docker  # noqa: PLC0415

        wanted = {"label": [f"{key}={value}" for key, value in _labels(cluster).items()]}
        with contextlib.suppress(EngineGoneError), in_our_words():
            engine = engine_client(_engine_of(folder))
            there = engine.containers.list(all=True, ignore_removed=True, filters=wanted)
            for container in sorted(there, key=lambda each: _NODE not in each.labels):  # the pod last
                with contextlib.suppress(docker.errors.NotFound):
                    container.remove(force=True)
            for network in engine.networks.list(filters=wanted):
                with contextlib.suppress(docker.errors.NotFound):
                    network.remove()
        (folder / _ENGINE).unlink(missing_ok=True)


def clusters_by_label() -> list[str]:
    """Return which clusters of this state folder have a container, with or without a record."""
    with contextlib.suppress(EngineGoneError), in_our_words():
        there = engine_client().containers.list(
            all=True, ignore_removed=True, filters={"label": f"{_HOME}={_home()}"}
        )
        return sorted({container.labels[_CLUSTER] for container in there})
    return []


def _home() -> str:
    return hashlib.sha256(str(state_dir().resolve()).encode()).hexdigest()[:10]


def _labels(cluster: str) -> dict[str, str]:
    """Return what marks our containers: two state folders have nothing to do with each other."""
    return {_CLUSTER: cluster, _HOME: _home()}


def _name(cluster: str, part: str) -> str:
    """Name a container; no part has a dot, so no two clusters collide."""
    return f"rmqlab-{_home()}-{cluster}.{part}"


def _user(engine: DockerClient) -> dict[str, Any]:
    """Return who a node runs as: whoever may later delete its files on the host.

    On a plain Linux engine that is this user, in the official image's group too: its home is closed to
    others. A rootless engine and Docker Desktop show root's files in the container as this user's outside.
    """
    if sys.platform != "linux" or _maps_root(engine):
        return {"user": "0:0"}
    return {"user": f"{os.getuid()}:{os.getgid()}", "group_add": [_OFFICIAL_GROUP]}


@cache
def _maps_root(engine: DockerClient) -> bool:
    facts = engine.info()
    options = " ".join(facts.get("SecurityOptions") or [])
    return "rootless" in options or "Docker Desktop" in str(facts.get("OperatingSystem"))


def _named(engine: DockerClient, name: str) -> Container | None:
    import docker  # noqa: PLC0415

    with contextlib.suppress(docker.errors.NotFound):
        return engine.containers.get(name)
    return None


def _find(handle: Handle) -> Container | None:
    """Return a handle's container; none where it was removed, or its engine does not run."""
    if handle.get("container"):
        with contextlib.suppress(EngineGoneError):
            return _named(engine_client(str(handle["engine"])), str(handle["container"]))
    return None


def _engine_of(folder: Path) -> str | None:
    """Return the engine that a cluster runs on: who ends it may have another DOCKER_HOST than its starter."""
    with contextlib.suppress(OSError):
        return (folder / _ENGINE).read_text(encoding="utf-8")
    return None


def _wait(container: Container, timeout_s: float) -> bool:
    """Wait for a container's end; tell whether it came in time."""
    import requests  # noqa: PLC0415

    try:
        container.wait(timeout=timeout_s)
    except requests.RequestException:  # the SDK lets its HTTP client's time-out through
        return False
    return True
