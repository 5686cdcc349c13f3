"""What a broker is made of: a Java runtime and RocketMQ's jars."""

from rmqlab.runtime.archive import archive_options, ensure_archive
from rmqlab.runtime.jars import ROCKETMQ, ensure_jars, jars_status
from rmqlab.runtime.java import Java, find_java
from rmqlab.runtime.platforms import ensure_native
from rmqlab.runtime.releases import QUICK_END, RELEASES

__all__ = [
    "QUICK_END",
    "RELEASES",
    "ROCKETMQ",
    "Java",
    "archive_options",
    "ensure_archive",
    "ensure_jars",
    "ensure_native",
    "find_java",
    "jars_status",
]
