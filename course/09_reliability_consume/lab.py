# %% [markdown]
# # 09 · What if my consumer dies?
#
# The order for a teapot lies safely in the broker. Now three systems have to work on it: the stock reserves a teapot, the payment service
# charges the customer, the mail service says thank you. Each of them can fail, hang, or die, at any line of its code. Is the order then lost?
# Is it paid twice? We kill consumers in their worst moments, count with the ledger, and end with a recipe that survives all of it, the death
# of a broker included. About 45 minutes.

# %% tags=["parameters"]
ORDERS = 6  # orders in the small experiments
MANY = 200  # orders in the last one

# %%
from rmqlab import start_lab

lab = start_lab(
    "09-reliability-consume",
    topology="2m-2s",
    flush="sync",
    replication="sync",
    delay_levels="1s 1s 1s 2s 3s 5s",
    properties={"slaveTimeout": 2000, "syncFlushTimeout": 2000},
)

# %% [markdown]
# Two masters with a slave each, and a send is answered once the message is on the master's disk and at its slave. A broker waits for both no longer than our
# producers wait for its answer. That is what lab 08 recommends. (The delay levels are short, so that nobody waits. What they are elsewhere comes in
# section 4.)
#
# ## 1. Three systems, and one of them fails

# %%
orders = lab.topic("orders", queues=2)

# %% [markdown]
# What the systems do ends in a database: SQLite, in a file. Each row of `work` is something that was really done: a teapot reserved, a customer
# charged, a mail sent. (In real life each system has a database of its own.)

# %%
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

folder = Path(tempfile.mkdtemp())
database = folder / "shop.db"


def connect():
    """Open the database: a connection of its own for each thread and each transaction."""
    return sqlite3.connect(database, timeout=10)


def effects(system):
    """Return how often a system has done its work for each order: {number: times}."""
    with closing(connect()) as db:
        rows = db.execute("SELECT number FROM work WHERE system = ?", (system,))
        return Counter(number for (number,) in rows)


with closing(connect()) as db, db:  # the inner `with` commits, or rolls back if something is raised
    db.execute("CREATE TABLE work (system TEXT, number INTEGER)")

# %% [markdown]
# The shop sends orders through a **ledger**, which notes what was sent and what each consumer did, and holds that against what the brokers
# have: not what we believe, what happened.

# %%
import json
from itertools import count

from rmqlab.client import Message, Producer

numbers = count(1)  # order numbers: each one once

shop = Producer("shop", namesrv=lab.namesrv, timeout_ms=10_000)
shop.start()


def send_orders(ledger, topic, pieces, customer="Ada"):
    """Send so many orders through a ledger; return their numbers."""
    sent = [next(numbers) for _ in range(pieces)]
    for number in sent:
        order = {"number": number, "amount": 20} | ({"customer": customer} if customer else {})
        ledger.producer(shop).send(Message(topic, json.dumps(order), keys=f"order-{number}"))
    return sent


book = lab.ledger("orders")
book.clear()  # what an earlier run of this notebook has left

# %% [markdown]
# Three systems are three **groups** (lab 01): each gets every order. A consumer's answer is one of two, and it is given **after** the work:
#
# - `CONSUME_SUCCESS`: done, do not bring it again;
# - `RECONSUME_LATER`: I could not do it, please bring it again later.
#
# A callback that raises says RECONSUME_LATER as well.

# %%
import threading

from rmqlab.client import ConsumeFromWhere, ConsumeStatus, PushConsumer

mail_server = threading.Event()  # set: it answers
mail_server.set()


def nothing_more(order):
    """What a system has to do besides its row in the database: nothing."""


def write_mail(order):
    if not mail_server.is_set():
        raise ConnectionError("the mail server does not answer")


def service(system, work):
    """Return a callback that does the work, and only then says that it is done."""

    def on_order(message):
        order = json.loads(message.body)
        try:
            with closing(connect()) as db, db:
                work(order)
                db.execute("INSERT INTO work VALUES (?, ?)", (system, order["number"]))
        except ConnectionError:
            return ConsumeStatus.RECONSUME_LATER
        return ConsumeStatus.CONSUME_SUCCESS

    return on_order


consumers = []
for system, work in {"stock": nothing_more, "payment": nothing_more, "mail": write_mail}.items():
    consumer = PushConsumer(
        system, namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST, max_reconsume_times=1000
    )
    consumer.subscribe(orders, book.callback(service(system, work), group=system))
    consumer.start()
    consumers.append(consumer)

# %% [markdown]
# ### Exercise 09.1: predict, then run
#
# The mail server is down. We send six orders. The mail service tries each of them and answers RECONSUME_LATER. The number that everybody
# watches is the **lag** of a group: the end of each queue minus the group's offset there (lab 03), `mqadmin consumerProgress`. What does it say
# of the group `mail` and the topic `orders`, with six orders and no mail?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number
prediction = 0  # what failed has left the queue
### END SOLUTION

# %%
from rmqlab.checks import eventually


def handed_to(group):
    """Return how many orders of the ledger were handed to a group, and how many it has done."""
    entries = book.reconcile().entries
    return (
        sum(any(each.group == group for each in entry.delivered) for entry in entries),
        sum(any(each.group == group for each in entry.processed) for entry in entries),
    )


def lag(group, topic):
    return sum(each.lag for each in lab.admin.consume_stats(group, topic).values())


book.clear()
mail_server.clear()
lot = send_orders(book, orders, ORDERS)
eventually(lambda: handed_to("mail")[0] == ORDERS, timeout_s=30)
eventually(lambda: handed_to("stock")[1] == handed_to("payment")[1] == ORDERS, timeout_s=30)
eventually(lambda: lag("mail", orders) == 0, timeout_s=30)

for system in ("stock", "payment", "mail"):
    print(f"{system:8} was handed {handed_to(system)[0]} orders and has done {handed_to(system)[1]}")
print("lag of mail in orders:", lag("mail", orders))

# %%
lab.check("09.1", prediction=prediction, lot=lot)
# lab.hint("09.1")

# %% [markdown]
# Two things to see. The stock and the payment service have not noticed anything: a group's failure is its own. And the mail service is "up to
# date" with nothing done. An order that failed does not stay in its queue, where it would hold up what lies behind it. The consumer **sends it back** to the
# broker, which puts a copy into a topic for this group alone, `%RETRY%mail`, with a delay. (That topic's lag is
# mostly 0, too: until the delay is over, the copies wait in a delay level, lab 05, and are in nobody's lag. What shows the trouble is that
# `%RETRY%mail` grows.)
#
# The ladder below is made of the brokers' own copies. It is live: with each try that fails, the orders go down one rung. (They are tried a thousand
# times here, so that you can watch. The default is in section 4.)

# %% tags=["nbval-ignore-output"]
lab.view("retries", group="mail")

# %% [markdown]
# The mail server is back. Nobody has to send anything again:

# %%
mail_server.set()
eventually(lambda: handed_to("mail")[1] == ORDERS, timeout_s=40)
print("mails:", len(effects("mail").keys() & set(lot)), "of", ORDERS)
print(book.reconcile())

# %%
for consumer in consumers:
    consumer.shutdown()

# %% [markdown]
# ## 2. When is a message done?
#
# What the broker knows of a group is **one number a queue**: the offset up to which everything is done. The client moves it when your callback
# returns, and reports it every five seconds (`persistConsumerOffsetInterval`; in this course every second). That is all there is to an acknowledgement.
#
# So the order of two lines decides everything: work, then return, or return, then work? The second looks faster, and is written often: put the
# order into a list, let a thread work it off, say CONSUME_SUCCESS. To see what it costs, we need consumers that we can kill: processes of their
# own. First what a payment service does with an order, in both ways:

# %%
payment_py = folder / "payment.py"
with payment_py.open("w") as file:
    file.write('''
"""How the payment service works off an order."""

import json
import os
import queue
import sqlite3
import threading
import time
from contextlib import closing

from rmqlab.client import ConsumeStatus

GROUP = os.environ["GROUP"]
STUCK_AFTER = int(os.environ.get("STUCK_AFTER", 0))
done = 0


def connect():
    return sqlite3.connect(os.environ["DATABASE"], timeout=10)


def charge(db, order):
    db.execute("INSERT INTO work VALUES (?, ?)", (GROUP, order["number"]))


def maybe_stuck():
    """Stand still after so many payments: a long pause, a hanging network. Until somebody kills us."""
    global done
    done += 1
    if done == STUCK_AFTER:
        print("stuck", flush=True)
        time.sleep(600)


def after(message):
    """Work, then acknowledge."""
    with closing(connect()) as db, db:
        charge(db, json.loads(message.body))
    maybe_stuck()
    return ConsumeStatus.CONSUME_SUCCESS


def first(message):
    """Acknowledge, then work."""
    waiting.put(json.loads(message.body))
    return ConsumeStatus.CONSUME_SUCCESS


def work_off():
    while True:
        order = waiting.get()
        with closing(connect()) as db, db:
            charge(db, order)
        maybe_stuck()


waiting = queue.Queue()
threading.Thread(target=work_off, daemon=True).start()
''')

# %% [markdown]
# And the program around it. It reads a topic until its input is closed, which is its orderly end:

# %%
service_py = folder / "service.py"
with service_py.open("w") as file:
    file.write('''
"""python service.py TOPIC WAY LEDGER: read a topic, the way that payment.py has for it."""

import os
import sys

import payment
from rmqlab import attach
from rmqlab.client import ConsumeFromWhere, PushConsumer
from rmqlab.ledger import Ledger

topic, way, ledger = sys.argv[1:]
cluster = attach("09-reliability-consume")
callback = Ledger(cluster, ledger).callback(getattr(payment, way), group=payment.GROUP)

with PushConsumer(
    payment.GROUP,
    namesrv=cluster.namesrv,
    from_where=ConsumeFromWhere.FIRST,
    threads=1,
    instance=os.environ["INSTANCE"],
) as consumer:
    consumer.subscribe(topic, callback)
    sys.stdin.read()
''')

# %%
import os
import subprocess
import sys

running = []


def start_service(group, way, topic, ledger, stuck_after=0, instance="a"):
    """Start the payment service as a process; it stands still after so many payments (0: never)."""
    settings = {
        "GROUP": group,
        "INSTANCE": instance,  # members of a group have different names
        "DATABASE": str(database),
        "STUCK_AFTER": str(stuck_after),
    }
    process = subprocess.Popen(
        [sys.executable, str(service_py), topic, way, ledger.name],
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    running.append(process)
    return process


def end_services():
    """End all services that run: in order, or by force if that takes too long."""
    while running:
        process = running.pop()
        process.stdin.close()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


# %% [markdown]
# A topic with one queue, so that what happens is easy to follow, and a ledger of its own:

# %%
bills = lab.topic("bills", queues=1, broker="broker-a")

# %%
bill_book = lab.ledger("bills")
bill_book.clear()


def acknowledged(group):
    """Return up to which offset the broker believes the group to be done with `bills`."""
    return sum(each.consumer_offset for each in lab.admin.consume_stats(group, bills).values())


def catch_up(group, way):
    """Start the service anew, without a fault, until it has done one more bill; then end it."""
    start_service(group, way, bills, bill_book)
    (last,) = send_orders(bill_book, bills, 1)
    eventually(lambda: effects(group)[last] and lag(group, bills) == 0, timeout_s=40)
    end_services()


# %% [markdown]
# ### Exercise 09.2: break it and prove it
#
# Eight bills lie in the topic. Start the service `eager`, which acknowledges **first**, and stands still after three payments. Wait until the
# broker believes that `eager` is done with all eight (`acknowledged("eager")`, counted from `start`), and kill it: `kill()` is SIGKILL, a process has
# no say in it. Then let it `catch_up`: the service is started again, and works until a ninth bill is done. **Prove it:** put into `lost` the set of bills
# of `lot` that were never charged.

# %%
end_services()
if lag("eager", bills):
    catch_up("eager", "first")  # what an earlier run of this cell has left
lot = send_orders(bill_book, bills, 8)
start = acknowledged("eager")
### BEGIN SOLUTION
### LEARNER: eager = ...  # start_service("eager", "first", bills, bill_book, stuck_after=3)
### LEARNER: lost = ...  # a set of order numbers
eager = start_service("eager", "first", bills, bill_book, stuck_after=3)
eventually(lambda: acknowledged("eager") >= start + 8, timeout_s=40)
eventually(lambda: len(set(lot) & set(effects("eager"))) == 3, timeout_s=40)
eager.kill()
eager.wait()

catch_up("eager", "first")
lost = set(lot) - set(effects("eager"))
print("charged:", len(set(lot) - lost), "lost:", len(lost))
### END SOLUTION

# %%
lab.check("09.2", eager=eager, lot=lot, lost=lost, charged=set(effects("eager")))
# lab.hint("09.2")

# %% [markdown]
# These customers get their teapots for nothing. No error, no alarm, no lag. The bills still lie in the topic, but for the broker they are done: it
# will not bring them again, unless somebody notices and sets the group back (lab 03). What was still to do lay in the memory of a process.
#
# An orderly end does not help: `shutdown()` can wait for callbacks that run, and these have long returned. So **acknowledge after the work**. The
# service `careful` does. It gets killed, too, after its fourth payment:

# %%
start, before = acknowledged("careful"), effects("careful")
careful = start_service("careful", "after", bills, bill_book, stuck_after=4)
eventually(lambda: effects("careful").total() >= before.total() + 4, timeout_s=40)
eventually(lambda: acknowledged("careful") >= start + 3, timeout_s=40)
careful.kill()
careful.wait()

catch_up("careful", "after")
charged = effects("careful")
print("never charged:", len(set(lot) - set(charged)))
print("charged twice:", sum(times == 2 for times in (charged - before).values()))

# %%
lab.view("queues", topic=bills, groups=["eager", "careful"]).snapshot()

# %% [markdown]
# `careful` has lost nothing. And the offsets do not tell the two apart: the lag of 1 of `eager` is only the last bill, which came when it had gone. The
# broker sees offsets, no payments. But look at
# "charged twice".
#
# ## 3. At least once means: sometimes twice
#
# `careful` died **between its work and its acknowledgement**. The customer was charged, and the broker was not told. What the ledger has of
# this order:

# %%
unlucky = max(number for number, times in charged.items() if times == 2)
(entry,) = [entry for entry in bill_book.reconcile().entries if entry.key == f"order-{unlucky}"]
print("sent:        ", len(entry.sent))
print("handed out:  ", sum(each.group == "careful" for each in entry.delivered))
print("acknowledged:", sum(each.group == "careful" for each in entry.processed))
print("charged:     ", charged[unlucky])

# %% [markdown]
# The two lines cannot stand in a third way. Acknowledge first, and a crash loses; acknowledge last, and a crash repeats. No broker can solve this for you,
# whatever its leaflet says: it cannot know whether your process died just before its last line or just after it. RocketMQ promises **at least once**.
#
# So duplicates are normal. They also come from a producer that sends again after a time-out (lab 07), from a rebalance, and from a broker that was killed and has forgotten
# the last seconds of your progress. The consumer has to be **idempotent**: twice has the effect of once.
#
# ### Exercise 09.3: charge once
#
# Write `charge_once(message)`. Three unlucky orders will come:
#
# | order | what happens |
# | --- | --- |
# | `sent twice` | the shop got no answer, and sent the order again: two messages, one order number |
# | `bank away` | at the first try, the bank does not answer: `charge` raises ConnectionError |
# | `at once` | two messages of one order, at the same time, in two threads |
#
# Each has to be charged exactly once. `charge(db, order)` does that in the transaction `db` of yours (`with closing(connect()) as db, db:`), or
# raises. There is a table `handled (number INTEGER PRIMARY KEY)` for you: to insert a number twice raises an IntegrityError, and for `INSERT OR
# IGNORE` the `rowcount` is 0 then.

# %%
invoices = lab.topic("invoices", queues=2)

# %%
invoice_book = lab.ledger("invoices")

with closing(connect()) as db, db:
    db.execute("CREATE TABLE handled (number INTEGER PRIMARY KEY)")


def charge(db, order):
    """Ask the bank, and note the payment in the database."""
    ask_the_bank(order["number"])
    db.execute("INSERT INTO work VALUES ('cashier', ?)", (order["number"],))


def ask_the_bank(number):
    if number == luck.get("bank away") and number not in refused:
        refused.add(number)
        raise ConnectionError("the bank does not answer")
    if number == luck.get("at once"):
        try:
            meeting.wait(timeout=3)  # for the other one, who asks at the same time
        except threading.BrokenBarrierError:
            pass


def trial(charge_once):
    """Send the three orders, let a consumer work them off; return how often each was charged."""
    global meeting
    meeting = threading.Barrier(2)
    refused.clear()
    producer = invoice_book.producer(shop)

    def worked_off():
        return all(entry.processed for entry in invoice_book.reconcile().entries)

    def send(name):
        body = json.dumps({"number": luck[name], "amount": 20})
        producer.send(Message(invoices, body, keys=f"order-{luck[name]}"))

    with PushConsumer("cashier", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as cashier:
        cashier.subscribe(invoices, invoice_book.callback(charge_once, group="cashier"))
        for name in ("sent twice", "bank away", "at once"):
            luck[name] = next(numbers)
            send(name)
            if name == "sent twice":
                eventually(worked_off, timeout_s=10)
            if name != "bank away":
                send(name)
        eventually(worked_off, timeout_s=20)
        seen = sorted({type(each.error).__name__ for each in cashier.errors})
    print("raised:", ", ".join(seen) or "nothing")
    return {name: effects("cashier")[number] for name, number in luck.items()}


luck, refused = {}, set()

# %%
invoice_book.clear()


### BEGIN SOLUTION
### LEARNER: def charge_once(message):
### LEARNER:     ...
### LEARNER:
### LEARNER:
### LEARNER: charged = ...  # trial(charge_once)
def charge_once(message):
    order = json.loads(message.body)
    with closing(connect()) as db, db:  # one transaction for the key and for what it stands for
        fresh = db.execute("INSERT OR IGNORE INTO handled VALUES (?)", (order["number"],)).rowcount
        if fresh:
            charge(db, order)
    return ConsumeStatus.CONSUME_SUCCESS


charged = trial(charge_once)
print(charged)
### END SOLUTION

# %%
lab.check("09.3", charged=charged, booked=effects("cashier"))
# lab.hint("09.3")

# %% [markdown]
# The whole trick is a **unique key in the same database transaction as the effect**:
#
# - *Same transaction*: key and effect are there together or not at all. A crash in the middle leaves neither, and the message comes again.
# - *A key of the database*, not a look before ("is it there already?"): two threads look at the same time, and both see nothing.
# - *The order's number*, not the message's id: an order that is sent again is another message. (In lab 06 the id was enough: both copies came from one
#   send.)
#
# When the effect is in somebody else's system, a bank or a parcel service, there is no common transaction. Then send the key along. Good
# interfaces take one (an *idempotency key*), and do on their side what you do here.
#
# For the rest of this lab, as a function (`rmqlab.idempotence` has one that you may copy):

# %%
with closing(connect()) as db, db:
    db.execute("CREATE TABLE done_once (system TEXT, number INTEGER, PRIMARY KEY (system, number))")


def once(system, work):
    """Return a callback that does the work once for each order, however often the order comes."""

    def on_order(message):
        order = json.loads(message.body)
        key = (system, order["number"])
        with closing(connect()) as db, db:
            if db.execute("INSERT OR IGNORE INTO done_once VALUES (?, ?)", key).rowcount:
                work(order)
                db.execute("INSERT INTO work VALUES (?, ?)", key)
        return ConsumeStatus.CONSUME_SUCCESS

    return on_order


# %% [markdown]
# ## 4. Later, later, never
#
# "Please bring it again" has a back-off. The broker puts a message that came back into one of its delay levels (lab 05): the first time into
# level 3, then into level 4, and so on.
#
# | retry | 1 | 2 | 3 | 4 | ... | 13 | 14 | 15 | 16 |
# | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
# | by default after | 10 s | 30 s | 1 min | 2 min | ... | 20 min | 30 min | 1 h | 2 h |
# | on this cluster after | 1 s | 2 s | 3 s | 5 s | ... | 5 s | 5 s | 5 s | 5 s |
#
# Sixteen retries take four and three quarter hours: most mail servers are back by then. But some messages fail for another reason. The loyalty
# system gives points to customers. Then a guest orders, who has no account, and the program was written by somebody who did not think of guests. Such a message
# is called a **poison message**: it will fail today, tomorrow, and every time.

# %%
points_book = lab.ledger("points")
points_book.clear()
tries = lab.inbox()
mended = threading.Event()  # set: the program knows guests


def give_points(order):
    tries.put(order["number"])
    if "customer" not in order and mended.is_set():
        return  # no account, no points
    order["customer"].upper()  # KeyError: 'customer'


def start_loyalty():
    consumer = PushConsumer(
        "loyalty", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST, max_reconsume_times=2
    )
    consumer.subscribe(orders, points_book.callback(once("loyalty", give_points), group="loyalty"))
    consumer.start()
    return consumer


loyalty = start_loyalty()

# %% [markdown]
# `max_reconsume_times=2` (RocketMQ: `maxReconsumeTimes`, 16 by default). What can no longer be tried goes to the group's **dead-letter
# queue**, the topic `%DLQ%loyalty`.
#
# ### Exercise 09.4: predict, then run
#
# The next cell sends an order of a customer, one of a guest, and one of a customer. How often is `give_points` called with the **guest's**
# order?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number
prediction = 3  # the first time, and two more
### END SOLUTION


# %%
def is_dead(number):
    entries = points_book.reconcile().entries
    return any("loyalty" in entry.dead for entry in entries if entry.key == f"order-{number}")


def buy_as_guest():
    """Send the order of a guest, wait until it is in the dead-letter queue; return its number."""
    mended.clear()
    (number,) = send_orders(points_book, orders, 1, customer=None)
    eventually(lambda: is_dead(number), timeout_s=40)
    return number


(ada,) = send_orders(points_book, orders, 1)
guest = buy_as_guest()
(ben,) = send_orders(points_book, orders, 1, customer="Ben")
eventually(lambda: effects("loyalty")[ben], timeout_s=20)

print("customers with points:", effects("loyalty")[ada] + effects("loyalty")[ben])
print("the guest's order was tried", tries.items.count(guest), "times")
print("raised:", {repr(each.error) for each in loyalty.errors})

# %%
lab.check("09.4", prediction=prediction, guest=guest)
# lab.hint("09.4")

# %%
lab.view("retries", group="loyalty").snapshot()

# %%
account = points_book.reconcile()
lab.view("ledger", account=account).snapshot(quiet_s=0)

# %% [markdown]
# - The poison did not stop the others. (An *orderly* consumer sends nothing back. It tries on the spot, without end, and everything behind it waits:
#   lab 04.)
# - Two **re**tries are three tries.
# - Dead-lettered is not lost: the ledger finds the message, and so do you. But nobody is told. The DLQ is a topic without a consumer, whose messages
#   are deleted after `fileReservedTime` (72 h), like all others. Without a watch on the DLQ they are lost after all, three days later.
#
# The times between the tries:

# %% tags=["nbval-ignore-output"]
(entry,) = [entry for entry in account.entries if entry.key == f"order-{guest}"]
at = [each.at for each in entry.delivered]
print([f"{later - earlier:.1f} s" for earlier, later in zip(at, at[1:], strict=False)])

# %% [markdown]
# ## 5. Out of the dead-letter queue
#
# A dead letter comes back in three steps: read it, mend the cause, send it again. What is in one?

# %%
letter = lab.admin.messages("%DLQ%loyalty")[-1]
print("first in topic:", letter.properties["RETRY_TOPIC"])
print("tried again:   ", letter.reconsume_times - 1, "times")
print("key:           ", letter.keys)
print("body:          ", letter.body.decode())

# %% [markdown]
# Everything that it had, and where it was first. It goes back into `orders`, under **the same key**, so that people find both. Mind who else reads `orders`:
# the payment service gets this order as well (the next cell starts it again), and will see it a second time. It had better be idempotent.

# %%
payment = PushConsumer("payment", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST)
payment.subscribe(orders, points_book.callback(once("payment", nothing_more), group="payment"))
payment.start()

# %% [markdown]
# ### Exercise 09.5: back from the dead
#
# Another guest has ordered, and that order is dead, too. Then a colleague has mended the program (`mended.set()`). Read the dead letters with a consumer, as you
# would read any topic, and send each to `orders` again. (`PullConsumer` is lab 03's: `dead.subscribe(topic)`, and `dead.messages(idle_s=5)` ends
# when nothing has come for five seconds. A received message has `body`, and `keys` as bytes. `shop` is our producer. Our letters have neither tag nor
# properties of their own: what has them must keep them, lab 11.)

# %%
from rmqlab.client import PullConsumer

guest = buy_as_guest()
mended.set()
### BEGIN SOLUTION
### LEARNER: sent_again = ...  # how many you sent again
sent_again = 0
with PullConsumer("loyalty-dlq", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as dead:
    dead.subscribe("%DLQ%loyalty")
    for letter in dead.messages(idle_s=5):
        shop.send(Message(orders, letter.body, keys=letter.keys.decode()))
        sent_again += 1
### END SOLUTION

# %%
lab.check("09.5", sent_again=sent_again, guest=guest, database=database)
# lab.hint("09.5")

# %%
print("raised, before it was mended:", {repr(each.error) for each in loyalty.errors})
loyalty.shutdown()
payment.shutdown()

# %% [markdown]
# The group `loyalty-dlq` has a progress of its own, like every group: what it has sent again, it will not send again. Should it die before it has
# reported, some letters are sent twice. You know by now why that does not matter.
#
# ## 6. The whole recipe
#
# Everything together now: orders are sent by four threads, two payment services share the work, **a broker is killed** in the middle, and **a
# consumer is killed** between its work and its acknowledgement. What has to be right, from end to end:
#
# | where | what | against |
# | --- | --- | --- |
# | topic | several masters (this cluster: two) | no master to send to |
# | producer | sync send, and look at the answer (lab 07) | not knowing |
# | producer | retries; what is still not OK is sent again | a dead broker, a bad status |
# | broker | a slave each, sync double write (lab 08) | a dead broker whose disk is gone |
# | broker | sync flush (lab 08) | a power failure |
# | broker | `slaveTimeout`, `syncFlushTimeout` below the client's time-out (lab 08) | a time-out where there would be an answer |
# | consumer | acknowledge after the work | a dead consumer |
# | consumer | RECONSUME_LATER, and a watch on the DLQ | a system that is down |
# | consumer | a unique key in the effect's transaction | all the duplicates that this list makes |
#
# The payment service learns a third way to work, the one of exercise 09.3:

# %%
with closing(connect()) as db, db:
    db.execute("CREATE TABLE charged (number INTEGER PRIMARY KEY)")

with payment_py.open("a") as file:
    file.write('''

def once(message):
    """Work, unless it is done already; then acknowledge."""
    order = json.loads(message.body)
    with closing(connect()) as db, db:
        if db.execute("INSERT OR IGNORE INTO charged VALUES (?)", (order["number"],)).rowcount:
            charge(db, order)
    maybe_stuck()
    return ConsumeStatus.CONSUME_SUCCESS
''')

# %%
sales = lab.topic("sales", queues=2)

# %%
from concurrent.futures import ThreadPoolExecutor

recipe_book = lab.ledger("recipe")


def end_to_end(settings, send_until_stored, way):
    """Send MANY orders to two payment services; kill a broker, and a service that is stuck."""
    end_services()
    start_service("billing", way, sales, recipe_book)
    unlucky = start_service("billing", way, sales, recipe_book, stuck_after=3, instance="b")
    eventually(
        lambda: [len(each.assigned) for each in lab.admin.consumers("billing")] == [2, 2], timeout_s=80
    )

    lot = [next(numbers) for _ in range(MANY)]
    flowing = threading.Event()  # a quarter of the orders is sent

    def place(number):
        order = {"number": number, "amount": 20, "customer": "Ada"}
        send_until_stored(producer, Message(sales, json.dumps(order), keys=f"order-{number}"))
        if number == lot[MANY // 4]:
            flowing.set()

    with (
        recipe_book.producer(Producer("till", namesrv=lab.namesrv, **settings)) as producer,
        ThreadPoolExecutor(4) as threads,
    ):
        placed = [threads.submit(place, number) for number in lot]
        flowing.wait(timeout=20)
        lab.nodes["broker-a"].kill()
        for each in placed:
            each.result()
    print("broker-a:", lab.nodes["broker-a"].state)

    unlucky.stdout.readline()  # "stuck": between the work and its acknowledgement
    # clients report once a second; only the way "first" reports what the stuck one has
    eventually(lambda: lag("billing", sales) == 0, timeout_s=20 if way == "first" else 3)
    unlucky.kill()
    unlucky.wait()
    print("a payment service: killed")


# %% [markdown]
# ### Exercise 09.6: lose nothing, charge once
#
# Choose three things:
#
# - `settings` of the producer, such as `{"retries": 0}`;
# - `send_until_stored(producer, message)`: it returns when the answer is OK (`result.ok`), and not before. `producer.send` may raise
#   ProducerException, even after its retries; then try again a little later. After 30 s give up: raise, and let the program put the order
#   aside (lab 07);
# - the `way` of the payment service: `"first"`, `"after"` or `"once"`.
#
# Then run it. When everything is over, the ledger decides.

# %%
import time

from rocketmq.exceptions import ProducerException

recipe_book.clear()


### BEGIN SOLUTION
### LEARNER: settings = ...
### LEARNER:
### LEARNER:
### LEARNER: def send_until_stored(producer, message):
### LEARNER:     ...
### LEARNER:
### LEARNER:
### LEARNER: way = ...
### LEARNER: ...  # end_to_end(settings, send_until_stored, way)
settings = {"timeout_ms": 3000, "retries": 2, "retry_another_broker": True}


def send_until_stored(producer, message):
    deadline = time.monotonic() + 30
    while True:
        try:
            result = producer.send(message)
            if result.ok:
                return result
            problem = result.status.name
        except ProducerException as error:
            problem = error
        if time.monotonic() > deadline:
            raise TimeoutError(f"the order is not stored as it should be: {problem}")
        time.sleep(0.2)


way = "once"
end_to_end(settings, send_until_stored, way)
### END SOLUTION

# %% [markdown]
# The broker comes back. The other payment service goes on with what the dead one had, until everything is worked off:

# %%
if str(lab.nodes["broker-a"].state) == "down":
    lab.nodes["broker-a"].restart()


def all_worked_off():
    return all(entry.processed for entry in recipe_book.reconcile().entries if entry.stored)


eventually(all_worked_off, timeout_s=40, every_s=0.5)
end_services()

account = recipe_book.reconcile()
charges = Counter(effects("billing")[int(entry.key.split("-")[1])] for entry in account.entries)
print(f"{len(account.entries)} orders, acknowledged and lost: {account.lost}")
print(f"not charged: {charges[0]}, charged once: {charges[1]}")
print("handed out more than once:", any(len(entry.delivered) > 1 for entry in account.entries))

# %%
lab.check("09.6", way=way, booked=effects("billing"))
# lab.hint("09.6")

# %% tags=["nbval-ignore-output"]
lab.view("ledger", account=account).snapshot(quiet_s=0)

# %% [markdown]
# A broker and a consumer have died, and each order was charged exactly once. If the picture shows *duplicated*, that is the price of not losing anything:
# these orders were stored, or worked off, more than once. (Handed out twice is not *duplicated* yet: the dead one never said that
# it was done.) No customer noticed, because the last line of the recipe is idempotent. "Exactly once" is no
# setting of a broker. It is **at least once, and a unique key**.
#
# Most sends did not even fail: the producer's own retries went to the other broker. They do so after an error. A *bad status* it hands to you, unless
# `retry_another_broker=True` (`retryAnotherBrokerWhenNotStoreOK`, off by default); that is why `send_until_stored` looks at `result.ok`.

# %%
shop.shutdown()

# %% [markdown]
# ## What to remember
#
# 1. Each group fails for itself. What fails leaves its queue for `%RETRY%` + group: a lag of 0 does not mean that anything was done.
# 2. Acknowledge after the work: to return CONSUME_SUCCESS *is* the acknowledgement. What is acknowledged first dies with the process.
# 3. At least once means sometimes twice. Between the work and its acknowledgement there is always a moment to die in.
# 4. A unique key of the business, in the same transaction as the effect, makes twice harmless. Nothing else does.
# 5. After `maxReconsumeTimes` retries a message is in `%DLQ%` + group, and nobody is told. Watch it; read, mend, send again under the same key.
#
# > **Where this bites in production**
# >
# > - `maxReconsumeTimes` = 16 for concurrent consumers (orderly: no end), the retries wait 10 s to 2 h: levels 3 to 18 of the *broker's* `messageDelayLevel`. Whoever
# >   changes that list for delayed messages changes everybody's retries.
# > - Alarms: how fast `%RETRY%` + group grows (its end, not its lag: what waits for its next try is in no lag), and any new message in `%DLQ%` + group.
# > - What is sent back waits for neither disk nor slave: the broker stores the copy with `WAIT` = `false` (lab 08), whatever `flushDiskType` and
# >   `inSyncReplicas` say. If power or disk fail in that moment, the copy is gone, and the group's offset has passed the original. That one is still in the
# >   topic: reconcile.
# > - `consumeTimeout` = 15 min: a concurrent callback that takes longer gets its message sent back, while it still runs. That is a duplicate *at the same time*.
# > - One hanging message holds its queue's offset: what lies behind it is done, but not reported. When the process dies, all of it comes again, up to
# >   `consumeConcurrentlyMaxSpan` = 2000 messages a queue.
# > - `persistConsumerOffsetInterval` = 5 s at the client, `flushConsumerOffsetInterval` = 5 s at the broker: after a crash of either, the last seconds come again.
# > - `shutdown()` on SIGTERM reports the progress. In Java it interrupts callbacks that run, unless `awaitTerminationMillisWhenShutdown` (0 by default) gives them
# >   time; this course gives them a second. A container that is killed after its grace period is our `careful`.
# > - Delete old keys only when no duplicate can come any more: later than the last retry, later than the last rescue from the DLQ.
# > - In broadcasting, nothing comes again: RECONSUME_LATER is dropped with a warning in the client's log.
# > - RocketMQ 5's SimpleConsumer acknowledges each message by itself, before its *invisible time* is over: lab 12.
#
# **Back:** [08 · Does an acknowledged message survive?](08-reliability-store.ipynb) · **Next:** [10 · What do people use it for?](10-scenarios.ipynb)
