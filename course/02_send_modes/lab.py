# %% [markdown]
# # 02 · When do I know it arrived?
#
# In labs 00 and 01 every send came back with an answer, and every send waited for it. You can also go on at once and hear the
# answer later, or not ask for one at all. That is faster. What do you give up? We measure it, and then we break the broker in
# the middle of our sends, and count what is lost and who was told. About 40 minutes.

# %% tags=["parameters"]
COUNT = 200  # messages in each mode, for the measurement
SEED = 2  # of the orders' amounts

# %%
from rmqlab import start_lab

lab = start_lab("02-send-modes", properties={"waitTimeMillsInSendQueue": 5000})

# %% [markdown]
# (The property: a broker refuses a message that has waited 200 ms for its turn, as *busy*. On a laptop with a lot to do that
# happens soon, so we allow more time here. At the end we come back to it.)
#
# Our online shop sends three kinds of messages. Each has a topic:

# %%
orders = lab.topic("orders", queues=1)  # somebody paid: not one may be lost

# %%
imports = lab.topic("imports", queues=4)  # thousands of goods, once a night

# %%
clicks = lab.topic("clicks", queues=1)  # who looked at what: many, and none of them matters much

# %% [markdown]
# ## 1. What goes out, and what comes back
#
# The classic Python package `rocketmq.client` has `send_sync` and `send_oneway`. RocketMQ's Java client has more: async sends,
# batches. `rmqlab.client` adds these to the classic classes (its `Producer` *is* a `rocketmq.client.Producer`), under Java's names
# and with Java's defaults.

# %%
import json
import random
import uuid

from rmqlab.client import Message, Producer

amounts = random.Random(SEED)
run = uuid.uuid4().hex[:8]  # keys of this run, so that the notebook can be run again

producer = Producer("shop", namesrv=lab.namesrv, timeout_ms=3000)
producer.start()


def order(number, tag="paid", *more_keys):
    body = json.dumps({"order": number, "amount": amounts.randint(5, 90)})
    keys = [f"order-{number}", *more_keys]
    return Message(orders, body, tags=tag, keys=keys, properties={"region": "eu"})


result = producer.send(order(1, "paid", "customer-7"))
print("status:", result.status.name)
print("msg_id:", result.msg_id)
print("queue: ", result.queue.broker, result.queue.queue_id)
print("offset:", result.offset)
print("offset_msg_id:", result.offset_msg_id)

# %% [markdown]
# Besides its body, a message carries labels. They are for different readers:
#
# | label | how many | who reads it |
# | --- | --- | --- |
# | **keys** | several, separated by blanks | people who look for a message: the broker keeps an index of them |
# | **tags** | **one**, in spite of its name | consumers that want only some of a topic (lab 03); the broker filters by its hash |
# | **properties** | any | your programs, and consumers with an SQL92 condition (lab 03) |
#
# And this is the answer:
#
# | part | what it is |
# | --- | --- |
# | `status` | `OK`, or stored with a reservation (below) |
# | `msg_id` | the message's id. The **producer** makes it before it sends, from its own address, process, time and a counter |
# | `queue` | the queue that took it |
# | `offset` | its number in that queue |
# | `offset_msg_id` | the **broker's** id: its address and the place in the commit log. Other tools may show you this one |
#
# There are four statuses, and **in all four the broker has the message**:
#
# | `SendStatus` | what it says |
# | --- | --- |
# | `OK` | stored as the broker is configured to store |
# | `FLUSH_DISK_TIMEOUT` | not on the disk in time (only with `flushDiskType=SYNC_FLUSH`) |
# | `FLUSH_SLAVE_TIMEOUT` | not on a slave in time (only with `brokerRole=SYNC_MASTER`) |
# | `SLAVE_NOT_AVAILABLE` | no slave there; RocketMQ 5 brokers do not answer this any more, 4.9 does |
#
# A broker that *refuses* a message gives no status: that is an error. [Lab 07](07-reliability-produce.ipynb) makes all four happen.
#
# Support finds the order by any of its keys:

# %%
from rmqlab.checks import eventually

found = eventually(lambda: lab.admin.messages_by_key(orders, "customer-7"), timeout_s=10)
print(found[-1].keys, "|", found[-1].tags, "|", found[-1].properties["region"])

# %% [markdown]
# ### Exercise 02.1: send an order that can be found
#
# Send a message to `orders`: order 42 of customer 9. Support will look for `order-42` **and** for `customer-9`. The stock team
# filters by the tag `paid`. The property `region` is `eu`, and `gift` is `yes`. Keep the answer in `result`.

# %%
### BEGIN SOLUTION
### LEARNER: result = ...
message = Message(
    orders,
    json.dumps({"order": 42, "amount": 12}),
    tags="paid",
    keys=["order-42", "customer-9"],
    properties={"region": "eu", "gift": "yes"},
)
result = producer.send(message)
### END SOLUTION

# %%
lab.check("02.1", result=result)
# lab.hint("02.1")

# %% [markdown]
# A few more orders, two of them cancelled. In the picture the letter is the tag.

# %%
for number in range(2, 8):
    producer.send(order(number, "cancelled" if number % 3 == 0 else "paid"))

lab.view("queues", topic=orders, by="tag").snapshot()

# %% [markdown]
# ## 2. Sync: wait for the answer
#
# `send` (in the classic package `send_sync`) returns when the broker has answered. How long does it wait for a broker that
# does not? By two settings:
#
# - `timeout_ms=3000` (Java: `sendMsgTimeout`, 3000 ms by default);
# - `retries=2` (Java: `retryTimesWhenSendFailed`, 2 by default). Two retries are **three attempts**.
#
# ### Exercise 02.2: predict, then run
#
# The cell below your prediction pauses the broker: it stands still, as in a long garbage collection. A producer with `timeout_ms=1000`
# and `retries=2` sends an order. After how many **seconds** does it give up?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number of seconds
prediction = 1  # the time-out is for the send, with all its attempts
### END SOLUTION

# %%
import time

from rocketmq.exceptions import ProducerSendSyncFailed

late = f"order-{run}"

with Producer("impatient", namesrv=lab.namesrv, timeout_ms=1000, retries=2) as impatient:
    impatient.send(order(8), timeout_ms=10_000)  # so that it knows the way
    with lab.fault("pause", "broker-a"):
        began = time.monotonic()
        try:
            impatient.send(order(9, "paid", late))
        except ProducerSendSyncFailed as error:
            waited = time.monotonic() - began
            print(f"{type(error).__name__} after {waited:.0f} s")

# %%
lab.check("02.2", prediction=prediction, waited=waited)
# lab.hint("02.2")

# %% [markdown]
# The broker has gone on since. Now look for the order whose send *failed*:

# %%
print("stored after all:", bool(eventually(lambda: lab.admin.messages_by_key(orders, late), timeout_s=10)))

# %% [markdown]
# It was on its way, and the broker took it when it woke up. **An error does not mean "no". It means "nobody knows".** A program
# that now sends the order once more has it twice. So consumers must be able to bear duplicates (lab 09).
#
# What is tried again, and what is not:
#
# | what happened | sync |
# | --- | --- |
# | no connection, connection lost | again at once, at another broker if there is one |
# | no answer in time | time is up: no more attempts (`sendMsgMaxTimeoutPerRequest`, off by default, gives each attempt a share) |
# | the broker is busy, shutting down, or does not know the topic (`retryResponseCodes`) | again |
# | the broker refuses for another reason, such as a message that is too large | error at once |
# | stored, but the status is not `OK` | returned to you. Only with `retryAnotherBrokerWhenNotStoreOK=true` (default `false`) is it sent again |
#
# ## 3. Async: hear the answer later
#
# `send_async` hands the message over and returns at once. The answer goes to a callback, in another thread. Here the callbacks
# put it into an inbox.

# %%
from collections import Counter

inbox = lab.inbox()

# %%
for number in range(COUNT):
    message = Message(imports, f"article {number}", tags="async", keys=f"article-{number}")
    producer.send_async(
        message,
        on_success=lambda answer: inbox.put(answer.status.name),
        on_exception=lambda error: inbox.put(type(error).__name__),
    )

print("no answer yet:", producer.flush())  # waits until all are here; 0 is what we want
print(Counter(inbox.items))

# %% [markdown]
# `send_async` also returns a `Future` of Python's `concurrent.futures`. `future.result()` is the answer, or raises the error.
#
# ### What a program loses that ends too early
#
# A script sends 100 messages asynchronously, and shuts down when the loop is done. The broker is slow at that moment (we pause it,
# to be sure):

# %%
import textwrap
import warnings

hasty = Producer("hasty", namesrv=lab.namesrv)
hasty.start()
hasty.send(Message(imports, "the way is known", tags="hasty"))

with lab.fault("pause", "broker-a"), warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    futures = [hasty.send_async(Message(imports, "article", tags="hasty", keys=run)) for number in range(100)]
    hasty.shutdown()

print("sent:     ", len(futures))
print("answered: ", sum(future.exception() is None for future in futures))
print("no answer:", hasty.lost)
print(*textwrap.wrap(str(caught[-1].message), 90), sep="\n")

# %% [markdown]
# 100 sent, 0 answered. What about the *messages*? Those that had left before the end are stored; the others never left. The broker
# knows how many, and it differs from run to run:


# %% tags=["nbval-ignore-output"]
def arrived():
    return sum(stored.keys == run for stored in lab.admin.messages(imports, limit=2000))


print(
    eventually(arrived, until=lambda count: count == 100), "of 100 are stored, and the program knows of none"
)

# %% [markdown]
# Here you got a warning, and every future failed. Do not count on that elsewhere: a process that has ended has nobody left to
# tell.
#
# ### Exercise 02.3: lose no answer
#
# Send all of `messages` with `send_async`, through a producer of your own, and shut it down. Keep the broker's answers in
# `results`: one for each message.

# %%
messages = [Message(imports, f"article {number}", tags="careful") for number in range(100)]
### BEGIN SOLUTION
### LEARNER: results = ...
careful = Producer("careful", namesrv=lab.namesrv)
careful.start()
try:
    futures = [careful.send_async(message) for message in messages]
    careful.flush()
finally:
    careful.shutdown()
results = [future.result() for future in futures]
### END SOLUTION

# %%
lab.check("02.3", results=results, messages=messages)
# lab.hint("02.3")

# %% [markdown]
# `with Producer(...) as careful:` does the same: leaving the block flushes, then shuts down.
#
# ## 4. Oneway, and batch
#
# `send_oneway` asks for no answer. It returns nothing: no status, no id, no offset.

# %%
print(producer.send_oneway(Message(clicks, "looked at article 7", tags="single")))

# %% [markdown]
# A **batch** is the other way to be fast: many messages in one request, and one answer for all of them. It is for one topic, has no
# delays, and must stay within the 4 MB of a single message (`maxMessageSize`); `send_batch` splits a longer list into batches of
# 1 MB.
#
# ### Exercise 02.4: predict, then run
#
# `imports` has four queues. Messages that are sent one by one go to them in turn. Ten messages go out as one batch: in how many
# queues will they lie?

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number of queues
prediction = 1  # one request goes to one queue
### END SOLUTION

# %%
(batch,) = producer.send_batch([Message(imports, f"article {number}", tags="batch") for number in range(10)])
print("one answer:", batch.status.name, "for", len(batch.msg_ids), "messages")

# %%
lab.check("02.4", prediction=prediction, batch=batch)
# lab.hint("02.4")

# %% [markdown]
# ## 5. How fast is each?
#
# The same messages in four ways. For each message we note when we called, when the call returned, and when the answer was here.

# %%
from time import perf_counter


def in_turn(send):
    """Send one after the other; the call's return is the answer."""
    calls = []
    for message in articles():
        called = perf_counter()
        answer = send(message)
        returned = perf_counter()
        calls.append((called, returned, returned if answer else None))
    return calls


def asynchronously():
    calls, answered = [], {}
    for number, message in enumerate(articles()):
        called = perf_counter()
        producer.send_async(message, on_success=lambda _, n=number: answered.update({n: perf_counter()}))
        calls.append((called, perf_counter()))
    producer.flush()
    return [(*call, answered.get(number)) for number, call in enumerate(calls)]


def as_batch():
    messages, called = articles(), perf_counter()
    producer.send_batch(messages)
    return [(called, (returned := perf_counter()), returned)] * len(messages)


def articles():
    return [Message(imports, f"article {number}", tags="measured") for number in range(COUNT)]


def measure():
    return {
        "sync": in_turn(producer.send),
        "async": asynchronously(),
        "oneway": in_turn(producer.send_oneway),
        "batch": as_batch(),
    }


measure()  # the first round warms everything up
calls = measure()

# %% tags=["nbval-ignore-output"]
lab.view("sends", calls=calls).snapshot()

# %% [markdown]
# Your numbers are your machine's, and differ from run to run. On two quiet cores half of the sync sends take less than half a
# millisecond: some 2,000 a second from one thread. In the other modes the program is done five to fifty times sooner.
#
# - **Sync** is slow because it is polite: nothing happens between question and answer. Several threads help: one `Producer` is safe to share.
# - **Async** has the same latency, or a longer one: messages wait for each other. Only your *program* no longer waits: its rate is how
#   fast it hands over, and the broker is done at the last answer. Limit how many are under way: `backpressure=1000` (Java:
#   `enableBackpressureForAsyncMode`, `backPressureForAsyncSendNum`).
# - **Oneway** takes your program about half of async's time, and gives up the answer for it.
# - **Batch** saves requests. It is fast *and* gets an answer.

# %% [markdown]
# ## 6. A dead broker
#
# Now the broker is killed. Our producer does not know yet: it has the route, and believes it. What does each mode say?

# %%
from rmqlab.client.log import folder

client_log = folder() / "rocketmq_client.log"  # where RocketMQ's client notes what it does

# %%
before = client_log.stat().st_size
attempts = Producer("attempts", namesrv=lab.namesrv)
attempts.start()
attempts.send(Message(clicks, "the way is known", tags="single"))

with lab.fault("kill", "broker-a"):
    try:
        attempts.send(Message(clicks, "sync"))
    except ProducerSendSyncFailed as error:
        print("sync:  ", str(error).split(",")[0])

    future = attempts.send_async(Message(clicks, "async"))
    print("async: ", type(future.exception(timeout=5)).__name__)

    print("oneway:", attempts.send_oneway(Message(clicks, "oneway")))

attempts.shutdown()

# %% [markdown]
# Sync tried three times, then raised. Oneway said nothing, as always. And async? You may read that *async never retries*. Its
# retries have a setting of their own, `retryTimesWhenSendAsyncFailed`, also 2 by default. The client's log shows them:


# %%
def retries():
    """Return how often the client tried an async send to `clicks` again, as its log tells."""
    with client_log.open(encoding="utf-8", errors="replace") as log:
        log.seek(before)
        lines = [line for line in log if "async send msg by retry" in line and f"topic={clicks}," in line]
    return [line.partition("async send msg by ")[2].split(".")[0] for line in lines]


print(eventually(retries, until=lambda found: len(found) >= 2))

# %% [markdown]
# What is true: async tries again only when the *way* failed (no connection, connection lost). An answer that refuses is final, also
# those that sync would try again. Oneway is tried once, and so is a sync send to a queue that you chose yourself.
#
# ## 7. Your turn: break it, and prove it
#
# A dead broker is the easy case. Worse is one that **hangs first and is then killed**: connections are open, nobody is home.
#
# `rush` sends five messages in each mode and notes in `told` what the program was told about each key: `"OK"`, `"error"`, or
# `"nothing"`. Its time-out is short, so that we need not wait long.

# %%
from rocketmq.exceptions import ProducerException


def rush(part, told, timeout_ms=300):
    """Send five clicks in each mode; `told` maps mode and key to what the program hears."""

    def click(mode, number):
        key = f"{part}-{mode}-{number}"
        told[mode][key] = "nothing"
        return key, Message(clicks, "a click", tags=mode, keys=key)

    with Producer("rush", namesrv=lab.namesrv, timeout_ms=timeout_ms) as rusher:
        for number in range(5):
            key, message = click("sync", number)
            try:
                told["sync"][key] = rusher.send(message).status.name
            except ProducerException:
                told["sync"][key] = "error"
        futures = {}
        for number in range(5):
            key, message = click("async", number)
            futures[key] = rusher.send_async(message)
        rusher.flush()
        for key, future in futures.items():
            told["async"][key] = "error" if future.exception() else future.result().status.name
        for number in range(5):
            key, message = click("oneway", number)
            rusher.send_oneway(message)


# %% [markdown]
# ### Exercise 02.5: lost, and nobody said so
#
# The first half has been sent, and the broker was well. **Break it:** let the broker hang, send the second half with
# `rush(f"{half}-second", told)`, kill it while it hangs, and start it again (`broker.pause()`, `broker.kill()`,
# `broker.restart()`).
#
# **Prove it:** ask the broker which messages it holds (`lab.admin.messages(clicks, limit=2000)`, each has `.keys`). Put into
# `silent` for each mode the set of keys that were lost **without an error**.

# %%
half = len(lab.admin.messages(clicks, limit=2000))  # new keys, whenever this cell runs
told = {"sync": {}, "async": {}, "oneway": {}}
rush(f"{half}-first", told, timeout_ms=3000)  # the broker has only just started
eventually(
    lambda: told["oneway"].keys() <= {m.keys for m in lab.admin.messages(clicks, limit=2000)}, timeout_s=20
)
broker = lab.nodes["broker-a"]
### BEGIN SOLUTION
### LEARNER: silent = ...  # {"sync": {...}, "async": {...}, "oneway": {...}}
broker.pause()
try:
    rush(f"{half}-second", told)
finally:
    broker.kill()
    broker.restart()

stored = {message.keys for message in lab.admin.messages(clicks, limit=2000)}
silent = {
    mode: {key for key, word in heard.items() if word != "error" and key not in stored}
    for mode, heard in told.items()
}
for mode, heard in told.items():
    print(f"{mode:7} told {dict(Counter(heard.values()))}, stored {len(stored & heard.keys())}", end=", ")
    print(f"silently lost {len(silent[mode])}")
### END SOLUTION

# %%
lab.check("02.5", silent=silent, told=told)
# lab.hint("02.5")

# %% [markdown]
# Sync and async heard of each loss. Oneway heard the same about what arrived and what did not: nothing. (And had the broker woken
# up instead of dying, it would have stored the second half after all, as in section 2: the same errors, another ending.)
#
# Here is what the broker holds. The letter is the tag, and so the mode. The picture is live: rest the pointer on the
# dots. Async and oneway messages may lie in another order than they were sent in, because nobody waited for the one before (lab 04).

# %% tags=["nbval-ignore-output"]
lab.view("queues", topic=clicks, by="tag")

# %%
producer.shutdown()

# %% [markdown]
# ## Which one, then?
#
# | | returns when | you learn | further attempts | for |
# | --- | --- | --- | --- | --- |
# | **sync** | the broker has answered | status or error, at once | 2 | whatever must not get lost |
# | **async** | it is handed over | status or error, later, if you are still there | 2, when the way failed | the same, where your program cannot wait |
# | **oneway** | it is handed over | nothing | 0 | logs, clicks, metrics |
# | **batch** | the broker has answered | one status for all | 2 | many small messages for one topic |
#
# ## What to remember
#
# 1. You know that it arrived when the broker's answer is in your hands: sync at once, async in the callback, oneway never.
# 2. The time-out (3 s) is for the whole send. Two retries are three attempts *within* it.
# 3. An error means "nobody knows": the message may be stored, and a repetition may be a duplicate.
# 4. Async answers live in your process. `flush()` before `shutdown()`, and handle `on_exception`.
# 5. All four statuses mean "stored". Keys are for finding, the one tag is for filtering.
#
# > **Where this bites in production**
# >
# > - A web request that sends synchronously waits `sendMsgTimeout` = 3000 ms when the broker hangs; with every thread waiting, the
# >   whole shop stands. Choose the time-out by what your caller can bear.
# > - `retryTimesWhenSendFailed` = 2 helps against a dead broker, if there is a second one. It does not help against one that hangs: the
# >   first attempt uses up the time, unless `sendMsgMaxTimeoutPerRequest` (default -1, off) limits it.
# > - `retryTimesWhenSendAsyncFailed` = 2 counts only failures of the way. In the callback you may send again yourself: with a limit.
# > - Async without `enableBackpressureForAsyncMode` (default `false`) takes messages faster than the broker: they pile up in your
# >   memory (a queue of 50 000 in the Java client), and time out there.
# > - Async fills the broker's queue, and what waits there longer than `waitTimeMillsInSendQueue` = 200 ms is refused:
# >   `[TIMEOUT_CLEAN_QUEUE]broker busy`. Sync tries that again, async does not: `on_exception` has to.
# > - A container that gets SIGTERM and ends at once is the early shutdown of section 3. Stop taking work, flush, shut down: in this order.
# > - A message over `maxMessageSize` (4 MB in the client, 4 MB in the broker: change both) is an error, not a status. Bodies over
# >   `compressMsgBodyOverHowmuch` = 4096 bytes travel compressed.
# > - An `OK` is worth what the broker's `flushDiskType` and `brokerRole` make of it: lab 08.
#
# **Back:** [01 · Where does my message live?](01-concepts.ipynb) · **Next:** [03 · Who gets which message?](03-consuming.ipynb)
