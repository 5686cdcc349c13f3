"""Readiness is an answer, not an accepted connection: in front of a container, somebody always accepts."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import pytest

from rmqlab.errors import StartError
from rmqlab.plan import plan
from rmqlab.readiness import _speaks_http2, wait_until_ready
from rmqlab.topology import find_topology

pytestmark = pytest.mark.unit


@contextmanager
def listening(answer):
    """A port that accepts and hangs up, as Docker's proxy does, with or without a few bytes first."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(100)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("answer", "speaks"),
    [
        (b"", False),
        (b"HTTP/1.1 400 Bad Request\r\n", False),
        (bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)), True),
        (bytes((0, 0, 18, 4, 0, 0, 0, 0, 0)) + b"settings" * 3, True),
    ],
    ids=["hangs up", "HTTP/1", "no settings", "settings"],
)
def test_a_grpc_server_is_one_that_introduces_itself(answer, speaks):
    with listening(answer) as port:
        assert _speaks_http2("127.0.0.1", port) is speaks


def test_a_node_whose_port_accepts_and_hangs_up_is_not_ready(tmp_path):
    with listening(b"") as port:
        (namesrv, *_) = plan(find_topology("single"), tmp_path, port)
        with pytest.raises(StartError, match="was not ready after 0 s; namesrv is what it waits for"):
            wait_until_ready([namesrv], lambda _: True, lambda _: "its log", timeout_s=0.3)
