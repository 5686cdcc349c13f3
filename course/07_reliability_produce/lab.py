# %% [markdown]
# # 07 · Did the broker really take it?
#
# Somebody orders a teapot, and our shop sends the order. Then: an error. Or no answer. Or an answer that is not quite *OK*. Has the broker
# taken the order? Shall we send it again? In this lab we break brokers and keep books: what was our program **told** of each order, and
# what does the broker really **hold**? At the end you write the part of a shop that loses no order, whatever happens. About 45 minutes.

# %% tags=["parameters"]
ORDERS = 8  # in each trial

# %%
from rmqlab import start_lab

lab = start_lab(
    "07-reliability-produce",
    topology="multi-master",
    properties={"waitTimeMillsInSendQueue": 5000},
)

# %% [markdown]
# Two brokers, and both are masters: each takes orders, and neither has a copy of what the other one holds. Our topic has four queues on
# each of them. (The property: as in lab 02, a broker on a laptop with a lot to do may take its time before it calls itself *busy*.)

# %%
orders = lab.topic("orders", queues=4)

# %% [markdown]
# ## 1. Keeping books
#
# A program knows only what it was told. There are four things that it can be told of a message:
#
# | what it gets | what that means |
# | --- | --- |
# | `SendStatus.OK`, which Java and most texts call `SEND_OK` | **acknowledged**: the broker has it |
# | another `SendStatus` | **doubtful**: the broker has it, less safely than it should (section 4) |
# | a time-out, a broken connection | **unknown**: nobody knows |
# | another error | **failed**: the broker does not have it, as far as the program knows |
#
# The *delivery ledger* of this course writes that down, for each message. Then it reads everything that the brokers hold, and compares.
# `ledger.producer(...)` is a producer like any other, which reports to the ledger.

# %%
from rmqlab.client import Message, Producer


def order(number):
    return Message(orders, f"a teapot for customer {number}", keys=f"order-{number}")


def books(name, where=lab):
    """Open a ledger, and throw away what an earlier run wrote into it."""
    ledger = where.ledger(name)
    ledger.clear()
    return ledger


ledger = books("a-good-day")
with ledger.producer(Producer("shop", namesrv=lab.namesrv, timeout_ms=10_000)) as producer:
    for number in range(1, ORDERS + 1):
        producer.send(order(number))

account = ledger.reconcile()
print(account)

# %%
lab.view("ledger", account=account).snapshot()

# %% [markdown]
# Eight orders sent, eight acknowledged, eight stored. The bar to watch is *acknowledged*: what we were told is safe, and is **not** stored,
# would be red, and is lost. Here nothing is.
#
# ## 2. A broker that is gone
#
# Now `broker-a` is killed. Our producer has its route from before, and goes on believing in it: it asks the NameServer every 30 s
# (`pollNameServerInterval`; this course's clients ask every second, unless they are told to wait, as here). What saves the orders until then?
#
# A sync send that fails is tried again: `retries=2` (Java: `retryTimesWhenSendFailed`, 2 by default). That is **three attempts**, and a
# further attempt goes to **another broker** than the one before, if there is one. We compare it with a producer that tries once, and with
# an order for a topic that lies on `broker-a` alone.

# %%
from rocketmq.exceptions import ProducerException


def shop(ledger, where=lab, **settings):
    """Return a producer that has sent one message already, so that it knows the way; from now on it reports."""
    producer = Producer("shop", namesrv=where.namesrv, **settings)
    producer.start()
    producer.send(Message(orders, "the way is known"), timeout_ms=5000)  # however impatient it is later
    return ledger.producer(producer)


def send_all(producer):
    """Send the orders one after the other, whatever happens; return those whose send failed."""
    failed = []
    for number in range(1, ORDERS + 1):
        message = order(number)
        try:
            producer.send(message)
        except ProducerException:
            failed.append(message)
    return failed


# %%
alone = lab.topic("alone", queues=1, broker="broker-a")  # on this broker and no other

# %%
one_attempt = books("one-attempt")
three_attempts = books("three-attempts")
usual = {"timeout_ms": 10_000, "route_poll_ms": 30_000}
careless = shop(one_attempt, retries=0, **usual)
default = shop(three_attempts, retries=2, **usual)
lonely = shop(books("lonely"), retries=2, **usual)
lonely.send(Message(alone, "the way to this one is known, too"))

with lab.fault("kill", "broker-a"):
    send_all(careless)
    send_all(default)
    try:
        lonely.send(Message(alone, "a teapot for customer 9"))
    except ProducerException as error:
        print(f"order 9: {str(error).split(', cost')[0]}")

for producer in (careless, default, lonely):
    producer.shutdown()

# %% [markdown]
# (The broker is back: `with lab.fault(...)` starts it again.) What the ledger says of one attempt, and of three:

# %%
print(one_attempt.reconcile())

# %%
from collections import Counter

account = three_attempts.reconcile()
print(account)
print(Counter(copy.broker for entry in account.entries for copy in entry.stored))

# %% [markdown]
# - **One attempt**: half of the queues lie on `broker-a`, so half of the orders failed. They failed *honestly*: nobody listened there, and
#   nothing is stored. To send them again is right. (*Nothing is wrong* means: what we were told is true of each.)
# - **Three attempts**: all eight are acknowledged. They lie on `broker-b`.
# - **Order 9** had nowhere else to go. Three attempts, three refused connections, one exception: the retries are used up. What a program does
#   then is section 5.
#
# So a second master helps if the topic exists on both. A send to a queue that *you* choose (`selector=`, `queue=`: lab 04) is not tried
# elsewhere. And what `broker-a` had taken before is not gone: it waits on its disk until the broker is back, or until somebody has a copy
# (lab 08).
#
# ## 3. A broker that hangs
#
# A dead broker is the easy case. The operating system says at once that nobody is there. Now `broker-a` *hangs*: a long garbage collection,
# a virtual machine that is being moved, a disk that does not answer. It accepts connections and says nothing (we pause its process).


# %%
# The same orders, another disaster.
def hang(ledger, **settings):
    """Send the orders while broker-a hangs; return those whose send failed."""
    producer = shop(ledger, **settings)
    try:
        with lab.fault("pause", "broker-a"):
            return send_all(producer)
    finally:
        producer.shutdown()


# %% [markdown]
# ### Exercise 07.1: predict, then run
#
# The producer has `timeout_ms=1000` and `retries=2`, and `broker-b` is well. How many of the eight sends fail: `"none"`, `"some"` or `"all"`?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # "none", "some" or "all"
prediction = "some"  # those whose first attempt meets broker-a: it leaves no time for another one
### END SOLUTION

# %%
hanging = books("hanging")
failed = hang(hanging, timeout_ms=1000, retries=2)

# %%
lab.check("07.1", prediction=prediction)
# lab.hint("07.1")

# %% tags=["nbval-ignore-output"]
from rmqlab.checks import eventually
from rmqlab.ledger import Answer, Verdict

# broker-a goes on this moment: give it time to do what it was sent
account = eventually(
    hanging.reconcile, until=lambda found: not found.count(Verdict.UNKNOWN_AND_LOST), timeout_s=20
)
lab.view("ledger", account=account).snapshot()

# %% [markdown]
# The time-out is for **the send with all its attempts** (lab 02). The first attempt waited for `broker-a` until the time was up. Two retries
# were left, and no time for them.
#
# Now look at the third bar, *unknown*. These sends failed, with an exception. (One or two, not four: after a failure the client turns to
# `broker-b` for its next attempt, although there is no time left for it, and goes on from there. Where it began is chance.) How many of them
# does the broker hold?

# %%
stored = account.count(Verdict.UNKNOWN_AND_STORED)
print("all of them:", stored == account.count(Answer.UNKNOWN))

# %% [markdown]
# Every one. The requests lay in the broker's socket, and when it woke up it did its work. **A time-out says how long you have waited. It
# says nothing about the message.** So what does a program do that sends such orders again, as the exception suggests?

# %%
with shop(hanging) as producer:
    for message in failed:
        producer.send(message)  # the same message: the ledger knows it by name

account = hanging.reconcile()
print("acknowledged:", account.count(Answer.ACKNOWLEDGED))
print("each that was sent again is stored twice:", account.count(Verdict.DUPLICATED) == len(failed))

# %% [markdown]
# Not to send again may lose an order, to send again may double it. Whoever wants to lose nothing chooses the second, and makes duplicates
# harmless where they arrive: by a unique key (section 5, and lab 09).
#
# ### Exercise 07.2: get them all through
#
# `broker-b` is well, so there is a way to have all eight orders acknowledged while `broker-a` hangs. Find the `settings`. These are the
# ones that count (the names of the Java client in brackets):
#
# | setting | default | |
# | --- | --- | --- |
# | `timeout_ms` (`sendMsgTimeout`) | 3000 | one send with all its attempts |
# | `retries` (`retryTimesWhenSendFailed`) | 2 | further attempts |
# | `attempt_timeout_ms` (`sendMsgMaxTimeoutPerRequest`) | off | one attempt |

# %%
brisk = books("brisk")
### BEGIN SOLUTION
### LEARNER: settings = ...  # such as {"timeout_ms": 1000, "retries": 2}
### LEARNER: failed = ...  # hang(brisk, **settings)
settings = {"timeout_ms": 10_000, "retries": 2, "attempt_timeout_ms": 2000}
failed = hang(brisk, **settings)
### END SOLUTION

# %%
lab.check("07.2", settings=settings, failed=failed)
# lab.hint("07.2")

# %% [markdown]
# No error, no time-out, eight times OK. Is everything all right, then? Ask the ledger:

# %%
account = eventually(brisk.reconcile, until=lambda found: found.count(Verdict.DUPLICATED), timeout_s=20)
print("acknowledged:", account.count(Answer.ACKNOWLEDGED))
print("some of them stored twice:", account.count(Verdict.DUPLICATED) > 0)

# %% [markdown]
# One or two orders (again by chance) are stored **twice**, and no line of our program has noticed. The first attempt timed out and was stored after all, as above.
# The second attempt went to `broker-b` and was answered. This is the duplicate that nobody sees being made: *a retry*. Both copies have the
# same `msg_id`, since the client made it before the first attempt:

# %%
# The ledger's name for a message travels with it, as a property.
twice = {entry.name for entry in account.having(Verdict.DUPLICATED)}
copies = [held for held in lab.admin.messages(orders, limit=2000) if held.properties.get("LEDGER") in twice]
print("copies of each id:", set(Counter(held.msg_id for held in copies).values()))

# %% [markdown]
# One copy lies on `broker-a`, the other on `broker-b`. A broker does not look for duplicates, and these two know nothing of each other.
#
# ## 4. Four answers
#
# Up to here an answer was `OK`. A broker has three more, and with all of them it says: *I have your message, but not in the way that I am
# configured for*. You find them in many texts, and hardly anybody has seen them. We make all of them.
#
# ### FLUSH_DISK_TIMEOUT
#
# A broker with `flushDiskType=SYNC_FLUSH` (here `flush="sync"`) answers when a message is on the **disk**, and not before. If that takes
# longer than `syncFlushTimeout` (5 s by default, here 1 s), it answers `FLUSH_DISK_TIMEOUT`.
#
# So we need a slow disk: another cluster of this lab, with one broker. `TRANSIENT_POOL` is a way to slow it down that works on every system:
# messages wait in a pool of buffers (`transientStorePoolEnable=true`) until they are handed to the disk every so often, and we can say how
# often.

# %%
from rmqlab.faults import TRANSIENT_POOL

slow = {"flush": "sync", "properties": {**TRANSIENT_POOL, "syncFlushTimeout": 1000}}
disk = lab.another(name="slow-disk", **slow)

# %%
disk.topic(orders, queues=1)


def send_some(producer, numbers):
    """Send orders; return how often each status was the answer."""
    return Counter(producer.send(order(number)).status.name for number in numbers)


recovering = books("recovering", disk)
with shop(recovering, disk, timeout_ms=10_000) as producer, disk.fault("slow_flush", "broker-a", ms=20_000):
    print(send_some(producer, range(1, 4)))
    print("seen by consumers now:", sum(bool(entry.stored) for entry in recovering.reconcile().entries))

# %% [markdown]
# Three orders, three times `FLUSH_DISK_TIMEOUT`, and `send` raised nothing. Consumers see none of them yet. Then the disk recovers:

# %%
account = eventually(
    recovering.reconcile, until=lambda found: all(entry.stored for entry in found.entries), timeout_s=60
)
print(account)

# %% [markdown]
# All three are stored. The ledger counts them as *doubtful*, because it might have gone the other way. Your turn:
#
# ### Exercise 07.3: call safe only what is safe
#
# `night` sends four orders on a good disk and four on a slow one, and then the broker dies (`kill -9`) and starts again. It sends each order
# by calling your `send_safely(producer, message)`. Return True if the customer may read "we have your order", False if the shop still has
# to care for it. The ledger compares what you called safe with what is there in the morning.
#
# (Each try gets a new cluster, `fresh=True`: a broker that starts again uses its pool from its next commit log file on, and not before.)


# %%
def night(send_safely):
    """Send orders through a night in which the broker dies; return the keys of those that were called safe."""
    safe = set()

    def send(producer, numbers):
        for number in numbers:
            if send_safely(producer, order(number)):
                safe.add(f"order-{number}")

    with shop(nightly, disk, timeout_ms=10_000) as producer:
        send(producer, range(1, 5))
        with disk.fault("slow_flush", "broker-a", ms=60_000):
            send(producer, range(5, 9))
            disk.nodes["broker-a"].restart()  # kill -9, and a new start
    return safe


# %%
disk = lab.another(name="slow-disk", fresh=True, **slow)
disk.topic(orders, queues=1)
nightly = books("nightly", disk)


### BEGIN SOLUTION
### LEARNER: def send_safely(producer, message):
### LEARNER:     ...  # producer.send(message); True or False
### LEARNER:
### LEARNER:
### LEARNER: safe = ...  # night(send_safely)
def send_safely(producer, message):
    try:
        result = producer.send(message)
    except ProducerException:
        return False  # unknown or failed: not safe in either case
    return result.ok  # SEND_OK, and no other status


safe = night(send_safely)
### END SOLUTION

# %%
lab.check("07.3", safe=safe, disk=disk)
# lab.hint("07.3")

# %%
account = nightly.reconcile()
lab.view("ledger", account=account).snapshot()

# %% [markdown]
# Four acknowledged, all there. Four doubtful, **all gone**: they were still in the pool, and the pool died with its process. The same status
# as above, and the opposite end. That is what doubtful means. (Most brokers run without the pool. There such a message is in the operating
# system's page cache, which outlives `kill -9`, and does not outlive a power failure: lab 08.)

# %%
disk.stop()

# %% [markdown]
# ### FLUSH_SLAVE_TIMEOUT
#
# The same with a copy instead of a disk. `broker-a` is a `SYNC_MASTER`, has a slave, and answers when **the slave has the message too**. If
# that takes longer than `slaveTimeout` (3 s by default, here 300 ms), the answer is `FLUSH_SLAVE_TIMEOUT`. We let the slave hang.
#
# ### Exercise 07.4: predict, then run
#
# Three orders are sent with `retries=2`, and all three are answered `FLUSH_SLAVE_TIMEOUT`. How many messages does the master hold after
# that? The second producer has one setting more, `retry_another_broker=True` (Java: `retryAnotherBrokerWhenNotStoreOK`, off by default):
# a status other than OK counts as a failure. It sends three orders, too. Predict both numbers.

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # (by default, with retry_another_broker=True), such as (1, 2)
prediction = (3, 9)  # a bad status is an answer, not a failure; retried, it is stored three times
### END SOLUTION

# %%
pair = lab.another("master-slave-sync", properties={"slaveTimeout": 300})

# %%
pair.topic(orders, queues=1)
plain = books("plain", pair)
insisting = books("insisting", pair)
by_default = shop(plain, pair, timeout_ms=10_000)
retrying = shop(insisting, pair, timeout_ms=10_000, retry_another_broker=True)

with pair.fault("pause", "broker-a-s1"):
    print("by default:", send_some(by_default, range(1, 4)))
    print("retried:   ", send_some(retrying, range(1, 4)))

by_default.shutdown()
retrying.shutdown()

# %%
lab.check("07.4", prediction=prediction, pair=pair)
# lab.hint("07.4")

# %%
for told in (plain, insisting):
    account = told.reconcile()
    print(account)
    print("messages in the broker:", sum(len(entry.stored) for entry in account.entries))

# %% [markdown]
# You will read that RocketMQ sends a message again if the status is not OK. By default it does not: the status is returned to **you**,
# after one attempt. With `retry_another_broker=True` it does, and each of the three orders is stored three times, because there is no other
# broker to go to. With several masters it helps: the next attempt meets a healthy one. The price is a duplicate each time.
#
# `inSyncReplicas=2` says how many must have a message before the answer is `OK`: the master and one more. This course sets it. The default is
# another one, and the slave hangs again:

# %%
with shop(books("trusting", pair), pair) as trusting, pair.fault("pause", "broker-a-s1"):
    pair.admin.update_broker_config("broker-a", inSyncReplicas=1)
    try:
        print("inSyncReplicas=1:", send_some(trusting, range(1, 4)))
    finally:
        pair.admin.update_broker_config("broker-a", inSyncReplicas=2)

# %% [markdown]
# `OK`, three times, and the slave was silent. With `inSyncReplicas=1`, **the default**, a `SYNC_MASTER` of RocketMQ 5 counts itself and waits
# for nobody. `SYNC_MASTER` alone promises nothing.
#
# Meanwhile the slave goes on. How far has it come?

# %%
pair.view("positions").snapshot()

# %% [markdown]
# It has fetched what it had missed, all doubtful orders among it. Until then they would have been lost with the master's disk. (What *on disk*
# means is lab 08.)

# %%
pair.stop()

# %% [markdown]
# ### SLAVE_NOT_AVAILABLE
#
# The fourth one is in every list: there is no slave at all. RocketMQ 5 does not answer it any more: without any slave, our pair's master says
# `FLUSH_SLAVE_TIMEOUT`, too. A broker of RocketMQ 4.9 answers it. (The first time, this cell fetches its 28 MB.)

# %% tags=["nbval-ignore-output"]
old = lab.another("legacy-4.9")

# %%
old.topic(orders, queues=1)
legacy = books("legacy", old)
with shop(legacy, old) as producer:
    print(send_some(producer, range(1, 4)))

print(legacy.reconcile())
old.stop()

# %% [markdown]
# Its master is a `SYNC_MASTER` that has never had a slave, and all three orders are stored and can be consumed.
#
# ### What to do on each
#
# | your program gets | in our trials | what it means | what to do |
# | --- | --- | --- | --- |
# | `SEND_OK` | in the bad night 4 of 4 stored | as safe as the broker is configured to be | tell the customer |
# | `FLUSH_DISK_TIMEOUT` | 3 of 3 stored; in the bad night 4 of 4 lost | in memory, on its way to the disk | keep it, send it again later; look at the broker's disk |
# | `FLUSH_SLAVE_TIMEOUT` | 3 of 3 stored | on the master alone | the same; look at the slave |
# | `SLAVE_NOT_AVAILABLE` | 3 of 3 stored | on the master alone (4.9) | the same; start a slave |
# | a time-out | all stored; in section 5 some are lost | nobody knows | keep it, send it again with the same key |
# | another error | 4 of 4 not stored | not there | keep it, send it again |
#
# Five of six lines say the same: **keep it, send it again**. Where?
#
# ## 5. When nothing helps
#
# No broker is left, and the retries are used up, as for order 9. What can a shop do with the order?
#
# - Tell the customer "try again later". Honest, and the teapot is sold by somebody else.
# - Keep it in memory, and try again in a loop. Then the program is restarted, and the order is gone.
# - Write it into a **table of its own database**, ring an **alarm**, and send it later. This is the *outbox*.
#
# What comes first matters. If the row is written when the send has failed, a program that dies in between loses the order. So the row comes
# **first**, in the same transaction as the order, and is marked as sent once the broker has acknowledged it. The primary key sees to it that
# an order is in the table once. It travels along as the message's key, so that whoever receives an order twice can tell.

# %%
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

database = Path(tempfile.mkdtemp()) / "shop.db"


def connect():
    """Open the database: a connection of its own for each transaction."""
    return sqlite3.connect(database, timeout=10)


with closing(connect()) as db, db:  # the inner `with` commits, or rolls back if something is raised
    db.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, article TEXT)")
    db.execute("CREATE TABLE outbox (key TEXT PRIMARY KEY, body TEXT, sent INTEGER DEFAULT 0)")


def place(number):
    """Write down an order and the message about it: both or neither."""
    with closing(connect()) as db, db:
        db.execute("INSERT INTO orders VALUES (?, 'teapot')", (number,))
        db.execute(
            "INSERT INTO outbox (key, body) VALUES (?, ?)",
            (f"order-{number}", f"a teapot for customer {number}"),
        )


def unsent():
    """Return key and body of what still has to be sent, the oldest first."""
    with closing(connect()) as db:
        return db.execute("SELECT key, body FROM outbox WHERE sent = 0 ORDER BY rowid").fetchall()


def mark_sent(key):
    with closing(connect()) as db, db:
        db.execute("UPDATE outbox SET sent = 1 WHERE key = ?", (key,))


# %% [markdown]
# And a bad day. Both brokers hang while `work()` runs. Then `broker-a` wakes up, and `broker-b` does not: it is killed, and started again.


# %%
def bad_day(work):
    """Call work() while both brokers hang; then one goes on, and the other one starts anew."""
    try:
        lab.nodes["broker-a"].pause()
        lab.nodes["broker-b"].pause()
        work()
    finally:
        lab.nodes["broker-a"].resume()
        lab.nodes["broker-b"].restart()


# %% [markdown]
# ### Exercise 07.5: break it, and prove it
#
# 1. Write `relay(producer)`: it sends each row of `unsent()`, **once**. What is safe is marked with `mark_sent(key)`; of everything else a line
#    goes into `alarms`, and the row stays.
# 2. Place eight orders, and let `relay` run through the bad day.
# 3. Run it again until nothing is left.
# 4. **Prove it:** put into `twice` the keys that the brokers hold more than once. (Each of `outbox.reconcile().entries` is a message that was
#    sent, with `key` and `stored`, its copies. An order that was sent twice has two entries.)

# %%
alarms = []
outbox = books("outbox")
with closing(connect()) as db, db:  # for the next time you run this cell
    db.execute("DELETE FROM orders")
    db.execute("DELETE FROM outbox")


### BEGIN SOLUTION
### LEARNER: def relay(producer):
### LEARNER:     ...  # for key, body in unsent(): producer.send(Message(orders, body, keys=key)) ...
### LEARNER:
### LEARNER:
### LEARNER: # with shop(outbox, timeout_ms=500) as producer: place(number), bad_day(...), relay(producer) again
### LEARNER: twice = ...  # a set of keys
def relay(producer):
    for key, body in unsent():
        try:
            result = producer.send(Message(orders, body, keys=key))
        except ProducerException as error:
            alarms.append(f"{key}: {error}")
            continue
        if result.ok:
            mark_sent(key)
        else:
            alarms.append(f"{key}: {result.status.name}")


with shop(outbox, timeout_ms=500) as producer:
    for number in range(1, ORDERS + 1):
        place(number)
    bad_day(lambda: relay(producer))
    print("in the table after the bad day:", len(unsent()), "orders, alarms:", len(alarms))
    eventually(lambda: relay(producer), until=lambda _: not unsent(), timeout_s=30)

account = outbox.reconcile()
copies = Counter(entry.key for entry in account.entries for _ in entry.stored)
twice = {key for key, number in copies.items() if number > 1}
### END SOLUTION

# %%
lab.check("07.5", twice=twice, left=unsent())
# lab.hint("07.5")

# %% tags=["nbval-ignore-output"]
lab.view("ledger", account=outbox.reconcile()).snapshot()

# %% [markdown]
# The ledger counts what was *sent*: eight orders, each of them twice, are sixteen messages, so its "duplicated" and "lost" are about messages.
# By order it looks better. What `broker-a` had in its socket it stored when it woke up. What `broker-b` had in its socket died with it. The
# program was told the same of both: nothing. It sent all of them again; some orders are stored twice, and **no order is lost**.
#
# What is left for the consumers is to notice the second copy: `INSERT OR IGNORE` with the order's key, in the same transaction as the work.
# Lab 09 does that.
#
# The alarm matters as much as the table. An outbox hides a dead broker from the customers, and from you: watch **how many rows are unsent,
# and how old the oldest is**. And a relay for every day has a little more than ours: it stops at the first failure and waits before the next
# round (ours waits for each row, to show you more); only one runs at a time, or each claims its rows; where steps of an order have to stay in
# order (lab 04), nothing of that order passes a row that failed; rows that were sent
# long ago are deleted; and a row that the broker *refuses* (too large, no such topic) is put aside after some tries, with an alarm of its own:
# it will never go.
#
# ## What to remember
#
# 1. Only `SEND_OK` is safe, and it is as safe as the broker is configured to be. `send` returning is not enough.
# 2. A time-out says nothing about the message. To send again may double it, not to send again may lose it.
# 3. Two retries are three attempts, at another broker if there is one. But `timeout_ms` is for all of them together.
# 4. A retry makes duplicates that no program notices. Give each message a unique key.
# 5. When retries are used up: a row in the outbox, written *before* the send, an alarm, and a relay that sends it later.
#
# > **Where this bites in production**
# >
# > - `sendMsgTimeout=3000` with a hanging broker: every send that meets it waits three seconds and fails, retries or not.
# >   `sendMsgMaxTimeoutPerRequest` is off by default. So is `sendLatencyFaultEnable`, with which a producer stays away for a while from a
# >   broker that has been slow.
# > - Keep the broker's own limits below the client's: with `syncFlushTimeout=5000` and `slaveTimeout=3000`, the defaults, the client's three
# >   seconds are over first, and instead of a status you get a time-out.
# > - `brokerRole=SYNC_MASTER` with `inSyncReplicas=1`, its default, waits for no slave. Set `inSyncReplicas=2`.
# > - `transientStorePoolEnable=true` is fast, and what is in the pool dies with the broker's process, without a power failure.
# > - A busy broker refuses messages that have waited `waitTimeMillsInSendQueue` (200 ms) for their turn (*system busy*). This code is among
# >   `retryResponseCodes`: the client tries again.
# > - `waitStoreMsgOK=false` on a message makes every answer `SEND_OK`, and means: do not tell me.
#
# **Back:** [06 · Both or neither?](06-transactions.ipynb) · **Next:** [08 · Does an acknowledged message survive?](08-reliability-store.ipynb)
