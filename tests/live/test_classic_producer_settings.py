"""The classic client's contract, a producer's settings and life: when they count, why they are refused."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import threading

import pytest

pytestmark = pytest.mark.live


def test_without_a_nameserver_set_start_says_what_to_call(classic, monkeypatch):
    monkeypatch.delenv("NAMESRV_ADDR", raising=False)
    with pytest.raises(classic.errors.ProducerStartFailed, match="set_name_server_address"):
        classic.api.Producer(classic.name("PID")).start()


@pytest.mark.parametrize("address", ["", "localhost", "127.0.0.1:port", "::"])
def test_an_address_that_is_none_is_refused_at_start(classic, monkeypatch, address):
    monkeypatch.delenv("NAMESRV_ADDR", raising=False)
    producer = classic.api.Producer(classic.name("PID"))
    producer.set_name_server_address(address)
    with pytest.raises(classic.errors.ProducerStartFailed, match="NameServer"):
        producer.start()


def test_a_nameserver_that_is_not_there_is_named_in_the_error(classic):
    producer = classic.own(classic.api.Producer(classic.name("PID")))
    producer.set_name_server_address("127.0.0.1:1")
    producer.start()
    with pytest.raises(classic.errors.ProducerSendSyncFailed, match=r"127\.0\.0\.1:1 .*does not answer"):
        producer.send_sync(classic.message("any"))


def test_an_unknown_topic_on_a_broker_that_makes_none_is_refused_by_name(classic):
    topic, producer = classic.name("unknown"), classic.producer()
    with pytest.raises(
        classic.errors.ProducerSendSyncFailed, match=rf"{topic}.*(not exist|no broker)"
    ) as refused:
        producer.send_sync(classic.message(topic))
    assert "\n" not in str(refused.value)


def test_the_name_server_domain_is_asked_for_the_addresses(classic, address_server):
    producer = classic.own(classic.api.Producer(classic.name("PID")))
    producer.set_name_server_domain(address_server)
    producer.start()
    assert producer.send_sync(classic.message(classic.topic(stem="domain"))).status == 0


@pytest.fixture
def address_server(classic):
    """An HTTP server that answers with the NameServer's address, as RocketMQ's address server does."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(classic.namesrv.encode() + b"\n")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/rocketmq/nsaddr"
        server.shutdown()


def test_a_domain_that_does_not_answer_is_named(classic, monkeypatch):
    monkeypatch.delenv("NAMESRV_ADDR", raising=False)
    producer = classic.api.Producer(classic.name("PID"))
    producer.set_name_server_domain("http://127.0.0.1:1/nsaddr")
    with pytest.raises(classic.errors.ProducerStartFailed, match=r"127\.0\.0\.1:1"):
        producer.start()


def test_settings_take_hold_before_start_and_some_afterwards(classic):
    producer = classic.producer()
    producer.set_timeout(2000)
    producer.set_compress_level(9)
    producer.set_max_message_size(10)
    with pytest.raises(classic.errors.ProducerSendSyncFailed, match="MAX: 10"):
        producer.send_sync(classic.message(classic.topic(stem="small"), b"x" * 11))
    with pytest.raises(classic.errors.ProducerException, match="group"):
        producer.set_group("another")


@pytest.mark.parametrize(
    ("setter", "value"), [("set_timeout", 0), ("set_compress_level", 10), ("set_max_message_size", -1)]
)
def test_a_setting_out_of_range_is_refused_at_start(classic, setter, value):
    producer = classic.api.Producer(classic.name("PID"))
    producer.set_name_server_address(classic.namesrv)
    getattr(producer, setter)(value)
    with pytest.raises(classic.errors.ProducerStartFailed, match="must lie between"):
        producer.start()


def test_a_group_set_later_is_the_group(classic):
    producer = classic.api.Producer("first")
    producer.set_group(classic.name("second"))
    producer.set_name_server_address(classic.namesrv)
    with_it = classic.own(producer)
    with_it.start()
    assert with_it.send_sync(classic.message(classic.topic(stem="group"))).status == 0


def test_session_credentials_do_not_keep_a_broker_without_access_control_from_answering(classic):
    producer = classic.own(classic.api.Producer(classic.name("PID")))
    producer.set_name_server_address(classic.namesrv)
    producer.set_session_credentials("access", "secret", "ALIYUN")
    producer.start()
    assert producer.send_sync(classic.message(classic.topic(stem="credentials"))).status == 0


def test_a_producer_in_a_with_block_is_started_and_shut_down(classic):
    producer = classic.api.Producer(classic.name("PID"))
    producer.set_name_server_address(classic.namesrv)
    with producer:
        assert producer.send_sync(classic.message(classic.topic(stem="with"))).status == 0
    with pytest.raises(classic.errors.ProducerSendSyncFailed, match="shut down"):
        producer.send_sync(classic.message("any"))


def test_use_before_start_and_after_shutdown_is_refused_with_the_reason(classic):
    producer = classic.api.Producer(classic.name("PID"))
    producer.set_name_server_address(classic.namesrv)
    message = classic.message(classic.topic(stem="life"))
    with pytest.raises(classic.errors.ProducerSendSyncFailed, match="not started"):
        producer.send_sync(message)
    producer.start()
    producer.start()
    producer.shutdown()
    producer.shutdown()
    with pytest.raises(classic.errors.ProducerSendSyncFailed, match="shut down"):
        producer.send_sync(message)
    with pytest.raises(classic.errors.ProducerSendOnewayFailed, match="shut down"):
        producer.send_oneway(message)
    with pytest.raises(classic.errors.ProducerSendOrderlyFailed, match="shut down"):
        producer.send_orderly_with_sharding_key(message, "key")
    with pytest.raises(classic.errors.ProducerStartFailed, match="shut down"):
        producer.start()


def test_two_running_producers_of_one_group_and_instance_are_refused(classic):
    group, dll = classic.name("PID"), classic.dll

    def make():
        producer = classic.own(classic.api.Producer(group))
        producer.set_name_server_address(classic.namesrv)
        assert dll.SetProducerInstanceName(producer._handle, b"one-instance") == 0
        producer.start()
        return producer

    make()
    with pytest.raises(classic.errors.ProducerStartFailed, match=group):
        make()


def test_a_destroyed_producer_and_message_are_null(classic):
    dll, producer = classic.dll, classic.producer()
    message = classic.message("any")
    assert dll.DestroyMessage(message) == 0
    with pytest.raises(classic.errors.NullPointerException, match="destroyed"):
        message.set_delay_time_level(1)  # by way of the C function on either surface
    assert dll.DestroyProducer(producer._handle) == 0
    with pytest.raises(classic.errors.ProducerSendSyncFailed):
        producer.send_sync(classic.message("any"))


def test_session_credentials_sign_every_request(classic):
    import jpype

    from rmqlab.client.settings import Settings

    hook = Settings("PID", credentials=("the-key", "the-secret")).rpc_hook()
    request = jpype.JClass("org.apache.rocketmq.remoting.protocol.RemotingCommand").createRequestCommand(
        10, None
    )
    hook.doBeforeRequest("127.0.0.1:10911", request)
    fields = {str(entry.getKey()): str(entry.getValue()) for entry in request.getExtFields().entrySet()}
    assert fields["AccessKey"] == "the-key"
    assert fields["Signature"]
    assert "the-secret" not in fields.values()
