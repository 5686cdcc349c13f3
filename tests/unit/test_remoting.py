"""Frames of RocketMQ's remoting protocol, against a server that answers what a test tells it to."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from rmqlab.client import remoting
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


def frame(header: dict[str, object], body: bytes = b"") -> bytes:
    encoded = json.dumps(header).encode()
    return struct.pack(">ii", 4 + len(encoded) + len(body), len(encoded)) + encoded + body


@contextmanager
def server(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Listen, read one request, send `answer` a few bytes at a time, close."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            # a client that has heard enough hangs up
            with connection, suppress(ConnectionResetError):
                heard.append(connection.recv(65536))
                for start in range(0, len(answer), 7):
                    connection.sendall(answer[start : start + 7])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}", heard
        thread.join(5)


def test_a_question_is_one_frame_with_a_json_header() -> None:
    with server(frame({"code": 0, "remark": None})) as (address, heard):
        assert remoting.ask(address, 105, {"topic": "orders"}, b"body").code == remoting.SUCCESS
    length, header_length = struct.unpack(">ii", heard[0][:8])
    header = json.loads(heard[0][8 : 8 + header_length])
    assert length == len(heard[0]) - 4
    assert (header["code"], header["extFields"], heard[0][8 + header_length :]) == (
        105,
        {"topic": "orders"},
        b"body",
    )


def test_an_answer_that_comes_in_pieces_is_put_together_and_its_bare_number_keys_are_read() -> None:
    body = b'{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"127.0.0.1:10911",1:"127.0.0.1:10921"}}}}'
    with server(frame({"code": 0}, body)) as (address, _):
        known = remoting.registered_brokers(address)
    assert known == {("broker-a", 0): "127.0.0.1:10911", ("broker-a", 1): "127.0.0.1:10921"}


def test_a_refusal_keeps_its_code_and_its_remark() -> None:
    with server(frame({"code": 17, "remark": "No topic route info"})) as (address, _):
        answer = remoting.ask(address, 105)
    assert (answer.code, answer.remark) == (17, "No topic route info")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", struct.pack(">ii", 9, 5) + b"hello"])
def test_what_does_not_speak_the_protocol_is_told_as_that(answer: bytes) -> None:
    with server(answer) as (address, _), pytest.raises(AdminError, match="is not RocketMQ"):
        remoting.ask(address, 106)


def test_a_connection_that_closes_before_the_answer_is_an_os_error() -> None:
    with server(b"") as (address, _), pytest.raises(OSError, match="closed the connection"):
        remoting.ask(address, 106)


def test_a_signed_question_has_the_java_clients_signature() -> None:
    """Field values in the order of their names, then the body: AclUtils.combineRequestContent."""
    with server(frame({"code": 0, "remark": None})) as (address, heard):
        remoting.ask(address, 105, {"b": "2", "a": "1"}, b"body", credentials=("rmqlab", "s3cret"))
    _, header_length = struct.unpack(">ii", heard[0][:8])
    fields = json.loads(heard[0][8 : 8 + header_length])["extFields"]
    # AclUtils.calSignature("rmqlab12body", "s3cret") of the Java client: "AccessKey" sorts before "a"
    assert fields == {"a": "1", "b": "2", "AccessKey": "rmqlab", "Signature": "PBaKyedheie+BmzjuqbzoNyk5Bg="}
