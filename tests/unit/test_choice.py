"""Which backend is taken, and the line that says why."""

from __future__ import annotations

import pytest

from rmqlab.backends import choose_backend, docker_engine, find_backend
from rmqlab.errors import ClusterError, EngineError, EngineGoneError

pytestmark = pytest.mark.unit

GONE = "Nothing answers at unix:///x: the engine does not run. Start Docker (or Podman)."


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RMQLAB_BACKEND", raising=False)
    monkeypatch.setenv("RMQLAB_IMAGE", "ours:1")


def gone(*_: object, **__: object) -> str:
    raise EngineGoneError(GONE)


def here(*_: object, **__: object) -> str:
    return "unix:///x"


def set_engine(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    monkeypatch.setattr("rmqlab.backends.docker.require_image", answer)


def test_containers_where_an_engine_answers_and_has_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    set_engine(monkeypatch, here)
    backend, why = choose_backend()
    assert backend.name == "docker"
    assert why.startswith("On containers of ours:1")
    assert "RMQLAB_BACKEND=process" in why


def test_processes_where_none_does_and_the_line_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    set_engine(monkeypatch, gone)
    backend, why = choose_backend()
    assert backend.name == "process"
    assert why == "On plain processes. Nothing answers at unix:///x: the engine does not run."


def test_what_was_asked_for_is_taken_or_refused_but_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    set_engine(monkeypatch, gone)
    with pytest.raises(EngineError, match=r"the engine does not run\. Start Docker"):
        choose_backend("docker")
    monkeypatch.setenv("RMQLAB_BACKEND", "docker")
    with pytest.raises(EngineError, match=r"the engine does not run\. Start Docker"):
        choose_backend()
    assert choose_backend("process")[0].name == "process"


def test_processes_that_were_asked_for_ask_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    set_engine(monkeypatch, lambda *_, **__: pytest.fail("asked"))
    monkeypatch.setenv("RMQLAB_BACKEND", "process")
    backend, why = choose_backend()
    assert (backend.name, why) == ("process", "On plain processes (RMQLAB_BACKEND says so).")


def test_a_backend_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ClusterError, match=r"no backend called 'dokcer'\. There are: process, docker"):
        find_backend("dokcer")


def test_a_machine_without_an_engine_loses_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(docker_engine, "_usual_addresses", lambda: iter(()))
    monkeypatch.setattr(docker_engine, "_context_address", lambda: "")
    asked = []
    monkeypatch.setattr(docker_engine, "_ask", lambda *question: asked.append(question))
    assert choose_backend()[0].name == "process"
    assert asked == []
