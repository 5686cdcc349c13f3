"""What the exercises of lab 07 look at: the delivery ledger, closed once more against the brokers."""

from collections import Counter

from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.ledger import Answer, Verdict

HOW_MANY = ("none", "some", "all")
ORDERS = 3  # in each trial of 07.4
TIMEOUT_MS = 1000  # of the producer in 07.1


def account_of(lab, name, until=lambda account: True):
    """Return what the ledger of that name says now; look again until it is as it should be."""
    return eventually(lab.ledger(name).reconcile, until=until, timeout_s=10)


def copies_of(account):
    """Return how many messages the brokers hold, by key."""
    return Counter(entry.key for entry in account.entries for _ in entry.stored)


@exercise(
    "07.1",
    title="Predict who gets through",
    hints=(
        "What is a retry good for, if there is no time left for it?",
        "`timeout_ms` is for the whole send, with its three attempts. How long does the first one wait for a broker that hangs?",
        'A send whose first attempt meets `broker-a` fails, the others do not: `prediction = "some"`.',
    ),
)
def a_hanging_broker_uses_up_the_time(lab, prediction):
    account = account_of(lab, "hanging")
    unknown = sum(
        "TIMEOUT" in entry.answers for entry in account.entries
    )  # also of what was sent again later
    if prediction not in HOW_MANY:
        return not_yet(
            "another-word",
            expected=" or ".join(f"`{word}`" for word in HOW_MANY),
            seen="another answer",
            why="how many fail depends on the queue with which the producer begins",
            try_next="choose one of the three",
        )
    if not unknown:
        return not_yet(
            "not-broken",
            expected="sends that met a broker that hangs",
            seen="a ledger without any",
            why="the prediction is compared with what the ledger has seen",
            try_next="run the cell that pauses `broker-a` once more",
        )
    truth = "some" if unknown < len(account.entries) else "all"
    if prediction == truth:
        return passed("The first attempt waits until the time is up: two retries, and no time for them.")
    if prediction == "none":
        return not_yet(
            "no-time-left",
            expected="what the ledger has seen: sends without an answer",
            seen="you predict that a retry saves them all",
            why="a retry needs time, and `timeout_ms` is for all attempts together; a broker that hangs uses it up in the "
            "first attempt",
            try_next="look at the ledger's picture below",
        )
    return not_yet(
        "one-of-two",
        expected="what the ledger has seen: acknowledged orders, too",
        seen="you predict that no send gets through",
        why="the queues take turns, and half of them lie on `broker-b`, which is well",
        try_next="look at the ledger's picture below",
    )


@exercise(
    "07.2",
    title="Get them all through",
    hints=(
        "The first attempt must not use up the time of the others.",
        "`attempt_timeout_ms` ends one attempt, `timeout_ms` the send. Which of the two must be smaller, and by how much?",
        '`settings = {"timeout_ms": 5000, "attempt_timeout_ms": 1000}`, then `failed = hang(brisk, **settings)`.',
    ),
)
def each_attempt_has_a_time_of_its_own(lab, settings, failed):
    if not isinstance(settings, dict):
        return not_yet(
            "not-settings",
            expected="a dict of a producer's settings",
            seen=f"`settings` is a {type(settings).__name__}",
            why="they are handed to the producer by name",
            try_next='write `settings = {"timeout_ms": ..., ...}`',
        )
    account = account_of(lab, "brisk", until=lambda found: failed or found.count(Verdict.DUPLICATED))
    acknowledged = account.count(Answer.ACKNOWLEDGED)
    if not account.entries:
        return not_yet(
            "nothing-sent",
            expected="eight orders in the ledger `brisk`",
            seen="none",
            why="settings that nobody has tried prove nothing",
            try_next="run `failed = hang(brisk, **settings)`",
        )
    if acknowledged == len(account.entries):
        if not account.count(Verdict.DUPLICATED):
            return not_yet(
                "not-broken",
                expected="orders whose first attempt met a broker that hangs",
                seen="orders that were sent while both brokers were well",
                why="on a good day any settings will do",
                try_next="run `failed = hang(brisk, **settings)`, which pauses `broker-a`",
            )
        return passed("Every order is acknowledged, although one broker hangs.")
    if "attempt_timeout_ms" in settings:
        return not_yet(
            "attempt-takes-all",
            expected="an answer for every order",
            seen="sends without one, though each attempt has a limit",
            why="after the first attempt there must be time for another one, and a retry that may use it",
            try_next="choose an `attempt_timeout_ms` well below `timeout_ms`, and leave `retries` at 2",
        )
    if settings.get("timeout_ms", 0) > TIMEOUT_MS:
        return not_yet(
            "longer-wait",
            expected="an answer for every order",
            seen="sends without one, after a longer time",
            why="a broker that hangs uses up whatever time it is given: the customer waits longer, and gets the same error",
            try_next="give the single *attempt* a limit, not only the send",
        )
    return not_yet(
        "more-retries",
        expected="an answer for every order",
        seen="sends without one, however many retries there are",
        why="the first attempt leaves no time for the second; the tenth does not come to pass either",
        try_next="look at the third setting of the table",
    )


@exercise(
    "07.3",
    title="Call safe only what is safe",
    hints=(
        "Which answers of the broker did the orders get that were gone in the morning? And was there an exception?",
        "`producer.send(message)` returns a result: `result.status`, and `result.ok` for `SendStatus.OK` alone.",
        "`return producer.send(message).ok`, within `try`, and `return False` after `except ProducerException`.",
    ),
)
def what_was_called_safe_is_there(lab, safe, disk):  # noqa: ARG001
    if not isinstance(safe, (set, list, tuple, frozenset)):
        return not_yet(
            "not-keys",
            expected="the keys of the orders that you called safe",
            seen=f"`safe` is a {type(safe).__name__}",
            why="each of them is looked for in the broker",
            try_next="write `safe = night(send_safely)`",
        )
    account = account_of(disk, "nightly")
    lost = {entry.key for entry in account.having(Verdict.DOUBTFUL_AND_LOST)}
    acknowledged = {entry.key for entry in account.entries if entry.answer is Answer.ACKNOWLEDGED}
    if not account.entries:
        return not_yet(
            "nothing-sent",
            expected="the orders of the night in the ledger",
            seen="none",
            why="that an order is safe can be said; only a send puts something into the broker",
            try_next="call `producer.send(message)` in `send_safely`, and run your whole cell again: it begins with a new cluster",
        )
    if not lost:
        return not_yet(
            "nothing-lost",
            expected="a night in which the broker dies with orders that are not on its disk",
            seen="a night without a loss",
            why="only a loss shows whether safe was safe",
            try_next="run your whole cell again: it begins with a new cluster",
        )
    if set(safe) & lost:
        return not_yet(
            "safe-and-lost",
            expected="every order that you call safe, in the broker in the morning",
            seen="orders that you called safe, and that are gone",
            why="they were answered FLUSH_DISK_TIMEOUT: `send` returns, and raises nothing; the answer is in the status",
            try_next="look at `result.status`, or at `result.ok`",
        )
    if acknowledged - set(safe):
        return not_yet(
            "too-careful",
            expected="the orders that the broker has acknowledged, called safe",
            seen="orders with `SEND_OK` that you do not call safe",
            why="they would be sent again for ever; at some time the customer must hear that we have the order",
            try_next="return True where `result.ok` is true",
        )
    return passed("What you called safe is there, and what is gone you had not called safe.")


@exercise(
    "07.4",
    title="Predict what a bad status leaves behind",
    hints=(
        "All four statuses mean that the broker has the message. Is a bad status a failure, or an answer?",
        "The ledger counts the copies below: `sum(len(entry.stored) for entry in account.entries)`.",
        "By default once each; with two retries three times each, on the same broker: `prediction = (3, 9)`.",
    ),
)
def a_bad_status_is_not_retried_by_default(lab, prediction, pair):  # noqa: ARG001
    if not isinstance(prediction, (list, tuple)) or len(prediction) != 2:
        return not_yet(
            "not-two-numbers",
            expected="two numbers: by default, and with `retry_another_broker=True`",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is what the setting changes",
            try_next="write `prediction = (..., ...)` with two numbers",
        )
    truth = []
    for name in ("plain", "insisting"):
        account = account_of(pair, name)
        doubtful = [entry for entry in account.entries if entry.answer is Answer.DOUBTFUL]
        if len(doubtful) != ORDERS:
            return not_yet(
                "not-broken",
                expected="three orders answered `FLUSH_SLAVE_TIMEOUT` in each of the two trials",
                seen="other answers",
                why="the prediction is compared with what the ledger has seen",
                try_next="run the cell that pauses the slave once more",
            )
        truth.append(sum(len(entry.stored) for entry in doubtful))
    if list(prediction) == truth:
        return passed("By default a bad status is yours to deal with; retried, it is stored again each time.")
    if prediction[0] != truth[0]:
        return not_yet(
            "not-retried-by-default",
            expected=f"{truth[0]} by default: the master holds each order once",
            seen=f"you predict {prediction[0]}",
            why="the message is stored, and its status is returned to you; `retries` are for sends that *fail*",
            try_next="look at what the cell printed, and count the copies below",
        )
    return not_yet(
        "each-attempt-is-stored",
        expected=f"{truth[1]} with `retry_another_broker=True`: three attempts for each order",
        seen=f"you predict {prediction[1]}",
        why="each attempt is stored before its status comes back, and a broker does not look for duplicates; where there is "
        "no other broker, the same one gets it again",
        try_next="count the copies in the cell below",
    )


@exercise(
    "07.5",
    title="Break it, and prove it",
    hints=(
        "What may be marked as sent: what was tried, or what was acknowledged? And what happens to the rest?",
        "`try: result = producer.send(...)`, `except ProducerException as error: alarms.append(...)`; `mark_sent(key)` only if "
        "`result.ok`. Then `place(...)`, `bad_day(lambda: relay(producer))`, and `relay(producer)` until `unsent()` is empty.",
        "The copies: `Counter(entry.key for entry in outbox.reconcile().entries for _ in entry.stored)`; `twice` are the keys "
        "with more than one.",
    ),
)
def nothing_is_lost(lab, twice, left):
    account = account_of(lab, "outbox")
    keys = {entry.key for entry in account.entries}
    copies = copies_of(account)
    if not account.entries:
        return not_yet(
            "nothing-sent",
            expected="the orders of the bad day in the ledger `outbox`",
            seen="none",
            why="duplicates can be invented; only a send puts something into a broker",
            try_next="send through `shop(outbox, timeout_ms=500)`, which reports to the ledger",
        )
    if not account.count(Answer.UNKNOWN):
        return not_yet(
            "not-broken",
            expected="orders that were sent while both brokers hang",
            seen="a day on which every send was answered",
            why="an outbox shows what it is good for when nothing else helps",
            try_next="call `relay(producer)` within `bad_day(...)`",
        )
    acknowledged = {entry.key for entry in account.entries if entry.answer is Answer.ACKNOWLEDGED}
    if left:
        return not_yet(
            "still-waiting",
            expected="every order acknowledged, and no row left",
            seen="rows that nobody has sent yet",
            why="after the bad day somebody has to send what is left: that it is in the table does not pack the teapot",
            try_next="call `relay(producer)` after the bad day, until `unsent()` is empty",
        )
    if keys - acknowledged or account.lost:
        return not_yet(
            "lost",
            expected="every order acknowledged by a broker",
            seen="orders that no broker has acknowledged, and that nobody will send again",
            why="a row that is marked as sent (or thrown away) without an acknowledgement is an order that nobody cares for",
            try_next="call `mark_sent(key)` only after `result.ok`",
        )
    true = {key for key, number in copies.items() if number > 1}
    if not isinstance(twice, (set, frozenset, list, tuple)):
        return not_yet(
            "not-keys",
            expected="the keys that the brokers hold more than once",
            seen=f"`twice` is a {type(twice).__name__}",
            why="the consumers want to know what they will meet",
            try_next="write a set of keys, such as `{...}`",
        )
    if set(twice) == true:
        return passed("None is lost, whatever the brokers did; and you know which ones came twice.")
    if not twice:
        return not_yet(
            "no-duplicates-seen",
            expected="the keys that the brokers hold more than once",
            seen="none, though there are some",
            why="a send that timed out may have arrived after all, and `relay` has sent its order again",
            try_next="count the copies by key: an order that was sent twice has two entries in the ledger",
        )
    return not_yet(
        "other-keys",
        expected="the keys that the brokers hold more than once",
        seen="other keys",
        why="what was sent twice need not be stored twice: what `broker-b` had in its socket died with it",
        try_next="count what is `stored`, not what was sent",
    )
