"""Where the course is: a clone of RocketMQ Lab, or a folder of somebody's own labs of the same shape."""

from __future__ import annotations

from pathlib import Path

from rmqlab.errors import CourseError


def repository(start: Path | None = None) -> Path:
    """Return the folder that holds course/: at `start` or above it, else the clone of this package.

    Args:
        start: Where to begin; the working directory by default.

    Raises:
        CourseError: There is none.
    """
    here = (start or Path.cwd()).resolve()
    clone = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents, clone):
        if (folder / "course").is_dir():
            return folder
    raise CourseError(
        f"There is no course/ at {here} or above it. Go to your clone of RocketMQ Lab, and run the same "
        "command there."
    )
