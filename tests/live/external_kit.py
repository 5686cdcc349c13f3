"""A cluster that somebody else runs, and learners who connect to it: fixtures and what their tests share."""

# Imports stand where they are needed, as in conftest.py, which takes its fixtures from here.
# ruff: noqa: PLC0415

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from types import SimpleNamespace

import pytest

from rmqlab.authentication import Credentials
from rmqlab.client.membership import VARIABLE

_UP = """
import json
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster
options = ClusterOptions(authentication=True)
cluster = start_cluster("single", name="class", backend="process", options=options)
print(json.dumps([cluster.namesrv, cluster.credentials, cluster.nodes["broker-a"].address]))
"""


@pytest.fixture(scope="session")
def school(tmp_path_factory):
    """What a teacher started elsewhere: its address, its credentials, and the teacher's own view of it."""
    from rmqlab.client.admin import Admin

    home = {**os.environ, "RMQLAB_HOME": str(tmp_path_factory.mktemp("school"))}
    up = subprocess.run([sys.executable, "-c", _UP], env=home, capture_output=True, text=True, check=True)
    namesrv, keys, broker = json.loads(up.stdout)
    try:
        with Admin(namesrv, credentials=tuple(keys)) as admin:
            admin.create_topic("payroll")
            admin.create_group("accountants")
            yield SimpleNamespace(
                namesrv=namesrv, credentials=Credentials(*keys), broker=broker, admin=admin, home=home
            )
    finally:
        down = [sys.executable, "-m", "rmqlab", "down", "class"]
        subprocess.run(down, env=home, check=True, capture_output=True)


@pytest.fixture
def ada(school, monkeypatch, tmp_path):
    """Ada's desk: her own state folder and name, and the class's address and credentials."""
    return sit_down(monkeypatch, school, tmp_path / "ada", "ada")


@pytest.fixture
def lab_there(ada):
    from rmqlab import start_lab

    lab = start_lab("00-welcome", backend="external")
    yield lab
    lab.stop()


def sit_down(monkeypatch, school, home, name):
    keys = school.credentials
    for variable, value in {
        "RMQLAB_HOME": str(home),
        "RMQLAB_LEARNER": name,
        "RMQLAB_NAMESRV": school.namesrv,
        "RMQLAB_ACCESS_KEY": keys.access_key,
        "RMQLAB_SECRET_KEY": keys.secret_key,
        VARIABLE: "{}",
    }.items():
        monkeypatch.setenv(variable, value)
    return name


def send(namesrv, topic, body="book"):
    from rocketmq.client import Message, Producer

    producer = Producer(f"shop-{uuid.uuid4().hex[:6]}")
    producer.set_name_server_address(namesrv)
    producer.start()
    try:
        message = Message(topic)
        message.set_body(body)
        return producer.send_sync(message)
    finally:
        producer.shutdown()


def real_names(school):
    """Return all topics and groups there are, by their real names.

    Not a learner's groups that nothing was consumed as: a broker may make one anew (`remove_ours`).
    """
    topics = set(school.admin.topics(system=True))
    groups = set(school.admin.at(school.broker).all_groups())
    return topics | {group for group in groups if "%" not in group or f"%RETRY%{group}" in topics}
