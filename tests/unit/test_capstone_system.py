"""A system's functions become a program: source, what they use, and a refusal for what stays behind."""

from __future__ import annotations

import json
import queue
import runpy
from contextlib import closing

import pytest

from rmqlab.capstone import System
from rmqlab.errors import ChaosError

pytestmark = pytest.mark.unit

LEVEL = 2
WAITING = queue.Queue()


def body_of(order):
    return json.dumps(order)


def place(producer, order):
    producer.append((body_of(order), LEVEL))


def answer(message):
    with closing(message) as opened:
        return opened


def stock(producer, message):
    return (producer, message)


def into_memory(message):
    WAITING.put(message)


def system(**changes):
    return System(
        **{"place_order": place, "on_order": stock, "on_payment": answer, "on_timeout": answer, **changes}
    )


def test_a_program_runs_without_the_notebook(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(system().program(), encoding="utf-8")
    roles = runpy.run_path(str(path))["SYSTEM"]
    sent = []
    roles["place_order"](sent, {"number": "7"})
    assert sent == [('{"number": "7"}', 2)]
    assert set(roles) == {"place_order", "on_order", "on_payment", "on_timeout"}


def test_a_program_takes_along_what_its_functions_use_and_nothing_else():
    text = system().program()
    assert "def body_of(order):" in text
    assert "LEVEL = 2" in text
    assert "import json as json" in text
    assert "from contextlib import closing as closing" in text
    assert "WAITING" not in text
    assert "pytest" not in text


def test_two_roles_may_have_one_function():
    text = system().program()
    assert text.count("def answer(") == 1
    assert '"on_payment": answer, "on_timeout": answer' in text


def test_an_object_of_the_notebook_is_refused_by_its_name():
    with pytest.raises(ChaosError, match=r"into_memory uses `WAITING`, a Queue of the notebook"):
        system(on_payment=into_memory).program()


def test_a_function_that_was_made_in_an_expression_is_refused():
    with pytest.raises(ChaosError, match="write it as a `def`"):
        system(on_payment=lambda message: message).program()


def test_what_is_no_function_is_refused():
    with pytest.raises(ChaosError, match="on_payment is a int"):
        system(on_payment=7).program()
