"""A connection to one cluster: who is there, and where each broker answers.

What is asked and told over it is `admin`'s and `message_questions`' affair.
"""

from __future__ import annotations

import atexit
import itertools
import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

import jpype

from rmqlab.client import running
from rmqlab.client.broker_commands import BrokerCommands
from rmqlab.client.broker_questions import BrokerQuestions, asking, code_of, refusal
from rmqlab.client.java import start_jvm
from rmqlab.client.names import Names
from rmqlab.client.routes import addresses_of, route_of
from rmqlab.client.signing import signing_hook
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from typing import Self

    from rmqlab.client.facts import BrokerRoute

_TOPIC_NOT_EXIST = 17  # org.apache.rocketmq.remoting.protocol.ResponseCode

_serial = itertools.count(1)
_open: weakref.WeakSet[Connection] = weakref.WeakSet()


class Connection:
    """A connection to one cluster. Thread-safe; close it, or use it in `with`.

    Args:
        namesrv: the NameServer's address, `host:port` (several: separated by `;`).
        timeout_s: deadline of each question, in seconds.
        credentials: access key and secret key, where the brokers ask for them.
        namespace: on a cluster that others use too, where our topics and groups are (see `names.Names`).

    Raises:
        AdminError: the connection could not be set up. A NameServer that is down shows at the first question.
    """

    def __init__(
        self,
        namesrv: str,
        *,
        timeout_s: float = 3.0,
        credentials: tuple[str, str] | None = None,
        namespace: str | None = None,
    ) -> None:
        start_jvm()
        self.namesrv = namesrv
        self._names = Names(namespace)
        self._timeout_ms = int(timeout_s * 1000)
        admin_class = jpype.JClass("org.apache.rocketmq.tools.admin.DefaultMQAdminExt")
        with asking(f"connect to {namesrv}"):
            self._ext = admin_class(signing_hook(credentials), self._timeout_ms)
            self._ext.setNamesrvAddr(namesrv)
            # Instances of one name share a connection, and its first owner's shutdown would end it for all.
            self._ext.setInstanceName(f"rmqlab-admin-{os.getpid()}-{next(_serial)}")
            self._ext.start()
            clients = jpype.JClass("org.apache.rocketmq.client.impl.MQClientManager").getInstance()
            # The running instance, found by the name above: its API asks one broker, with a deadline.
            self._instance = clients.getOrCreateMQClientInstance(self._ext)
            self._api = self._instance.getMQClientAPIImpl()
        self._closed = False
        _open.add(self)

    def close(self) -> None:
        """End the connection; a second time does nothing."""
        if not self._closed:
            self._closed = True
            with suppress(jpype.JException):
                running.end(self._ext, self._instance)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.namesrv!r})"

    # -- the cluster -------------------------------------------------------------------------------

    def at(self, address: str) -> BrokerQuestions:
        """Return the questions to the broker at one address, with this connection's deadline."""
        return BrokerQuestions(self._api, address, self._timeout_ms, self._names)

    def command(self, address: str) -> BrokerCommands:
        """Return the commands to the broker at one address, with this connection's deadline."""
        return BrokerCommands(self._api, address, self._timeout_ms, self._names)

    def brokers(self) -> dict[str, dict[int, str]]:
        """Return what the NameServer knows: broker name to {broker id: address}; id 0 is the master."""
        with asking(f"ask the NameServer {self.namesrv} for its brokers"):
            table = self._api.getBrokerClusterInfo(self._timeout_ms).getBrokerAddrTable()
            known = {str(entry.getKey()): addresses_of(entry.getValue()) for entry in table.entrySet()}
        return dict(sorted(known.items()))

    def runtime_stats(self, broker: str) -> dict[str, str]:
        """Return the own account (mqadmin brokerStatus) of a broker, given by name or address."""
        return self.at(self._address(broker)).runtime_stats()

    def update_broker_config(self, broker: str, **properties: object) -> None:
        """Change a running broker's properties, as mqadmin updateBrokerConfig does."""
        self.command(self._address(broker)).update_config(properties)

    def route(self, topic: str) -> tuple[BrokerRoute, ...]:
        """Return a topic's route, one entry a broker, by broker name; empty if the NameServer knows none."""
        try:
            data = self._api.getTopicRouteInfoFromNameServer(self._names.real(topic), self._timeout_ms)
        except jpype.JException as error:
            if code_of(error) == _TOPIC_NOT_EXIST:
                return ()
            raise refusal(f"ask the NameServer {self.namesrv} for the route of {topic}", error) from None
        return route_of(data)

    # -- addresses ---------------------------------------------------------------------------------

    def _address(self, broker: str) -> str:
        if ":" in broker:
            return broker
        known = self.brokers()
        if broker not in known:
            names = ", ".join(known) or "none"
            raise AdminError(f"The NameServer {self.namesrv} knows no broker {broker!r}; it knows: {names}.")
        return known[broker][min(known[broker])]

    def _everywhere(self, what: str) -> list[str]:
        """Return the address of each broker's master (or of its lowest slave)."""
        addresses = [table[min(table)] for table in self.brokers().values() if table]
        if not addresses:
            raise AdminError(
                f"Could not {what}: no broker is registered at the NameServer {self.namesrv}. "
                "A broker that was just started registers within seconds; `rmqlab ps` shows which ones run."
            )
        return addresses


@atexit.register
def _close_all() -> None:
    # A live connection's threads would keep a script from ending.
    for connection in list(_open):
        connection.close()
