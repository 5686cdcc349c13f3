"""What the classic package does wrong, or leaves out, and our answer to each: the table in docs/client.md."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import inspect
import logging
import subprocess
import sys

import pytest
from classic_kit import Inbox, wait_until

pytestmark = pytest.mark.live


def test_the_classic_block_gives_none_and_ours_the_producer(client):
    import rocketmq.client

    classic = client.own(rocketmq.client.Producer(client.name("PID")))
    classic.set_name_server_address(client.namesrv)
    with classic as nothing:
        assert nothing is None
    with client.api.Producer(client.name("PID"), namesrv=client.namesrv) as producer:
        assert producer.send(client.api.Message(client.topic(), "x")).ok


def test_the_classic_transaction_producer_hands_its_time_out_on_as_orderly_and_ours_does_not(client):
    import rocketmq.client

    classic = rocketmq.client.TransactionMQProducer
    passed = inspect.getsource(classic.__init__).split("super(")[1].split("\n")[0]
    assert "__init__(group_id, timeout, compress_level, max_message_size)" in passed
    assert list(inspect.signature(rocketmq.client.Producer.__init__).parameters)[2] == "orderly"
    ours = client.api.TransactionMQProducer(
        client.name("TPID"), lambda _: client.api.TransactionStatus.COMMIT, timeout_ms=700
    )
    from rmqlab.client.producer import SEND_TIMEOUT

    assert ours._handle.limits[SEND_TIMEOUT] == 700


def test_the_classic_package_registers_one_callback_for_all_topics_and_ours_keeps_them_apart(client):
    import rocketmq.client

    source = inspect.getsource(rocketmq.client.PushConsumer._register_callback)
    assert "topic" not in source  # the C function takes no topic either
    topics, inboxes = [client.topic(), client.topic()], [Inbox(0), Inbox(0)]
    with client.api.PushConsumer(client.name("CID"), namesrv=client.namesrv) as consumer:
        for topic, inbox in zip(topics, inboxes, strict=True):
            consumer.subscribe(topic, inbox)
        for topic in topics:
            client.send(topic, topic)
        assert [inbox.wait(1)[0].topic for inbox in inboxes] == topics


@pytest.mark.parametrize("way", ["send", "send_sync"])
def test_a_body_with_nul_bytes_is_whole(client, way):
    topic = client.topic()
    _, inbox = client.consumer(topic)
    getattr(client.producer(), way)(client.api.Message(topic, b"before\x00after\x00"))
    assert inbox.wait(1)[0].body == b"before\x00after\x00"


def test_a_callback_prints_nothing_whatever_it_raises_and_its_error_is_not_lost(client, capfd):
    """In a notebook, where a line from a client's thread would land in any cell."""
    topic = client.topic()
    consumer, inbox = client.consumer(topic, lambda message: 1 / 0 if message.reconsume_times == 0 else 0)
    client.send(topic, "x")
    inbox.wait(2)
    assert capfd.readouterr().out == ""
    assert [type(kept.error) for kept in consumer.errors] == [ZeroDivisionError]


NOTEBOOK = """
import sys
import ipykernel  # a kernel has it: its output would go to whatever cell runs
from rmqlab.client import Message, Producer, PushConsumer, ConsumeFromWhere
import time

with Producer("PID-{name}", namesrv="{namesrv}") as producer:
    producer.send(Message("{topic}", "x"))
consumer = PushConsumer("CID-{name}", namesrv="{namesrv}", from_where=ConsumeFromWhere.FIRST)
consumer.subscribe("{topic}", lambda message: 1 / 0)
consumer.start()
while not consumer.errors:
    time.sleep(0.01)
consumer.shutdown()
print(len(consumer.errors) > 0)
"""


def test_in_a_kernel_nothing_is_printed_by_the_clients_threads(client):
    script = NOTEBOOK.format(name=client.name("x"), namesrv=client.namesrv, topic=client.topic())
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert (ended.stdout, ended.stderr) == ("True\n", "")


def test_in_a_script_the_log_says_it_once(client, caplog):
    topic = client.topic()
    _, inbox = client.consumer(topic, lambda message: 1 / 0 if message.reconsume_times == 0 else 0)
    with caplog.at_level(logging.ERROR, "rmqlab.client"):
        client.send(topic, "x")
        inbox.wait(2)
    wait_until(lambda: len([each for each in caplog.records if each.name == "rmqlab.client"]) == 1)
