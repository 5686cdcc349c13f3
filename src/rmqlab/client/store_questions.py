"""What a broker says of its commit log and of its replication, and what a controller says of its replicas.

`BrokerQuestions.store` makes these questions; `store_facts` reads the answers.
"""

from __future__ import annotations

import json
from typing import Any

import jpype

from rmqlab.client.java import java_class
from rmqlab.client.reasons import reason_of
from rmqlab.client.store_facts import (
    Positions,
    ReplicaSet,
    StoreSettings,
    positions_of,
    replica_sets_of,
)
from rmqlab.errors import AdminError

# Of org.apache.rocketmq.remoting.protocol.RequestCode and ResponseCode.
_GET_BROKER_HA_STATUS = 907
_CONTROLLER_GET_METADATA_INFO = 1005
_CONTROLLER_GET_SYNC_STATE_DATA = 1006
_REQUEST_CODE_NOT_SUPPORTED = 3
_REMOTING_COMMAND = "org.apache.rocketmq.remoting.protocol.RemotingCommand"


class StoreQuestions:
    """Questions to the node at one address. AdminError if it does not answer or refuses."""

    def __init__(self, api: Any, address: str, timeout_ms: int, *, is_shared: bool) -> None:
        self._api = api
        self._address = address
        self._timeout_ms = timeout_ms
        self.is_shared = is_shared

    def positions(self) -> Positions | None:
        """Return the broker's positions; None from one that does not know the question (4.9)."""
        answer = self._ask(_GET_BROKER_HA_STATUS, "replication")
        if int(answer.getCode()) == _REQUEST_CODE_NOT_SUPPORTED:
            return None
        return positions_of(self._body(answer, "replication"))

    def settings(self) -> StoreSettings:
        """Return what the broker is configured as."""
        try:
            config = self._api.getBrokerConfig(self._address, self._timeout_ms)
        except jpype.JException as error:
            raise self._refusal("configuration", error) from None

        def value(name: str) -> str:
            return str(config.getProperty(name) or "")

        return StoreSettings(
            value("brokerName"),
            value("flushDiskType") == "SYNC_FLUSH",
            value("controllerAddr") if value("enableControllerMode") == "true" else "",
            value("allAckInSyncStateSet") == "true",
        )

    def replica_sets(self, brokers: tuple[str, ...]) -> tuple[ReplicaSet, ...]:
        """Ask a controller, through whichever of its peers leads, for the replicas of brokers by name."""
        told = self._ask(_CONTROLLER_GET_METADATA_INFO, "leader").getExtFields()
        leader = str((told and told.get("controllerLeaderAddress")) or self._address)
        asked = StoreQuestions(self._api, leader, self._timeout_ms, is_shared=self.is_shared)
        answer = asked._ask(_CONTROLLER_GET_SYNC_STATE_DATA, "replicas", json.dumps(brokers).encode())
        return replica_sets_of(asked._body(answer, "replicas"))

    def _ask(self, code: int, what: str, body: bytes = b"") -> Any:
        request = java_class(_REMOTING_COMMAND).createRequestCommand(code, None)
        if body:
            request.setBody(body)
        try:
            return self._api.getRemotingClient().invokeSync(self._address, request, self._timeout_ms)
        except jpype.JException as error:
            raise self._refusal(what, error) from None

    def _body(self, answer: Any, what: str) -> Any:
        body = answer.getBody()
        if int(answer.getCode()) != 0 or body is None:
            why = f"{answer.getRemark()} (code {answer.getCode()})"
            raise AdminError(f"Could not ask {self._address} for its {what}: {why}")
        return json.loads(bytes(body))

    def _refusal(self, what: str, error: Any) -> AdminError:
        return AdminError(f"Could not ask {self._address} for its {what}: {reason_of(error)}")
