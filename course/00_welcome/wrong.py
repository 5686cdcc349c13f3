"""Wrong answers to lab 00, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "00.1",
        name="receiving deletes the message",
        misconception=True,
        expect="receiving-deletes",
        code="prediction = 0",
    ),
    wrong("00.1", name="each delivery leaves a copy", expect="too-many", code="prediction = 2 * ORDERS"),
    wrong("00.1", name="a sentence", expect="not-a-number", code='prediction = "all of them"'),
    wrong(
        "00.2",
        name="forged",
        expect="not-in-the-broker",
        code="""
            from types import SimpleNamespace

            result = SimpleNamespace(status=0, msg_id="0" * 56, offset=ORDERS)
        """,
    ),
    wrong(
        "00.2",
        name="RocketMQ finds an order by what stands in its body",
        misconception=True,
        expect="no-such-key",
        code="""
            message = Message(topic)
            message.set_body(json.dumps({"order": 100, "amount": 42}))
            result = producer.send_sync(message)
        """,
    ),
    wrong(
        "00.2",
        name="a message that was made is sent",
        misconception=True,
        expect="not-an-answer",
        code="""
            result = Message(topic)
            result.set_keys("order-100")
            result.set_body("{}")
        """,
    ),
    wrong(
        "00.3",
        name="forged",
        expect="not-read",
        code="""
            group = "accounting"
            received = ["order-1", "order-2", "order-3", "order-100"]
        """,
    ),
    wrong(
        "00.3",
        name="a new consumer starts from the beginning, whatever its group",
        misconception=True,
        expect="the-same-group",
        code="""
            group = "stock"
            books = lab.inbox()


            def book(message):
                books.put(message.keys.decode())
                return ConsumeStatus.CONSUME_SUCCESS


            consumer = PushConsumer(group)
            consumer.set_name_server_address(lab.namesrv)
            consumer.subscribe(topic, book)
            consumer.start()
            try:
                received = books.wait_for(1)
            finally:
                consumer.shutdown()
        """,
    ),
    wrong(
        "00.3",
        name="a function that ends without an error has said done",
        misconception=True,
        expect="not-acknowledged",
        code="""
            group = "accounting-without-an-answer"
            books = lab.inbox()


            def book(message):
                books.put(message.keys.decode())


            consumer = PushConsumer(group)
            consumer.set_name_server_address(lab.namesrv)
            consumer.subscribe(topic, book)
            consumer.start()
            try:
                received = books.wait_for(sent[-1].offset + 1)  # of an earlier run, too
            finally:
                consumer.shutdown()
        """,
    ),
)
