# %% [markdown]
# # 00 · Does a message really leave my notebook?
#
# A message queue stands between two programs. One hands over a message and goes on with its work; the other takes it
# when it is ready. They never meet. **Apache RocketMQ** is such a queue, and this course runs a real one on your machine.
#
# In the next 30 minutes you start it, send it a message, look at the message inside, and receive it again: first here,
# then in a program that has never heard of this notebook. You need Python, and nothing else.

# %% tags=["parameters"]
ORDERS = 3  # how many orders the shop sends
SEED = 7  # of the orders' amounts

# %% [markdown]
# ## Is this machine ready?
#
# The doctor looks at everything a lab needs. It starts nothing. Where something is missing, it says what to do.

# %% tags=["nbval-ignore-output"]
from rmqlab.doctor import examine

for finding in examine():
    print("✔" if finding.is_good else "✘", finding.about)
    if not finding.is_good:
        print("  ", finding.seen, finding.remedy)

# %% [markdown]
# ## Start RocketMQ
#
# One line starts this lab's own RocketMQ, or finds it again if it runs already. It takes a few seconds.

# %%
from rmqlab import start_lab

lab = start_lab("00-welcome")

# %% [markdown]
# The map shows two programs that now run beside this notebook:
#
# - the **broker** keeps messages;
# - the **NameServer** tells everybody where the brokers are. Its address is all that a program has to know.
#
# What runs them is yours to choose, in one of two lines; the labs are the same on both:
#
# ```python
# lab = start_lab("00-welcome", backend="process")   # plain processes: works everywhere
# lab = start_lab("00-welcome", backend="docker")    # containers: after `rmqlab pull`, with Docker or Podman
# ```
#
# ### How every lab goes
#
# | part | what you do |
# | --- | --- |
# | **1. Ask** | One question, and the smallest code that answers it. It is ordinary RocketMQ code: you can paste it into a program of yours. |
# | **2. Look** | A picture, drawn from the broker's own numbers. |
# | **3. Understand** | What the numbers mean, in a few sentences. |
# | **4. Your turn** | Exercises. The broker is the judge: a check looks at what it really holds. |

# %% [markdown]
# ## 1. Ask: send a few orders
#
# Our example is an online shop. Whenever a customer buys something, the shop tells the rest of the company.
#
# A message goes to a **topic**, a name for messages of one kind. Here it is `orders`. A topic is spread over **queues**;
# one is enough for today. This line creates the topic unless it exists.

# %%
topic = lab.topic("orders", queues=1)

# %% [markdown]
# A **producer** sends. It belongs to a group (a name for all producers that do the same job), asks the NameServer for
# the way, and waits at most `timeout` milliseconds for the broker's answer.

# %%
from rocketmq.client import Message, Producer

producer = Producer("shop", timeout=3000)
producer.set_name_server_address(lab.namesrv)
producer.start()

# %% [markdown]
# A message has a **body**: any bytes, here JSON. It should have a **key** as well: the name under which *you* will look
# for it one day.

# %%
import json
import random

amounts = random.Random(SEED)
sent = []
for number in range(1, ORDERS + 1):
    message = Message(topic)
    message.set_keys(f"order-{number}")
    message.set_body(json.dumps({"order": number, "amount": amounts.randint(5, 90)}))
    sent.append(producer.send_sync(message))

for result in sent:
    print(result)

# %% [markdown]
# `send_sync` came back with the broker's answer. `OK` means: *I have it* (lab 08 asks how safely). The `msg_id` is
# unique in the world, and `offset` is the message's number in its queue, counted from 0.
#
# Without an answer within the time-out, `send_sync` raises an error. It never pretends.

# %% [markdown]
# ## 2. Look: the messages in their queue
#
# `lab.view` asks the broker, not this notebook. Leave out `.snapshot()`, and the picture is alive: it moves while you send.

# %%
lab.view("queues", topic=topic).snapshot()

# %% [markdown]
# ## 3. Understand
#
# The topic `orders` has one queue: number 0 of the broker `broker-a`. Each dot is a message, in the order of arrival, and
# each letter is a key. `min` is the oldest offset that the broker still holds, `max` the one that the next message
# will get. Nobody has received anything, so there is no consumer group yet.
#
# ## And back again
#
# A **consumer** receives. It, too, belongs to a group: here `stock`, the people in the warehouse who pack the orders.
# RocketMQ calls your function for each message, in a thread of its own. So the function only notes what came. The
# notebook waits for it.

# %%
inbox = lab.inbox()  # collects what the function receives

# %%
from rocketmq.client import ConsumeStatus, PushConsumer


def pack(message):
    inbox.put(message.keys.decode())
    return ConsumeStatus.CONSUME_SUCCESS  # "done": without this the message comes again


consumer = PushConsumer("stock")
consumer.set_name_server_address(lab.namesrv)
consumer.subscribe(topic, pack)
consumer.start()
try:
    print(sorted(inbox.wait_for(ORDERS)))
finally:
    consumer.shutdown()

# %% [markdown]
# There they are. They went out of this process into the broker, and came back.
#
# ## 4. Your turn
#
# ### Exercise 00.1: predict, then run
#
# The group `stock` has received all orders and said "done" for each. How many of the `ORDERS` messages that we sent
# does the broker **still hold**? Write down a number before you look.

# %%
### BEGIN SOLUTION
### LEARNER: prediction = ...  # a number from 0 to ORDERS
prediction = ORDERS  # receiving does not remove anything
### END SOLUTION

# %% [markdown]
# Now look. The triangle of the group `stock` shows how far it has come, and its **lag**: how many messages it has not read. A dot
# is hollow once every group has read its message.

# %%
lab.view("queues", topic=topic).snapshot()

# %%
lab.check("00.1", prediction=prediction, sent=sent)
# lab.hint("00.1")

# %% [markdown]
# > **Stuck?** Remove the `#` before `lab.hint(...)` and run the cell: the first hint is an idea, the second names the
# > API, the third is almost the code. `lab.solution("00.1")` shows the solution once you have passed (or at once with
# > `reveal=True`; nobody is watching).

# %% [markdown]
# ### Exercise 00.2: send one yourself
#
# Send one more order to the topic `orders`, with the key `order-100` and any body you like. Keep the broker's answer in
# `result`. The producer from above is still running.

# %%
### BEGIN SOLUTION
message = Message(topic)
message.set_keys("order-100")
message.set_body(json.dumps({"order": 100, "amount": 42}))
result = producer.send_sync(message)
### END SOLUTION

# %%
lab.check("00.2", result=result)
# lab.hint("00.2")

# %% [markdown]
# ### Exercise 00.3: receive everything once more
#
# Accounting wants to see **all** the orders too, also those that the warehouse has already taken. Write a consumer that
# gets them. Keep the name of its group in `group`, and the keys that arrived in `received`.
#
# *The code of `stock` above is a good start. What has to change?*

# %%
### BEGIN SOLUTION
### LEARNER: group = ...
### LEARNER: received = ...
group = "accounting"
books = lab.inbox()


def book(message):
    books.put(message.keys.decode())
    return ConsumeStatus.CONSUME_SUCCESS


consumer = PushConsumer(group)
consumer.set_name_server_address(lab.namesrv)
consumer.subscribe(topic, book)
consumer.start()
try:
    received = books.wait_for(ORDERS + 1)
finally:
    consumer.shutdown()
print(sorted(received))
### END SOLUTION

# %%
lab.check("00.3", group=group, received=received, sent=sent)
# lab.hint("00.3")

# %% [markdown]
# Run your cell a second time, and nothing arrives (the inbox gives up after 10 seconds): the broker remembers how far
# `accounting` has come. A third group would get everything again.

# %% [markdown]
# ## So, does it really leave the notebook?
#
# Here is the proof: another Python program. It shares nothing with this notebook but the NameServer's address, and it
# is a complete RocketMQ program: save the text as a file and it runs as it is.

# %%
program = """
import queue
import sys

from rocketmq.client import ConsumeStatus, PushConsumer

namesrv, topic, group, count = sys.argv[1:]
received = queue.SimpleQueue()


def note(message):
    received.put(message.keys.decode())
    return ConsumeStatus.CONSUME_SUCCESS


consumer = PushConsumer(group)
consumer.set_name_server_address(namesrv)
consumer.subscribe(topic, note)
consumer.start()
try:
    keys = [received.get(timeout=10) for _ in range(int(count))]
    print("Another program received", len(keys), "orders.")
except queue.Empty:
    print("Nothing new for the group", group)
finally:
    consumer.shutdown()
"""

# %%
import subprocess
import sys

done = subprocess.run(
    [sys.executable, "-c", program, lab.namesrv, topic, "another-program", str(ORDERS)],
    capture_output=True,
    text=True,
    timeout=50,
)
print(done.stdout or done.stderr)

# %% [markdown]
# **Yes.** The message had left: it lies in the broker, which is a program of its own, and whoever asks for it gets it.
# Restart this notebook's kernel, run `start_lab` and `lab.view(...)` again: the messages are still there.

# %% [markdown]
# ## The end of a lab
#
# Shut down what you started. In a program of yours this stands in a `finally`.

# %%
producer.shutdown()

# %% [markdown]
# The broker may go on running: it ends by itself 15 minutes after the notebook's kernel has ended. (To close the tab does not
# end the kernel: *Kernel > Shut Down Kernel* does.) To end it now, and delete its messages, call `lab.stop()`.
#
# In a terminal, `rmqlab progress` shows which exercises you have passed, `rmqlab reset 00.2` lets you do one again,
# `rmqlab ps` shows what runs, and `rmqlab down` ends it.
#
# ## What to remember
#
# 1. A producer sends to a topic; the broker answers `OK` when it has the message. No answer is an error, never silence.
# 2. A message lies in a queue of the broker, at an offset. The `msg_id` is RocketMQ's name for it, the key is yours.
# 3. A consumer belongs to a group. The broker remembers for each group how far it has come.
# 4. Receiving removes nothing: another group gets the same messages.
# 5. A callback answers `CONSUME_SUCCESS` when its work is done. Otherwise the message comes again.
#
# > **Where this bites in production**
# >
# > - Messages stay although everybody has read them, and go although somebody has not: the broker deletes whole files by
# >   age, `fileReservedTime` (default 72 hours), at the hour `deleteWhen` (default 04), and earlier when the disk is fuller than
# >   `diskMaxUsedSpaceRatio` (default 75 %). A consumer that was away for four days has lost messages.
# > - `autoCreateTopicEnable` is `true` by default: a typing error in a topic's name makes a new topic, and nobody
# >   notices. Turn it off in production.
# > - The time-out of a send, `sendMsgTimeout`, is 3000 ms by default, and a body may have at most `maxMessageSize` = 4 MB.
# > - This course's broker listens on your machine only and uses small files (`mappedFileSizeCommitLog` is 16 MB here; the default is 1 GB).
#
# ## Where to go from here
#
# Each lab stands alone: it starts its own broker. But it takes for granted what the labs that it builds on have explained.
#
# | lab | question | minutes | builds on | afterwards you can |
# | --- | --- | --- | --- | --- |
# | [00](00-welcome.ipynb) | Does a message really leave my notebook? | 30 | Python | start a RocketMQ, send a message, find it in the broker, receive it |
# | [01](01-concepts.ipynb) | Where does my message live? | 45 | 00 | say where a message lies, who knows the way to it, and what a send does |
# | [02](02-send-modes.ipynb) | When do I know it arrived? | 40 | 01 | choose sync, async, oneway or batch, and know what each tells you |
# | [03](03-consuming.ipynb) | Who gets which message? | 45 | 01 | share work among consumers, filter, read again, and read a lag |
# | [04](04-ordering.ipynb) | Who came first? | 45 | 03 | keep the steps of an order in order, and find what breaks it |
# | [05](05-delay.ipynb) | Can a message wait? | 40 | 03 | send now what arrives later, and cancel what was not paid |
# | [06](06-transactions.ipynb) | Both or neither? | 45 | 02, 03 | change a database and send a message: both or neither |
# | [07](07-reliability-produce.ipynb) | Did the broker really take it? | 45 | 02 | write the sending part of a shop that loses no order |
# | [08](08-reliability-store.ipynb) | Does an acknowledged message survive? | 45 | 07 | choose flush and replication by what may break, and know the price |
# | [09](09-reliability-consume.ipynb) | What if my consumer dies? | 45 | 05, 08 | write consumers that may die at any line, with nothing lost or done twice |
# | [10](10-scenarios.ipynb) | What do people use it for? | 45 | 09 | put a queue where it helps: answers, peaks, systems that may be down, news for everybody |
# | [11](11-operations.ipynb) | What is my cluster doing? | 45 | 09 | ask a cluster with mqadmin, metrics and traces, and end a backlog, a dead-letter queue and a broker in order |
# | [12](12-rocketmq-5.ipynb) | What changed in RocketMQ 5? | 45 | 04, 06, 09 | receive messages through the proxy, and say what that changes for a consumer that is stuck |
# | [13](13-choosing.ipynb) | RabbitMQ, Kafka or RocketMQ? | 45 | 04, 06, 09 | choose between RabbitMQ, Kafka and RocketMQ by the fact that decides, and say it |
# | [14](14-capstone.ipynb) | Can your order system lose nothing? | 45 | 06, 09 | write an order system that loses no order, no piece and no cent, and prove it |
#
# **Next:** [01 · Where does my message live?](01-concepts.ipynb)
