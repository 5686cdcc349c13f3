# %% [markdown]
# # 12 · What changed in RocketMQ 5?
#
# Every lab so far ran on a RocketMQ 5 broker, with a client whose ways are those of RocketMQ 4. That works, and will go on to work. But 5 has
# a second door: a **proxy**, and a client that speaks **gRPC** to it. Whoever comes in there gets messages in another way. We send one order through each door and look
# at it from both sides, let a packer get stuck on either side, and see who waits for whom. About 45 minutes.

# %% tags=["parameters"]
PARCELS = 8  # parcels in a shift: two for each of four queues

# %%
from rmqlab import start_lab

lab = start_lab(
    "12-rocketmq-5",
    topology="proxy",
    transaction_check_ms=5000,
    properties={"timerPrecisionMs": 100},
)

# %% [markdown]
# This lab starts a cluster with a proxy, and cannot run on one that somebody else runs (`RMQLAB_BACKEND=external`); take `RMQLAB_BACKEND=process` for it. You do not see the proxy in the map: it is part
# of the broker's process, RocketMQ's *local mode*. (The other options: this broker asks about open transactions after 5 s, and looks at timers ten times a second.)
#
# ## 1. One broker, two doors
#
# | | the classic door | the gRPC door |
# | --- | --- | --- |
# | you connect to | a NameServer (9876), then to each broker | a proxy (8081), and to nobody else |
# | protocol | RocketMQ's own, *remoting* | gRPC: any language, any load balancer |
# | Python | `rocketmq.client`, `rmqlab.client` | `rocketmq` (the package `rocketmq-python-client`) |
# | the client's work | much: looks up routes, shares out queues, keeps offsets | little: sends, asks for messages, says which are done |
# | it is given | *queues*, and reads them | *messages* |
#
# The last line is the one to remember. All else in this lab follows from it.

# %%
from rmqlab import client as classic
from rocketmq import ClientConfiguration, Credentials, FilterExpression, Message, Producer, SimpleConsumer

orders = lab.topic("orders", queues=1)

# %%
configuration = ClientConfiguration(lab.proxy, Credentials(), request_timeout=10)  # seconds

shop = Producer(configuration, (orders,))
shop.startup()

till = classic.Producer("till", namesrv=lab.namesrv, timeout_ms=10_000)
till.start()


def message_for(topic, body, key):
    """Make a message of the gRPC client: it has no constructor with arguments."""
    message = Message()
    message.topic, message.body, message.keys = topic, body, key
    return message


# %% [markdown]
# Two ways to receive: a classic `PushConsumer`, which you know, and a gRPC `SimpleConsumer`. That one is asked: "give me up to 32
# messages". And it is told, message by message, what is done: `ack`. (The `try` is for a flaw of the client, version 5.1.2: its first question may be
# faster than its own settings, which travel on another stream.)

# %%
from rocketmq.v5.exception import InternalErrorException

from rmqlab.checks import eventually


def start_simple(group, topic):
    """Start a SimpleConsumer whose `receive` waits up to 5 s for the first message."""
    consumer = SimpleConsumer(configuration, lab.group(group), {topic: FilterExpression()}, await_duration=5)
    consumer.startup()
    return consumer


def receive(consumer, most=32, invisible_s=10):
    """Receive what is there or comes within 5 s; an empty list if nothing does."""

    def ask():
        try:
            return consumer.receive(most, invisible_s)
        except InternalErrorException as error:
            if "settings" not in str(error):
                raise
            return None

    return eventually(ask, until=lambda found: found is not None, timeout_s=10)


# %% [markdown]
# ### Exercise 12.1: predict, then run
#
# One order is sent through the gRPC door, another through the classic door, both to the topic `orders`. The group `stock` reads it through the classic door, the
# group `mail` through the gRPC door. How many new messages does the **topic** hold, how many does **stock** get, and how many **mail**?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # three numbers: (in the topic, got by stock, got by mail)
prediction = (2, 2, 2)  # two doors, one store: a group gets what is in the topic
### END SOLUTION


# %%
def stored():
    return sum(queue.max_offset for queue in lab.admin.topic_stats(orders).values())


keys, before = {"order-1", "order-2"}, stored()

message = message_for(orders, b"a teapot", "order-1")
message.tag = "new"
message.add_property("city", "Oslo")
shop.send(message)

till.send(classic.Message(orders, "a cup", keys="order-2", tags="new", properties={"city": "Rome"}))

stock = lab.inbox()


def on_order(message):
    stock.put(message)
    return classic.ConsumeStatus.CONSUME_SUCCESS


with classic.PushConsumer(
    "stock", namesrv=lab.namesrv, from_where=classic.ConsumeFromWhere.FIRST
) as consumer:
    consumer.subscribe(orders, on_order)
    stock.wait_for(2, until=lambda items: keys <= {item.keys.decode() for item in items}, timeout_s=20)

mail = {}  # key to message
reader = start_simple("mail", orders)


def mail_works():
    for message in receive(reader):
        mail[next(iter(message.keys))] = message
        reader.ack(message)
    return keys <= set(mail)


eventually(mail_works, timeout_s=30)
reader.shutdown()

seen = (
    stored() - before,
    len({message.keys.decode() for message in stock} & keys),
    len(set(mail) & keys),
)
print("in the topic, got by stock, got by mail:", seen)

# %%
lab.check("12.1", prediction=prediction, seen=seen, before=before)
# lab.hint("12.1")

# %% [markdown]
# The proxy stores nothing. It translates, and the broker does what it always did. The order that came in through the gRPC door, as each side sees it:

# %%
left = next(message for message in stock if message.keys == b"order-1")
right = mail["order-1"]
rows = {
    "body": (left.body, right.body),
    "tag": (left.tags, right.tag),
    "property city": (left.get_property("city"), right.properties["city"]),
    "first delivery": (
        f"reconsume_times = {left.reconsume_times}",
        f"delivery_attempt = {right.delivery_attempt}",
    ),
}
print(f"{'':16}{'classic':24}gRPC")
for what, (one, other) in rows.items():
    print(f"{what:16}{one!s:24}{other!s}")
print("the same id:", left.id == right.message_id)

# %%
lab.view("queues", topic=orders, groups=["mail", "stock"]).snapshot(lag=0)

# %% [markdown]
# Two groups, two doors, one queue with its offsets. (One thing not to do: the *same* group through both doors. Its members read in two ways at once, and neither
# knows what the other has in hand: of 40 messages, 15 came to both when we tried.)
#
# ## 2. Topics have a type, messages a group
#
# Through the gRPC door a topic takes one kind of message only, which is written on it (the attribute `+message.type`):
#
# | type of topic | message | lab |
# | --- | --- | --- |
# | `NORMAL` | nothing special | |
# | `FIFO` | has a `message_group` | 04 |
# | `DELAY` | has a `delivery_timestamp` | 05 |
# | `TRANSACTION` | belongs to a transaction | 06 |
#
# The steps of an order need their order, so `steps` is of the type FIFO. A plain message is refused:

# %%
from rmqlab import expect_error
from rocketmq.v5.exception import ClientException

steps = lab.topic("steps", queues=4, kind="fifo")

# %%
with expect_error(ClientException):
    shop.send(message_for(steps, b"create", "order-1"))

# %% [markdown]
# The proxy tells the client what a topic takes, and looks again when a message comes. The classic door has no such guard: the broker takes what comes.

# %%
unguarded = lab.topic("unguarded", queues=1, kind="fifo")

# %%
print(till.send(classic.Message(unguarded, "no group, no order")).status.name)

# %% [markdown]
# The **message group** of a message says with which others it must stay in line. All messages of a group go into one queue; different groups share the queues. It is lab 04's
# sharding key under a new name, and the broker keeps it in the same property, `__SHARDINGKEY`. It has nothing to do with the *consumer* group.
#
# For consumers to keep the order, too, their consumer group must be an orderly one (`lab.group(..., orderly=True)`, RocketMQ's `consumeMessageOrderly`). That is not
# for the program to say any more, as `MessageListenerOrderly` was: it is a property of the group.
#
# Here is a gRPC `PushConsumer`, which follows the steps. It is the one with a listener, called in threads of its own.

# %%
from rocketmq import ConsumeResult, MessageListener, PushConsumer

STEPS = ("create", "pay", "deliver")
NAMES = ("order-1", "order-2", "order-5")


class Tracker(MessageListener):
    def __init__(self, inbox):
        self.inbox = inbox

    def consume(self, message):
        self.inbox.put((*message.keys, message.body.decode()))
        return ConsumeResult.SUCCESS


def play(step_message, followed):
    """Send the steps of three orders, in turn, and follow them; return them as they were consumed."""
    refused, sent = set(), 0
    tracking = lab.group("tracking", orderly=True)
    tracker = PushConsumer(configuration, tracking, Tracker(followed), {steps: FilterExpression()})
    tracker.startup()
    try:
        for step in STEPS:
            for name in NAMES:
                try:
                    shop.send(step_message(name, step))
                    sent += 1
                except ClientException as error:
                    refused.add(str(error))
        followed.wait_for(sent, timeout_s=30)
    finally:
        tracker.shutdown()
    print("sent", sent, "of", len(STEPS) * len(NAMES), *refused)
    return followed.items


# %% [markdown]
# ### Exercise 12.2: in line
#
# Write `step_message(name, step)`: a message for `steps` with the step as its body and the order's name as its key. Each order's steps must stay in
# line; orders need not wait for each other.

# %%
since, followed = lab.admin.topic_stats(steps), lab.inbox()


### BEGIN SOLUTION
### LEARNER: def step_message(name, step):
### LEARNER:     ...  # message_for(steps, ...) is a start
### LEARNER:
### LEARNER:
### LEARNER: tracked = ...  # play(step_message, followed)
def step_message(name, step):
    message = message_for(steps, step.encode(), name)
    message.message_group = name  # these three in line, and no others
    return message


tracked = play(step_message, followed)
### END SOLUTION

# %%
lab.check("12.2", tracked=tracked, since=since)
# lab.hint("12.2")

# %%
lab.view("lanes", topic=steps, consumed=followed, steps=STEPS, step="body", since=since).snapshot()

# %% [markdown]
# ## 3. A stuck packer, the classic way
#
# Now the difference that matters. Anna and Ben pack parcels. They are two members of one group; the topic has four queues. Each of them *has* two: rebalancing gave them
# out (lab 03). `run_shift` lets both work, sends eight parcels, two to each queue, and waits until Ben has done his.

# %%
parcels = lab.topic("parcels", queues=4)

# %%
import threading

let_go = threading.Event()  # set: whoever waits for it goes on
shift = []


def pack(message):
    return classic.ConsumeStatus.CONSUME_SUCCESS


def lag(group, topic):
    """Return by queue what lies before a group in a topic."""
    return {queue.queue_id: each.lag for queue, each in lab.admin.consume_stats(group, topic).items()}


def run_shift(anna, ben):
    """Let Anna and Ben work, each with a callback; return when Ben is done with what he got."""
    for name, work in {"anna": anna, "ben": ben}.items():
        consumer = classic.PushConsumer("packers", namesrv=lab.namesrv, instance=name)
        consumer.subscribe(parcels, work)
        consumer.start()
        shift.append(consumer)

    held = eventually(
        lambda: [member.assigned for member in lab.admin.consumers("packers")],
        until=lambda found: [len(queues) for queues in found] == [2, 2],
        timeout_s=40,
    )
    of_ben = {queue.queue_id for queue in held[1]}
    queues = till.queues(parcels)
    for number in range(PARCELS):
        message = classic.Message(parcels, "a teapot", keys=f"parcel-{number + 1}")
        till.send(message, queue=queues[number % len(queues)])
    eventually(lambda: not any(lag("packers", parcels)[queue] for queue in of_ben), timeout_s=40)


def end_shift():
    """Let go whoever is stuck, wait until everything is packed, and send both home."""
    let_go.set()
    if shift:
        eventually(lambda: not any(lag("packers", parcels).values()), timeout_s=40)
    while shift:
        shift.pop().shutdown()
    let_go.clear()


# %% [markdown]
# ### Exercise 12.3: break it and prove it
#
# **Break it:** write a callback `stuck(message)` for Anna that does not answer before `let_go` is set (an `Event`: `let_go.wait(timeout=900)`), and run the shift with it. A
# database that hangs, a deadlock, a service without a time-out: so it looks from outside.
#
# **Prove it:** which parcels are not packed? Ask the broker: a message is not done if its `queue_offset` is not below the `consumer_offset` that the group has in its queue. Put the set of their
# keys into `waiting`. (`lab.admin.messages(parcels)` and `lab.admin.consume_stats("packers", parcels)`, by `message.queue`.)

# %%
end_shift()
### BEGIN SOLUTION
### LEARNER: def stuck(message):
### LEARNER:     ...
### LEARNER:
### LEARNER:
### LEARNER: ...  # run_shift(anna=stuck, ben=pack)
### LEARNER: waiting = ...  # a set of keys


def stuck(message):
    let_go.wait(timeout=900)
    return classic.ConsumeStatus.CONSUME_SUCCESS


run_shift(anna=stuck, ben=pack)
progress = lab.admin.consume_stats("packers", parcels)
waiting = {
    message.keys
    for message in lab.admin.messages(parcels)
    if message.queue_offset >= progress[message.queue].consumer_offset
}
print(sorted(waiting))
### END SOLUTION

# %%
lab.check("12.3", waiting=waiting)
# lab.hint("12.3")

# %%
lab.view("rebalance", topic=parcels, group="packers").snapshot()

# %%
lab.view("queues", topic=parcels, groups=["packers"]).snapshot()

# %% [markdown]
# Ben is idle, four parcels lie there, and he may not touch them. The queues are Anna's, and she is *alive*: her client sends its heartbeats, from another thread. Were her process dead, its connection would be gone, the broker would
# notice at once, and Ben would get her queues (lab 09). Stuck is worse than dead. It ends when somebody restarts her, or after 15 to 30 minutes (`consumeTimeout`), when her client sends the messages back.
#
# More packers help little: rebalancing takes queues away from Anna, but not her last one, as long as there is one for each packer.

# %%
end_shift()
print("not done, by queue:", lag("packers", parcels))

# %% [markdown]
# ## 4. A stuck packer, the new way
#
# Through the gRPC door nobody has a queue. A receive takes (*pops*) messages out of whichever queue has some. The broker notes: "these are handed out, and **invisible** for so many seconds", and gives
# each a receipt. Whoever sends the receipt back in time, `ack`, has done the message. Otherwise it is visible again, for anybody.
#
# ### Exercise 12.4: predict, then run
#
# Eight boxes. Anna receives four, invisible for 10 s, and gets stuck: no ack. Ben asks for more, again and again, and acknowledges what he gets. How many boxes does Ben get on their **first** delivery, and how many on a
# **later** one?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # two numbers: (on their first delivery, on a later one)
prediction = (4, 4)  # what she has not taken, at once; hers, when their time is over
### END SOLUTION

# %%
boxes = lab.topic("boxes", queues=4)

# %%
from collections import Counter

queues = till.queues(boxes)  # which queue, only the classic client can say
for number in range(PARCELS):
    till.send(
        classic.Message(boxes, "a teapot", keys=f"box-{number + 1}"), queue=queues[number % len(queues)]
    )

anna, ben = start_simple("pop-packers", boxes), start_simple("pop-packers", boxes)

in_hand, packed = [], {}  # Anna's messages; Ben's, key to delivery attempt


def anna_works():
    in_hand.extend(receive(anna, PARCELS // 2 - len(in_hand), invisible_s=10))
    return len(in_hand)


def ben_works():
    for message in receive(ben, invisible_s=10):
        packed[next(iter(message.keys))] = message.delivery_attempt
        ben.ack(message)
    return len(packed)


eventually(lambda: anna_works() == PARCELS // 2, timeout_s=20)  # and no ack: she is stuck
eventually(lambda: ben_works() >= PARCELS // 2, timeout_s=20)
behind = eventually(
    lambda: sum(lag("pop-packers", boxes).values()), until=lambda left: left == 0, timeout_s=15
)  # the broker writes down shortly after what it has handed out
print("packed", len(packed), "of", PARCELS, "and the lag is", behind)

# %%
lab.view("queues", topic=boxes, groups=["pop-packers"]).snapshot(lag=0)

# %%
eventually(lambda: ben_works() == PARCELS, timeout_s=40)
attempts = Counter("first" if attempt == 1 else "later" for attempt in packed.values())
print("Ben packed", len(packed), "boxes; on delivery:", dict(sorted(attempts.items())))

# %%
lab.check("12.4", prediction=prediction, packed=packed)
# lab.hint("12.4")

# %% [markdown]
# Nobody held a queue, so nobody waited for Anna: her boxes went to Ben when their invisible time was over, and some seconds more (the broker looks whether a receipt is still on
# its way). And then Anna wakes up. Her receipts are worth nothing:

# %%
with expect_error(ClientException):
    anna.ack(in_hand[0])

anna.shutdown()
ben.shutdown()

# %% [markdown]
# So her boxes were perhaps packed twice: at least once, as ever (lab 09). Where were they meanwhile? What is stored cannot be changed: the broker put a copy of each into a topic for this group and topic. What it
# tells of the group:

# %%
totals = Counter()
for queue, each in lab.admin.consume_stats("pop-packers").items():
    totals[queue.topic] += each.broker_offset
print(*(f"{topic}: {count} messages" for topic, count in sorted(totals.items())), sep="\n")

# %% [markdown]
# Before you set an alarm, look once more at the first line that the experiment printed, and at the picture below it: four boxes were not packed, and the **lag was 0**. The group's offset moves when messages are *handed out*. What is in hand is remembered elsewhere, as receipts
# (in the topic `rmq_sys_REVIVE_LOG_DefaultCluster`).
#
# | | classic push | pop |
# | --- | --- | --- |
# | a member has | queues | messages, for a time |
# | more members than queues | idle | work |
# | a stuck member holds | all that lies in its queues | what it has in hand, until the time is over (in an orderly group: what lies behind it, too) |
# | a member comes or goes | rebalancing | nothing happens |
# | the broker notes | one offset a queue | an offset a queue, and each message that is out |
# | order | within a queue, as it comes | a message that comes again comes later (not in an orderly group) |
#
# ## 5. How long is long enough?
#
# The invisible time is a promise: "I shall be done by then". Too short, and somebody else does your work while you still do it. Too long, and everybody waits after you have died. The way out is a short time, **extended** while you work:
# `consumer.change_invisible_duration(message, seconds)` counts from now. (A `PushConsumer` need not: the proxy extends for it, `enableProxyAutoRenew`.)
#
# The same call with a short time gives a message back: "not me, please somebody else, in 10 s".
#
# ### Exercise 12.5: keep it while you work
#
# Carla wraps a gift. That takes 6 s, and the gift is invisible for 3 s. Write `keep(consumer, message, done)`, which runs in a thread of its own while she works: it extends the time until `done` (an `Event`) is set. If Carla's program dies, nobody
# shall wait for longer than ten seconds.

# %%
gifts = lab.topic("gifts", queues=1)

# %%
import time
import uuid


def copies():
    """Return how many times the broker has made a gift visible again."""
    stats = lab.admin.consume_stats("wrapping")
    return sum(each.broker_offset for queue, each in stats.items() if queue.topic.startswith("%RETRY%"))


def wrap(keep):
    """Let Carla wrap a gift while `keep` runs, and then acknowledge it; return the message."""
    key = f"gift-{uuid.uuid4().hex[:6]}"
    shop.send(message_for(gifts, b"a teapot", key))
    carla, done, found = start_simple("wrapping", gifts), threading.Event(), {}
    before = copies()

    def receive_it():
        found.update({next(iter(message.keys)): message for message in receive(carla)})
        return key in found

    try:
        eventually(receive_it, timeout_s=30)
        gift = found[key]
        carla.change_invisible_duration(gift, 3)
        keeper = threading.Thread(target=keep, args=(carla, gift, done), daemon=True)
        keeper.start()
        time.sleep(6)  # Carla's work
        done.set()
        keeper.join(timeout=5)  # each extension brings a new receipt: acknowledge with the last one
        carla.ack(gift)
    except ClientException as error:
        print("Carla is done, and her receipt is worth nothing:", error)
        eventually(lambda: copies() > before, timeout_s=20)
    finally:
        done.set()
        carla.shutdown()
    return gift


# %%
### BEGIN SOLUTION
### LEARNER: def keep(consumer, message, done):
### LEARNER:     ...
### LEARNER:
### LEARNER:
### LEARNER: gift = ...  # wrap(keep)
def keep(consumer, message, done):
    while not done.is_set():
        consumer.change_invisible_duration(message, 8)
        done.wait(timeout=1)


gift = wrap(keep)
### END SOLUTION

# %%
lab.check("12.5", gift=gift)
# lab.hint("12.5")

# %% [markdown]
# ## 6. To the moment, and back
#
# What labs 05 and 06 showed is there through this door, too. A **timer** is a message with a `delivery_timestamp`, in whole *seconds* since 1970, in a topic of the type `DELAY`. The receipt has a handle
# to take it back: the customer has paid, no reminder, please.

# %%
import math

reminders = lab.topic("reminders", queues=1, kind="delay")

# %%
receipts = {}
for name in ("order-1", "order-2", "order-3"):
    message = message_for(reminders, b"paid by now?", name)
    message.delivery_timestamp = math.ceil(time.time()) + 15
    receipts[name] = shop.send(message)

taken_back = shop.recall_message(reminders, receipts["order-2"].recall_handle)
print("taken back:", taken_back == receipts["order-2"].message_id)

# %% [markdown]
# The board of what waits, with the broker's own count of timers:

# %% tags=["nbval-ignore-output"]
lab.view("delays").snapshot(quiet_s=0.2)

# %% [markdown]
# The dot without a key is the order to take `order-2` back, a timer itself: both are there until they are due, and then neither comes. The picture counts more timers than it draws. Those belong to pop, and
# may be left from section 5: the broker keeps what is handed out, and each `ack`, as timers until the invisible time is over. That is why pop does not work without timers.
#
# And a **transaction** is `begin_transaction`, `send(message, transaction)`, then `commit` or `rollback`. Three of them: the third is left open, so the broker asks the checker.

# %%
from rocketmq import TransactionChecker, TransactionResolution

payments = lab.topic("payments", queues=1, kind="transaction")


# %%
class Checker(TransactionChecker):
    def check(self, message):
        return TransactionResolution.COMMIT  # in real life: look into the database (lab 06)


bank = Producer(configuration, (payments,), checker=Checker())
bank.startup()
for name, end in {"paid": "commit", "refused": "rollback", "who knows": None}.items():
    transaction = bank.begin_transaction()
    bank.send(message_for(payments, b"20", name), transaction)
    if end:
        getattr(transaction, end)()

# %%
from rmqlab.observe import Interest, feed


def all_settled():
    found = feed.read(lab.cluster, Interest(transactions=True)).transactions.found
    mine = [each for each in found if each.topic == payments]
    return len(mine) >= 3 and all(each.settled for each in mine)


eventually(all_settled, timeout_s=40)
bank.shutdown()
lab.view("transactions", topic=payments).snapshot()

# %% [markdown]
# The half message, the check-back: the same as in lab 06, since the same broker does it. And the reminders:


# %%
def reminded():
    return sorted(message.keys for message in lab.admin.messages(reminders))


eventually(lambda: {"order-1", "order-3"} <= set(reminded()), timeout_s=40)
print(sorted(set(reminded())))

# %%
shop.shutdown()
till.shutdown()

# %% [markdown]
# ## 7. What is not new
#
# | you may read | what is so |
# | --- | --- |
# | "RocketMQ 5 needs a proxy" | Only gRPC clients do. Classic clients speak to the brokers as ever: all labs before this one |
# | "Brokers check the topic type" | The proxy does (`enableTopicMessageTypeCheck`). A classic client can put anything into a FIFO topic: section 2 |
# | "A FIFO topic keeps the order" | Half of it. The message group keeps it on the way in; an orderly *consumer group* on the way out |
# | "Timers are for gRPC clients" | They are the broker's (lab 05). The proxy even allows less: 24 h (`maxDelayTimeMills`) instead of three days |
# | "Pop needs gRPC" | No, but gRPC has nothing else. Classic Java consumers can be switched to it, group by group: `mqadmin setConsumeMode -m POP` |
# | "With pop there is no rebalancing, so no duplicates" | No rebalancing. But each invisible time that is too short is a duplicate |
#
# And what this Python client (5.1.2) does not have: oneway sends, batches, a queue of your choice, broadcasting, `ConsumeFromWhere` (a new group begins at the first message of a young topic, at the last one of an old topic), a SendStatus (what is not OK is an exception), seeking to an offset.
# Labs 02, 03 and 07 need the classic one. Both may be used side by side, in one program, on one topic, as here.
# (Outside of this course the two packages quarrel: both bring a `rocketmq/__init__.py`. Install `rocketmq-client-python` first, `rocketmq-python-client` after it.)
#
# ## What to remember
#
# 1. A proxy is a second door to the same brokers. It stores nothing: what comes in by one door goes out by both.
# 2. Classic consumers have queues, gRPC consumers get messages. A stuck member keeps its queues for as long as it lives, its messages for as long as they are invisible.
# 3. Receive, work, `ack`. What is not acknowledged in time is delivered again, to anybody, with a higher `delivery_attempt`. If the work is long, extend the time.
# 4. A topic takes one type of message: NORMAL, FIFO, DELAY or TRANSACTION. The proxy checks it, not the broker.
# 5. `message_group` (in line with which messages?) is not the consumer group (who shares the work?).
#
# > **Where this bites in production**
# >
# > - Proxy: `proxyMode` = `Local` (in the broker's process) or `Cluster` (processes of their own, which you scale by themselves); `grpcServerPort` = 8081, `remotingListenPort` = 8080.
# > - The invisible time of a receive is 10 s at least, 12 h at most (`minInvisibleTimeMillsForRecv`, `maxInvisibleTimeMills`). Choose it by what you can bear after a crash, and extend it.
# > - A receive waits for 5 to 20 s (`grpcClientConsumerMinLongPollingTimeoutMillis`, `grpcClientConsumerMaxLongPollingTimeoutMillis`): a shorter `await_duration` counts as 5 s,
# >   and is refused if it and the `request_timeout` together are less than that.
# > - `retryMaxTimes` (16) of the consumer *group* says when a message goes to `%DLQ%` + group. It is on the broker now, not in the client.
# > - Pop needs timers: `timerWheelEnable=true`. With `false`: "pop message is forbidden".
# > - Watch the lag of `%RETRY%` + group + `_` + topic beside the topic's own. What is in hand is in neither: the broker's metric `rocketmq_consumer_inflight_messages` counts it.
# > - In an orderly group a message that fails holds those behind it, as with classic orderly consumers.
# > - `delivery_timestamp` is in seconds in Python, in milliseconds in Java. `recallMessageEnable` is off by default (in this course on).
# > - Topic types: `mqadmin updateTopic -a +message.type=FIFO`. A topic without one is NORMAL. Groups: `mqadmin updateSubGroup -o true` for an orderly one.
#
# **Back:** [11 · What is my cluster doing?](11-operations.ipynb) · **Next:** [13 · RabbitMQ, Kafka or RocketMQ?](13-choosing.ipynb)
