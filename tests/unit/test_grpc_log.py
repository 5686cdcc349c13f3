"""`rmqlab logs client`: what the clients of this user wrote, the Java one and the gRPC one."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from rmqlab.cli import app

pytestmark = pytest.mark.unit


@pytest.fixture
def logs(tmp_path, monkeypatch):
    monkeypatch.setenv("RMQLAB_HOME", str(tmp_path))
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def test_the_ends_of_both_clients_logs_are_printed(logs):
    (logs / "rocketmq_client.log").write_text("old\nJava's last line\n", encoding="utf-8")
    (logs / "rocketmq_grpc_client.log").write_text("old\ngRPC's last line\n", encoding="utf-8")
    said = CliRunner().invoke(app, ["logs", "client", "-n", "1"]).output
    assert said.index("Java's last line") < said.index("gRPC's last line")
    assert "old" not in said


def test_a_client_that_never_ran_has_not_logged(logs):
    assert CliRunner().invoke(app, ["logs", "client"]).output.count("has not logged anything yet") == 2
