"""An effect happens once a key: with its key or not at all, whoever tries."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from rmqlab.idempotence import once

pytestmark = pytest.mark.unit


@pytest.fixture
def db(tmp_path):
    with closing(sqlite3.connect(tmp_path / "stock.db")) as db:
        db.execute("CREATE TABLE stock (teapots INTEGER)")
        db.execute("INSERT INTO stock VALUES (10)")
        db.commit()
        yield db


def left(db):
    return db.execute("SELECT teapots FROM stock").fetchone()[0]


def sell(db):
    return lambda: db.execute("UPDATE stock SET teapots = teapots - 1")


def test_the_second_time_nothing_happens(db):
    assert once(db, "order-1", sell(db))
    assert not once(db, "order-1", sell(db))
    assert once(db, "order-2", sell(db))
    assert left(db) == 8


def test_an_effect_that_fails_takes_its_key_back(db):
    def fails():
        sell(db)()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(db, "order-1", fails)
    assert left(db) == 10
    assert once(db, "order-1", sell(db))
    assert left(db) == 9


RIVAL = """
import sqlite3, sys
from rmqlab.idempotence import once
db = sqlite3.connect(sys.argv[1], timeout=30)
for number in range(100):
    once(db, f"order-{number}", lambda: db.execute("UPDATE stock SET teapots = teapots - 1"))
"""


def test_of_several_processes_one_has_the_effect(db, tmp_path):
    rivals = [subprocess.Popen([sys.executable, "-c", RIVAL, str(tmp_path / "stock.db")]) for _ in range(3)]
    assert [rival.wait(120) for rival in rivals] == [0, 0, 0]
    assert left(db) == 10 - 100


KILLED = """
import os, signal, sqlite3, sys
from rmqlab.idempotence import once
db = sqlite3.connect(sys.argv[1])
def effect():
    db.execute("UPDATE stock SET teapots = teapots - 1")
    os._exit(9)
once(db, "order-1", effect)
"""


def test_a_process_that_dies_in_its_effect_has_had_none(db, tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "stock.db")], check=False)
    assert left(db) == 10
    assert once(db, "order-1", sell(db))
    assert left(db) == 9
