"""What a simulated power failure takes from a commit log: what was not flushed, and no byte more."""

from __future__ import annotations

import pytest

from rmqlab.faults.machines import cut_off

pytestmark = pytest.mark.unit

SIZE = 100


@pytest.fixture
def log(tmp_path):
    """A commit log of three files, written up to byte 250, and something that is no part of it."""
    for number in range(3):
        written = SIZE if number < 2 else 50
        (tmp_path / f"{number * SIZE:020d}").write_bytes(b"x" * written + bytes(SIZE - written))
    (tmp_path / "lock").write_bytes(b"x")
    return tmp_path


def contents(log):
    return b"".join(path.read_bytes() for path in sorted(log.iterdir()) if path.name.isdigit())


@pytest.mark.parametrize(
    ("position", "removed"), [(250, 0), (249, 1), (200, 50), (150, 100), (0, 250), (300, 0), (1000, 0)]
)
def test_all_bytes_from_the_position_on_are_zeros_and_none_before(log, position, removed):
    kept = min(position, 250)
    assert cut_off(log, position) == removed
    assert contents(log) == b"x" * kept + bytes(3 * SIZE - kept)
    assert (log / "lock").read_bytes() == b"x"
