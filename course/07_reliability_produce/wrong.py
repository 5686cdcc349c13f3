"""Wrong answers to lab 07, and the feedback that each must get."""

from rmqlab.checks import wrong

RELAY = """
    def relay(producer):
        for key, body in unsent():
            try:
                result = producer.send(Message(orders, body, keys=key))
            except ProducerException as error:
                alarms.append(f"{key}: {error}")
                continue
            if result.ok:
                mark_sent(key)

"""
DAY = """
    with shop(outbox, timeout_ms=500) as producer:
        for number in range(1, ORDERS + 1):
            place(number)
        bad_day(lambda: relay(producer))
        eventually(lambda: relay(producer), until=lambda _: not unsent(), timeout_s=30)

"""

WRONG_ANSWERS = (
    wrong(
        "07.1",
        name="a retry goes to the other broker, so no send fails",
        misconception=True,
        expect="no-time-left",
        code='prediction = "none"',
    ),
    wrong(
        "07.1",
        name="one broker that hangs blocks the producer",
        expect="one-of-two",
        code='prediction = "all"',
    ),
    wrong("07.1", name="a number", expect="another-word", code="prediction = 4"),
    wrong(
        "07.2",
        name="more retries help",
        misconception=True,
        expect="more-retries",
        code="""
            settings = {"timeout_ms": 1000, "retries": 10}
            failed = hang(brisk, **settings)
        """,
    ),
    wrong(
        "07.2",
        name="more patience helps",
        misconception=True,
        expect="longer-wait",
        code="""
            settings = {"timeout_ms": 2000, "retries": 2}
            failed = hang(brisk, **settings)
        """,
    ),
    wrong(
        "07.2",
        name="an attempt that may take all the time",
        expect="attempt-takes-all",
        code="""
            settings = {"timeout_ms": 1000, "retries": 0, "attempt_timeout_ms": 500}
            failed = hang(brisk, **settings)
        """,
    ),
    wrong(
        "07.2",
        name="forged",
        expect="nothing-sent",
        code="""
            settings = {"timeout_ms": 5000, "retries": 2, "attempt_timeout_ms": 1000}
            failed = []
        """,
    ),
    wrong(
        "07.2",
        name="tried on a good day",
        expect="not-broken",
        code="""
            settings = {"timeout_ms": 10_000, "retries": 2}
            with shop(brisk, **settings) as producer:
                failed = send_all(producer)
        """,
    ),
    wrong(
        "07.3",
        name="send has returned, so the broker has it safely",
        misconception=True,
        expect="safe-and-lost",
        code="""
            def send_safely(producer, message):
                try:
                    producer.send(message)
                except ProducerException:
                    return False
                return True

            safe = night(send_safely)
        """,
    ),
    wrong(
        "07.3",
        name="nothing is ever safe",
        expect="too-careful",
        code="""
            def send_safely(producer, message):
                producer.send(message)
                return False

            safe = night(send_safely)
        """,
    ),
    wrong(
        "07.3",
        name="forged",
        expect="nothing-sent",
        code="""
            def send_safely(producer, message):
                return True

            safe = {f"order-{number}" for number in range(1, 5)}
        """,
    ),
    wrong(
        "07.4",
        name="RocketMQ sends again whatever is not OK",
        misconception=True,
        expect="not-retried-by-default",
        code="prediction = (9, 9)",
    ),
    wrong(
        "07.4",
        name="a bad status means that it is not stored",
        misconception=True,
        expect="not-retried-by-default",
        code="prediction = (0, 0)",
    ),
    wrong(
        "07.4",
        name="a broker drops the second copy",
        misconception=True,
        expect="each-attempt-is-stored",
        code="prediction = (3, 3)",
    ),
    wrong(
        "07.5",
        name="after a time-out the message has most probably arrived",
        misconception=True,
        expect="lost",
        code="""
    def relay(producer):
        for key, body in unsent():
            try:
                producer.send(Message(orders, body, keys=key))
            except ProducerException as error:
                alarms.append(f"{key}: {error}")
            mark_sent(key)

"""
        + DAY
        + "    twice = set()\n",
    ),
    wrong(
        "07.5",
        name="what is in the table is safe",
        expect="still-waiting",
        code=RELAY
        + """
    with shop(outbox, timeout_ms=500) as producer:
        for number in range(1, ORDERS + 1):
            place(number)
        bad_day(lambda: relay(producer))
    twice = set()
""",
    ),
    wrong(
        "07.5",
        name="an error means that it was not stored",
        misconception=True,
        expect="no-duplicates-seen",
        code=RELAY + DAY + "    twice = set()\n",
    ),
    wrong(
        "07.5",
        name="what was sent twice is stored twice",
        expect="other-keys",
        code=RELAY + DAY + '    twice = {f"order-{number}" for number in range(1, ORDERS + 1)}\n',
    ),
    wrong(
        "07.5",
        name="tried on a good day",
        expect="not-broken",
        code=RELAY
        + """
    with shop(outbox, timeout_ms=10_000) as producer:
        for number in range(1, ORDERS + 1):
            place(number)
        relay(producer)
    twice = set()
""",
    ),
    wrong(
        "07.5",
        name="forged",
        expect="nothing-sent",
        code="""
            twice = {"order-1", "order-3"}
        """,
    ),
)
