"""Programs that forget to shut down, fail, or are interrupted: they end soon, and in order."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest
from classic_kit import wait_until

pytestmark = pytest.mark.live

IMPORTS = """
    import os, sys, time
    from rmqlab.client import ConsumeFromWhere, ConsumeStatus, Message, Producer, PullConsumer, PushConsumer
    namesrv, topic, name = sys.argv[1:]
"""
BEGIN = (
    IMPORTS
    + """
    producer = Producer("PID-" + name, namesrv=namesrv)
    producer.start()
    producer.send(Message(topic, "the route is known now"))
"""
)


class Script:
    """A program of its own, with the beginning above."""

    def __init__(self, client, topic, source, begin=BEGIN):
        text = textwrap.dedent(begin) + textwrap.dedent(source)
        words = [sys.executable, "-c", text, client.namesrv, topic, client.name("x")]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self):
        return self.process.stdout.readline().strip()

    def end(self, seconds):
        """Wait for the end; return output, errors and how long it took."""
        began = time.monotonic()
        try:
            out, err = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it did not end; it said {self.process.communicate()}") from None
        assert time.monotonic() - began < seconds, err
        return out, err


def test_a_program_that_forgets_every_shutdown_ends_by_itself(client):
    script = Script(
        client,
        client.topic(),
        """
        consumer = PushConsumer("CID-" + name, namesrv=namesrv, from_where=ConsumeFromWhere.FIRST)
        consumer.subscribe(topic, lambda message: ConsumeStatus.CONSUME_SUCCESS)
        consumer.start()
        pull = PullConsumer("CID2-" + name, namesrv=namesrv, from_where=ConsumeFromWhere.FIRST)
        pull.start()
        pull.subscribe(topic)
        print(next(iter(pull)).body, flush=True)
        for number in range(500):
            producer.send_async(Message(topic, f"{number}"))
        print("end", flush=True)
        """,
    )
    assert script.line() == "b'the route is known now'"
    assert script.line() == "end"
    out, err = script.end(8)
    assert script.process.returncode == 0, err
    assert "Fatal" not in err
    assert out == ""


def test_an_exception_in_a_block_ends_the_program_with_its_traceback(client):
    script = Script(
        client,
        client.topic(),
        """
        with PullConsumer("CID-" + name, namesrv=namesrv, from_where=ConsumeFromWhere.FIRST) as pull:
            pull.subscribe(topic)
            for message in pull:
                1 / 0
        """,
    )
    _, err = script.end(20)
    assert script.process.returncode == 1
    assert err.strip().endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    "waiting",
    [
        "list(pull.messages())",
        "while True: pull.poll(timeout_ms=60_000)",
        "producer.send_async(Message('nowhere-' + name, 'x')); time.sleep(60)",
        "time.sleep(60)",
    ],
)
def test_an_interrupt_ends_a_wait_at_once(client, waiting):
    script = Script(
        client,
        client.topic(),
        f"""
        pull = PullConsumer("CID-" + name, namesrv=namesrv)
        pull.start()
        pull.subscribe(topic)
        print("waiting", flush=True)
        try:
            {waiting}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """,
    )
    assert script.line() == "waiting"
    into = time.monotonic() + 0.5
    wait_until(lambda: time.monotonic() > into, what="the wait")
    began = time.monotonic()
    script.process.send_signal(signal.SIGINT)
    assert script.line() == "interrupted"
    assert time.monotonic() - began < 5  # it waits for sixty
    script.end(8)
    assert script.process.returncode == 0


def test_what_a_killed_consumer_had_not_acknowledged_comes_to_the_next_one(client):
    topic, group = client.topic(), client.name("CID")
    script = Script(
        client,
        topic,
        f"""
        import threading
        consumer = PushConsumer("{group}", namesrv=namesrv, from_where=ConsumeFromWhere.FIRST)
        consumer.subscribe(topic, lambda message: print("got", flush=True) or threading.Event().wait())
        consumer.start()
        time.sleep(60)
        """,
    )
    assert script.line() == "got"
    script.process.kill()
    script.end(5)
    _, inbox = client.consumer(topic, group=group)
    assert inbox.wait(1, seconds=30)[0].body == b"the route is known now"
    wait_until(lambda: len(client.admin.consumers(group, assignments=False)) == 1, what="one member")
