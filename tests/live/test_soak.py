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


def test_a_soak_that_is_cut_off_tells_of_the_cycles_that_are_done(monkeypatch) -> None:
    cycle = soak._cycle

    def cut_off_at_the_third(number: int, end: str, luck: float) -> soak.Cycle:
        if number == 2:
            raise KeyboardInterrupt
        return cycle(number, end, luck)

    monkeypatch.setattr(soak, "_cycle", cut_off_at_the_third)
    out = Console(record=True, width=200)
    assert soak.run(50, at_once=1, seed=5, out=out, backend="process") == 1
    said = out.export_text()
    assert "Cut off: 50 cycles were asked for." in said
    assert "2 cycles, seed 5" in said
    assert "signals to processes that are not ours: 0" in said
