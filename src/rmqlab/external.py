"""A cluster that somebody else runs, seen from here: who is there, what is ours there, and its removal.

Ours is what is in our namespace (client/names.py): nothing else is ever created, changed or deleted.
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from rmqlab import records
from rmqlab.authentication import Credentials
from rmqlab.client import membership, remoting
from rmqlab.errors import AdminError, ExternalClusterError
from rmqlab.nodespec import NodeSpec
from rmqlab.places import state_dir

if TYPE_CHECKING:
    from rmqlab.client.admin import Admin
    from rmqlab.nodespec import NodeRole, Program
    from rmqlab.records import Record

_ANSWER_S = 2.0
_REMOVAL_S = 5.0
_ADDRESS = re.compile(r"[^\s;:]+:\d{1,5}")
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_HEART_BEAT = 34  # RequestCode: what asks for nothing but to be let in
_NOBODY = b'{"clientID":"rmqlab","producerDataSet":[],"consumerDataSet":[]}'
_LONGEST_PART = 32  # a topic's name has 127 characters at most (TopicValidator)


def learner() -> str:
    """Return who works here, as a part of a name: RMQLAB_LEARNER, JUPYTERHUB_USER, or the user and a number.

    The number is drawn once for each state folder: in a class many users have the same name.
    """
    named = os.environ.get("RMQLAB_LEARNER") or os.environ.get("JUPYTERHUB_USER")
    if named:
        return _fit(named)
    note = state_dir() / "learner"
    with suppress(OSError):
        return _fit(note.read_text(encoding="utf-8"))
    user = ""
    with suppress(OSError, KeyError):  # a container may run as a user that has no name
        user = getpass.getuser()
    name = f"{_fit(user)}-{secrets.token_hex(2)}"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(name, encoding="utf-8")
    return name


def namespace_of(what: str) -> str:
    """Return the namespace of this learner's `what`, such as a lab."""
    return f"rmqlab-{learner()}-{_fit(what)}"


def _fit(text: str) -> str:
    return _UNFIT.sub("-", text.strip())[:_LONGEST_PART].strip("-") or "somebody"


def credentials_here() -> Credentials | None:
    """Return the credentials of RMQLAB_ACCESS_KEY and RMQLAB_SECRET_KEY, None without them.

    Raises:
        ExternalClusterError: only one of the two is set.
    """
    keys = os.environ.get("RMQLAB_ACCESS_KEY"), os.environ.get("RMQLAB_SECRET_KEY")
    if any(keys) and not all(keys):
        raise ExternalClusterError("Credentials are two: set RMQLAB_ACCESS_KEY and RMQLAB_SECRET_KEY.")
    return Credentials(*keys) if all(keys) else None


def discover(namesrv: str, proxy: str, credentials: Credentials | None) -> tuple[NodeSpec, ...]:
    """Ask the NameServers who is there, and the brokers whether they let us in.

    Raises:
        ExternalClusterError: an address is none, nobody answers, no broker is registered or within reach, or
            they refuse the credentials.
    """
    addresses = [each.strip() for each in re.split("[;,]", namesrv) if each.strip()]
    for address in (*addresses, *((proxy,) if proxy else ())):
        if not _ADDRESS.fullmatch(address):
            raise ExternalClusterError(f"{address!r} is not an address: write host:port, such as box:9876.")
    if not addresses:
        also = (
            " A proxy serves gRPC clients; pictures and checks ask NameServer and brokers." if proxy else ""
        )
        raise ExternalClusterError(
            f"Which cluster? Give its NameServer's address, or set RMQLAB_NAMESRV.{also}"
        )
    with ThreadPoolExecutor(len(addresses)) as pool:
        tables = list(pool.map(_brokers_of, addresses))
    problems = [table for table in tables if isinstance(table, Exception)]
    if len(problems) == len(tables):
        raise ExternalClusterError(
            f"No NameServer answers at {namesrv} ({problems[0]}). Check the address, and that this machine "
            "is in the cluster's network."
        )
    brokers = {key: at for table in tables if isinstance(table, dict) for key, at in table.items()}
    if not brokers:
        raise ExternalClusterError(
            f"The NameServer {namesrv} answers, but no broker is registered there. Ask whoever runs it."
        )
    _require_welcome(brokers, credentials)
    many = len(addresses) > 1
    specs = [
        _spec(f"namesrv-{'abcdefgh'[n % 8]}" if many else "namesrv", "NAMESRV", address)
        for n, address in enumerate(addresses)
    ]
    specs += [
        _spec(name if number == 0 else f"{name}-s{number}", "SLAVE" if number else "MASTER", at, name, number)
        for (name, number), at in sorted(brokers.items())
    ]
    if proxy:
        specs.append(_spec("proxy", "PROXY", proxy))
    return tuple(specs)


def _brokers_of(namesrv: str) -> dict[tuple[str, int], str] | Exception:
    try:
        return remoting.registered_brokers(namesrv, timeout_s=_ANSWER_S)
    except (OSError, ValueError, AdminError) as error:
        return error


def _require_welcome(brokers: dict[tuple[str, int], str], credentials: Credentials | None) -> None:
    """Ask each broker for nothing, signed: somebody has to answer, and nobody may refuse."""

    def knock(address: str) -> str | Exception:
        try:
            answer = remoting.ask(
                address, _HEART_BEAT, body=_NOBODY, timeout_s=_ANSWER_S, credentials=credentials
            )
        except (OSError, ValueError, AdminError) as error:
            return error
        return "" if answer.code == remoting.SUCCESS else answer.remark.strip() or f"code {answer.code}"

    with ThreadPoolExecutor(min(16, len(brokers))) as pool:
        answers = dict(zip(brokers, pool.map(knock, brokers.values()), strict=True))
    if all(isinstance(answer, Exception) for answer in answers.values()):
        (name, _), address = next(iter(brokers.items()))
        raise ExternalClusterError(
            f"The NameServer answers, but the broker {name}, which it knows at {address}, cannot be reached "
            f"from here ({answers[next(iter(brokers))]}). Its brokerIP1 has to be an address in your network."
        )
    for (name, _), answer in answers.items():
        if isinstance(answer, str) and answer:
            whose = (
                f"the access key {credentials.access_key}" if credentials else "a client without credentials"
            )
            raise ExternalClusterError(
                f"The broker {name} does not let in {whose}: {answer.rstrip('.')}. Ask whoever runs it for "
                "credentials, and set RMQLAB_ACCESS_KEY and RMQLAB_SECRET_KEY."
            )


def _spec(name: str, role: NodeRole, address: str, broker_name: str = "", broker_id: int = -1) -> NodeSpec:
    program: dict[str, Program] = {"NAMESRV": "mqnamesrv", "PROXY": "mqproxy"}
    return NodeSpec(
        name=name,
        role=role,
        program=program.get(role, "mqbroker"),
        address=address,
        ports=(int(address.rpartition(":")[2]),),
        max_heap_mb=0,
        files={},
        arguments=(),
        broker_name=broker_name,
        broker_id=broker_id,
        system_properties={},
    )


def join(record: Record) -> None:
    """Let the clients of this process know their namespace and credentials there."""
    namespace = str(record.options["namespace"])
    membership.enter(record.namesrv, membership.Membership(namespace, records.credentials(record.name)))


def remove_ours(record: Record) -> None:
    """Delete our topics and groups there; where nobody answers, warn that they stay.

    A group whose consumer left within the last 20 s may come back, empty: the broker holds the consumer's
    last question for so long, and makes the group anew when it answers (PullRequestHoldService,
    SubscriptionGroupManager.findSubscriptionGroupConfig).
    """
    namespace = str(record.options["namespace"])
    membership.leave(record.namesrv)
    if not namespace:
        return
    from rmqlab.client.admin import Admin  # noqa: PLC0415  (half a second of JVM that seldom is needed)

    credentials = records.credentials(record.name)
    try:
        with Admin(
            record.namesrv, timeout_s=_REMOVAL_S, credentials=credentials, namespace=namespace
        ) as admin:
            for group in _groups(admin):
                admin.delete_group(group)
            for topic in admin.topics(system=True):  # retry and dead-letter topics too
                admin.delete_topic(topic)
    except AdminError as error:
        warnings.warn(
            f"Your topics and groups stay at {record.namesrv}, in the namespace {namespace}: {error}",
            stacklevel=2,
        )


def _groups(admin: Admin) -> set[str]:
    """Name our groups: those that the brokers tell, and those that left a retry topic."""
    groups = {topic.removeprefix("%RETRY%") for topic in admin.topics(system=True) if "%RETRY%" in topic}
    for addresses in admin.brokers().values():
        with suppress(AdminError):  # a broker may let us in without telling everything
            groups |= set(admin.at(addresses[min(addresses)]).all_groups())
    return groups
