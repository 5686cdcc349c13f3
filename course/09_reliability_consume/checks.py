"""What the exercises of lab 09 look at: the ledgers' accounts, and what the brokers hold."""

import sqlite3
from contextlib import closing

from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.ledger import Answer

ORDERS = "orders"


def account_of(lab, name):
    """Return what a ledger says now, by key: several messages may have one."""
    found = {}
    for entry in lab.ledger(name).reconcile().entries:
        found.setdefault(entry.key, []).append(entry)
    return found


def is_number(answer):
    return isinstance(answer, int) and not isinstance(answer, bool)


@exercise(
    "09.1",
    title="Predict the lag of a group that fails",
    hints=(
        "Stock and payment go on, whatever mail does. Where must the six orders be, so that mail holds up nobody, not even itself?",
        "Run the cell below. It asks the brokers: `lab.admin.consume_stats(group, topic)`.",
        "What failed was sent back, to come again by `%RETRY%mail`: in `orders` nothing is left to do. `prediction = 0`.",
    ),
)
def what_failed_is_no_lag(lab, prediction, lot):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a number of messages",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="lag is counted in messages",
            try_next="write `prediction = ...` with a number",
        )
    entries = account_of(lab, "orders")
    mine = [entry for number in lot for entry in entries.get(f"order-{number}", [])]
    if not mine or not all(any(each.group == "mail" for each in entry.delivered) for entry in mine):
        return not_yet(
            "not-run",
            expected="orders that the group `mail` has tried",
            seen="orders that it has not been given",
            why="the prediction is compared with what the brokers say",
            try_next="run the cell that sends the orders, then this one",
        )

    def lag():
        return sum(each.lag for each in lab.admin.consume_stats("mail", ORDERS).values())

    # A busy machine's consumer sends back what failed when it can.
    seen = eventually(lag, until=lambda found: found == 0, timeout_s=15)
    if prediction == seen:
        return passed(
            "No mail was sent, and the group is up to date: what failed comes again by %RETRY%mail."
        )
    if prediction == len(lot):
        return not_yet(
            "failed-stays-in-the-queue",
            expected=f"{seen}: the brokers were asked",
            seen=f"you predict {prediction}",
            why="a message that failed does not stay in its queue: the consumer sends it back, the broker puts a copy into "
            "`%RETRY%mail`, and the group's offset in `orders` goes on",
            try_next="look at what the cell printed, and at the picture below",
        )
    return not_yet(
        "another-number",
        expected=f"{seen}: the brokers were asked",
        seen=f"you predict {prediction}",
        why="each order is in `orders` once, and is either done with there, or not",
        try_next="look at what the cell printed",
    )


@exercise(
    "09.2",
    title="Lose what was acknowledged too early",
    hints=(
        "The broker's number must say eight before you kill. Else it would bring the rest again, and nothing is lost.",
        '`eventually(lambda: acknowledged("eager") >= start + 8, timeout_s=40)`, then `eager.kill()`, `eager.wait()`, and '
        '`catch_up("eager", "first")`.',
        'What is in `lot` and not in the database: `lost = set(lot) - set(effects("eager"))`.',
    ),
)
def the_eager_one_has_lost_bills(lab, eager, lot, lost, charged):
    if not isinstance(lost, (set, frozenset, list, tuple)):
        return not_yet(
            "not-a-set",
            expected="the numbers of the bills that were never charged",
            seen=f"`lost` is a {type(lost).__name__}",
            why="what is lost has to be named",
            try_next='write `lost = set(lot) - set(effects("eager"))`',
        )
    entries = account_of(lab, "bills")
    mine = [entry for number in lot for entry in entries.get(f"order-{number}", [])]
    if not all(any(each.group == "eager" for each in entry.processed) for entry in mine):
        return not_yet(
            "never-acknowledged",
            expected="eight bills that the service `eager` has acknowledged",
            seen="bills of which it has said nothing",
            why="the ledger has each answer that a consumer gave; what was not acknowledged is not lost, it comes again",
            try_next='start it with `start_service("eager", "first", bills, bill_book, stuck_after=3)`, and wait for '
            "`acknowledged`",
        )
    poll = getattr(eager, "poll", None)
    if poll is None or poll() is None:
        return not_yet(
            "still-running",
            expected="a service that is dead",
            seen="it runs, and may still do what it has in memory",
            why="only a dead process has lost its memory",
            try_next="`eager.kill()`, then `eager.wait()`",
        )
    truth = set(lot) - set(charged)
    if set(lost) == truth and truth:
        return passed(
            "Acknowledged, and never charged: the broker was told that they are done, and will not bring them again."
        )
    if not truth:
        return not_yet(
            "nothing-is-lost",
            expected="bills that were acknowledged and never charged",
            seen="all of them are charged",
            why="the service was killed before its client had told the broker (once a second), so the bills came again; or "
            "it was not killed at all",
            try_next="run the cell again, and wait until `acknowledged` says so before you kill it",
        )
    if not lost:
        return not_yet(
            "they-do-not-come-again",
            expected="the bills that are not in the database",
            seen="you say that none is lost",
            why="a broker brings again what was *not* acknowledged; these were, before anything was done with them",
            try_next='compare `lot` with `effects("eager")`',
        )
    return not_yet(
        "other-bills",
        expected="the bills of `lot` that are not in the database, and no other",
        seen="other numbers",
        why="the service has charged some before it stood still",
        try_next='compare `lot` with `effects("eager")`',
    )


@exercise(
    "09.3",
    title="Charge once",
    hints=(
        "A message comes twice, perhaps at the same time. Who can decide for certain which of the two is the first?",
        "`INSERT OR IGNORE INTO handled VALUES (?)` with the order's number: the database lets one of them in. In the *same* "
        "`with closing(connect()) as db, db:` as `charge(db, order)`.",
        '`fresh = db.execute("INSERT OR IGNORE INTO handled VALUES (?)", (order["number"],)).rowcount`, then `if fresh: '
        "charge(db, order)`, at the end `return ConsumeStatus.CONSUME_SUCCESS`.",
    ),
)
def each_order_is_charged_once(lab, charged, booked):
    if not isinstance(charged, dict):
        return not_yet(
            "not-a-result",
            expected="what `trial(charge_once)` returns",
            seen=f"`charged` is a {type(charged).__name__}",
            why="the three orders have to be sent and worked off",
            try_next="write `charged = trial(charge_once)`",
        )
    entries = account_of(lab, "invoices")
    keys = sorted(entries, key=lambda key: int(key.split("-")[1]))
    if [len(entries[key]) for key in keys] != [2, 1, 2]:
        return not_yet(
            "never-sent",
            expected="three orders, two of them sent twice",
            seen="a ledger without them",
            why="a result can be invented; the ledger has what was sent",
            try_next="write `charged = trial(charge_once)`",
        )
    if not all(entry.processed for key in keys for entry in entries[key]):
        return not_yet(
            "not-acknowledged",
            expected="CONSUME_SUCCESS for each message, in the end",
            seen="messages that were never acknowledged: they come again and again",
            why="a message that was done before is done: say so",
            try_next="end with `return ConsumeStatus.CONSUME_SUCCESS`, also for what is in `handled` already; `trial` prints "
            "what was raised",
        )
    twice, away, at_once = (booked.get(int(key.split("-")[1]), 0) for key in keys)
    if away == 0:
        return not_yet(
            "marked-and-never-charged",
            expected="the order `bank away` charged once",
            seen="it was never charged, though it is in `handled`",
            why="the key was committed before the effect: when the bank did not answer, the key stayed, and the next try took "
            "the order for done",
            try_next="put `INSERT` and `charge` into one transaction, one `with closing(connect()) as db, db:`",
        )
    if twice > 1:
        return not_yet(
            "charged-twice",
            expected="the order `sent twice` charged once",
            seen="it was charged twice",
            why="the shop sent the order again: another message, with another id. What they have in common is the order's number",
            try_next='take `order["number"]` for the key',
        )
    if at_once > 1:
        return not_yet(
            "looked-before",
            expected="the order `at once` charged once",
            seen="it was charged twice",
            why="two threads looked at the same time, neither saw anything, and both went on",
            try_next="let the database decide: insert the key first, and go on only if it was new",
        )
    if (twice, away, at_once) != (1, 1, 1):
        return not_yet(
            "not-charged",
            expected="each order charged once",
            seen="an order that was not charged at all",
            why="idempotent means once, not never",
            try_next="call `charge(db, order)` when the key is new",
        )
    return passed("Six deliveries and more, three payments: once each, whatever came.")


@exercise(
    "09.4",
    title="Predict how often poison is tried",
    hints=(
        "`max_reconsume_times=2`. Which word is in it?",
        "The first time nobody has failed yet. Run the cell, it counts.",
        "Once, and two more times: `prediction = 3`.",
    ),
)
def two_retries_are_three_tries(lab, prediction, guest):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a number of calls",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="that is what the ledger counts",
            try_next="write `prediction = ...` with a number",
        )
    (entry, *_) = account_of(lab, "points").get(f"order-{guest}", [None])
    if entry is None or "loyalty" not in entry.dead:
        return not_yet(
            "not-dead",
            expected="a guest's order in the dead-letter queue",
            seen="none there",
            why="the prediction is compared with what happened to it",
            try_next="run the cell that sends the orders, then this one",
        )
    seen = sum(each.group == "loyalty" for each in entry.delivered)
    if prediction == seen:
        return passed("The first try and two retries, then the dead-letter queue.")
    if prediction == seen - 1:
        return not_yet(
            "tries-are-not-retries",
            expected=f"{seen}: the ledger has counted",
            seen=f"you predict {prediction}",
            why="`maxReconsumeTimes` counts how often a message comes *again*; the first time is not counted",
            try_next="look at what the cell printed",
        )
    return not_yet(
        "another-number",
        expected=f"{seen}: the ledger has counted",
        seen=f"you predict {prediction}",
        why="it is not tried for ever, and not only once: `maxReconsumeTimes` decides, 16 by default",
        try_next="look at what the cell printed",
    )


@exercise(
    "09.5",
    title="Send a dead letter again",
    hints=(
        "The dead-letter queue is a topic: `%DLQ%` and the group's name. Nobody reads it unless you do.",
        '`with PullConsumer("loyalty-dlq", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as dead:`, then '
        '`dead.subscribe("%DLQ%loyalty")` and `for letter in dead.messages(idle_s=5):`.',
        "In the loop: `shop.send(Message(orders, letter.body, keys=letter.keys.decode()))`, and count.",
    ),
)
def the_dead_letter_is_back(lab, sent_again, guest, database):
    key = f"order-{guest}"

    sent = [entry.sent[0] for entry in account_of(lab, "points").get(key, [])]
    since = int(min(sent, default=0) * 1000)  # an earlier run on this cluster had the same numbers

    def stored():
        found = lab.admin.messages(ORDERS, limit=200)
        return [message for message in found if message.keys == key and message.born_ms >= since]

    def points():
        return effects(database, "loyalty", guest)

    copies = eventually(stored, until=lambda found: len(found) > 1)
    if len(copies) < 2:
        born = max((message.born_ms for message in copies), default=0)
        later = [each for each in lab.admin.messages(ORDERS, limit=200) if each.born_ms > born]
        if points():
            return not_yet(
                "not-sent-again",
                expected="the guest's order in `orders` once more",
                seen="a row in the database, and nothing at the broker",
                why="who mends the database by hand has mended one system; and nobody will ever know that the letter is settled",
                try_next="send the letter to `orders` again, under the same key",
            )
        if later:
            return not_yet(
                "another-key",
                expected=f"the guest's order in `orders` once more, under its key `{key}`",
                seen="a message under another key",
                why="by its key support finds both, the letter and what you sent; and an order under another number is another "
                "order",
                try_next="take `letter.body` as it is, and `keys=letter.keys.decode()`",
            )
        return not_yet(
            "still-dead",
            expected="the guest's order in `orders` once more",
            seen="it lies in `%DLQ%loyalty`, and nowhere else",
            why="nobody reads a dead-letter queue by himself: neither the group that failed, nor after a restart",
            try_next="read `%DLQ%loyalty` with a PullConsumer, and send each letter with `shop`",
        )
    if not is_number(sent_again) or sent_again < 1:
        return not_yet(
            "not-counted",
            expected="how many letters you sent again",
            seen=f"`sent_again` is {sent_again!r}" if is_number(sent_again) else "no number",
            why="who empties a dead-letter queue writes down how much it was",
            try_next="count in the loop",
        )
    if not eventually(points, timeout_s=20):
        return not_yet(
            "dead-again",
            expected="the order done by the mended program",
            seen="it was sent again, and has failed again",
            why="first mend, then send: a letter that is sent to the same program dies the same death",
            try_next="run the cell from its first line on, `mended.set()` included",
        )

    def charged():
        return effects(database, "payment", guest)

    if not eventually(charged, timeout_s=10):
        return not_yet(
            "nobody-charges",
            expected="a payment service that gets the order, too",
            seen="none that has charged it",
            why="all groups of `orders` see what is sent again; whether that does harm is only seen while they run",
            try_next="start the payment service: the cell above the exercise",
        )
    if points() == charged() == 1:
        return passed(
            "Read, mended, sent again. The payment service saw the order twice, and charged it once."
        )
    return not_yet(
        "done-twice",
        expected="one effect in each system",
        seen="an order that was done twice",
        why="all groups of `orders` see what is sent again",
        try_next="send each letter once, under its own key",
    )


def effects(database, system, number):
    """Return how often a system has done its work for an order."""
    with closing(sqlite3.connect(database, timeout=10)) as db:
        asked = "SELECT COUNT(*) FROM work WHERE system = ? AND number = ?"
        return db.execute(asked, (system, number)).fetchone()[0]


@exercise(
    "09.6",
    title="Lose nothing, charge once",
    hints=(
        "Three questions: does the program know what became of each order? Does it try again? Is the consumer idempotent?",
        "`producer.send(message)` in a loop: return when `result.ok`, catch ProducerException, wait 0.2 s, raise after 30 s. "
        "Which of the three ways survives a death before and after the work?",
        '`settings = {"retries": 2}`, `way = "once"`, `end_to_end(settings, send_until_stored, way)`; in `send_until_stored`: `while '
        "True:`, `try: result = producer.send(message)`, `if result.ok: return result`, `except ProducerException: time.sleep(0.2)`.",
    ),
)
def nothing_is_lost_and_nothing_twice(lab, way, booked):  # noqa: ARG001 - way: attempted or not
    now = lab.ledger("recipe").reconcile()
    if not now.entries:
        return not_yet(
            "never-sent",
            expected="orders that were sent while a broker and a consumer died",
            seen="a ledger in which nothing was sent",
            why="the ledger and the brokers decide, and not what was chosen",
            try_next="call `end_to_end(settings, send_until_stored, way)`",
        )
    if now.lost:
        return not_yet(
            "acknowledged-and-lost",
            expected="0 orders acknowledged and lost",
            seen="orders that were acknowledged, and that no broker has",
            why="with sync flush and sync double write that must not be",
            try_next="run the cell again; if it happens again, tell us",
        )
    if any("NONE" in entry.answers for entry in now.entries):
        return not_yet(
            "nobody-knows",
            expected="an answer for each order",
            seen="orders of which the program does not know whether they were stored",
            why="oneway has no answer; without one, nobody can tell what to send again",
            try_next="`result = producer.send(message)`, and try again until `result.ok`",
        )
    if any(entry.answer is not Answer.ACKNOWLEDGED for entry in now.entries):
        return not_yet(
            "orders-missing",
            expected="each order acknowledged with OK",
            seen="orders that failed, and that nobody sent again",
            why="a broker died under them; the other one would have taken them a moment later",
            try_next="catch ProducerException, and send the same message again until `result.ok`",
        )
    charges = [booked.get(int(entry.key.split("-")[1]), 0) for entry in now.entries]
    if 0 in charges:
        return not_yet(
            "never-charged",
            expected="each order charged once",
            seen="orders that were acknowledged by the consumer, and never charged",
            why="they lay in the memory of the process that was killed",
            try_next="choose a way that acknowledges after the work",
        )
    if max(charges) > 1:
        return not_yet(
            "charged-twice",
            expected="each order charged once",
            seen="orders that were charged more than once",
            why="a consumer died between its work and its acknowledgement, and the orders came again: at least once",
            try_next="choose the way that is idempotent",
        )
    return passed(
        "A broker and a consumer were killed. Nothing acknowledged is lost, and each order was charged exactly once."
    )
