"""RocketMQ's own tool on real clusters: what it says is what the admin says, its failures are told."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from rmqlab.checks import eventually
from rmqlab.client import Message, Producer
from rmqlab.errors import AdminError, ExternalClusterError
from rmqlab.mqadmin import mqadmin
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def ask(brisk_cluster):
    return lambda *words, **how: mqadmin(brisk_cluster, words, **how)


@pytest.fixture
def orders(brisk_cluster):
    name = "mqadmin-orders"
    brisk_cluster.admin.create_topic(name, queues=3)
    return name


def test_its_route_is_the_admins(ask, brisk_cluster, orders):
    told = ask("topicRoute", "-t", orders)
    (route,) = brisk_cluster.admin.route(orders)
    assert f'0:"{route.address}"' in told  # RocketMQ's JSON has keys without quotes
    assert f'"readQueueNums":{route.read_queues}' in told


def test_its_offsets_are_the_admins(ask, brisk_cluster, orders):
    with Producer("shop", namesrv=brisk_cluster.namesrv) as shop:
        shop.send(Message(orders, "a teapot"))
    rows = [line.split() for line in ask("topicStatus", "-t", orders).splitlines()]
    told = {int(row[1]): int(row[3]) for row in rows if row[:1] == ["broker-a"]}
    stats = brisk_cluster.admin.topic_stats(orders)
    assert told == {queue.queue_id: extent.max_offset for queue, extent in stats.items()}


def test_what_it_changes_is_changed(ask, brisk_cluster):
    ask("updateTopic", "-t", "made-by-mqadmin", "-c", "DefaultCluster", "-r", "2", "-w", "2")
    (route,) = eventually(lambda: brisk_cluster.admin.route("made-by-mqadmin"))
    assert route.write_queues == 2


def test_a_refusal_is_one_sentence_with_rocketmqs_reason(ask):
    with pytest.raises(
        AdminError, match="failed: No topic route info in name server for the topic: nobody-knows"
    ):
        ask("topicRoute", "-t", "nobody-knows")


def test_an_unknown_sub_command_and_a_wrong_option_are_told(ask):
    with pytest.raises(AdminError, match="there is no such sub-command"):
        ask("topicRout", "-t", "orders")
    with pytest.raises(AdminError, match="help topicRoute"):
        ask("topicRoute", "--nonsense")


def test_help_needs_no_cluster_and_no_words_list_the_commands(ask):
    assert "usage: mqadmin topicRoute" in ask("help", "topicRoute")
    assert "consumerProgress" in ask()


def test_a_command_that_goes_on_is_ended_at_its_deadline(ask):
    with pytest.raises(AdminError, match="had not ended after 4 s"):
        ask("clusterList", "-i", "1", timeout_s=4)


def test_it_signs_with_the_clusters_credentials_and_with_others_it_is_refused():
    options = ClusterOptions(authentication=True)
    guarded = start_cluster("single", name="mqadmin-guarded", backend="process", options=options, lease_s=120)
    try:
        assert "broker-a" in mqadmin(guarded, ["clusterList"])
        mqadmin(guarded, ["createUser", "-c", "DefaultCluster", "-u", "bob", "-p", 'a "secret"'])
        assert "bob" in mqadmin(guarded, ["listUser", "-c", "DefaultCluster"])
        for stranger in (("rmqlab", "guessed"), ("bob", 'a "secret"')):
            with pytest.raises(AdminError, match="failed"):
                mqadmin(guarded, ["listUser", "-c", "DefaultCluster"], credentials=stranger)
    finally:
        guarded.stop()


def test_on_a_cluster_of_others_it_is_not_run():
    theirs = SimpleNamespace(name="school", namespace="rmqlab-ada")
    with pytest.raises(ExternalClusterError, match="everybody's topics"):
        mqadmin(theirs, ["deleteTopic", "-t", "orders", "-c", "DefaultCluster"])


def test_the_command_line_hands_everything_on(brisk_cluster, orders):
    command = [sys.executable, "-m", "rmqlab", "mqadmin", "--name", brisk_cluster.name]
    done = subprocess.run(
        [*command, "topicRoute", "-t", orders],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ,
    )
    assert '"brokerName":"broker-a"' in done.stdout
    failed = subprocess.run(
        [*command, "topicRout"], capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )
    assert failed.returncode == 1
    assert "there is no such sub-command" in failed.stderr.replace("\n", " ")
