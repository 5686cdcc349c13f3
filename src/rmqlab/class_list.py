"""For maintainers: record what the pinned jars hold.

Which classes NameServer, broker and client load, for `runtime/archive.py`; which properties a broker knows,
for `broker_properties.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rmqlab.broker_properties import LIST
from rmqlab.client.java import java_class
from rmqlab.errors import StartError
from rmqlab.runtime.archive import CLASS_LIST

_CONFIGURATIONS = (
    "org.apache.rocketmq.common.BrokerConfig",
    "org.apache.rocketmq.store.config.MessageStoreConfig",
    "org.apache.rocketmq.remoting.netty.NettyServerConfig",
    "org.apache.rocketmq.remoting.netty.NettyClientConfig",
    "org.apache.rocketmq.auth.config.AuthConfig",
)
"""What BrokerStartup fills from a broker's configuration file."""

_RUN = """
import os
os.environ["RMQLAB_NODE_OPTIONS"] = "-XX:DumpLoadedClassList=classes.lst"
from rmqlab import start_cluster
from rmqlab.observe import Interest, Reader
from rocketmq.client import ConsumeStatus, Message, Producer, PushConsumer
import threading
cluster = start_cluster(lease_s=60)
came = threading.Event()
producer = Producer("classes")
producer.set_name_server_address(cluster.namesrv)
producer.start()
message = Message("classes")
message.set_body("x")
producer.send_sync(message)
consumer = PushConsumer("classes-readers")
consumer.set_name_server_address(cluster.namesrv)
consumer.subscribe("classes", lambda _: came.set() or ConsumeStatus.CONSUME_SUCCESS)
consumer.start()
assert came.wait(30)
reader = Reader(cluster)
reader.read(Interest(frozenset({"classes"}), messages=3))
reader.close()
consumer.shutdown()
producer.shutdown()
print(*(cluster.folder / node / "classes.lst" for node in cluster.nodes), sep="\\n", flush=True)
input()
cluster.stop()
"""


def record_classes() -> Path:
    """Run a broker and a client, and write down the classes that they loaded, and the lambdas that they made.

    Raises:
        StartError: the run failed; what it said stands above.
    """
    with tempfile.TemporaryDirectory() as home:
        of_client = Path(home) / "client.lst"
        environment = {
            **os.environ,
            "RMQLAB_HOME": home,
            "RMQLAB_JVM_OPTIONS": f"-XX:DumpLoadedClassList={of_client}",
        }
        with subprocess.Popen(
            [sys.executable, "-c", _RUN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            lists = [process.stdout.readline().strip() for _ in range(2)]
            if not all(lists):
                raise StartError("The run that records the classes failed; what it said stands above.")
            lines = dict.fromkeys(line for path in (*lists, of_client) for line in _lines(Path(path)))
            process.communicate("\n")
    CLASS_LIST.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return CLASS_LIST


def _lines(path: Path) -> list[str]:
    """Take the classes of the JDK and of RocketMQ's jars, and their lambdas (lines with `@`).

    A lambda's class is generated and has another name each time; what it is made from stays the same.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    from_jars = (line for line in lines if not line.startswith("#") and " source: " not in line)
    kept = (line if line.startswith("@") else line.split(" ")[0] for line in from_jars)
    generated_or_ours = ("$$Lambda", "/LambdaForm", "org/jpype", "rmqlab/")
    return [line for line in kept if not any(mark in line for mark in generated_or_ours)]


def record_properties() -> Path:
    """Write down the properties that a broker's configuration file may hold: what has a setter."""
    names = {each.rpartition(".")[2]: _settable(java_class(each)) for each in _CONFIGURATIONS}
    LIST.write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8", newline="\n")
    return LIST


def _settable(java: Any) -> list[str]:
    """Name the properties of a class as MixAll.properties2Object does, those without a default too."""
    setters = (method for method in java.class_.getMethods() if method.getParameterCount() == 1)
    names = (str(method.getName()) for method in setters)
    return sorted({name[3].lower() + name[4:] for name in names if name.startswith("set")})
