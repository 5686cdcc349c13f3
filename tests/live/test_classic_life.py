"""The classic client's contract, processes: a script ends, whatever it forgot, and Ctrl-C is heard."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest

pytestmark = pytest.mark.live

START = """
import os, sys, threading, time
from rocketmq.client import *
NAMESRV, TOPIC = sys.argv[1:3]
def producer(name="PID-script"):
    p = Producer(name)
    p.set_name_server_address(NAMESRV)
    p.start()
    return p
def message(body="hello"):
    m = Message(TOPIC)
    m.set_body(body)
    return m
def consumer(callback, group):
    c = PushConsumer(group)
    c.set_name_server_address(NAMESRV)
    c.subscribe(TOPIC, callback)
    c.start()
    return c
"""


class Script:
    """A program that imports rocketmq.client and nothing of rmqlab."""

    def __init__(self, classic, text):
        self.topic = classic.topic()
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", START + textwrap.dedent(text), classic.namesrv, self.topic],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.seen = []

    def wait_for(self, word):
        line = self.process.stdout.readline()
        assert word in line, (line, self.process.stderr.read())
        return time.monotonic()

    def end(self, seconds=45):
        """Wait for its end; return (exit code, stdout, stderr)."""
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            pytest.fail(f"the script did not end in {seconds} s\n{out}\n{err}")
        return self.process.returncode, out, err


@pytest.fixture
def script(classic):
    started = []

    def run(text):
        started.append(Script(classic, text))
        return started[-1]

    yield run
    for one in started:
        if one.process.poll() is None:
            one.process.kill()


def test_a_script_that_forgets_shutdown_ends_and_says_nothing(script):
    code, out, err = script("""
        consumer(lambda m: ConsumeStatus.CONSUME_SUCCESS, "CID-forgetful")
        print(producer().send_sync(message()).status.name)
    """).end()
    assert (code, out, err) == (0, "OK\n", "")


def test_an_uncaught_exception_does_not_hang_the_exit(script):
    code, _, err = script("""
        consumer(lambda m: ConsumeStatus.CONSUME_SUCCESS, "CID-hit")
        producer()
        raise LookupError("as intended")
    """).end()
    assert code == 1
    assert err.strip().endswith("LookupError: as intended")
    assert "Java" not in err


def test_a_callback_that_never_returns_does_not_hang_the_exit(script):
    code, out, _ = script("""
        inside = threading.Event()
        def stuck(m):
            inside.set()
            time.sleep(600)
        consumer(stuck, "CID-stuck")
        producer().send_sync(message())
        assert inside.wait(20)
        print("stuck")
    """).end(seconds=30)
    assert (code, out) == (0, "stuck\n")


def test_a_script_that_ends_while_its_jvm_boots_ends_quietly(script):
    assert script("Producer('PID-in-a-hurry')").end() == (0, "", "")


def test_a_script_that_only_started_the_jvm_ends_quietly(script):
    for _ in range(3):
        assert script("import rmqlab.client; rmqlab.client.start_jvm(); time.sleep(0.3)").end() == (0, "", "")


def test_sys_exit_keeps_its_code_and_what_was_consumed_is_remembered(script, classic):
    first = script("""
        done = threading.Event()
        consumer(lambda m: done.set() or 0, "CID-exits")
        producer().send_sync(message())
        assert done.wait(20)
        sys.exit(7)
    """)
    assert first.end()[0] == 7
    from rmqlab.client.admin import Admin

    with Admin(classic.namesrv) as admin:
        lags = [progress.lag for progress in admin.consume_stats("CID-exits", first.topic).values()]
    assert lags
    assert set(lags) == {0}


@pytest.mark.skipif(sys.platform == "win32", reason="signals to another process are POSIX")
def test_ctrl_c_interrupts_sleep_and_the_script_ends(script):
    running = script("""
        c = consumer(lambda m: 0, "CID-sleeps")
        try:
            print("sleeping")
            time.sleep(600)
        except KeyboardInterrupt:
            print("interrupted")
    """)
    running.wait_for("sleeping")
    running.process.send_signal(signal.SIGINT)
    code, out, err = running.end()
    assert (code, out, err) == (0, "interrupted\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals to another process are POSIX")
def test_ctrl_c_interrupts_a_loop_of_sends(script):
    running = script("""
        p = producer()
        p.send_sync(message())
        try:
            print("sending")
            while True:
                p.send_sync(message())
        except KeyboardInterrupt:
            print("interrupted")
        print(p.send_sync(message()).status.name)
    """)
    running.wait_for("sending")
    running.process.send_signal(signal.SIGINT)
    code, out, err = running.end()
    assert (code, out, err) == (0, "interrupted\nOK\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM is POSIX")
def test_sigterm_ends_a_script_at_once(script):
    running = script("""
        consumer(lambda m: 0, "CID-term")
        print("ready")
        time.sleep(600)
    """)
    running.wait_for("ready")
    running.process.terminate()
    assert running.end(seconds=5)[0] == -signal.SIGTERM


def test_clients_used_by_an_exit_hook_that_runs_after_ours_do_not_hang_the_exit(script):
    code, out, err = script("""
        import atexit, rocketmq.exceptions
        def hook():
            late = lambda: producer("PID-2").send_sync(message())
            for call in (lambda: p.send_sync(message()), late, p.shutdown):
                try:
                    call()
                except rocketmq.exceptions.RocketMQException as error:
                    print(error)
        atexit.register(hook)
        p = producer()
        consumer(lambda m: 0, "CID-late")
    """).end()
    assert (code, err) == (0, "")
    assert "is shut down" in out.splitlines()[0]


def test_the_java_client_writes_its_log_to_the_state_folder_and_nothing_to_the_terminal(script):
    code, out, err = script("""
        p = producer()
        p.send_sync(message())
        p.shutdown()
        from rmqlab.client.log import folder
        log = folder() / "rocketmq_client.log"
        print(log.is_file() and log.is_relative_to(os.environ["RMQLAB_HOME"]))
    """).end()
    assert (code, out, err) == (0, "True\n", "")


def test_the_log_path_and_level_can_be_chosen_before_the_first_start_and_not_after(script, tmp_path):
    code, out, err = script(f"""
        from rocketmq.ffi import dll, _CStatus, _CLogLevel
        p = Producer("PID-log")
        c = PushConsumer("CID-log")
        assert dll.SetProducerLogPath(p._handle, {os.fsencode(tmp_path)!r}) == 0
        assert dll.SetPushConsumerLogPath(c._handle, {os.fsencode(tmp_path)!r}) == 0
        assert dll.SetProducerLogLevel(p._handle, _CLogLevel.WARN) == 0
        assert dll.SetPushConsumerLogLevel(c._handle, _CLogLevel.WARN) == 0
        assert dll.SetProducerLogFileNumAndSize(p._handle, 3, 64 * 1024 * 1024) == 0
        assert dll.SetPushConsumerLogFileNumAndSize(c._handle, 3, 1) != 0
        assert b"67108864" in dll.GetLatestErrorMessage()
        assert dll.SetPushConsumerLogLevel(c._handle, 9) != 0
        producer().send_sync(message())
        assert os.path.exists(os.path.join({str(tmp_path)!r}, "rocketmq_client.log"))
        assert dll.SetProducerLogPath(p._handle, b"/elsewhere") != 0
        print(dll.GetLatestErrorMessage().decode())
    """).end()
    assert (code, err) == (0, "")
    assert str(tmp_path) in out
    assert "before the first start" in out
    assert "INFO" not in (tmp_path / "rocketmq_client.log").read_text()


def test_two_thousand_sends_leave_no_growth_behind(classic):
    topic, producer = classic.topic(), classic.producer()
    body = os.urandom(100_000)
    process = psutil.Process()

    def send(count):
        for _ in range(count):
            producer.send_sync(classic.message(topic, body))

    send(500)
    before = process.memory_info().rss
    send(2000)
    # 200 MB went through; the JVM's heap may still grow a little towards its size.
    assert process.memory_info().rss - before < 100 * 1024 * 1024


def test_threads_that_end_leave_nothing_behind_in_java(classic):
    import jpype

    topic, producer, sent = classic.topic(), classic.producer(), []
    producer.send_sync(classic.message(topic))
    alive = jpype.JClass("java.lang.Thread").activeCount
    before = alive()
    for _ in range(100):
        thread = threading.Thread(target=lambda: sent.append(producer.send_sync(classic.message(topic))))
        thread.start()
        thread.join(10)
    assert len(sent) == 100
    assert alive() < before + 20
