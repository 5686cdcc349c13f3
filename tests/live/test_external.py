"""A cluster that somebody else runs: a kept one of another state folder, seen by learners of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from types import SimpleNamespace

import pytest
from actors import eventually
from rocketmq.client import ConsumeStatus, Message, Producer, PushConsumer

from rmqlab import attach, connect, list_clusters, start_cluster, start_lab
from rmqlab.authentication import Credentials
from rmqlab.client.admin import Admin
from rmqlab.client.membership import VARIABLE
from rmqlab.cluster import end_if
from rmqlab.errors import AdminError, ExternalClusterError, FaultError, NotOursError
from rmqlab.lab import Lab
from rmqlab.observe import Interest, Reader

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

_UP = """
import json
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster
options = ClusterOptions(authentication=True)
cluster = start_cluster("single", name="class", backend="process", options=options)
print(json.dumps([cluster.namesrv, cluster.credentials, cluster.nodes["broker-a"].address]))
"""


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """What a teacher started elsewhere: its address, its credentials, and the teacher's own view of it."""
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
    return _sit_down(monkeypatch, school, tmp_path / "ada", "ada")


@pytest.fixture
def lab(ada):
    lab = start_lab("00-welcome", backend="external")
    yield lab
    lab.stop()


def _sit_down(monkeypatch, school, home, name):
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
    """Return all topics and groups there are, by their real names."""
    return set(school.admin.topics(system=True)) | set(school.admin.at(school.broker).all_groups())


def test_its_nodes_are_those_that_the_nameserver_tells(lab, school):
    nodes = [(node.name, node.role, node.address, node.state) for node in lab.nodes.values()]
    assert nodes == [
        ("namesrv", "NAMESRV", school.namesrv, "up"),
        ("broker-a", "MASTER", school.broker, "up"),
    ]
    assert lab.nodes["broker-a"].pid is None


def test_its_proxy_is_where_we_say_it_is(ada, school):
    cluster = connect(proxy=school.broker, name="with-proxy")  # what listens there does not matter here
    try:
        assert cluster.proxy == school.broker
        assert [(node.name, node.state) for node in cluster.nodes.values()][-1] == ("proxy", "up")
    finally:
        cluster.stop()


def test_a_notebooks_own_code_works_there_by_the_names_that_it_writes(lab, school):
    assert (lab.topic("orders", queues=2), lab.group("stock")) == ("orders", "stock")
    sent = send(lab.namesrv, "orders")
    received = []
    consumer = PushConsumer("stock")
    consumer.set_name_server_address(lab.namesrv)
    consumer.subscribe(
        "orders",
        lambda message: received.append((message.topic, message.id)) or ConsumeStatus.CONSUME_SUCCESS,
    )
    consumer.start()
    try:
        eventually(lambda: received, timeout_s=20, why="it was not delivered")
        assert received == [("orders", sent.msg_id)]
        eventually(lambda: lab.admin.groups("orders") == ("stock",), timeout_s=20, why="no progress")
        assert len(lab.admin.consumers("stock")) == 1
        assert len(lab.admin.consume_stats("stock", "orders")) == 2
    finally:
        consumer.shutdown()
    (stored,) = lab.admin.messages("orders")
    assert (stored.topic, stored.msg_id) == ("orders", sent.msg_id)
    assert lab.admin.message(stored.queue, stored.queue_offset) == stored
    assert lab.admin.topics() == ["orders"]
    assert {lab.real_name("orders"), "rmqlab-ada-00-welcome%stock"} <= real_names(school)


def test_a_program_that_the_notebook_starts_works_in_the_same_namespace(lab):
    lab.topic("orders")
    script = (
        "import sys; from rocketmq.client import Producer, Message\n"
        "producer = Producer('child'); producer.set_name_server_address(sys.argv[1]); producer.start()\n"
        "message = Message('orders'); message.set_body('from a child'); producer.send_sync(message)\n"
        "producer.shutdown()"
    )
    subprocess.run([sys.executable, "-c", script, lab.namesrv], check=True, timeout=60)
    assert [message.body for message in lab.admin.messages("orders")] == [b"from a child"]


def test_pictures_are_drawn_from_its_numbers(lab):
    lab.topic("orders", queues=1)
    send(lab.namesrv, "orders")
    reader = Reader(lab.cluster)
    try:
        snapshot = reader.read(Interest(frozenset({"orders"}), messages=4, registrations=True))
        assert snapshot.gaps == ()
        assert [node.registered for node in snapshot.nodes] == [None, True]
        assert [queue.ref.topic for queue in snapshot.topics[0].queues] == ["orders"]
        assert snapshot.topics[0].queues[0].count == 1
    finally:
        reader.close()


def test_two_learners_with_the_same_topics_and_groups_do_not_meet(school, monkeypatch, tmp_path):
    seen = {}
    with monkeypatch.context() as adas:
        _sit_down(adas, school, tmp_path / "ada", "ada")
        ada = start_lab("00-welcome", backend="external")
        ada.topic("orders", queues=1)
        send(ada.namesrv, "orders", "ada's")
        with monkeypatch.context() as bobs:
            _sit_down(bobs, school, tmp_path / "bob", "bob")
            bob = start_lab("00-welcome", backend="external")
            bob.topic("orders", queues=3)
            send(bob.namesrv, "orders", "bob's")
            seen["bob"] = [message.body for message in bob.admin.messages("orders")]
            assert len(bob.admin.topic_stats("orders")) == 3
            bob.stop()
        seen["ada"] = [message.body for message in ada.admin.messages("orders")]
        assert len(ada.admin.topic_stats("orders")) == 1
        ada.stop()
    assert seen == {"ada": [b"ada's"], "bob": [b"bob's"]}


def test_stop_removes_what_is_ours_and_nothing_else(ada, school):
    before = real_names(school)
    lab = start_lab("00-welcome", backend="external")
    lab.topic("orders")
    lab.group("stock")
    consumer = PushConsumer("stock")
    consumer.set_name_server_address(lab.namesrv)
    consumer.subscribe("orders", lambda _message: ConsumeStatus.CONSUME_SUCCESS)
    consumer.start()
    consumer.shutdown()
    assert real_names(school) > before
    lab.stop()
    assert real_names(school) == before
    assert "payroll" in before
    assert list_clusters() == []


def test_rmqlab_down_removes_it_too_from_another_process(ada, school):
    before = real_names(school)
    lab = start_lab("00-welcome", backend="external")
    lab.topic("orders")
    subprocess.run([sys.executable, "-m", "rmqlab", "down", "--all"], check=True, capture_output=True)
    assert real_names(school) == before


def test_another_process_attaches_by_name(lab):
    lab.topic("orders")
    script = (
        "from rmqlab import attach; from rocketmq.client import Producer, Message\n"
        "cluster = attach('00-welcome')\n"
        "producer = Producer('other'); producer.set_name_server_address(cluster.namesrv); producer.start()\n"
        "message = Message('orders'); message.set_body('attached'); producer.send_sync(message)\n"
        "producer.shutdown()"
    )
    without = {key: value for key, value in os.environ.items() if key != VARIABLE}
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env=without)
    assert [message.body for message in lab.admin.messages("orders")] == [b"attached"]
    assert attach("00-welcome").namesrv == lab.namesrv


@pytest.mark.parametrize("verb", ["kill", "stop", "pause", "resume", "restart"])
def test_its_nodes_are_never_hurt(lab, verb):
    with pytest.raises(ExternalClusterError, match="somebody else runs this cluster"):
        getattr(lab.nodes["broker-a"], verb)()
    assert lab.nodes["broker-a"].state == "up"


def test_faults_are_refused_with_one_sentence(lab):
    for fault in ("kill", "cut", "slow_flush", "disk_full"):
        with pytest.raises(FaultError, match="external") as caught:
            lab.fault(fault, "broker-a")
        assert "\n" not in str(caught.value)


def test_what_others_made_is_not_deleted_not_changed_and_not_even_named(lab, school):
    with pytest.raises(NotOursError, match="outside of your namespace"):
        lab.admin.delete_topic("SCHEDULE_TOPIC_XXXX")
    with pytest.raises(NotOursError, match="others use this cluster"):
        lab.admin.update_broker_config("broker-a", brokerPermission=2)
    lab.admin.delete_topic("payroll")  # ours of that name, which does not exist
    lab.admin.delete_group("accountants")
    assert {"payroll", "accountants"} <= real_names(school)
    assert lab.admin.topics() == []


def test_files_are_not_looked_for_on_this_machine(lab):
    with pytest.raises(ExternalClusterError, match="files of 00-welcome are where it runs"):
        _ = lab.cluster.folder


def test_without_a_namespace_it_is_only_looked_at(ada, school):
    cluster = connect(namespace="", name="look")
    lab = Lab("look", cluster)
    assert "payroll" in lab.admin.topics()
    assert lab.topic("payroll") == "payroll"  # it exists, and stays as it is
    with pytest.raises(NotOursError, match="can be looked at, not changed"):
        lab.topic("orders")
    with pytest.raises(NotOursError):
        lab.admin.delete_topic("payroll")
    before = real_names(school)
    lab.stop()
    assert real_names(school) == before


def test_fresh_begins_with_an_empty_namespace(lab):
    lab.topic("orders")
    again = start_lab("00-welcome", backend="external", fresh=True)
    assert again.admin.topics() == []


def test_a_lab_that_wants_another_kind_of_cluster_is_refused(ada):
    with pytest.raises(ExternalClusterError, match="controller, flush=sync"):
        start_lab("00-welcome", backend="external", topology="controller", flush="sync")


def test_it_is_not_started(ada, monkeypatch):
    monkeypatch.setenv("RMQLAB_BACKEND", "external")
    with pytest.raises(ExternalClusterError, match=r"not started here: `connect\('host:9876'\)`"):
        start_cluster("single")


def test_refused_credentials_are_one_sentence_with_the_brokers_reason(ada, school):
    with pytest.raises(ExternalClusterError, match=r"does not let in the access key rmqlab: check signature"):
        connect(school.namesrv, credentials=("rmqlab", "guessed"))


def test_missing_credentials_are_one_sentence_with_the_next_step(ada, school, monkeypatch):
    monkeypatch.delenv("RMQLAB_ACCESS_KEY")
    with pytest.raises(ExternalClusterError, match="Credentials are two"):
        connect(school.namesrv)
    monkeypatch.delenv("RMQLAB_SECRET_KEY")
    with pytest.raises(ExternalClusterError, match=r"a client without credentials.*RMQLAB_ACCESS_KEY"):
        connect(school.namesrv)


def test_a_name_that_another_cluster_has_is_refused(ada, school):
    connect(school.namesrv, name="mine").stop()
    cluster = start_cluster("single", name="mine", backend="process", lease_s=60)
    try:
        with pytest.raises(ExternalClusterError, match="mine is a cluster on the backend process"):
            connect(school.namesrv, name="mine")
    finally:
        cluster.stop()


def test_one_that_is_gone_is_let_go_with_a_warning(ada, monkeypatch):
    cluster = start_cluster("single", name="short", backend="process", lease_s=60)
    seen = connect(cluster.namesrv, name="seen", credentials=None)
    cluster.stop()
    assert {node.state for node in seen.nodes.values()} <= {"up", "down"}  # an answer holds for two seconds
    eventually(lambda: {node.state for node in seen.nodes.values()} == {"down"}, timeout_s=10, why="still up")
    began = time.monotonic()
    with pytest.warns(UserWarning, match="stay at .*in the namespace rmqlab-ada-seen"):
        assert end_if("seen", lambda _record: True)
    assert time.monotonic() - began < 20
    assert list_clusters() == []


def test_a_frozen_broker_is_seen_as_paused(ada):
    cluster = start_cluster("single", name="cold", backend="process", lease_s=60)
    try:
        seen = connect(cluster.namesrv, name="seen")
        cluster.nodes["broker-a"].pause()
        eventually(lambda: seen.nodes["broker-a"].state == "paused", timeout_s=10, why="it seems awake")
        cluster.nodes["broker-a"].resume()
        eventually(lambda: seen.nodes["broker-a"].state == "up", timeout_s=10, why="it seems frozen")
        seen.stop()
    finally:
        cluster.stop()


def test_a_client_with_credentials_of_its_own_is_not_signed_for(lab):
    lab.topic("orders")
    producer = Producer("stranger")
    producer.set_name_server_address(lab.namesrv)
    producer.set_session_credentials("bob", "guessed", "")
    producer.start()
    try:
        message = Message("orders")
        message.set_body("x")
        with pytest.raises(Exception, match="User:bob is not found"):
            producer.send_sync(message)
    finally:
        producer.shutdown()
    with pytest.raises(AdminError):
        lab.admin.create_topic("not/a/topic")
