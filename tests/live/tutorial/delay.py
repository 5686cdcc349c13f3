"""Send one message with delay level 2 (five seconds) and print when it arrives."""

# As tutorials write it.
# ruff: noqa: T201, UP031

import time

from rocketmq.client import ConsumeStatus, Message, Producer, PushConsumer

received = []


def callback(msg):
    received.append(time.time())
    print("received %s after %.1f s" % (msg.body.decode("utf-8"), received[0] - sent), flush=True)
    return ConsumeStatus.CONSUME_SUCCESS


consumer = PushConsumer("CID_DELAY")
consumer.set_name_server_address("127.0.0.1:9876")
consumer.subscribe("DelayTopicTest", callback)
consumer.start()

producer = Producer("PID_DELAY")
producer.set_name_server_address("127.0.0.1:9876")
producer.start()

msg = Message("DelayTopicTest")
msg.set_body("a delayed message")
# 1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h
msg.set_delay_time_level(2)
sent = time.time()
print(producer.send_sync(msg).status, flush=True)

while not received:
    time.sleep(0.1)

producer.shutdown()
consumer.shutdown()
