"""A short soak: clusters that end in every way leave nothing behind."""

from __future__ import annotations

import pytest
from rich.console import Console

from rmqlab import soak

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


def soaked(cycles: int, backend: str) -> None:
    out = Console(record=True, width=200)
    assert soak.run(cycles, at_once=2, seed=5, out=out, backend=backend) == 0, out.export_text()
    for end in soak.ENDS:
        assert f"│ {end} " in out.export_text(clear=False)


def test_clusters_that_end_in_every_way_leave_nothing_behind() -> None:
    soaked(8, "process")


@pytest.mark.usefixtures("docker_engine")
def test_clusters_on_containers_that_end_in_every_way_leave_nothing_behind() -> None:
    soaked(6, "docker")
