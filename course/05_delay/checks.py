"""What the exercises of lab 05 look at."""

import sqlite3
from collections import Counter
from contextlib import closing

from rmqlab.checks import eventually, exercise, not_yet, passed

REMINDERS = "reminders"
TIMEOUTS = "timeouts"
WAITING = "SCHEDULE_TOPIC_XXXX"
TIMERS = "rmq_sys_wheel_timer"
MANY = 4000
DELAY_MS = {1: 1000, 2: 5000}


def is_number(answer):
    return isinstance(answer, (int, float)) and not isinstance(answer, bool)


def of_id(lab, topic, msg_id):
    """Return a topic's message of that id, or None."""
    return next((each for each in lab.admin.messages(topic, limit=MANY) if each.msg_id == msg_id), None)


@exercise(
    "05.1",
    title="Predict how long a level waits",
    hints=(
        "Read the table of the levels once more: what is under the 5?",
        "Level 1 is 1s, level 2 is 5s, level 3 is 10s, ... The number counts; it does not measure.",
        "Level 5 is 1m: `prediction = 60`.",
    ),
)
def a_level_is_no_number_of_seconds(lab, prediction, result):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a number of seconds",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="each level waits for a fixed time",
            try_next="write a number, such as `prediction = 10`",
        )
    message = eventually(lambda: of_id(lab, WAITING, getattr(result, "msg_id", None)))
    if message is None:
        return not_yet(
            "not-in-the-broker",
            expected="a message with the id of `result` that waits",
            seen="the broker holds no such message back",
            why="without it there is nothing to compare with",
            try_next="run the cell that sends the message once more",
        )
    settings = lab.admin.at(lab.nodes["broker-a"].address).delays().settings()
    if prediction == 60 and settings.levels[message.queue_id] == "1m":
        return passed("The broker holds it back in level 5, and that is one minute.")
    if prediction == 5:
        return not_yet(
            "seconds",
            expected="the time of level 5",
            seen="your prediction is 5 s",
            why="`delay_level` is a number in a list of waits, not the wait: 5 s is level 2",
            try_next="look at the table under the 5",
        )
    return not_yet(
        "another-time",
        expected="the time of level 5, in seconds",
        seen=f"your prediction is {prediction:g} s",
        why="the broker has put the message into the line of its fifth level",
        try_next="look at the table under the 5, and mind the unit",
    )


@exercise(
    "05.2",
    title="Find a message while it waits",
    hints=(
        "It is not in `reminders`. Which topic do delayed messages wait in?",
        '`lab.admin.messages("SCHEDULE_TOPIC_XXXX")` returns all that wait or waited there; look for your key.',
        'Send with `delay_level=4`, then `waiting = eventually(lambda: [m for m in lab.admin.messages("SCHEDULE_TOPIC_XXXX") if m.keys == key])[0]`.',
    ),
)
def it_waits_in_a_topic_of_its_own(lab, waiting, key):
    if getattr(waiting, "msg_id", None) is None:
        return not_yet(
            "not-a-message",
            expected="one message as the broker holds it",
            seen=f"`waiting` is a {type(waiting).__name__}",
            why="`lab.admin.messages(...)` returns a list of them",
            try_next="take the one with your key out of the list",
        )
    stored = eventually(lambda: of_id(lab, getattr(waiting, "topic", WAITING), waiting.msg_id))
    if stored is None or stored.keys != key:
        return not_yet(
            "not-in-the-broker",
            expected="a message with the key `key` that the broker holds",
            seen="the broker has no such message there",
            why="what waits, waits on the broker: it can be asked for each message",
            try_next="send the message, then look for it with `lab.admin.messages(...)`",
        )
    if stored.topic != WAITING:
        return not_yet(
            "delivered-already",
            expected=f"a message in `{WAITING}`",
            seen=f"one in `{stored.topic}`, where every consumer sees it",
            why="a message that waits is not in its own topic yet",
            try_next="send it with a delay, and look where delayed messages wait",
        )
    if stored.queue_id == 17:
        return not_yet(
            "the-last-level",
            expected="a message that waits for 30 seconds",
            seen="one that waits for two hours",
            why="`delay_level` counts the levels, and more than the last level is the last level",
            try_next="look up which level waits 30s",
        )
    if stored.queue_id != 3:
        return not_yet(
            "another-level",
            expected="a message that waits for 30 seconds",
            seen=f"one in level {stored.queue_id + 1}",
            why="30s is level 4; its queue has the number 3, one less",
            try_next="send it with `delay_level=4`",
        )
    if stored.properties.get("REAL_TOPIC", "").rpartition("%")[2] != REMINDERS:
        return not_yet(
            "another-topic",
            expected=f"a message that is to go to `{REMINDERS}`",
            seen=f"one that is to go to `{stored.properties.get('REAL_TOPIC')}`",
            why="the property `REAL_TOPIC` says where it will be delivered",
            try_next="send it to `reminders`",
        )
    return passed("It waits in queue 3 of SCHEDULE_TOPIC_XXXX, and knows where it is to go.")


@exercise(
    "05.3",
    title="Measure how late they were",
    hints=(
        "When should it have been delivered? When the first copy was stored, and the level's wait after that.",
        "Of each pair: `second.store_ms`, `first.store_ms` and `DELAY_MS[level]`.",
        "`late_ms = [second.store_ms - (first.store_ms + DELAY_MS[level]) for level, first, second in pairs]`.",
    ),
)
def the_lateness_is_measured(lab, late_ms, pairs):
    if not isinstance(late_ms, (list, tuple)) or not all(map(is_number, late_ms)):
        return not_yet(
            "not-a-list",
            expected="a list of numbers",
            seen=f"`late_ms` is a {type(late_ms).__name__}",
            why="each message was late by an amount of its own",
            try_next="write a list with one number for each pair",
        )
    ids = [second.msg_id for _, _, second in pairs]
    first = {each.msg_id: each for each in reversed(lab.admin.messages(WAITING, limit=MANY))}
    second = {each.msg_id: each for each in reversed(lab.admin.messages(REMINDERS, limit=MANY))}
    waits = [second[each].store_ms - first[each].store_ms for each in ids]
    true = [wait - DELAY_MS[first[each].queue_id + 1] for each, wait in zip(ids, waits, strict=True)]
    if list(late_ms) == true:
        return passed(
            "Measured by the broker's own clock: never early, and late by how long it took to look."
        )
    if len(late_ms) != len(true):
        return not_yet(
            "not-one-for-each",
            expected=f"{len(true)} numbers, one for each pair",
            seen=f"{len(late_ms)}",
            why="each message was late by an amount of its own",
            try_next="go through `pairs`",
        )
    if list(late_ms) == waits:
        return not_yet(
            "the-whole-wait",
            expected="how much later than they should",
            seen="how long they waited in all",
            why="a second or five of it they were meant to wait",
            try_next="take `DELAY_MS[level]` off",
        )
    if not any(late_ms):
        return not_yet(
            "punctual",
            expected="the differences that the broker's two copies show",
            seen="only zeros",
            why="the broker looks every 100 ms at what is due: nothing is delivered at the very millisecond",
            try_next="compute it from `store_ms` of both copies",
        )
    return not_yet(
        "other-numbers",
        expected="for each pair: stored the second time, minus stored the first time, minus the level's wait",
        seen="other numbers than those of the broker's copies",
        why="the broker was asked for both copies of each message",
        try_next="compute it from `store_ms` of both copies, and `DELAY_MS[level]`",
    )


@exercise(
    "05.4",
    title="Give the pieces back, once",
    hints=(
        "Who decides whether the order is still unpaid: a look before the change, or the change itself?",
        "`UPDATE orders SET state = 'cancelled' WHERE number = ? AND state = 'unpaid'`; its `rowcount` says whether it did something.",
        "Within one `with closing(connect()) as db, db:`: the UPDATE; `return` if `rowcount == 0`; read article and pieces of the order; "
        "`UPDATE stock SET pieces = pieces + ? WHERE article = ?`.",
    ),
)
def the_pieces_are_back_once(lab, cancel_if_unpaid, numbers, article, database):
    if not callable(cancel_if_unpaid):
        return not_yet(
            "not-a-function",
            expected="a function `cancel_if_unpaid(number)`",
            seen=f"a {type(cancel_if_unpaid).__name__}",
            why="the consumer calls it for each message",
            try_next="write `def cancel_if_unpaid(number):`",
        )
    asked = Counter(each.keys for each in lab.admin.messages(TIMEOUTS, limit=MANY))
    if any(asked[number] < 2 for number in numbers):
        return not_yet(
            "never-asked",
            expected="two delivered messages about each order",
            seen="the broker has delivered fewer",
            why="without the message nobody is reminded",
            try_next="run your cell and the one with the consumer once more: new orders",
        )
    with closing(sqlite3.connect(database, timeout=10)) as db:
        rows = db.execute("SELECT number, pieces, state FROM orders WHERE article = ?", (article,)).fetchall()
        pieces = db.execute("SELECT pieces FROM stock WHERE article = ?", (article,)).fetchone()[0]
    states = {number: state for number, _, state in rows}
    first, paid, third = numbers
    if states.get(paid) != "paid":
        return not_yet(
            "a-paid-order-cancelled",
            expected="the order that was paid is still `paid`",
            seen=f"it is `{states.get(paid)}`",
            why="the message comes whether the customer has paid or not: it asks, and does not know",
            try_next="change the order only where its state is `unpaid`",
        )
    if {states.get(first), states.get(third)} != {"cancelled"}:
        return not_yet(
            "not-cancelled",
            expected="both unpaid orders are `cancelled`",
            seen=f"they are `{states.get(first)}` and `{states.get(third)}`",
            why="somebody else wants the lamps",
            try_next="set the state to `cancelled` where it is `unpaid`",
        )
    if pieces > 7:
        return not_yet(
            "given-back-twice",
            expected="7 pieces in stock: 10, less the 3 that were paid",
            seen=f"{pieces}",
            why="each message came twice, and the pieces went back twice: the second call has to notice",
            try_next="give pieces back only if your UPDATE has changed the order",
        )
    if pieces < 7:
        return not_yet(
            "not-given-back",
            expected="7 pieces in stock: 10, less the 3 that were paid",
            seen=f"{pieces}",
            why="a cancelled order must not keep its pieces",
            try_next="add the order's pieces to the stock, in the same transaction",
        )
    return passed(
        "Two orders cancelled, one paid, and each piece is where it belongs, although every message came twice."
    )


@exercise(
    "05.5",
    title="Delivered twice",
    hints=(
        "What does the broker know after its death about what it has delivered?",
        "Send, wait until `reminders` holds each key, `broker.kill()`, `broker.restart()`; then count the keys in `reminders`.",
        "`times = Counter(m.keys for m in lab.admin.messages(reminders, limit=500) if m.keys in keys)`, and "
        "`twice = {each for each in keys if times[each] > 1}`, after a few seconds.",
    ),
)
def the_crash_delivers_twice(lab, twice, keys):
    if not isinstance(twice, (set, list, tuple)):
        return not_yet(
            "not-a-set",
            expected="a set of keys",
            seen=f"`twice` is a {type(twice).__name__}",
            why="the check compares the keys with the broker",
            try_next="write `twice = {...}`",
        )

    def held():
        return [each for each in lab.admin.messages(REMINDERS, limit=MANY) if each.keys in keys]

    copies = eventually(held, until=lambda found: {each.keys for each in found} == set(keys))
    if {each.keys for each in copies} != set(keys):
        return not_yet(
            "not-sent",
            expected="a delivered message for each of `keys` in `reminders`",
            seen="fewer",
            why="what was never delivered cannot be delivered twice",
            try_next="send one message for each key, with `delay_level=1`, and wait until they are delivered",
        )
    # A broker that has just started has no figures of its own for a second.
    booted = int(eventually(lambda: lab.admin.runtime_stats("broker-a"), timeout_s=10)["bootTimestamp"])
    if booted < max(min(each.store_ms for each in copies if each.keys == key) for key in keys):
        return not_yet(
            "not-broken",
            expected="a broker that was killed after it had delivered them",
            seen="a broker that has been up all the time",
            why="as long as the broker lives, it knows exactly what it has delivered",
            try_next="wait until they are delivered, then `broker.kill()` and `broker.restart()`",
        )

    def more_than_once():
        times = Counter(each.keys for each in held())
        return {key for key in keys if times[key] > 1}

    true = eventually(
        more_than_once, until=lambda found: found and found in (set(keys), set(twice)), timeout_s=10
    )
    if not true:
        return not_yet(
            "just-written",
            expected="keys that were delivered twice",
            seen="none, ten seconds after the start",
            why="the broker had written its progress down just before it died",
            try_next="run your cell once more",
        )
    if set(twice) == true:
        return passed(
            "The broker delivered them, died before it had written that down, and delivered them again."
        )
    if not twice:
        return not_yet(
            "believed-to-be-delivered-once",
            expected="the keys that `reminders` holds more than once",
            seen="no key",
            why="the progress of a level is written to a file only now and then, and what is in memory dies with the broker",
            try_next="give the broker a few seconds after its start, then count the keys in `reminders`",
        )
    return not_yet(
        "other-keys",
        expected="the keys that `reminders` holds more than once",
        seen="other keys",
        why="the broker was asked for each of them",
        try_next="count the keys of `lab.admin.messages(reminders, limit=500)` once more",
    )


@exercise(
    "05.6",
    title="At that moment",
    hints=(
        "A moment, not a wait: which argument of `Message` takes one?",
        "`deliver_at=` takes a `datetime`. (`set_deliver_time_ms` takes milliseconds since 1970.)",
        '`result = producer.send(Message(reminders, "...", keys=parcel, deliver_at=moment))`.',
    ),
)
def the_parcel_comes_to_the_moment(lab, result, parcel, moment):
    if getattr(result, "msg_id", None) is None:
        return not_yet(
            "not-an-answer",
            expected="what the broker answered to the send",
            seen=f"`result` is a {type(result).__name__}",
            why="only the answer has a `msg_id`",
            try_next="keep what `producer.send(message)` returns",
        )
    due_ms = int(moment.timestamp() * 1000)
    if of_id(lab, WAITING, result.msg_id):
        return not_yet(
            "a-level",
            expected="a message that is delivered at `moment`",
            seen="one that waits in a level",
            why="levels are a handful of fixed waits, and the moment lies between them",
            try_next="give the message the moment itself: `deliver_at=moment`",
        )
    message = eventually(
        lambda: of_id(lab, REMINDERS, result.msg_id),
        timeout_s=max(0, due_ms / 1000 - moment.now().timestamp()) + 10,
    )
    if message is None or message.keys != parcel:
        return not_yet(
            "not-in-the-broker",
            expected="a message with the id of `result` and the key `parcel` in `reminders`",
            seen="the broker has delivered no such message there",
            why="an id can be invented; only a send puts a message into the broker",
            try_next="send the message to `reminders`, and keep the answer in `result`",
        )
    timer = of_id(lab, TIMERS, result.msg_id)
    if timer is None:
        return not_yet(
            "delivered-at-once",
            expected="a message that has waited for its moment",
            seen="one that was delivered at once",
            why="it had no moment, or one that has passed: a number of *seconds* since 1970, taken for milliseconds, "
            "is a day in January 1970",
            try_next="use `deliver_at=moment`, or multiply `moment.timestamp()` by 1000",
        )
    if abs(int(timer.properties.get("TIMER_DELIVER_MS", 0)) - due_ms) > 5:
        return not_yet(
            "another-moment",
            expected="a message that is delivered at `moment`",
            seen="one for another moment, or after a number of milliseconds",
            why="the property `TIMER_DELIVER_MS` of the message is the moment that it waits for",
            try_next="use `deliver_at=moment`",
        )
    if message.store_ms < due_ms:
        return not_yet(
            "too-early",
            expected="a delivery at `moment` or after it",
            seen="one before it",
            why="a timer is never early",
            try_next="send it once more",
        )
    return passed("The broker held it in its timing wheel, and delivered it at its moment, not before.")
