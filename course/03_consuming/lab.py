# %% [markdown]
# # 03 · Who gets which message?
#
# A message lies in a queue, and a group of consumers wants it. Which of them gets it, from where on, and which messages does nobody
# get? We hire five packers for four queues, send price changes to everybody, let a new team start in the past, filter, and
# lose six messages of eight without a single error. About 45 minutes.

# %% tags=["parameters"]
ORDERS = 8  # messages in one round: two for each of four queues

# %%
from rmqlab import start_lab

lab = start_lab("03-consuming", properties={"mappedFileSizeCommitLog": 1048576, "maxMessageSize": 524288})

# %% [markdown]
# (The two properties give us small commit log files. Section 4 needs one that is full.)
#
# The shop's `orders` have four queues.

# %%
orders = lab.topic("orders", queues=4)

# %% [markdown]
# A consumer of the classic package `rocketmq.client` does not have all that RocketMQ's own has: where to begin, SQL filters, a name.
# `rmqlab.client` adds it to the same classes, under RocketMQ's names and with RocketMQ's defaults
# (Java: `DefaultMQPushConsumer`). Here are a producer, and a function that hires a worker.

# %%
import itertools
from collections import Counter

from rmqlab.client import ConsumeStatus, Message, Producer, PushConsumer

producer = Producer("shop", namesrv=lab.namesrv, timeout_ms=3000)
producer.start()


def send(topic, bodies, tags=""):
    """Send to the topic's queues in turn, from queue 0 on; return the messages' ids."""
    turns = zip(bodies, itertools.cycle(producer.queues(topic)), strict=False)
    return [producer.send(Message(topic, body, tags=tags), queue=queue).msg_id for body, queue in turns]


def start_worker(name, group, topic, inbox, tags="*", **settings):
    """Start a consumer that notes what arrives; `settings` are PushConsumer's."""

    def handle(message):
        inbox.put((name, message.id, message.body.decode()))
        return ConsumeStatus.CONSUME_SUCCESS

    consumer = PushConsumer(group, namesrv=lab.namesrv, instance=name, **settings)
    consumer.subscribe(topic, handle, tags)
    consumer.start()
    return consumer


# %% [markdown]
# ## 1. One message, one packer
#
# Consumers with the same group name are a team: they **share** the messages. RocketMQ calls this `CLUSTERING`, and it is the default.
# It does not deal out messages, though. It deals out **queues**.
#
# Here is a live picture of the group `packing`. Keep it in sight.

# %%
lab.view("rebalance", topic=orders, group="packing")

# %% [markdown]
# `staff` lets exactly these packers work, and waits until they have shared the queues. `deal` sends a round of orders, and counts who got how many.

# %%
from rmqlab.checks import eventually

team = globals().get("team", {})  # who is at work already, should this cell run again
packed = lab.inbox()


def shared(group, members):
    """Tell whether so many consumers are in the group, and have the four queues evenly between them."""
    held = [member.assigned for member in lab.admin.consumers(group)]
    if len(held) != members or not members:
        return len(held) == members
    sizes = [len(queues) for queues in held]
    return sum(sizes) == len(set().union(*held)) == 4 and max(sizes) - min(sizes) <= 1


def staff(*names):
    for name in set(team) - set(names):
        team.pop(name).shutdown()
    for name in names:
        if name not in team:
            team[name] = start_worker(name, "packing", orders, packed)
    eventually(lambda: shared("packing", len(names)), timeout_s=15)


def deal():
    sent = set(send(orders, [f"order-{number}" for number in range(1, ORDERS + 1)]))
    packed.wait_for(ORDERS, timeout_s=30, until=lambda items: sent <= {item[1] for item in items})
    counts = Counter(name for name, msg_id, _ in packed if msg_id in sent)
    return {name: counts[name] for name in sorted(team)}


# %%
staff("anna")
print(deal())

# %% [markdown]
# Anna is alone, and holds all four queues. Two colleagues come:

# %%
staff("anna", "ben", "carla")
print(deal())

# %%
lab.view("rebalance", topic=orders, group="packing").snapshot()

# %% [markdown]
# Nobody was asked to hand over a queue. Each consumer learned that the group had changed, put all members and all queues in order, and
# took its own part: the same sum, done by each for itself (`AllocateMessageQueueAveragely`). That is **rebalancing**.
#
# ### Exercise 03.1: predict, then run
#
# Two more come: five packers, four queues, a round of `ORDERS` = 8 orders. How many does each of the five get? Write five
# numbers, the largest first.

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # five numbers, such as [3, 2, 1, 1, 1]
prediction = [2, 2, 2, 2, 0]  # a queue has one reader in a group: the fifth has none
### END SOLUTION

# %%
staff("anna", "ben", "carla", "dora", "emil")
delivered = deal()
print(delivered)

# %%
lab.view("rebalance", topic=orders, group="packing").snapshot()

# %%
lab.check("03.1", prediction=prediction, delivered=delivered)
# lab.hint("03.1")

# %% [markdown]
# The fifth is not useless: he is the reserve. Carla goes home.

# %%
staff("anna", "ben", "dora", "emil")
print(deal())

# %%
lab.view("rebalance", topic=orders, group="packing").snapshot()

# %% [markdown]
# Who takes over a queue goes on where the group's saved progress is. What its last reader had received, but not yet reported, comes
# a second time: lab 09 deals with that.
#
# ## 2. Push and pull, and what lag is
#
# All packers go home. Orders come in all the same.

# %%
staff()
waiting = send(orders, [f"night-{number}" for number in range(1, ORDERS + 1)])

# %% [markdown]
# A `PushConsumer` calls you. A `PullConsumer` is asked: it suits a nightly job, or a program that wants to say itself what is done.
# Here one works for the same group, and takes a single batch:

# %%
from rmqlab.client import PullConsumer

with PullConsumer("packing", namesrv=lab.namesrv, auto_commit=False) as puller:
    puller.subscribe(orders)
    print("lag at first:        ", puller.lag)
    batch = puller.poll(timeout_ms=5000)
    print("received, one queue: ", len(batch))
    print("lag after receiving: ", puller.lag)
    puller.commit()
    print("lag after the commit:", puller.lag)

# %% [markdown]
# **Lag** is the end of a queue minus the group's committed offset. Receiving does not change it. Committing does: the broker keeps one number for
# each group and queue, no more. A push consumer commits for you, after your function has returned `CONSUME_SUCCESS`.
#
# And push is pull. Behind your back a `PushConsumer` asks the broker for more, and the broker holds the question for up to 15 s until there is
# an answer (*long polling*). So a message arrives in milliseconds, and a consumer never gets more than it asked for.
#
# ## 3. Everybody gets everything
#
# Every web server keeps `prices` in memory. When a price changes, *each* of them has to know. Sharing would be wrong here. `BROADCASTING` gives each
# member of a group all the messages.

# %%
prices = lab.topic("prices", queues=4)

# %%
import uuid

from rmqlab.client import MessageModel

run = uuid.uuid4().hex[:8]  # so that this run's servers are not those of an earlier one
caches = lab.inbox()


def start_server(name):
    settings = {"message_model": MessageModel.BROADCASTING}
    return start_worker(f"{name}-{run}", "price-cache", prices, caches, **settings)


servers = [start_server("node-1"), start_server("node-2")]
try:
    send(prices, [f"price {number}" for number in range(8)])
    everything = caches.wait_for(16, timeout_s=30)
finally:
    for server in servers:
        server.shutdown()
print(sorted(Counter(name.removesuffix(f"-{run}") for name, _, _ in everything).items()))

# %% [markdown]
# Now node-2 is down for repair, and four prices change.

# %%
server = start_server("node-1")
try:
    seen = len(caches)
    send(prices, [f"price {number}" for number in range(8, 12)])
    caches.wait_for(seen + 4, timeout_s=30)
finally:
    server.shutdown()

# %% [markdown]
# Each server has a progress of its own. Where is it? Not at the broker: one number for each group and queue is not enough here. RocketMQ keeps it **on the
# client**, in a file. (By default in `~/.rocketmq_offsets`; in this course in a folder of the course.)

# %%
import re

from rmqlab.places import state_dir


def read_offsets(name):
    """Return a server's own offsets: queue id to offset."""
    (file,) = (state_dir() / "offsets").glob(f"*@{name}-{run}/price-cache/offsets.json")
    # RocketMQ writes a table with objects as its keys: JSON readers refuse that.
    found = re.findall(r'"queueId":(\d+).*?\}:(\d+)', file.read_text(), re.DOTALL)
    return {int(queue_id): int(offset) for queue_id, offset in sorted(found)}


print("node-1:", read_offsets("node-1"))

# %% [markdown]
# ### Exercise 03.2: who is behind?
#
# How many price changes has `node-2` not seen? Put the number into `behind`. `lab.admin.topic_stats(prices)` has the queues' ends
# (`max_offset`), by queue (`queue.queue_id`).

# %%
### BEGIN SOLUTION
### LEARNER: behind = ...
offsets = read_offsets("node-2")
ends = lab.admin.topic_stats(prices)
behind = sum(end.max_offset - offsets[queue.queue_id] for queue, end in ends.items())
### END SOLUTION

# %%
lab.check("03.2", behind=behind)
# lab.hint("03.2")

# %% [markdown]
# Ask the broker for that group's lag, and it counts *every* message, since nobody has ever reported anything to it. A lag alarm on a broadcasting group
# rings for ever. Two more things to know about broadcasting: a message that fails does not come again, and a server without a file
# begins at the end.
#
# ## 4. Where does a new group begin?
#
# Accounting opens. Yesterday's `invoices` are in the topic already. Does a new group get them? A setting decides:
#
# | `ConsumeFromWhere` | a new group begins |
# | --- | --- |
# | `LAST` (the default) | at the end of the queue |
# | `FIRST` | at the first message that the broker still has |
# | `TIMESTAMP` | at the first message that was stored at that moment or later |
#
# So say the documents. We take a topic on its first day.

# %%
lab.admin.delete_topic("invoices")  # of an earlier run

# %%
invoices = lab.topic("invoices", queues=4)

# %%
yesterday = send(invoices, [f"invoice-{number}" for number in range(1, ORDERS + 1)])

# %% [markdown]
# `receives` starts a consumer, waits until it has its queues, sends a mark into each, and returns the numbers of the invoices that came. (With one thread, so that the
# marks come last.)

# %%
from rmqlab.client import ConsumeFromWhere


def receives(group, **settings):
    inbox = lab.inbox()
    consumer = start_worker("clerk", group, invoices, inbox, threads=1, **settings)
    try:
        eventually(lambda: shared(group, 1), timeout_s=15)
        marks = set(send(invoices, ["mark"] * 4))
        come = inbox.wait_for(4, timeout_s=30, until=lambda items: marks <= {item[1] for item in items})
    finally:
        consumer.shutdown()
    return sorted(int(body.removeprefix("invoice-")) for body in {item[2] for item in come} - {"mark"})


# %% [markdown]
# ### Exercise 03.3: predict, then run
#
# `ORDERS` = 8 invoices lie in the topic. The group `newcomers` has never existed; its consumer starts with `ConsumeFromWhere.LAST`. How many of the
# 8 does it receive?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number from 0 to 8
prediction = 8  # the topic is young: the broker still has its very first message
### END SOLUTION

# %%
lab.admin.delete_group("newcomers")  # a group is new only once
received = receives("newcomers", from_where=ConsumeFromWhere.LAST)
print(len(received))

# %%
lab.check("03.3", prediction=prediction, received=received)
# lab.hint("03.3")

# %% [markdown]
# *"LAST starts at the end"* stands in many texts. It is true for an old queue only. A new group asks the **broker** for its progress first. When it has none, but the
# queue still has its very first message (offset 0), and in memory, the broker answers "0" instead of "none" (`ConsumerManageProcessor`): a group that came a
# minute too late for a new topic shall not miss anything. So the setting is not even looked at, and `TIMESTAMP` would give the same 8.
#
# ### An old queue
#
# After three days (`fileReservedTime` = 72 hours) the broker removes commit log files, read or unread, and with them the first messages of the queues. We do the same
# by hand: the log goes on growing with some `photos`, then the files that hold our invoices go.

# %%
photos = lab.topic("photos", queues=1)

# %%
import os
from datetime import datetime, timedelta


def let_three_days_pass():
    send(photos, [os.urandom(500_000) for _ in range(3)])  # the commit log goes on in another file
    last = max((message.commit_log_offset for message in lab.admin.messages(invoices)), default=-1)
    broker = lab.nodes["broker-a"]
    broker.kill()
    for file in (lab.cluster.folder / broker.name / "store" / "commitlog").iterdir():
        if int(file.name) <= last:  # a file's name is the offset at which it begins
            file.unlink()
    broker.restart()
    eventually(
        lambda: min((queue.min_offset for queue in lab.admin.topic_stats(invoices).values()), default=0),
        timeout_s=10,
    )


let_three_days_pass()

# %% [markdown]
# A morning passes: four invoices, a `moment`, four more.

# %%
send(invoices, [f"invoice-{number}" for number in range(11, 15)])
moment = datetime.now().replace(microsecond=0) + timedelta(seconds=1)
eventually(lambda: datetime.now() > moment)  # TIMESTAMP counts whole seconds
noon = send(invoices, [f"invoice-{number}" for number in range(15, 19)])

# %%
starts = {
    "latest": {"from_where": ConsumeFromWhere.LAST},
    "accounting": {"from_where": ConsumeFromWhere.FIRST},
    "tax": {"from_where": ConsumeFromWhere.TIMESTAMP, "from_time": moment},
}
for group, where in starts.items():
    lab.admin.delete_group(group)
    print(f"{where['from_where'].name:10}", receives(group, **where))

# %% [markdown]
# Now the setting counts. But only **the first time**: once a group has progress, its progress decides. The same three again, with the same settings:

# %%
for group, where in starts.items():
    print(f"{where['from_where'].name:10}", receives(group, **where))

# %% [markdown]
# ### Exercise 03.4: back to a moment
#
# Accounting had a bug, and wants to book again what was stored from `moment` on. Set the progress of the group `accounting` back: in each queue to the first message that was
# stored at `moment` or later. Nobody of the group is online.
#
# A pull consumer can do it: `queues`, `assign`, `offset_at`, `seek`; what it has sought is committed when `with` ends, or by `commit()`. Keep the offsets in `offsets`, queue to offset.

# %%
### BEGIN SOLUTION
### LEARNER: offsets = ...  # {queue: offset}
with PullConsumer("accounting", namesrv=lab.namesrv) as tool:
    queues = tool.queues(invoices)
    tool.assign(queues)
    offsets = {queue: tool.offset_at(queue, moment) for queue in queues}
    for queue, offset in offsets.items():
        tool.seek(queue, offset)
    tool.commit()
### END SOLUTION

# %%
lab.check("03.4", offsets=offsets, moment=moment)
# lab.hint("03.4")

# %%
print(receives("accounting"))

# %% [markdown]
# `mqadmin resetOffsetByTime -g accounting -t invoices -s ...` does the same from the command line, also for a group that is online.
#
# ## 5. Only some of them
#
# A consumer need not take all of a topic. The broker filters, before anything travels: by the message's one **tag**, or by an **SQL92** condition on its properties.

# %%
sales = lab.topic("sales", queues=4)

# %%
SALES = (  # number, tag, properties
    (1, "book", {"region": "eu", "amount": "12"}),
    (2, "book", {"region": "eu", "amount": "40", "gift": "yes"}),
    (3, "toy", {"region": "us", "amount": "90"}),
    (4, "toy", {"region": "us", "amount": "25", "gift": "no"}),
    (5, "game", {"region": "eu", "amount": "60", "gift": "yes"}),
    (6, "game", {"region": "us", "amount": "30"}),
)
for number, tag, properties in SALES:
    producer.send(Message(sales, f"sale-{number}", tags=tag, properties=properties))


def read_sales(expression="*", **how):
    """Return which sales a subscription selects, read from the beginning."""
    with PullConsumer("analytics", namesrv=lab.namesrv, auto_commit=False) as reader:
        reader.subscribe(sales, expression, **how)
        reader.seek_to_beginning()
        first = reader.poll(timeout_ms=10_000)  # the first ones may take their time
        return sorted({message.body.decode() for message in [*first, *reader.messages(idle_s=4)]})


print(read_sales("book || toy"))
print(read_sales(sql="region = 'us' AND amount > 28"))

# %% [markdown]
# Tags are cheap: the broker compares a hash that lies in the consume queue (lab 01). A condition has to be worked out for each message. Properties are text;
# compared with a number they count as numbers. `TAGS` is a property, too.
#
# ### Exercise 03.5: a leaflet in each parcel that is no gift
#
# A leaflet goes into each parcel, but for gifts (`gift` is `yes`). Write the SQL92 `condition` for all sales that get one. Five words of SQL you may need: `AND`, `OR`, `NOT`, `IS NULL`, `<>`.

# %%
### BEGIN SOLUTION
### LEARNER: condition = ...  # text
condition = "gift IS NULL OR gift <> 'yes'"
print(read_sales(sql=condition))
### END SOLUTION

# %%
lab.check("03.5", condition=condition)
# lab.hint("03.5")

# %% [markdown]
# ## 6. Several topics, and a group that disagrees
#
# One consumer may subscribe to several topics, each with a function of its own:

# %%
parcels = lab.topic("parcels", queues=4)

# %%
returns = lab.topic("returns", queues=4)

# %%
desk = lab.inbox()


def on_parcel(message):
    desk.put(("out", message.id))
    return ConsumeStatus.CONSUME_SUCCESS


def on_return(message):
    desk.put(("back", message.id))
    return ConsumeStatus.CONSUME_SUCCESS


with PushConsumer("front-desk", namesrv=lab.namesrv) as consumer:
    consumer.subscribe(parcels, on_parcel)
    consumer.subscribe(returns, on_return)
    news = {*send(parcels, ["parcel"] * 3), *send(returns, ["return"] * 2)}
    desk.wait_for(5, timeout_s=30, until=lambda items: news <= {msg_id for _, msg_id in items})
print(sorted(Counter(kind for kind, msg_id in desk if msg_id in news).items()))

# %% [markdown]
# There is one rule: **all members of a group subscribe to the same topics with the same filters.** What if not? Anna packs books and Ben packs toys,
# both for the group `packers`. Each subscribes to what concerns him or her. `pack` sends four books and four toys, one of each to each queue.


# %%
def pack(teams):
    """Return what each worker got; `teams` maps a worker to group and tags."""
    inbox = lab.inbox()
    sent = {}

    def news():
        return [(name, sent[msg_id]) for name, msg_id, _ in inbox if msg_id in sent]

    workers = [start_worker(name, group, parcels, inbox, tags) for name, (group, tags) in teams.items()]
    try:
        sizes = Counter(group for group, _ in teams.values())
        eventually(lambda: all(shared(*each) for each in sizes.items()), timeout_s=15)
        for tag in ("book", "toy"):
            sent |= dict.fromkeys(send(parcels, [tag] * 4, tags=tag), tag)
        eventually(lambda: len(news()) >= 8, timeout_s=8)
    finally:
        for worker in workers:
            worker.shutdown()
    return {name: Counter(tag for who, tag in news() if who == name) for name in teams}


delivered = pack({"anna": ("packers", "book"), "ben": ("packers", "toy")})
print("sent 8, arrived", sum(sum(counts.values()) for counts in delivered.values()))

# %% [markdown]
# Two of eight, and no error anywhere. The broker keeps **one** subscription for each group and topic: the one that came last. Say it is Anna's. Then Ben's
# queues are filtered for books too, and his client throws the books away, since he did not ask for them. His toys it never sees. Anna gets the books of her own two
# queues, and no more. Sooner or later the group's progress moves past the rest, and they are gone.
#
# ### Exercise 03.6: repair it
#
# Anna shall get all four books and nothing else, Ben all four toys and nothing else. Write `teams`, and run the experiment with it.

# %%
### BEGIN SOLUTION
### LEARNER: teams = ...  # {"anna": (group, tags), "ben": (group, tags)}
### LEARNER: delivered = ...  # pack(teams)
teams = {"anna": ("book-packers", "book"), "ben": ("toy-packers", "toy")}
delivered = pack(teams)
print(delivered)
### END SOLUTION

# %%
lab.check("03.6", teams=teams, delivered=delivered)
# lab.hint("03.6")

# %%
producer.shutdown()

# %% [markdown]
# ## What to remember
#
# 1. In a group, a queue has one reader. Members share queues, not messages; more members than queues are a reserve.
# 2. `CLUSTERING`: once for each group, progress at the broker. `BROADCASTING`: once for each member, progress in a file on the client.
# 3. A group's progress decides where it goes on. `ConsumeFromWhere` counts only without progress, and not at all in a queue that still has its first message.
# 4. Lag is the queue's end minus the committed offset. To read again, set the offset back.
# 5. All members of a group: the same topics, the same filters. Another filter is another group.
#
# > **Where this bites in production**
# >
# > - **Scaling out stops at the number of queues** (`readQueueNums`): raise it before you add consumers. Within one consumer `consumeThreadMin` and
# >   `consumeThreadMax` (20) run your function in parallel.
# > - Each member rebalances for itself, every 20 s (`rocketmq.client.rebalance.waitInterval`; in this course every second) and when told. For a moment two may read one
# >   queue, or nobody: expect duplicates.
# > - Two consumers with the same `clientId` (address@`instanceName`) in one group both take the same queues, and the rest nobody takes.
# >   RocketMQ makes one up when it is `DEFAULT` (only in CLUSTERING); set one only if it is unique. (We did, so that the pictures have names.)
# > - Broadcasting keeps its offsets under `rocketmq.client.localOffsetStoreDir` (`~/.rocketmq_offsets`) by client id. In a new container both file
# >   and address are new: the server begins at the end, without what it missed. Let it load a full table first.
# > - `consumeFromWhere` is read once in a group's life. A group that was deleted, or whose progress was dropped, starts anew. `consumeTimestamp` is by
# >   default half an hour before the client's start.
# > - SQL92 needs `enablePropertyFilter=true`; it is `false` by default, and `subscribe` fails. A property that is missing is NULL: no comparison with it is true.
# > - A group that filters may show a lag although nothing waits for it: progress passes messages it does not want only when a poll comes back, up to 15 s later
# >   (`brokerSuspendMaxTimeMillis`).
# > - A rolling deployment with a changed filter *is* a group that disagrees, while it lasts. Give the new filter a new group.
#
# **Back:** [02 · When do I know it arrived?](02-send-modes.ipynb) · **Next:** [04 · Who came first?](04-ordering.ipynb)
