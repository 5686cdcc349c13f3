"""Wrong answers to lab 06, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "06.1",
        name="what is stored can be read",
        misconception=True,
        expect="stored-is-not-visible",
        code="prediction = (1, 1)",
    ),
    wrong(
        "06.1",
        name="a commit delivers the half message and the message",
        expect="the-commit-delivers",
        code="prediction = (0, 2)",
    ),
    wrong("06.1", name="one number", expect="not-two-numbers", code="prediction = 1"),
    wrong(
        "06.2",
        name="an exception rolls the message back",
        misconception=True,
        expect="left-open",
        code="""
            def place(message, number):
                place_order(number)
                return TransactionStatus.COMMIT

            answers = sell(place)
        """,
    ),
    wrong(
        "06.2",
        name="the broker looks into the database",
        misconception=True,
        expect="messages-without-orders",
        code="""
            def place(message, number):
                try:
                    place_order(number)
                except sqlite3.IntegrityError:
                    print(f"order {number}: sold out")
                return TransactionStatus.COMMIT

            answers = sell(place)
        """,
    ),
    wrong(
        "06.2",
        name="forged",
        expect="not-in-the-broker",
        code="""
            from types import SimpleNamespace

            answers = {number: SimpleNamespace(msg_id=f"{number:032}") for number in range(5)}
        """,
    ),
    wrong(
        "06.3",
        name="after the last question the message is rolled back",
        misconception=True,
        expect="no-rollback",
        code='prediction = "rolled back"',
    ),
    wrong(
        "06.3",
        name="the broker never gives up",
        misconception=True,
        expect="not-for-ever",
        code='prediction = "asked for ever"',
    ),
    wrong(
        "06.4",
        name="the check is a formality",
        expect="order-of-nobody",
        code="""
            def check(message):
                return TransactionStatus.COMMIT

            sent = run_three(check)
        """,
    ),
    wrong(
        "06.4",
        name="what is not in the database has failed",
        misconception=True,
        expect="asked-too-soon",
        code="""
            def check(message):
                if number_of(message) in placed():
                    return TransactionStatus.COMMIT
                return TransactionStatus.ROLLBACK

            sent = run_three(check)
        """,
    ),
    wrong(
        "06.4",
        name="unknown is always safe",
        misconception=True,
        expect="lost-for-ever",
        code="""
            def check(message):
                return TransactionStatus.UNKNOWN

            sent = run_three(check)
        """,
    ),
    wrong(
        "06.4",
        name="never no",
        expect="never-decided",
        code="""
            def check(message):
                return TransactionStatus.COMMIT if number_of(message) in placed() else TransactionStatus.UNKNOWN

            sent = run_three(check)
        """,
    ),
    wrong(
        "06.4",
        name="forged",
        expect="not-in-the-broker",
        code="""
            sent = {name: "0" * 32 for name in ("lost", "dead", "slow")}
        """,
    ),
    wrong(
        "06.5",
        name="any producer can answer",
        misconception=True,
        expect="nobody-answered",
        code="""
            unlucky = start_unlucky(killed)
            unlucky.stdout.readline()
            unlucky.kill()
            unlucky.wait()
            heir = TransactionMQProducer("heir", check, namesrv=lab.namesrv)
            heir.start()
            heir.queues(orders)
            eventually(lambda: ended(orders), timeout_s=40)
            heir.shutdown()
        """,
    ),
    wrong(
        "06.5",
        name="a producer that was started is asked",
        misconception=True,
        expect="nobody-answered",
        code="""
            unlucky = start_unlucky(killed)
            unlucky.stdout.readline()
            unlucky.kill()
            unlucky.wait()
            heir = TransactionMQProducer("shop", check, namesrv=lab.namesrv)
            heir.start()
            eventually(lambda: ended(orders), timeout_s=40)
            heir.shutdown()
        """,
    ),
    wrong(
        "06.5",
        name="it has to be sent again",
        misconception=True,
        expect="sent-again",
        code="""
            unlucky = start_unlucky(killed)
            unlucky.stdout.readline()
            unlucky.kill()
            unlucky.wait()
            heir = Producer("heir", namesrv=lab.namesrv)
            heir.start()
            heir.send(Message(orders, "teapot", keys=f"killed-{killed}"))
            heir.shutdown()
        """,
    ),
    wrong(
        "06.5",
        name="forged",
        expect="never-sent",
        code="""
            from types import SimpleNamespace

            unlucky, heir = SimpleNamespace(poll=lambda: -9), "shop"
        """,
    ),
)
