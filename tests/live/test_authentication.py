"""A cluster that asks who somebody is: its own tools are let in everywhere, strangers nowhere."""

from __future__ import annotations

import uuid

import pytest
from actors import eventually, stored
from rocketmq.client import (
    ConsumeStatus,
    Message,
    Producer,
    PushConsumer,
    SendStatus,
    TransactionMQProducer,
    TransactionStatus,
)

from rmqlab import records
from rmqlab.authentication import Credentials
from rmqlab.client import remoting
from rmqlab.client.admin import Admin
from rmqlab.errors import AdminError
from rmqlab.observe import Interest, Reader
from rmqlab.options import ClusterOptions
from rmqlab.starting import start_cluster

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

ASKING = ClusterOptions(authentication=True)
STRANGERS = {
    "without credentials": (None, "no credentials were given"),
    "with a wrong secret key": (Credentials("rmqlab", "guessed"), "the secret key is not the user's"),
    "with an unknown access key": (Credentials("bob", "guessed"), "User:bob is not found"),
}
NO_PERMISSION = 16  # ResponseCode
GET_BROKER_CONFIG = 26  # RequestCode


@pytest.fixture(scope="module")
def guarded():
    cluster = start_cluster("single", name="guarded", backend="process", options=ASKING, lease_s=300)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def admin(guarded):
    with Admin(guarded.namesrv, credentials=guarded.credentials) as admin:
        yield admin


@pytest.fixture
def orders(admin):
    name = f"orders-{uuid.uuid4().hex[:6]}"
    admin.create_topic(name)
    return name


@pytest.fixture(params=STRANGERS)
def stranger(request):
    return STRANGERS[request.param]


def started(client, namesrv, credentials):
    client.set_name_server_address(namesrv)
    if credentials:
        client.set_session_credentials(*credentials, "")
    client.start()
    return client


def send(cluster, topic, credentials):
    producer = started(Producer(f"shop-{uuid.uuid4().hex[:6]}"), cluster.namesrv, credentials)
    try:
        message = Message(topic)
        message.set_body("book")
        return producer.send_sync(message)
    finally:
        producer.shutdown()


def test_a_client_with_the_clusters_credentials_sends(guarded, orders):
    assert send(guarded, orders, guarded.credentials).status == SendStatus.OK


def test_a_strangers_send_is_refused_with_the_brokers_reason(guarded, orders, stranger, admin):
    credentials, reason = stranger
    with pytest.raises(Exception, match=reason) as caught:
        send(guarded, orders, credentials)
    assert "broker" in str(caught.value)
    assert admin.messages(orders) == []


def test_a_strangers_questions_and_commands_are_refused(guarded, orders, stranger, admin):
    credentials, reason = stranger
    with Admin(guarded.namesrv, credentials=credentials) as other:
        for command in (other.topic_stats, other.delete_topic, lambda name: other.create_topic(name + "2")):
            with pytest.raises(AdminError, match=reason):
                command(orders)
        with pytest.raises(AdminError, match=reason):
            other.update_broker_config("broker-a", brokerPermission=2)
    assert admin.route(orders)


def test_a_strangers_frame_is_refused_whatever_it_asks(guarded, stranger):
    credentials, _ = stranger
    broker = guarded.nodes["broker-a"].address
    assert remoting.ask(broker, GET_BROKER_CONFIG, credentials=credentials).code == NO_PERMISSION
    signed = remoting.ask(broker, GET_BROKER_CONFIG, {"b": "2", "a": "1"}, credentials=guarded.credentials)
    assert signed.code == remoting.SUCCESS


def test_a_signature_does_not_fit_another_body(guarded):
    broker = guarded.nodes["broker-a"].address
    fields = remoting._signed({}, b"brokerPermission=6", *guarded.credentials)
    changed = remoting.ask(broker, remoting.UPDATE_BROKER_CONFIG, fields, b"brokerPermission=2")
    assert (changed.code, changed.remark) == (NO_PERMISSION, "check signature failed.")


def test_a_failed_message_comes_again(guarded, orders):
    seen = []

    def callback(message):
        seen.append(message.body)
        return ConsumeStatus.RECONSUME_LATER if len(seen) == 1 else ConsumeStatus.CONSUME_SUCCESS

    consumer = PushConsumer(f"stock-{uuid.uuid4().hex[:6]}")
    consumer.subscribe(orders, callback)
    started(consumer, guarded.namesrv, guarded.credentials)
    try:
        send(guarded, orders, guarded.credentials)
        eventually(lambda: seen == [b"book", b"book"], timeout_s=60, why="the retry did not come")
    finally:
        consumer.shutdown()


def test_a_stranger_receives_nothing(guarded, orders):
    seen = []
    consumer = PushConsumer(f"thief-{uuid.uuid4().hex[:6]}")
    consumer.subscribe(orders, lambda message: seen.append(message) or ConsumeStatus.CONSUME_SUCCESS)
    mine = []
    owner = PushConsumer(f"stock-{uuid.uuid4().hex[:6]}")
    owner.subscribe(orders, lambda message: mine.append(message) or ConsumeStatus.CONSUME_SUCCESS)
    try:
        started(consumer, guarded.namesrv, None)
        started(owner, guarded.namesrv, guarded.credentials)
        send(guarded, orders, guarded.credentials)
        eventually(lambda: mine, timeout_s=20, why="not even the owner received it")
        assert seen == []
    finally:
        consumer.shutdown()
        owner.shutdown()


def test_a_transaction_is_committed(guarded, orders, admin):
    producer = TransactionMQProducer(
        f"till-{uuid.uuid4().hex[:6]}", lambda _message: TransactionStatus.COMMIT
    )
    started(producer, guarded.namesrv, guarded.credentials)
    try:
        message = Message(orders)
        message.set_body("paid")
        producer.send_message_in_transaction(message, lambda _message, _args: TransactionStatus.COMMIT, None)
        eventually(
            lambda: [message.body for message in admin.messages(orders)] == [b"paid"],
            timeout_s=20,
            why="the commit was not let in",
        )
    finally:
        producer.shutdown()


def test_pictures_are_let_in(guarded, orders, admin):
    send(guarded, orders, guarded.credentials)
    stored(admin, orders, 1)
    reader = Reader(guarded)
    try:
        snapshot = reader.read(Interest(frozenset({orders}), messages=4, registrations=True))
        assert snapshot.gaps == ()
        assert [message.body for queue in snapshot.topics[0].queues for message in queue.messages] == [
            b"book"
        ]
    finally:
        reader.close()


def test_the_secret_shows_nowhere(guarded):
    assert guarded.credentials.secret_key not in f"{guarded!r}{guarded.credentials!r}{guarded.options}"
    folder = records.folder("guarded")  # brokers' configuration files hold it too
    for private in (folder, folder / "credentials.json"):
        assert private.stat().st_mode & 0o077 == 0


def test_two_clusters_have_different_secrets_and_one_that_is_kept_keeps_its_own():
    first = start_cluster("single", name="keeps", backend="process", options=ASKING)
    try:
        credentials = first.credentials
        with Admin(first.namesrv, credentials=credentials) as admin:
            admin.create_topic("orders")
        assert send(first, "orders", credentials).status == SendStatus.OK
        first.stop()
        again = start_cluster("single", name="keeps", backend="process", options=ASKING)
        assert again.credentials == credentials
        assert send(again, "orders", credentials).status == SendStatus.OK
        fresh = start_cluster("single", name="keeps", backend="process", options=ASKING, fresh=True)
        assert fresh.credentials.secret_key != credentials.secret_key
    finally:
        first.stop(keep_files=False)


@pytest.mark.parametrize("topology", ["master-slave-sync", "controller", "proxy", "proxy-cluster"])
def test_every_shape_is_ready_serves_and_refuses(topology):
    cluster = start_cluster(
        topology, name=f"guarded-{topology}", backend="process", options=ASKING, lease_s=300
    )
    try:
        with Admin(cluster.namesrv, credentials=cluster.credentials) as admin:
            admin.create_topic("orders")
            statuses = {send(cluster, "orders", cluster.credentials).status for _ in range(5)}
            assert statuses == {SendStatus.OK}  # of a SYNC_MASTER too: the slave replicates
            assert len(stored(admin, "orders", 5)) == 5
        for broker in cluster.brokers:
            assert remoting.ask(broker.address, GET_BROKER_CONFIG).code == NO_PERMISSION
        with pytest.raises(Exception, match="no credentials were given"):
            send(cluster, "orders", None)
    finally:
        cluster.stop()
