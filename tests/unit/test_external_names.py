"""Names on a cluster that others use, and what is said of one that cannot be used; no broker needed."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time

import pytest

from rmqlab import connect, doctor, external
from rmqlab.authentication import Credentials
from rmqlab.backends import ExternalBackend
from rmqlab.client import membership
from rmqlab.client.membership import VARIABLE, Membership
from rmqlab.errors import ExternalClusterError
from rmqlab.options import ClusterOptions, configured
from rmqlab.plan import plan
from rmqlab.topology import find_topology

pytestmark = pytest.mark.unit

KEYS = Credentials("rmqlab", "s3cret")


@pytest.fixture(autouse=True)
def desk(monkeypatch, tmp_path):
    """A learner's machine that knows of no cluster."""
    monkeypatch.setenv("RMQLAB_HOME", str(tmp_path))
    for variable in (
        "RMQLAB_LEARNER",
        "JUPYTERHUB_USER",
        "RMQLAB_NAMESRV",
        "RMQLAB_PROXY",
        "RMQLAB_ACCESS_KEY",
        "RMQLAB_SECRET_KEY",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(VARIABLE, "{}")
    return monkeypatch


def nameserver(answers):
    """Listen as a NameServer that gives each caller the next answer, a JSON body; return its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listening:
            for body in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    header = json.dumps({"code": 0}).encode()
                    frame = struct.pack(">ii", 4 + len(header) + len(body), len(header)) + header + body
                    connection.sendall(frame)

    threading.Thread(target=serve, daemon=True).start()
    return f"127.0.0.1:{listening.getsockname()[1]}"


def test_a_namespace_names_the_kit_the_learner_and_the_lab(desk):
    desk.setenv("RMQLAB_LEARNER", "ada")
    assert external.namespace_of("02-send-modes") == "rmqlab-ada-02-send-modes"


def test_a_name_becomes_fit_for_a_topic(desk):
    desk.setenv("RMQLAB_LEARNER", " Ada Lovelace@école.example ")
    namespace = external.namespace_of("02.send modes")
    assert namespace == "rmqlab-Ada-Lovelace-cole-example-02-send-modes"
    desk.setenv("RMQLAB_LEARNER", "x" * 500)
    assert len(external.namespace_of("y" * 500)) < 80  # a topic has 127 characters


def test_without_a_name_a_learner_keeps_one_that_nobody_else_has(desk, tmp_path):
    first = external.learner()
    assert external.learner() == first
    desk.setenv("RMQLAB_HOME", str(tmp_path / "another"))
    assert external.learner() != first
    desk.setenv("JUPYTERHUB_USER", "grace")
    assert external.learner() == "grace"


def test_a_place_is_kept_by_address_and_for_programs_that_are_started(desk):
    membership.enter("a:1", Membership("rmqlab-ada", KEYS))
    membership.enter("b:2", Membership("", None))
    assert membership.membership("a:1") == Membership("rmqlab-ada", ("rmqlab", "s3cret"))
    assert membership.membership("b:2") == Membership("", None)
    assert membership.membership("c:3") is None
    membership.leave("a:1")
    assert membership.membership("a:1") is None
    membership.leave("b:2")
    membership.leave("b:2")
    assert membership.membership("b:2") is None


@pytest.mark.parametrize("address", ["box", "box:", "box:9876:1", "http://box:9876", "a b:1"])
def test_what_is_no_address_is_said_before_anybody_is_asked(address):
    with pytest.raises(ExternalClusterError, match="is not an address: write host:port"):
        connect(address)


def test_no_address_at_all_names_the_variable(desk):
    with pytest.raises(ExternalClusterError, match="set RMQLAB_NAMESRV"):
        connect()
    with pytest.raises(ExternalClusterError, match="A proxy serves gRPC clients"):
        connect(proxy="box:8081")


def test_nobody_there_is_one_sentence_and_the_next_step():
    with pytest.raises(ExternalClusterError, match=r"No NameServer answers at 127\.0\.0\.1:9 .*Check the"):
        connect("127.0.0.1:9")


def test_something_else_there_is_one_sentence():
    with pytest.raises(ExternalClusterError, match="No NameServer answers"):
        connect(nameserver([b"<html>hello</html>"]))


def test_a_nameserver_without_brokers_is_one_sentence():
    address = nameserver([b'{"brokerAddrTable":{},"clusterAddrTable":{}}'])
    with pytest.raises(ExternalClusterError, match="answers, but no broker is registered"):
        connect(address)


def test_a_broker_out_of_reach_is_said_with_the_address_that_the_nameserver_tells():
    table = b'{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"127.0.0.1:9"},"brokerName":"broker-a"}}}'
    with pytest.raises(ExternalClusterError, match=r"knows at 127\.0\.0\.1:9, cannot be reached.*brokerIP1"):
        connect(nameserver([table]))


def test_half_of_the_credentials_are_refused(desk):
    desk.setenv("RMQLAB_ACCESS_KEY", "rmqlab")
    with pytest.raises(ExternalClusterError, match="set RMQLAB_ACCESS_KEY and RMQLAB_SECRET_KEY"):
        connect("127.0.0.1:9")


def test_credentials_hide_their_secret():
    assert "s3cret" not in f"{KEYS} {KEYS!r}"
    assert tuple(KEYS) == ("rmqlab", "s3cret")


def test_brokers_and_proxies_are_told_whom_to_let_in(tmp_path):
    specs = plan(
        find_topology("proxy-cluster"),
        tmp_path,
        10000,
        options=ClusterOptions(authentication=True),
        credentials=KEYS,
    )
    namesrv, broker, proxy = specs
    conf = broker.files["broker.conf"]
    assert "authenticationEnabled=true\n" in conf
    assert 'initAuthenticationUser={"username":"rmqlab","password":"s3cret"}\n' in conf
    assert 'innerClientAuthenticationCredentials={"accessKey":"rmqlab","secretKey":"s3cret"}\n' in conf
    assert json.loads(proxy.files["rmq-proxy.json"])["enableAclRpcHookForClusterMode"] is True
    assert "s3cret" not in namesrv.files["namesrv.conf"]  # NameServers let everybody in


def test_without_authentication_nobody_is_asked_who_he_is():
    properties = configured(find_topology("single"), ClusterOptions()).properties
    assert not [name for name in properties if name.startswith(("auth", "init", "inner"))]


def spec(name, role, address):
    return external._spec(name, role, address)


def test_silent_nodes_are_asked_side_by_side_and_look_paused():
    silent = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]  # they take connections, no more
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in silent]
    backend = ExternalBackend()
    specs = [spec(f"broker-{n}", "MASTER", address) for n, address in enumerate(addresses)]
    specs.append(spec("gone", "MASTER", "127.0.0.1:9"))
    handles = backend.handles(specs)
    try:
        began = time.monotonic()
        states = [backend.state(handles[each.name]) for each in specs]
        assert time.monotonic() - began < 2  # one after the other: half a second each
        assert states == ["paused"] * 6 + ["down"]
    finally:
        for each in silent:
            each.close()


def test_an_answer_holds_for_a_while_so_that_a_class_does_not_besiege_its_broker():
    address = nameserver([b'{"brokerAddrTable":{}}'])  # answers once
    backend = ExternalBackend()
    handle = backend.handles([spec("namesrv", "NAMESRV", address)])["namesrv"]
    assert [backend.state(handle) for _ in range(20)] == ["up"] * 20


@pytest.mark.parametrize("verb", ["stop", "kill", "pause", "resume"])
def test_the_backend_hurts_nobody(verb):
    backend = ExternalBackend()
    handle = backend.handles([spec("broker-a", "MASTER", "127.0.0.1:9")])["broker-a"]
    arguments = (handle, 1.0) if verb == "stop" else (handle,)
    with pytest.raises(ExternalClusterError, match=f"Could not {verb} broker-a: somebody else runs"):
        getattr(backend, verb)(*arguments)


def test_the_doctor_looks_for_the_cluster_that_was_asked_for(desk):
    assert "External" not in {finding.about for finding in doctor.examine()}
    desk.setenv("RMQLAB_BACKEND", "external")
    desk.setenv("RMQLAB_NAMESRV", "127.0.0.1:9")
    (finding,) = [finding for finding in doctor.examine() if finding.about == "External"]
    assert not finding.is_good
    assert "No NameServer answers at 127.0.0.1:9" in finding.seen
