"""Wrong answers to lab 10, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "10.1",
        name="a thread is as good as a queue",
        misconception=True,
        expect="no-message",
        code="""
            def register_with_queue(customer):
                create(customer)
                threading.Thread(target=lambda: (call(mail, customer), call(sms, customer))).start()

            measure("queue", register_with_queue)
        """,
    ),
    wrong(
        "10.1",
        name="everything can be done later",
        misconception=True,
        expect="no-row",
        code="""
            def register_with_queue(customer):
                producer.send(Message(registrations, json.dumps(customer), keys=customer["name"]))

            measure("queue", register_with_queue)
        """,
    ),
    wrong(
        "10.1",
        name="send first, then write",
        expect="told-though-refused",
        code="""
            def register_with_queue(customer):
                producer.send(Message(registrations, json.dumps(customer), keys=customer["name"]))
                create(customer)

            measure("queue", register_with_queue)
        """,
    ),
    wrong(
        "10.1",
        name="wait until the mail is out",
        expect="still-waiting",
        code="""
            def register_with_queue(customer):
                create(customer)
                producer.send(Message(registrations, json.dumps(customer), keys=customer["name"]))
                deadline = time.monotonic() + 5
                while time.monotonic() < deadline:
                    if len(query("SELECT channel FROM told WHERE name = ?", customer["name"])) == 2:
                        break
                    time.sleep(0.005)

            measure("queue", register_with_queue)
        """,
    ),
    wrong(
        "10.1",
        name="forged",
        expect="nobody-has-registered",
        code="""
            def register_with_queue(customer):
                print("welcome,", customer["name"])

            waits["queue"] = {"Ada": (0.0, 0.055), "Ben": (0.0, 0.055)}
        """,
    ),
    wrong(
        "10.2",
        name="what looks like version 1 is version 1",
        misconception=True,
        expect="version-ignored",
        code="""
            def on_delivery(message):
                try:
                    order = json.loads(message.body)
                    ship(order["number"], order["article"], order["pieces"])
                except (ValueError, KeyError) as error:
                    park(message, repr(error))
                return ConsumeStatus.CONSUME_SUCCESS

            became = trial(on_delivery)
        """,
    ),
    wrong(
        "10.2",
        name="a strict reader is a safe reader",
        misconception=True,
        expect="additions-refused",
        code="""
            def on_delivery(message):
                try:
                    order = json.loads(message.body)
                    if order["version"] != 1 or order.keys() != {"version", "number", "article", "pieces"}:
                        raise ValueError("not as agreed")
                except ValueError as error:
                    park(message, repr(error))
                    return ConsumeStatus.CONSUME_SUCCESS
                ship(order["number"], order["article"], order["pieces"])
                return ConsumeStatus.CONSUME_SUCCESS

            became = trial(on_delivery)
        """,
    ),
    wrong(
        "10.2",
        name="what fails comes again until it works",
        misconception=True,
        expect="comes-again-and-again",
        code="""
            def on_delivery(message):
                order = json.loads(message.body)
                if order["version"] != 1:
                    raise ValueError("an unknown version")
                ship(order["number"], order["article"], order["pieces"])
                return ConsumeStatus.CONSUME_SUCCESS

            became = trial(on_delivery)
        """,
    ),
    wrong(
        "10.2",
        name="what cannot be read is skipped",
        expect="thrown-away",
        code="""
            def on_delivery(message):
                try:
                    order = json.loads(message.body)
                    if order["version"] == 1:
                        ship(order["number"], order["article"], order["pieces"])
                except (ValueError, KeyError):
                    pass
                return ConsumeStatus.CONSUME_SUCCESS

            became = trial(on_delivery)
        """,
    ),
    wrong(
        "10.2",
        name="one piece, if nothing is said",
        expect="guessed",
        code="""
            def on_delivery(message):
                try:
                    order = json.loads(message.body)
                    if order["version"] != 1:
                        raise ValueError("an unknown version")
                except ValueError as error:
                    park(message, repr(error))
                    return ConsumeStatus.CONSUME_SUCCESS
                ship(order["number"], order["article"], order.get("pieces", 1))
                return ConsumeStatus.CONSUME_SUCCESS

            became = trial(on_delivery)
        """,
    ),
    wrong(
        "10.2",
        name="whatever fails is parked",
        expect="parked-what-could-wait",
        code="""
            def on_delivery(message):
                try:
                    order = json.loads(message.body)
                    if order["version"] != 1:
                        raise ValueError("an unknown version")
                    ship(order["number"], order["article"], order["pieces"])
                except Exception as error:
                    park(message, repr(error))
                return ConsumeStatus.CONSUME_SUCCESS

            became = trial(on_delivery)
        """,
    ),
    wrong(
        "10.2",
        name="forged",
        expect="never-sent",
        code="""
            def on_delivery(message):
                return ConsumeStatus.CONSUME_SUCCESS

            became = {"plain": "2 pieces shipped", "boxes": "parked"}
        """,
    ),
    wrong(
        "10.3",
        name="the queue protects the service",
        misconception=True,
        expect="service-overrun",
        code="""
            def pay(message):
                if call(payment, json.loads(message.body)) != 200:
                    return ConsumeStatus.RECONSUME_LATER
                return ConsumeStatus.CONSUME_SUCCESS

            threads = 20
            flash_sale(pay, threads)
        """,
    ),
    wrong(
        "10.3",
        name="no exception is good news",
        misconception=True,
        expect="never-paid",
        code="""
            def pay(message):
                call(payment, json.loads(message.body))
                return ConsumeStatus.CONSUME_SUCCESS

            threads = 4
            flash_sale(pay, threads)
        """,
    ),
    wrong(
        "10.3",
        name="two at a time, to be on the safe side",
        expect="idle-desks",
        code="""
            def pay(message):
                if call(payment, json.loads(message.body)) != 200:
                    return ConsumeStatus.RECONSUME_LATER
                return ConsumeStatus.CONSUME_SUCCESS

            threads = 2
            flash_sale(pay, threads)
        """,
    ),
    wrong(
        "10.3",
        name="forged",
        expect="never-sold",
        code="""
            def pay(message):
                return ConsumeStatus.CONSUME_SUCCESS

            threads = 4
        """,
    ),
    wrong(
        "10.4",
        name="who subscribes gets everything",
        misconception=True,
        expect="who-subscribes-gets-all",
        code="prediction = 12",
    ),
    wrong("10.4", name="half of them", expect="another-number", code="prediction = 6"),
    wrong("10.4", name="in words", expect="not-a-number", code='prediction = "all"'),
    wrong(
        "10.5",
        name="what was consumed is gone, unless one joins its group",
        misconception=True,
        expect="nothing-left-for-you",
        code="""
            revenue = 0
            with PullConsumer("logistics", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as reader:
                reader.subscribe(orders)
                for message in reader.messages(idle_s=5):
                    revenue += json.loads(message.body)["amount"]
        """,
    ),
    wrong(
        "10.5",
        name="a poll gets all that there is",
        misconception=True,
        expect="not-all",
        code="""
            revenue = 0
            with PullConsumer("analytics", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as reader:
                reader.subscribe(orders)
                for message in reader.poll(timeout_ms=5000):
                    revenue += json.loads(message.body)["amount"]
        """,
    ),
    wrong(
        "10.5",
        name="forged",
        expect="nobody-has-read-them",
        code="""
            revenue = sum(json.loads(message.body)["amount"] for message in lab.admin.messages(orders, limit=100_000))
        """,
    ),
)
