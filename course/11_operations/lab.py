# %% [markdown]
# # 11 · What is my cluster doing?
#
# It is three in the morning, and the telephone rings: "orders are stuck". Where do you look? So far we asked the broker from Python, in a course's own words. Tonight we ask
# it as people do who run RocketMQ: with its own tool, `mqadmin`, with its metrics, with the trace of one message. We find out who is behind, and why an alarm slept;
# empty a dead-letter queue; fill a disk; stop a broker and kill one; and keep strangers out. About 45 minutes.

# %% tags=["parameters"]
ORDERS = 7  # orders that come while nobody looks
LIMIT = 5  # a group that is further behind than this wakes somebody

# %%
from rmqlab import start_lab

lab = start_lab(
    "11-operations",
    metrics=True,
    trace=True,
    delay_levels="1s 1s 1s 1s",
    properties={"flushConsumerOffsetInterval": 600_000},
)

# %% [markdown]
# This broker shows its metrics, keeps traces of messages, and retries after a second. The last line is for section 8. (All of it needs a cluster of our own: this lab does not run on one that somebody else
# runs. Take `RMQLAB_BACKEND=process` for it.)
#
# ## 1. Ask the cluster
#
# A shop, and three groups that read its orders. The mail service will fail with the first order once, and do it at the second try.

# %%
from itertools import count

from rmqlab.client import ConsumeFromWhere, ConsumeStatus, Message, Producer, PushConsumer

orders = lab.topic("orders", queues=4)

shop = Producer("shop", namesrv=lab.namesrv, timeout_ms=10_000, trace=True)
shop.start()

stored = sum(queue.max_offset for queue in lab.admin.topic_stats(orders).values())
numbers = count(stored + 1)  # each order has a number of its own, in a second run as well


def send_orders(pieces):
    """Send so many orders; return their keys."""
    keys = [f"order-{next(numbers)}" for _ in range(pieces)]
    for key in keys:
        shop.send(Message(orders, "a teapot", keys=key))
    return keys


# %%
import threading

done = {"stock": set(), "mail": set(), "payment": set()}  # the keys of what each group has done
at_work = {}  # the groups' consumers
mail_server = threading.Event()  # set: it answers
mail_server.set()
unlucky = f"order-{next(numbers)}"  # the mail service fails with it the first time


def start_group(group):
    """Start the one consumer of a group, unless it runs."""

    def on_order(message):
        key = message.keys.decode()
        if group == "mail":
            mail_server.wait(timeout=900)
            if key == unlucky and message.reconsume_times == 0:
                return ConsumeStatus.RECONSUME_LATER
        done[group].add(key)
        return ConsumeStatus.CONSUME_SUCCESS

    if group not in at_work:
        consumer = PushConsumer(group, namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST, trace=True)
        consumer.subscribe(orders, on_order)
        consumer.start()
        at_work[group] = consumer


def stop_group(group):
    """Shut the consumer of a group down, in order."""
    if group in at_work:
        at_work.pop(group).shutdown()


# %%
for group in done:
    start_group(group)
first = shop.send(Message(orders, "a teapot", keys=unlucky))
print("sent:", unlucky, *send_orders(3))

# %% [markdown]
# Whoever runs RocketMQ knows `mqadmin` by heart. Here it is, unchanged: `lab.mqadmin(...)` runs it as a process of its own, and adds the address of the NameServer (`-n`). In a terminal
# it is `rmqlab mqadmin topicRoute -t orders`, and where RocketMQ is installed `sh bin/mqadmin topicRoute -n localhost:9876 -t orders`.
#
# **Who has the topic?** What a NameServer tells each client:

# %%
print(lab.mqadmin("topicRoute", "-t", orders))

# %% [markdown]
# (Almost JSON: one key lacks its quotes.) `perm` 6 is read (4) and write (2). And the address is the one that the *broker* told the NameServer: we come back to it.
#
# **What is in it?** The same question twice: by mqadmin, and from Python.

# %% tags=["nbval-ignore-output"]
print(lab.mqadmin("topicStatus", "-t", orders))

# %%
for queue, extent in lab.admin.topic_stats(orders).items():
    held = extent.max_offset - extent.min_offset
    offsets = f"offsets from {extent.min_offset}, the next is {extent.max_offset}"
    print(f"{queue.broker} {queue.queue_id}: {held} message(s), {offsets}")

# %% [markdown]
# What people ask at three in the morning, in both languages:
#
# | question | mqadmin | Python |
# | --- | --- | --- |
# | who is there? | `clusterList` | `lab.admin.brokers()` |
# | who has the topic? | `topicRoute -t orders` | `lab.admin.route("orders")` |
# | what is in it? | `topicStatus -t orders` | `lab.admin.topic_stats("orders")` |
# | how far is the group? | `consumerProgress -g stock` | `lab.admin.consume_stats("stock")` |
# | who is online, with which queues? | `consumerConnection -g stock` | `lab.admin.consumers("stock")` |
# | how is the broker? | `brokerStatus -b ADDRESS` | `lab.admin.runtime_stats("broker-a")` |
# | where is this order? | `queryMsgByKey -t orders -k order-1` | `lab.admin.messages_by_key("orders", "order-1")` |
# | what became of it? | `queryMsgTraceById -i ID` | `lab.admin.trace(ID)` |
#
# They cannot disagree: both ask the same brokers through the same Java classes (`DefaultMQAdminExt` and what is below it). mqadmin prints, Python compares, and a program that reads printed
# tables breaks with the next version. So: mqadmin for people, the other for programs.
#
# ## 2. The way of one message
#
# "I never got a mail for my order." One order, of millions. Its key is in the index (`queryMsgByKey`), its id leads to its **trace**, if the broker keeps traces (`traceTopicEnable`) and clients
# write them (`trace=True` in this course, `enableMsgTrace` in Java). Each client notes what it did, and sends the notes, within seconds, as messages of a topic of RocketMQ's own.

# %%
from collections import Counter

from rmqlab.checks import eventually


def all_told(traces):
    """Tell whether all have noted what they did: a send, and four tries of three groups; mail needs two."""
    return Counter(trace.kind for trace in traces) == {"Pub": 1, "SubBefore": 4, "SubAfter": 4}


traces = eventually(lambda: lab.admin.trace(first.msg_id), until=all_told, timeout_s=20)
for group in sorted({trace.group for trace in traces}):
    print(f"{group:8}", [f"{trace.kind} {trace.detail}" for trace in traces if trace.group == group])

# %% tags=["nbval-ignore-output"]
lab.view("trace", traces=traces, message=lab.admin.message_by_id(orders, first.msg_id)).snapshot()

# %% [markdown]
# Sent, stored, and handed to three groups within half a second or less (the first message of a client is its slowest). Two groups were done at the first try. The mail service failed, and the order came again
# a second later (lab 09). A customer who calls a few seconds later can be told.
#
# Two limits. The notes are the *clients'*: one that was killed took its last ones along, one that does not trace is not there. And a trace costs: some notes for each message, in a topic that is written like
# any other. Large sites trace to brokers of their own.
#
# ## 3. How far behind?
#
# The number that everybody watches is the **lag**. People watch it on a dashboard, and that gets it from the broker's **metrics**: with `metricsExporterType=PROM` a broker serves them as text, at an
# address of its own (`metricsPromExporterPort`, 5557 by default). Prometheus comes by every 15 s or so and reads them, *scrapes* them. So can we:

# %%
from urllib.request import urlopen


def scrape():
    """Read the broker's metrics, as Prometheus does."""
    with urlopen(lab.nodes["broker-a"].metrics_url, timeout=10) as page:
        return page.read().decode()


for line in scrape().splitlines():
    if line.startswith("# HELP rocketmq_consumer"):
        print(line.split()[2])

# %% [markdown]
# These are those about consumers; there are dozens. One line a number, with *labels* in braces: which group, which topic, which broker. The package `prometheus_client`, which Jupyter itself uses, reads it:

# %%
from prometheus_client.parser import text_string_to_metric_families


def lags(page):
    """Return the lag of each group in each topic: {(group, topic): messages}."""
    return {
        (sample.labels["consumer_group"], sample.labels["topic"]): int(sample.value)
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "rocketmq_consumer_lag_messages"
    }


def lag(group):
    """Return the lag of a group in `orders`, as the broker reckons it when mqadmin asks."""
    return sum(each.lag for each in lab.admin.consume_stats(group, orders).values())


eventually(lambda: not any(lag(group) for group in done), timeout_s=20)
print({group: number for (group, topic), number in sorted(lags(scrape()).items()) if topic == orders})

# %% [markdown]
# ### Exercise 11.1: predict, then run
#
# The stock service is shut down for the night: its only consumer has gone, with everything done. Then seven orders come in. What is the lag of `stock` by
# `mqadmin consumerProgress`, and what by the metric `rocketmq_consumer_lag_messages`? (`None`: the metric is not there.)

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # two answers: (by mqadmin, by the metric)
prediction = (7, None)  # the metric counts for groups that are online
### END SOLUTION

# %%
start_group("stock")
eventually(lambda: lag("stock") == 0, timeout_s=20)
stop_group("stock")
eventually(lambda: not lab.admin.consumers("stock"), timeout_s=10)
night = send_orders(ORDERS)

told = lab.mqadmin("consumerProgress", "-g", "stock", "-t", orders)
print(next(line for line in told.splitlines() if line.startswith("Consume Diff Total")))
print("the metric:", lags(scrape()).get(("stock", orders)))

# %%
lab.check("11.1", prediction=prediction, night=night)
# lab.hint("11.1")

# %% [markdown]
# The metric is **not there**. It is not 0, it is gone: the broker works it out for groups that are online, and `stock` has no member (`ConsumerLagCalculator.processAllGroup`). An alarm "lag above
# 1000" compares nothing with 1000, and sleeps on. It wakes when the group comes back. So the worst case, nobody consumes at all, is the one that the usual alarm does not see.
#
# `consumerProgress` has the number, since what the group has reported is still there. For the metric, ask for its *absence*, too.
#
# ## 4. An alarm that does not sleep
#
# Now the mail server hangs as well. `mail` is online and stuck, `stock` is gone, `payment` works:

# %%
GROUPS = ("stock", "mail", "payment")  # who has to be there


def night_falls():
    """Let the mail server hang, the stock service be gone, and orders come in."""
    mail_server.clear()
    stop_group("stock")
    for group in ("mail", "payment"):
        start_group(group)
    send_orders(2 * LIMIT)
    eventually(lambda: lag("mail") > LIMIT and lag("payment") == 0, timeout_s=20)
    eventually(lambda: not lab.admin.consumers("stock"), timeout_s=10)


night_falls()
print({group: number for (group, topic), number in sorted(lags(scrape()).items()) if topic == orders})

# %% [markdown]
# ### Exercise 11.2: an alarm
#
# Write `alarm(page, groups, limit)`. It gets the text of a scrape, and returns the set of groups for which somebody has to get up: each of `groups` that is more than `limit` messages behind in some topic,
# and each that has no lag at all in the page. (`lags(page)` is a start.)


# %%
### BEGIN SOLUTION
### LEARNER: def alarm(page, groups, limit):
### LEARNER:     ...
def alarm(page, groups, limit):
    found = lags(page)
    behind = {group for (group, _), number in found.items() if number > limit}
    there = {group for group, _ in found}
    return {group for group in groups if group in behind or group not in there}


print(sorted(alarm(scrape(), GROUPS, LIMIT)))
### END SOLUTION

# %%
lab.check("11.2", alarm=alarm)
# lab.hint("11.2")

# %% [markdown]
# In Prometheus' own language these are two rules, and the second is the one that people forget:
#
#     sum by (consumer_group) (rocketmq_consumer_lag_messages) > 1000
#     absent(rocketmq_consumer_lag_messages{consumer_group="stock"})
#
# Two more that belong beside them. `rocketmq_consumer_lag_latency_milliseconds` is the age of the oldest order that waits: five messages can be five hours. And what *failed* is in no lag here: the metric leaves out
# `%RETRY%` topics (lab 09). Watch `rocketmq_send_to_dlq_messages_total`.
#
# ## 5. Away with the backlog
#
# The mail server is back (next cell). `stock` comes back in the morning, and finds the whole night before it. Three ways to clear that:
#
# | way | how | what it costs |
# | --- | --- | --- |
# | more hands | more members, up to one a queue (lab 03); more threads in each (`consumeThreadMax`) | the system behind them gets more at once (lab 10) |
# | bigger hands | several orders in one database transaction (`consumeMessageBatchMaxSize`) | one bad order fails its whole batch |
# | skip it | `mqadmin skipAccumulatedMessage -g stock -t orders`; `resetOffsetByTime -s now` | see below |
#
# More hands first. Twenty parcels at once, each of which takes 50 ms:

# %%
import time

mail_server.set()
parcels = lab.topic("parcels", queues=4)


def clear(members, threads, pieces=20):
    """Let so many members, with so many threads each, work off parcels; return the seconds that it takes."""
    packed = lab.inbox()

    def pack(message):
        time.sleep(0.05)  # the work
        packed.put(time.monotonic())
        return ConsumeStatus.CONSUME_SUCCESS

    packers = []
    try:
        for _ in range(members):
            packers.append(PushConsumer("packers", namesrv=lab.namesrv, threads=threads))
            packers[-1].subscribe(parcels, pack)
            packers[-1].start()
        shares = [4 // members] * members
        eventually(
            lambda: [each.assigned for each in lab.admin.consumers("packers")],
            until=lambda seen: [len(queues) for queues in seen] == shares and len(set(sum(seen, ()))) == 4,
            timeout_s=15,
        )
        for lot in (4, pieces):  # one for each queue first: then everybody is at work
            had, began = len(packed), time.monotonic()
            for _ in range(lot):
                shop.send(Message(parcels, "a teapot"))
            packed.wait_for(had + lot, timeout_s=20)
        return packed.items[-1] - began
    finally:
        for packer in packers:
            packer.shutdown()


# %% tags=["nbval-ignore-output"]
for members, threads in ((1, 1), (1, 4), (4, 1)):
    print(f"members: {members}, threads each: {threads}: {clear(members, threads):.2f} s")

# %% [markdown]
# Four hands take a quarter of the time or a little more, in one program or in four. A fifth member would get no queue; a fifth thread would get work. And more queues come too late: what is stored stays in the queues
# where it is.
#
# ### Exercise 11.3: break it and prove it
#
# "The new orders are more important, throw the old ones away", somebody says on the telephone. **Break it:** skip the backlog of `stock` (with `lab.mqadmin`, while the group is offline), then start the group, send two new orders
# with `send_orders(2)`, and wait until its lag is 0. **Prove it:** put into `never` the set of keys of `night` that the stock service has never done. (`done["stock"]` has what it has done.)

# %%
stop_group("stock")
eventually(lambda: not lab.admin.consumers("stock"), timeout_s=10)
night = send_orders(ORDERS)
done["stock"].clear()
### BEGIN SOLUTION
### LEARNER: ...  # lab.mqadmin("skipAccumulatedMessage", ...)
### LEARNER: ...  # start_group("stock"), two new orders, and wait: eventually(lambda: lag("stock") == 0, timeout_s=20)
### LEARNER: never = ...  # a set of keys
lab.mqadmin("skipAccumulatedMessage", "-g", "stock", "-t", orders)
start_group("stock")
fresh = send_orders(2)
eventually(lambda: lag("stock") == 0 and set(fresh) <= done["stock"], timeout_s=20)
never = set(night) - done["stock"]
print(len(never), "of", len(night), "orders were never reserved; the lag is", lag("stock"))
### END SOLUTION

# %%
lab.check("11.3", never=never, night=night, worked=done["stock"])
# lab.hint("11.3")

# %% [markdown]
# Lag 0, every light green, and seven customers wait for their teapots. To skip is not to consume: it moves one number a queue, the group's offset, and asks nobody. For prices or positions on a map, where only the
# newest counts, that is right. For orders it is a loss that no metric shows.
#
# Nothing was deleted, though. The orders are in the topic until their time is over (`fileReservedTime`, 72 h), and `resetOffsetByTime` brings the group back: `-s "2026-11-29#22:00:00:000"`. Then all
# since then comes again, done or not: your consumer is idempotent (lab 09), is it?
#
# ## 6. A dead-letter queue, emptied
#
# The billing service takes what has the tag `invoice`, and needs to know the country, which travels as a property. On Friday somebody has changed the program:

# %%
bills = lab.topic("bills", queues=1)

billed = {}  # key of the bill to its country
mended = threading.Event()  # set: the program is as it was


def bill(message):
    if not mended.is_set():
        raise KeyError("country_code")
    billed[message.keys.decode()] = message.properties.get("country")
    return ConsumeStatus.CONSUME_SUCCESS


billing = PushConsumer(
    "billing", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST, max_reconsume_times=1
)
billing.subscribe(bills, bill, "invoice")
billing.start()


# %%
def in_dlq():
    return {message.keys for message in lab.admin.messages("%DLQ%billing", limit=500)}


def a_bad_friday():
    """Send three bills to the program that fails; return their keys once they are in the dead-letter queue."""
    mended.clear()
    lot = {f"bill-{next(numbers)}": country for country in ("NO", "IT", "NO")}
    for key, country in lot.items():
        shop.send(Message(bills, "one teapot", keys=key, tags="invoice", properties={"country": country}))
    eventually(lambda: set(lot) <= in_dlq(), timeout_s=40)
    mended.set()
    return lot


# %% [markdown]
# ### Exercise 11.4: out of the dead-letter queue
#
# Three bills are dead, and the program is mended. **Empty the dead-letter queue:** read it with a `PullConsumer` of the group `billing-dlq`, and send each letter to `bills` again, so that `billing` can work with it.
# (`letter.keys` and `letter.tags` are bytes, `letter.properties` is a dictionary of texts.)

# %%
from rmqlab.client import PullConsumer

lot = a_bad_friday()
### BEGIN SOLUTION
### LEARNER: ...  # with PullConsumer("billing-dlq", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as dead:
### LEARNER: sent_again = ...  # how many you sent again
sent_again = 0
with PullConsumer("billing-dlq", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as dead:
    dead.subscribe("%DLQ%billing")
    for letter in dead.messages(idle_s=5):
        again = Message(
            bills,
            letter.body,
            keys=letter.keys.decode(),
            tags=letter.tags.decode(),
            properties={"country": letter.properties["country"]},
        )
        shop.send(again)
        sent_again += 1
eventually(lambda: set(lot) <= set(billed), timeout_s=20)
print("billed:", sorted(billed[key] for key in lot))
### END SOLUTION

# %%
lab.check("11.4", sent_again=sent_again, lot=lot, billed=billed)
# lab.hint("11.4")

# %% [markdown]
# What killed them on Friday, by the consumer's own record:

# %%
print("raised:", {repr(each.error) for each in billing.errors})

# %% [markdown]
# A dead-letter queue is a topic like any other, `%DLQ%` + group. "Empty" means that a group of yours has read it to its end: nothing is ever taken out. So let one group do this, always the same,
# and its lag says how many dead letters nobody has looked after yet. That is a lag worth an alarm.
#
# And a message is more than its body. Without the tag, `billing` would not even have been *handed* the bill: the filter drops it, the lag stays 0, and nothing fails. Copy key, tag and your own properties; leave RocketMQ's own
# alone.

# %% [markdown]
# ## 7. A full disk
#
# A broker keeps messages for `fileReservedTime`, read or not, and a disk fills in less time than that after a good Friday. `lab.fault` lets the broker take its disk for full; the answer is RocketMQ's own:

# %% tags=["nbval-ignore-output"]
from rmqlab import expect_error
from rocketmq.exceptions import ProducerSendSyncFailed

with lab.fault("disk_full", "broker-a"), expect_error(ProducerSendSyncFailed):
    send_orders(1)

# %% [markdown]
# Producers are refused: an exception, after all retries, and this broker's orders have to wait at the shop (lab 07). (In brackets is how full the disk really is: the fault sets the broker's flag, it fills
# nothing.) And the consumers?

# %%
with (
    lab.fault("disk_full", "broker-a"),
    PullConsumer("audit", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as audit,
):
    audit.subscribe(orders)
    print("read with a full disk:", bool(eventually(lambda: audit.poll(timeout_ms=500), timeout_s=20)))

# %% [markdown]
# They read on: a full disk stops the writing. But to read a backlog away makes no room! Files go by age, not by being read. Before it refuses, RocketMQ does this by itself:
#
# | the disk is | by which property | what the broker does |
# | --- | --- | --- |
# | above 75 % | `diskMaxUsedSpaceRatio` | deletes files older than `fileReservedTime` now, not at `deleteWhen` (4 in the morning) |
# | above 85 % | `diskSpaceCleanForciblyRatio` | deletes the oldest files **whatever their age, read or unread** |
# | above 90 % | `diskSpaceWarningLevelRatio` | the same, and refuses messages |
#
# The second row is the dangerous one: no error, no exception, and a group that was far enough behind goes on at the first message that is left. Alarm before: `rocketmq_storage_size_bytes`, and the disk itself.
#
# ## 8. Stop it, or kill it
#
# A broker has to be updated. `mqshutdown broker` sends it SIGTERM, which takes a while; `kill -9` is quicker. Messages survive both (lab 08). What else is there to lose?
#
# The till has worked off six coupons, and has reported it: its lag is 0. Then the broker goes, and comes back, and the till starts again.

# %%
coupons = lab.topic("coupons", queues=1)

# %%
broker = lab.nodes["broker-a"]
abort = lab.cluster.folder / "broker-a" / "store" / "abort"


def has_reported():
    """Tell whether the broker knows that the till is done with all coupons."""
    progress = lab.admin.consume_stats("till", coupons).values()
    return bool(progress) and not any(each.lag for each in progress)


def work_off(lot):
    """Let the till do these coupons, and report that; return all that it was handed."""
    got = lab.inbox()

    def on_coupon(message):
        got.put(message.keys.decode())
        return ConsumeStatus.CONSUME_SUCCESS

    with PushConsumer("till", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as till:
        till.subscribe(coupons, on_coupon)
        got.wait_for(1, until=lambda keys: lot[-1] in keys, timeout_s=30)
        if not eventually(has_reported, timeout_s=20):
            raise TimeoutError("the broker does not know what the till has done")
    return got.items


def send_coupons(pieces):
    lot = [f"coupon-{next(numbers)}" for _ in range(pieces)]
    for key in lot:
        shop.send(Message(coupons, "10 % off", keys=key))
    return lot


def up_s():
    """Return for how many seconds the broker has been up."""
    return time.time() - int(lab.admin.runtime_stats("broker-a")["bootTimestamp"]) / 1000


def come_again(end):
    """Work off six coupons, end the broker, start it again; return how many of the six come again."""
    lot = send_coupons(6)
    work_off(lot)
    end()
    print("the file `abort` is there:", abort.exists())
    broker.restart()
    return len(set(work_off(send_coupons(1))) & set(lot))


# %% [markdown]
# ### Exercise 11.5: predict, then run
#
# How many of the six does the till get **again**, after `kill -9`, and after an orderly stop?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # two numbers: (after kill -9, after a stop)
prediction = (6, 0)  # progress is written down now and then, and at the end
### END SOLUTION

# %%
eventually(lambda: up_s() > 15, timeout_s=20)  # a broker writes progress down once, 10 s after its start
killed = come_again(broker.kill)
print("came again after kill -9:", killed)

# %%
stopped = come_again(broker.stop)  # an orderly stop takes its time
print("came again after a stop:", stopped)

# %%
lab.check("11.5", prediction=prediction, killed=killed, stopped=stopped)
# lab.hint("11.5")

# %% [markdown]
# The till had reported, and the broker knew: in its memory. It writes the progress of all groups into a file (`config/consumerOffset.json`) every five seconds, `flushConsumerOffsetInterval`; on this cluster every ten
# minutes, so that you see it. What was reported since is gone with `kill -9`, and comes again. In real life that is five seconds of work of *all* groups: one more reason to be idempotent.
#
# An orderly stop writes everything down, takes its leave of the NameServers, and removes the file `abort` from the store. If that file is there at a start, the broker was not stopped in order the last time, and it
# checks its files before it opens: with many of them that takes minutes.
#
# Before a stop, take the traffic away: `mqadmin wipeWritePerm -b broker-a`. Producers go to other brokers within 30 s, consumers empty its queues, and then nobody misses it.
#
# ## 9. Who are you?
#
# Until here everybody could do everything: send, read, skip a backlog. That is RocketMQ's default. Another cluster, with a guard at its door:

# %%
guarded = lab.another("single", name="guarded", authentication=True)
for topic in ("orders", "salaries"):
    guarded.topic(topic, queues=1)

# %% [markdown]
# A stranger comes, without credentials, and then one who guesses:

# %% tags=["nbval-ignore-output"]
for credentials in (None, ("rmqlab", "guessed")):
    with Producer("stranger", namesrv=guarded.namesrv, credentials=credentials) as stranger:
        with expect_error(ProducerSendSyncFailed):
            stranger.send(Message("orders", "a free teapot"))

# %% [markdown]
# Each request is signed with an access key and a secret key (the secret itself does not travel), and the broker compares. (`authenticationEnabled`. NameServers let everybody in: whoever may
# not enter still sees the map.) Signing answers *who are you*; rights (`authorizationEnabled`) answer *may you*. They are given to users, with mqadmin:
#
#     mqadmin createUser -c DefaultCluster -u bob -p SECRET
#     mqadmin createAcl  -c DefaultCluster -s User:bob -r Topic:orders -a Pub -d Allow
#
# | option | what |
# | --- | --- |
# | `-s`, subject | who: `User:bob` |
# | `-r`, resources | what: `Topic:orders`, `Group:report`, several with commas; `Topic:*` all, `Topic:sh*` by prefix |
# | `-a`, actions | `Pub` send, `Sub` read; for administrators `Create`, `Update`, `Delete`, `Get`, `List`; `All` |
# | `-d`, decision | `Allow` or `Deny` |
#
# ### Exercise 11.6: just enough
#
# The reporting service shall read `orders`, in the group `report`, and nothing else. The user is there; give it the rights. (`guarded.mqadmin(...)` signs with the cluster's own credentials, which may do everything.)

# %%
# Access key and secret key of a new user.
reporter = (f"reporter-{next(numbers)}", "a-secret-of-its-own")
guarded.mqadmin("createUser", "-c", "DefaultCluster", "-u", reporter[0], "-p", reporter[1])
### BEGIN SOLUTION
### LEARNER: granted = ...  # guarded.mqadmin("createAcl", "-c", "DefaultCluster", "-s", f"User:{reporter[0]}", ...)
granted = guarded.mqadmin(
    "createAcl",
    "-c", "DefaultCluster",
    "-s", f"User:{reporter[0]}",
    "-r", "Topic:orders,Group:report",
    "-a", "Sub",
    "-d", "Allow",
)  # fmt: skip
### END SOLUTION

# %%
lab.check("11.6", granted=granted, guarded=guarded, reporter=reporter)
# lab.hint("11.6")

# %% [markdown]
# Topic *and* group: to consume is to read a topic under a group's name and to move that group's progress. Both are somebody's property. (A consumer that seeks, or a new group that begins at the end,
# asks for offsets besides, and that takes `Get`.)

# %%
guarded.stop()
mail_server.set()
billing.shutdown()
for group in list(at_work):
    stop_group(group)
shop.shutdown()

# %% [markdown]
# ## 10. Where is the broker?
#
# Back to the route of section 1. The NameServer does not know where a broker *is*. It repeats what the broker said, which is `brokerIP1` from its `broker.conf`; by default the address of the first network card that
# RocketMQ finds. On a machine with several cards, in a container, behind a gateway, that is often one that clients cannot reach. We let the broker say something wrong, and start a producer.
# (An update of `brokerPermission` makes a broker register at once; otherwise it does so every 30 s.)


# %% tags=["nbval-ignore-output"]
def tell(address):
    """Let the broker tell the NameServer an address, as mqadmin updateBrokerConfig -k brokerIP1 does."""
    lab.admin.command(broker.address).update_config({"brokerIP1": address, "brokerPermission": 6})


tell("192.0.2.1")  # an address that nobody has
try:
    print("the route says:", lab.admin.route(orders)[0].address)
    with Producer("late-shop", namesrv=lab.namesrv, timeout_ms=1500, retries=0) as late:
        with expect_error(ProducerSendSyncFailed):
            late.send(Message(orders, "a teapot"))
finally:
    tell("127.0.0.1")
print("the route says:", lab.admin.route(orders)[0].address)

# %% [markdown]
# The broker works, its port is open, `ps` and `netstat` are content, and nobody can send. "connect to ... failed" with an address that you do not know: look at `topicRoute`, then at `brokerIP1`. (And `brokerIP2` is what slaves are told.)
#
# ## The dashboard
#
# RocketMQ has a web page for all this: topics, groups, lag, messages by key, traces. It is a program of its own, and needs Docker:
#
#     rmqlab compose single                                 # writes infra/compose/single
#     cd infra/compose/single
#     docker compose --profile dashboard up                 # http://127.0.0.1:8082
#
# It asks what mqadmin asks, so you know what is behind each of its numbers. (The command starts a broker of its own, on RocketMQ's usual ports.) It shows no half messages and no delay levels, and does not alarm anybody: that is the metrics' work.

# %% [markdown]
# ## What to remember
#
# 1. mqadmin for people, `DefaultMQAdminExt` (here: `lab.admin`) for programs. Route, queues, progress, connections, trace: in this order at three in the morning.
# 2. A group with nobody online has no lag metric. Alarm on what is missing, too, on the age of the oldest message, and on dead letters.
# 3. To skip a backlog is to decide that nobody will ever do that work. The lag is 0 afterwards, as if it had been done.
# 4. Stop brokers in order, after taking their traffic away; after a `kill -9` the last seconds of everybody's progress come again.
# 5. A user gets the topic and the group it needs, and the one action. A stranger gets the map, and nothing else.
#
# > **Where this bites in production**
# >
# > - `metricsExporterType` is DISABLE by default. With PROM the exporter listens at `metricsPromExporterHost` (`brokerIP1` if that is empty), port 5557, without any authentication.
# > - Metrics are a broker's own: a group's lag is the sum over all brokers, and a broker that is down has no metrics. `up == 0` is an alarm as well.
# > - `traceTopicEnable` is off by default. Traces go to `RMQ_SYS_TRACE_TOPIC`, one queue on each broker that has it; `msgTraceTopicName` and the clients' `traceTopic` name another.
# > - `resetOffsetByTime` moves the offset at the broker; a member that is online hears of it at its next pull, and what it holds from before may be done all the same. Look at `consumerProgress`
# >   afterwards, and never do it while somebody deploys the group.
# > - `fileReservedTime` = 72 h, `deleteWhen` = 04: plan the disk for three days of the *largest* traffic. `diskMaxUsedSpaceRatio` = 75, clamped to 95 at most.
# > - Give a broker time to end: a container's grace period of 10 s is less than its orderly stop takes. `terminationGracePeriodSeconds` 60 costs nothing.
# > - `flushConsumerOffsetInterval` = 5 s (broker), `persistConsumerOffsetInterval` = 5 s (client): up to ten seconds of work come again.
# > - `updateBrokerConfig` changes a running broker, and its file. `mqadmin getBrokerConfig` says what is in force, which is not always what you rolled out.
# > - `authenticationEnabled` and `authorizationEnabled` together: the first alone lets every user do everything. `plain_acl.yml` of 4.x is taken over at a start with `migrateAuthFromV1Enabled=true` (off by default).
#
# **Back:** [10 · What do people use it for?](10-scenarios.ipynb) · **Next:** [12 · What changed in RocketMQ 5?](12-rocketmq-5.ipynb)
