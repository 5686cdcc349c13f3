# %% [markdown]
# # 05 · Can a message wait?
#
# Somebody orders the last lamp, and does not pay. We keep it for half an hour, then it goes back on the shelf. Who remembers? A job that looks at
# all orders once a minute does, but most of the time it looks for nothing. RocketMQ offers another way: send a message now that arrives *in half an
# hour*. Where is it until then? Is it punctual? And does it survive the broker's death? About 40 minutes.

# %% tags=["parameters"]
COUNT = 6  # messages in each measurement

# %%
from rmqlab import start_lab

lab = start_lab("05-delay", timers=True, properties={"flushDelayOffsetInterval": 600000})

# %% [markdown]
# (`timers` switches on what section 7 is about. We come to the property in section 5.) Two topics:

# %%
reminders = lab.topic("reminders", queues=1)  # "something is still in your basket"

# %%
timeouts = lab.topic("timeouts", queues=1)  # "look whether this order has been paid"

# %% [markdown]
# ## 1. Eighteen levels
#
# The classic way to delay a message is a *level*. There are 18:
#
# | level | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18 |
# | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
# | waits | 1s | 5s | 10s | 30s | 1m | 2m | 3m | 4m | 5m | 6m | 7m | 8m | 9m | 10m | 20m | 30m | 1h | 2h |
#
# ### Exercise 05.1: predict, then run
#
# The next cell sends a message with `delay_level=5` (in the classic package: `message.set_delay_time_level(5)`). After how many **seconds** will
# consumers see it?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number of seconds
prediction = 60  # 5 is a level, not a number of seconds: the fifth one is 1m
### END SOLUTION

# %%
import uuid

from rmqlab.client import Message, Producer

producer = Producer("shop", namesrv=lab.namesrv, timeout_ms=10_000)
producer.start()

message = Message(
    reminders, "Something is still in your basket", keys=f"basket-{uuid.uuid4().hex[:6]}", delay_level=5
)
result = producer.send(message)
print("status:", result.status.name)

# %%
lab.check("05.1", prediction=prediction, result=result)
# lab.hint("05.1")

# %% [markdown]
# The status is `OK` at once: the broker *has* the message. It only does not show it yet. Now one message into each level. (In the picture below a letter stands for a key.)

# %%
for level in range(1, 19):
    producer.send(Message(reminders, f"level {level}", keys=f"level-{level}", delay_level=level))

# %% tags=["nbval-ignore-output"]
lab.view("delays")

# %% [markdown]
# This is the *delay board*. While your notebook runs it is live: what waits moves to the right, the soonest first, and at the right edge it is delivered. (A saved
# picture has only their order: no clock runs in it.)
# Each level is a line of its own; nobody in it overtakes, because all of them wait equally long. That is why there are *levels*: a line that is in
# order by itself needs no sorting, and the broker has to look only at its first message.
#
# What does a level do that does not exist?

# %%
from rmqlab.checks import eventually

producer.send(Message(reminders, "level 99", keys="level-99", delay_level=99))


def level_99():
    return [stored for stored in lab.admin.messages("SCHEDULE_TOPIC_XXXX") if stored.keys == "level-99"]


print("it waits in queue", eventually(level_99, timeout_s=20)[-1].queue_id)

# %% [markdown]
# No error: more than the last level *is* the last level. Two hours instead of 99 of whatever you had in mind. (And level 0 is no delay at all.)
#
# ## 2. Where it waits
#
# `SCHEDULE_TOPIC_XXXX`, in the cell above, is a topic of RocketMQ's own. When a message with a delay arrives, the broker
#
# 1. notes its topic and queue in the properties `REAL_TOPIC` and `REAL_QID`,
# 2. stores it in `SCHEDULE_TOPIC_XXXX` instead: level 1 in queue 0, level 2 in queue 1, ... (yes: one less),
# 3. looks at the front of each of these queues every 100 ms. What is due it stores **once more**, now in its real topic.
#
# So a delayed message is an ordinary message in the commit log, written twice. It waits on the broker's disk, not in memory, and not in the
# consumer. Nobody has to be online.
#
# ### Exercise 05.2: find it while it waits
#
# Send a message to `reminders` with the key `key` that arrives in **30 seconds**. Find it on the broker while it waits, with `lab.admin.messages(...)`,
# and keep what you found in `waiting`.

# %%
key = f"basket-{uuid.uuid4().hex[:6]}"
### BEGIN SOLUTION
### LEARNER: waiting = ...
producer.send(Message(reminders, "Still there?", keys=key, delay_level=4))
waiting = eventually(
    lambda: [m for m in lab.admin.messages("SCHEDULE_TOPIC_XXXX") if m.keys == key], timeout_s=20
)[0]
print("queue", waiting.queue_id, "for", waiting.properties["REAL_TOPIC"])
### END SOLUTION

# %%
lab.check("05.2", waiting=waiting, key=key)
# lab.hint("05.2")

# %% [markdown]
# ## 3. How punctual is it?
#
# Both copies are on the broker, and both say when they were stored, by the same clock. We send to levels 1 and 2, and wait until all have been delivered:

# %%
DELAY_MS = {1: 1000, 2: 5000}
sent = {}
for number in range(COUNT):
    for level in DELAY_MS:
        message = Message(reminders, f"number {number}", keys=f"level-{level}", delay_level=level)
        sent[producer.send(message).msg_id] = level


def delivered():
    """Return the second copies, those that consumers see."""
    return [stored for stored in lab.admin.messages(reminders, limit=500) if stored.msg_id in sent]


came = eventually(delivered, until=lambda found: len(found) == len(sent), timeout_s=20)
waited = {stored.msg_id: stored for stored in lab.admin.messages("SCHEDULE_TOPIC_XXXX", limit=500)}
pairs = [(sent[second.msg_id], waited[second.msg_id], second) for second in came]
print(len(pairs), "pairs of the level, the copy that waited, and the copy that was delivered")

# %% [markdown]
# ### Exercise 05.3: measure how late they were
#
# Each copy has its `store_ms`: when the broker stored it, in milliseconds. Put into `late_ms`, for each of `pairs` in their order, how many milliseconds
# *later than it should* the message was delivered.

# %%
### BEGIN SOLUTION
### LEARNER: late_ms = ...  # a list of numbers, one for each pair
late_ms = [second.store_ms - (first.store_ms + DELAY_MS[level]) for level, first, second in pairs]
print("early:", sum(late < 0 for late in late_ms))
### END SOLUTION

# %%
lab.check("05.3", late_ms=late_ms, pairs=pairs)
# lab.hint("05.3")

# %% [markdown]
# Here are your machine's figures:

# %% tags=["nbval-ignore-output"]
from statistics import median

for level, delay_ms in DELAY_MS.items():
    late = [second.store_ms - first.store_ms - delay_ms for of, first, second in pairs if of == level]
    print(f"level {level}: {min(late)} to {max(late)} ms late, half of them under {median(late):.0f} ms")

# %% [markdown]
# **Never early, and up to 0.1 s late**, because the broker looks every 100 ms. On a busy broker it is more: a level is one line with one clerk, who stores
# message after message. A million messages that are due at midnight do not all arrive at midnight. And your consumer has to fetch them, too.
#
# The clock starts when the *broker* has stored the message, not when your program made it. A message that was retried for two seconds is two seconds
# later.
#
# ## 4. The order that nobody paid
#
# Now the real thing. The shop keeps its stock and its orders in a database (SQLite, in a file):

# %%
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

database = Path(tempfile.mkdtemp()) / "shop.db"


def connect():
    return sqlite3.connect(database, timeout=10)


with closing(connect()) as db, db:  # the second `db` is a transaction: all that is in the block, or nothing
    db.execute("CREATE TABLE stock (article TEXT PRIMARY KEY, pieces INTEGER CHECK (pieces >= 0))")
    db.execute("CREATE TABLE orders (number TEXT PRIMARY KEY, article TEXT, pieces INTEGER, state TEXT)")


# %%
def place_order(number, article, pieces, delay_level):
    """Take an order: reserve its pieces, and have us reminded of it. After that there is time to pay."""
    with closing(connect()) as db, db:
        db.execute("UPDATE stock SET pieces = pieces - ? WHERE article = ?", (pieces, article))
        db.execute("INSERT INTO orders VALUES (?, ?, ?, 'unpaid')", (number, article, pieces))
    producer.send(Message(timeouts, "paid by now?", tags="order", keys=number, delay_level=delay_level))


def pay(number):
    with closing(connect()) as db, db:
        db.execute("UPDATE orders SET state = 'paid' WHERE number = ? AND state = 'unpaid'", (number,))


def in_stock(article):
    with closing(connect()) as db:
        return db.execute("SELECT pieces FROM stock WHERE article = ?", (article,)).fetchone()[0]


def state_of(number):
    with closing(connect()) as db:
        return db.execute("SELECT state FROM orders WHERE number = ?", (number,)).fetchone()[0]


# %% [markdown]
# (Between the database and the send the program can die. Then nobody is reminded. What to do about such a gap: labs 06 and 07.)
#
# A message in a level cannot be called back: it comes, whether the customer has paid or not. So the message is a *question*, "paid by now?", and the database
# knows the answer. And it may come twice: RocketMQ delivers *at least* once.
#
# ### Exercise 05.4: give the pieces back, once
#
# Write `cancel_if_unpaid(number)`. If the order is still unpaid, its state becomes `cancelled`, and its pieces go back into the stock: both, or neither. An order that
# was paid stays as it is. If the function is called twice for an order, the second call changes nothing.

# %%
article = f"lamp-{uuid.uuid4().hex[:6]}"
numbers = [f"{article}-{number}" for number in (1, 2, 3)]
with closing(connect()) as db, db:
    db.execute("INSERT INTO stock VALUES (?, 10)", (article,))
### BEGIN SOLUTION
### LEARNER: def cancel_if_unpaid(number):
### LEARNER:     ...


def cancel_if_unpaid(number):
    """Cancel an order that nobody has paid, and put its pieces back."""
    with closing(connect()) as db, db:
        cancel = "UPDATE orders SET state = 'cancelled' WHERE number = ? AND state = 'unpaid'"
        if db.execute(cancel, (number,)).rowcount == 0:
            return  # paid, or cancelled before
        article, pieces = db.execute(
            "SELECT article, pieces FROM orders WHERE number = ?", (number,)
        ).fetchone()
        db.execute("UPDATE stock SET pieces = pieces + ? WHERE article = ?", (pieces, article))


### END SOLUTION

# %% [markdown]
# Three orders of 2, 3 and 1 of our 10 lamps. The second one is paid. In a shop they have half an hour (level 16); here, one second (level 1). And so that you
# see what a duplicate does, we send each question twice.

# %%
from rmqlab.client import ConsumeFromWhere, ConsumeStatus, PushConsumer

inbox = lab.inbox()


def on_timeout(message):
    number = message.keys.decode()
    cancel_if_unpaid(number)
    inbox.put(number)
    return ConsumeStatus.CONSUME_SUCCESS


for number, pieces in zip(numbers, (2, 3, 1)):
    place_order(number, article, pieces, delay_level=1)
    producer.send(Message(timeouts, "paid by now?", tags="order", keys=number, delay_level=1))
pay(numbers[1])
print("in stock, three orders open:", in_stock(article))

# Nobody had to be online while they waited.
with PushConsumer("cancelling", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as consumer:
    consumer.subscribe(timeouts, on_timeout)
    inbox.wait_for(6, until=lambda items: all(items.count(number) >= 2 for number in numbers), timeout_s=20)

print("in stock, when time was up: ", in_stock(article))
print([state_of(number) for number in numbers])

# %%
lab.check("05.4", cancel_if_unpaid=cancel_if_unpaid, numbers=numbers, article=article, database=database)
# lab.hint("05.4")

# %% [markdown]
# The condition `AND state = 'unpaid'` does it all: it tells paid orders from unpaid ones, and the first call from the second. Two consumers at once are no danger
# either: the database runs one `UPDATE` after the other.
#
# ## 5. Your turn: break it, and prove it
#
# The broker remembers in a small file (`config/delayOffset.json`) how far it has delivered each level. In memory that is exact. In the file it is written
# **every 10 seconds** (`flushDelayOffsetInterval`; we said ten minutes, so that a machine of any speed has the time to break it).
#
# ### Exercise 05.5: delivered twice
#
# Send a message to `reminders` with `delay_level=1` for each key of `keys`, and wait until they have been delivered. **Break it:** kill the broker at once, and start it
# again (`broker.kill()`, `broker.restart()`).
#
# **Prove it:** ask the broker how often it holds each key in `reminders` (`lab.admin.messages(reminders, limit=500)`, each has `.keys`). Put into `twice` the set of
# keys that were delivered more than once. Give the broker some seconds for it. (The first file is written ten seconds after a start. Should a kill come
# right after that, no key is delivered twice: run your cell once more.)

# %%
from collections import Counter

keys = {f"{uuid.uuid4().hex[:6]}-{number}" for number in range(5)}
broker = lab.nodes["broker-a"]
### BEGIN SOLUTION
### LEARNER: twice = ...  # a set of keys


def times():
    """Return how often each of `keys` was delivered."""
    return Counter(m.keys for m in lab.admin.messages(reminders, limit=500) if m.keys in keys)


for _ in range(3):  # once more if the broker wrote its file just before it died
    keys = {f"{uuid.uuid4().hex[:6]}-{number}" for number in range(5)}
    for each in keys:
        producer.send(Message(reminders, "Still there?", keys=each, delay_level=1))
    eventually(lambda: times().keys() == keys, timeout_s=20)
    broker.kill()
    broker.restart()
    twice = eventually(
        lambda: {each for each, count in times().items() if count > 1},
        until=lambda found: found == keys,
        timeout_s=10,
    )
    if twice == keys:
        break
print(len(twice), "of", len(keys), "delivered more than once")
### END SOLUTION

# %%
lab.check("05.5", twice=twice, keys=keys)
# lab.hint("05.5")

# %% [markdown]
# Nothing was lost, and that is the point: the broker would rather deliver twice than not at all. Every delayed message of the last seconds before a crash may come again; `cancel_if_unpaid` does
# not mind. A broker that is *stopped* in an orderly way writes the file as the last thing it does, and repeats nothing.
#
# ## 6. Levels of one's own
#
# The levels are a property of the broker: `messageDelayLevel`, with the units `s`, `m`, `h` and `d`. It is read when the broker *starts*, so we start a
# second one, for a moment. This shop knows three waits: two seconds, one hour, one day.

# %%
own = lab.another(name="own-levels", delay_levels="2s 1h 1d")
try:
    own.topic(reminders, queues=1)
    with Producer("own-levels", namesrv=own.namesrv, timeout_ms=10_000) as other:
        for level in (1, 2, 3, 18):
            other.send(Message(reminders, f"level {level}", keys=f"level-{level}", delay_level=level))
    eventually(lambda: own.admin.messages(reminders), timeout_s=20)  # the one that waits two seconds
    board = own.view("delays").snapshot()
finally:
    own.stop()
board

# %% [markdown]
# The message with level 18 waits a day now. A program that was written for the standard levels gets no error, but other delays. All brokers of a cluster must have the same
# levels, and a program had better not guess them.
#
# ## 7. Timers: to the moment
#
# You may read that RocketMQ has *only* these levels. That was true until 5.0. Since then it has timers: any moment, up to three days ahead.
#
# | `rmqlab.client` | RocketMQ's property | |
# | --- | --- | --- |
# | `Message(..., deliver_at=moment)`, `message.set_deliver_time_ms(...)` | `TIMER_DELIVER_MS` | at a moment, in **milliseconds** since 1970 |
# | `Message(..., delay_ms=90_000)` | `TIMER_DELAY_MS` | after so many milliseconds |
#
# Timers lie in a topic of their own (`rmq_sys_wheel_timer`), and the broker writes them into a *timing wheel*: a file with a slot for each second. Each message goes into the slot of its second, so nothing has to be sorted.
# What is further ahead than the limit is refused:

# %%
from rmqlab import expect_error
from rocketmq.exceptions import ProducerSendSyncFailed

FOUR_DAYS_MS = 4 * 24 * 3600 * 1000

with expect_error(ProducerSendSyncFailed):
    producer.send(Message(reminders, "in four days", delay_ms=FOUR_DAYS_MS))

# %% [markdown]
# ### Exercise 05.6: at that moment
#
# The parcel comes at `moment`. Send a message with the key `parcel` to `reminders` that is delivered then: not one of the levels, but that moment. Keep the answer in
# `result`.

# %%
from datetime import datetime, timedelta

parcel = f"parcel-{uuid.uuid4().hex[:6]}"
moment = datetime.now() + timedelta(seconds=5)
### BEGIN SOLUTION
### LEARNER: result = ...
result = producer.send(Message(reminders, "Your parcel is here", keys=parcel, deliver_at=moment))
### END SOLUTION

# %%
lab.check("05.6", result=result, parcel=parcel, moment=moment)
# lab.hint("05.6")

# %% [markdown]
# "To the moment" means: never before it, and on an idle broker up to about a second after it, since a slot of the wheel is a second (`timerPrecisionMs` = 1000; 100 makes it ten times finer). Levels are punctual to a
# tenth of a second. So a timer is the freer way, not the more exact one.
#
# The board now, with what still waits:

# %%
warranty = Message(reminders, "Your warranty ends tomorrow", keys="warranty", delay_ms=2 * 24 * 3600 * 1000)
answer = producer.send(warranty)

# %% tags=["nbval-ignore-output"]
lab.view("delays").snapshot()

# %%
producer.shutdown()

# %% [markdown]
# ## What to remember
#
# 1. `delay_level` is a level, not a number of seconds: 1s 5s 10s 30s, 1m to 10m, 20m 30m, 1h 2h. Too high a level is the last one, without an error.
# 2. The message waits on the broker, in `SCHEDULE_TOPIC_XXXX`, level N in queue N-1, and is then stored once more in its real topic.
# 3. Never early, a little late; and after a crash perhaps twice. The consumer must bear that.
# 4. It comes in any case. Send a question ("paid by now?"), and let the database answer, with the condition and the change in one transaction.
# 5. RocketMQ 5 has timers for any moment, up to three days ahead.
#
# > **Where this bites in production**
# >
# > - `messageDelayLevel` is read at the start of a broker. `mqadmin updateBrokerConfig` accepts another value, shows it from then on, and delivers by the old one until a restart.
# > - The delay property stays on the message that is delivered. Whoever copies all properties of a received message to a new one delays that one, too.
# > - Retries use the same levels: a message that a consumer rejects (`RECONSUME_LATER`) waits at level 3 + the number of attempts (lab 09). A backlog there delays yours.
# > - One line a level: a burst to one level is delivered by one thread. Look at the progress of each level: `scheduleMessageOffset_N` in `mqadmin brokerStatus` says delivered, stored.
# > - A delayed message is stored twice, and counts twice for disk and replication. Its first copy must outlive the wait: `fileReservedTime` (72 h by default) against your longest delay.
# > - `flushDelayOffsetInterval` = 10000 ms: after a crash up to ten seconds of delivered messages come again. A slave that takes over repeats what it has not yet copied of the progress.
# > - Timers: `timerWheelEnable` (`true` in RocketMQ's own configuration; a course cluster has it when asked, since the wheel costs an idle broker some percent of a core),
# >   `timerMaxDelaySec` = 259200, `timerPrecisionMs` = 1000; `timerCongestNumEachSlot` limits how many are due in one second (no limit by default). For gRPC clients the topic has to be of type `DELAY` (lab 12).
# > - A level cannot be taken back. A timer can, in newer releases (5.4 here), with `recallMessageEnable` = true (default `false`) and the handle that the send returned.
#
# **Back:** [04 · Who came first?](04-ordering.ipynb) · **Next:** [06 · Both or neither?](06-transactions.ipynb)
