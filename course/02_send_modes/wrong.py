"""Wrong answers to lab 02, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "02.1",
        name="forged",
        expect="not-in-the-broker",
        code="""
            from types import SimpleNamespace

            result = SimpleNamespace(status=0, msg_id="0" * 32, offset=8)
        """,
    ),
    wrong(
        "02.1",
        name="several keys are separated by commas",
        misconception=True,
        expect="one-long-key",
        code="""
            message = Message(orders, "{}", tags="paid", properties={"region": "eu", "gift": "yes"})
            message.set_keys("order-42,customer-9")
            result = producer.send(message)
        """,
    ),
    wrong(
        "02.1",
        name="tags, in the plural, so a message has several",
        misconception=True,
        expect="several-tags",
        code="""
            message = Message(orders, "{}", tags="paid || gift", keys=["order-42", "customer-9"])
            result = producer.send(message)
        """,
    ),
    wrong(
        "02.1",
        name="a condition can look into the body",
        misconception=True,
        expect="no-such-property",
        code="""
            body = json.dumps({"order": 42, "region": "eu", "gift": "yes"})
            result = producer.send(Message(orders, body, tags="paid", keys=["order-42", "customer-9"]))
        """,
    ),
    wrong(
        "02.2",
        name="each attempt has a time-out of its own",
        misconception=True,
        expect="a-time-out-for-each-attempt",
        code="prediction = 3",
    ),
    wrong(
        "02.2",
        name="it waits until the broker is back",
        expect="not-a-number",
        code='prediction = "for ever"',
    ),
    wrong(
        "02.2",
        name="the default of three seconds and two retries",
        expect="another-time",
        code="prediction = 9",
    ),
    wrong(
        "02.3",
        name="when send_async has returned, the message has arrived",
        misconception=True,
        expect="only-promises",
        code="""
            careful = Producer("careful", namesrv=lab.namesrv)
            careful.start()
            results = [careful.send_async(message) for message in messages]
            careful.flush()
            careful.shutdown()
        """,
    ),
    wrong(
        "02.3",
        name="shutdown waits for the answers",
        misconception=True,
        expect="answers-lost",
        code="""
            careful = Producer("careful", namesrv=lab.namesrv)
            careful.start()
            with lab.fault("pause", "broker-a"):
                futures = [careful.send_async(message) for message in messages]
                careful.shutdown()
            results = [future.result() for future in futures if future.exception() is None]
        """,
    ),
    wrong(
        "02.3",
        name="forged",
        expect="not-in-the-broker",
        code="""
            from types import SimpleNamespace

            results = [SimpleNamespace(status=0, msg_id=f"{number:032}") for number in range(len(messages))]
        """,
    ),
    wrong(
        "02.4",
        name="a batch is spread over the queues like single messages",
        misconception=True,
        expect="spread",
        code="prediction = 4",
    ),
    wrong("02.4", name="a queue for each message", expect="one-queue-each", code="prediction = 10"),
    wrong(
        "02.5",
        name="no error means that it arrived",
        misconception=True,
        expect="no-error-is-no-proof",
        code="""
            broker.pause()
            try:
                rush(f"{half}-second", told)
            finally:
                broker.kill()
                broker.restart()
            silent = {"sync": set(), "async": set(), "oneway": set()}
        """,
    ),
    wrong(
        "02.5",
        name="a killed broker loses what it has not flushed to the disk",
        misconception=True,
        expect="nothing-was-lost",
        code="""
            rush(f"{half}-second", told)
            eventually(lambda: told["oneway"].keys() <= {m.keys for m in lab.admin.messages(clicks, limit=2000)}, timeout_s=20)
            broker.kill()
            broker.restart()
            silent = {mode: set(keys) for mode, keys in told.items()}
        """,
    ),
    wrong(
        "02.5",
        name="whatever is not stored was lost silently",
        expect="not-silent",
        code="""
            broker.pause()
            try:
                rush(f"{half}-second", told)
            finally:
                broker.kill()
                broker.restart()
            stored = {message.keys for message in lab.admin.messages(clicks, limit=2000)}
            silent = {mode: {key for key in told[mode] if key not in stored} for mode in told}
        """,
    ),
    wrong(
        "02.5",
        name="forged",
        expect="not-broken",
        code="""
            lost = {f"{half}-second-oneway-{number}" for number in range(5)}
            silent = {"sync": set(), "async": set(), "oneway": lost}
        """,
    ),
)
