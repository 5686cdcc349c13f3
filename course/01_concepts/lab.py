# %% [markdown]
# # 01 · Where does my message live?
#
# In lab 00 a message left the notebook and came back. Now we follow it: who knows the way, who takes it, in which file it
# lies, and who gets it. We ask every part of RocketMQ directly, down to the bytes. About 45 minutes.

# %% tags=["parameters"]
ORDERS = 8  # orders in one round
SEED = 1  # of the orders' amounts

# %%
from rmqlab import start_lab

lab = start_lab("01-concepts")

# %% [markdown]
# ## The cast
#
# Our online shop sells things. Each sale is an **order**; the *stock* team packs it, the *billing* team charges the card.
#
# | word | in the shop | what it is |
# | --- | --- | --- |
# | **producer** | the web shop | a program that sends |
# | **consumer** | somebody who packs | a program that receives |
# | **broker** | the post office | a server that keeps messages and hands them out |
# | **NameServer** | the address book | a server that knows which broker serves which topic; no message passes through it |
# | **topic** | `orders` | a name for messages of one kind |
# | **queue** | one counter of the post office | a part of a topic; messages in it have an order and a number, the **offset** |
# | **group** | the stock team | consumers that share one job, and one progress |
#
# The shop needs two topics.

# %%
orders = lab.topic("orders", queues=4)

# %%
payments = lab.topic("payments", queues=2)

# %% [markdown]
# ## 1. Who knows the way?
#
# A program knows one address, the NameServer's. It asks there for a topic's **route**: which brokers, how many queues.

# %%
for entry in lab.admin.route(orders):
    print(f"{orders}: {entry.write_queues} queues at {entry.broker}, {entry.addresses}")

# %% [markdown]
# ### The same question by hand
#
# There is no magic in it. RocketMQ's protocol, *remoting*, is a TCP connection with frames:
#
# | bytes | content |
# | --- | --- |
# | 4 | length of what follows |
# | 4 | length of the header; its first byte names the header's format, 0 is JSON |
# | ... | the header: a request code, the number of the request (`opaque`), fields |
# | ... | the body |
#
# Here is the route look-up in plain Python. `105` is `GET_ROUTEINFO_BY_TOPIC`.

# %%
import json
import socket
import struct


def ask_for_route(namesrv, topic):
    """Send one frame to a NameServer, and return the route that it answers."""
    request = {
        "code": 105,
        "opaque": 1,
        "flag": 0,
        "language": "PYTHON",
        "version": 0,
        "extFields": {"topic": topic, "acceptStandardJsonOnly": "true"},
    }
    header = json.dumps(request).encode()
    host, _, port = namesrv.partition(":")
    with (
        socket.create_connection((host, int(port)), timeout=3) as connection,
        connection.makefile("rb") as stream,
    ):
        connection.sendall(struct.pack(">ii", 4 + len(header), len(header)) + header)
        length, header_length = struct.unpack(">ii", stream.read(8))
        header_length &= 0xFFFFFF  # without the format byte
        answer = json.loads(stream.read(header_length))
        body = stream.read(length - 4 - header_length)
    if answer["code"] != 0:
        raise LookupError(answer["remark"])
    return json.loads(body)


print(json.dumps(ask_for_route(lab.namesrv, orders), indent=2))

# %% [markdown]
# `"0"` is the broker's id: 0 is a master, which takes messages; slaves have higher numbers. `perm` 6 is 4 (read) + 2 (write).
#
# A topic that nobody has created has no route:

# %%
from rmqlab import expect_error

with expect_error(LookupError):
    ask_for_route(lab.namesrv, "refunds")

# %% [markdown]
# ### Exercise 01.1: the way to `payments`
#
# A producer wants to send to `payments`. To which `address` does it connect, and from how many `queues` may it choose?
# Take both from the NameServer's answer.

# %%
### BEGIN SOLUTION
### LEARNER: address = ...  # "host:port"
### LEARNER: queues = ...  # a number
route = ask_for_route(lab.namesrv, payments)
address = route["brokerDatas"][0]["brokerAddrs"]["0"]
queues = route["queueDatas"][0]["writeQueueNums"]
### END SOLUTION

# %%
lab.check("01.1", address=address, queues=queues)
# lab.hint("01.1")

# %% [markdown]
# ## 2. What does a send do?
#
# Before we send, a live picture. Leave it in sight and watch it while you run the cells below. Later, click a dot:
# it is a message.

# %%
lab.view("queues", topic=[orders, payments])

# %% [markdown]
# The producer picks the queue. `send_sync` takes one after the other. `send_orderly_with_sharding_key` takes the one that
# the key's hash points to: equal keys, equal queue. We use the second, so that all messages of an order stay together.

# %%
import random

from rocketmq.client import Message, Producer

amounts = random.Random(SEED)
producer = Producer("shop", timeout=3000)
producer.set_name_server_address(lab.namesrv)
producer.start()


def send(topic, number, shop=producer):
    order = f"order-{number}"
    message = Message(topic)
    message.set_keys(order)
    message.set_body(json.dumps({"order": number, "amount": amounts.randint(5, 90)}))
    return shop.send_orderly_with_sharding_key(message, order)


for number in range(1, ORDERS + 1):
    result = send(orders, number)
    if number % 3 == 0:
        send(payments, number)  # every third customer pays at once
print(result)

# %% [markdown]
# The last answer says: `OK`, the message's id, and its offset in *its queue*. We look up the rest. (`eventually` asks again
# for up to three seconds: a message can be read about a millisecond after the answer.)

# %%
from rmqlab.checks import eventually


def with_its_id():
    return [stored for stored in lab.admin.messages(orders) if stored.msg_id == result.msg_id]


(found,) = eventually(with_its_id)
print(f"{found.keys}: queue {found.queue_id} of {found.broker}, offset {found.queue_offset}")

# %% [markdown]
# Four steps led there:
#
# 1. **Route.** The producer asked the NameServer for the topic's route: four queues at one broker. It keeps the answer.
# 2. **Pick a queue.** The producer chose one of the four, by the hash of the key.
# 3. **Append.** It sent the message to that queue's broker, which appended it to a file.
# 4. **Answer.** The broker answered with a status, and the message's offset in the queue.
#
# Here are the queues now, of both topics. Within a picture equal letters are equal keys.

# %%
lab.view("queues", topic=orders).snapshot()

# %%
lab.view("queues", topic=payments).snapshot()

# %% [markdown]
# ## 3. In which file does it lie?
#
# You might expect a file for each topic, or for each queue. Look at the broker's store:

# %%
store = lab.cluster.folder / "broker-a" / "store"
for file in sorted(store.rglob("0" * 20)):
    print(file.relative_to(store).as_posix())

# %% [markdown]
# There is **one commit log** with the messages of *all* topics, in the order in which they came. Appending to one file
# is the fastest thing that a disk can do. A file's name is the place at which it begins.
#
# Beside it lies a small **consume queue** for each queue that has messages. Let us read the commit log itself, byte by byte.

# %%
# The fixed part of a record, 88 bytes: size, magic number, checksum, queue, flag, offset
# in the queue, place in the commit log, ..., size of the body.
# Body, topic and properties follow.
RECORD = struct.Struct(">5i2qiq8sq8siqi")
MESSAGE = -626843481  # the magic number 0xDAA320A7


def read_commit_log(log):
    """Walk through a commit log from record to record."""
    at = 0
    while at + RECORD.size <= len(log):
        fields = RECORD.unpack_from(log, at)
        size, magic, _, queue_id, _, queue_offset, place, *_, body_size = fields
        if magic != MESSAGE:
            return  # the rest of the file is still empty
        topic_at = at + RECORD.size + body_size
        topic = log[topic_at + 1 : topic_at + 1 + log[topic_at]].decode()
        yield place, size, topic, queue_id, queue_offset
        at += size


log = (store / "commitlog" / ("0" * 20)).read_bytes()
records = list(read_commit_log(log))
for _, _, topic, queue_id, queue_offset in records[-10:]:
    print(f"{topic:9} queue {queue_id}  offset {queue_offset}")

# %% [markdown]
# `orders` and `payments`, mixed as they came. Each queue counts for itself: its offsets are 0, 1, 2 ... without a gap.
#
# Is there really nothing between two messages?

# %%
ends = [place + size for place, size, *_ in records[:-1]]
begins = [place for place, *_ in records[1:]]
print("each record begins where the one before ends:", begins == ends)

# %% [markdown]
# But how does a consumer of *one* queue find its messages in there, without reading everything?
#
# By the consume queue: 20 bytes for each message, in the order of the queue, all numbers big-endian.
#
# | bytes | content |
# | --- | --- |
# | 8 | the message's place in the commit log |
# | 4 | its size there |
# | 8 | the hash of its tag, to filter without reading the message |
#
# The broker writes the entry about a millisecond after the message, from the commit log. If consume queues are lost,
# it makes them again.
#
# ### Exercise 01.2: from the queue's offset to the bytes
#
# `found` is the last order. Its consume queue is the file
# `store / "consumequeue" / orders / str(found.queue_id) / ("0" * 20)`. Read its entry: put the message's place in the
# commit log into `place`, and its size into `size`.

# %%
### BEGIN SOLUTION
### LEARNER: place = ...
### LEARNER: size = ...
queue_file = store / "consumequeue" / orders / str(found.queue_id) / ("0" * 20)
entry_at = found.queue_offset * 20
place, size, tag_hash = struct.unpack_from(">qiq", queue_file.read_bytes(), entry_at)
print(log[place : place + size][RECORD.size :][:30])
### END SOLUTION

# %%
lab.check("01.2", place=place, size=size, found=found)
# lab.hint("01.2")

# %% [markdown]
# ## 4. And if the address book is closed?
#
# ### Exercise 01.3: predict, then run
#
# The next cell pauses the NameServer: the process stands still and answers nobody. Then our producer sends an order. What
# happens? Write `"OK"` or `"error"`.

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # "OK" or "error"
prediction = "OK"  # the producer remembers the route
### END SOLUTION

# %%
namesrv = lab.nodes["namesrv"]
namesrv.pause()
try:
    meanwhile = send(orders, ORDERS)
finally:
    namesrv.resume()
print(meanwhile.status.name)

# %%
lab.check("01.3", prediction=prediction, result=meanwhile)
# lab.hint("01.3")

# %% [markdown]
# That memory is the **route cache**. A client looks again every 30 s (`pollNameServerInterval`; in this course every
# second, so that you need not wait). It is why a cluster outlives its NameServers for a while, and why a client may
# talk to a broker that is gone.
#
# ## 5. Who gets it?
#
# A consumer belongs to a group. Here is one worker of a team, who notes what arrives:

# %%
from rocketmq.client import ConsumeStatus, PushConsumer


def start_worker(name, group, inbox):
    def handle(message):
        inbox.put((name, message.id))
        return ConsumeStatus.CONSUME_SUCCESS

    consumer = PushConsumer(group)
    consumer.set_name_server_address(lab.namesrv)
    consumer.subscribe(orders, handle)
    consumer.start()
    return consumer


# %% [markdown]
# `deliver` is our experiment. It starts a consumer for each worker, waits until each group's members share the queues,
# lets every shop send `ORDERS` orders, and counts what each worker received.

# %%
from collections import Counter


def shared(group, workers):
    """Tell whether that many workers are in a group, and share all four queues."""
    shares = [len(member.assigned) for member in lab.admin.consumers(group)]
    return len(shares) == workers and all(shares) and sum(shares) == 4


def deliver(teams, shops=(producer,)):
    """Return how many new orders each worker got; `teams` maps worker to group."""
    inbox = lab.inbox()
    groups = Counter(teams.values())
    consumers = [start_worker(worker, group, inbox) for worker, group in teams.items()]
    try:
        eventually(lambda: all(shared(*team) for team in groups.items()), timeout_s=15)
        numbers = range(1, ORDERS + 1)
        sent = {send(orders, number, shop).msg_id for shop in shops for number in numbers}
        expected = len(sent) * len(groups)

        def news(items):
            return [worker for worker, msg_id in items if msg_id in sent]

        def behind():
            return [p for group in groups for p in lab.admin.consume_stats(group, orders).values() if p.lag]

        inbox.wait_for(expected, until=lambda items: len(news(items)) >= expected, timeout_s=30)
        eventually(lambda: not behind())  # a consumer reports its progress once a second
        return dict(sorted(Counter(news(inbox.items)).items()))
    finally:
        for consumer in consumers:
            consumer.shutdown()


# %% [markdown]
# Two shops (the web shop and an app) send to one topic: **fan-in**. Two teams receive all of it: **fan-out**. Both at once is
# **many-to-many**. The sender never changes when a team joins: that is what a topic is for.

# %%
app = Producer("app", timeout=3000)
app.set_name_server_address(lab.namesrv)
app.start()
try:
    print(deliver({"anna": "stock", "carla": "billing"}, shops=[producer, app]))
finally:
    app.shutdown()

# %% [markdown]
# Each of the two groups got everything. Anna is busy: Ben comes to help her.
#
# ### Exercise 01.4: predict, then run
#
# Anna and Ben both work for the group `stock`, Carla for `billing`. One shop sends `ORDERS` orders. How many
# **deliveries** are there, all three workers together? Write down a number first.

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number
prediction = 2 * ORDERS  # once for each group, however many work in it
### END SOLUTION

# %%
deliveries = deliver({"anna": "stock", "ben": "stock", "carla": "billing"})
deliveries

# %%
lab.check("01.4", prediction=prediction, delivered=deliveries)
# lab.hint("01.4")

# %% [markdown]
# Anna and Ben shared: RocketMQ gave each of them two of the four queues. That is **rebalancing**. A queue belongs to one
# member of a group at a time, so a fifth worker for four queues would have nothing to do. (RocketMQ 5 knows a second way,
# pop, without this limit: lab 12.)
#
# ### Exercise 01.5: the right groups
#
# Dora joins. She counts orders for *analytics*, and must see all of them. Anna and Ben still share the packing: no order
# may be packed twice. Carla still charges every order.
#
# Write into `teams` which group each of the four belongs to, and run the experiment with it.

# %%
### BEGIN SOLUTION
### LEARNER: teams = ...  # {"anna": ..., "ben": ..., "carla": ..., "dora": ...}
### LEARNER: delivered = ...  # deliver(teams)
teams = {"anna": "stock", "ben": "stock", "carla": "billing", "dora": "analytics"}
delivered = deliver(teams)
print(delivered)
### END SOLUTION

# %%
lab.check("01.5", teams=teams, delivered=delivered)
# lab.hint("01.5")

# %% [markdown]
# Two of the three groups in a picture. Each has its own mark in each queue, ▲ or ■: how far it has come. The messages are there once,
# and a dot is hollow once every group of the picture has read it.

# %%
lab.view("queues", topic=orders, groups=["stock", "billing"]).snapshot()

# %% [markdown]
# ## 6. What is RocketMQ made of?
#
# These are RocketMQ's own parts, as they lie on your machine:

# %%
from rmqlab.runtime import ensure_jars

for jar in sorted(ensure_jars()):
    if jar.name.startswith("rocketmq-") and jar.name.endswith("-5.4.0.jar"):
        print(jar.name)

# %% [markdown]
# Texts about RocketMQ 4 list these modules. Not all of them are still there:
#
# | module | what it does | today |
# | --- | --- | --- |
# | **namesrv** | the NameServer | here |
# | **broker** | takes, keeps and hands out messages | here |
# | **store** | commit log, consume queues, index | here |
# | **client** | producers and consumers | here |
# | **remoting** | the frames that you sent by hand | here |
# | **common** | what all the others share | here |
# | **filter** | SQL92 conditions on a message's properties | here |
# | **tools** | `mqadmin` | here |
# | **srvutil** | small things for servers, such as watching files | here |
# | **example**, **test**, **distribution** | examples, tests, the packed download | in the source, not installed here |
# | **openmessaging** | another API over the client | in the source, not installed here |
# | **filtersrv** | ran filters that were uploaded as Java code | **gone** since 4.3.0; use SQL92 |
# | **logappender** | sent a program's log to RocketMQ | **gone** since 4.9.3 (a project of its own) |
# | **logging** | RocketMQ's own logging | **gone** since 5.1.0; a shaded logback took its place |
# | **acl** | access control, first version | **gone** since 5.3.3; **auth** took its place |
#
# New in RocketMQ 5: **proxy** (speaks gRPC, for lightweight clients), **controller** (chooses a new master), **auth** (access
# control, second version), **tiered-store** (old messages on cheap storage), and **container** (several brokers in one process;
# not needed here).

# %%
producer.shutdown()

# %% [markdown]
# ## What to remember
#
# 1. The NameServer knows the routes and never sees a message. Clients remember routes, and look again every 30 s.
# 2. A send is: route, pick a queue, append, answer. The *client* picks the queue.
# 3. A broker keeps the messages of all topics in one commit log. A consume queue holds 20 bytes for each message: where it lies.
# 4. An offset counts within one queue. It is not a place in a file.
# 5. Every group gets every message; the members of a group share the queues.
#
# > **Where this bites in production**
# >
# > - The route holds the address that the broker announces, `brokerIP1`. On a machine with several networks, or in a
# >   container, it is easily one that clients cannot reach: the look-up works, the send fails.
# > - A killed broker leaves the route when its connection closes. One that hangs stays for up to 120 s (the NameServer drops a
# >   broker that has been silent for so long), and clients may keep it for `pollNameServerInterval` = 30 000 ms more.
# > - A new consumer is noticed at once, but a lost notice costs up to 20 s: `rocketmq.client.rebalance.waitInterval`. Progress is
# >   saved every 5 s (`persistConsumerOffsetInterval`): after a crash those messages come again.
# > - More consumers than queues: the rest is idle. A topic that is created by a first send (`autoCreateTopicEnable`, `true` by default) gets
# >   4 queues on each broker: the smaller of the client's 4 and the broker's 8 (both call it `defaultTopicQueueNums`). Create topics yourself.
# > - All topics share the commit log (files of `mappedFileSizeCommitLog` = 1 GB): one topic that floods the broker
# >   fills the disk and the page cache of all others, and shortens how long their messages are kept.
# > - With `storeType` = `defaultRocksDB` (the default is `default`), consume queues lie in RocksDB, not in these files.
# > - Members of one group must subscribe to the same topics and filters. If not, messages go missing without an error.
#
# **Back:** [00 · Does a message really leave my notebook?](00-welcome.ipynb) · **Next:** [02 · When do I know it arrived?](02-send-modes.ipynb)
