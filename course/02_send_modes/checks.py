"""What the exercises of lab 02 look at."""

from rmqlab.checks import eventually, exercise, not_yet, passed

ORDERS = "orders"
IMPORTS = "imports"
CLICKS = "clicks"
KEYS = {"order-42", "customer-9"}
PROPERTIES = {"region": "eu", "gift": "yes"}
MODES = ("sync", "async", "oneway")
MANY = 4000


def is_number(answer):
    return isinstance(answer, (int, float)) and not isinstance(answer, bool)


def stored(lab, topic, msg_id):
    """Return a topic's message of that id, or None."""
    return next((each for each in lab.admin.messages(topic, limit=MANY) if each.msg_id == msg_id), None)


@exercise(
    "02.1",
    title="Send an order that can be found",
    hints=(
        "Two keys, one tag, two properties: each label has a place of its own in `Message(...)`.",
        '`Message(orders, body, tags="...", keys=["...", "..."], properties={"...": "..."})`, then `producer.send(message)`.',
        '`result = producer.send(Message(orders, "...", tags="paid", keys=["order-42", "customer-9"], '
        'properties={"region": "eu", "gift": "yes"}))`.',
    ),
)
def the_order_can_be_found(lab, result):
    msg_id = getattr(result, "msg_id", None)
    if msg_id is None:
        return not_yet(
            "not-an-answer",
            expected="what the broker answered to the send",
            seen=f"`result` is a {type(result).__name__}",
            why="only the answer has a `msg_id`",
            try_next="keep what `producer.send(message)` returns",
        )
    message = eventually(lambda: stored(lab, ORDERS, msg_id))
    if message is None:
        return not_yet(
            "not-in-the-broker",
            expected=f"a message with the id of `result` in the topic `{ORDERS}`",
            seen="the broker holds no such message there",
            why="an id can be invented; only a send puts a message into the broker",
            try_next="send the message to `orders`, and keep the answer in `result`",
        )
    keys = set(message.keys.split())
    if keys != KEYS:
        joined = any(mark in message.keys for mark in ",;|")
        return not_yet(
            "one-long-key" if joined else "other-keys",
            expected="the two keys `order-42` and `customer-9`",
            seen=f"the keys as the broker has them: `{message.keys}`",
            why="the broker separates keys at blanks; with a comma between them the whole is one key, and is found by "
            "nobody who looks for a part of it"
            if joined
            else "a message is found by the keys that were set, and by nothing else",
            try_next='write `keys=["order-42", "customer-9"]`',
        )
    if message.tags != "paid":
        several = any(mark in message.tags for mark in "|, ")
        return not_yet(
            "several-tags" if several else "another-tag",
            expected="the tag `paid`",
            seen=f"the tag `{message.tags}`",
            why="a message has one tag, and the broker compares its hash as a whole; `||` belongs into a subscription"
            if several
            else "the stock team gets only what carries the tag `paid`",
            try_next='write `tags="paid"`, and put the rest into properties',
        )
    missing = sorted(name for name, value in PROPERTIES.items() if message.properties.get(name) != value)
    if missing:
        return not_yet(
            "no-such-property",
            expected="the properties `region` = `eu` and `gift` = `yes`",
            seen="a message without: " + ", ".join(f"`{name}`" for name in missing),
            why="what stands in the body is only bytes to the broker; conditions see properties",
            try_next='write `properties={"region": "eu", "gift": "yes"}`',
        )
    return passed("The broker holds your order, and finds it by order and by customer.")


@exercise(
    "02.2",
    title="Predict when a send gives up",
    hints=(
        "Is the time-out for an attempt, or for the whole `send`?",
        "Run the cell: it prints after how many seconds the error came.",
        "The first attempt waits until the time is up, and nothing is left for the others: `prediction = 1`.",
    ),
)
def the_time_out_is_for_all_attempts(lab, prediction, waited):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a number of seconds",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the producer does give up at some time",
            try_next="write a number, such as `prediction = 5`",
        )
    if not is_number(waited):
        return not_yet(
            "not-measured",
            expected="the seconds that the cell has measured, in `waited`",
            seen=f"`waited` is a {type(waited).__name__}",
            why="without a measurement there is nothing to compare with",
            try_next="run the cell that pauses the broker once more",
        )
    if round(prediction) == round(waited):
        return passed("The time-out is for the send with all its attempts, not for each of them.")
    if prediction in {2, 3}:
        return not_yet(
            "a-time-out-for-each-attempt",
            expected=f"the measured {waited:.0f} s",
            seen=f"your prediction is {prediction:g} s",
            why="the time-out is for the whole send: attempts share it, and against a silent broker the first one uses it up",
            try_next="look at what the cell printed, and once more at the two settings",
        )
    return not_yet(
        "another-time",
        expected=f"the measured {waited:.0f} s",
        seen=f"your prediction is {prediction:g} s",
        why="a silent broker is waited for until the producer's own time-out ends, here `timeout_ms=1000`",
        try_next="look at what the cell printed",
    )


@exercise(
    "02.3",
    title="Lose no answer",
    hints=(
        "When may the producer go? When there is nobody left to wait for.",
        "`producer.flush()` waits for all answers; each future's `result()` is one.",
        "`futures = [careful.send_async(message) for message in messages]`, then `careful.flush()`, `careful.shutdown()`, and "
        "`results = [future.result() for future in futures]`.",
    ),
)
def no_answer_is_lost(lab, results, messages):
    if not isinstance(results, (list, tuple)):
        return not_yet(
            "not-a-list",
            expected="a list of answers",
            seen=f"`results` is a {type(results).__name__}",
            why="each message has an answer of its own",
            try_next="collect the answers in a list",
        )
    if any(callable(getattr(each, "result", None)) for each in results):
        return not_yet(
            "only-promises",
            expected="the broker's answers",
            seen="futures: promises of an answer",
            why="`send_async` returns before anything has arrived; what it returns says nothing about the message yet",
            try_next="wait for all of them, and take `future.result()` of each",
        )
    if len(results) < len(messages):
        return not_yet(
            "answers-lost",
            expected=f"{len(messages)} answers",
            seen=f"{len(results)}",
            why="`shutdown()` does not wait: whoever has no answer by then never gets one",
            try_next="call `flush()` before `shutdown()`",
        )
    ids = {getattr(each, "msg_id", None) for each in results}

    def held():
        return ids <= {each.msg_id for each in lab.admin.messages(IMPORTS, limit=MANY)}

    if len(ids) != len(messages) or not eventually(held):
        return not_yet(
            "not-in-the-broker",
            expected=f"{len(messages)} answers, each for a message that the broker holds in `{IMPORTS}`",
            seen="answers that belong to no message there, or several to the same",
            why="the broker's answer names the message's id, and the broker can be asked for it",
            try_next="send each of `messages` once, and keep the answers",
        )
    return passed(f"All {len(messages)} answers are here, and the broker holds every one of the messages.")


@exercise(
    "02.4",
    title="Predict where a batch lies",
    hints=(
        "The producer picks the queue. For a message, or for a request?",
        "`batch.queue` is the queue of the answer. How many answers were there?",
        "One request goes to one queue: `prediction = 1`.",
    ),
)
def a_batch_lies_in_one_queue(lab, prediction, batch):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a number of queues",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the topic has four queues",
            try_next="write a number from 1 to 4",
        )
    ids = set(batch.msg_ids)

    def holders():
        return {each.queue for each in lab.admin.messages(IMPORTS, limit=MANY) if each.msg_id in ids}

    queues = eventually(holders)
    if prediction == len(queues):
        return passed("One request, one queue: a batch lies together, one message after the other.")
    if prediction == len(ids):
        return not_yet(
            "one-queue-each",
            expected="the queues that hold the batch",
            seen=f"your prediction is {prediction:g}, and the topic has four queues at all",
            why="queues are not made for messages: they are there from the start",
            try_next="look at `batch.queue`",
        )
    return not_yet(
        "spread",
        expected=f"{len(queues)}: the broker holds the whole batch there",
        seen=f"your prediction is {prediction:g}",
        why="queues are taken in turn by requests, not by messages, and a batch is one request",
        try_next="look at `batch.queue`",
    )


@exercise(
    "02.5",
    title="Lost, and nobody said so",
    hints=(
        "Which keys did the program send, hear no error about, and the broker does not have?",
        "`broker.pause()`, `rush(...)`, `broker.kill()`, `broker.restart()`; then compare `told[mode]` with "
        "`{message.keys for message in lab.admin.messages(clicks, limit=2000)}`.",
        'For each mode: `{key for key, word in told[mode].items() if word != "error" and key not in stored}`.',
    ),
)
def the_silent_loss_is_proven(lab, silent, told):
    if not isinstance(silent, dict) or not all(isinstance(silent.get(mode), (set, list)) for mode in MODES):
        return not_yet(
            "wrong-types",
            expected='a set of keys for each of `"sync"`, `"async"`, `"oneway"`',
            seen=f"`silent` is a {type(silent).__name__}"
            if not isinstance(silent, dict)
            else "another shape",
            why="the check compares each mode's keys with the broker",
            try_next='write `silent = {"sync": {...}, "async": {...}, "oneway": {...}}`',
        )
    held = {message.keys: message for message in lab.admin.messages(CLICKS, limit=MANY)}
    first = [held[key] for key in told["sync"] if key in held]
    # A broker that has just started has no figures of its own for a second.
    booted = int(eventually(lambda: lab.admin.runtime_stats("broker-a"), timeout_s=10)["bootTimestamp"])
    if not first or booted < min(message.store_ms for message in first):
        return not_yet(
            "not-broken",
            expected="a broker that was started again after the first half",
            seen="a broker that has been up all the time",
            why="what would be lost is a guess as long as nothing was broken",
            try_next="pause the broker, send the second half, kill it, restart it",
        )
    true = {
        mode: {key for key, word in told[mode].items() if word != "error" and key not in held}
        for mode in MODES
    }
    if not any(true.values()):
        return not_yet(
            "nothing-was-lost",
            expected="messages under way while the broker dies",
            seen="a broker that was killed, and not one message missing",
            why="what the broker has taken it has handed to the operating system, which outlives the process; only "
            "what was still on its way is lost",
            try_next="pause the broker *before* you send the second half, and kill it while it is paused",
        )
    found = {mode: set(silent[mode]) for mode in MODES}
    if found == true:
        return passed("Sync and async told you of every loss. Oneway lost messages, and nobody said so.")
    if not any(found.values()):
        return not_yet(
            "no-error-is-no-proof",
            expected="the keys that the broker does not hold",
            seen="no lost key in any mode",
            why="a oneway send raises nothing because it waits for nothing: it cannot know",
            try_next="compare `told` with what `lab.admin.messages(clicks, limit=2000)` returns",
        )
    if any(told[mode].get(key) == "error" for mode in MODES for key in found[mode]):
        return not_yet(
            "not-silent",
            expected="only what was lost without an error",
            seen="keys whose send ended with an error, too",
            why="where there was an error the program knows, and can do something",
            try_next='leave out the keys about which the program was told `"error"`',
        )
    return not_yet(
        "other-keys",
        expected="the keys that `rush` sent without an error, and that the broker does not hold",
        seen="other keys",
        why="the broker was asked for each of them",
        try_next="compare `told` with the keys of the messages in `clicks`",
    )
