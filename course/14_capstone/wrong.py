"""Wrong answers to lab 14, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "14.1",
        name="the time-out cancels it",
        misconception=True,
        expect="the-clock-was-never-set",
        code='prediction = "cancelled"',
    ),
    wrong(
        "14.1",
        name="a dead process takes its order along",
        misconception=True,
        expect="it-was-committed",
        code='prediction = "gone"',
    ),
    wrong("14.1", name="the new shop sends it", expect="nobody-sends-it-later", code='prediction = "paid"'),
    wrong(
        "14.2",
        name="the shop's database knows",
        misconception=True,
        expect="all-who-have-paid",
        code="""
            twice = {number for number, state in bad_day.facts.states.items() if state == "paid"}
        """,
    ),
    wrong(
        "14.2",
        name="paid is paid, so once",
        misconception=True,
        expect="each-charged-once",
        code="twice = set()",
    ),
    wrong("14.2", name="a number of customers", expect="not-a-set", code="twice = 3"),
    wrong(
        "14.3",
        name="order, then message",
        misconception=True,
        expect="waits-for-the-broker",
        code="""
            place_order = place_carelessly

            def send_outbox(producer):
                del producer  # there is nothing left to send
        """,
    ),
    wrong(
        "14.3",
        name="an order with a column too many",
        expect="raises-at-once",
        code="""
            def place_order(producer, order):
                with closing(connect()) as db, db:
                    db.execute("INSERT INTO orders VALUES (?, ?, 'open', 0)", (order["number"], order["pieces"]))
                    db.execute("INSERT INTO outbox VALUES (?, ?, 0)", (order["number"], json.dumps(order)))

            def send_outbox(producer):
                del producer
        """,
    ),
    wrong(
        "14.3",
        name="mark it first, so that it is not sent twice",
        misconception=True,
        expect="forgotten",
        code="""
            def place_order(producer, order):
                with closing(connect()) as db, db:
                    db.execute("INSERT INTO orders VALUES (?, ?, 'open')", (order["number"], order["pieces"]))
                    db.execute("INSERT INTO outbox VALUES (?, ?, 0)", (order["number"], json.dumps(order)))

            def send_outbox(producer):
                with closing(connect()) as db:
                    for number, body in db.execute("SELECT number, body FROM outbox WHERE sent = 0").fetchall():
                        with db:
                            db.execute("UPDATE outbox SET sent = 1 WHERE number = ?", (number,))
                        producer.send(Message("orders", body, keys=number))
        """,
    ),
    wrong(
        "14.3",
        name="a send that does not raise has succeeded",
        misconception=True,
        expect="any-answer-will-do",
        code="""
            def place_order(producer, order):
                with closing(connect()) as db, db:
                    db.execute("INSERT INTO orders VALUES (?, ?, 'open')", (order["number"], order["pieces"]))
                    db.execute("INSERT INTO outbox VALUES (?, ?, 0)", (order["number"], json.dumps(order)))

            def send_outbox(producer):
                with closing(connect()) as db:
                    for number, body in db.execute("SELECT number, body FROM outbox WHERE sent = 0").fetchall():
                        producer.send(Message("orders", body, keys=number))
                        with db:
                            db.execute("UPDATE outbox SET sent = 1 WHERE number = ?", (number,))
        """,
    ),
    wrong(
        "14.3",
        name="a mark that nobody commits",
        expect="sent-for-ever",
        code="""
            def place_order(producer, order):
                with closing(connect()) as db, db:
                    db.execute("INSERT INTO orders VALUES (?, ?, 'open')", (order["number"], order["pieces"]))
                    db.execute("INSERT INTO outbox VALUES (?, ?, 0)", (order["number"], json.dumps(order)))

            def send_outbox(producer):
                with closing(connect()) as db:
                    for number, body in db.execute("SELECT number, body FROM outbox WHERE sent = 0").fetchall():
                        if producer.send(Message("orders", body, keys=number)).ok:
                            db.execute("UPDATE outbox SET sent = 1 WHERE number = ?", (number,))
        """,
    ),
    wrong(
        "14.4",
        name="a message comes once",
        misconception=True,
        expect="reserved-twice",
        code="on_order = reserve_carelessly",
    ),
    wrong(
        "14.4",
        name="what was done before needs nothing more",
        misconception=True,
        expect="no-reminder-after-a-death",
        code="""
            def on_order(producer, message):
                order = json.loads(message.body)
                number = order["number"]
                with closing(connect()) as db, db:
                    fresh = db.execute("INSERT OR IGNORE INTO done VALUES ('stock', ?)", (number,)).rowcount
                    if fresh:
                        db.execute("INSERT INTO moves VALUES (?, ?)", (number, -order["pieces"]))
                if fresh:
                    producer.send(Message("timeouts", message.body, keys=number, delay_level=TIMEOUT))
                return ConsumeStatus.CONSUME_SUCCESS
        """,
    ),
    wrong(
        "14.4",
        name="acknowledge, and let a thread do the work",
        misconception=True,
        expect="acknowledged-first",
        code="""
            import threading

            def reserve(producer, body):
                order = json.loads(body)
                number = order["number"]
                with closing(connect()) as db, db:
                    if db.execute("INSERT OR IGNORE INTO done VALUES ('stock', ?)", (number,)).rowcount:
                        db.execute("INSERT INTO moves VALUES (?, ?)", (number, -order["pieces"]))
                producer.send(Message("timeouts", body, keys=number, delay_level=TIMEOUT))

            def on_order(producer, message):
                threading.Thread(target=reserve, args=(producer, message.body)).start()
                return ConsumeStatus.CONSUME_SUCCESS
        """,
    ),
    wrong(
        "14.4",
        name="a clock is a clock",
        expect="not-delayed",
        code="""
            def on_order(producer, message):
                order = json.loads(message.body)
                number = order["number"]
                with closing(connect()) as db, db:
                    if db.execute("INSERT OR IGNORE INTO done VALUES ('stock', ?)", (number,)).rowcount:
                        db.execute("INSERT INTO moves VALUES (?, ?)", (number, -order["pieces"]))
                producer.send(Message("timeouts", message.body, keys=number, delay_level=1))
                return ConsumeStatus.CONSUME_SUCCESS
        """,
    ),
    wrong(
        "14.5",
        name="the bank knows its customers",
        misconception=True,
        expect="charged-twice",
        code="""
            on_payment, on_timeout = pay_carelessly, cancel_carelessly
        """,
    ),
    wrong(
        "14.5",
        name="no answer is an answer",
        misconception=True,
        expect="not-paid",
        code="""
            def on_payment(message):
                order = json.loads(message.body)
                number = order["number"]
                try:
                    charged = state_of(number) == "open" and charge(order, key=number)
                except OSError:
                    charged = False
                if charged:
                    with closing(connect()) as db, db:
                        db.execute("UPDATE orders SET state = 'paid' WHERE number = ? AND state = 'open'", (number,))
                if state_of(number) == "cancelled":
                    refund(number)
                return ConsumeStatus.CONSUME_SUCCESS

            def on_timeout(message):
                order = json.loads(message.body)
                number = order["number"]
                with closing(connect()) as db, db:
                    cancel = "UPDATE orders SET state = 'cancelled' WHERE number = ? AND state = 'open'"
                    if db.execute(cancel, (number,)).rowcount:
                        db.execute("INSERT INTO moves VALUES (?, ?)", (number, order["pieces"]))
                return ConsumeStatus.CONSUME_SUCCESS
        """,
    ),
    wrong(
        "14.5",
        name="a time-out comes once",
        misconception=True,
        expect="returned-twice",
        code="""
            def on_payment(message):
                order = json.loads(message.body)
                number = order["number"]
                if state_of(number) == "open" and charge(order, key=number):
                    with closing(connect()) as db, db:
                        db.execute("UPDATE orders SET state = 'paid' WHERE number = ?", (number,))
                return ConsumeStatus.CONSUME_SUCCESS

            on_timeout = cancel_carelessly
        """,
    ),
    wrong(
        "14.5",
        name="who looked before need not look again",
        misconception=True,
        expect="paid-though-cancelled",
        code="""
            def on_payment(message):
                order = json.loads(message.body)
                number = order["number"]
                if state_of(number) == "open" and charge(order, key=number):
                    with closing(connect()) as db, db:
                        db.execute("UPDATE orders SET state = 'paid' WHERE number = ?", (number,))
                return ConsumeStatus.CONSUME_SUCCESS

            def on_timeout(message):
                order = json.loads(message.body)
                number = order["number"]
                with closing(connect()) as db, db:
                    cancel = "UPDATE orders SET state = 'cancelled' WHERE number = ? AND state = 'open'"
                    if db.execute(cancel, (number,)).rowcount:
                        db.execute("INSERT INTO moves VALUES (?, ?)", (number, order["pieces"]))
                return ConsumeStatus.CONSUME_SUCCESS
        """,
    ),
    wrong(
        "14.5",
        name="a cancelled order was never charged",
        misconception=True,
        expect="kept-the-money-of-the-dead",
        code="""
            def on_payment(message):
                order = json.loads(message.body)
                number = order["number"]
                if state_of(number) == "open" and charge(order, key=number):
                    with closing(connect()) as db, db:
                        pay = "UPDATE orders SET state = 'paid' WHERE number = ? AND state = 'open'"
                        in_time = db.execute(pay, (number,)).rowcount
                    if not in_time and state_of(number) == "cancelled":
                        refund(number)
                return ConsumeStatus.CONSUME_SUCCESS

            def on_timeout(message):
                order = json.loads(message.body)
                number = order["number"]
                with closing(connect()) as db, db:
                    cancel = "UPDATE orders SET state = 'cancelled' WHERE number = ? AND state = 'open'"
                    if db.execute(cancel, (number,)).rowcount:
                        db.execute("INSERT INTO moves VALUES (?, ?)", (number, order["pieces"]))
                return ConsumeStatus.CONSUME_SUCCESS
        """,
    ),
    wrong(
        "14.6",
        name="forged",
        expect="never-tried",
        code="""
            from types import SimpleNamespace

            result = SimpleNamespace(name="forged", total=100)
        """,
    ),
    wrong("14.6", name="the careless one, on a quiet day", expect="a-quiet-day", code="result = quiet"),
    wrong(
        "14.6",
        name="a oneway send cannot fail",
        misconception=True,
        expect="unacknowledged",
        code="""
            def send_oneway(producer):
                with closing(connect()) as db:
                    for number, body in db.execute("SELECT number, body FROM outbox WHERE sent = 0").fetchall():
                        producer.send_oneway(Message("orders", body, keys=number))
                        with db:
                            db.execute("UPDATE outbox SET sent = 1 WHERE number = ?", (number,))

            system = System(
                place_order=place_order,
                send_outbox=send_oneway,
                on_order=on_order,
                on_payment=on_payment,
                on_timeout=on_timeout,
            )
            result = trial(system, lab.cluster, seed=SEED)
        """,
    ),
    wrong(
        "14.6",
        name="acknowledge first, it is faster",
        misconception=True,
        expect="not-reserved",
        code="""
            import threading

            def acknowledge_first(producer, message):
                threading.Thread(target=on_order, args=(producer, message)).start()
                return ConsumeStatus.CONSUME_SUCCESS

            system = System(
                place_order=place_order,
                send_outbox=send_outbox,
                on_order=acknowledge_first,
                on_payment=on_payment,
                on_timeout=on_timeout,
            )
            result = trial(system, lab.cluster, seed=SEED)
        """,
    ),
)
