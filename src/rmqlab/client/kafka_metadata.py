"""Kafka's protocol, as far as starting one needs it: which brokers does it tell its clients of? No library.

A request is its length (4 bytes), then the number of the question and its version (2 bytes each), a number
that the answer repeats (4 bytes), the client's name (its length in 2 bytes, then text), and the question.
Metadata in its version 0, which Kafka 4 still answers (KIP-896), takes a list of topics: its length in 4
bytes, and an empty one stands for all. Its answer begins with the brokers that are registered and not fenced:
id, host, port (MetadataRequest.json and MetadataResponse.json in Kafka's source).
"""

from __future__ import annotations

import socket
import struct

_METADATA, _VERSION = 3, 0
_CORRELATION = 1
_CLIENT = b"rmqlab"
_MOST = 64
"""More brokers than that nobody here starts: what says so is no Kafka."""

_ALL_TOPICS = struct.pack(">i", 0)
_QUESTION = struct.pack(">hhih", _METADATA, _VERSION, _CORRELATION, len(_CLIENT)) + _CLIENT + _ALL_TOPICS


def brokers(address: str, *, timeout_s: float = 3.0) -> list[str]:
    """Return the addresses of the brokers that a Kafka tells its clients of.

    Args:
        address: `host:port`.
        timeout_s: For connecting and for each read.

    Raises:
        OSError: nobody listens there, or the answer did not come in time.
        ValueError: what answered does not speak Kafka's protocol.
    """
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=timeout_s) as connection:
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError(f"nobody listens at {address}")  # a socket connected to itself
        connection.sendall(struct.pack(">i", len(_QUESTION)) + _QUESTION)
        _, correlation, count = struct.unpack(">iii", _read(connection, 12))
        if correlation != _CORRELATION or not 0 <= count <= _MOST:
            raise ValueError(f"What listens at {address} is not Kafka.")
        return [_broker(connection) for _ in range(count)]


def _broker(connection: socket.socket) -> str:
    _, length = struct.unpack(">ih", _read(connection, 6))
    host = _read(connection, length).decode()
    (port,) = struct.unpack(">i", _read(connection, 4))
    return f"{host}:{port}"


def _read(connection: socket.socket, count: int) -> bytes:
    parts = []
    while count > 0:
        part = connection.recv(count)
        if not part:
            raise ConnectionResetError("the node closed the connection before it answered")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
