"""What can be chosen on top of any topology. Pure: options and a topology give a topology."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from rmqlab.authentication import broker_properties
from rmqlab.broker_properties import require_known
from rmqlab.errors import ClusterError
from rmqlab.topology import LEGACY, TIMERS

if TYPE_CHECKING:
    from rmqlab.authentication import Credentials
    from rmqlab.topology import BrokerShape, Topology

_SHORTEST_CHECK_MS = 100


@dataclass(frozen=True)
class ClusterOptions:
    """What a cluster is started with; what is left out stays as the topology says, or as RocketMQ does.

    Attributes:
        flush: `sync`: a send is answered once it is on the disk (flushDiskType).
        replication: `sync`: a send is answered once a slave has it too (brokerRole, inSyncReplicas).
        delay_levels: Delay levels of one's own, such as `1s 5s 10s` (messageDelayLevel).
        transaction_check_ms: Ask a producer about a half message after so long, and again as often.
        trace: Keep a trace of messages whose clients trace (traceTopicEnable).
        timers: Messages to the moment (timerWheelEnable); the scan costs 8 % of a core.
        authentication: Let in only who has the cluster's credentials.
        metrics: Let Prometheus, or anybody else, read the brokers' metrics (metricsExporterType).
        links: Put a relay in front of the nodes, so that the network between them can be cut or slowed.
        slow_disk: Let the disk be slowed while the broker runs (Linux, with a C compiler).
        properties: Broker properties by RocketMQ's own names. They override all others.
    """

    flush: Literal["async", "sync"] | None = None
    replication: Literal["async", "sync"] | None = None
    delay_levels: str | None = None
    transaction_check_ms: int | None = None
    trace: bool = False
    timers: bool = False
    authentication: bool = False
    metrics: bool = False
    links: bool = False
    slow_disk: bool = False
    properties: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, **chosen: Any) -> ClusterOptions:
        """Return the options, checked.

        Raises:
            ClusterError: there is no such option, or no such value.
            UnknownPropertyError: a broker has no such property.
        """
        names = [each.name for each in fields(cls)]
        for name in chosen:
            if name not in names:
                raise ClusterError(f"There is no option called {name!r}. There are: {', '.join(names)}.")
        options = cls(**chosen)
        for name, value in (("flush", options.flush), ("replication", options.replication)):
            if value not in {None, "async", "sync"}:
                raise ClusterError(f"{name} is async or sync, not {value!r}.")
        check_ms = options.transaction_check_ms
        if check_ms is not None and check_ms < _SHORTEST_CHECK_MS:
            raise ClusterError(f"transaction_check_ms is {_SHORTEST_CHECK_MS} at least, not {check_ms}.")
        as_text = {name: _text(value) for name, value in options.properties.items()}
        require_known(list(as_text))
        return replace(options, properties=as_text)

    def chosen(self) -> dict[str, Any]:
        """Return what differs from the defaults, for people to read and for records to keep."""
        default = asdict(ClusterOptions())
        return {name: value for name, value in asdict(self).items() if value != default[name]}


def configured(
    topology: Topology, options: ClusterOptions, credentials: Credentials | None = None
) -> Topology:
    """Return the topology with the options written into its brokers' roles and properties.

    Raises:
        ClusterError: its release knows no authentication, or no metrics.
    """
    if topology.release == LEGACY and (credentials or options.metrics):
        what = "authentication" if credentials else "metrics"
        raise ClusterError(
            f"A 4.9 broker does not know RocketMQ 5's {what}. Leave it out, or take another topology."
        )
    signing = broker_properties(credentials) if credentials else {}
    brokers = tuple(_with_role(shape, options) for shape in topology.brokers)
    properties = {**topology.properties, **_properties(topology, options), **signing, **options.properties}
    return replace(topology, brokers=brokers, properties=properties)


def _with_role(shape: BrokerShape, options: ClusterOptions) -> BrokerShape:
    if options.replication is None or shape.role == "SLAVE":
        return shape
    return replace(shape, role="SYNC_MASTER" if options.replication == "sync" else "ASYNC_MASTER")


def _properties(topology: Topology, options: ClusterOptions) -> dict[str, str]:
    properties = {}
    if options.flush:
        properties["flushDiskType"] = f"{options.flush.upper()}_FLUSH"
    if options.replication == "sync":
        properties["inSyncReplicas"] = "2"
    elif options.replication == "async":
        properties["inSyncReplicas"] = "1"
    if topology.controller and options.replication == "async":
        properties["allAckInSyncStateSet"] = "false"
    if options.delay_levels:
        properties["messageDelayLevel"] = options.delay_levels
    if options.transaction_check_ms:
        properties["transactionTimeOut"] = str(options.transaction_check_ms)
        properties["transactionCheckInterval"] = str(options.transaction_check_ms)
        # the broker notes what was settled in batches, every three seconds by default: until then it asks
        # again about settled messages
        properties["transactionOpBatchInterval"] = str(
            max(_SHORTEST_CHECK_MS, options.transaction_check_ms // 10)
        )
    if options.trace:
        properties["traceTopicEnable"] = "true"
    if options.timers:
        properties.update(TIMERS)
    return properties


def _text(value: object) -> str:
    """Write a value as a properties file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
