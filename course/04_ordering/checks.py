"""What the exercises of lab 04 look at."""

import uuid

from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.client import Message

STEPS = ("create", "pay", "deliver", "sign")
TOPIC = "steps"
NEWEST = 500
AT = ("order-1", "pay")


def is_number(answer):
    return isinstance(answer, (int, float)) and not isinstance(answer, bool)


def stored(lab, since, topic=TOPIC):
    """Return what a topic has got since, in the order of storing."""
    return [
        message
        for message in lab.admin.messages(topic, limit=NEWEST)
        if message.queue not in since or message.queue_offset >= since[message.queue].max_offset
    ]


def one_trial(messages):
    """Return the messages before the first one whose name comes again: that belongs to a later trial."""
    first = {}
    for message in messages:
        if first.setdefault((message.keys, message.tags), message) is not message:
            break
    return list(first.values())


def homes(messages):
    """Return the queues in which the messages of each key lie."""
    found = {}
    for message in messages:
        found.setdefault(message.keys, set()).add(message.queue)
    return found


def sent_back(lab, messages):
    """Tell whether a concurrent listener failed on one of them: then the retry topic has it, too."""
    back = f"%RETRY%{TOPIC}-page"
    known = {message.msg_id for message in messages}
    return any(message.msg_id in known for message in lab.admin.messages(back, limit=NEWEST))


def is_trial(answer):
    return isinstance(answer, dict) and {"since", "consumed", "failed"} <= answer.keys()


def no_trial(name):
    return not_yet(
        "no-trial",
        expected="what `trial(...)` returns",
        seen=f"another value in `{name}`",
        why="the check looks at what was sent and consumed in it",
        try_next=f"keep what `trial(...)` returns in `{name}`",
    )


@exercise(
    "04.1",
    title="Predict what a key does",
    hints=(
        "Who chooses the queue, and when? Does it look at the key?",
        "Without a sharding key the producer takes the queues in turn (lab 01).",
        "Between two steps of an order five messages are sent, and there are four queues: each step is one queue further. `prediction = 4`.",
    ),
)
def the_key_chooses_no_queue(lab, prediction, spread):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a number from 1 to 4",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the topic has four queues",
            try_next="write a number, such as `prediction = 2`",
        )
    queues = homes(one_trial(stored(lab, spread["since"]))).get("order-1", ())
    if not queues:
        return not_yet(
            "not-run",
            expected="the steps of `order-1` in the topic `steps`",
            seen="none",
            why="the prediction is compared with what the brokers hold",
            try_next="run the cell with `spread = ...` once more",
        )
    if prediction == len(queues):
        return passed("The key finds a message. It does not choose its queue.")
    if prediction == 1:
        return not_yet(
            "the-key-chooses-the-queue",
            expected=f"the {len(queues)} queues that hold its steps",
            seen="your prediction is 1",
            why="in RocketMQ the message key is for finding the message; the producer does not look at it when it chooses",
            try_next="look at the small labels of order-1's lane in the picture below",
        )
    return not_yet(
        "another-number",
        expected=f"the {len(queues)} queues that hold its steps",
        seen=f"your prediction is {prediction:g}",
        why="the producer takes the queues in turn: five messages further is one queue further",
        try_next="count the different labels in order-1's lane in the picture below",
    )


@exercise(
    "04.2",
    title="Each order into one queue",
    hints=(
        "The queue has to follow from the order alone: the same order, the same queue.",
        "A selector is a function `(queues, message, arg) -> queue`; `producer.send(message, selector=..., arg=order)` calls it.",
        "`def choose(queues, message, order): return queues[zlib.crc32(order.encode()) % len(queues)]`, and "
        "`return producer.send(message, selector=choose, arg=order)`.",
    ),
)
def each_order_has_its_queue(lab, to_its_queue):
    if not callable(to_its_queue):
        return not_yet(
            "not-a-function",
            expected="a function of two arguments",
            seen=f"`to_its_queue` is a {type(to_its_queue).__name__}",
            why="the check calls it with messages of its own",
            try_next="write `def to_its_queue(message, order):`",
        )
    since = lab.admin.topic_stats(TOPIC)
    run = uuid.uuid4().hex[:8]
    # A prime number: taking queues in turn never meets the same one for each step of an order.
    orders = [f"check-{run}-{number}" for number in range(23)]
    wanted = set()
    for step in STEPS:
        for order in orders:
            try:
                to_its_queue(Message(TOPIC, f"{step} {order}", tags=step, keys=order), order)
            except Exception as error:
                return not_yet(
                    "it-raises",
                    expected="a send that is answered",
                    seen=f"a {type(error).__name__}",
                    why="the check called `to_its_queue(message, order)` with a message for the topic `steps`",
                    try_next="try it yourself: `to_its_queue(Message(steps, 'x', keys='order-1'), 'order-1')`",
                )
            wanted.add((order, step))

    def arrived():
        return [message for message in stored(lab, since) if run in message.keys]

    messages = eventually(arrived, until=lambda found: len(found) >= len(wanted))
    if {(message.keys, message.tags) for message in messages} != wanted:
        return not_yet(
            "not-in-the-broker",
            expected="each message that the check gave to it, in the topic `steps`",
            seen=f"{len(messages)} of {len(wanted)}",
            why="only a send puts a message into a broker",
            try_next="send the message that you get, and return the answer",
        )
    found = homes(messages)
    if any(len(queues) > 1 for queues in found.values()):
        return not_yet(
            "spread",
            expected="the steps of each order in one queue",
            seen="orders with steps in several queues",
            why="a message's key is not looked at, and a queue that does not follow from the order is another one each time",
            try_next="let a selector compute the queue from `order` alone",
        )
    if len(set.union(*found.values())) == 1:
        return not_yet(
            "one-queue-for-all",
            expected="different orders in different queues",
            seen="all of them in the same one",
            why="that is global order: right, and as slow as a single queue",
            try_next="let the queue's number depend on the order: a checksum modulo the number of queues",
        )
    for order in orders:
        steps = [message.tags for message in messages if message.keys == order]
        if steps != list(STEPS):
            return not_yet(
                "out-of-order",
                expected=" before ".join(STEPS),
                seen="an order whose steps are stored in another order",
                why="sends that nobody waits for overtake each other on the way",
                try_next="use `producer.send`, which waits for the answer",
            )
    return passed("Each order has its queue, and the queues share the orders.")


@exercise(
    "04.3",
    title="A consumer that keeps the order",
    hints=(
        "Both faults have the same cause: a concurrent listener goes on with the next message before this one is done.",
        "RocketMQ's other listener is `MessageListenerOrderly`. Which argument of `consume` did the pictures in order have?",
        '`settings = {"orderly": True}`, and `repaired = trial(steps, by_order, fails_once(("order-1", "pay")), **settings)`.',
    ),
)
def the_order_survives_a_failure(lab, repaired):
    if not is_trial(repaired):
        return no_trial("repaired")
    messages = one_trial(stored(lab, repaired["since"]))
    names = {(message.keys, message.tags) for message in messages}
    if not repaired["consumed"] or not set(repaired["consumed"]) <= names:
        return not_yet(
            "not-in-the-broker",
            expected="a trial whose messages the brokers hold",
            seen="steps that nobody has sent",
            why="what a page shows is compared with what was stored",
            try_next="run `trial(...)` and keep what it returns",
        )
    if AT not in repaired["failed"]:
        return not_yet(
            "nothing-failed",
            expected="a payment of `order-1` that fails once",
            seen="no failure",
            why="without a failure nothing is proven",
            try_next='give the trial `fails_once(("order-1", "pay"))`',
        )
    lanes = {}
    for order, step in repaired["consumed"]:
        lanes.setdefault(order, []).append(step)
    missing = names - set(repaired["consumed"])
    if missing:
        return not_yet(
            "a-step-is-missing",
            expected="all twenty steps",
            seen=f"{len(missing)} of them not done",
            why="a consumer that may not try again gives the message up: it goes to the dead-letter topic",
            try_next="let it try again",
        )
    mixed_up = sorted(order for order in lanes if lanes[order] != list(STEPS))
    if mixed_up == [AT[0]]:
        return not_yet(
            "one-thread",
            expected="each order's steps in order",
            seen="`order-1` delivered before it is paid",
            why="one thread takes one message after the other, but a message that fails leaves the queue for the retry topic, and "
            "the next one is taken",
            try_next="use the listener that keeps a failed message where it is",
        )
    if mixed_up:
        return not_yet(
            "overtaken",
            expected="each order's steps in order",
            seen="orders whose steps overtook each other",
            why="a concurrent listener starts the next step before this one is done",
            try_next="use the listener that works on one message of a queue at a time",
        )
    if sent_back(lab, messages):
        return not_yet(
            "sent-back",
            expected="a payment that waited in its queue",
            seen="the retry topic `%RETRY%steps-page` holds it, too",
            why="a concurrent listener sends what fails there, and its queue goes on",
            try_next="run a trial of its own with your `settings`, and keep what it returns",
        )
    return passed("The queue waited for the payment, and nothing passed it.")


@exercise(
    "04.4",
    title="Predict who waits",
    hints=(
        "An orderly consumer that fails does not stop altogether. What is it that it stops?",
        "It stops a queue. Which orders lie in the same queue as `order-1`?",
        'Compare the small labels in the lanes: `order-1` and `order-5` have the same. `prediction = {"order-5"}`.',
    ),
)
def the_whole_queue_waits(lab, prediction, stuck):
    if not isinstance(prediction, (set, frozenset, list, tuple)):
        return not_yet(
            "not-a-set",
            expected="a set of orders",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="there may be none, one or several",
            try_next='write `prediction = {"order-2"}`, or `set()`',
        )
    found = homes(one_trial(stored(lab, stuck["since"])))
    if AT not in stuck["failed"] or "order-1" not in found:
        return not_yet(
            "not-run",
            expected="a trial in which the payment of `order-1` fails",
            seen="no such failure",
            why="the prediction is compared with what happened",
            try_next="run the cell with `stuck = ...` once more",
        )
    waiting = {order for order in found if order != "order-1" and found[order] & found["order-1"]}
    foretold = set(prediction) - {"order-1"}
    if foretold == waiting:
        return passed("The queue waits, with everybody who lives in it. The other queues go on.")
    if not foretold:
        return not_yet(
            "only-its-own-order",
            expected="the other orders in the queue of `order-1`",
            seen="your prediction is: nobody",
            why="the consumer knows queues, not orders: what waits is the queue, with everything in it",
            try_next="look at the labels in the lanes: who shares the queue of `order-1`?",
        )
    if foretold == found.keys() - {"order-1"}:
        return not_yet(
            "everybody",
            expected="the other orders in the queue of `order-1`",
            seen="your prediction is: all of them",
            why="each queue has a thread of its own, and only one of them has something that fails",
            try_next="look at the labels in the lanes: who shares the queue of `order-1`?",
        )
    return not_yet(
        "other-orders",
        expected="the other orders in the queue of `order-1`",
        seen="other ones",
        why="the brokers were asked which order lies in which queue",
        try_next="compare the labels in the lanes with those of `order-1`",
    )


@exercise(
    "04.5",
    title="Lost order, and no error",
    hints=(
        "A queue that nobody can reach is not in the route, and what is not in the route is not chosen.",
        '`lab.nodes["broker-b"].kill()`, then `producer_knows(steps, 2)`. '
        "`homes(steps, since)` maps each order to its queues.",
        "`moved = {order for order, queues in homes(steps, since).items() if len(queues) > 1}`.",
    ),
)
def the_orders_have_moved(lab, moved, since):
    if not isinstance(moved, (set, frozenset, list, tuple)):
        return not_yet(
            "not-a-set",
            expected="a set of orders",
            seen=f"`moved` is a {type(moved).__name__}",
            why="several orders may have moved",
            try_next="write `moved = {...}`",
        )

    def found():
        return homes(one_trial(stored(lab, since)))

    # A broker that has just come back may not be in the route yet.
    known = eventually(
        found, until=lambda each: len(each) >= len(moved) and len(set().union(*each.values())) > 2
    )
    true = {order for order, queues in known.items() if len(queues) > 1}
    if not true:
        return not_yet(
            "not-broken",
            expected="orders whose steps lie in two queues",
            seen="each order in one queue",
            why="the producer still chose among four queues: either nothing was broken, or it did not know yet",
            try_next="kill `broker-b` before the second half is sent, and wait with `producer_knows(steps, 2)`",
        )
    if set(moved) == true:
        return passed("Every send was OK, no error was raised, and the order is gone.")
    if not moved:
        return not_yet(
            "no-error-no-move",
            expected="the orders whose steps lie in more than one queue",
            seen="your set is empty",
            why="a send that is answered with OK says that the message is stored, not that it is stored where the last one was",
            try_next="ask the broker: `homes(steps, since)`",
        )
    if set(moved) == known.keys():
        return not_yet(
            "everybody-moves",
            expected="the orders whose steps lie in more than one queue",
            seen="all of them",
            why="who lived on `broker-a` has found the same queue again",
            try_next="take only those with more than one queue in `homes(steps, since)`",
        )
    return not_yet(
        "other-orders",
        expected="the orders whose steps lie in more than one queue",
        seen="other ones",
        why="the brokers were asked for every message",
        try_next="compare with `homes(steps, since)`",
    )
