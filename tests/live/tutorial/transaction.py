"""Send a message whose local transaction does not know its outcome; the broker asks back, and gets COMMIT."""

# As tutorials write it.
# ruff: noqa: T201, UP031

import time

from rocketmq.client import Message, TransactionMQProducer, TransactionStatus

topic = "TransactionTopicTest"
gid = "test"
name_srv = "127.0.0.1:9876"


def check_callback(msg):
    print("check: " + msg.body.decode("utf-8"), flush=True)
    return TransactionStatus.COMMIT


def local_execute(msg, user_args):
    print("local: " + msg.body.decode("utf-8"), flush=True)
    return TransactionStatus.UNKNOWN


def send_transaction_message(count):
    producer = TransactionMQProducer(gid, check_callback)
    producer.set_name_server_address(name_srv)
    producer.start()
    for n in range(count):
        msg = Message(topic)
        msg.set_keys("XXX")
        msg.set_tags("XXX")
        msg.set_property("property", "test")
        msg.set_body("message body %d" % n)
        ret = producer.send_message_in_transaction(msg, local_execute, None)
        print("send message status: " + str(ret.status) + " msgId: " + ret.msg_id, flush=True)
    print("send transaction message done", flush=True)

    while True:
        time.sleep(3600)


if __name__ == "__main__":
    send_transaction_message(1)
