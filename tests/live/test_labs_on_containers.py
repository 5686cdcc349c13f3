"""The labs are the same on containers: solved, unsolved, and with every recorded wrong answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.live, pytest.mark.timeout(600), pytest.mark.usefixtures("docker_engine")]

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("lab", ["00", "01"])
def test_a_lab_passes_on_containers(lab: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rmqlab", "check", lab],
        cwd=ROOT,
        env={**os.environ, "RMQLAB_BACKEND": "docker"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
