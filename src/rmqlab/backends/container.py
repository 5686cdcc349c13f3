"""What a container of a node is started with. Pure: the Docker backend and the compose files share it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from rmqlab.backends.jvm import JVM_OPTIONS
from rmqlab.runtime import RELEASES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rmqlab.nodespec import NodeSpec

INSIDE = PurePosixPath("/rmqlab")
"""Where a node sees the cluster's folder; its own subfolder is all that it sees of it."""

CLASSES = "classes"
"""The subfolder of a node's folder with our classes."""

ENTRY_WORDS = ("mqnamesrv", "mqbroker", "mqproxy")
"""Scripts of the image that start a program."""

IDLE = ("tail", "-f", "/dev/null")
"""What the pod runs: nothing, for ever."""

_BESIDE_HEAP_MB = 384

# The start scripts of the image choose options for a server. Ours come after them and take these back.
_AGAINST_THE_IMAGE = (
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-XX:-UseG1GC",
    "-XX:-UseConcMarkSweepGC",
    "-XX:-AlwaysPreTouch",
    "-Xms16m",
    "-Xmn16m",
)


def node_command(spec: NodeSpec) -> list[str]:
    """Return what a node's container runs: an entry word of the image (or our relay) and its arguments."""
    inside = INSIDE / spec.name
    arguments = [str(inside / word) if word in spec.files else word for word in spec.arguments]
    if spec.program in ENTRY_WORDS:
        return ["sh", spec.program, *arguments]
    heap = f"-Xmx{spec.max_heap_mb}m"
    return ["java", heap, *JVM_OPTIONS, RELEASES[spec.release].main_classes[spec.program], *arguments]


def node_environment(spec: NodeSpec, more: Sequence[str] = ()) -> dict[str, str]:
    """Return the environment of a node's container: what the start scripts hand on to the JVM.

    JAVA_OPT_EXT comes last among the options of the official scripts. The official image runs Java 8, which
    refuses the options about modules and does not read JDK_JAVA_OPTIONS; newer ones take them from there.

    Args:
        spec: The node.
        more: More options for its JVM, which override all others.
    """
    release = (*RELEASES[spec.release].java_options, *spec.java_options)
    modules = [option for option in release if option.startswith("--")]
    options = [
        *_AGAINST_THE_IMAGE,
        f"-Xmx{spec.max_heap_mb}m",
        *JVM_OPTIONS,
        *(option for option in release if option not in modules),
        *(f"-D{key}={value}" for key, value in spec.system_properties.items()),
        f"-Duser.home={INSIDE / spec.name}",
        *more,
    ]
    environment = {"JAVA_OPT_EXT": " ".join(options)}
    if modules:
        environment["JDK_JAVA_OPTIONS"] = " ".join(modules)
    return {**environment, **spec.environment}


def our_classes(spec: NodeSpec) -> Path | None:
    """Return the folder of our few classes that a node needs beside the image's jars; None for none.

    A 4.9 broker needs none in a container: ours only keep it on the loopback address.
    """
    release = RELEASES[spec.release]
    return release.ours if release.is_pinned or spec.program not in ENTRY_WORDS else None


def memory_limit(spec: NodeSpec, more: Sequence[str] = ()) -> str | None:
    """Return the heap and room for what a JVM takes beside it; none where the user chose another heap."""
    if any(option.startswith("-Xmx") for option in more):
        return None
    return f"{spec.max_heap_mb + _BESIDE_HEAP_MB}m"
