"""The programs in the documentation run, from their first line to their last."""

import itertools
import re
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "sending-and-receiving.md"
EXAMPLES = DOCS / "java-examples.md"
SECTIONS = ("simple", "ordermessage", "batch", "broadcast", "filter", "schedule", "transaction", "pull")


def program(text):
    """The page's indented blocks, one after the other."""
    blocks = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", text, re.MULTILINE)
    return "\n".join(textwrap.dedent(block) for block in blocks)


def test_the_program_of_the_page_runs(client, capsys):
    for topic in ("orders", "payments", "metrics"):
        client.admin.create_topic(topic)
    source = program(PAGE.read_text(encoding="utf-8"))
    source = source.replace('"127.0.0.1:9876"', repr(client.namesrv))
    for name in ("stock", "audit", "replay"):
        source = source.replace(f'"{name}"', repr(client.name(name)))
    names = {}
    exec(compile(source, str(PAGE), "exec"), names)
    assert len(names["received"]) >= 100
    assert names["result"].transaction_status.name == "COMMIT"
    assert names["messages"]
    assert capsys.readouterr().out.startswith("OK ")


def run_example(client, section):
    """Run a section of the Java examples, after the lines that all begin with; return its names."""
    beginning, *sections = re.split(r"^## (\w+)\n", EXAMPLES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert tuple(sections[::2]) == SECTIONS
    source = program(beginning) + program(sections[sections.index(section) + 1])
    source = source.replace('"127.0.0.1:9876"', repr(client.namesrv))
    topic = client.topic(stem=section)
    source = re.sub(r'"\w+Test"', repr(topic), source)
    names = {}
    exec(compile(source, f"{EXAMPLES}: {section}", "exec"), names)
    return names


def bodies(messages):
    return [message.body for message in messages]


def test_the_simple_example(client):
    names = run_example(client, "simple")
    assert sorted(bodies(names["received"])).count(b"Hello world") == 10


def test_the_example_of_ordered_messages(client):
    names = run_example(client, "ordermessage")
    orders = [int(body.split()[-1]) for body in bodies(names["in_order"])]
    again = orders.index(50)
    for order in range(10):
        steps = [number for number in orders[:again] + orders[again + 1 :] if number % 10 == order]
        assert steps == sorted(steps)
    assert orders.count(50) == 2


def test_the_example_of_batches(client):
    batches = run_example(client, "batch")["batches"]
    assert len(batches) > 1
    assert sum(len(batch.msg_ids) for batch in batches) == 20_000


def test_the_example_of_broadcasting(client):
    assert sorted(run_example(client, "broadcast")["everyone"]) == [b"A", b"A", b"C", b"C", b"D", b"D"]


def test_the_example_of_filters(client):
    names = run_example(client, "filter")
    assert sorted(int(body.split()[-1]) % 3 for body in bodies(names["by_tag"])) == [0, 0, 0, 0, 2, 2, 2]
    assert sorted(bodies(names["by_sql"])) == [b"Hello RocketMQ %d" % number for number in (0, 1, 3)]


def test_the_example_of_scheduled_messages(client):
    assert set(bodies(run_example(client, "schedule")["later"])) == {b"by the third level", b"in 1.5 s"}


def test_the_example_of_transactions(client):
    names = run_example(client, "transaction")
    assert sorted(bodies(names["committed"])) == [b"Hello RocketMQ %d" % number for number in (1, 4, 7)]


def test_the_example_of_pulling(client):
    names = run_example(client, "pull")
    assert len(names["subscribed"]) == 100
    queues = [message.queue for message in names["assigned"]]
    assert {queue: len(list(found)) for queue, found in itertools.groupby(sorted(queues))} == {
        names["half"][0]: 15,
        names["half"][1]: 25,
    }
    assert len(names["own_offsets"]) == 4
