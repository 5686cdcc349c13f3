"""What unit tests share."""

import shutil
from pathlib import Path

import pytest

COURSE = Path(__file__).parents[1] / "course_fixture" / "course"


@pytest.fixture
def root(tmp_path):
    """A clone's folder with a copy of the small course, which needs no broker."""
    shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path
