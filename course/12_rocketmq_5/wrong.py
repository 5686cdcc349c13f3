"""Wrong answers to lab 12, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "12.1",
        name="each protocol has messages of its own",
        misconception=True,
        expect="a-door-of-its-own",
        code="prediction = (2, 1, 1)",
    ),
    wrong(
        "12.1",
        name="the proxy keeps a copy",
        misconception=True,
        expect="one-copy-a-door",
        code="prediction = (4, 2, 2)",
    ),
    wrong("12.1", name="one number", expect="not-three-numbers", code="prediction = 2"),
    wrong(
        "12.2",
        name="the key keeps the order",
        misconception=True,
        expect="refused",
        code="""
            def step_message(name, step):
                return message_for(steps, step.encode(), name)


            tracked = play(step_message, followed)
        """,
    ),
    wrong(
        "12.2",
        name="a message group is the consumer group",
        misconception=True,
        expect="one-line-for-all",
        code="""
            def step_message(name, step):
                message = message_for(steps, step.encode(), name)
                message.message_group = "tracking"
                return message


            tracked = play(step_message, followed)
        """,
    ),
    wrong(
        "12.2",
        name="a group for each step",
        expect="torn-apart",
        code="""
            def step_message(name, step):
                message = message_for(steps, step.encode(), name)
                message.message_group = step
                return message


            tracked = play(step_message, followed)
        """,
    ),
    wrong(
        "12.2",
        name="forged",
        expect="nothing-stored",
        code="""
            tracked = [(name, step) for step in STEPS for name in NAMES]
        """,
    ),
    wrong(
        "12.3",
        name="the other member takes over",
        misconception=True,
        expect="nobody-takes-over",
        code="""
            def stuck(message):
                let_go.wait(timeout=900)
                return classic.ConsumeStatus.CONSUME_SUCCESS


            run_shift(anna=stuck, ben=pack)
            waiting = set()
        """,
    ),
    wrong(
        "12.3",
        name="one stuck member stops the group",
        misconception=True,
        expect="ben-is-not-stuck",
        code="""
            def stuck(message):
                let_go.wait(timeout=900)
                return classic.ConsumeStatus.CONSUME_SUCCESS


            run_shift(anna=stuck, ben=pack)
            waiting = {f"parcel-{number + 1}" for number in range(PARCELS)}
        """,
    ),
    wrong(
        "12.3",
        name="to fail is to be stuck",
        misconception=True,
        expect="nobody-is-stuck",
        code="""
            def stuck(message):
                return classic.ConsumeStatus.RECONSUME_LATER


            run_shift(anna=stuck, ben=pack)
            eventually(lambda: not any(lag("packers", parcels).values()), timeout_s=40)
            waiting = {"parcel-1", "parcel-2", "parcel-5", "parcel-6"}
        """,
    ),
    wrong(
        "12.3",
        name="forged",
        expect="nobody-is-stuck",
        code="""
            waiting = {"parcel-1", "parcel-2", "parcel-5", "parcel-6"}
        """,
    ),
    wrong(
        "12.4",
        name="a stuck member holds what it has",
        misconception=True,
        expect="nothing-comes-back",
        code="prediction = (4, 0)",
    ),
    wrong(
        "12.4",
        name="what is not acknowledged is there for all",
        misconception=True,
        expect="taken-is-taken",
        code="prediction = (8, 0)",
    ),
    wrong(
        "12.5",
        name="what I have received is mine",
        misconception=True,
        expect="came-back",
        code="""
            def keep(consumer, message, done):
                done.wait()


            gift = wrap(keep)
        """,
    ),
    wrong(
        "12.5",
        name="a long time does no harm",
        misconception=True,
        expect="for-too-long",
        code="""
            def keep(consumer, message, done):
                consumer.change_invisible_duration(message, 3600)


            gift = wrap(keep)
        """,
    ),
    wrong(
        "12.5",
        name="forged",
        expect="not-in-the-broker",
        code="""
            from types import SimpleNamespace

            gift = SimpleNamespace(keys={"gift-0"}, message_id="0" * 32)
        """,
    ),
)
