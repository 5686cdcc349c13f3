"""Send ten messages and print what the broker says: the producer of every RocketMQ tutorial for Python."""

# As tutorials write it.
# ruff: noqa: T201, UP031

from rocketmq.client import Message, Producer

producer = Producer("PID-XXX")
producer.set_name_server_address("127.0.0.1:9876")
producer.start()

for i in range(10):
    msg = Message("TopicTest")
    msg.set_keys("key-%d" % i)
    msg.set_tags("TagA")
    msg.set_property("property", "test")
    msg.set_body("Hello RocketMQ %d" % i)
    ret = producer.send_sync(msg)
    print(ret.status, ret.msg_id, ret.offset)

producer.shutdown()
