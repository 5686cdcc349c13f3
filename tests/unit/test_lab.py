"""The learner's object, as far as it needs no broker."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rmqlab import Lab, expect_error, start_lab
from rmqlab.errors import CourseError, ExternalClusterError, RmqLabError

pytestmark = pytest.mark.unit


def test_a_misspelt_lab_is_told_the_nearest_and_starts_nothing() -> None:
    with pytest.raises(CourseError, match=r"no lab called '01-concept'\. Did you mean '01-concepts'\?"):
        start_lab("01-concept")


def test_an_expected_error_is_shown_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with expect_error(LookupError, ValueError):
        raise KeyError("no route\nsecond line")
    assert capsys.readouterr().out.startswith("KeyError: ")
    assert "Traceback" not in capsys.readouterr().err


def test_an_error_that_was_expected_and_did_not_come_is_an_error() -> None:
    with pytest.raises(RmqLabError, match="should have failed with LookupError"), expect_error(LookupError):
        pass


def test_an_error_of_another_kind_passes_through() -> None:
    with pytest.raises(ZeroDivisionError), expect_error(LookupError):
        _ = 1 / 0


def test_a_lab_on_others_cluster_has_no_other_cluster() -> None:
    theirs = SimpleNamespace(
        name="00-welcome", backend=SimpleNamespace(name="external"), require_alive=lambda: None
    )
    with pytest.raises(ExternalClusterError, match="wants another cluster, pair, and a cluster that others"):
        Lab("00-welcome", theirs).another("master-slave-sync", name="pair")
