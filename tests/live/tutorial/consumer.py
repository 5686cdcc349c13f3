"""Print every message, for ever: the consumer of every RocketMQ tutorial for Python."""

# As tutorials write it.
# ruff: noqa: T201

import time

from rocketmq.client import ConsumeStatus, PushConsumer


def callback(msg):
    print(msg.id, msg.body, msg.get_property("property"), flush=True)
    return ConsumeStatus.CONSUME_SUCCESS


consumer = PushConsumer("CID_XXX")
consumer.set_name_server_address("127.0.0.1:9876")
consumer.subscribe("TopicTest", callback)
consumer.start()

while True:
    time.sleep(3600)

consumer.shutdown()
