"""A cluster that somebody else runs: what is refused there, and what is never touched."""

from __future__ import annotations

import time

import pytest
from actors import eventually, stored
from external_kit import real_names, send, sit_down
from rocketmq.client import Message, Producer

from rmqlab import connect, list_clusters, start_cluster, start_lab
from rmqlab.client.admin import Admin
from rmqlab.client.java import java_class
from rmqlab.cluster import end_if
from rmqlab.errors import AdminError, ExternalClusterError, FaultError, NotOursError
from rmqlab.lab import Lab

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.mark.parametrize("verb", ["kill", "stop", "pause", "resume", "restart"])
def test_its_nodes_are_never_hurt(lab_there, verb):
    with pytest.raises(ExternalClusterError, match="somebody else runs this cluster"):
        getattr(lab_there.nodes["broker-a"], verb)()
    assert lab_there.nodes["broker-a"].state == "up"


def test_faults_are_refused_with_one_sentence(lab_there):
    for fault in ("kill", "cut", "slow_flush", "disk_full"):
        with pytest.raises(FaultError, match="external") as caught:
            lab_there.fault(fault, "broker-a")
        assert "\n" not in str(caught.value)


def test_what_others_made_is_not_deleted_not_changed_and_not_even_named(lab_there, school):
    with pytest.raises(NotOursError, match="outside of your namespace"):
        lab_there.admin.delete_topic("SCHEDULE_TOPIC_XXXX")
    with pytest.raises(NotOursError, match="others use this cluster"):
        lab_there.admin.update_broker_config("broker-a", brokerPermission=2)
    lab_there.admin.delete_topic("payroll")  # ours of that name, which does not exist
    lab_there.admin.delete_group("accountants")
    assert {"payroll", "accountants"} <= real_names(school)
    assert lab_there.admin.topics() == []


def test_files_are_not_looked_for_on_this_machine(lab_there):
    with pytest.raises(ExternalClusterError, match="files of 00-welcome are where it runs"):
        _ = lab_there.cluster.folder


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


def test_a_client_with_credentials_of_its_own_is_not_signed_for(lab_there):
    lab_there.topic("orders")
    producer = Producer("stranger")
    producer.set_name_server_address(lab_there.namesrv)
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
        lab_there.admin.create_topic("not/a/topic")


def test_a_learner_with_rights_in_the_namespace_only_works_there_and_nowhere_else(
    ada, school, monkeypatch, tmp_path
):
    """The rights are those that docs/external.md gives a learner."""
    several, teacher = java_class("java.util.Arrays").asList, school.admin._ext
    teacher.createUser(school.broker, "carol", "carols-secret", "Normal")
    rights = {("Topic:rmqlab-carol*", "Group:rmqlab-carol*"): "All", ("Group:TOOLS_CONSUMER",): "Sub"}
    for resources, action in rights.items():
        change = teacher.updateAcl if "TOOLS" in resources[0] else teacher.createAcl
        change(school.broker, "User:carol", several(resources), several([action]), several([]), "Allow")
    sit_down(monkeypatch, school, tmp_path / "carol", "carol")
    monkeypatch.setenv("RMQLAB_ACCESS_KEY", "carol")
    monkeypatch.setenv("RMQLAB_SECRET_KEY", "carols-secret")
    lab = start_lab("00-welcome", backend="external")
    lab.topic("orders")
    lab.group("stock")
    sent = send(lab.namesrv, "orders")
    assert [message.msg_id for message in stored(lab.admin, "orders", 1)] == [sent.msg_id]
    with Admin(school.namesrv, credentials=("carol", "carols-secret")) as without_namespace:
        for command in (without_namespace.delete_topic, without_namespace.create_topic):
            with pytest.raises(AdminError, match="User:carol has no permission"):
                command("payroll")
    lab.stop()
    assert not [name for name in real_names(school) if "carol" in name]
    assert "payroll" in real_names(school)
