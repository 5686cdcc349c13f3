"""RocketMQ's remoting protocol, as far as starting a cluster needs it: one question, one answer, no JVM.

A frame is: total length (4 bytes), header length (4 bytes, the highest names the serialization, 0 = JSON),
the header as JSON, the body (RemotingCommand.encode in RocketMQ's remoting module). Messages go
through the real client; this is for questions that must be answered before one runs.

A broker that asks for authentication wants each request signed (AclClientRPCHook, AclUtils): base64 of the
HMAC-SHA1, by the secret key, over the header fields' values in the order of their names, then the body.
"""

from __future__ import annotations

import base64
import hmac
import itertools
import json
import re
import socket
import struct
from dataclasses import dataclass
from typing import Any

from rmqlab.errors import AdminError

UPDATE_BROKER_CONFIG = 25
GET_BROKER_RUNTIME_INFO = 28
GET_ROUTE_INFO_BY_TOPIC = 105
GET_BROKER_CLUSTER_INFO = 106
GET_BROKER_HA_STATUS = 907
CONTROLLER_GET_SYNC_STATE_DATA = 1006
SUCCESS = 0

_VERSION = 501
"""What MQVersion calls V5_4_0 or a neighbour: brokers only log it."""

_MIN_FRAME = 4
_MAX_FRAME = 16 * 1024 * 1024
_opaque = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What a node answered: a ResponseCode (0 = success), its remark, its header fields, its body."""

    code: int
    remark: str
    fields: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON. RocketMQ writes number keys bare (fastjson), which is mended here."""
        return json.loads(re.sub(rb"([{,])(\d+):", rb'\1"\2":', self.body))


def ask(  # noqa: PLR0913  (each is a part of the request)
    address: str,
    code: int,
    fields: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    timeout_s: float = 3.0,
    credentials: tuple[str, str] | None = None,
) -> Answer:
    """Send one request to a NameServer or broker and return its answer.

    Args:
        address: `host:port`.
        code: A RequestCode of RocketMQ.
        fields: The request's header fields.
        body: The request's body.
        timeout_s: For connecting and for each read.
        credentials: Access key and secret key to sign with; a NameServer asks for none.

    Raises:
        OSError: nobody listens there, or the answer did not come in time.
        AdminError: what answered does not speak RocketMQ's protocol.
    """
    host, _, port = address.rpartition(":")
    opaque = next(_opaque)
    header = {
        "code": code,
        "language": "PYTHON",
        "version": _VERSION,
        "opaque": opaque,
        "flag": 0,
        "serializeTypeCurrentRPC": "JSON",
        "extFields": _signed(fields or {}, body, *credentials) if credentials else fields or {},
    }
    encoded = json.dumps(header).encode()
    frame = struct.pack(">ii", 4 + len(encoded) + len(body), len(encoded)) + encoded + body
    with socket.create_connection((host, int(port)), timeout=timeout_s) as connection:
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError(f"nobody listens at {address}")  # a socket connected to itself
        connection.sendall(frame)
        (length,) = struct.unpack(">i", _read(connection, 4))
        if not _MIN_FRAME <= length <= _MAX_FRAME:
            raise AdminError(f"What listens at {address} is not RocketMQ.")
        answer = _read(connection, length)
    (header_length,) = struct.unpack(">i", answer[:4])
    header_length &= 0x00FFFFFF
    try:
        got = json.loads(answer[4 : 4 + header_length])
    except ValueError:
        raise AdminError(f"What listens at {address} is not RocketMQ.") from None
    return Answer(
        got["code"], got.get("remark") or "", got.get("extFields") or {}, answer[4 + header_length :]
    )


def _signed(fields: dict[str, str], body: bytes, access_key: str, secret_key: str) -> dict[str, str]:
    fields = {**fields, "AccessKey": access_key}
    content = "".join(fields[name] for name in sorted(fields)).encode() + body
    signature = hmac.digest(secret_key.encode(), content, "sha1")
    return {**fields, "Signature": base64.b64encode(signature).decode()}


def _read(connection: socket.socket, count: int) -> bytes:
    parts = []
    while count:
        part = connection.recv(min(count, 65536))
        if not part:
            raise ConnectionResetError("the node closed the connection before it answered")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def registered_brokers(namesrv: str, *, timeout_s: float = 3.0) -> dict[tuple[str, int], str]:
    """Return what a NameServer knows: (broker name, broker id) to the broker's address."""
    answer = ask(namesrv, GET_BROKER_CLUSTER_INFO, timeout_s=timeout_s)
    table = answer.json().get("brokerAddrTable") or {}
    return {
        (name, int(broker_id)): address
        for name, data in table.items()
        for broker_id, address in (data.get("brokerAddrs") or {}).items()
    }


def has_route(namesrv: str, topic: str, *, timeout_s: float = 3.0) -> bool:
    """Tell whether a NameServer serves a route for a topic."""
    fields = {"topic": topic, "acceptStandardJsonOnly": "true"}
    return ask(namesrv, GET_ROUTE_INFO_BY_TOPIC, fields, timeout_s=timeout_s).code == SUCCESS


def make_register(broker: str, *, timeout_s: float = 3.0, credentials: tuple[str, str] | None = None) -> None:
    """Make a broker register with its NameServers now.

    The registration at boot is usually skipped without a word, because the broker's list of reachable
    NameServers is still empty (NettyRemotingClient.scanAvailableNameSrv), and the next comes ten seconds
    later. Setting brokerPermission registers in full at once (AdminBrokerProcessor.updateBrokerConfig);
    6 is its default.
    """
    body = b"brokerPermission=6"
    ask(broker, UPDATE_BROKER_CONFIG, body=body, timeout_s=timeout_s, credentials=credentials)


def counts(broker: str, *, timeout_s: float = 3.0, credentials: tuple[str, str] | None = None) -> bool:
    """Tell whether a broker can say what it has done: not in the first second after its store has opened.

    Until the first sample is taken, GET_BROKER_RUNTIME_INFO and with it `mqadmin clusterList` answer with a
    NoSuchElementException (StoreStatsService.getPutTps).
    """
    answer = ask(broker, GET_BROKER_RUNTIME_INFO, timeout_s=timeout_s, credentials=credentials)
    return answer.code == SUCCESS


def slaves_in_sync(master: str, *, timeout_s: float = 3.0, credentials: tuple[str, str] | None = None) -> int:
    """Return how many slaves have all that the master has (HARuntimeInfo.inSyncSlaveNums).

    A broker that is no master has none.
    """
    answer = ask(master, GET_BROKER_HA_STATUS, timeout_s=timeout_s, credentials=credentials)
    status = answer.json() if answer.code == SUCCESS else {}
    return int(status.get("inSyncSlaveNums", 0)) if status.get("master") else 0


def heard_by(controller: str, broker_name: str, *, timeout_s: float = 3.0) -> set[str]:
    """Return the addresses of the replicas whose heartbeats a controller receives (BrokerReplicasInfo)."""
    body = json.dumps([broker_name]).encode()
    answer = ask(controller, CONTROLLER_GET_SYNC_STATE_DATA, body=body, timeout_s=timeout_s)
    table = answer.json()["replicasInfoTable"] if answer.code == SUCCESS else {}
    known = table.get(broker_name, {})
    replicas = (*known.get("inSyncReplicas", ()), *known.get("notInSyncReplicas", ()))
    return {replica["brokerAddress"] for replica in replicas if replica["alive"]}
