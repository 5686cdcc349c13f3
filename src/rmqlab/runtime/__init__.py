"""What a broker is made of: a Java runtime and RocketMQ's jars."""

from rmqlab.runtime.jars import ROCKETMQ, ensure_jars, jars_status
from rmqlab.runtime.java import Java, find_java

__all__ = ["ROCKETMQ", "Java", "ensure_jars", "find_java", "jars_status"]
