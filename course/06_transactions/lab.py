# %% [markdown]
# # 06 · Both or neither?
#
# Somebody orders a teapot. Two things have to happen: the order goes into the shop's **database**, and a **message** tells everyone
# else, who pack it, write the mail, clear the cart. What if only one of them happens? An order that nobody packs, or a parcel for
# an order that does not exist. RocketMQ's answer is the *half message*. We look at one from the inside, kill a program in the worst
# moment, and find out what this promises, and what it does not. About 45 minutes.

# %% tags=["parameters"]
STOCK = 3  # teapots in stock
SEED = 6  # of the customers' names

# %%
from rmqlab import start_lab

lab = start_lab(
    "06-transactions",
    transaction_check_ms=1000,
    properties={"transactionTimeOut": 3000, "transactionCheckMax": 3},
)

# %% [markdown]
# (The options: this broker asks after 3 s, and 3 times, where others ask after 6 s and more, and 15 times. What that means comes in
# section 4.)
#
# The shop's database is a real one, SQLite, in a file. `CHECK (pieces >= 0)` is the rule that we do not sell what we do not have.

# %%
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

database = Path(tempfile.mkdtemp()) / "shop.db"


def connect():
    """Open the database: a connection of its own for each thread and each transaction."""
    return sqlite3.connect(database, timeout=10)


with closing(connect()) as db, db:  # the inner `with` commits, or rolls back if something is raised
    db.execute("CREATE TABLE stock (article TEXT PRIMARY KEY, pieces INTEGER CHECK (pieces >= 0))")
    db.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, customer TEXT)")
    db.execute("CREATE TABLE customers (number INTEGER PRIMARY KEY)")
    db.execute("INSERT INTO stock VALUES ('teapot', ?)", (STOCK,))

# %%
orders = lab.topic("orders", queues=1)

# %%
registrations = lab.topic("registrations", queues=1)

# %% [markdown]
# ## 1. Two systems, and no way to do both at once
#
# `place_order` writes an order into the database. It is a *local transaction*: all of it happens, or nothing.

# %%
import random
from itertools import count

names = random.Random(SEED)
numbers = count(1)  # order numbers: each one once


def place_order(number):
    """Take a teapot from the stock, and note the order. IntegrityError if there is none left."""
    with closing(connect()) as db, db:
        db.execute("UPDATE stock SET pieces = pieces - 1 WHERE article = 'teapot'")
        db.execute("INSERT INTO orders VALUES (?, ?)", (number, names.choice(["Ada", "Ben", "Cleo"])))


def restock(pieces):
    """Teapots come in, or none: so many are in stock now."""
    with closing(connect()) as db, db:
        db.execute("UPDATE stock SET pieces = ?", (pieces,))


def placed():
    """Return the numbers of all orders in the database."""
    with closing(connect()) as db:
        return [number for (number,) in db.execute("SELECT number FROM orders ORDER BY number")]


# %% [markdown]
# Whichever comes first, something can come between:
#
# - database, then message: the program dies in between. The order is there, and nobody hears of it.
# - message, then database: the database says no. Everyone packs an order that does not exist.
#
# The second one, for real. The stock is empty for a moment:

# %%
from rmqlab.checks import eventually
from rmqlab.client import Message, Producer

restock(0)

with Producer("naive-shop", namesrv=lab.namesrv, timeout_ms=3000) as naive:
    answer = naive.send(Message(orders, "teapot", keys="order-0"))
    try:
        place_order(0)
    except sqlite3.IntegrityError as error:
        print("database:", error)

print("orders in the database:", placed())
print("last message to the others:", eventually(lambda: lab.admin.messages(orders))[-1].keys)

# %% [markdown]
# One message, no order. Sending a second message, "forget it", does not help: it may fail, too, and somebody has the first one already.
#
# **Four ways to both or neither:**
#
# | | how | what it costs |
# | --- | --- | --- |
# | **2PC, XA** | a coordinator asks database and broker to *prepare*, then tells both to commit | locks are held while everyone waits for the slowest; a dead coordinator leaves them held. RocketMQ's brokers are no XA resources |
# | **TCC** | every service offers *try*, *confirm* and *cancel*: reserve a teapot, then take or release it | three operations for each step, all of them safe to repeat |
# | **Outbox** | the message is a row, written in the same database transaction; somebody sends the rows later | a table, and a program that reads it; duplicates. Needs nothing of the broker |
# | **Transaction message** | the broker keeps the message back until it hears how the database decided, and asks if it does not | one check function, one producer group. For *one* database and *one* message |
#
# ## 2. Half a message
#
# `TransactionMQProducer` turns it round: the message goes to the broker first, but as a **half message**, which no consumer sees.
# Then the local transaction runs. Its answer decides:
#
# | your function returns | the broker |
# | --- | --- |
# | `TransactionStatus.COMMIT` | puts the message into its topic |
# | `TransactionStatus.ROLLBACK` | forgets it |
# | `TransactionStatus.UNKNOWN` | keeps it, and asks later: the *check-back* |
#
# ### Exercise 06.1: predict, then run
#
# The broker has answered that the half message is stored. Now the local transaction runs, and looks at the broker meanwhile. How many
# new messages can consumers read from `orders` **at that moment**, and how many **after the commit**?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # (during, after), such as (5, 7)
prediction = (0, 1)  # nothing is in the topic until the broker hears "commit"
### END SOLUTION

# %%
from rmqlab.client import TransactionMQProducer, TransactionStatus


def new_messages():
    return len(lab.admin.messages(orders, limit=1000)) - before


def look_around(message, number):
    seen.append(new_messages())
    place_order(number)
    return TransactionStatus.COMMIT


restock(STOCK)
before, seen = len(lab.admin.messages(orders, limit=1000)), []

# The second argument is the check: what the broker asks if it hears no outcome (sections 4 and 5).
with TransactionMQProducer(
    "first-shop", lambda message: TransactionStatus.UNKNOWN, namesrv=lab.namesrv
) as producer:
    first = producer.send_in_transaction(
        Message(orders, "teapot", keys="order-1"), look_around, arg=next(numbers)
    )

seen.append(eventually(new_messages, timeout_s=20))
print("while the local transaction ran, and after the commit:", seen)

# %%
lab.check("06.1", prediction=prediction, seen=seen, first=first)
# lab.hint("06.1")

# %% [markdown]
# Where was it meanwhile? In a topic of the broker's own, `RMQ_SYS_TRANS_HALF_TOPIC`, with its real destination in a property:

# %%
halves = {half.msg_id: half for half in lab.admin.messages("RMQ_SYS_TRANS_HALF_TOPIC")}
half = halves[first.msg_id]
print({name: half.properties[name] for name in ("REAL_TOPIC", "REAL_QID", "PGROUP", "TRAN_MSG")})

# %% [markdown]
# - The half message stays where it is: a commit log only grows.
# - The commit wrote a **second** message, with the same id, into `orders`,
# - and a note ("half message 0 is settled") into a third topic, `RMQ_SYS_TRANS_OP_HALF_TOPIC`. So a transaction message costs about
#   twice what another one costs.
# - `queue` and `offset` of a `TransactionSendResult` are those of the *half* message. Look for the real one by its id or key.
#
# `lab.view("transactions")` draws what lies in these topics. `ended` asks the same, so that our cells can wait for it:

# %%
from rmqlab.observe import Interest, feed


def ended(*topics):
    """Tell whether the broker has an outcome of each transaction for these topics, or has given it up."""
    known = feed.read(lab.cluster, Interest(transactions=True)).transactions.found
    found = [each for each in known if each.topic in topics]
    return bool(found) and all(each.settled or each.given_up for each in found)


# %% [markdown]
# ### When the half message fails
#
# A customer registers. The local transaction writes the customer, the message makes somebody send the welcome mail. The broker hangs
# (we pause it):

# %%
from rocketmq.exceptions import ProducerException


def register(message, number):
    with closing(connect()) as db, db:
        db.execute("INSERT INTO customers VALUES (?)", (number,))
    return TransactionStatus.COMMIT


def is_registered(message):
    with closing(connect()) as db:
        found = db.execute("SELECT 1 FROM customers WHERE number = ?", (int(message.keys),)).fetchone()
    return TransactionStatus.COMMIT if found else TransactionStatus.ROLLBACK


counter = TransactionMQProducer("registration", is_registered, namesrv=lab.namesrv, timeout_ms=10_000)
counter.start()
counter.send_in_transaction(Message(registrations, "welcome", keys="7"), register, arg=7)
eventually(lambda: ended(registrations), timeout_s=20)

counter.set_timeout(1000)
with lab.fault("pause", "broker-a"):
    try:
        counter.send_in_transaction(Message(registrations, "welcome", keys="8"), register, arg=8)
    except ProducerException as error:
        print(f"{type(error).__name__}: customer 8 could not register now")

with closing(connect()) as db:
    print("customers in the database:", [number for (number,) in db.execute("SELECT number FROM customers")])

# %% [markdown]
# No half message, no local transaction: the function was not even called. Neither, then: good. Only, an error means "nobody knows", as in
# lab 02: the half message was on its way, and the broker stores it when it wakes up. Nobody will ever commit it. So the broker asks, our
# `is_registered` looks into the database, and says what it sees. (Keep this function in mind: in section 5 "not there" will not mean "no".)


# %%
def late_half():
    halves = lab.admin.messages("RMQ_SYS_TRANS_HALF_TOPIC")
    return [half for half in halves if half.keys == "8" and half.properties["REAL_TOPIC"] == registrations]


eventually(lambda: late_half() and ended(registrations), timeout_s=20)
lab.view("transactions", topic=registrations).snapshot()

# %% [markdown]
# Each line is one transaction as the *broker* has written it down. *No outcome*: when the broker asked, nobody had told it one. **?1** is its
# first question, a check-back; behind it stands how it ended: "roll back".

# %%
counter.shutdown()

# %% [markdown]
# ## 3. The local transaction
#
# ### Exercise 06.2: sell what you have
#
# Write `place(message, number)` around `place_order`: an order that is in the database reaches consumers, one that the
# database refuses does not. `sell` sends five orders for the three teapots, each in a transaction.


# %%
def never_heard_of(message):
    return TransactionStatus.UNKNOWN


def sell(place, pieces=5):
    """Send orders in transactions; return the broker's answer by order number."""
    answers = {}
    with TransactionMQProducer("shop", never_heard_of, namesrv=lab.namesrv) as shop:
        for number in (next(numbers) for _ in range(pieces)):
            message = Message(orders, "teapot", keys=f"order-{number}")
            try:
                answers[number] = shop.send_in_transaction(message, place, arg=number)
            except sqlite3.IntegrityError as error:
                print(f"order {number}: {error}")
    return answers


# %%
restock(STOCK)
sold_before = placed()


### BEGIN SOLUTION
### LEARNER: def place(message, number):
### LEARNER:     ...  # place_order(number), and one of COMMIT, ROLLBACK, UNKNOWN
### LEARNER:
### LEARNER:
### LEARNER: answers = ...  # sell(place)
def place(message, number):
    try:
        place_order(number)
    except sqlite3.IntegrityError:
        return TransactionStatus.ROLLBACK  # the database has refused: so must the message
    return TransactionStatus.COMMIT


answers = sell(place)
for number, answer in answers.items():
    print(f"order {number}: {answer.transaction_status.name}")
### END SOLUTION

# %%
lab.check("06.2", answers=answers, in_database=set(placed()) - set(sold_before))
# lab.hint("06.2")

# %% [markdown]
# What your function **raises** is no rollback. The client reports UNKNOWN then (in Java as well), and the broker will ask. That is right: after
# "connection lost" nobody knows whether the database has committed. (Here the sender gets your exception, too. Java only logs it: look at
# `getLocalTransactionState()`.)
#
# ## 4. Four endings
#
# Now transactions whose outcome we simply choose, by their key. `check_by_key` is what the broker asks. The fifth is one more: its local
# transaction takes so long that the broker asks meanwhile.

# %%
import threading

endings = lab.topic("endings", queues=1)
choices = {
    "1 commit": "COMMIT",
    "2 roll back": "ROLLBACK",
    "3 unknown": "UNKNOWN",
    "4 never": "UNKNOWN",
    "5 slow": "COMMIT",
}
slow_was_asked = threading.Event()


def choose(message, outcome):
    if message.keys == b"5 slow":
        slow_was_asked.wait(timeout=30)
    return TransactionStatus[outcome]


def check_by_key(message):
    key = message.keys.decode()
    asked.put(key)
    if key == "5 slow":
        slow_was_asked.set()
    return TransactionStatus.UNKNOWN if key == "4 never" else TransactionStatus.COMMIT


# %% [markdown]
# ### Exercise 06.3: predict, then run
#
# The broker asks about `4 never`, and the answer is always "unknown". This broker asks three times (`transactionCheckMax`). And then, what
# becomes of the message?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # "delivered", "rolled back", "put aside" or "asked for ever"
prediction = "put aside"
### END SOLUTION

# %% tags=["nbval-ignore-output"]
# Section 5 changes both.
lab.admin.update_broker_config("broker-a", transactionTimeOut=3000, transactionCheckMax=3)
asked = lab.inbox()
slow_was_asked.clear()
chooser = TransactionMQProducer("chooser", check_by_key, namesrv=lab.namesrv)
chooser.start()
results = {
    key: chooser.send_in_transaction(Message(endings, "teapot", keys=key), choose, arg=outcome)
    for key, outcome in choices.items()
}

lab.view("transactions", topic=endings)

# %% [markdown]
# (Live, the picture above follows the broker: watch it for ten seconds.) And at the end:

# %% tags=["nbval-ignore-output"]
eventually(lambda: ended(endings), timeout_s=30)
chooser.shutdown()
lab.view("transactions", topic=endings).snapshot()

# %%
never = results["4 never"].msg_id
lab.check("06.3", prediction=prediction, never=never)
# lab.hint("06.3")

# %% [markdown]
# The four endings of a transaction message, side by side:
#
# 1. **Commit**: consumers see it at once.
# 2. **Roll back**: they never will.
# 3. **Unknown, then check-back**: the broker asked, heard "commit", and delivered.
# 4. **Never answered**: after the last question it is **put aside** (the picture says *given up*), into the topic `TRANS_CHECK_MAX_TIME_TOPIC`. Nobody is told.
#
# And `5 slow`? Consumers see it **twice**. To ask, the broker had stored the half message once more. Then the check said "commit" for the copy,
# and the program said "commit" for the original. Both were right, and both were carried out: a transaction message is delivered *at least*
# once, like any other.
#
# You will read that after 15 questions RocketMQ "rolls back by default". RocketMQ 5 does not: the message is kept, only nobody looks there
# unless you do.

# %%
aside = {each.msg_id: each for each in lab.admin.messages("TRANS_CHECK_MAX_TIME_TOPIC")}
said = aside[never].properties
print(aside[never].keys, "| for", said["REAL_TOPIC"], "| asked", said["TRANSACTION_CHECK_TIMES"], "times")
print("heard by our check:", sorted(set(asked.items)))

# %% [markdown]
# ### "The check-back does not fire"
#
# A much asked question, mostly with one of these answers:
#
# | what you see | why |
# | --- | --- |
# | nothing for half a minute | that is the default. A half message must be older than `transactionTimeOut` = 6 s, and the broker looks every `transactionCheckInterval` = 30 s: the first question comes after 6 to 36 s, the last of `transactionCheckMax` = 15 after more than seven minutes |
# | nothing at all | no producer **of that group** is online: the broker picks any one that is, and skips the question if there is none. It counts all the same |
# | nothing after a restart | the new instance has not sent yet: in RocketMQ 5 no broker knows it (section 6) |
# | the check runs, nothing happens | it raised, or returned UNKNOWN. In Java: UNKNOW |
# | the check runs for committed messages | `transactionOpBatchInterval` (3 s) is not shorter than `transactionTimeOut`: what is settled is written down too late |
#
# Each question is a new copy of the half message (the old one cannot be changed), with `TRANSACTION_CHECK_TIMES` one higher.
#
# ## 5. The check
#
# The check is the heart of it. It runs in another thread, perhaps in **another process on another machine**: it can look into nothing but
# the database.
#
# ### Exercise 06.4: answer the broker
#
# Three orders are under way, and the broker has heard of none of them:
#
# | order | what happened | what is right |
# | --- | --- | --- |
# | `lost` | in the database, but the answer got lost | consumers see it |
# | `dead` | the local transaction never wrote anything | consumers never see it |
# | `slow` | when the broker asks, the bank is still busy: the database commits a moment **later**. Then this answer gets lost, too | consumers see it |
#
# Write `check(message)`. `number_of(message)` is the order's number, `age_of(message)` the half message's age in seconds.
# From here on the broker asks after 1 s, and up to ten times.

# %%
import time

restock(100)
lab.admin.update_broker_config("broker-a", transactionTimeOut=1000, transactionCheckMax=10)


def number_of(message):
    return int(message.keys.decode().split("-")[-1])


def age_of(message):
    return time.time() - message.born_timestamp / 1000


def lose_the_answer(message, number):
    place_order(number)
    return TransactionStatus.UNKNOWN


def die_before(message, number):
    return TransactionStatus.UNKNOWN


def ask_the_bank(message, number):
    with closing(connect()) as db, db:
        db.execute("UPDATE stock SET pieces = pieces - 1 WHERE article = 'teapot'")
        db.execute("INSERT INTO orders VALUES (?, 'Dora')", (number,))
        slow_was_asked.wait(timeout=30)  # what is not committed, nobody else can see
    return TransactionStatus.UNKNOWN


def run_three(check):
    """Send the three orders, wait until each has ended, return their message ids."""
    sent = {}
    slow_was_asked.clear()

    def question(message):
        answer = check(message)
        if message.keys.startswith(b"slow"):
            slow_was_asked.set()
        return answer

    with TransactionMQProducer("shop", question, namesrv=lab.namesrv) as shop:
        three = {"lost": lose_the_answer, "dead": die_before, "slow": ask_the_bank}
        for name, execute in three.items():
            number = next(numbers)
            message = Message(orders, "teapot", keys=f"{name}-{number}")
            sent[name] = shop.send_in_transaction(message, execute, arg=number).msg_id
        eventually(lambda: ended(orders), timeout_s=40)
    return sent


# %%
### BEGIN SOLUTION
### LEARNER: def check(message):
### LEARNER:     ...  # look into the database; COMMIT, ROLLBACK or UNKNOWN
### LEARNER:
### LEARNER:
### LEARNER: sent = ...  # run_three(check)
def check(message):
    if number_of(message) in placed():
        return TransactionStatus.COMMIT
    if age_of(message) < 6:
        return TransactionStatus.UNKNOWN  # not there *yet*: it may still run
    return TransactionStatus.ROLLBACK  # no local transaction takes so long


sent = run_three(check)
### END SOLUTION

# %%
lab.check("06.4", sent=sent, in_database=placed())
# lab.hint("06.4")

# %% tags=["nbval-ignore-output"]
lab.view("transactions", topic=orders).snapshot()

# %% [markdown]
# `dead` was rolled back, but only when it was too old to be still under way. When the broker first asked about `slow`, there was nothing in
# the database, *yet*. Whoever takes that for "no" rolls back an order that exists.
#
# > **A check that need not guess.** "Older than 6 s" is a guess: a computer that sleeps may take longer. A stricter check decides in the
# > database: a table `outcome` with the order number as its primary key. The local transaction inserts `(number, 'committed')` with its other
# > rows, the check inserts `(number, 'rolled back')` if there is nothing. Whoever comes first wins, the other one gets an IntegrityError
# > and obeys.
#
# ## 6. Killed in the worst moment
#
# Until now the program lived on. This one is a process of its own: it places an order in the same database, and before it can tell the
# broker, somebody pulls the plug.

# %%
import subprocess
import sys

script = Path(tempfile.mkdtemp()) / "unlucky.py"
script.write_text("""
import sqlite3, sys, time
from rmqlab.client import Message, TransactionMQProducer, TransactionStatus

namesrv, database, topic, number = sys.argv[1:]

def place(message, number):
    with sqlite3.connect(database, timeout=10) as db:
        db.execute("INSERT INTO orders VALUES (?, 'Emil')", (number,))
    print("in the database, and the broker does not know", flush=True)
    time.sleep(20)
    return TransactionStatus.UNKNOWN

unknown = TransactionStatus.UNKNOWN
shop = TransactionMQProducer("shop", lambda message: unknown, namesrv=namesrv, timeout_ms=10_000)
shop.start()
shop.send_in_transaction(Message(topic, "teapot", keys="killed-" + number), place, int(number))
shop.shutdown()
""")


def start_unlucky(number):
    command = [sys.executable, str(script), lab.namesrv, str(database), orders, str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


# %% [markdown]
# ### Exercise 06.5: break it, and prove it
#
# Start the program, wait for its line, kill it. Then see to it that the order's message reaches consumers all the same, **without sending it
# again**: your `check` of 06.4 is all it takes, in the right place. Keep the process in `unlucky`, and your producer in `heir`.
#
# Do it in one go: the broker asks ten times, whether somebody is there or not, and then puts the message aside.
#
# One trap of RocketMQ 5: a producer that has only been *started* is unknown to every broker, and is not asked. A client says hello to brokers
# every 30 s (its *heartbeat*; here every second), but only to those whose topics it has touched. `heir.queues(orders)` is enough of a touch.
# (In Java, `new TransactionMQProducer(group, topics)` touches them at the start.)

# %%
killed = next(numbers)
### BEGIN SOLUTION
### LEARNER: unlucky = ...  # start_unlucky(killed), unlucky.stdout.readline(), unlucky.kill()
### LEARNER: heir = ...
unlucky = start_unlucky(killed)
try:
    print(unlucky.stdout.readline().strip())
finally:
    unlucky.kill()
    unlucky.wait()

# the same group: another instance of the shop
heir = TransactionMQProducer("shop", check, namesrv=lab.namesrv)
heir.start()
heir.queues(orders)  # now the brokers of this topic know it
eventually(lambda: ended(orders), timeout_s=40)
heir.shutdown()
### END SOLUTION

# %%
lab.check("06.5", unlucky=unlucky, killed=killed, heir=heir)
# lab.hint("06.5")

# %% [markdown]
# The broker does not ask *the* producer that sent the half message. It asks *a* producer of its **group**. That is what a producer group is
# for, and the only thing: all its members must be able to answer for each other, from the same database.
#
# ## 7. The other half: consumers
#
# The message is out. What does the transaction promise about those who receive it? The cart service clears the customer's cart after the
# order. It gets the messages of section 4, fails at the first one, and meets the one that was delivered twice:

# %%
import uuid
from collections import Counter

from rmqlab.client import ConsumeFromWhere, ConsumeStatus, PushConsumer

received, cleared, stumbled = lab.inbox(), [], []

with closing(connect()) as db, db:
    db.execute("CREATE TABLE IF NOT EXISTS carts (owner TEXT PRIMARY KEY, article TEXT)")
    db.execute("CREATE TABLE IF NOT EXISTS handled (message_id TEXT PRIMARY KEY)")
    db.execute("DELETE FROM handled")  # for the next time you run this cell
    db.executemany("INSERT OR REPLACE INTO carts VALUES (?, 'teapot')", [(owner,) for owner in choices])


def clear_cart(message):
    received.put(message.id)
    if not stumbled:
        stumbled.append(message.id)
        return ConsumeStatus.RECONSUME_LATER  # the cart's database is away, say
    with closing(connect()) as db, db:
        first_time = db.execute("INSERT OR IGNORE INTO handled VALUES (?)", (message.id,)).rowcount
        if first_time:  # in the same local transaction as the cart
            db.execute("DELETE FROM carts WHERE owner = ?", (message.keys.decode(),))
            cleared.append(message.id)
    return ConsumeStatus.CONSUME_SUCCESS


group = f"cart-{uuid.uuid4().hex[:8]}"  # a new one: it begins at the first message
expected = {message.msg_id for message in lab.admin.messages(endings)}
with PushConsumer(group, namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST, retry_delay_level=1) as cart:
    cart.subscribe(endings, clear_cart)
    eventually(lambda: set(cleared) >= expected and len(received) > 4, timeout_s=60)

times = Counter(received.items)
with closing(connect()) as db:
    full = db.execute("SELECT owner FROM carts ORDER BY owner").fetchall()
print("carts still full:       ", [owner for (owner,) in full])
print("cleared more than once: ", len(cleared) - len(set(cleared)))
print("received more than once:", any(number > 1 for number in times.values()))

# %% [markdown]
# - The consumer failed, and **the order stayed**. Nobody rolls back the shop's database because the cart service is away: the message comes
#   again until it is done (lab 09). If it can *never* be done, that is for you to repair: with a message of its own that takes the order back.
# - Some messages came more than once. The table `handled`, with the message id as its primary key, makes the second time harmless: else
#   it would empty the cart that the customer has filled anew.
# - It happens *later*. Between the commit and the cleared cart, a customer may see both: the order, and the full cart.
#
# ## What to remember
#
# 1. A half message is stored, but invisible. The local transaction's outcome makes it visible, or never.
# 2. The broker asks when it hears nothing: any producer of the **group**, so the check looks into the database and nowhere else.
# 3. "Not there" can mean "not yet". Answer UNKNOWN while the local transaction may still run.
# 4. After `transactionCheckMax` questions the message is put aside, not rolled back, and nobody is told.
# 5. Both or neither holds for *your* database and *the message*. Consumers get it at least once, later, and may fail.
#
# > **Where this bites in production**
# >
# > - `transactionTimeOut` = 6000 ms, `transactionCheckInterval` = 30000 ms, `transactionCheckMax` = 15: broker properties, the same for
# >   everybody. For one message, the property `CHECK_IMMUNITY_TIME_IN_SECONDS` sets how long the broker waits before it asks.
# > - A local transaction longer than `transactionTimeOut` gets asked about while it runs: mind point 3, and expect duplicates.
# > - Watch `TRANS_CHECK_MAX_TIME_TOPIC`. What lies there is an order in your database of which nobody heard, or the other way round.
# >   `resumeCheckHalfMessage` of the admin API puts a half message back, with its count at zero.
# > - A producer group for each application. Two applications that share one are asked about each other's messages, and answer nonsense.
# > - A half message whose status is not `OK` (lab 07) is rolled back: your function is not called, nothing is raised, and the result says
# >   ROLLBACK. Look at it.
# > - No batches in a transaction, and no delay level: the client takes it off without a word. A reminder (lab 05) goes through an outbox
# >   (lab 07), or the consumer of the order sends it. A 5.x proxy wants the topic type `TRANSACTION` (`+message.type`).
# > - All half messages of a broker go through **one** queue (`queueId` 0 of the half topic), and one thread checks them. They count against
# >   your disk twice, and after `fileReservedTime` (72 h) what is still open is deleted with its file.
# > - `rejectTransactionMessage=true` on a broker refuses them all. RocketMQ 5.5.0 keeps a core busy for ever after the first commit
# >   ([apache/rocketmq#10966](https://github.com/apache/rocketmq/issues/10966)): the reason why this course stays with 5.4.0.
# > - `rocketmq.client.TransactionMQProducer`, of the classic package, is the same with C's names: `send_message_in_transaction(message,
# >   execute, arg)`.
#
# **Back:** [05 · Can a message wait?](05-delay.ipynb) · **Next:** [07 · Did the broker really take it?](07-reliability-produce.ipynb)
