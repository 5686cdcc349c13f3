"""Wrong answers to lab 13, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "13.1",
        name="produce() has sent it",
        misconception=True,
        expect="nobody-asked",
        code="""
            def send_to_kafka(topic, steps):
                acknowledged = []
                for order, step in steps:
                    kafka_shop.produce(
                        topic,
                        key=order,
                        value=to_json(order, step),
                        on_delivery=lambda error, message: acknowledged.append(message),
                    )
                return len(acknowledged)


            acknowledged = send_to_kafka(kafka_steps, steps)
        """,
    ),
    wrong(
        "13.1",
        name="the broker looks for the order in the message",
        misconception=True,
        expect="no-key",
        code="""
            def send_to_kafka(topic, steps):
                acknowledged = []
                for order, step in steps:
                    kafka_shop.produce(
                        topic,
                        value=to_json(order, step),
                        on_delivery=lambda error, message: acknowledged.append(message),
                    )
                kafka_shop.flush(10)
                return len(acknowledged)


            acknowledged = send_to_kafka(kafka_steps, steps)
        """,
    ),
    wrong(
        "13.1",
        name="the step as the key",
        expect="torn-apart",
        code="""
            def send_to_kafka(topic, steps):
                acknowledged = []
                for order, step in steps:
                    kafka_shop.produce(
                        topic,
                        key=step,
                        value=to_json(order, step),
                        on_delivery=lambda error, message: acknowledged.append(message),
                    )
                kafka_shop.flush(10)
                return len(acknowledged)


            acknowledged = send_to_kafka(kafka_steps, steps)
        """,
    ),
    wrong(
        "13.1",
        name="forged",
        expect="nothing-stored",
        code="acknowledged = len(steps)",
    ),
    wrong(
        "13.2",
        name="Kafka has a dead-letter queue, too",
        misconception=True,
        expect="kafka-steps-aside",
        code="prediction = (5, 5)",
    ),
    wrong(
        "13.2",
        name="a bad message blocks a queue",
        misconception=True,
        expect="rocketmq-blocks",
        code="prediction = (2, 2)",
    ),
    wrong("13.2", name="one number", expect="not-two-numbers", code="prediction = 5"),
    wrong(
        "13.3",
        name="catch it, log it, go on",
        misconception=True,
        expect="lost",
        code="""
            def handle(record):
                for _ in range(3):
                    try:
                        pack(json.loads(record.value()))
                    except (ValueError, ConnectionError):
                        continue
                    return


            done = trial(handle)
        """,
    ),
    wrong(
        "13.3",
        name="Kafka takes it away after some tries",
        misconception=True,
        expect="blocked",
        code="""
            def handle(record):
                pack(json.loads(record.value()))


            done = trial(handle)
        """,
    ),
    wrong(
        "13.3",
        name="what fails is dead",
        misconception=True,
        expect="parked-too-soon",
        code="""
            def handle(record):
                try:
                    pack(json.loads(record.value()))
                except (ValueError, ConnectionError):
                    kafka_shop.produce(kafka_dead, key=record.key(), value=record.value())
                    kafka_shop.flush(10)


            done = trial(handle)
        """,
    ),
    wrong(
        "13.3",
        name="produce() has parked it",
        misconception=True,
        expect="not-awaited",
        code="""
            def handle(record):
                for _ in range(3):
                    try:
                        pack(json.loads(record.value()))
                    except (ValueError, ConnectionError):
                        continue
                    return
                kafka_shop.produce(kafka_dead, key=record.key(), value=record.value())


            done = trial(handle)
        """,
    ),
    wrong("13.3", name="forged", expect="lost", code="done = 6"),
    wrong(
        "13.4",
        name="every broker filters",
        misconception=True,
        expect="kafka-filters",
        code="prediction = (20, 20)",
    ),
    wrong(
        "13.4",
        name="filters are the client's",
        misconception=True,
        expect="all-filter-in-the-client",
        code="prediction = (200, 200)",
    ),
    wrong(
        "13.5",
        name="Kafka loses messages",
        misconception=True,
        expect="kafka-loses",
        code="""
            choice = {
                "unpaid": ("RocketMQ", "F"),
                "database": ("RocketMQ", "E"),
                "clicks": ("Kafka", "A"),
                "counts": ("Kafka", "C"),
                "tickets": ("RabbitMQ", "D"),
            }
        """,
    ),
    wrong(
        "13.5",
        name="RocketMQ is slow",
        misconception=True,
        expect="rocketmq-is-slow",
        code="""
            choice = {
                "unpaid": ("RocketMQ", "B"),
                "database": ("RocketMQ", "E"),
                "clicks": ("Kafka", "G"),
                "counts": ("Kafka", "C"),
                "tickets": ("RabbitMQ", "D"),
            }
        """,
    ),
    wrong(
        "13.5",
        name="RabbitMQ has no replay",
        misconception=True,
        expect="rabbitmq-forgets",
        code="""
            choice = {
                "unpaid": ("RocketMQ", "B"),
                "database": ("RocketMQ", "E"),
                "clicks": ("Kafka", "H"),
                "counts": ("Kafka", "C"),
                "tickets": ("RabbitMQ", "D"),
            }
        """,
    ),
    wrong(
        "13.5",
        name="a transaction is a transaction",
        misconception=True,
        expect="kafka-transactions-reach-the-database",
        code="""
            choice = {
                "unpaid": ("RocketMQ", "B"),
                "database": ("Kafka", "C"),
                "clicks": ("Kafka", "A"),
                "counts": ("Kafka", "C"),
                "tickets": ("RabbitMQ", "D"),
            }
        """,
    ),
)
