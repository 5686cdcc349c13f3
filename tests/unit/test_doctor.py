"""What the doctor says, and how the command line says what went wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from rmqlab import cli, doctor
from rmqlab.errors import JavaNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def test_the_doctor_looks_at_everything_and_names_the_client_in_use() -> None:
    findings = {finding.about: finding for finding in doctor.examine()}
    assert {"Python", "Java", "RocketMQ", "Client", "Memory", "Disk", "Addresses", "Clusters"} <= set(
        findings
    )
    assert "over the Java client 5.4.0" in findings["Client"].seen
    assert "127.0.0.1 only" in findings["Addresses"].seen


def test_what_cannot_be_looked_at_is_a_finding_and_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_java() -> None:
        raise JavaNotFoundError("No Java 17 or newer was found.")

    monkeypatch.setattr(doctor, "find_java", no_java)
    (java,) = (finding for finding in doctor.examine() if "No Java" in finding.seen)
    assert not java.is_good


def test_missing_jars_come_with_the_command_that_fetches_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RMQLAB_CACHE", str(tmp_path))
    (jars,) = (finding for finding in doctor.examine() if finding.about == "RocketMQ")
    assert not jars.is_good
    assert "rmqlab fetch" in jars.remedy


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["down", "nobody"], 1, "No cluster called nobody runs"),
        (["logs", "nobody"], 1, "No cluster called nobody runs"),
        (["up", "singel"], 1, "Did you mean single?"),
        (["up", "--namesrv-port", "70000"], 1, "70000 is not a port number"),
        (["up", "--namesrv-port", "many"], 2, "Invalid value"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_one_sentence(
    words: list[str],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["rmqlab", *words])
    assert cli.main() == code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
