"""A trial that runs: in the background, so that a cell of a notebook need not wait for a busy machine."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from rmqlab.capstone.outcome import Outcome

_one_at_a_time = threading.Lock()


class Trial:
    """A trial. Whatever an `Outcome` has, it has as well, and waits for it.

    Attributes:
        name: the trial's.
    """

    def __init__(self, name: str, play: Callable[[], Outcome]) -> None:
        self.name = name
        self._over: Future[Outcome] = Future()
        threading.Thread(target=self._run, args=(play,), name=f"trial {name}", daemon=True).start()

    @property
    def outcome(self) -> Outcome:
        """What it came to, once it is over.

        Raises:
            FaultError: a service did not start, or has died.
        """
        return self._over.result()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is over; tell whether it is. How it went wrong, if it did, the outcome says."""
        with suppress(NotYet):
            self._over.exception(timeout_s)
        return self._over.done()

    def _run(self, play: Callable[[], Outcome]) -> None:
        try:
            with _one_at_a_time:  # they share a broker, which each of them hurts
                self._over.set_result(play())
        except BaseException as error:  # noqa: BLE001  (whoever asks for the outcome gets it)
            self._over.set_exception(error)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.outcome, name)

    def __str__(self) -> str:
        return str(self.outcome)

    def __repr__(self) -> str:
        return repr(self.outcome)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self.outcome._repr_mimebundle_()
