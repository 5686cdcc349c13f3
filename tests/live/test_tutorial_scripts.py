"""The scripts of an ordinary RocketMQ tutorial run unmodified after `rmqlab up --namesrv-port 9876`."""

import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

TUTORIAL = Path(__file__).with_name("tutorial")
PORT = 9876


def is_taken():
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


def rmqlab(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "rmqlab", *arguments], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def tutorial_cluster():
    """What the reader of a tutorial would type."""
    if is_taken():
        pytest.skip(f"port {PORT}, which the scripts name, is taken on this machine")
    up = rmqlab("up", "--namesrv-port", str(PORT), "--name", "tutorial")
    assert up.returncode == 0, up.stderr
    assert f"127.0.0.1:{PORT}" in up.stdout
    yield
    down = rmqlab("down", "tutorial")
    assert down.returncode == 0, down.stderr


class Script:
    """A running script of the tutorial; its lines are read as they come."""

    def __init__(self, name):
        self.process = subprocess.Popen(
            [sys.executable, TUTORIAL / name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def line(self, seconds=30):
        try:
            return self._lines.get(timeout=seconds)
        except queue.Empty:
            self.process.kill()
            raise AssertionError(f"no line in {seconds} s; {self.process.stderr.read()}") from None

    def end(self, seconds=30):
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code, self.process.stderr.read()

    def interrupt(self):
        """What a reader does to a script that runs for ever: Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.end(15)


@pytest.fixture
def start(tutorial_cluster):
    running = []

    def run(name):
        running.append(Script(name))
        return running[-1]

    yield run
    for script in running:
        script.process.kill()
        script.process.wait(10)


def test_a_delayed_message_and_a_transaction_that_is_checked_back(start):
    # First of all, and together: the broker asks about transactions 30 s after its start and every 30 s (its
    # defaults), and only about those that are older than 6 s.
    transaction, delay = start("transaction.py"), start("delay.py")
    assert transaction.line() == "local: message body 0"
    assert "send message status: " in transaction.line()
    assert transaction.line() == "send transaction message done"
    delay.line()
    seconds = float(re.search(r"received a delayed message after ([\d.]+) s", delay.line())[1])
    assert 4.9 <= seconds <= 12
    assert delay.end() == (0, "")
    assert transaction.line(seconds=90) == "check: message body 0"
    code, err = transaction.interrupt()
    assert code != 0
    assert err.strip().endswith("KeyboardInterrupt")


def test_producer_and_consumer(start):
    producer = start("producer.py")
    sent = [producer.line() for _ in range(10)]
    assert producer.end() == (0, "")
    assert all(re.match(r"(SendStatus\.OK|0) [0-9A-F]{32,} \d+$", line) for line in sent)
    consumer = start("consumer.py")
    # The package calls back in several threads, and what they print may land in one line.
    received = ""
    while received.count("b'test'") < len(sent):
        received += consumer.line() + "\n"
    assert all(received.count(line.split()[1]) == 1 for line in sent)
    code, err = consumer.interrupt()
    assert code != 0
    assert err.strip().endswith("KeyboardInterrupt")
