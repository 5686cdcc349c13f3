"""The relay over plain sockets: what passes it, when it passes, and what does not."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from actors import eventually

import rmqlab
from rmqlab import relays
from rmqlab.errors import FaultError
from rmqlab.runtime import find_java

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.live

CLASSES = Path(rmqlab.__file__).parent / "runtime" / "relay"
LINK = "clients>echo"
SILENT_S = 0.3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Echo:
    """A server that sends back what it gets."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.accepted = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                self.accepted += 1
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while some := connection.recv(65536):
                connection.sendall(some)


class Relayed:
    """An echo server behind a relay of its own."""

    def __init__(self, folder: Path) -> None:
        self.echo = Echo()
        self.port = free_port()
        self.control = f"127.0.0.1:{free_port()}"
        conf = folder / "relay.conf"
        conf.write_text(
            f"control {self.control}\nlink {LINK} 127.0.0.1:{self.port} 127.0.0.1:{self.echo.port}\n"
            f"link clients>nobody 127.0.0.1:{free_port()} 127.0.0.1:1\n"
        )
        self.nobody = int(conf.read_text().splitlines()[2].split()[2].rpartition(":")[2])
        command = [str(find_java().executable), "-Xmx32m", "-cp", str(CLASSES), "rmqlab.Relay", str(conf)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    @property
    def link(self) -> relays.Link:
        return relays.links(self.control)[LINK]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relayed]:
    relayed = Relayed(tmp_path_factory.mktemp("relay"))

    def answers() -> bool:
        with contextlib.suppress(FaultError):
            return bool(relays.links(relayed.control))
        return False

    try:
        eventually(answers, timeout_s=10, why="the relay does not start")
        yield relayed
    finally:
        relayed.process.kill()
        relayed.process.wait(10)
        relayed.echo.server.close()


@pytest.fixture(autouse=True)
def _whole_again(relay: Relayed) -> Iterator[None]:
    yield
    relays.restore(relay.control, LINK)
    relays.slow(relay.control, LINK, 0, 0.0)
    eventually(lambda: relay.link.connections == 0, timeout_s=5, why=f"connections stay: {relay.link}")


def say(connection: socket.socket, words: bytes) -> bytes:
    connection.sendall(words)
    return hear(connection, len(words))


def hear(connection: socket.socket, count: int) -> bytes:
    heard = b""
    while len(heard) < count and (some := connection.recv(count - len(heard))):
        heard += some
    return heard


def is_silent(connection: socket.socket) -> bool:
    connection.settimeout(SILENT_S)
    try:
        return not connection.recv(1) and False  # an end is no silence
    except TimeoutError:
        return True
    finally:
        connection.settimeout(5)


def test_what_goes_in_comes_out_and_is_counted(relay: Relayed) -> None:
    before = relay.link
    words = bytes(range(256)) * 8192  # 2 MB: more than any buffer on the way
    heard = []
    with relay.connect() as connection:
        listener = threading.Thread(target=lambda: heard.append(hear(connection, len(words))))
        listener.start()
        connection.sendall(words)
        listener.join(20)
    assert heard == [words]
    after = relay.link
    assert (after.up - before.up, after.down - before.down, after.held) == (len(words), len(words), 0)


def test_nothing_passes_a_cut_link_and_what_was_held_arrives_when_it_is_restored(relay: Relayed) -> None:
    with relay.connect() as connection:
        assert say(connection, b"before") == b"before"
        cut = relays.cut(relay.control, LINK)
        connection.sendall(b"into the cut")
        assert is_silent(connection)
        now = relay.link
        assert (now.up, now.down, now.connections) == (cut.up, cut.down, 1)
        assert now.held == len(b"into the cut")
        relays.restore(relay.control, LINK)
        assert hear(connection, 12) == b"into the cut"


def test_a_new_connection_through_a_cut_link_reaches_nobody_until_it_is_restored(relay: Relayed) -> None:
    relays.cut(relay.control, LINK)
    accepted = relay.echo.accepted
    with relay.connect() as connection:
        connection.sendall(b"hello")
        assert is_silent(connection)
        assert relay.echo.accepted == accepted
        relays.restore(relay.control, LINK)
        assert hear(connection, 5) == b"hello"


def test_not_even_the_end_of_a_connection_passes_a_cut_link(relay: Relayed) -> None:
    with relay.connect() as connection:
        assert say(connection, b"x") == b"x"
        relays.cut(relay.control, LINK)
        connection.shutdown(socket.SHUT_WR)
        assert is_silent(connection)
        relays.restore(relay.control, LINK)
        assert connection.recv(1) == b""


def test_latency_is_taken_each_way_and_does_not_add_up(relay: Relayed) -> None:
    relays.slow(relay.control, LINK, 100, 0.0)
    with relay.connect() as connection:
        begun = time.monotonic()
        for _ in range(20):  # sent one after the other: none waits for the one before
            connection.sendall(b"0123456789")
        assert hear(connection, 200) == b"0123456789" * 20
        assert 0.2 <= time.monotonic() - begun < 1.0


def test_what_is_late_arrives_at_once_when_the_link_is_quick_again(relay: Relayed) -> None:
    relays.slow(relay.control, LINK, 60_000, 0.0)
    with relay.connect() as connection:
        connection.sendall(b"late")
        assert is_silent(connection)
        relays.slow(relay.control, LINK, 0, 0.0)
        assert hear(connection, 4) == b"late"


def test_loss_is_time_lost_by_some_and_nothing_else(relay: Relayed) -> None:
    relays.slow(relay.control, LINK, 0, 0.3)
    took = []
    with relay.connect() as connection:
        connection.settimeout(60)
        for number in range(20):
            begun = time.monotonic()
            assert say(connection, b"%d" % number) == b"%d" % number
            took.append(time.monotonic() - begun)
    # by chance none of 40 chunks is lost once in 10^6 runs, and at least one of each pair as seldom
    assert max(took) >= 0.2
    assert min(took) < 0.2


def test_a_node_that_refuses_is_refused_by_the_relay(relay: Relayed) -> None:
    # The reset comes while it connects, if that takes longer than the relay needs to hear of the refusal.
    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection(("127.0.0.1", relay.nobody), timeout=5) as connection,
    ):
        connection.recv(1)


def test_an_order_that_it_does_not_know_is_refused_with_its_words(relay: Relayed) -> None:
    with pytest.raises(FaultError, match=r"refused 'cut clients>moon'.*not understood: cut clients>moon"):
        relays.cut(relay.control, "clients>moon")


def test_threads_and_memory_go_with_the_connections(relay: Relayed) -> None:
    process = psutil.Process(relay.process.pid)
    idle = process.num_threads()
    connections = [relay.connect() for _ in range(50)]
    for connection in connections:
        assert say(connection, b"x") == b"x"
    assert relay.link.connections == 50
    for connection in connections:
        connection.close()
    eventually(lambda: relay.link.connections == 0, timeout_s=5, why="connections stay")
    eventually(lambda: process.num_threads() <= idle + 3, timeout_s=5, why="threads stay")
