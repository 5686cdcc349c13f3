"""What the exercises of lab 13 look at: what is in RocketMQ, and what is in Kafka."""

import confluent_kafka

from rmqlab.checks import eventually, exercise, not_yet, passed

STEPS = ("create", "pay", "deliver", "sign")
DEAD = "%DLQ%packers"
KAFKA_STEPS, KAFKA_PARCELS, KAFKA_DEAD, KAFKA_SALES = "steps", "parcels", "parcels-dead", "sales"
NEVER, LATER = "parcel-3", "parcel-5"
SALES, GIFTS = 200, 20
RIGHT = {
    "unpaid": ("RocketMQ", "B"),
    "database": ("RocketMQ", "E"),
    "clicks": ("Kafka", "A"),
    "counts": ("Kafka", "C"),
    "tickets": ("RabbitMQ", "D"),
}
SYSTEMS = ("RocketMQ", "Kafka", "RabbitMQ")


def numbers(answer, count):
    """Tell whether an answer is so many whole numbers."""
    return (
        isinstance(answer, (list, tuple))
        and len(answer) == count
        and all(isinstance(each, int) and not isinstance(each, bool) for each in answer)
    )


def asking(kafka, group="checks"):
    """Return a consumer that only looks. An error says so if Kafka has ended."""
    kafka.cluster.require_alive()
    return confluent_kafka.Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )


def records(kafka, topic, since):
    """Return the records of a Kafka topic from these offsets on, {partition: offset}, as they lie there."""
    with asking(kafka) as consumer:
        ends = {}
        for partition in since:
            place = confluent_kafka.TopicPartition(topic, partition)
            ends[partition] = consumer.get_watermark_offsets(place, timeout=10)[1]
        left = sum(ends.values()) - sum(since.values())
        consumer.assign([confluent_kafka.TopicPartition(topic, *place) for place in since.items()])
        found = []
        while left > 0 and (batch := consumer.consume(left, timeout=10)):
            found += batch
            left -= len(batch)
        return sorted(found, key=lambda record: (record.partition(), record.offset()))


def committed(kafka, group, topic):
    """Return up to where a group is done with the only partition of a topic."""
    with asking(kafka, group) as consumer:
        (place,) = consumer.committed([confluent_kafka.TopicPartition(topic, 0)], timeout=10)
        return place.offset


@exercise(
    "13.1",
    title="All acknowledged, all in line",
    hints=(
        "Two things are asked: which messages must lie in one partition, and when do you know that Kafka has one?",
        "`kafka_shop.produce(topic, key=order, value=to_json(order, step), on_delivery=f)`. `f` is called in `poll` and in `flush`: before you return, `kafka_shop.flush(10)`.",
        "In `f(error, message)` append the message to a list if `error is None`; after the loop `kafka_shop.flush(10)`, then `return len(acknowledged)`.",
    ),
)
def steps_are_in_kafka(lab, kafka, acknowledged, steps, since):
    if not isinstance(acknowledged, int) or isinstance(acknowledged, bool):
        return not_yet(
            "not-a-number",
            expected="how many messages Kafka has acknowledged",
            seen=f"`acknowledged` is a {type(acknowledged).__name__}",
            why="an answer for each message is what tells stored from hoped for",
            try_next="write `acknowledged = send_to_kafka(kafka_steps, steps)`, and let it return a number",
        )
    wanted = len(steps)
    found = eventually(
        lambda: records(kafka, KAFKA_STEPS, since), until=lambda each: len(each) >= wanted, timeout_s=15
    )
    if not found:
        return not_yet(
            "nothing-stored",
            expected="the steps in Kafka's topic `steps`",
            seen="nothing new there",
            why="a number can be invented; only a send puts something into the broker",
            try_next="call `kafka_shop.produce(topic, ...)` for each step",
        )
    if len(found) != wanted:
        return not_yet(
            "not-all",
            expected="each step once",
            seen="another number of records in the topic",
            why="what was left in the client's buffer is lost with the program; what was sent twice is there twice",
            try_next="send each step once, and run the whole cell again",
        )
    if any(record.key() is None for record in found):
        return not_yet(
            "no-key",
            expected="the order as the key of each record",
            seen="records without a key",
            why="Kafka's client looks at the key alone; without one it fills one partition after the other, whatever the value says",
            try_next="hand `key=order` to `produce`",
        )
    where, line = {}, {}
    for record in found:
        order = _order(record)
        where.setdefault(order, set()).add(record.partition())
        line.setdefault(order, []).append(_step(record))
    if any(len(partitions) > 1 for partitions in where.values()):
        return not_yet(
            "torn-apart",
            expected="all steps of an order in one partition",
            seen="orders whose steps lie in several",
            why="records stay in line within a partition and nowhere else, and the key decides which it is",
            try_next="take the order as the key, not the step",
        )
    if len({record.partition() for record in found}) == 1 or any(
        tuple(each) != STEPS for each in line.values()
    ):
        return not_yet(
            "one-line-for-all",
            expected="each order in line, and orders in different partitions",
            seen="one partition for all, or another order of the steps",
            why="orders need not wait for each other",
            try_next="take the order as the key",
        )
    if acknowledged < wanted:
        return not_yet(
            "nobody-asked",
            expected="an acknowledgement for each step",
            seen="the records are in Kafka by now, but fewer acknowledgements than records",
            why="`produce()` only fills a buffer. Callbacks are called in `poll()` and `flush()`: without them your program ends, or goes on, and knows nothing",
            try_next="call `kafka_shop.flush(10)` before you count",
        )
    if acknowledged > wanted:
        return not_yet(
            "counted-too-often",
            expected="an acknowledgement for each step",
            seen="more of them than steps",
            why="each message has one answer",
            try_next="begin to count anew in each call",
        )
    return passed("Every step is in Kafka, acknowledged, and in line with the others of its order.")


def _order(record):
    return _value(record).get("order")


def _step(record):
    return _value(record).get("step")


def _value(record):
    import json

    try:
        value = json.loads(record.value())
    except (ValueError, TypeError):
        return {}
    return value if isinstance(value, dict) else {}


@exercise(
    "13.2",
    title="Predict who packs how many",
    hints=(
        "What becomes of a message for which a callback answers RECONSUME_LATER? And what does Kafka's loop read next, after `seek`?",
        "In RocketMQ it goes away, and comes again: five can be packed in the end. Kafka's loop reads the third parcel again. How many lie before it?",
        "RocketMQ: all but one. Kafka: the two before the one that never works: `prediction = (5, 2)`.",
    ),
)
def failing_parcels(lab, prediction, seen, dead_before, kafka, kafka_before):
    if not numbers(prediction, 2):
        return not_yet(
            "not-two-numbers",
            expected="two whole numbers: packed by RocketMQ's group, packed by Kafka's loop",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is what one bad message does to the others",
            try_next="write `prediction = (..., ...)` with two numbers",
        )
    dead = [m.keys for m in lab.admin.messages(DEAD, limit=500) if m.queue_offset >= dead_before]
    if NEVER not in dead or committed(kafka, "packers", KAFKA_PARCELS) != kafka_before + 2:
        return not_yet(
            "not-run",
            expected="the third parcel in RocketMQ's dead-letter queue, and Kafka's group before it",
            seen="the brokers say otherwise",
            why="the prediction is compared with what the brokers did",
            try_next="run the cell that packs once more",
        )
    if tuple(prediction) == tuple(seen):
        return passed("RocketMQ lays one aside and packs five; Kafka's group stands before the third.")
    if prediction[1] == prediction[0] == seen[0] or prediction[1] > seen[1]:
        return not_yet(
            "kafka-steps-aside",
            expected="two by Kafka's loop",
            seen=f"you predict {prediction[1]}",
            why="a Kafka group has one position in a partition. What fails stays where it is, and all that lies behind it waits; no broker takes it away",
            try_next="look at what the cell printed",
        )
    if prediction[0] < seen[0]:
        return not_yet(
            "rocketmq-blocks",
            expected="five by RocketMQ's group",
            seen=f"you predict {prediction[0]}",
            why="RECONSUME_LATER sends the message back: the queue goes on meanwhile, and a jam of the printer is over at the next try",
            try_next="look at what the cell printed",
        )
    return not_yet(
        "other-numbers",
        expected="what the brokers did",
        seen="other numbers",
        why="one parcel can never be packed; the question is how many of the others are",
        try_next="look at what the cell printed",
    )


@exercise(
    "13.3",
    title="A dead-letter topic by hand",
    hints=(
        "Which failures are over at the next try, and which never? What must have happened before `handle` returns?",
        "A loop of three tries around `pack(json.loads(record.value()))`, and `return` when one works. After it `kafka_shop.produce(kafka_dead, key=record.key(), value=record.value())`, and wait for it.",
        "`for _ in range(3):` `try: pack(...)`, `except (ValueError, ConnectionError): continue`, `return`; after the loop `produce`, then `kafka_shop.flush(10)`.",
    ),
)
def parked_by_hand(lab, done, kafka, dead_since):
    if not isinstance(done, int) or isinstance(done, bool):
        return not_yet(
            "not-a-number",
            expected="what `trial(handle)` returns",
            seen=f"`done` is a {type(done).__name__}",
            why="it is how far the group has come",
            try_next="write `done = trial(handle)`",
        )
    dead = eventually(lambda: records(kafka, KAFKA_DEAD, {0: dead_since}), timeout_s=15 if done < 6 else 3)
    keys = [record.key().decode() if record.key() else None for record in dead]
    if done < 6 and keys == [NEVER]:
        return not_yet(
            "not-awaited",
            expected="a `handle` that returns once Kafka has the dead letter",
            seen="it ended before that; the letter came later",
            why="`produce()` only fills a buffer. When `handle` returns, the parcel is committed: a program that dies now has lost it",
            try_next="call `kafka_shop.flush(10)` before you return",
        )
    if done < 6:
        return not_yet(
            "blocked",
            expected="six parcels that are done, one way or the other",
            seen="a consumer that ended at a parcel, which will be the first thing that it reads when it is started again",
            why="Kafka's consumer groups have no dead-letter queue: nobody takes the record away but your program",
            try_next="catch what `pack` raises, and put the record into `parcels-dead` after the third try",
        )
    if not keys:
        return not_yet(
            "lost",
            expected="the parcel without an address in `parcels-dead`",
            seen="nothing there, and the group is past it",
            why="who catches the exception and goes on has lost the message: it is committed, and nobody will look at it again",
            try_next="after the third try, `kafka_shop.produce(kafka_dead, key=record.key(), value=record.value())`",
        )
    if None in keys:
        return not_yet(
            "no-key",
            expected="dead letters under their keys",
            seen="a record without a key",
            why="whoever looks into the topic wants to know which parcel it is; and sent on again, it needs its partition",
            try_next="hand `key=record.key()` to `produce`",
        )
    if LATER in keys:
        return not_yet(
            "parked-too-soon",
            expected="only what never works among the dead letters",
            seen="a parcel that could be packed at the second try",
            why="most failures are over in a moment: a jam, a time-out, a service that restarts. Dead letters are work for people",
            try_next="try three times before you give up",
        )
    if keys != [NEVER]:
        return not_yet(
            "other-letters",
            expected="one dead letter: the parcel without an address",
            seen="others, or it more than once",
            why="each letter stands for a parcel that somebody has to look after",
            try_next="put a record there once, after the third try, and run the whole cell again",
        )
    return passed("Five packed, one laid aside, none lost, and the partition goes on.")


@exercise(
    "13.4",
    title="Predict who hands out how many",
    hints=(
        "Who compares: the broker, or the consumer? In which of the two systems?",
        "RocketMQ's consumer has subscribed to `gift`. Kafka's has subscribed to the topic.",
        "Only the gifts here, everything there: `prediction = (20, 200)`.",
    ),
)
def filtered_where(lab, prediction, seen, kafka):
    if not numbers(prediction, 2):
        return not_yet(
            "not-two-numbers",
            expected="two whole numbers: handed out by RocketMQ's broker, by Kafka's broker",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is who looks into a message before it travels",
            try_next="write `prediction = (..., ...)` with two numbers",
        )
    stored = lab.admin.topic_stats(KAFKA_SALES)
    in_rocketmq = sum(stats.max_offset for stats in stored.values())
    with asking(kafka) as consumer:
        place = confluent_kafka.TopicPartition(KAFKA_SALES, 0)
        in_kafka = consumer.get_watermark_offsets(place, timeout=10)[1]
    if in_rocketmq < SALES or in_kafka < SALES or not numbers(seen, 2):
        return not_yet(
            "not-run",
            expected="200 sales in both brokers",
            seen="fewer",
            why="the prediction is compared with what the brokers did",
            try_next="run the cell that sends them once more",
        )
    if tuple(prediction) == tuple(seen):
        return passed("RocketMQ's broker compares tags before it sends; Kafka's looks into nothing.")
    if prediction[0] > seen[0]:
        return not_yet(
            "all-filter-in-the-client",
            expected="twenty by RocketMQ's broker",
            seen=f"you predict {prediction[0]}",
            why="a subscription with a tag travels to the broker, and the index of a queue has the hash of each message's tag: the others are not even read",
            try_next="look at what the cell printed",
        )
    if prediction[1] < seen[1]:
        return not_yet(
            "kafka-filters",
            expected="two hundred by Kafka's broker",
            seen=f"you predict {prediction[1]}",
            why="to Kafka's broker a record is bytes: key, value and headers are for clients. A consumer gets all of a partition, and decides",
            try_next="look at what the cell printed",
        )
    return not_yet(
        "other-numbers",
        expected="what the brokers did",
        seen="other numbers",
        why="200 sales are sent, and 20 of them are gifts",
        try_next="look at what the cell printed",
    )


@exercise(
    "13.5",
    title="Decide, and say why",
    hints=(
        "Take the facts first. Which of them is needed for each requirement? Three letters are beliefs that you have seen refuted.",
        "`unpaid` waits; `database` needs an answer from whoever sent it; `clicks` are read again; `counts` go from Kafka to Kafka; `tickets` are routed.",
        "RocketMQ for `unpaid` (B) and `database` (E), Kafka for `clicks` (A) and `counts` (C), RabbitMQ for `tickets` (D).",
    ),
)
def decided(lab, choice):
    if not isinstance(choice, dict) or set(choice) != set(RIGHT):
        return not_yet(
            "not-all-requirements",
            expected="a dict with the five requirements as its keys",
            seen=f"`choice` is a {type(choice).__name__}, or has others",
            why="each of them has its own answer",
            try_next='write `choice = {"unpaid": ("...", "..."), ...}` with all five',
        )
    if not all(
        isinstance(each, (list, tuple)) and len(each) == 2 and each[0] in SYSTEMS for each in choice.values()
    ):
        return not_yet(
            "not-a-system-and-a-fact",
            expected="a system and a letter for each: RocketMQ, Kafka or RabbitMQ, and the fact that decides",
            seen="something else",
            why="a choice without a reason is a taste",
            try_next='write `("Kafka", "A")`, for example',
        )
    beliefs = {
        "F": (
            "kafka-loses",
            "Kafka had each message of this lab, and with three replicas, `acks=all` and `min.insync.replicas=2` it keeps them as RocketMQ does",
        ),
        "G": (
            "rocketmq-is-slow",
            "here it answered within a millisecond, and in batches it took tens of thousands a second. Clicks go to Kafka since it was built around batches and around reading again, which is a fact about Kafka",
        ),
        "H": (
            "rabbitmq-forgets",
            "its queues forget, its streams keep: they are read again and again. That is not why Kafka is taken for clicks",
        ),
    }
    for letter, (key, why) in beliefs.items():
        if any(str(each[1]).upper() == letter for each in choice.values()):
            return not_yet(
                key,
                expected="facts as reasons",
                seen=f"{letter}, which is a belief",
                why=why,
                try_next="ask what the requirement needs, not what a system is said to lack",
            )
    given = {name: (system, str(letter).upper()) for name, (system, letter) in choice.items()}
    if given["database"][0] == "Kafka" or given["database"][1] == "C":
        return not_yet(
            "kafka-transactions-reach-the-database",
            expected="a transaction that your database is in",
            seen="Kafka's",
            why="Kafka's transactions span partitions and offsets; a row in your database is in none of them",
            try_next="read section 8 again: who is asked how the local transaction ended?",
        )
    wrong = [name for name in RIGHT if given[name] != RIGHT[name]]
    if wrong:
        return not_yet(
            "another-fact-decides",
            expected="for each requirement the fact without which it cannot be met, and the system that has it",
            seen=f"to look at again: {', '.join(wrong)}",
            why="most requirements are met by all three, with more or less work; here one fact saves that work",
            try_next="read the row of the table that the requirement is about",
        )
    return passed("Five requirements, five facts. Take the list of your own system next.")
