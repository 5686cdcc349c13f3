# %% [markdown]
# # 08 · Does an acknowledged message survive?
#
# Your program sent an order, and the broker answered `SEND_OK`. A second later the broker is killed, or the power fails, or the machine
# burns down. Is the order still there? It depends on two settings of the broker, and the texts about them are often wrong. So we believe
# nobody: we break a real broker in each of these ways and **count** what was acknowledged and is gone. At the end you have a table of
# settings against disasters, with your own numbers in it, and the price of each setting. About 45 minutes.

# %% tags=["parameters"]
EARLY = 20  # orders that have time to reach the disk
LATE = 30  # orders that are acknowledged just before it happens

# %%
from rmqlab import start_lab

lab = start_lab("08-reliability-store")

# %% [markdown]
# One broker, with RocketMQ's defaults: `flushDiskType=ASYNC_FLUSH` (it answers when a message is written to the file, and flushes the file to the disk
# later), no slave.
#
# ## 1. The process dies
#
# An acknowledged message is on a journey, from the broker's memory to places that survive more and more:
#
# | where it is | who keeps it | it is lost when |
# | --- | --- | --- |
# | a buffer inside the broker (only with `transientStorePoolEnable=true`) | the broker's process | the process dies |
# | the **page cache**: the memory in which the operating system keeps files that were written | the operating system | the machine loses its power |
# | the disk | the disk | the disk is gone |
# | a slave's page cache, then its disk | another machine | that machine is gone, too |
#
# `SEND_OK` can be said at any of these stations. Which one is what you configure.
#
# We take some orders as the shop would. `EARLY` of them get the time to reach the disk. `LATE` more are acknowledged, and then at once it
# happens. The **ledger** writes down what the program was told about each message. Later `reconcile()` reads everything that the broker holds
# and says what became of it.

# %%
import re
import uuid

from rmqlab.checks import eventually
from rmqlab.client import Message, Producer
from rmqlab.ledger import Answer, Verdict
from rmqlab.observe import Interest, feed


def order(number):
    return Message("orders", f"{run}: order {number}, one teapot", keys=f"order-{number}")


def store(place):
    """Return what broker-a says of its commit log, in bytes."""
    stores = feed.read(place.cluster, Interest(stores=True)).stores.stores
    return next(each for each in stores if each.node == "broker-a")


def reach_the_disk(place):
    """Wait until everything that broker-a has written is on its disk."""

    def is_there(log):
        return not log.silent and log.flushed == log.max_offset

    eventually(lambda: store(place), until=is_there, timeout_s=30)


def only_in_memory(place):
    """Return how many of the newest orders of broker-a are not on its disk."""
    flushed = store(place).flushed
    return sum(each.commit_log_offset >= flushed for each in place.admin.messages("orders", limit=LATE))


def take_orders(place, ledger, wait_for_disk=True):
    """Have all orders acknowledged: the early ones are on the disk before the late ones are sent."""
    global run
    run = uuid.uuid4().hex[:8]  # tells these orders from those of an earlier trial
    place.admin.create_topic("orders", queues=1)
    ledger.clear()
    if wait_for_disk:
        reach_the_disk(place)  # what an earlier cell has left
    with ledger.producer(Producer("shop", namesrv=place.namesrv, timeout_ms=10_000)) as shop:
        for number in range(EARLY):
            shop.send(order(number))
        if wait_for_disk:
            reach_the_disk(place)
        for number in range(EARLY, EARLY + LATE):
            shop.send(order(number))


# %% [markdown]
# How long may an acknowledged order be only in memory? A broker with a lot to do flushes every 500 ms (`flushIntervalCommitLog`). But it skips the flush
# while there are less than 16 KiB to write (`flushCommitLogLeastPages=4`). So on a quiet broker it can be **ten seconds**:
# `flushCommitLogThoroughInterval`. That is why the next cell takes a moment: it waits for such a flush, and sends the late orders right after it.
#
# ### Exercise 08.1: predict, then run
#
# 50 orders are acknowledged, and 30 of them are not on the disk. Then the broker is killed with `kill -9`: the process has no chance to write anything. How
# many of the 50 will be lost?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number from 0 to 50
prediction = 0  # the page cache belongs to the operating system, which is alive
### END SOLUTION

# %%
ledger, broker = lab.ledger("kill"), lab.nodes["broker-a"]
take_orders(lab, ledger)
in_memory = eventually(lambda: only_in_memory(lab), until=lambda orders: orders == LATE)
print("acknowledged:", ledger.reconcile().count(Answer.ACKNOWLEDGED))
print("of these not on the disk:", in_memory)

broker.kill()
files = (lab.cluster.folder / "broker-a" / "store" / "commitlog").iterdir()
found = {each for file in files for each in re.findall(rf"{run}: order \d+".encode(), file.read_bytes())}
print("orders in the files of the dead broker:", len(found))

broker.restart()
account = ledger.reconcile()
print(account)

# %%
lab.check("08.1", prediction=prediction)
# lab.hint("08.1")

# %% [markdown]
# "With asynchronous flush you lose messages when the broker crashes": you can read that in many places, and it is wrong. The broker was dead, and we
# found all 50 orders in its files: the operating system reads a file from the page cache where that has something newer than the disk. Whatever was
# handed to it outlives the process, however that ends.
#
# We keep a table of what was lost: settings against disasters.

# %%
lost = {("ASYNC_FLUSH", "kill -9"): account.lost}

# %% [markdown]
# ## 2. The power fails
#
# Now the page cache is gone, too. We cannot pull your computer's plug, so **this is a simulation**: the broker says, to the byte, up to where its
# commit log has been flushed (`msync`, the call after which the operating system promises that it is on the disk). Then it is killed, and every
# byte behind that position is wiped from its files. That is the worst that a power failure can do; a real one may leave some of it.

# %%
DISASTERS = {"kill -9": "kill", "power failure": "power_loss", "disk gone": "replica_loss"}
evidence = []


def survive(place, fault):
    """Return the ledger's account of orders that were acknowledged just before a fault of broker-a."""
    ledger = place.ledger(fault.replace("_", "-"))
    take_orders(place, ledger, wait_for_disk=fault != "replica_loss")  # there it makes no difference
    with place.fault(fault, "broker-a") as broken:
        evidence.append(broken.evidence)
        if fault == "replica_loss":  # gone for good: its slave is asked, if there is one
            return ledger.reconcile(without=["broker-a"])
    return ledger.reconcile()


account = survive(lab, "power_loss")
lost["ASYNC_FLUSH", "power failure"] = account.lost
print(account)

# %% tags=["nbval-ignore-output"]
print(evidence[-1].replace(". ", ".\n"))

# %%
lab.view("ledger", account=account).snapshot()

# %% [markdown]
# All 50 were answered with `SEND_OK`, and the last 30 are gone. It is always the **tail**: the orders whose customers have just read "thank you
# for your order". The broker starts again without a complaint, and nobody is told.
#
# ### Exercise 08.2: survive it
#
# Start a broker of your own whose acknowledged orders survive a power failure, all 50. It takes one property of `broker.conf`:
# `lab.another(name="other", properties={...}, fresh=True)` starts one more cluster with RocketMQ's own property names. Then let its power fail:
# `account = survive(safe, "power_loss")`.

# %%
### BEGIN SOLUTION
### LEARNER: safe = ...  # lab.another(name="other", properties={"...": "..."}, fresh=True)
### LEARNER: account = ...  # survive(safe, "power_loss")
safe = lab.another(name="other", properties={"flushDiskType": "SYNC_FLUSH"}, fresh=True)
account = survive(safe, "power_loss")
print(account)
### END SOLUTION

# %%
lab.check("08.2", safe=safe, account=account)
# lab.hint("08.2")

# %% [markdown]
# A shorter `flushIntervalCommitLog` does not help: with 10 ms instead of 500 the last 30 are lost all the same, because less than 16 KiB are
# not worth a flush. And if it did flush, there would still be some milliseconds between the answer and the disk. **Only an answer that comes
# after the flush is a promise.** That is `SYNC_FLUSH`: the broker collects the messages that have come in, flushes once for all of them, and
# then answers all of them. (When the flush takes longer than `syncFlushTimeout`, 5 s, a client that still waits is
# answered `FLUSH_DISK_TIMEOUT`: lab 07.)
#
# You can watch what the ten seconds of `ASYNC_FLUSH` look like. Run this cell (it waits for a flush first), and look at the dashed end of the commit
# log: that much is only in memory. Within ten seconds it turns solid. (The saved picture is all blue: it
# rounds such a small difference away. Your live one does not.)

# %% tags=["nbval-ignore-output"]
take_orders(lab, lab.ledger("watched"))
lab.view("positions")

# %% [markdown]
# ## 3. The disk is gone
#
# Fire, theft, a broken disk, or a volume that was deleted together with its container. First our broker with `ASYNC_FLUSH`:

# %%
lost["ASYNC_FLUSH", "disk gone"] = survive(lab, "replica_loss").lost
print(f"ASYNC_FLUSH, disk gone: {lost['ASYNC_FLUSH', 'disk gone']} of {EARLY + LATE} lost")

# %% [markdown]
# And `safe`, your broker of exercise 08.2, in the two disasters that it has not seen yet:

# %%
if safe is not ...:  # once exercise 08.2 is solved
    lost["SYNC_FLUSH", "power failure"] = account.lost
    for disaster in ("kill -9", "disk gone"):
        lost["SYNC_FLUSH", disaster] = survive(safe, DISASTERS[disaster]).lost
        print(f"SYNC_FLUSH, {disaster}: {lost['SYNC_FLUSH', disaster]} of {EARLY + LATE} lost")

# %% [markdown]
# Against the loss of a disk no flush helps, only a second disk. Before we come to that, a setting that goes the other way.
#
# ## 4. Faster than the page cache
#
# `transientStorePoolEnable=true` is a tip for busy brokers: messages go into buffers inside the broker's process first, and are handed to the page
# cache every 200 ms (`commitIntervalCommitLog`), or sooner if there is a lot. With `ASYNC_FLUSH` the answer comes when the message is **in the buffer**.
# We let the broker hand over once a minute, and not be woken by messages (`wakeCommitWhenPutMessage`), so that we need not be quick:

# %%
SLOW_POOL = {
    "transientStorePoolEnable": True,
    "transientStorePoolSize": 3,
    "commitIntervalCommitLog": 60_000,
    "wakeCommitWhenPutMessage": False,
}

# %% [markdown]
# ### Exercise 08.3: break it, and prove it
#
# This broker has acknowledged 50 orders. **Break it:** kill it and start it again (`other.nodes["broker-a"]`, as in section 1). **Prove it:** put into `gone`
# the set of the keys of all orders that were acknowledged and are lost. The ledger knows: `account.having(Verdict.ACKNOWLEDGED_AND_LOST)` is a list
# of entries, and each has a `.key`.

# %%
other = lab.another(name="other", properties=SLOW_POOL, fresh=True)  # in the place of `safe`, which ends here
ledger = other.ledger("pool")
take_orders(other, ledger, wait_for_disk=False)
print("acknowledged:", ledger.reconcile().count(Answer.ACKNOWLEDGED))
print("visible to consumers:", len(other.admin.messages("orders")))
### BEGIN SOLUTION
### LEARNER: gone = ...  # {"order-7", ...}
broker = other.nodes["broker-a"]
broker.kill()
broker.restart()
account = ledger.reconcile()
gone = {entry.key for entry in account.having(Verdict.ACKNOWLEDGED_AND_LOST)}
print("acknowledged and lost:", len(gone))
### END SOLUTION

# %%
lab.check("08.3", gone=gone, other=other)
# lab.hint("08.3")

# %% [markdown]
# As long as the same broker comes back, this is the one case in which `kill -9` costs acknowledged messages: they were never handed to the operating system. Nobody could have
# consumed them either: what is in the buffer is not visible yet. (Only new commit log files are written through the buffers. A broker that was
# started again writes on in the old file, without them: so the same test, once more, loses nothing. Such things make people believe wrong tables.)
#
# ## 5. A second machine
#
# A **slave** copies its master's commit log. `brokerRole` of the master says who waits for it:
#
# | `brokerRole` | `SEND_OK` when | also called |
# | --- | --- | --- |
# | `ASYNC_MASTER` (default) | the master has it | asynchronous double write |
# | `SYNC_MASTER` | a slave has it, too | synchronous double write |
#
# So the texts say. We start a `SYNC_MASTER` with its slave, both with `SYNC_FLUSH`, and pause the slave. One property is set to its default in
# RocketMQ 5: `inSyncReplicas=1`.

# %%
other = lab.another(
    "master-slave-sync",
    name="other",
    flush="sync",
    properties={"slaveTimeout": 1000, "waitTimeMillsInSendQueue": 5000, "osPageCacheBusyTimeOutMills": 5000},
    fresh=True,
)
other.view("map")

# %%
for node in other.cluster.brokers:  # the slave learns of a new topic within a minute: too late for us
    other.admin.command(node.address).create_topic("orders", 1, {})


def orders_while_the_slave_sleeps():
    """Send three orders while the slave is paused; return the broker's answers."""
    ledger = other.ledger("asleep")
    ledger.clear()
    with ledger.producer(Producer("shop", namesrv=other.namesrv, timeout_ms=10_000)) as shop:
        with other.fault("pause", "broker-a-s1"):
            return [shop.send(order(number)).status.name for number in range(3)]


other.admin.update_broker_config("broker-a", inSyncReplicas=1)
print(orders_while_the_slave_sleeps())

# %% [markdown]
# `OK`, although no slave has it: **in RocketMQ 5 a `SYNC_MASTER` counts itself as one of its `inSyncReplicas`.** With the default of 1 it waits for
# nobody. (And no slave at all is no reason for `SLAVE_NOT_AVAILABLE` any more: lab 07.)
#
# ### Exercise 08.4: an answer that does not lie
#
# Change the running master so that an order is only answered with `OK` when **two** brokers have it:
# `other.admin.update_broker_config("broker-a", name=value)` does what `mqadmin updateBrokerConfig` does. Then ask again with the slave asleep, and keep
# the answers in `answers`.

# %%
other.admin.update_broker_config("broker-a", inSyncReplicas=1)  # as before, if this cell runs again
### BEGIN SOLUTION
### LEARNER: answers = ...  # orders_while_the_slave_sleeps()
other.admin.update_broker_config("broker-a", inSyncReplicas=2)
answers = orders_while_the_slave_sleeps()
print(answers)
### END SOLUTION

# %%
lab.check("08.4", answers=answers, other=other)
# lab.hint("08.4")

# %% [markdown]
# The master waits `slaveTimeout` for the slave (3 s by default, 1 s here), then says `FLUSH_SLAVE_TIMEOUT`: stored, but on the master alone. What your program
# should do then is lab 07's subject. Now the disasters. Two of them first:

# %%
other.admin.update_broker_config("broker-a", inSyncReplicas=2)

for disaster in ("kill -9", "power failure"):
    lost["SYNC_FLUSH and a slave", disaster] = survive(other, DISASTERS[disaster]).lost
    print(f"with a slave, {disaster}: {lost['SYNC_FLUSH and a slave', disaster]} of {EARLY + LATE} lost")

# %% [markdown]
# And the master's disk. While it is gone we also try to go on: the stock team reads orders, the shop sends one.

# %%
from rmqlab.client import ConsumeFromWhere, PullConsumer
from rocketmq.exceptions import ProducerException

ledger = other.ledger("disk-gone")
take_orders(other, ledger)

with other.fault("replica_loss", "broker-a"):
    lost["SYNC_FLUSH and a slave", "disk gone"] = ledger.reconcile(without=["broker-a"]).lost

    with PullConsumer("stock", namesrv=other.namesrv, from_where=ConsumeFromWhere.FIRST) as stock:
        stock.subscribe("orders")
        received = set()
        for message in stock.messages(idle_s=30):
            if message.body.decode().startswith(run):
                received.add(message.body)
            if len(received) == EARLY + LATE:
                break

    with Producer("shop", namesrv=other.namesrv, timeout_ms=3000) as shop:
        try:
            print("sent:", shop.send(order(50)).status.name)
        except ProducerException as error:
            print("sent:", type(error).__name__)

print("lost:", lost["SYNC_FLUSH and a slave", "disk gone"])
print("read from the slave:", len(received))

# %% [markdown]
# Nothing is lost, and consumers go on: with `slaveReadEnable=true` (default `false`) they read from the slave while the master is away. But **a slave
# takes no orders.** Somebody has to make it a master: `brokerRole` and `brokerId=0` in its configuration, and a restart. (At the end of the `with` block the
# course did that for you: the slave's disk went on as the master's.) At three in the morning you would like to sleep: section 7.
#
# ## 6. What it costs
#
# The same order, one after the other, each waiting for its answer, with three promises: what does each cost?

# %%
from time import perf_counter


def timed_sends(place, count=150):
    """Return when each of some sends was called, when it returned, and when its answer was here."""
    calls = []
    with Producer("shop", namesrv=place.namesrv, timeout_ms=10_000) as shop:
        for number in range(count):
            called = perf_counter()
            shop.send(order(number))
            answered = perf_counter()
            calls.append((called, answered, answered))
    return calls


def measure():
    lab.admin.create_topic("orders", queues=1)
    prices = {"memory": timed_sends(lab)}
    other.admin.update_broker_config("broker-a", inSyncReplicas=1)
    prices["disk"] = timed_sends(other)
    other.admin.update_broker_config("broker-a", inSyncReplicas=2)
    prices["disk + slave"] = timed_sends(other)
    return prices


measure()  # the first round warms everything up
prices = measure()

# %% tags=["nbval-ignore-output"]
lab.view("sends", calls=prices).snapshot()

# %% [markdown]
# *memory* is the broker with `ASYNC_FLUSH`, *disk* the one with `SYNC_FLUSH` and `inSyncReplicas=1`, *disk + slave* the same one with 2.

# %% tags=["nbval-ignore-output"]
from statistics import median

latency = {name: median(answered - called for called, _, answered in calls) for name, calls in prices.items()}
for name, seconds in latency.items():
    print(f"{name:14} {seconds * 1000:5.1f} ms   {seconds / latency['memory']:4.1f} times the first")

# %% [markdown]
# These are your machine's numbers, with its disk, and without a network between master and slave. On yours they will differ: measure there.
# (If *disk* costs next to nothing, ask whether your disk, or your virtual machine, really flushes. That the slave costs next to nothing here is
# no wonder: what it costs elsewhere is the network.)
#
# One thread pays in **latency**. With several, others go along while one waits, and the broker flushes once for all that are waiting (*group commit*):

# %% tags=["nbval-ignore-output"]
from concurrent.futures import ThreadPoolExecutor


def rate(place, threads, count=480):
    """Return how many orders a second a broker acknowledges to so many threads."""
    with Producer("shop", namesrv=place.namesrv, timeout_ms=10_000) as shop:
        with ThreadPoolExecutor(threads) as senders:
            began = perf_counter()
            answers = list(senders.map(shop.send, map(order, range(count))))
            took = perf_counter() - began
    return sum(answer.ok for answer in answers) / took


alone, together = rate(other, 1), rate(other, 16)
print(
    f"disk + slave: {alone:,.0f} orders a second from 1 thread, {together:,.0f} from 16: {together / alone:.1f} times"
)

# %% [markdown]
# ## 7. Nobody has to get up
#
# A **controller** (RocketMQ 5, here inside the NameServer) watches a master and its slaves, the *replicas*, and appoints the master. It keeps the
# *sync-state set*: the replicas that have everything. Only one of these may become master, so nothing that all of them had is lost. (Here an answer waits
# for all of the set: `allAckInSyncStateSet=true`, which is `false` by default.)

# %%
import time

other = lab.another("controller", name="other", fresh=True)

for node in other.cluster.brokers:
    other.admin.command(node.address).create_topic("orders", 1, {})


def master():
    """Return which broker is the master now."""
    (replicas,) = other.admin.brokers().values()
    return next(node.name for node in other.cluster.brokers if node.address == replicas[0])


def failover(send):
    """Have 30 orders sent by `send(shop, message)`, and kill the master after the first 15."""
    ledger = other.ledger("failover")
    ledger.clear()
    with ledger.producer(Producer("shop", namesrv=other.namesrv, timeout_ms=3000)) as shop:
        for number in range(15):
            send(shop, order(number))
        dead = master()
        with other.fault("kill", dead):
            killed = time.monotonic()
            send(shop, order(15))
            deaths.append((dead, time.monotonic() - killed))
            for number in range(16, 30):
                send(shop, order(number))
    return ledger.reconcile()


deaths = []  # of masters: which one, and the seconds until the next send was through


# %% [markdown]
# ### Exercise 08.5: bridge the gap
#
# Between the death of the old master and the appointment of the new one nobody takes orders, and a producer's own three attempts are over within
# milliseconds. Write `send_until_stored(shop, message)`: it sends the message until the answer is `OK` (`result.ok`), waits a moment between two attempts,
# and gives up after 30 s: it raises. Sends that fail raise a `ProducerException`.


# %%
### BEGIN SOLUTION
### LEARNER: def send_until_stored(shop, message):
### LEARNER:     ...  # shop.send(message), again and again
### LEARNER:
### LEARNER:
### LEARNER: account = ...  # failover(send_until_stored)
def send_until_stored(shop, message, patience_s=30):
    deadline = time.monotonic() + patience_s
    while True:
        try:
            result = shop.send(message)
            if result.ok:
                return result
            reason = RuntimeError(f"stored, but {result.status.name}")
        except ProducerException as error:
            reason = error
        if time.monotonic() > deadline:
            raise reason
        time.sleep(0.1)


account = failover(send_until_stored)
print("orders:", len(account.entries), "lost:", account.lost)
### END SOLUTION

# %%
lab.check("08.5", account=account, other=other)
# lab.hint("08.5")

# %% tags=["nbval-ignore-output"]
for dead, seconds in deaths:
    print(f"{dead} died: {seconds:.1f} s until the next order was stored")
print("the master now:", master())
other.view("positions").snapshot()

# %% [markdown]
# A second or so. The controller notices at once that a killed broker's connection is closed; a broker that *hangs* it gives up after
# `controllerHeartBeatTimeoutMills` (10 s by default, 2 s here). A producer asks for the new route every `pollNameServerInterval` (30 s by default, 1 s
# in this course): in production that is most of the wait. The picture shows the new master, and the old one, which has come back as its slave.
#
# An attempt that fails may have been stored all the same (lab 02): `send_until_stored` makes duplicates now and then. It loses nothing, and that is the right
# way round: consumers can be made to bear a duplicate (lab 09). Nobody can be made to bear a hole.

# %%
other.stop()

# %% [markdown]
# ## 8. The table
#
# Each number below is what the ledger has counted in this notebook: acknowledged and lost, of 50.

# %%
SETTINGS = ("ASYNC_FLUSH", "SYNC_FLUSH", "SYNC_FLUSH and a slave")

print(" " * 22, *(f"{disaster:>15}" for disaster in DISASTERS))
for setting in SETTINGS:
    print(f"{setting:22}", *(f"{lost.get((setting, disaster), '?'):>15}" for disaster in DISASTERS))

# %% [markdown]
# Nine cells, each tried once, with one thread and 50 orders. `rmqlab chaos` does the same with more recipes against more disasters, some cells
# many times, with several threads that send while it happens, and with consumers that are killed. That takes long, so you load what came out on the authors'
# machine:

# %% tags=["nbval-ignore-output"]
from rmqlab.chaos import committed, matrix

runs = committed()
seeds, days = sorted({run.seed for run in runs}), sorted({run.when[:10] for run in runs})
print(f"{len(runs)} lines, seeds {seeds}, made on {', '.join(days)}")
matrix(runs)

# %% [markdown]
# Your rows are called `default` and `sync-flush` there, your columns `kill-master`, `power-loss` and `replica-loss`; `full` is your third row with a second
# pair of brokers and a program that sends again. (What each recipe and each column is: `docs/reliability.md`. To run one:
# `rmqlab chaos sync-flush --faults power-loss --runs 3`.) Three cells that surprise many:
#
# - `default`, `power-loss`: in some runs nothing is lost, because the power failed just after a flush. Whoever tries it once may call it safe.
# - `sync-replication`, `power-loss`: a `SYNC_MASTER` and its slave, both with `ASYNC_FLUSH`. The slave has every order, in memory. But the master comes back
#   with what its disk had, and is the master still. Nobody asks the slave for what is missing. So our third row has `SYNC_FLUSH`, too.
# - `transient-pool`, `kill-master`: section 4 with RocketMQ's own 200 ms. Rare losses, and real ones.
#
# ### Exercise 08.6: choose
#
# Our shop has three kinds of messages. Which row of *your* table is the cheapest that does for each?
#
# | messages | must survive |
# | --- | --- |
# | `clicks` | that the broker's process is killed. Some lost clicks in a power failure are no harm |
# | `orders` | a power failure. (If the whole machine burns, we have paper.) |
# | `payments` | all three disasters |

# %%
### BEGIN SOLUTION
### LEARNER: choice = ...  # {"clicks": "...", "orders": "...", "payments": "..."}, with rows of the table
choice = {"clicks": "ASYNC_FLUSH", "orders": "SYNC_FLUSH", "payments": "SYNC_FLUSH and a slave"}
### END SOLUTION

# %%
lab.check("08.6", choice=choice, lost=lost)
# lab.hint("08.6")

# %% [markdown]
# ## What to remember
#
# 1. `SEND_OK` is worth what `flushDiskType` and `brokerRole` make of it. Both defaults answer from memory.
# 2. `kill -9` loses nothing that the operating system has, `ASYNC_FLUSH` or not. Only `transientStorePoolEnable` changes that, or a failover to a slave that
#    has less.
# 3. A power failure takes the newest messages that were not flushed. Against it helps `SYNC_FLUSH`; against a lost disk, a second machine.
# 4. `SYNC_MASTER` waits for a slave only with `inSyncReplicas=2`. By default it counts itself, and waits for nobody.
# 5. A slave keeps messages readable, and takes none. A controller makes it the master in seconds; the program bridges the gap by sending again.
#
# > **Where this bites in production**
# >
# > - `flushDiskType` and `brokerRole` are `ASYNC_FLUSH` and `ASYNC_MASTER` by default, and need a restart. (Set on a running broker, `flushDiskType=SYNC_FLUSH` breaks
# >   its sends: each is stored, and answered with an error.) `inSyncReplicas` and `slaveTimeout` can be changed while the broker runs (`mqadmin
# >   updateBrokerConfig`); write them into `broker.conf`, too.
# > - `slaveTimeout` = 3000 ms and `syncFlushTimeout` = 5000 are not below the client's `sendMsgTimeout` = 3000: with the defaults your program sees a time-out
# >   instead of a status. Set both lower.
# > - A slave says "I have it" when it is in its *memory*. `SYNC_MASTER` with `ASYNC_FLUSH` is two copies in memory, and none on a disk: do not leave out
# >   `SYNC_FLUSH` because there is a slave, and put the two on different circuits.
# > - With `inSyncReplicas=2` and one slave, each pause of the slave is a pause of your shop. Two slaves are the cure, not a longer time-out.
# > - `slaveReadEnable` is `false` by default. And a slave asks for topics and groups once a minute (under a controller, every 10 s): what is younger cannot be read from it.
# >   The groups' progress comes the same way: after the loss of a master, up to a minute of work may come again.
# > - Under a controller, `allAckInSyncStateSet` is `false` by default: then answers do not wait for the sync-state set, and a failover may lose the tail.
# >   `minInSyncReplicas` = 2 refuses orders rather than keep a single copy.
# > - One message's property `WAIT` = `false` (Java: `setWaitStoreMsgOK(false)`) waits for neither disk nor slave, and is always answered with `SEND_OK`.
# > - After a power failure with `ASYNC_FLUSH` your *consumers* may be ahead of the broker: they have read orders that are gone, and go on at an offset that is now
# >   given to new ones, which nobody reads. A slave may be ahead, too: it counts as in sync, and has nothing of what comes new. `SYNC_FLUSH` on the
# >   master rules out both.
# > - To kill a container is to kill a process: section 1. But its own file system goes with the container: `storePathRootDir` belongs on a volume.
# > - A disk that caches without a battery may report a flush that has not happened. No setting of a broker can see that.
#
# **Back:** [07 · Did the broker really take it?](07-reliability-produce.ipynb) · **Next:** [09 · What if my consumer dies?](09-reliability-consume.ipynb)
