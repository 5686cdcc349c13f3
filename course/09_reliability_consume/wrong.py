"""Wrong answers to lab 09, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "09.1",
        name="what failed stays in its queue",
        misconception=True,
        expect="failed-stays-in-the-queue",
        code="prediction = 6",
    ),
    wrong("09.1", name="each group counts", expect="another-number", code="prediction = 18"),
    wrong("09.1", name="in words", expect="not-a-number", code='prediction = "all of them"'),
    wrong(
        "09.2",
        name="the broker brings again what a dead consumer had",
        misconception=True,
        expect="they-do-not-come-again",
        code="""
            eager = start_service("eager", "first", bills, bill_book, stuck_after=3)
            eventually(lambda: acknowledged("eager") >= start + 8, timeout_s=40)
            eventually(lambda: len(set(lot) & set(effects("eager"))) == 3, timeout_s=40)
            eager.kill()
            eager.wait()
            catch_up("eager", "first")
            lost = set()
        """,
    ),
    wrong(
        "09.2",
        name="all eight are lost",
        expect="other-bills",
        code="""
            eager = start_service("eager", "first", bills, bill_book, stuck_after=3)
            eventually(lambda: acknowledged("eager") >= start + 8, timeout_s=40)
            eventually(lambda: len(set(lot) & set(effects("eager"))) == 3, timeout_s=40)
            eager.kill()
            eager.wait()
            catch_up("eager", "first")
            lost = set(lot)
        """,
    ),
    wrong(
        "09.2",
        name="forged",
        expect="never-acknowledged",
        code="""
            from types import SimpleNamespace

            eager = SimpleNamespace(poll=lambda: -9)
            lost = set(lot[3:])
        """,
    ),
    wrong(
        "09.3",
        name="a message has an id, and each id comes once",
        misconception=True,
        expect="charged-twice",
        code="""
            with closing(connect()) as db, db:
                db.execute("CREATE TABLE IF NOT EXISTS ids (id TEXT PRIMARY KEY)")

            def charge_once(message):
                order = json.loads(message.body)
                with closing(connect()) as db, db:
                    if db.execute("INSERT OR IGNORE INTO ids VALUES (?)", (message.id,)).rowcount:
                        charge(db, order)
                return ConsumeStatus.CONSUME_SUCCESS

            charged = trial(charge_once)
        """,
    ),
    wrong(
        "09.3",
        name="look first, then charge",
        misconception=True,
        expect="looked-before",
        code="""
            def charge_once(message):
                order = json.loads(message.body)
                with closing(connect()) as db, db:
                    asked = "SELECT 1 FROM handled WHERE number = ?"
                    if not db.execute(asked, (order["number"],)).fetchone():
                        charge(db, order)
                        db.execute("INSERT OR IGNORE INTO handled VALUES (?)", (order["number"],))
                return ConsumeStatus.CONSUME_SUCCESS

            charged = trial(charge_once)
        """,
    ),
    wrong(
        "09.3",
        name="the key first, in a transaction of its own",
        misconception=True,
        expect="marked-and-never-charged",
        code="""
            def charge_once(message):
                order = json.loads(message.body)
                with closing(connect()) as db, db:
                    asked = "INSERT OR IGNORE INTO handled VALUES (?)"
                    fresh = db.execute(asked, (order["number"],)).rowcount
                if fresh:
                    with closing(connect()) as db, db:
                        charge(db, order)
                return ConsumeStatus.CONSUME_SUCCESS

            charged = trial(charge_once)
        """,
    ),
    wrong(
        "09.3",
        name="what was done before is an error",
        expect="not-acknowledged",
        code="""
            def charge_once(message):
                order = json.loads(message.body)
                with closing(connect()) as db, db:
                    db.execute("INSERT INTO handled VALUES (?)", (order["number"],))
                    charge(db, order)
                return ConsumeStatus.CONSUME_SUCCESS

            charged = trial(charge_once)
        """,
    ),
    wrong(
        "09.3",
        name="forged",
        expect="never-sent",
        code="""
            def charge_once(message):
                return ConsumeStatus.CONSUME_SUCCESS

            charged = {"sent twice": 1, "bank away": 1, "at once": 1}
        """,
    ),
    wrong(
        "09.4",
        name="two retries are two tries",
        misconception=True,
        expect="tries-are-not-retries",
        code="prediction = 2",
    ),
    wrong(
        "09.4",
        name="a message is tried until it succeeds",
        misconception=True,
        expect="another-number",
        code="prediction = 1_000_000",
    ),
    wrong(
        "09.5",
        name="a restart of the mended consumer brings it back",
        misconception=True,
        expect="still-dead",
        code="""
            loyalty.shutdown()
            loyalty = start_loyalty()
            sent_again = 1
        """,
    ),
    wrong(
        "09.5",
        name="a new order for the guest",
        expect="another-key",
        code="""
            sent_again = len(send_orders(points_book, orders, 1, customer=None))
        """,
    ),
    wrong(
        "09.5",
        name="forged",
        expect="not-sent-again",
        code="""
            with closing(connect()) as db, db:
                db.execute("INSERT INTO work VALUES ('loyalty', ?)", (guest,))
            sent_again = 1
        """,
    ),
    wrong(
        "09.6",
        name="acknowledging late is enough",
        misconception=True,
        expect="charged-twice",
        code="""
            settings = {"retries": 2}

            def send_until_stored(producer, message):
                while True:
                    try:
                        if producer.send(message).ok:
                            return
                    except ProducerException:
                        pass
                    time.sleep(0.2)

            way = "after"
            end_to_end(settings, send_until_stored, way)
        """,
    ),
    wrong(
        "09.6",
        name="acknowledge first, it is faster",
        expect="never-charged",
        code="""
            settings = {"retries": 2}

            def send_until_stored(producer, message):
                while True:
                    try:
                        if producer.send(message).ok:
                            return
                    except ProducerException:
                        pass
                    time.sleep(0.2)

            way = "first"
            end_to_end(settings, send_until_stored, way)
        """,
    ),
    wrong(
        "09.6",
        name="a send that fails is bad luck",
        expect="orders-missing",
        code="""
            settings = {"retries": 0}

            def send_until_stored(producer, message):
                try:
                    producer.send(message)
                except ProducerException:
                    pass

            way = "once"
            end_to_end(settings, send_until_stored, way)
        """,
    ),
    wrong(
        "09.6",
        name="a oneway send cannot fail",
        misconception=True,
        expect="nobody-knows",
        code="""
            settings = {}

            def send_until_stored(producer, message):
                producer.send_oneway(message)

            way = "once"
            end_to_end(settings, send_until_stored, way)
        """,
    ),
    wrong(
        "09.6",
        name="forged",
        expect="never-sent",
        code="""
            settings, way = {"retries": 2}, "once"
            account = 0
        """,
    ),
)
