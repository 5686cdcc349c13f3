"""Names of topics and groups on a cluster that others use too: RocketMQ's namespaces, `NAMESPACE%orders`.

The Java clients put the namespace before each name that they send and take it off again (ClientConfig
namespace, NamespaceUtil); administrators' questions do not, so it is done here for them. A name that has the
namespace already keeps it, retry topics have it inside (`%RETRY%NAMESPACE%stock`), RocketMQ's own topics have
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmqlab.client.facts import QueueRef
from rmqlab.client.java import java_class
from rmqlab.errors import NotOursError

if TYPE_CHECKING:
    from typing import Any

SYSTEM_PREFIXES = ("%RETRY%", "%DLQ%", "rmq_sys_", "RMQ_SYS_")
_UTIL = "org.apache.rocketmq.remoting.protocol.NamespaceUtil"


class Names:
    """Translates between a learner's names and the cluster's.

    Args:
        namespace: None on a cluster of one's own: names are what they are, and everything may be changed.
            Empty on a cluster of others' that is only looked at.
    """

    def __init__(self, namespace: str | None = None) -> None:
        self.namespace = namespace

    @property
    def is_shared(self) -> bool:
        """Tell a cluster of others' from one's own."""
        return self.namespace is not None

    def real(self, name: str) -> str:
        """Return the name by which the cluster knows a topic or group."""
        return str(self._util.wrapNamespace(self.namespace, name)) if self.namespace else name

    def shown(self, name: str) -> str:
        """Return the learner's name for a topic or group."""
        return str(self._util.withoutNamespace(name, self.namespace)) if self.namespace else name

    def is_inside(self, real: str) -> bool:
        """Tell whether a real name belongs to the namespace."""
        return bool(self.namespace) and bool(self._util.isAlreadyWithNamespace(real, self.namespace))

    def real_queue(self, queue: QueueRef) -> QueueRef:
        """Return a queue by its topic's real name."""
        return QueueRef(self.real(queue.topic), queue.broker, queue.queue_id) if self.namespace else queue

    def shown_queue(self, queue: QueueRef) -> QueueRef:
        """Return a queue by its topic's shown name."""
        return QueueRef(self.shown(queue.topic), queue.broker, queue.queue_id) if self.namespace else queue

    def changeable(self, name: str) -> str:
        """Return the real name of what is to be created, changed or deleted.

        Raises:
            NotOursError: it is not ours on a cluster that others use.
        """
        real = self.real(name)
        if self.is_shared and not self.is_inside(real):
            why = f"outside of your namespace {self.namespace}" if self.namespace else "not of this session"
            raise NotOursError(
                f"{name} is {why} on a cluster that others use: it can be looked at, not changed or deleted."
            )
        return real

    def require_own_cluster(self, what: str) -> None:
        """See to it that the cluster is one's own.

        Raises:
            NotOursError: it is not.
        """
        if self.is_shared:
            raise NotOursError(
                f"Could not {what}: others use this cluster too, and nothing but your own topics and groups "
                "is changed there. Start a cluster of your own for it: `start_cluster()`."
            )

    @property
    def _util(self) -> Any:
        return java_class(_UTIL)


def without_system_topics(names: list[str], cluster_info: Any) -> list[str]:
    """Leave out the topics that RocketMQ made for itself; `cluster_info` is Java's ClusterInfo."""
    # A broker makes a topic of its own name and one of its cluster's.
    tables = (cluster_info.getBrokerAddrTable(), cluster_info.getClusterAddrTable())
    own = {str(name) for table in tables for name in table.keySet()}
    is_system = java_class("org.apache.rocketmq.common.topic.TopicValidator").isSystemTopic
    return [
        name
        for name in names
        if name not in own
        and not name.startswith(SYSTEM_PREFIXES)
        and not name.endswith("_REPLY_TOPIC")
        and not is_system(name)
    ]
