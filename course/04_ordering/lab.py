# %% [markdown]
# # 04 · Who came first?
#
# An order in our shop is created, paid, delivered, and signed for. Four steps, four messages. A customer who reads *delivered* before *paid*
# calls us. What does RocketMQ promise about order, what does the promise cost, and what breaks it? We break it in five ways, and repair
# it each time. About 45 minutes.

# %% tags=["parameters"]
ORDERS = 5  # orders in each trial; each has four steps
COUNT = 120  # messages in the measurement

# %%
from rmqlab import start_lab

lab = start_lab(
    "04-ordering",
    topology="multi-master",
    properties={"sendMessageThreadPoolNums": 4},
)

# %% [markdown]
# Two brokers this time: at the end, one of them dies. (The property says how many threads of a broker store messages. 4 is RocketMQ's own
# value on a machine with four cores or more. We set it so that section 4 goes the same way on a smaller one.)
#
# Order has a price, so first: where do we need it?
#
# | order matters | within | order does not matter |
# | --- | --- | --- |
# | the steps of an order | one order | mails, receipts, leaflets |
# | bids for a share: the first bid buys | one share | who looked at which article |
# | codes by SMS: the last one counts | one telephone | counts and sums |
# | boarding: row 30 first, then row 29 | one flight | records that carry their own time |
#
# Look at the column in the middle: hardly anybody needs **one** order for everything. That will save us.
#
# ## 1. One queue: everything in order
#
# A queue is a list. The broker appends at its end, a consumer reads from its front. What lies in **one queue** has an order, and
# what lies in two has none. So the simplest way to have everything in order is a topic with one queue, on one broker.

# %%
register = lab.topic("register", queues=1, broker="broker-a")

# %%
import time

from rmqlab.client import ConsumeStatus, Message, Producer, PushConsumer

STEPS = ("create", "pay", "deliver", "sign")

producer = Producer("shop", namesrv=lab.namesrv, timeout_ms=3000)
producer.start()


def send_steps(topic, send, steps=STEPS):
    """Send the steps of all orders as they happen; return the messages' ids."""
    ids = []
    for step in steps:  # each order is created, then each is paid, ...
        for number in range(1, ORDERS + 1):
            order = f"order-{number}"
            message = Message(topic, f"{step} {order}", tags=step, keys=order)
            ids.append(send(message, order).msg_id)
            time.sleep(0.002)  # the brokers' clocks, by which we compare, count milliseconds
    return ids


# %% [markdown]
# The consumer is the page on which customers see how far their orders are. It notes a step when it is **done** with it, and returns
# `CONSUME_SUCCESS`. `work` says what it does with a step: that may take its time, and it may fail. Then the page returns
# `RECONSUME_LATER`: please try again.


# %%
def consume(topic, ids, work=None, page=None, meanwhile=None, patience_s=15, **settings):
    """Consume until all messages with these ids are done, or nothing has come for `patience_s`.

    Return what was done and what failed, each a list of (order, step). `settings` are PushConsumer's.
    """
    done = lab.inbox() if page is None else page
    before = len(done)
    failed = lab.inbox()
    left = set(ids)
    latest = time.monotonic() + 15  # a consumer needs a moment to begin

    def on_step(message):
        nonlocal latest
        if message.id in ids:  # others are left over from an earlier trial
            name = (message.keys.decode(), message.tags.decode())
            ok = work is None or work(*name)
            (done if ok else failed).put(name)
            latest = time.monotonic()
            if not ok:
                return ConsumeStatus.RECONSUME_LATER
            left.discard(message.id)
        return ConsumeStatus.CONSUME_SUCCESS

    with PushConsumer(f"{topic}-page", namesrv=lab.namesrv, **settings) as consumer:
        consumer.subscribe(topic, on_step)
        if meanwhile:
            meanwhile()
            latest = max(latest, time.monotonic())  # patience begins now
        while left and time.monotonic() < latest + patience_s:
            time.sleep(0.02)
    return {"consumed": done.items[before:], "failed": failed.items}


def trial(topic, send, work=None, **settings):
    """Send all steps, then consume them; return what the picture needs."""
    since = lab.admin.topic_stats(topic)  # the picture leaves out what was there before
    ids = send_steps(topic, send)
    return {"topic": topic, "since": since, "steps": STEPS, **consume(topic, ids, work, **settings)}


# %% [markdown]
# `orderly=True` is RocketMQ's `MessageListenerOrderly`; what that does, and what happens without it, comes soon. Here is one lane for
# each order: above as the broker stored its steps, below as the page was done with them.


# %%
def anywhere(message, order):
    return producer.send(message)  # as in the labs before: the queues take turns


in_one_queue = trial(register, anywhere, orderly=True)

# %%
lab.view("lanes", **in_one_queue).snapshot(quiet_s=0)

# %% [markdown]
# All in order: not only the steps of each order, but all twenty messages. This is **global order**. Its price: one queue has one reader,
# and lies on one broker. When that broker is down, everything waits.
#
# ## 2. Four queues, and no order
#
# Now a topic with two queues on each of our two brokers.

# %%
steps = lab.topic("steps", queues=2)

# %% [markdown]
# ### Exercise 04.1: predict, then run
#
# Each message carries its order as its **key**: `keys="order-1"`. We send the same twenty messages to `steps`. In how many of the four
# queues will the four steps of `order-1` lie?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number from 1 to 4
prediction = 4  # the producer takes the queues in turn, and asks no key
### END SOLUTION

# %%
spread = trial(steps, anywhere, orderly=True)

# %%
lab.check("04.1", prediction=prediction, spread=spread)
# lab.hint("04.1")

# %% tags=["nbval-ignore-output"]
lab.view("lanes", **spread).snapshot(quiet_s=0)

# %% [markdown]
# The consumer was orderly, and it did not help: each *queue* was read in order, and which queue came first was chance. (If all lanes are
# in order on your machine, that was luck. Run the trial again.)
#
# ## 3. In order where it matters
#
# Nobody needs `order-1` before `order-2`. We need the four steps of `order-1` in *their* order. So: **all messages of one order into one
# queue, different orders into different queues.** RocketMQ calls this partition order, and what decides the queue the **sharding key**.
#
# | | message key | sharding key |
# | --- | --- | --- |
# | what for | finding a message again | choosing its queue |
# | who reads it | the broker's index, people | the **producer**, when it sends |
# | property | `KEYS` | `__SHARDINGKEY` |
# | how many | several | one |
# | does it order anything? | **no** | yes |
#
# (In Kafka the key of a record does both. In RocketMQ it does not.) The producer chooses with a `MessageQueueSelector`: a function that
# gets all queues, the message and an argument of yours, and returns one queue. `producer.send(message, selector=f, arg=order)` calls
# `f(queues, message, order)`.
#
# ### Exercise 04.2: each order into one queue
#
# Write `to_its_queue(message, order)`. It sends the message so that all steps of an order lie in one queue, in order, and different
# orders use different queues. It returns the broker's answer. The check sends 23 orders through it. (`hash()` of a text is another
# one in each Python process, so a second producer would disagree. `zlib.crc32(order.encode())` is always the same.)

# %%
import zlib


### BEGIN SOLUTION
### LEARNER: def to_its_queue(message, order):
### LEARNER:     ...
def choose(queues, message, order):
    return queues[zlib.crc32(order.encode()) % len(queues)]


def to_its_queue(message, order):
    return producer.send(message, selector=choose, arg=order)


### END SOLUTION

# %%
lab.check("04.2", to_its_queue=to_its_queue)
# lab.hint("04.2")

# %% [markdown]
# The classic package has this built in: `send_orderly_with_sharding_key(message, key)` notes the key in `__SHARDINGKEY`, and chooses with
# `SelectMessageQueueByHash`: Java's `hashCode()` of the key, modulo the number of queues. From here on we send with it:


# %%
def by_order(message, order):
    return producer.send_orderly_with_sharding_key(message, order)


# %% [markdown]
# A live picture; keep it in sight while the next cell runs.

# %%
page = lab.inbox()
lab.view("lanes", topic=steps, since=lab.admin.topic_stats(steps), consumed=page, steps=STEPS, by="sharding")


# %%
def slowly(order, step):
    time.sleep(0.05)
    return True


in_order = trial(steps, by_order, slowly, page=page, orderly=True)

# %%
lab.view("lanes", **in_order).snapshot(quiet_s=0)

# %% [markdown]
# Every order in order, and four queues at work. Two orders share a queue (five orders, four queues): remember which.
#
# `orderly=True` did its part. An orderly consumer **locks** each of its queues at the broker, so that no other member of the group reads
# it, and works on it with one thread at a time.
#
# ### What the second, third and fourth queue are worth
#
# The same messages for `register` and for `steps`; each takes the page 10 ms.


# %%
def measure(topic):
    """Return how many messages a second were sent, and how many were consumed."""
    keys = [f"k{number}" for number in range(COUNT)]
    began = time.perf_counter()
    ids = [by_order(Message(topic, "x", tags="x", keys=key), key).msg_id for key in keys]
    sent_s = time.perf_counter() - began
    ends = {}

    def work(*name):
        time.sleep(0.01)
        ends[name] = time.perf_counter()
        return True

    consume(topic, ids, work, orderly=True)
    took_s = max(ends.values()) - min(ends.values())
    return COUNT / sent_s, (len(ends) - 1) / took_s


rates = {"1 queue": measure(register), "4 queues": measure(steps)}

# %% tags=["nbval-ignore-output"]
for topic, (sent, consumed) in rates.items():
    print(f"{topic:8}  sent {sent:5,.0f} a second, consumed {consumed:4,.0f} a second")

# %% [markdown]
# Sending is about as fast either way: a broker writes all its queues into one commit log (lab 01). Consuming is not. An orderly consumer
# works at **one** message of a queue at a time, so a queue of 10 ms messages gives at most 100 a second, however many consumers and
# threads you have. Four queues give up to four times that. The number of queues limits how much is done side by side.
#
# ## 4. Five ways to lose it
#
# ### One: a concurrent listener
#
# The default is not orderly. Twenty threads take messages as they come. Now *create* takes longer than the rest, since it writes to a database:


# %%
def create_is_slow(order, step):
    if step == "create":
        time.sleep(0.5)
    return True


concurrent = trial(steps, by_order, create_is_slow)

# %% tags=["nbval-ignore-output"]
lab.view("lanes", **concurrent).snapshot(quiet_s=0)

# %% [markdown]
# Above, all is well: the broker has every order in its queue, in order. The consumer itself overtakes. "One thread, then?" Wait for it.
#
# ### Two: a retry
#
# One thread (`threads=1`), and the payment service refuses order 1 once. (`retry_delay_level=1`: after one second. The default begins with ten.)


# %%
def fails_once(at):
    """Return work that fails at the step `at`, an (order, step), the first time."""
    failed = []

    def work(order, step):
        if (order, step) == at and not failed:
            failed.append(at)
            return False
        return True

    return work


retried = trial(steps, by_order, fails_once(("order-1", "pay")), threads=1, retry_delay_level=1)

# %%
lab.view("lanes", **retried).snapshot(quiet_s=0)

# %% [markdown]
# Delivered, signed for, paid. A message that fails concurrently does not go back into its queue: it is sent to another topic,
# `%RETRY%steps-page`, with a delay, and its queue goes on without it. (Its chip still names the queue that it was stored in first.)
#
# ### Exercise 04.3: repair both
#
# Choose `settings` for the consumer, so that each order stays in order although the payment fails once. Run the trial with them and keep
# it in `repaired`.

# %%
### BEGIN SOLUTION
### LEARNER: settings = ...  # such as {"threads": 1, "retry_delay_level": 1}
### LEARNER: repaired = ...  # trial(steps, by_order, fails_once(("order-1", "pay")), **settings)
settings = {"orderly": True}
repaired = trial(steps, by_order, fails_once(("order-1", "pay")), **settings)
### END SOLUTION

# %%
lab.check("04.3", repaired=repaired)
# lab.hint("04.3")

# %% [markdown]
# An orderly consumer that fails says `SUSPEND_CURRENT_QUEUE_A_MOMENT`: the message stays where it is, and is tried again after
# `suspendCurrentQueueTimeMillis` (1 s). Nothing passes it. That has a price of its own.
#
# ### Exercise 04.4: predict, then run
#
# This time the payment service is down for half a minute: `order-1`'s payment fails, and will be tried again only after 30 s
# (`suspend_ms=30_000`). Which **other** orders have to wait with it? The last picture knows. Write a set, such as `{"order-2",
# "order-3"}`, or `set()` for none.

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a set of orders
prediction = {"order-5"}  # the only one in order-1's queue
### END SOLUTION

# %%
payment_down = fails_once(("order-1", "pay"))
stuck = trial(steps, by_order, payment_down, patience_s=6, orderly=True, suspend_ms=30_000)

# %%
lab.check("04.4", prediction=prediction, stuck=stuck)
# lab.hint("04.4")

# %%
lab.view("lanes", **stuck).snapshot(quiet_s=0)

# %% [markdown]
# `order-5` has done nothing wrong: it lives in the same queue. And it goes on like this for as long as the step fails: an orderly
# consumer tries **without end** (`maxReconsumeTimes` = -1 means 2,147,483,647 here, 16 for a concurrent one). A message that can never
# succeed blocks its queue for ever, with everything behind it. So give it a limit, or catch the error, put the message aside (a table, an
# alarm) *together with the later steps of its order*, and return success.
#
# ### Three: oneway
#
# Up to here each send waited for its answer. `send_oneway` does not, and then messages are on their way side by side: a broker has
# several threads that store them (`sendMessageThreadPoolNums`), and the threads race.

# %%
from rmqlab.checks import eventually


def burst(send):
    """Send 200 numbered messages to one queue; return its end before, and how many lie behind a later one."""
    since = lab.admin.topic_stats(register)
    (start,) = (extent.max_offset for extent in since.values())
    for number in range(200):
        send(Message(register, "x", tags=str(number), keys="order-1"))

    def stored():
        return [m for m in lab.admin.messages(register, limit=256) if m.queue_offset >= start]

    numbers = [int(m.tags) for m in eventually(stored, until=lambda found: len(found) == 200, timeout_s=10)]
    late = sum(number < max(numbers[:place], default=0) for place, number in enumerate(numbers))
    return since, late


since, late = eventually(lambda: burst(producer.send_oneway), until=lambda seen: seen[1], timeout_s=20)
print("oneway, out of order in the store:", late > 0)

# %% tags=["nbval-ignore-output"]
numbers = [str(number) for number in range(200)]
lab.view("lanes", topic=register, since=since, steps=numbers).snapshot(quiet_s=0)

# %% [markdown]
# Only a few, and only in a burst: the kind of fault that no test finds. This one no consumer can repair: it is the *store* that is out of
# order. (`send_async` races too, if you do not wait for the answer before you send the order's next step.) The repair is to wait:

# %%
_, late = burst(producer.send)
print("sync, out of order in the store:", late > 0)

# %% [markdown]
# Waiting orders *one thread's* sends. Two threads, or two servers, that send steps of the same order race again: the steps of an order
# must come from one place, or wait for each other.
#
# ### Four: more queues
#
# The shop grows, and so does the topic: from four queues to six, between *pay* and *deliver*. (In production, on each broker:
# `mqadmin updateTopic … -r 3 -w 3`.)

# %%
lab.admin.delete_topic("growing")  # of an earlier run

# %%
lab.admin.delete_group("growing-page")  # its progress

# %%
growing = lab.topic("growing", queues=2)


# %%
def producer_knows(topic, queues):
    """Wait until the producer's route of the topic has so many queues; return them."""

    def known(found):
        return len(found) == queues

    return eventually(lambda: producer.queues(topic), until=known, timeout_s=15)


def grow(queues):
    """Give the topic so many queues on each of the two brokers."""
    lab.admin.create_topic(growing, queues=queues)
    producer_knows(growing, 2 * queues)


def homes(topic, since):
    """Return the queues in which the steps of each order lie."""
    found = {}
    for message in lab.admin.messages(topic, limit=500):
        before = since.get(message.queue)
        if before is None or message.queue_offset >= before.max_offset:
            found.setdefault(message.keys, set()).add(message.queue)
    return found


producer_knows(growing, 4)
since = lab.admin.topic_stats(growing)
ids = send_steps(growing, by_order, STEPS[:2])
grow(3)
ids += send_steps(growing, by_order, STEPS[2:])
eventually(lambda: {*ids} <= {message.msg_id for message in lab.admin.messages(growing, limit=500)})
apart = [order for order, queues in homes(growing, since).items() if len(queues) > 1]
print("in two queues:", sorted(apart))

# %%
outgrown = {"topic": growing, "since": since, "steps": STEPS}
outgrown |= consume(growing, ids, create_is_slow, orderly=True)

# %% tags=["nbval-ignore-output"]
lab.view("lanes", **outgrown).snapshot(quiet_s=0)

# %% [markdown]
# `hashCode() % 4` and `hashCode() % 6` are often different queues, here those of three orders of five. Whenever the old queue is behind, the new one is faster. The repair: **stop
# sending, let every group that needs the order finish (lag 0), then grow.**

# %%
since = lab.admin.topic_stats(growing)
first = send_steps(growing, by_order, STEPS[:2])
drained = consume(growing, first, create_is_slow, orderly=True)
grow(4)
second = send_steps(growing, by_order, STEPS[2:])
rest = consume(growing, second, orderly=True)

# %%
steps_done = drained["consumed"] + rest["consumed"]
lab.view("lanes", topic=growing, since=since, steps=STEPS, consumed=steps_done).snapshot(quiet_s=0)

# %% [markdown]
# In two queues again, and in order all the same. Most people do it the other way round: they give an ordered topic as many queues as it
# will ever need on its first day.
#
# ### Five: a dead broker
#
# Nobody plans this change of the number of queues. When a broker dies, its queues leave the route, and `hashCode() % 4` becomes `hashCode() % 2`.
#
# ### Exercise 04.5: break it and prove it
#
# *create* and *pay* have been sent. **Break it:** kill `broker-b` (`lab.nodes["broker-b"].kill()`), and wait until the producer knows that there are
# only two queues left: `producer_knows(steps, 2)`.

# %%
producer_knows(steps, 4)
since = lab.admin.topic_stats(steps)
ids = send_steps(steps, by_order, STEPS[:2])
### BEGIN SOLUTION
### LEARNER: ...
lab.nodes["broker-b"].kill()
print(len(producer_knows(steps, 2)), "queues are left")
### END SOLUTION

# %% [markdown]
# The other two steps are sent. The page comes, and works off what it can read. Then `broker-b` is started again.


# %%
def restart_it():
    def behind():
        progress = lab.admin.consume_stats(f"{steps}-page", steps)
        return sum(each.lag for queue, each in progress.items() if queue.broker == "broker-a")

    eventually(behind, until=lambda lag: lag == 0, timeout_s=15)
    if str(lab.nodes["broker-b"].state) == "down":
        lab.nodes["broker-b"].restart()


ids += send_steps(steps, by_order, STEPS[2:])
crashed = {"topic": steps, "since": since, "steps": STEPS}
crashed |= consume(steps, ids, meanwhile=restart_it, patience_s=20, orderly=True)

# %% [markdown]
# **Prove it:** put into `moved` the set of orders whose steps lie in more than one queue. `homes(steps, since)` asks the broker.

# %%
### BEGIN SOLUTION
### LEARNER: moved = ...  # a set of orders
moved = {order for order, queues in homes(steps, since).items() if len(queues) > 1}
print(sorted(moved))
### END SOLUTION

# %%
lab.check("04.5", moved=moved, since=since)
# lab.hint("04.5")

# %%
lab.view("lanes", **crashed).snapshot(quiet_s=0)

# %% [markdown]
# No error anywhere: each send was answered with `OK`. The three orders of `broker-b` were continued on `broker-a`, and the page read the
# continuation first.
#
# The repair is a decision: **order or availability?** A producer that chooses among *all* queues, the dead ones too, cannot send these
# orders' steps while `broker-b` is away, and says so. Then the program waits, or puts them aside, and no step passes another.
# On `growing`, with its eight queues by now:

# %%
from rocketmq.exceptions import ProducerSendSyncFailed

at_home = producer_knows(growing, 8)


def by_fixed_order(message, order):
    queue = at_home[zlib.crc32(order.encode()) % len(at_home)]
    return producer.send(message, queue=queue)


with lab.fault("kill", "broker-b"):
    for order in ("order-1", "order-3"):
        try:
            print(order, by_fixed_order(Message(growing, "x", tags="note", keys=order), order).status.name)
        except ProducerSendSyncFailed as error:
            print(order, type(error).__name__, "- its queue is away, so it waits")

# %%
producer.shutdown()

# %% [markdown]
# ## Five ways, five repairs
#
# | what breaks the order | where | repair |
# | --- | --- | --- |
# | concurrent listener | consumer | `orderly=True` (`MessageListenerOrderly`) |
# | retry | consumer | the same: the queue waits; limit the tries |
# | oneway, async without waiting | store | wait for each answer before the order's next step |
# | more queues | store | drain first, or have enough queues from the start |
# | dead broker | store | choose among a fixed list of queues, and bear the error |
#
# And RocketMQ never promises that a message comes only **once**: an ordered consumer that dies after its work and before its report sees
# the step again (lab 09). `sign` after `sign` is in order, and still twice.
#
# ## What to remember
#
# 1. Order is a property of one queue. Global order is one queue; partition order is one queue for each sharding key.
# 2. The sharding key chooses the queue, the message key finds the message. Only the first orders anything.
# 3. Order needs both ends: send to one queue and wait for each answer; consume with `MessageListenerOrderly`.
# 4. An orderly consumer's failure blocks its queue, and every other key in it. Give it a limit.
# 5. When the number of queues changes, by you or by a dead broker, keys move. No error tells you.
#
# > **Where this bites in production**
# >
# > - `maxReconsumeTimes` of an orderly consumer is -1: no end. Set a limit, and watch the lag **of each queue**: one blocked queue hides in the group's sum.
# > - With a limit, a message that fails too often leaves for `%DLQ%` + group, and its queue goes on: the order's later steps come without it.
# > - A consumer that dies keeps its queues' locks for up to 60 s (`rocketmq.broker.rebalance.lockMaxLiveTime`); nobody reads them meanwhile. Shut down
# >   properly: `shutdown()` gives them back. (The Java client's, 5.4.0, may take them again while it ends: its clock that locks them strikes a second after the
# >   start, then every 20 s, and `shutdown()` forgets to stop it. Then they are free after 60 s as well. The course's client stops it.)
# > - In a rebalance an orderly consumer gives a queue away when the message at work is done, or after 20 s (`rocketmq.client.unlockDelayTimeMills`). A step that takes longer
# >   may then be at work in two places.
# > - One very busy key is one very busy queue. Choose the smallest key that needs order: the order's number, not the customer's, not the shop's.
# > - A producer looks for new routes every 30 s (`pollNameServerInterval`; in this course every second). So after a broker's death its keys fail for up to
# >   half a minute, and then they move.
# > - `sendLatencyFaultEnable` and retries to another broker (`retryTimesWhenSendFailed`) do not touch sends with a selector: those are tried once.
# > - `mqadmin updateTopic -o true` (an order topic) keeps the list of queues fixed, dead brokers included, but only if the NameServers run with
# >   `orderMessageEnable=true` (default `false`). Static topics of RocketMQ 5 (`mqadmin updateStaticTopic`) keep the number of logical queues.
# > - In RocketMQ 5's own client the sharding key is called *message group*, and the topic has the type FIFO: lab 12.
#
# **Back:** [03 · Who gets which message?](03-consuming.ipynb) · **Next:** [05 · Can a message wait?](05-delay.ipynb)
