"""What the docker SDK raises, as one sentence and the next step."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from rmqlab import ports
from rmqlab.errors import EngineError, PortTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def in_our_words() -> Iterator[None]:
    """Turn what the SDK raises into a sentence and a next step."""
    import docker  # noqa: PLC0415
    import requests  # noqa: PLC0415

    try:
        yield
    except docker.errors.APIError as error:
        said = str(error.explanation or error)
        if "port is already allocated" in said or "address already in use" in said:
            named = re.search(r"127\.0\.0\.1:(\d+)", said)
            what = f"Port {named[1]}" if named else "A port of this cluster"
            who = (ports.who_listens(int(named[1])) if named else "") or "another program"
            raise PortTakenError(
                f"{what} is taken by {who}. End it, or end this cluster (`rmqlab down`) and start anew: "
                "a new one takes other ports."
            ) from error
        raise EngineError(
            f"The container engine refused: {said}. Restart it, or do without: RMQLAB_BACKEND=process."
        ) from error
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise EngineError(
            f"The container engine went away: {error}. Start it again, or use RMQLAB_BACKEND=process."
        ) from error
