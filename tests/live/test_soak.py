"""A short soak: clusters that end in every way leave nothing behind."""

from __future__ import annotations

import pytest
from rich.console import Console

from rmqlab import soak

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


def test_clusters_that_end_in_every_way_leave_nothing_behind() -> None:
    out = Console(record=True, width=200)
    assert soak.run(cycles=8, at_once=2, seed=5, out=out) == 0, out.export_text()
    for end in soak.ENDS:
        assert f"│ {end} " in out.export_text(clear=False)
