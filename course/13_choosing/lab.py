# %% [markdown]
# # 13 · RabbitMQ, Kafka or RocketMQ?
#
# The shop grows, and somebody asks the question that is always asked: why this one? Articles answer it with a table, and the tables are copied from
# each other. We do better: a **real Kafka** starts beside our RocketMQ, gets the same orders, and meets the same mishaps. Where they differ, you see
# it happen. RabbitMQ is not started here (it runs on Erlang, not on Java); what is said of it has its source beside it. About 45 minutes.

# %% tags=["parameters"]
ORDERS = 100  # orders, four messages each
COUNT = 1000  # messages in each measurement

# %%
from rmqlab import start_lab

lab = start_lab(
    "13-choosing",
    metrics=True,
    delay_levels="1s 1s 1s 2s 3s 5s",
    properties={"waitTimeMillsInSendQueue": 5000},
)

# %% [markdown]
# (The delay levels are short, so that nobody waits; the broker shows its metrics, since we shall ask it what it handed out; and as in lab 02 it may take its time before it calls itself *busy*.) Now the other one. The first time, the next cell fetches Kafka's files, 45 MB:

# %% tags=["nbval-ignore-output"]
kafka = lab.another("kafka")
kafka

# %% [markdown]
# One process, which is broker and **controller** at once: the controller knows which brokers there are, and which has what. In RocketMQ the NameServers know. Kafka runs as a
# plain process, also where your RocketMQ runs in containers.
#
# ## 1. What a queue gives, and what it costs
#
# First the question before the question: do you need any of them? What you have seen in this course:
#
# | it gives | seen in | it costs | seen in |
# | --- | --- | --- | --- |
# | **decoupling**: the shop does not know who reads its orders, nor whether they are up | lab 10, sections 2 and 6 | **availability**: one more system that must not be down | labs 07, 08 |
# | **peak shaving**: orders come at noon, work is done all afternoon | lab 10, section 4 | **complexity**: lost, twice, late, in another order: each has to be thought of | labs 04, 07, 09 |
# | **distribution**: many workers, many readers, everybody gets the news | lab 03; lab 10, section 5 | **consistency**: the answer to the customer comes before the work is done | labs 06, 09 |
#
# A function call has none of these costs. If one program calls one other, and may wait for the answer, call it. A queue pays where somebody must not wait, or must
# not notice that somebody else is down.
#
# ## 2. The same work, twice
#
# An order has four steps, and each step is a message. They must stay in line for each order, and no other order need wait (lab 04). The two clients, side by side:

# %%
import json
import time
from urllib.request import urlopen

import confluent_kafka
from confluent_kafka.admin import AdminClient, NewTopic
from prometheus_client.parser import text_string_to_metric_families

from rmqlab import client as rocketmq
from rmqlab.checks import eventually

shop = rocketmq.Producer("shop", namesrv=lab.namesrv, timeout_ms=10_000)  # 3 s by default
shop.start()

at_kafka = {"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0}  # errors reach us as such
kafka_shop = confluent_kafka.Producer(
    {
        **at_kafka,
        "acks": "all",  # answer when all replicas that are in sync have it: the default
        "enable.idempotence": True,  # a retry makes no duplicate: the default in Java, not in this client
        "message.timeout.ms": 10_000,  # for a message, with all retries; five minutes by default
    }
)
kafka_admin = AdminClient(at_kafka)


def kafka_topic(name, partitions):
    """Create a Kafka topic unless it exists, and return its name."""
    if name not in kafka_admin.list_topics(timeout=10).topics:
        for created in kafka_admin.create_topics([NewTopic(name, partitions, 1)]).values():
            created.result(10)
        # the broker that we ask may hear of it a moment later
        eventually(lambda: kafka_admin.list_topics(name, timeout=10).topics[name].partitions, timeout_s=10)
    return name


# %% [markdown]
# The words are others, the things are alike: RocketMQ's *queue* is Kafka's *partition*, a sync send is `acks=all`, an offset is an offset, a group is a group.

# %%
STEPS = ("create", "pay", "deliver", "sign")
steps = [(f"order-{number}", step) for step in STEPS for number in range(1, ORDERS + 1)]

rocketmq_steps = lab.topic("steps", queues=4)
kafka_steps = kafka_topic("steps", partitions=4)


# %%
def to_json(order, step):
    return json.dumps({"order": order, "step": step, "note": "x" * 150})


def rocketmq_ends(topic):
    """Return where each queue of a RocketMQ topic ends: {queue: offset}."""
    return {queue: stats.max_offset for queue, stats in lab.admin.topic_stats(topic).items()}


before = rocketmq_ends(rocketmq_steps)
for order, step in steps:
    message = rocketmq.Message(rocketmq_steps, to_json(order, step), tags=step, keys=order)
    shop.send_orderly_with_sharding_key(message, order)


def stored():
    return sum(rocketmq_ends(rocketmq_steps).values()) - sum(before.values())


print("RocketMQ has stored", eventually(stored, until=lambda count: count >= len(steps)))

# %% [markdown]
# `send` returned, so the broker has answered: SEND_OK, or an exception. Kafka's client is another kind. `produce()` puts a message into a **buffer** and returns;
# a thread of the client collects what is there for a few milliseconds (`linger.ms`), and sends it in batches. The answers come to the callback `on_delivery`, which is called from
# `poll()` and `flush()`, and from nowhere else.
#
# ### Exercise 13.1: all acknowledged, all in line
#
# Write `send_to_kafka(topic, steps)`: it sends all steps, so that those of an order stay in line, and returns **how many of them Kafka has acknowledged**. In Kafka a message's **key** decides its partition.
# (`kafka_shop.produce(topic, key=..., value=..., on_delivery=f)`, with `f(error, message)`; `error` is None if all is well.)


# %%
def kafka_ends(topic):
    """Return where each partition of a Kafka topic ends: {partition: offset}."""
    partitions = kafka_admin.list_topics(topic, timeout=10).topics[topic].partitions
    with confluent_kafka.Consumer({**at_kafka, "group.id": "looks"}) as looking:
        places = [confluent_kafka.TopicPartition(topic, partition) for partition in partitions]
        return {place.partition: looking.get_watermark_offsets(place, timeout=10)[1] for place in places}


# %%
since = kafka_ends(kafka_steps)


### BEGIN SOLUTION
### LEARNER: def send_to_kafka(topic, steps):
### LEARNER:     ...
### LEARNER:
### LEARNER:
### LEARNER: acknowledged = ...  # send_to_kafka(kafka_steps, steps)
def send_to_kafka(topic, steps):
    acknowledged = []

    def on_delivery(error, message):
        if error is None:
            acknowledged.append(message)

    for order, step in steps:
        kafka_shop.produce(topic, key=order, value=to_json(order, step), on_delivery=on_delivery)
        kafka_shop.poll(0)  # let callbacks run
    kafka_shop.flush(10)
    return len(acknowledged)


acknowledged = send_to_kafka(kafka_steps, steps)
print("Kafka has acknowledged", acknowledged)
### END SOLUTION

# %%
lab.check("13.1", kafka=kafka, acknowledged=acknowledged, steps=steps, since=since)
# lab.hint("13.1")

# %% [markdown]
# ### How fast?
#
# The question that articles answer first. The same messages to both, in two ways: **one by one**, each waiting for its answer; and **in flight**, as fast as the program can hand them over, with all answers
# awaited at the end. Kafka's client makes batches of what is in flight; for RocketMQ we make some ourselves, too.

# %%
measured = lab.topic("measured", queues=4)
kafka_measured = kafka_topic("measured", partitions=4)
keys = [f"order-{number}" for number in range(COUNT)]

# %%
import zlib
from time import perf_counter


def by_key(queues, message, key):
    return queues[zlib.crc32(key.encode()) % len(queues)]


def rocketmq_message(key):
    return rocketmq.Message(measured, to_json(key, "measured"), keys=key)


def rocketmq_one_by_one():
    calls = []
    for key in keys:
        called = perf_counter()
        shop.send(rocketmq_message(key), selector=by_key, arg=key)
        calls.append((called, perf_counter(), perf_counter()))
    return calls


def rocketmq_in_flight():
    calls, answered = [], {}
    for key in keys:
        called = perf_counter()
        shop.send_async(
            rocketmq_message(key),
            selector=by_key,
            arg=key,
            on_success=lambda _, key=key: answered.update({key: perf_counter()}),
        )
        calls.append((called, perf_counter()))
    shop.flush()
    for key in keys:
        if key not in answered:  # a busy broker refuses, and an async send is not tried again then
            shop.send(rocketmq_message(key), selector=by_key, arg=key)
            answered[key] = perf_counter()
    return [(*call, answered[key]) for key, call in zip(keys, calls, strict=True)]


def rocketmq_in_batches():
    by_queue = {queue: [] for queue in shop.queues(measured)}
    for key in keys:
        by_queue[by_key(list(by_queue), None, key)].append(key)
    calls = []
    for queue, its_keys in by_queue.items():
        called = perf_counter()
        shop.send_batch([rocketmq_message(key) for key in its_keys], queue=queue)
        returned = perf_counter()
        calls += [(called, returned, returned)] * len(its_keys)  # one call, one answer for all of them
    return calls


def kafka_send(key, answered):
    """Hand a message over; return when. When its answer comes, note that in `answered`."""
    called = perf_counter()

    def on_delivery(error, message):
        if error:
            raise confluent_kafka.KafkaException(error)
        answered[key] = called + message.latency()

    kafka_shop.produce(kafka_measured, key=key, value=to_json(key, "measured"), on_delivery=on_delivery)
    return called


def kafka_one_by_one():
    calls, answered = [], {}
    for key in keys:
        called = kafka_send(key, answered)
        kafka_shop.flush(10)  # does not wait for linger.ms
        calls.append((called, perf_counter(), answered[key]))
    return calls


def kafka_in_flight():
    calls, answered = [], {}
    for key in keys:
        called = kafka_send(key, answered)
        calls.append((called, perf_counter()))
        kafka_shop.poll(0)
    kafka_shop.flush(10)
    return [(*call, answered[key]) for key, call in zip(keys, calls, strict=True)]


def measure():
    return (
        {"RocketMQ": rocketmq_one_by_one(), "Kafka": kafka_one_by_one()},
        {
            "RocketMQ": rocketmq_in_flight(),
            "in batches": rocketmq_in_batches(),
            "Kafka": kafka_in_flight(),
        },
    )


measure()  # the first round warms everything up
one_by_one, in_flight = measure()

# %% [markdown]
# One by one:

# %% tags=["nbval-ignore-output"]
lab.view("sends", calls=one_by_one).snapshot()

# %% [markdown]
# In flight. (The picture's "a second" counts what was handed over; the lines printed under it count up to the last answer.)

# %% tags=["nbval-ignore-output"]
lab.view("sends", calls=in_flight).snapshot()

# %% tags=["nbval-ignore-output"]
for mode, calls in in_flight.items():
    took = max(answered for _, _, answered in calls) - calls[0][0]
    print(f"{mode:11} {len(calls) / took:>8,.0f} a second, until the last answer is there")

# %% [markdown]
# And back: as many messages as were just sent, read from both.


# %%
def read_from_rocketmq(group, count):
    """Read so many messages; return them."""
    with rocketmq.PullConsumer(
        group, namesrv=lab.namesrv, from_where=rocketmq.ConsumeFromWhere.FIRST
    ) as consumer:
        consumer.subscribe(measured)
        messages = []
        for message in consumer.messages(idle_s=10):
            messages.append(message)
            if len(messages) == count:
                break
        return messages


def kafka_consumer(group):
    """Return a Kafka consumer that begins at the beginning, and commits when it is told to."""
    return confluent_kafka.Consumer(
        {
            **at_kafka,
            "group.id": group,
            "auto.offset.reset": "earliest",  # the end by default
            "enable.auto.commit": False,  # by default every 5 s, whatever has been handed out
        }
    )


def next_records(consumer, count):
    """Return the next so many records; TimeoutError if Kafka hands out nothing for half a minute."""
    records = []
    while len(records) < count:
        handed_out = consumer.consume(count - len(records), timeout=30)
        if not handed_out:
            raise TimeoutError("Kafka hands out nothing.")
        records += handed_out
    return records


def read_from_kafka(group, count):
    with kafka_consumer(group) as consumer:
        consumer.subscribe([kafka_measured])
        records = next_records(consumer, count)
        consumer.commit(asynchronous=False)
        return records


readers = f"readers-{time.time():.0f}"  # a new group begins at the beginning, also the second time
began = perf_counter()
from_rocketmq = read_from_rocketmq(readers, 6 * COUNT)
half_time = perf_counter()
from_kafka = read_from_kafka(readers, 4 * COUNT)
ended = perf_counter()

print("read from RocketMQ:", len(from_rocketmq))
print("read from Kafka:   ", len(from_kafka))

# %% tags=["nbval-ignore-output"]
print(
    f"RocketMQ {len(from_rocketmq) / (half_time - began):>8,.0f} a second, the start of the consumer included"
)
print(f"Kafka    {len(from_kafka) / (ended - half_time):>8,.0f} a second, the same")

# %% [markdown]
# Your numbers are your machine's. In eight rounds on two cores that had other work, too, the medians were, a second:
#
# | | RocketMQ | Kafka |
# | --- | --- | --- |
# | one by one, until the answer is there | 1,600 | 2,900 |
# | in flight, until the last answer is there | 7,100; in batches 44,000 | 130,000 |
# | read | 10,000 | 29,000 |
#
# Kafka was ahead in each line. Before you write that into an article:
#
# - **Two clients, not two brokers.** Kafka's is C under Python, RocketMQ's is Java under Python, and each message crosses over by itself. Batches alone made RocketMQ six times as fast. What the brokers could do, you would learn from many producers on other machines.
# - **One node each, no replicas.** `acks=all` of one is one. What replication costs (lab 08) is not in it, and neither flushes before it answers.
# - **`linger.ms`** makes single messages wait for company: here 5 ms. It trades the latency of one for the rate of all.
# - **Small heaps, quick compilers, two cores**, which the brokers share with your notebook.
#
# What it does say: here both answer within a millisecond, which is more orders a second than most shops have in an hour, and both lost nothing. "Kafka loses messages", "RocketMQ is slow": neither decides for a shop. Where it is half a million clicks a second, batches do, and it is Kafka that was built around them.
#
# ## 3. Which partition?
#
# In Kafka the key of a message decides its partition; in RocketMQ a key is for finding it, and the **sharding key** or your selector decides (lab 04). Either way the *producer* computes it: hash of the key, modulo the number of partitions. That
# has two consequences, which are the same in both worlds.

# %%
names = [f"order-{number}" for number in range(1, 9)]
four, six = kafka_topic("four", partitions=4), kafka_topic("six", partitions=6)
queues_4, queues_6 = lab.topic("four", queues=4), lab.topic("six", queues=6)


# %%
def kafka_partitions(topic, partitioner):
    """Send one message for each order; return the partitions that they went to."""
    went = {}
    producer = confluent_kafka.Producer({**at_kafka, "partitioner": partitioner})
    for name in names:
        producer.produce(
            topic,
            key=name,
            value="x",
            on_delivery=lambda error, m, name=name: went.update({name: m.partition()}),
        )
    producer.flush(10)
    return [went[name] for name in names]


def rocketmq_queues(topic):
    """Send one message for each order, with its name as the sharding key; return their queues."""
    for name in names:
        shop.send_orderly_with_sharding_key(rocketmq.Message(topic, "x", keys=name), name)

    def went():
        return {message.keys: message.queue.queue_id for message in lab.admin.messages(topic, limit=500)}

    found = eventually(went, until=lambda found: found.keys() >= set(names))
    return [found[name] for name in names]


rows = {
    "Kafka, this client, 4 partitions": kafka_partitions(four, "consistent_random"),  # CRC32: its default
    "Kafka, Java's way, 4 partitions": kafka_partitions(four, "murmur2_random"),  # Java's default
    "Kafka, this client, 6 partitions": kafka_partitions(six, "consistent_random"),
    "RocketMQ, 4 queues": rocketmq_queues(queues_4),
    "RocketMQ, 6 queues": rocketmq_queues(queues_6),
}
print(f"{'order':34}" + "  ".join(name.removeprefix("order-") for name in names))
for what, partitions in rows.items():
    print(f"{what:34}" + "  ".join(map(str, partitions)))

# %% [markdown]
# - **Whoever adds partitions moves orders** (first line against third, fourth against fifth). Steps that were sent before lie in one, steps that come after in another, and nobody keeps them in line. Kafka cannot even
#   take partitions away again.
# - **Two clients, two hashes** (first line against second). `librdkafka`, under Python, Go and C#, hashes with CRC32 unless it is told otherwise, Java with murmur2. A Java service and a Python service that write the same topic with the same keys tear orders apart. Set `partitioner=murmur2_random`.
#
# ## 4. A message that fails
#
# Six parcels have to be packed. The third has no address, and never will. At the fifth the label printer jams, once. One queue, one partition.

# %%
ADDRESSES = {"parcel-3": None}
parcels = lab.topic("parcels", queues=1)
kafka_parcels = kafka_topic("parcels", partitions=1)

# %%
jams = set()


def make_parcels():
    """Return six parcels as (key, JSON), and let the printer jam once."""
    jams.add("parcel-5")
    numbers = [f"parcel-{number}" for number in range(1, 7)]
    return [(key, json.dumps({"key": key, "address": ADDRESSES.get(key, "Oslo")})) for key in numbers]


def pack(parcel):
    """Pack a parcel, or raise."""
    if not parcel["address"]:
        raise ValueError("no address")
    if parcel["key"] in jams:
        jams.discard(parcel["key"])
        raise ConnectionError("the printer jams")


# %% [markdown]
# RocketMQ's consumer answers for each message, and `RECONSUME_LATER` is an answer. Kafka's consumer has a **position** and nothing else: a program that wants a message again sets its position
# back, and does not commit:


# %%
def rocketmq_packs(packed):
    """Return a callback that packs, and asks for another try where that fails."""

    def on_parcel(message):
        parcel = json.loads(message.body)
        try:
            pack(parcel)
        except (ValueError, ConnectionError):
            return rocketmq.ConsumeStatus.RECONSUME_LATER
        packed.put(parcel["key"])
        return rocketmq.ConsumeStatus.CONSUME_SUCCESS

    return on_parcel


def kafka_packs(consumer, packed, tries):
    """Pack; where that fails, go back and try again. Look at so many records in all."""
    for _ in range(tries):
        (record,) = next_records(consumer, 1)
        parcel = json.loads(record.value())
        try:
            pack(parcel)
        except (ValueError, ConnectionError):
            consumer.seek(confluent_kafka.TopicPartition(record.topic(), record.partition(), record.offset()))
            continue
        packed.append(parcel["key"])
        consumer.commit(record, asynchronous=False)


# %% [markdown]
# ### Exercise 13.2: predict, then run
#
# RocketMQ's group may try a message three times (`max_reconsume_times=2`). Kafka's loop may look at fifty records. How many of the six parcels are **packed** in the end: by RocketMQ's group, by Kafka's loop?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # two numbers: (by RocketMQ's group, by Kafka's loop)
prediction = (5, 2)  # one goes aside; one stands in the way
### END SOLUTION

# %%
DEAD = "%DLQ%packers"  # where RocketMQ puts what a group could not do


def dead_letters():
    """Return how many dead letters the group has."""
    return sum(rocketmq_ends(DEAD).values())


dead_before, kafka_before = dead_letters(), kafka_ends(kafka_parcels)[0]
packed, packed_by_kafka = lab.inbox(), []

with rocketmq.PushConsumer(
    "packers",
    namesrv=lab.namesrv,
    from_where=rocketmq.ConsumeFromWhere.FIRST,
    max_reconsume_times=2,
) as consumer:
    consumer.subscribe(parcels, rocketmq_packs(packed))
    for key, parcel in make_parcels():
        shop.send(rocketmq.Message(parcels, parcel, keys=key))
    eventually(lambda: dead_letters() > dead_before and len(set(packed)) >= 5, timeout_s=40)

with kafka_consumer("packers") as consumer:
    consumer.assign([confluent_kafka.TopicPartition(kafka_parcels, 0, kafka_before)])
    for key, parcel in make_parcels():
        kafka_shop.produce(kafka_parcels, key=key, value=parcel)
    kafka_shop.flush(10)
    kafka_packs(consumer, packed_by_kafka, tries=50)

packed_by = (len(set(packed)), len(packed_by_kafka))  # at least once: one may come twice
print("packed by RocketMQ's group:", *sorted(set(packed)))
print("packed by Kafka's loop:    ", *packed_by_kafka)

# %%
lab.check(
    "13.2",
    prediction=prediction,
    seen=packed_by,
    dead_before=dead_before,
    kafka=kafka,
    kafka_before=kafka_before,
)
# lab.hint("13.2")

# %% [markdown]
# RocketMQ took the parcel without an address out of the way, tried it again after a while, and laid it into the group's **dead-letter queue** (`DLQ`). In Kafka it stands in the way of all that lies behind it, for ever. That is the price of a log
# with one position: a group is done *up to here*.

# %% tags=["nbval-ignore-output"]
lab.view("retries", group="packers").snapshot()

# %% [markdown]
# So a program has two ways on. It can **skip**: catch the exception, log it, go on; the parcel is lost. Or it does by hand what RocketMQ does by itself: some tries, then into another topic, then on. (RocketMQ's *orderly* consumer
# stands still like Kafka's loop: lab 04. Whoever wants order must wait.)
#
# ### Exercise 13.3: a dead-letter topic by hand
#
# Write `handle(record)`. It packs the parcel. If that fails, it tries again, three times in all. If that does not help, it puts the record into the topic `parcels-dead`, under its key, **waits until it is there**, and returns. `trial(handle)` sends six parcels anew and hands
# them over, one by one. When `handle` returns, it commits; when it raises, the consumer is dead; when it returns too early, the trial is over.

# %%
kafka_dead = kafka_topic("parcels-dead", partitions=1)


# %%
def trial(handle):
    """Send six parcels, and hand each to `handle`; return how many the group is done with."""
    start = kafka_ends(kafka_parcels)[0]
    for key, parcel in make_parcels():
        kafka_shop.produce(kafka_parcels, key=key, value=parcel)
    kafka_shop.flush(10)
    done = start
    with kafka_consumer("careful-packers") as consumer:
        consumer.assign([confluent_kafka.TopicPartition(kafka_parcels, 0, start)])
        for _ in range(6):
            (record,) = next_records(consumer, 1)
            try:
                handle(record)
            except Exception as error:
                print(f"The consumer is dead: {error}.")
                break
            if len(kafka_shop):  # so many have no answer yet
                print("`handle` has returned before Kafka had its dead letter.")
                break
            consumer.commit(record, asynchronous=False)
            done = record.offset() + 1
    return done - start


dead_since = kafka_ends(kafka_dead)[0]
### BEGIN SOLUTION
### LEARNER: def handle(record):
### LEARNER:     ...  # pack(json.loads(record.value()))
### LEARNER:
### LEARNER:
### LEARNER: done = ...  # trial(handle)


def handle(record):
    for _ in range(3):
        try:
            pack(json.loads(record.value()))
        except (ValueError, ConnectionError):
            continue
        return
    kafka_shop.produce(kafka_dead, key=record.key(), value=record.value())
    if kafka_shop.flush(10):
        raise RuntimeError("nobody takes the dead letter")  # then it must not be committed


done = trial(handle)
print("done:", done, "of 6")
### END SOLUTION

# %%
lab.check("13.3", done=done, kafka=kafka, dead_since=dead_since)
# lab.hint("13.3")

# %% [markdown]
# Ten lines, and what is still missing: a pause between the tries that does not stop the others, and a way back out of the topic. Frameworks have both (Spring's `@RetryableTopic`, Kafka Connect's `errors.deadletterqueue`). And since 4.2 Kafka has another kind of group, the **share group**, in which
# each record is acknowledged by itself, is delivered five times at most, to anybody, and since 4.4 may go to a dead-letter topic. It is what pop is in RocketMQ 5 (lab 12), and it has no order. "Kafka has no queue" is not so any more. (This lab's Python client has it as a preview only.)
#
# ## 5. A message that waits
#
# "If order A is not paid within 3 s, cancel it; order B within 1 s." In RocketMQ a message has a delay, and the broker waits (lab 05). A Kafka broker does not wait. The program writes into the record when it is due, and whoever reads it waits for that moment.

# %%
reminders = lab.topic("reminders", queues=1)
kafka_reminders = kafka_topic("reminders", partitions=1)

# %%
came = lab.inbox()


def on_reminder(message):
    came.put(message.keys.decode())
    return rocketmq.ConsumeStatus.CONSUME_SUCCESS


with rocketmq.PushConsumer(
    "cancelling", namesrv=lab.namesrv, from_where=rocketmq.ConsumeFromWhere.FIRST
) as consumer:
    consumer.subscribe(reminders, on_reminder)
    shop.send(rocketmq.Message(reminders, "unpaid?", keys="A", delay_level=5))  # 3 s in this lab
    shop.send(rocketmq.Message(reminders, "unpaid?", keys="B", delay_level=1))  # 1 s
    came.wait_for(2, timeout_s=20)

came_by_kafka = []
with kafka_consumer("cancelling") as consumer:
    consumer.assign([confluent_kafka.TopicPartition(kafka_reminders, 0, kafka_ends(kafka_reminders)[0])])
    for key, delay_s in {"A": 3, "B": 1}.items():
        due = str(time.time() + delay_s)
        kafka_shop.produce(kafka_reminders, key=key, value="unpaid?", headers={"due": due})
    kafka_shop.flush(10)
    for record in next_records(consumer, 2):
        due = float(dict(record.headers())["due"])
        time.sleep(max(0, due - time.time()))
        came_by_kafka.append(record.key().decode())

print("RocketMQ:", *came)
print("Kafka:   ", *came_by_kafka)

# %% [markdown]
# B was due first. In Kafka it came second, two seconds late, since A lies before it in the log. So one topic for each length of delay (which is what RocketMQ's eighteen levels are, inside the broker), or a database and a clock. And a program that sleeps for longer than `max.poll.interval.ms`, five minutes, is thrown out of its group:
# it has to `pause()` the partition and poll on.
#
# ## 6. Reading again
#
# Both keep a message after it was read, until its time is over (RocketMQ 72 h for a whole broker, Kafka 168 h, topic by topic), and a reader may go back: to an offset, or to a moment. "All steps of order-7 since this lab began to send":


# %%
import itertools


def again_from_rocketmq(key, place):
    left = sum(rocketmq_ends(rocketmq_steps).values()) - sum(place.values())
    with rocketmq.PullConsumer("auditor", namesrv=lab.namesrv, auto_commit=False) as consumer:
        queues = consumer.queues(rocketmq_steps)
        consumer.assign(queues)
        for queue in queues:
            consumer.seek(queue, place[queue])
        found = itertools.islice(consumer.messages(idle_s=10), left)
        return [m.tags.decode() for m in found if m.keys.decode() == key]


def again_from_kafka(key, place):
    left = sum(kafka_ends(kafka_steps).values()) - sum(place.values())
    with kafka_consumer("auditor") as consumer:
        consumer.assign(
            [confluent_kafka.TopicPartition(kafka_steps, *partition) for partition in place.items()]
        )
        records = next_records(consumer, left)
        return [json.loads(r.value())["step"] for r in records if r.key() == key.encode()]


print("RocketMQ:", *again_from_rocketmq("order-7", before))
print("Kafka:   ", *again_from_kafka("order-7", since))

# %% [markdown]
# (Kafka's line is empty as long as exercise 13.1 is not solved.) To a moment: `consumer.offset_at(queue, moment)` here, `consumer.offsets_for_times(...)` there; for a whole group `mqadmin resetOffsetByTime` and `kafka-consumer-groups.sh --reset-offsets`.
# Kafka goes further: it can keep only the latest record of each key, for ever (`cleanup.policy=compact`), so that a topic is a table. RabbitMQ's queues forget what was acknowledged. Its **streams** (since 3.9) do not, and can be read again as often as you like.
#
# ## 7. Not all of it
#
# Of 200 sales, 20 are gifts. The gift service wants those. In RocketMQ a consumer subscribes with a tag or an SQL condition (lab 03). A Kafka consumer subscribes to a topic; the `if` is in the program.
#
# ### Exercise 13.4: predict, then run
#
# How many sales does RocketMQ's broker hand out to the gift service, and how many does Kafka's?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # two numbers: (RocketMQ's broker, Kafka's broker)
prediction = (20, 200)  # tags are compared in the broker; Kafka's broker looks into no record
### END SOLUTION

# %%
SALES = 200
sales = lab.topic("sales", queues=1)
kafka_sales = kafka_topic("sales", partitions=1)


# %%
def kind(number):
    return "gift" if number % 10 == 0 else "own"


for number in range(SALES):
    shop.send(rocketmq.Message(sales, f"sale {number}", tags=kind(number), keys=f"sale-{number}"))
    kafka_shop.produce(kafka_sales, value=f"sale {number}", headers={"kind": kind(number)})
kafka_shop.flush(10)


def handed_out():
    """Return how many sales RocketMQ's broker has handed to the gift service, by its metrics."""
    with urlopen(lab.nodes["broker-a"].metrics_url, timeout=10) as page:
        families = text_string_to_metric_families(page.read().decode())
    return sum(
        int(sample.value)
        for family in families
        for sample in family.samples
        if sample.name == "rocketmq_messages_out_total"
        and (sample.labels["topic"], sample.labels["consumer_group"]) == (sales, "gifts")
    )


gifts, at_first = lab.inbox(), handed_out()


def on_gift(message):
    gifts.put(message.keys)
    return rocketmq.ConsumeStatus.CONSUME_SUCCESS


with rocketmq.PushConsumer(
    "gifts", namesrv=lab.namesrv, from_where=rocketmq.ConsumeFromWhere.FIRST
) as consumer:
    consumer.subscribe(sales, on_gift, "gift")
    gifts.wait_for(SALES // 10, timeout_s=20)
by_rocketmq = handed_out() - at_first

with kafka_consumer("gifts") as consumer:
    first = kafka_ends(kafka_sales)[0] - SALES
    consumer.assign([confluent_kafka.TopicPartition(kafka_sales, 0, first)])
    records = next_records(consumer, SALES)
kafka_gifts = [record for record in records if dict(record.headers())["kind"] == b"gift"]

handed = (by_rocketmq, len(records))
print(f"RocketMQ's broker handed out {by_rocketmq}, the service got {len(gifts)} gifts")
print(f"Kafka's broker handed out {len(records)}, the service kept {len(kafka_gifts)} gifts")

# %%
lab.check("13.4", prediction=prediction, seen=handed, kafka=kafka)
# lab.hint("13.4")

# %% [markdown]
# Ten times the traffic, and ten times the work for the consumer. It is a trade: a broker that looks into nothing is a faster broker, and in Kafka one makes a topic of its own for what is read on its own. (RocketMQ's broker compares hashes of tags, and the client looks once more: two tags may have the same hash.
# SQL conditions it reads out of the properties of each message: `enablePropertyFilter`.)
#
# ## 8. Both or neither?
#
# All three have *transactions*. It is the same word for three things:
#
# | | what becomes true together | what for | what it is not |
# | --- | --- | --- | --- |
# | RocketMQ | a change in **your database**, and one message: half message, local transaction, check-back (lab 06) | "the order is stored, so stock and mail shall hear of it" | it says nothing of what consumers do |
# | Kafka | records in **several partitions**, and the offsets of what they were made from: `begin_transaction`, `send_offsets_to_transaction`, `commit_transaction`; readers with `isolation.level=read_committed` | "read a click, count, write the count": exactly once, *from Kafka to Kafka* | your database is not in it: for that there is the outbox (lab 07) or change data capture |
# | RabbitMQ | publishes and acknowledgements of one channel (`tx.select`); its own documentation calls that "batching" rather than ACID [R7] | rarely used: publisher confirms are lighter | your database is not in it, and after a crash a part of it may be there |
#
# So "does it have transactions?" is the wrong question. "What shall be true together?" is the right one.
#
# ## 9. The table
#
# RocketMQ 5.4, Kafka 4.4 and RabbitMQ 4.4, looked up on 2026-11-29. Each cell has its source: ● you have seen it happen in this course, a code such as K1 is one of the pages below.
#
# | | RocketMQ | Kafka | RabbitMQ |
# | --- | --- | --- | --- |
# | **model** | topics of queues; one commit log a broker, queues are an index into it (● 01) | topics of partitions, each a log of its own [K1] | exchanges route messages into queues, by bindings, patterns, headers [R1]; streams are logs [R2] |
# | **order** | in a queue; the sharding key chooses it (● 04) | in a partition; the key chooses it (● section 2) [K1] | in a queue, as long as it has one consumer and nothing comes again [R3] |
# | **a message that fails** | comes again, 16 times by default, then DLQ (● section 4) [M1] | consumer groups: your loop (● section 4). Share groups: 5 deliveries, DLQ topic since 4.4 [K2] | quorum queues: 20 deliveries by default, then dropped, or to a dead-letter exchange; pauses between tries since 4.3 [R4] |
# | **delay** | 18 levels, or to the moment (● 05) [M2] | none in its documentation; your own clock (● section 5) [K1] | TTL and a dead-letter exchange [R5]; the plugin for it is no longer maintained [R6] |
# | **transactions** | your database and a message (● 06) [M3] | several partitions and offsets [K1] | batches of one channel, not atomic [R7] |
# | **filter** | in the broker: tags, SQL (● section 7) [M4] | in the program (● section 7) | routing is the filter [R1]; streams: properties, SQL since 4.2 [R8] |
# | **reading again** | by offset and by time, 72 h by default (● section 6) [M5] | by offset and by time, 168 h by default, compacted topics for ever (● section 6) [K3] | streams yes, queues no [R2] |
# | **priorities** | topics of the type PRIORITY, over pop, since 5.4 [M6] | none in its documentation [K1] | 32 in quorum queues, strict since 4.3 [R4] |
# | **replication** | master and slaves of a whole broker, flush and copy chosen by you; a controller for failover (● 08) | partition by partition, `acks=all` with `min.insync.replicas`; leaders chosen by the KRaft controllers [K1] | quorum queues and streams: Raft, a majority has it before you hear of it [R4] |
# | **more workers than queues** | idle; with pop they work (● 03, 12) | idle; in a share group they work [K2] | work: a queue has as many consumers as you like [R3] |
# | **protocols** | remoting, gRPC (● 12) | its own, over TCP [K4] | AMQP 0-9-1, AMQP 1.0, MQTT, STOMP, streams [R9] |
# | **beside it** | Connect, Streams, EventBridge, MQTT: projects of their own [M7] | Connect and Streams in the box [K1] | a management page in the box [R10] |
# | **named by its own pages** | order time-outs and timed jobs [M2]; a local transaction and its message [M3] | messaging, activity, metrics, logs, stream processing, event sourcing [K5] | work queues, publish and subscribe, routing, topics, RPC [R11] |
# | **written in, license** | Java, Apache 2.0 [M6] | Java and Scala, Apache 2.0 [K6] | Erlang, Mozilla Public License 2.0 [R12] |
#
# K1 [Kafka: design](https://kafka.apache.org/44/design/design/) ·
# K2 [Kafka: upgrading, 4.2](https://kafka.apache.org/42/getting-started/upgrade/) and [4.4](https://kafka.apache.org/44/getting-started/upgrade/), `group.share.delivery.count.limit` ·
# K3 [Kafka: topic configuration](https://kafka.apache.org/44/configuration/topic-configs/) ·
# K4 [Kafka: protocol](https://kafka.apache.org/44/design/protocol/) ·
# K5 [Kafka: use cases](https://kafka.apache.org/44/getting-started/uses/) ·
# K6 [Kafka's source](https://github.com/apache/kafka) ·
# M1 [RocketMQ: consumption retry](https://rocketmq.apache.org/docs/featureBehavior/10consumerretrypolicy) ·
# M2 [RocketMQ: delay message](https://rocketmq.apache.org/docs/featureBehavior/02delaymessage) ·
# M3 [RocketMQ: transaction message](https://rocketmq.apache.org/docs/featureBehavior/04transactionmessage) ·
# M4 [RocketMQ: message filtering](https://rocketmq.apache.org/docs/featureBehavior/07messagefilter) ·
# M5 [RocketMQ: storage and retention](https://rocketmq.apache.org/docs/featureBehavior/11messagestorepolicy) ·
# M6 [RocketMQ's source](https://github.com/apache/rocketmq), 5.4.0: `TopicMessageType`, `PopMessageProcessor` ·
# M7 [RocketMQ's site](https://rocketmq.apache.org/docs/) ·
# R1 [RabbitMQ: exchanges](https://www.rabbitmq.com/docs/exchanges) ·
# R2 [RabbitMQ: streams](https://www.rabbitmq.com/docs/streams) ·
# R3 [RabbitMQ: queues](https://www.rabbitmq.com/docs/queues#message-ordering) ·
# R4 [RabbitMQ: quorum queues](https://www.rabbitmq.com/docs/quorum-queues) ·
# R5 [RabbitMQ: TTL](https://www.rabbitmq.com/docs/ttl) and [dead-letter exchanges](https://www.rabbitmq.com/docs/dlx) ·
# R6 [RabbitMQ: the delayed message plugin](https://github.com/rabbitmq/rabbitmq-delayed-message-exchange) ·
# R7 [RabbitMQ: semantics of tx](https://www.rabbitmq.com/docs/semantics) ·
# R8 [RabbitMQ: stream filtering](https://www.rabbitmq.com/docs/stream-filtering) ·
# R9 [RabbitMQ: protocols](https://www.rabbitmq.com/docs/protocols) ·
# R10 [RabbitMQ: management](https://www.rabbitmq.com/docs/management) ·
# R11 [RabbitMQ: tutorials](https://www.rabbitmq.com/tutorials) ·
# R12 [RabbitMQ's source](https://github.com/rabbitmq/rabbitmq-server)
#
# Each row will be wrong some day. What you still read, and what was true once: "Kafka needs ZooKeeper" (gone since 4.0), "Kafka has no queues" (share groups), "RabbitMQ cannot read again" (streams), "RabbitMQ mirrors its queues" (gone since 4.0; quorum queues instead), "RocketMQ has only 18 delays" (timers), "RocketMQ has no priorities". So look at the date, and try it.
#
# ## 10. Which one?
#
# There is no best one. There is a requirement that decides, and often it is a single one:
#
# - **RocketMQ**: the business itself. Orders, payments, time-outs; a message that belongs to a row in a database; one failing order must not hold up the others.
# - **Kafka**: streams. Logs, clicks, changes of a database, at any rate, read by many, again and again, and worked on as streams.
# - **RabbitMQ**: tasks. Many small queues, routing by rules, priorities, answers to requests, devices that speak MQTT, at a rate that is not the problem.
#
# And the most honest reason: the one that your team can run at three in the morning.
#
# ### Exercise 13.5: decide, and say why
#
# Five requirements. For each, choose a system **and the fact that decides** (its letter). Put both into `choice`. Each fact is needed once; three of the letters are beliefs, not facts.

# %%
REQUIREMENTS = {
    "unpaid": "cancel an order that is not paid after half an hour; millions of orders are open",
    "database": "store the order and tell stock and mail: both or neither, without a job that sweeps tables",
    "clicks": "500,000 clicks a second, read by six teams; a new team begins with last year's",
    "counts": "read clicks, count them, write the counts to another topic: each click counts exactly once",
    "tickets": "50 support tickets a minute, routed by language and product; some customers go first",
}
FACTS = {
    "A": "its log keeps what was read for as long as you like, and any group begins wherever it likes",
    "B": "its broker holds a message back until it is due",
    "C": "its transactions span the offsets that were read and the records that were written",
    "D": "its broker routes by patterns, and hands out by priority",
    "E": "its broker asks the sender how a local transaction has ended",
    "F": "Kafka loses messages",
    "G": "RocketMQ is slow",
    "H": "RabbitMQ cannot keep what was read",
}

# %%
### BEGIN SOLUTION
### LEARNER: choice = ...  # {"unpaid": (system, letter), "database": ..., "clicks": ..., "counts": ..., "tickets": ...}
choice = {
    "unpaid": ("RocketMQ", "B"),
    "database": ("RocketMQ", "E"),
    "clicks": ("Kafka", "A"),
    "counts": ("Kafka", "C"),
    "tickets": ("RabbitMQ", "D"),
}
### END SOLUTION

# %%
lab.check("13.5", choice=choice)
# lab.hint("13.5")

# %% [markdown]
# The last cell ends Kafka and the producer. Do the exercises before it; whoever comes back later runs the notebook from the top.

# %%
kafka_shop.flush(10)
shop.shutdown()
kafka.stop()

# %% [markdown]
# ## What to remember
#
# 1. A queue gives decoupling, peak shaving and distribution. It costs availability, complexity and consistency. Whoever needs none of the three needs no queue.
# 2. Kafka's consumer has a position, RocketMQ's an answer for each message. So in RocketMQ a message that fails steps aside; in a Kafka consumer group your loop decides whether it blocks, is lost, or is parked.
# 3. RocketMQ's broker works for you (retries, delays, filters, check-backs), Kafka's leaves it to the client, and is a log that others build on. RabbitMQ's broker routes.
# 4. Key, hash, number of partitions: whoever changes one of them breaks the order. Kafka's clients do not even have the same hash.
# 5. A rate measured on one node, with two clients of different kind, is a rate of clients. Choose by what shall be true, then measure your own case.
#
# > **Where this bites in production**
# >
# > - Kafka: `acks=all` needs `min.insync.replicas=2` and three replicas to mean something, as RocketMQ's `SYNC_MASTER` needs `inSyncReplicas=2` (lab 08). The default of both is 1.
# > - Kafka: `enable.auto.commit=true` is the default of the consumer. What was handed out is committed every 5 s, done or not: lab 09's *acknowledge first*.
# > - Kafka: `enable.idempotence` is on in Java and off in `librdkafka`; `partitioner` is murmur2 in Java and CRC32 in `librdkafka`. Write both down in each service.
# > - Kafka: `max.poll.interval.ms` (5 min) is how long a batch may take; `auto.create.topics.enable` makes a topic of each typing error; partitions can be added and never removed.
# > - RocketMQ: nobody reads `%DLQ%` + group unless you do. Alarm on it (lab 09).
# > - RabbitMQ: without a dead-letter exchange a quorum queue **drops** a message after 20 deliveries (`delivery-limit`). Classic queues are not replicated any more.
# > - Moving from one to the other? Dual writes lose messages. Bridge with a consumer that sends on, and an idempotent reader behind it.
#
# **Back:** [12 · What changed in RocketMQ 5?](12-rocketmq-5.ipynb) · **Next:** [14 · Can your order system lose nothing?](14-capstone.ipynb) · People who come from Kafka: [a fast track](../docs/from-kafka.md)
