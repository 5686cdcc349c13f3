"""What long-lived programs do: many clients, many messages, interrupts, forks; nothing grows, nothing hangs.

The numbers here are short ones for every day. `RMQLAB_LONG=1 pytest tests/live/test_client_limits.py -s` runs
those of docs/figures.md: 1,000 producers and 100,000 messages.
"""

# Imports stand where they are needed: unit tests pay for no JVM.
# ruff: noqa: PLC0415, T201

import gc
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass

import psutil
import pytest
from classic_kit import wait_until
from jupyter_client import KernelManager
from test_client_life import IMPORTS, Script

LONG = "RMQLAB_LONG" in os.environ
PRODUCERS = 1000 if LONG else 30
MESSAGES = 100_000 if LONG else 15_000

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200 if LONG else 180)]
no_signals = pytest.mark.skipif(sys.platform == "win32", reason="signals to another process are POSIX")


@dataclass(frozen=True)
class Held:
    """What this process holds: threads of Python and of Java, open files, MB of Java's heap and in all."""

    threads: int
    java_threads: int
    files: int
    heap_mb: float
    memory_mb: float

    @classmethod
    def now(cls):
        import jpype

        gc.collect()
        jpype.java.lang.System.gc()
        runtime = jpype.java.lang.Runtime.getRuntime()
        process = psutil.Process()
        return cls(
            threading.active_count(),
            int(jpype.java.lang.Thread.getAllStackTraces().size()),
            process.num_handles() if sys.platform == "win32" else process.num_fds(),
            round((runtime.totalMemory() - runtime.freeMemory()) / 2**20, 1),
            round(process.memory_info().rss / 2**20, 1),
        )


def test_producers_that_come_and_go_leave_no_thread_no_file_and_no_heap_behind(client):
    topic = client.topic()

    def one():
        with client.api.Producer(client.name("PID"), namesrv=client.namesrv) as producer:
            producer.send(client.api.Message(topic, "x"))
            producer.send_async(client.api.Message(topic, "y"))

    for _ in range(5):
        one()
    before = Held.now()
    for _ in range(PRODUCERS):
        one()

    def settled():  # Netty's threads wait some seconds for more work before they end
        held = Held.now()
        fits = held.threads <= before.threads + 2 and held.java_threads <= before.java_threads + 5
        return held if fits and held.files <= before.files + 5 else None

    after = wait_until(settled, 60, f"the end of all threads and files since {before}")
    print(f"\n{PRODUCERS} producers: {before} -> {after}")
    assert after.heap_mb - before.heap_mb < 16 + PRODUCERS * 0.01  # other clients live in this JVM, too


def test_messages_that_are_received_leave_no_growth_behind(client):
    topic, group, seen = client.topic(), client.name("CID"), 0
    lock = threading.Lock()
    bodies = [os.urandom(1000) for _ in range(100)]

    def count(message):
        nonlocal seen
        assert len(message.body) == 1000
        assert message.id
        with lock:
            seen += 1
        return client.api.ConsumeStatus.CONSUME_SUCCESS

    producer = client.producer()

    def send(messages):
        for _ in range(messages // 1000):
            producer.send_batch([client.api.Message(topic, body) for body in bodies * 10])

    consumer = client.own(
        client.api.PushConsumer(group, namesrv=client.namesrv, from_where=client.api.ConsumeFromWhere.FIRST)
    )
    consumer.subscribe(topic, count)
    consumer.start()
    send(5000)
    wait_until(lambda: seen >= 5000, 60, "the first 5,000")
    before = Held.now()
    for _ in range(MESSAGES // 5000):
        goal = seen + 5000
        send(5000)
        wait_until(lambda goal=goal: seen >= goal, 60, f"{goal:,} messages")
    after = Held.now()
    print(f"\n{MESSAGES:,} messages: {before} -> {after}")
    assert consumer.errors == ()
    assert after.heap_mb - before.heap_mb < 20
    assert after.memory_mb - before.memory_mb < 250  # the JVM touches its young generation bit by bit
    assert after.java_threads <= before.java_threads + 5


@no_signals
def test_an_interrupt_ends_a_send_to_a_broker_that_hangs_within_the_sends_time_out(client):
    script = Script(
        client,
        client.topic(),
        """
        print("sending", flush=True)
        try:
            while True:
                producer.send(Message(topic, "x"), timeout_ms=3000)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        except Exception as error:
            print(error, flush=True)
        """,
    )
    (broker,) = client.cluster.brokers
    assert script.line() == "sending"
    broker.pause()
    try:
        into = time.monotonic() + 0.5
        wait_until(lambda: time.monotonic() > into, what="the wait")
        script.process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert script.line() == "interrupted"
        assert time.monotonic() - began < 10
    finally:
        broker.resume()
    script.end(20)
    assert script.process.returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX")
def test_a_forked_child_is_told_in_a_sentence_and_its_parent_goes_on(client):
    script = Script(
        client,
        client.topic(),
        """
        from rocketmq.client import Producer as Classic, Message as ClassicMessage
        classic = Classic("PID2-" + name)
        classic.set_name_server_address(namesrv)
        classic.start()
        consumer = PushConsumer("CID-" + name, namesrv=namesrv)
        consumer.subscribe(topic, lambda message: ConsumeStatus.CONSUME_SUCCESS)
        consumer.start()

        def attempts():
            yield lambda: producer.send(Message(topic, "x"))
            yield lambda: producer.send_async(Message(topic, "x"))
            yield lambda: Producer("PID3", namesrv=namesrv).start()
            yield lambda: classic.send_sync(ClassicMessage(topic))
            yield lambda: Classic("PID4").start()

        child = os.fork()
        if not child:
            for attempt in attempts():
                try:
                    attempt()
                    print("works", flush=True)
                except Exception as error:
                    print(error, flush=True)
            consumer.shutdown()
            producer.shutdown()
            sys.exit(3)
        print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        print(producer.send(Message(topic, "the parent goes on")).status.name, flush=True)
        """,
    )
    told = [script.line() for _ in range(5)]
    assert all("does not survive a fork" in line for line in told[:4]), told
    assert script.line() == "child 3"
    assert script.line() == "OK"
    _, err = script.end(20)
    assert (script.process.returncode, err) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX")
def test_a_child_that_was_forked_before_the_first_client_has_clients_of_its_own(client):
    script = Script(
        client,
        client.topic(),
        """
        if not (child := os.fork()):
            with Producer("PID-child", namesrv=namesrv) as producer:
                print(producer.send(Message(topic, "x")).status.name, flush=True)
            sys.exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        with Producer("PID-parent", namesrv=namesrv) as producer:
            print(producer.send(Message(topic, "x")).status.name, flush=True)
        """,
        begin=IMPORTS,
    )
    assert [script.line() for _ in range(3)] == ["OK", "0", "OK"]
    assert script.end(20)[1] == ""


@no_signals
def test_a_kernel_is_interrupted_and_ends_soon_although_its_consumer_lives(client):
    topic = client.topic()
    manager = KernelManager()
    manager.start_kernel()
    kernel = manager.client()
    kernel.start_channels()
    try:
        kernel.wait_for_ready(timeout=60)

        def run(code):
            return kernel.get_shell_msg(kernel.execute(code), timeout=60)["content"]

        begin = f"""
from rmqlab.client import ConsumeFromWhere, ConsumeStatus, Message, Producer, PushConsumer
import time
got = []
producer = Producer("PID-kernel", namesrv={client.namesrv!r})
producer.start()
consumer = PushConsumer({client.name("CID")!r}, namesrv={client.namesrv!r}, from_where=ConsumeFromWhere.FIRST)
consumer.subscribe({topic!r}, lambda m: got.append(m.body) or ConsumeStatus.CONSUME_SUCCESS)
consumer.start()
"""
        assert kernel.execute_interactive(begin, timeout=60)["content"]["status"] == "ok"
        kernel.execute("time.sleep(600)")
        into = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > into, what="the sleep")
        began = time.monotonic()
        manager.interrupt_kernel()
        answer = kernel.get_shell_msg(timeout=60)["content"]
        assert answer["ename"] == "KeyboardInterrupt"
        assert time.monotonic() - began < 5
        after = f"""
producer.send(Message({topic!r}, "after"))
end = time.monotonic() + 20
while not got and time.monotonic() < end:
    time.sleep(0.05)
assert got == [b"after"], got
"""
        assert kernel.execute_interactive(after, timeout=60)["content"]["status"] == "ok"
    finally:
        kernel.stop_channels()
        began = time.monotonic()
        manager.shutdown_kernel()
        took = time.monotonic() - began
    print(f"\nthe kernel was gone after {took:.1f} s")
    assert not manager.is_alive()
    assert took < 15
