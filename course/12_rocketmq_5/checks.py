"""What the exercises of lab 12 look at: what both doors have left in the broker."""

from rmqlab.checks import eventually, exercise, not_yet, passed

ORDERS, STEPS, PARCELS, BOXES, GIFTS = "orders", "steps", "parcels", "boxes", "gifts"
STEP_NAMES = ("create", "pay", "deliver")
NAMES = ("order-1", "order-2", "order-5")
MESSAGE_GROUP = "__SHARDINGKEY"
TAKEN = 4
LONGEST_S = 10
NOTED_S = 15  # the offset of what was popped, on a busy machine


def numbers(answer, count):
    """Tell whether an answer is so many whole numbers."""
    return (
        isinstance(answer, (list, tuple))
        and len(answer) == count
        and all(isinstance(each, int) and not isinstance(each, bool) for each in answer)
    )


def lag(lab, group, topic):
    """Return how many messages of a topic lie before a group."""
    return sum(each.lag for each in lab.admin.consume_stats(group, topic).values())


def returned(lab, group, topic):
    """Return the messages that became visible to a group again: the broker has copied them."""
    retry = f"%RETRY%{group}_{topic}"
    found = []
    for queue, progress in lab.admin.consume_stats(group).items():
        if queue.topic == retry:
            # The broker is asked itself: the NameServer hears of such a topic some time later.
            (address,) = (each.address for each in lab.admin.route(topic) if each.broker == queue.broker)
            found += lab.admin.at(address).messages(queue, 0, progress.broker_offset)
    return found


@exercise(
    "12.1",
    title="Predict who sees what",
    hints=(
        "Where is a message when nobody has read it yet: in the proxy, or in the broker?",
        "Run the cell below: it sends one order through each door, and counts.",
        "One topic, in one broker, with both orders; each group reads all of it: `prediction = (2, 2, 2)`.",
    ),
)
def both_doors_lead_to_one_store(lab, prediction, seen, before):
    if not numbers(prediction, 3):
        return not_yet(
            "not-three-numbers",
            expected="three whole numbers: in the topic, got by stock, got by mail",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="each of the three is something that people are wrong about",
            try_next="write `prediction = (..., ..., ...)` with three numbers",
        )
    stored = [
        message.keys for message in lab.admin.messages(ORDERS, limit=500) if message.queue_offset >= before
    ]
    behind = eventually(
        lambda: lag(lab, "stock", ORDERS) + lag(lab, "mail", ORDERS),
        until=lambda messages: messages == 0,
        timeout_s=NOTED_S,
    )
    if sorted(stored) != ["order-1", "order-2"] or behind:
        return not_yet(
            "not-run",
            expected="both orders in the broker, read by both groups",
            seen="the broker does not have them all, or a group is not done",
            why="the prediction is compared with what the broker did",
            try_next="run the cell that sends them once more",
        )
    if tuple(prediction) == tuple(seen):
        return passed("Two doors, one store: each order is there once, and each group gets both.")
    if prediction[0] > seen[0]:
        return not_yet(
            "one-copy-a-door",
            expected=f"{seen[0]} in the topic: the broker was asked",
            seen=f"you predict {prediction[0]}",
            why="the proxy translates, and stores nothing; a message lies in the broker once, whoever reads it",
            try_next="look at the picture, at the dots in the queue",
        )
    if prediction[1] < seen[1] or prediction[2] < seen[2]:
        return not_yet(
            "a-door-of-its-own",
            expected="each group gets all that is in the topic",
            seen=f"you predict {prediction[1]} for stock and {prediction[2]} for mail",
            why="what a group gets depends on the topic alone; by which door a message came in is not even noted",
            try_next="look at what the cell printed",
        )
    return not_yet(
        "other-numbers",
        expected="what the broker did",
        seen="other numbers",
        why="two messages are sent; each group gets each of them once",
        try_next="look at what the cell printed",
    )


@exercise(
    "12.2",
    title="In line",
    hints=(
        "Which messages must stay in line with each other: all of them, those of one order, or those of one step?",
        "`message = message_for(steps, step.encode(), name)`, then set `message.message_group`.",
        "The group is the order's name: `message.message_group = name`. Then `return message`.",
    ),
)
def steps_stay_in_line(lab, tracked, since):
    if not isinstance(tracked, list):
        return not_yet(
            "not-tracked",
            expected="what `play(step_message, followed)` returns",
            seen=f"`tracked` is a {type(tracked).__name__}",
            why="the steps must be sent and followed",
            try_next="write `tracked = play(step_message, followed)`",
        )
    news = [
        message
        for message in lab.admin.messages(STEPS, limit=500)
        if message.queue_offset >= since[message.queue].max_offset and message.keys in NAMES
    ]
    if not news and not tracked:
        return not_yet(
            "refused",
            expected="nine messages in `steps`",
            seen="none: the proxy has refused them",
            why="a FIFO topic takes messages with a `message_group` only; a key is for finding a message, and orders nothing",
            try_next="set `message.message_group`",
        )
    if not news:
        return not_yet(
            "nothing-stored",
            expected="nine messages in `steps`",
            seen="no new message of these orders",
            why="a list can be invented; only a send puts something into the broker",
            try_next="write `tracked = play(step_message, followed)`",
        )
    groups = {name: {m.properties.get(MESSAGE_GROUP) for m in news if m.keys == name} for name in NAMES}
    bodies = {name: [m.body.decode() for m in news if m.keys == name] for name in NAMES}
    if any(sorted(each) != sorted(STEP_NAMES) for each in bodies.values()):
        return not_yet(
            "steps-missing",
            expected="each step of each order once: the step as the body, the order's name as the key",
            seen="steps that are missing, or that are there more than once",
            why="a message is known by its key and body here",
            try_next="begin with `message_for(steps, step.encode(), name)`, and run the whole cell again",
        )
    if any(len(each) > 1 for each in groups.values()):
        return not_yet(
            "torn-apart",
            expected="the three steps of an order in one message group",
            seen="steps of one order in different message groups",
            why="between message groups there is no order: they may lie in different queues, and be consumed at once",
            try_next="let the group be the same for all steps of an order",
        )
    if len(set.union(*groups.values())) < len(NAMES):
        return not_yet(
            "one-line-for-all",
            expected="a message group for each order",
            seen="orders that share a message group",
            why="what is in one message group waits in one line, in one queue; a message group is not the consumer group, "
            "and says nothing about who consumes",
            try_next="let the group be the order's name",
        )
    consumed = {name: [step for key, step in tracked if key == name] for name in NAMES}
    if any(tuple(dict.fromkeys(each)) != STEP_NAMES for each in consumed.values()):
        return not_yet(
            "not-in-order",
            expected="create, pay, deliver, for each order",
            seen="another order of consuming",
            why="the consumer got something else than the broker has in line",
            try_next="run the whole cell again",
        )
    return passed("Each order is in line, in one queue, and no order waits for another.")


@exercise(
    "12.3",
    title="Break it, and prove it",
    hints=(
        "The broker keeps one offset for each group and queue. What lies behind it is not done.",
        "`stuck` calls `let_go.wait(timeout=900)`, and returns CONSUME_SUCCESS after it. For `waiting`, compare each message's "
        "`queue_offset` with `progress[message.queue].consumer_offset`.",
        '`progress = lab.admin.consume_stats("packers", parcels)`, then the keys of all messages in `lab.admin.messages(parcels)` '
        "with `message.queue_offset >= progress[message.queue].consumer_offset`.",
    ),
)
def parcels_of_the_stuck_wait(lab, waiting):
    if not isinstance(waiting, (set, list, tuple)):
        return not_yet(
            "not-a-set",
            expected="a set of keys",
            seen=f"`waiting` is a {type(waiting).__name__}",
            why="the question is which parcels",
            try_next="write `waiting = {...}`",
        )
    members = lab.admin.consumers("packers", assignments=False)
    progress = lab.admin.consume_stats("packers", PARCELS)
    if len(members) < 2 or not any(each.lag for each in progress.values()):
        return not_yet(
            "nobody-is-stuck",
            expected="two members of the group `packers` online, and one of them stuck",
            seen="the group is not at work, or everything is packed",
            why="a callback that raises or answers RECONSUME_LATER is not stuck: it has answered; and without a shift nothing is broken",
            try_next="let `stuck` wait for `let_go`, then `run_shift(anna=stuck, ben=pack)`",
        )
    left = {
        message.keys
        for message in lab.admin.messages(PARCELS, limit=500)
        if message.queue_offset >= progress[message.queue].consumer_offset
    }
    answer = set(waiting)
    if answer == left:
        return passed(f"{len(left)} parcels wait for Anna, and Ben may not touch them: the queues are hers.")
    if not answer:
        return not_yet(
            "nobody-takes-over",
            expected="the parcels that the broker counts as not done",
            seen="an empty set",
            why="a queue has one reader in a group, and Anna's client is alive: nobody takes over from her",
            try_next="compare each message's `queue_offset` with the group's `consumer_offset` in its queue",
        )
    if answer > left:
        return not_yet(
            "ben-is-not-stuck",
            expected="only what lies in Anna's queues",
            seen="parcels that the group has done are among them",
            why="a stuck member holds its own queues, not the group",
            try_next="compare each message's `queue_offset` with the group's `consumer_offset` in *its* queue",
        )
    return not_yet(
        "another-set",
        expected="the keys of all messages that are not done",
        seen="another set",
        why="the broker counts a message as done when its offset is below the group's",
        try_next="compare each message's `queue_offset` with the group's `consumer_offset` in its queue",
    )


@exercise(
    "12.4",
    title="Predict who packs Anna's boxes",
    hints=(
        "Does Anna have queues now? What does she have?",
        "Four boxes nobody has taken. And the other four: for how long are they invisible?",
        "Ben gets four at once, and Anna's four when their time is over: `prediction = (4, 4)`.",
    ),
)
def boxes_come_back(lab, prediction, packed):
    if not numbers(prediction, 2):
        return not_yet(
            "not-two-numbers",
            expected="two whole numbers: boxes on their first delivery, and on a later one",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is what becomes of the boxes that Anna has in hand",
            try_next="write `prediction = (..., ...)` with two numbers",
        )
    back = {message.keys for message in returned(lab, "pop-packers", BOXES)}
    later = {key for key, attempt in packed.items() if attempt > 1}
    if not later or not later <= back:
        return not_yet(
            "not-run",
            expected="boxes that the broker has made visible again",
            seen="no such boxes",
            why="the prediction is compared with what the broker did",
            try_next="run the cell with Anna and Ben once more",
        )
    if tuple(prediction) == (len(packed) - len(later), len(later)):
        return passed("Ben got what Anna had not taken, and then what she had: it came back by itself.")
    if prediction[1] == 0 and prediction[0] <= TAKEN:
        return not_yet(
            "nothing-comes-back",
            expected="what Anna has in hand comes to Ben, too",
            seen="you predict that he never gets it",
            why="she has no queues, only messages, and those for ten seconds; what is not acknowledged by then anybody may get",
            try_next="look at the numbers that the cell printed",
        )
    if prediction[0] > TAKEN:
        return not_yet(
            "taken-is-taken",
            expected="four boxes for Ben at first",
            seen=f"you predict {prediction[0]}",
            why="what Anna has received is invisible to everybody else for ten seconds, whether she works on it or not",
            try_next="look at the numbers that the cell printed",
        )
    return not_yet(
        "other-numbers",
        expected="eight boxes in all",
        seen="other numbers",
        why="each box that Anna does not acknowledge comes to Ben",
        try_next="look at the numbers that the cell printed",
    )


@exercise(
    "12.5",
    title="Keep it while you work",
    hints=(
        "Three seconds are left, the work takes six. What if you ask for some more, again and again?",
        "A loop that ends when `done` is set: `while not done.is_set():`, and in it `consumer.change_invisible_duration(message, ...)`, then `done.wait(timeout=1)`.",
        "`consumer.change_invisible_duration(message, 8)` at once, and once a second: it never runs out, and eight seconds after a crash somebody else gets it.",
    ),
)
def the_gift_stays_with_carla(lab, gift):
    key = next(iter(getattr(gift, "keys", ())), None)
    stored = [message for message in lab.admin.messages(GIFTS, limit=500) if message.keys == key]
    if not stored:
        return not_yet(
            "not-in-the-broker",
            expected="a gift that lies in the topic `gifts`",
            seen="the broker has no such message",
            why="a message can be invented; only a send puts something into the broker",
            try_next="write `gift = wrap(keep)`",
        )
    if any(message.keys == key for message in returned(lab, "wrapping", GIFTS)):
        return not_yet(
            "came-back",
            expected="a gift that only Carla gets",
            seen="the broker has made it visible again, while she wrapped it",
            why="what you have received is yours for the invisible time and no longer, even if you are still at work",
            try_next="extend the time again and again until `done` is set, each time before it runs out",
        )
    if invisible_s(gift) > LONGEST_S:
        return not_yet(
            "for-too-long",
            expected="a receipt that runs out soon after Carla's last sign of life",
            seen="one that says minutes or hours",
            why="if her program dies now, nobody gets the gift before that time is over",
            try_next="extend by a few seconds, again and again, until `done` is set",
        )
    return passed("The gift stayed with Carla for as long as she needed it, and not much longer.")


def invisible_s(message):
    """Return for how long a received message was invisible from its last extension on, in seconds.

    The broker writes it into the receipt, as the third of the fields (ReceiptHandle.encode), in milliseconds.
    """
    return int(message.receipt_handle.split(" ")[2]) / 1000
