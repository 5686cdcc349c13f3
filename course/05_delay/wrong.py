"""Wrong answers to lab 05, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "05.1",
        name="the delay level is a number of seconds",
        misconception=True,
        expect="seconds",
        code="prediction = 5",
    ),
    wrong("05.1", name="the level before", expect="another-time", code="prediction = 30"),
    wrong("05.1", name="a word", expect="not-a-number", code='prediction = "1m"'),
    wrong(
        "05.2",
        name="forged",
        expect="not-in-the-broker",
        code="""
            from types import SimpleNamespace

            waiting = SimpleNamespace(
                topic="SCHEDULE_TOPIC_XXXX", queue_id=3, keys=key, msg_id="0" * 32, properties={"REAL_TOPIC": reminders}
            )
        """,
    ),
    wrong(
        "05.2",
        name="delay_level=30 waits 30 seconds",
        misconception=True,
        expect="the-last-level",
        code="""
            producer.send(Message(reminders, "Still there?", keys=key, delay_level=30))
            waiting = eventually(lambda: [m for m in lab.admin.messages("SCHEDULE_TOPIC_XXXX") if m.keys == key], timeout_s=20)[0]
        """,
    ),
    wrong(
        "05.2",
        name="level N lies in queue N",
        misconception=True,
        expect="another-level",
        code="""
            producer.send(Message(reminders, "Still there?", keys=key, delay_level=3))
            waiting = eventually(lambda: [m for m in lab.admin.messages("SCHEDULE_TOPIC_XXXX") if m.keys == key], timeout_s=20)[0]
        """,
    ),
    wrong(
        "05.2",
        name="it waits in its own topic, and consumers leave it alone",
        misconception=True,
        expect="delivered-already",
        code="""
            producer.send(Message(reminders, "Still there?", keys=key))
            waiting = eventually(lambda: [m for m in lab.admin.messages(reminders) if m.keys == key], timeout_s=20)[0]
        """,
    ),
    wrong(
        "05.2",
        name="the list instead of the message",
        expect="not-a-message",
        code="""
            producer.send(Message(reminders, "Still there?", keys=key, delay_level=4))
            waiting = lab.admin.messages("SCHEDULE_TOPIC_XXXX")
        """,
    ),
    wrong(
        "05.3",
        name="a delayed message is punctual",
        misconception=True,
        expect="punctual",
        code="late_ms = [0] * len(pairs)",
    ),
    wrong(
        "05.3",
        name="the whole wait",
        expect="the-whole-wait",
        code="late_ms = [second.store_ms - first.store_ms for level, first, second in pairs]",
    ),
    wrong("05.3", name="one number for all", expect="not-a-list", code="late_ms = 50"),
    wrong("05.3", name="made up", expect="other-numbers", code="late_ms = [-7] * len(pairs)"),
    wrong("05.3", name="only the first", expect="not-one-for-each", code="late_ms = [50]"),
    wrong(
        "05.4",
        name="the message comes, so the order is unpaid",
        misconception=True,
        expect="a-paid-order-cancelled",
        code="""
            def cancel_if_unpaid(number):
                with closing(connect()) as db, db:
                    db.execute("UPDATE orders SET state = 'cancelled' WHERE number = ?", (number,))
        """,
    ),
    wrong(
        "05.4",
        name="a message comes exactly once",
        misconception=True,
        expect="given-back-twice",
        code="""
            def cancel_if_unpaid(number):
                with closing(connect()) as db, db:
                    row = db.execute("SELECT article, pieces, state FROM orders WHERE number = ?", (number,)).fetchone()
                    if row and row[2] != "paid":
                        db.execute("UPDATE orders SET state = 'cancelled' WHERE number = ?", (number,))
                        db.execute("UPDATE stock SET pieces = pieces + ? WHERE article = ?", (row[1], row[0]))
        """,
    ),
    wrong(
        "05.4",
        name="cancelled, and the pieces forgotten",
        expect="not-given-back",
        code="""
            def cancel_if_unpaid(number):
                with closing(connect()) as db, db:
                    cancel = "UPDATE orders SET state = 'cancelled' WHERE number = ? AND state = 'unpaid'"
                    db.execute(cancel, (number,))
        """,
    ),
    wrong(
        "05.4",
        name="looks, and does nothing",
        expect="not-cancelled",
        code="""
            def cancel_if_unpaid(number):
                with closing(connect()) as db:
                    return db.execute("SELECT state FROM orders WHERE number = ?", (number,)).fetchone()
        """,
    ),
    wrong(
        "05.5",
        name="the broker remembers each delivery",
        misconception=True,
        expect="believed-to-be-delivered-once",
        code="""
            for each in keys:
                producer.send(Message(reminders, "Still there?", keys=each, delay_level=1))
            eventually(lambda: keys <= {m.keys for m in lab.admin.messages(reminders, limit=500)}, timeout_s=20)
            broker.kill()
            broker.restart()
            twice = set()
        """,
    ),
    wrong(
        "05.5",
        name="a delayed message comes twice in any case",
        expect="not-broken",
        code="""
            for each in keys:
                producer.send(Message(reminders, "Still there?", keys=each, delay_level=1))
            eventually(lambda: keys <= {m.keys for m in lab.admin.messages(reminders, limit=500)}, timeout_s=20)
            twice = set(keys)
        """,
    ),
    wrong("05.5", name="forged", expect="not-sent", code="twice = set(keys)"),
    wrong(
        "05.6",
        name="a level is near enough",
        expect="a-level",
        code='result = producer.send(Message(reminders, "Your parcel is here", keys=parcel, delay_level=2))',
    ),
    wrong(
        "05.6",
        name="RocketMQ counts seconds since 1970, as Python does",
        misconception=True,
        expect="delivered-at-once",
        code="""
            message = Message(reminders, "Your parcel is here", keys=parcel)
            message.set_deliver_time_ms(int(moment.timestamp()))
            result = producer.send(message)
        """,
    ),
    wrong(
        "05.6",
        name="a wait instead of a moment",
        expect="another-moment",
        code='result = producer.send(Message(reminders, "Your parcel is here", keys=parcel, delay_ms=1500))',
    ),
    wrong(
        "05.6",
        name="forged",
        expect="not-in-the-broker",
        code="""
            from types import SimpleNamespace

            result = SimpleNamespace(status=0, msg_id="0" * 32)
        """,
    ),
)
