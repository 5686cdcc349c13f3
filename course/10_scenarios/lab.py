# %% [markdown]
# # 10 · What do people use it for?
#
# You know what a queue does. Why would a shop want one? Because a customer should not wait for a mail, because the warehouse may be down when
# somebody buys, because half the town comes in the same second, because every server has to know the new price, and because next year somebody wants
# to read along whom nobody knows today. We build each of these twice, without a queue and with one, and measure. About 45 minutes.

# %% tags=["parameters"]
CUSTOMERS = 11  # who register, in each way
SALE = 160  # teapots in the flash sale

# %%
from rmqlab import start_lab

lab = start_lab("10-scenarios", properties={"waitTimeMillsInSendQueue": 5000})

# %% [markdown]
# (The property: as in lab 02, a broker on a laptop with a lot to do may take its time before it calls itself *busy*.)
#
# What the shop's services do ends in a database, SQLite in a file, so that we can count what was really done:

# %%
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

database = Path(tempfile.mkdtemp()) / "shop.db"


def connect():
    """Open the database: a connection of its own for each thread and each transaction."""
    db = sqlite3.connect(database, timeout=10)
    db.execute("PRAGMA synchronous = NORMAL")  # no flush for each row: it would blur what we measure
    return db


with closing(connect()) as db:
    db.execute("PRAGMA journal_mode = WAL")  # readers and the writer do not wait for each other
    db.executescript("""
        CREATE TABLE customers (name TEXT PRIMARY KEY);
        CREATE TABLE told (name TEXT, channel TEXT, at REAL, PRIMARY KEY (name, channel));
        CREATE TABLE shipped (number INTEGER PRIMARY KEY, article TEXT, pieces INTEGER);
        CREATE TABLE paid (number INTEGER PRIMARY KEY);
        CREATE TABLE turned_away (number INTEGER);
    """)


def query(sql, *values):
    """Return the first column of what the database answers."""
    with closing(connect()) as db:
        return [row[0] for row in db.execute(sql, values)]


def execute(sql, *values):
    """Change the database in a transaction; return how many rows are new."""
    with closing(connect()) as db, db:  # the inner `with` commits, or rolls back if something is raised
        return db.execute(sql, values).rowcount


# %% [markdown]
# And the services themselves: real ones, which are spoken to by HTTP. Each has a function that gets what was posted, and returns a status, such as
# 200 for OK.

# %%
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Door(BaseHTTPRequestHandler):
    """Where requests come in."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.work(json.loads(body)))
        self.end_headers()

    def log_message(self, *_):
        """Write nothing: it would land in the notebook."""


class Service(ThreadingHTTPServer):
    """An HTTP service on this machine, with a thread for each request."""

    request_queue_size = 128

    def __init__(self, work):
        super().__init__(("127.0.0.1", 0), Door)  # 0: any free port
        self.work = work
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


def call(service, body):
    """Post to a service and return its status; OSError if it is not there, or silent for 5 s."""
    connection = http.client.HTTPConnection("127.0.0.1", service.server_port, timeout=5)
    with closing(connection):
        connection.request("POST", "/", json.dumps(body))
        return connection.getresponse().status


# %% [markdown]
# ## 1. Do not let the customer wait
#
# Somebody registers. The customer's row has to be written, a welcome mail sent, and a text message (SMS). Each of the three services needs 50 ms.
# (They wait where a real one works or waits for somebody else.)

# %%
import time


def write_customer(customer):
    time.sleep(0.05)
    new = execute("INSERT OR IGNORE INTO customers VALUES (?)", customer["name"])
    return 200 if new else 409  # 409: conflict


def teller(channel):
    def tell(customer):
        time.sleep(0.05)
        execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?)", customer["name"], channel, time.time())
        return 200

    return tell


customers, mail, sms = Service(write_customer), Service(teller("mail")), Service(teller("sms"))

# %% [markdown]
# Two ways to register somebody: one service after the other, or mail and SMS at the same time. The row comes first in any case. A name may be taken,
# and whoever could not register gets no mail.

# %%
from concurrent.futures import ThreadPoolExecutor


def create(customer):
    """Write the customer's row; ValueError if there is one of that name."""
    if call(customers, customer) == 409:
        raise ValueError("this name is taken")


def register_serially(customer):
    create(customer)
    call(mail, customer)
    call(sms, customer)


def register_in_parallel(customer):
    create(customer)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(call, (mail, sms), (customer, customer)))


# %% [markdown]
# `measure` registers some customers, one after the other, and notes from when to when each of them waited. At the end it tries to register the last
# one again.

# %%
from itertools import count
from statistics import median

numbers = count(time.time_ns() // 1_000_000)  # of customers and orders: other ones in each run
waits = {}  # way -> {customer: (when registration began, when it returned)}


def measure(way, register):
    waits[way] = {}
    for _ in range(CUSTOMERS):
        customer = {"version": 1, "name": f"customer-{next(numbers)}"}
        began = time.time()
        register(customer)
        waits[way][customer["name"]] = (began, time.time())
    try:
        register(customer)
    except ValueError as error:
        print("the last one again:", error)


def bars():
    for way, each in waits.items():
        ms = median(returned - began for began, returned in each.values()) * 1000
        print(f"{way:9}{ms:5.0f} ms  " + "█" * round(ms / 4))


measure("serial", register_serially)
measure("parallel", register_in_parallel)

# %% tags=["nbval-ignore-output"]
bars()

# %% [markdown]
# On a quiet machine about 150 ms and 100 ms, on a busy one more. More threads do not help further: the row takes 50 ms, and the slowest of the others
# as much again. If the mail server takes three seconds one day, so does the registration. And if it is down?
#
# To go on, the customer does not need the mail. The *row* is needed: without it there is no logging in. So the row is written at once, and of the
# rest a message is left. Two consumers, of the groups `mail` and `sms`, take it from there. (Two groups: each gets every message.)

# %%
from rmqlab.client import ConsumeFromWhere, ConsumeStatus, Message, Producer, PushConsumer

registrations = lab.topic("registrations")

# %%
producer = Producer("shop", namesrv=lab.namesrv, timeout_ms=10_000)
producer.start()


def passes_on(service):
    """Return a callback that hands what a message says to a service."""

    def on_message(message):
        if call(service, json.loads(message.body)) != 200:
            return ConsumeStatus.RECONSUME_LATER
        return ConsumeStatus.CONSUME_SUCCESS

    return on_message


tellers = []
for group, service in {"mail": mail, "sms": sms}.items():
    consumer = PushConsumer(group, namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST)
    consumer.subscribe(registrations, passes_on(service))
    consumer.start()
    tellers.append(consumer)

# %% [markdown]
# ### Exercise 10.1: register with a queue
#
# Write `register_with_queue(customer)`. When it returns, the customer can log in, and mail and SMS will come. A name that is taken raises ValueError,
# as above, and then nobody gets a mail. Send one message to `registrations`: its body is the customer as JSON (`json.dumps`), its `keys` the name.
# Then `measure("queue", register_with_queue)`.

# %%
waits.pop("queue", None)


### BEGIN SOLUTION
### LEARNER: def register_with_queue(customer):
### LEARNER:     ...
### LEARNER:
### LEARNER:
### LEARNER: ...  # measure("queue", register_with_queue)
def register_with_queue(customer):
    create(customer)
    producer.send(Message(registrations, json.dumps(customer), keys=customer["name"]))


measure("queue", register_with_queue)
### END SOLUTION

# %%
lab.check("10.1", register=register_with_queue, waits=waits, database=database)
# lab.hint("10.1")

# %% tags=["nbval-ignore-output"]
bars()

# %% [markdown]
# The row, and a send. Where nothing else runs, about 55 ms, a third of the first way; on a busy machine the gap is smaller. It stays so when the mail
# server is slow, or down.
#
# The work has not become less. It is done **later, by somebody else**, and the customer does not wait for it. This is what people mean by
# *asynchronous*.
#
# What may be done later? All that the answer to the customer does not depend on. What must be true when you say "welcome" stays in front of it.
#
# And what if the program dies between the row and the send? A customer without a mail. The cures: a transaction message (lab 06), or an outbox (lab 07).

# %% [markdown]
# ## 2. One of them may be down
#
# The shop takes orders, logistics ships them. First in the direct way: the shop calls logistics, and an order is taken when logistics has it. Then
# logistics gets a new version, and is down for a while.


# %%
no_answer = set()  # orders for which the parcel service does not answer at first: later


def ship(number, article, pieces):
    """Send a parcel, once for each order; ConnectionError if the parcel service does not answer."""
    if number in no_answer:
        no_answer.discard(number)
        raise ConnectionError("the parcel service does not answer")
    execute("INSERT OR IGNORE INTO shipped VALUES (?, ?, ?)", number, article, pieces)


def ship_order(order):
    ship(order["number"], order["article"], order["pieces"])
    return 200


def new_orders(pieces):
    return [
        {"version": 1, "number": next(numbers), "article": "teapot", "pieces": 1, "amount": 20}
        for _ in range(pieces)
    ]


def place_directly(order):
    """Say whether the order is taken."""
    try:
        return call(logistics, order) == 200
    except OSError:
        return False


logistics = Service(ship_order)
print("logistics up:  ", sum(map(place_directly, new_orders(5))), "of 5 orders taken")

logistics.close()
print("logistics down:", sum(map(place_directly, new_orders(10))), "of 10 orders taken")

# %% [markdown]
# Ten customers were sent away by a system that they have never heard of. And it gets worse with each system that the shop calls. If each is there for
# 99 % of the time, ten of them are all there for 90 %.
#
# Now with a topic in between. Shop and logistics know the topic, and not each other:

# %%
orders = lab.topic("orders")

# %%
from rmqlab.checks import eventually


def place(order):
    """Say whether the order is taken."""
    return producer.send(Message(orders, json.dumps(order), keys=f"order-{order['number']}")).ok


def on_order(message):
    ship_order(json.loads(message.body))
    return ConsumeStatus.CONSUME_SUCCESS


at_work = []  # logistics' consumer, while it runs


def start_logistics():
    """Start logistics; one that runs ends first."""
    end_logistics()
    consumer = PushConsumer("logistics", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST)
    consumer.subscribe(orders, on_order)
    consumer.start()
    at_work.append(consumer)


def end_logistics():
    while at_work:
        at_work.pop().shutdown()


def parcels(lot):
    """Return how many of these orders were shipped."""
    return len({order["number"] for order in lot} & set(query("SELECT number FROM shipped")))


# %%
start_logistics()
day = new_orders(5)
print("logistics up:  ", sum(map(place, day)), "of 5 orders taken")
eventually(lambda: parcels(day) == 5, timeout_s=20)
end_logistics()

night = new_orders(10)
print("logistics down:", sum(map(place, night)), "of 10 orders taken,", parcels(night), "shipped")

# %%
lab.view("backlog", topic=orders, groups="logistics").snapshot(lag=10)

# %% [markdown]
# All taken. They wait at the broker: the **lag** of the group `logistics` is 10. Nobody has to send anything again when it is back:

# %%
start_logistics()
eventually(lambda: parcels(night) == 10, timeout_s=20)
print("shipped:", parcels(night), "of 10")
lab.view("backlog", topic=orders, groups="logistics").snapshot(lag=0)

# %% [markdown]
# *Decoupled*, people say. The price: "taken" no longer means "shipped", and somebody has to watch the lag. And the broker is now the one that must
# not be down. That is why it gets a second master and slaves (labs 07 and 08), which is easier than to give them to each of ten systems.
#
# ## 3. The message is the contract
#
# Shop and logistics do not know each other. But both know what an order looks like: that is all they have agreed upon, their **contract**. What
# logistics needs of it:
#
#     {"version": 1, "number": 7, "article": "teapot", "pieces": 2}
#
# Contracts change, and the two systems are not changed in the same second. While one is updated, messages of the other kind lie in the topic, and
# stay there for days. So the consumer will meet messages that it was not written for. Two sorts of them:
#
# - **It can do without.** A field more, which it does not know (`"gift": true`). Take what you know, and leave the rest.
# - **It cannot read it.** A version that it does not know, a field that is missing, no JSON at all. That will be so tomorrow, too. To say
#   RECONSUME_LATER is useless: it comes again sixteen times. To say CONSUME_SUCCESS and go on is to throw it away. So put it aside, *as it is*, where
#   somebody looks: **park** it. Then it is done.
#
# And do not guess. Version 2 of our contract counts boxes of six where version 1 counted pieces. Only the version tells.

# %%
deliveries = lab.topic("deliveries")

# %%
parked = lab.topic("deliveries-parked", queues=1)

# %%
delivery_book = lab.ledger("deliveries")


# %%
def park(message, reason):
    """Put a message aside, as it is, with a reason, for somebody to look at."""
    aside = Message(parked, message.body, keys=message.keys.decode(), properties={"reason": reason})
    producer.send(aside)


def six_messages():
    """Return what will come: name -> (number of the order, body)."""
    found = {}
    for name in ("plain", "gift", "busy", "boxes", "torn", "words"):
        order = {"version": 1, "number": next(numbers), "article": "teapot", "pieces": 2}
        if name == "gift":
            order["gift"] = True  # a field more
        if name == "busy":
            no_answer.add(order["number"])  # `ship` raises ConnectionError, once
        if name == "boxes":
            order["version"] = 2  # `pieces` are boxes of six
        if name == "torn":
            del order["pieces"]
        body = "a teapot, please" if name == "words" else json.dumps(order)
        found[name] = (order["number"], body)
    return found


def trial(on_delivery):
    """Send the six messages to a consumer with this callback; return what became of each."""
    delivery_book.clear()
    sender = delivery_book.producer(producer)
    lot = six_messages()
    with PushConsumer(
        "warehouse", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST, retry_delay_level=1
    ) as warehouse:
        warehouse.subscribe(deliveries, delivery_book.callback(on_delivery, group="warehouse"))
        for number, body in lot.values():
            sender.send(Message(deliveries, body, keys=f"order-{number}"))
        eventually(
            lambda: all(entry.processed for entry in delivery_book.reconcile().entries),
            timeout_s=20,
            every_s=0.3,
        )
        raised = {type(each.error).__name__ for each in warehouse.errors}
    print("raised:", ", ".join(sorted(raised)) or "nothing")
    aside = {message.keys for message in lab.admin.messages(parked)}

    def fate(number):
        if pieces := query("SELECT pieces FROM shipped WHERE number = ?", number):
            return f"{pieces[0]} pieces shipped"
        return "parked" if f"order-{number}" in aside else "neither shipped nor parked"

    return {name: fate(number) for name, (number, _) in lot.items()}


# %% [markdown]
# ### Exercise 10.2: a consumer that reads the contract
#
# Write `on_delivery(message)`. It gets six messages:
#
# | name | what is special |
# | --- | --- |
# | `plain` | nothing: version 1 |
# | `gift` | version 1, with a field that you do not know |
# | `busy` | version 1, but `ship` raises ConnectionError at the first try: the parcel service does not answer *now* |
# | `boxes` | version 2 |
# | `torn` | version 1 without `pieces` |
# | `words` | no JSON |
#
# `ship(number, article, pieces)` sends the parcel, `park(message, reason)` puts a message aside. What can be read has to be shipped, what cannot has
# to be parked, and in the end each has to be acknowledged. (`retry_delay_level=1`: what failed comes again after 1 s. By default it is 10 s, 30 s,
# and so on: lab 09.)

# %%
delivery_book.clear()


### BEGIN SOLUTION
### LEARNER: def on_delivery(message):
### LEARNER:     ...
### LEARNER:
### LEARNER:
### LEARNER: became = ...  # trial(on_delivery)
def on_delivery(message):
    try:
        order = json.loads(message.body)
        if order["version"] != 1:
            raise ValueError(f"version {order['version']}")
        number, article, pieces = order["number"], order["article"], order["pieces"]
    except (ValueError, KeyError, TypeError) as error:  # it will be so tomorrow, too
        park(message, repr(error))
        return ConsumeStatus.CONSUME_SUCCESS
    try:
        ship(number, article, pieces)
    except ConnectionError:  # it may be over in a moment
        return ConsumeStatus.RECONSUME_LATER
    return ConsumeStatus.CONSUME_SUCCESS


became = trial(on_delivery)
for name, what in became.items():
    print(f"{name:6} {what}")
### END SOLUTION

# %%
lab.check("10.2", became=became, database=database)
# lab.hint("10.2")

# %% [markdown]
# What somebody finds who looks into the parking lot:

# %%
for reason in sorted({message.properties["reason"] for message in lab.admin.messages(parked)}):
    print(reason)

# %% [markdown]
# When the program can read version 2, the parked messages are sent to `deliveries` again, under their keys, as dead letters were in lab 09. (A
# program may die between `park` and its acknowledgement. Then the message is parked twice: at least once, as always. The key shows that it is the same one.)
#
# The other side of the contract is the producer's: **add** fields, never take one away, never change what one means. If it has to be, it is a new
# version, and the consumers learn it *before* the first producer writes it.
#
# ## 4. A flash sale
#
# Teapots at half price, at noon sharp. The payment service works with four desks. Each needs 0.1 s for a customer: 40 customers a second. Four more
# may wait in the room. Whoever does not fit in gets **503**, *service unavailable*.

# %%
DESKS = 4
A_SECOND = 40  # customers that the desks can serve: each takes 0.1 s
desks, room = threading.Semaphore(DESKS), threading.Semaphore(2 * DESKS)
stumbles = set()  # orders at which the service answers 500, once


def take_payment(order):
    """Take the money, once for each order; return 200, or 503 if there is no room."""
    if not room.acquire(blocking=False):
        execute("INSERT INTO turned_away VALUES (?)", order["number"])
        return 503
    try:
        with desks:
            time.sleep(DESKS / A_SECOND)
            if order["number"] in stumbles:
                stumbles.discard(order["number"])
                return 500
            execute("INSERT OR IGNORE INTO paid VALUES (?)", order["number"])
            return 200
    finally:
        room.release()


payment = Service(take_payment)

# %% [markdown]
# At noon the customers come at **ten times** that rate, 400 a second. Nobody waits until others are done:

# %%
from collections import Counter


def rush(place, lot):
    """Let customers come, ten times as many a second as can be served; return what each was told."""
    began = time.monotonic()

    def come(turn):
        time.sleep(max(0.0, began + turn / (10 * A_SECOND) - time.monotonic()))
        return place(lot[turn])

    with ThreadPoolExecutor(40) as crowd:
        return list(crowd.map(come, range(len(lot))))


def pay_directly(order):
    try:
        return {200: "paid", 503: "turned away"}.get(call(payment, order), "error")
    except OSError:
        return "no answer"


told = Counter(rush(pay_directly, new_orders(SALE)))
print("some went home without a teapot:", told["turned away"] > 0)

# %% tags=["nbval-ignore-output"]
print(dict(told))

# %% [markdown]
# That is a service that knows its limit. Without the 503 all would wait, and most would run into their time-out: an answer for nobody, and the desks
# work for people who have left.
#
# More desks? For a minute a year. A queue in front is cheaper: it takes what comes as fast as it comes, and the service works it off at its own pace.
# This is called *peak shaving*. The picture is live: keep it in sight.

# %%
sales = lab.topic("sales")

# %% tags=["nbval-ignore-output"]
lab.view("backlog", topic=sales, groups="payment", mark=SALE // 2)

# %%
sale_book = lab.ledger("sale")


def flash_sale(pay, threads):
    """Sell SALE teapots to a crowd; wait until all orders are worked off, 40 s at most."""
    sale_book.clear()
    till = sale_book.producer(producer)
    lot = new_orders(SALE)
    stumbles.add(lot[SALE // 2]["number"])  # a bad moment: the service answers 500 to this one, once

    def place(order):
        return till.send(Message(sales, json.dumps(order), keys=f"order-{order['number']}")).ok

    settings = {"from_where": ConsumeFromWhere.FIRST, "retry_delay_level": 1}
    with PushConsumer("payment", namesrv=lab.namesrv, threads=threads, **settings) as consumer:
        consumer.subscribe(sales, sale_book.callback(pay, group="payment"))
        accepted = sum(rush(place, lot))
        eventually(
            lambda: all(entry.processed for entry in sale_book.reconcile().entries),
            timeout_s=40,
            every_s=0.5,
        )
    sold = {order["number"] for order in lot}
    print("accepted:   ", accepted)
    print("paid:       ", len(sold & set(query("SELECT number FROM paid"))))
    print("turned away:", sum(number in sold for number in query("SELECT number FROM turned_away")), "times")


# %% [markdown]
# ### Exercise 10.3: at the service's own pace
#
# The customers only leave their order, and are told "you are in line". A consumer hands the orders to the payment service. Choose two things:
#
# - `pay(message)`: `call(payment, order)` returns a status; 200 means that the customer has paid. 503 is "no room", and in the middle of the sale the
#   service answers 500 once: a bad moment;
# - `threads`: how many threads of the consumer call `pay` at the same time (RocketMQ: `consumeThreadMin` and `consumeThreadMax`, 20 by default).
#
# Each order has to be paid once, the service must never have to turn anybody away, and no desk should stand idle. Then run the sale.

# %%
sale_book.clear()


### BEGIN SOLUTION
### LEARNER: def pay(message):
### LEARNER:     ...
### LEARNER:
### LEARNER:
### LEARNER: threads = ...  # a number
### LEARNER: ...  # flash_sale(pay, threads)
def pay(message):
    if call(payment, json.loads(message.body)) != 200:
        return ConsumeStatus.RECONSUME_LATER
    return ConsumeStatus.CONSUME_SUCCESS


threads = DESKS
flash_sale(pay, threads)
### END SOLUTION

# %%
lab.check("10.3", pay=pay, threads=threads, database=database)
# lab.hint("10.3")

# %% [markdown]
# What it looked like:

# %% tags=["nbval-ignore-output"]
lab.view("backlog", topic=sales, groups="payment", mark=SALE // 2, curve=True).snapshot()

# %% [markdown]
# The upper line shoots up: all customers are in. The other one climbs by 40 a second at most, whatever happens above it. Between them lies the
# **backlog**. (The line begins with the first report of the consumer's progress. It goes in steps because there is one a second.)
#
# The queue has not made the payment service faster. It has turned *too many at once* into *a little later*. Four desks can do 40 a second, so 160
# orders take four seconds at best; on a busy machine it is more. If 400 a second came all day, no queue would help.
#
# And the queue did not choose the pace either. The broker hands out as fast as it is asked. The consumer's threads are the tap: threads of one
# consumer, times the number of consumers.

# %% [markdown]
# ## 5. Everybody has to know
#
# Three web servers keep the prices in memory, because they are asked for them a thousand times a second. Now twelve prices change, and *each* of the
# three has to know. `prices` has three queues. Here are the servers, as consumers of one group:

# %%
prices = lab.topic("prices", queues=3)

# %%
from rmqlab.client import MessageModel

ARTICLES = [f"teapot-{number}" for number in range(1, 13)]
caches, nodes = {}, []


def start_nodes(group, model, suffix=""):
    """Start three web servers, each with an empty cache; end those that ran before."""
    end_nodes()
    for name in ("node-1", "node-2", "node-3"):
        caches[name] = {}
        settings = {"message_model": model, "instance": name + suffix, "threads": 1}
        node = PushConsumer(group, namesrv=lab.namesrv, **settings)
        node.subscribe(prices, keeps_in(caches[name]))
        node.start()
        nodes.append(node)


def keeps_in(cache):
    def on_price(message):
        change = json.loads(message.body)
        cache[change["article"]] = change["price"]
        return ConsumeStatus.CONSUME_SUCCESS

    return on_price


def end_nodes():
    while nodes:
        nodes.pop().shutdown()


def change_prices(price):
    """Change the price of each article; an article's changes are all in one queue, in order."""
    queues = producer.queues(prices)
    for number, article in enumerate(ARTICLES):
        body = json.dumps({"version": 1, "article": article, "price": price + number})
        producer.send(Message(prices, body, keys=article), queue=queues[number % 3])


# %% [markdown]
# ### Exercise 10.4: predict, then run
#
# The three start with RocketMQ's default, `MessageModel.CLUSTERING`. Twelve prices change, four in each of the three queues. How many of the twelve
# does **each** server know then?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number from 0 to 12
prediction = 4  # a group shares its messages: each server has one of the three queues
### END SOLUTION


# %%
def shared():
    """Tell whether each of the three has one queue, and no two the same."""
    held = [member.assigned for member in lab.admin.consumers("price-share")]
    return [len(queues) for queues in held] == [1, 1, 1] and len(set(sum(held, ()))) == 3


start_nodes("price-share", MessageModel.CLUSTERING)
eventually(shared, timeout_s=20)
change_prices(20)
eventually(lambda: sum(map(len, caches.values())) >= 12, timeout_s=20)
print({name: len(cache) for name, cache in sorted(caches.items())})

# %%
lab.check("10.4", prediction=prediction)
# lab.hint("10.4")

# %%
lab.view("rebalance", topic=prices, group="price-share").snapshot()

# %% [markdown]
# Each price has reached one server, and only one. Two of three customers see an old price, and it depends on which server they happen to hit: a fault
# that nobody can reproduce.
#
# For work that has to be done **once**, a group that shares is right: that was sections 1 to 4. For news that **each** has to hear, it is
# `BROADCASTING`:

# %%
import uuid


def ready():
    """Tell whether each of the three has all queues: what is sent before, a broadcasting consumer misses."""
    return [len(member.assigned) for member in lab.admin.consumers("price-cache")] == [3, 3, 3]


start_nodes("price-cache", MessageModel.BROADCASTING, suffix=f"-{uuid.uuid4().hex[:8]}")
eventually(ready, timeout_s=20)
change_prices(30)
wanted = {article: 30 + number for number, article in enumerate(ARTICLES)}
eventually(lambda: all(cache == wanted for cache in caches.values()), timeout_s=20)
print({name: len(cache) for name, cache in sorted(caches.items())})
print("all three are equal:", caches["node-1"] == caches["node-2"] == caches["node-3"] == wanted)

# %%
end_nodes()

# %% [markdown]
# (The names have a new suffix in each run, because a broadcasting consumer keeps its progress in a file on its own machine, under its name: lab 03.
# Think of what that means for a cache in memory. After a restart the cache is empty, and the file says "I have read all that". So a server loads the
# whole table first, and listens for changes then. And what fails in broadcasting does not come again: let the entries of a cache expire, too.)
#
# ## 6. One more reader
#
# A year later there is a data team. It wants to know what was sold, from the first order on. Must the shop be changed? Must logistics?

# %% [markdown]
# ### Exercise 10.5: read along
#
# Put into `revenue` the sum of `amount` over all orders in the topic `orders`, from the first one that the broker has. Logistics has consumed them
# all, long ago, and must not notice anything. The data team's group is called `analytics`. (A `PullConsumer` suits it: `reader.subscribe(topic)`, and
# `reader.messages(idle_s=5)` ends when nothing has come for five seconds.)

# %%
from rmqlab.client import PullConsumer

lab.admin.delete_group("analytics")  # a group is new only once
### BEGIN SOLUTION
### LEARNER: revenue = ...
revenue = 0
with PullConsumer("analytics", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as reader:
    reader.subscribe(orders)
    for message in reader.messages(idle_s=5):
        revenue += json.loads(message.body)["amount"]
### END SOLUTION

# %%
lab.check("10.5", revenue=revenue)
# lab.hint("10.5")

# %%
lab.view("backlog", topic=orders).snapshot()

# %% [markdown]
# Nobody was asked, nobody was changed, nobody noticed. To consume a message does not take it away: it stays until its time is over
# (`fileReservedTime`, 72 hours by default), and each group has its own place in the topic. That is *fan-out*, and it is why a topic is named after
# what **happened** (`orders`) and not after who shall do something about it (`ship-this`).
#
# "From the first order on" was a promise that our young topic could keep. After three days the first are gone. What is to be kept for a year,
# somebody has to copy into a store of his own: be there in time.

# %%
end_logistics()
for consumer in tellers:
    consumer.shutdown()
for service in (customers, mail, sms, payment):
    service.close()
producer.shutdown()

# %% [markdown]
# ## When not
#
# | a queue gives | and costs |
# | --- | --- |
# | a quick answer | "welcome" and "taken" are promises; the rest comes later, and can fail later, when nobody is waiting for it |
# | systems that do not fall together | one more system, the broker, on which all depend |
# | peaks that are worked off later | later. And a lag that somebody has to watch |
# | readers that need not be known | a contract with people you do not know |
# | | at least once: each consumer has to be idempotent (lab 09) |
#
# If the caller needs the answer to go on ("is this name taken?", "is the card valid?"), call. If there is one system, one database, and no peaks, a
# table is enough.
#
# ## What to remember
#
# 1. Do at once what the answer depends on, and leave a message for the rest. The customer waits for the row and a send.
# 2. With a topic in between, one side may be down: the lag grows, and goes away again. Nobody sends twice.
# 3. The message is the contract: add fields, never change their meaning, write the version. Consumers leave what they do not know, and park what they cannot read.
# 4. A queue turns "too many" into "later". The pace is the consumer's: its threads, times its instances.
# 5. Work is shared (`CLUSTERING`), news goes to all (`BROADCASTING`), and one more group reads all from the beginning without anybody noticing.
#
# > **Where this bites in production**
# >
# > - The pace of a service is `consumeThreadMin` = `consumeThreadMax` (20 by default) times the instances. Whoever scales the consumers from 2 to 20
# >   scales what hits the service behind them.
# > - `pullThresholdForQueue` (1000 messages a queue) and `pullThresholdSizeForQueue` (100 MiB) limit what a consumer holds in memory. They do not
# >   protect the service behind it.
# > - A backlog has to fit, in time (`fileReservedTime`, 72 h) and on the disk: when that is more than 85 % full (`diskSpaceCleanForciblyRatio`), the
# >   oldest files go, read or unread.
# > - The peak of the sale is one for the broker, too. A send that has waited longer than `waitTimeMillsInSendQueue` (200 ms) is refused:
# >   `[TIMEOUT_CLEAN_QUEUE]broker busy`. After the producer's own retries it is an exception: try again a little later.
# > - A message that can never be read costs `maxReconsumeTimes` = 16 retries over nearly five hours, and then lies in `%DLQ%` + group with those that
# >   failed for other reasons. `delayLevelWhenNextConsume` = -1 sends it there at once.
# > - Whoever parks a message lets those behind it pass. Where the steps of an order have to stay in order (lab 04), park all that follows of that order,
# >   too.
# > - `maxMessageSize` is 4 MB. A contract carries facts and ids; a picture belongs into a store, and its address into the message.
# > - A broadcasting group shows a lag at the broker that means nothing: its progress is in `rocketmq.client.localOffsetStoreDir` on the clients.
# > - One message with all that happened, many groups; not one send for each of them. Two sends can be cut apart by a crash.
#
# **Back:** [09 · What if my consumer dies?](09-reliability-consume.ipynb) · **Next:** [11 · What is my cluster doing?](11-operations.ipynb)
