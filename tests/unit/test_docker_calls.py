"""What becomes of a request to the engine that Ctrl-C meets."""

from __future__ import annotations

import signal
import threading

import pytest

from rmqlab.backends.docker_engine import finished

pytestmark = pytest.mark.unit


def test_a_call_that_ctrl_c_meets_is_finished_first():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    made = []

    def make(name, *, after):
        assert not after.wait(0.2)  # the request is on its way
        signal.raise_signal(signal.SIGINT)  # Python hands it to the main thread, which waits for this call
        assert not after.wait(0.3)
        made.append(name)

    try:
        with pytest.raises(KeyboardInterrupt):
            finished(make, "broker-a", after=threading.Event())
    finally:
        signal.signal(signal.SIGINT, before)
    assert made == ["broker-a"]
