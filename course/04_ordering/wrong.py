"""Wrong answers to lab 04, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "04.1",
        name="messages with the same key go to the same queue",
        misconception=True,
        expect="the-key-chooses-the-queue",
        code="prediction = 1",
    ),
    wrong("04.1", name="half of the queues", expect="another-number", code="prediction = 2"),
    wrong("04.1", name="in words", expect="not-a-number", code='prediction = "all of them"'),
    wrong(
        "04.2",
        name="a key in the message decides its queue",
        misconception=True,
        expect="spread",
        code="""
            def to_its_queue(message, order):
                message.set_keys(order)
                return producer.send(message)
        """,
    ),
    wrong(
        "04.2",
        name="order needs a single queue",
        misconception=True,
        expect="one-queue-for-all",
        code="""
            def to_its_queue(message, order):
                return producer.send(message, queue=producer.queues(steps)[0])
        """,
    ),
    wrong(
        "04.2",
        name="a selector without its argument",
        expect="it-raises",
        code="""
            def to_its_queue(message, order):
                return producer.send(message, selector=lambda queues, message, order: queues[len(order + arg)])
        """,
    ),
    wrong(
        "04.2",
        name="forged",
        expect="not-in-the-broker",
        code="""
            from types import SimpleNamespace

            def to_its_queue(message, order):
                return SimpleNamespace(status=0, msg_id="0" * 32, queue=producer.queues(steps)[0], offset=0)
        """,
    ),
    wrong(
        "04.3",
        name="one thread is enough to keep the order",
        misconception=True,
        expect="one-thread",
        code="""
            settings = {"threads": 1, "retry_delay_level": 1}
            repaired = trial(steps, by_order, fails_once(("order-1", "pay")), **settings)
        """,
    ),
    wrong(
        "04.3",
        name="it works, so it is right",
        expect="nothing-failed",
        code="""
            settings = {"orderly": True}
            repaired = trial(steps, by_order, **settings)
        """,
    ),
    wrong(
        "04.3",
        name="no second try, no trouble",
        misconception=True,
        expect="a-step-is-missing",
        code="""
            settings = {"orderly": True, "max_reconsume_times": 0, "patience_s": 4}
            repaired = trial(steps, by_order, fails_once(("order-1", "pay")), **settings)
        """,
    ),
    wrong(
        "04.3",
        name="forged",
        expect="sent-back",
        code="""
            settings = {"orderly": True}
            consumed = [(f"order-{number}", step) for number in range(1, ORDERS + 1) for step in STEPS]
            repaired = {**retried, "consumed": consumed}
        """,
    ),
    wrong(
        "04.4",
        name="only the order that fails has to wait",
        misconception=True,
        expect="only-its-own-order",
        code="prediction = set()",
    ),
    wrong(
        "04.4",
        name="an orderly consumer stops altogether",
        misconception=True,
        expect="everybody",
        code='prediction = {"order-2", "order-3", "order-4", "order-5"}',
    ),
    wrong("04.4", name="the next order", expect="other-orders", code='prediction = {"order-2"}'),
    wrong("04.4", name="a number", expect="not-a-set", code="prediction = 1"),
    wrong(
        "04.5",
        name="every send was OK, so nothing has moved",
        misconception=True,
        expect="no-error-no-move",
        code=(
            """
            lab.nodes["broker-b"].kill()
            producer_knows(steps, 2)
            """,
            "moved = set()",
        ),
    ),
    wrong(
        "04.5",
        name="all orders move",
        expect="everybody-moves",
        code=(
            """
            lab.nodes["broker-b"].kill()
            producer_knows(steps, 2)
            """,
            "moved = set(homes(steps, since))",
        ),
    ),
    wrong(
        "04.5",
        name="forged",
        expect="not-broken",
        code=("pass", 'moved = {"order-1", "order-4", "order-5"}'),
    ),
)
