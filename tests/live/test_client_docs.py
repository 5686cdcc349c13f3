"""The program in docs/sending-and-receiving.md runs, from its first line to its last."""

import re
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

PAGE = Path(__file__).parents[2] / "docs" / "sending-and-receiving.md"


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
