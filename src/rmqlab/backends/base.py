"""What a backend must do: run one node, and say how it is. Everything about clusters is above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path, PurePath

    from rmqlab.plan import NodeSpec

NodeState = Literal["up", "paused", "down"]
Handle = dict[str, int | float | str]
"""What finds a running node again from another process. Goes into the cluster's record as JSON."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a running node takes of its machine.

    Attributes:
        cpu_s: processor time since its start, in seconds of one core.
        memory_mb: resident memory, files of its store that are mapped included, in MB (10^6 bytes).
    """

    cpu_s: float
    memory_mb: float


class Backend(Protocol):
    """Runs nodes. Every method is safe to call for a node that is already gone.

    Attributes:
        name: As in records and in `RMQLAB_BACKEND`.
        bind: What its nodes listen on; they tell others 127.0.0.1.
    """

    name: str
    bind: str

    def missing(self) -> str | None:
        """Say why this backend cannot be used here, and the next step; None where it can."""

    def node_folder(self, folder: Path) -> PurePath:
        """Return where the nodes see the cluster's folder."""

    def prepare(self, cluster: str, specs: Sequence[NodeSpec], folder: Path) -> None:
        """Make what the nodes of a cluster share, such as a network. Called before each launch."""

    def launch(self, cluster: str, spec: NodeSpec, folder: Path) -> Handle:
        """Start a node that keeps its files in `folder`; return at once."""

    def state(self, handle: Handle) -> NodeState:
        """Tell how a node is, without talking to it."""

    def usage(self, handle: Handle) -> Usage | None:
        """Tell what a node takes; None if it does not run, or nobody here can tell."""

    def stop(self, handle: Handle, timeout_s: float) -> None:
        """End a node in its own orderly way; kill it when that takes longer than `timeout_s`."""

    def kill(self, handle: Handle) -> None:
        """End a node at once (kill -9); return when it is gone."""

    def pause(self, handle: Handle) -> None:
        """Freeze a node: its connections stay, it answers nothing."""

    def resume(self, handle: Handle) -> None:
        """Let a paused node go on."""

    def log_tail(self, spec: NodeSpec, folder: Path, lines: int) -> str:
        """Return the last lines that a node printed and logged."""

    def sweep(self, cluster: str, folder: Path) -> None:
        """End whatever still runs of a cluster, and what `prepare` made: the net below a cut-off start."""
