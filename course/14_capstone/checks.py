"""What the exercises of lab 14 look at: the database, the bank's book, the broker, and a trial's files."""

import os
import sqlite3
import tempfile
import threading
import time
import uuid
from contextlib import closing, contextmanager
from pathlib import Path

from rmqlab.capstone import Bank, make_shop, read_outcome
from rmqlab.capstone.reasons import REASONS
from rmqlab.capstone.running import Trial
from rmqlab.capstone.shop import read_moves, read_states
from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.errors import ChaosError

ENDS = ("paid", "cancelled", "open", "gone")
SUCCESS = 0  # ConsumeStatus.CONSUME_SUCCESS
PATIENCE_S = 100  # for a trial, on a busy machine


class Killed(BaseException):
    """What a function sees of its own death: nothing that it could catch as an error."""


class DeadAtTheSend:
    """A producer in whose hands the process dies, before the message is out."""

    def __getattr__(self, name):
        raise Killed

    send = property(lambda self: self.__getattr__("send"))


class Asked:
    """A producer that notes how often it is asked to send."""

    def __init__(self, producer):
        self._producer = producer
        self.sends = 0

    def __getattr__(self, name):
        self.sends += name.startswith("send")
        return getattr(self._producer, name)


class InDoubt:
    """A producer whose broker has not flushed in time: the message is there, the answer is not OK."""

    def __init__(self, producer):
        self._producer = producer

    def __getattr__(self, name):
        return getattr(self._producer, name)

    def send(self, message, **how):
        import dataclasses

        from rmqlab.client import SendStatus

        result = self._producer.send(message, **how)
        return dataclasses.replace(result, status=SendStatus.FLUSH_DISK_TIMEOUT)


def a_producer(lab, timeout_ms=10_000):
    """A producer of the check's own, with time for a busy machine."""
    from rmqlab.client import Producer

    return Producer(f"rehearsal-{uuid.uuid4().hex[:6]}", namesrv=lab.namesrv, timeout_ms=timeout_ms)


@contextmanager
def rehearsal(lab):
    """A shop, a bank and a producer of the check's own; functions find the first two in the environment."""
    before = {name: os.environ.get(name) for name in ("SHOP_DB", "BANK")}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shop = Path(folder) / "shop.db"
        make_shop(shop)
        lab.topic("orders", queues=1)
        lab.topic("timeouts", queues=1)
        with Bank(Path(folder) / "bank.db") as bank, a_producer(lab) as producer:
            os.environ["SHOP_DB"], os.environ["BANK"] = str(shop), bank.address
            try:
                yield shop, bank, producer
            finally:
                for name, value in before.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value


def an_order(card="valid"):
    return {"number": f"rehearsal-{uuid.uuid4().hex[:8]}", "pieces": 2, "amount": 40, "card": card}


def attempt(function, *arguments):
    """Call a learner's function; return what it returned, and what it raised."""
    try:
        return function(*arguments), None
    except (Exception, Killed) as error:
        return None, error


def deliver(function, message):
    """Hand a message over as a broker does: again until it is acknowledged, three times at most."""
    for _ in range(3):
        status, error = attempt(function, message)
        if status == SUCCESS:
            break
    return status, error


def copies(lab, topic, number):
    """Return the messages of a topic that are about an order, by their key."""
    return [each for each in lab.admin.messages(topic, limit=400) if each.keys == number]


def about(lab, topic, number):
    """Return the messages of a topic that have an order's number anywhere in their body."""
    return [each for each in lab.admin.messages(topic, limit=400) if number.encode() in each.body]


@contextmanager
def delivered(lab, producer, *orders):
    """Send orders, and yield their messages as a consumer gets them, by number."""
    import json

    from rmqlab.client import Message, PullConsumer

    with PullConsumer(
        f"rehearsal-{uuid.uuid4().hex[:6]}", namesrv=lab.namesrv, auto_commit=False
    ) as consumer:
        queues = consumer.queues("orders")
        consumer.assign(queues)
        for queue in queues:
            consumer.seek_to_end(queue)
        for order in orders:
            producer.send(Message("orders", json.dumps(order), keys=order["number"]))
        wanted, found = {order["number"] for order in orders}, {}
        deadline = time.monotonic() + 15
        while found.keys() < wanted and time.monotonic() < deadline:
            for message in consumer.poll(timeout_ms=500):
                if message.keys.decode() in wanted:
                    found[message.keys.decode()] = message
        yield [found[order["number"]] for order in orders]


def trial_of(lab, answer):
    """Return a learner's trial, judged anew by what is left of it; None if there was none, or it still runs.

    What has ended a trial too early is raised.
    """
    if isinstance(answer, Trial):
        if not answer.wait(PATIENCE_S):
            return None
        answer = answer.outcome
    name = getattr(answer, "name", None)
    if not isinstance(name, str):
        return None
    try:
        return read_outcome(lab.cluster, name)
    except ChaosError:
        return None


def still_running(answer):
    """Return what to say of a trial that still runs; None of one that does not."""
    if not isinstance(answer, Trial) or answer.wait(0):
        return None
    return not_yet(
        "still-running",
        expected="a trial that is over",
        seen="one that still runs",
        why="a busy machine takes longer, and so does a message that nobody can work off",
        try_next="run this cell again in a minute",
    )


@exercise(
    "14.1",
    title="Predict what becomes of the unlucky order",
    hints=(
        "Who charges the customer, and who looks at the clock? How do they hear of an order?",
        "Stock and payment get a message. The time-out is a message, too: who sends it?",
        'Nobody hears of it: `prediction = "open"`.',
    ),
)
def the_unlucky_one_is_open_for_ever(lab, prediction, bad_day):
    if prediction not in ENDS:
        return not_yet(
            "another-word",
            expected=" or ".join(f'`"{each}"`' for each in ENDS),
            seen="another answer",
            why="these are the ends that an order can have",
            try_next="choose one of the four",
        )
    day = trial_of(lab, bad_day)
    if running := still_running(bad_day):
        return running
    unlucky = day.hit_by("shop-killed") if day else ""
    if not unlucky:
        return not_yet(
            "not-run",
            expected="a bad day on which the shop was killed",
            seen="none that this cluster knows of",
            why="the prediction is compared with what is in the database",
            try_next="run the cell with `bad_day = trial(careless, ...)` once more",
        )
    seen = day.facts.states.get(unlucky, "gone")
    if prediction == seen:
        return passed("In the database, and nowhere else: open today, tomorrow, and in a year.")
    if prediction == "cancelled":
        return not_yet(
            "the-clock-was-never-set",
            expected=f"`{seen}`: the database was asked",
            seen="you predict `cancelled`",
            why="the time-out is a message of the stock service, which sends it when it gets the order; it never got it",
            try_next="look at `reserve_carelessly`",
        )
    if prediction == "gone":
        return not_yet(
            "it-was-committed",
            expected=f"`{seen}`: the database was asked",
            seen="you predict `gone`",
            why="what a database has committed survives the death of the process",
            try_next="look at `place_carelessly`: which of its two lines came first?",
        )
    return not_yet(
        "nobody-sends-it-later",
        expected=f"`{seen}`: the database was asked",
        seen="you predict `paid`",
        why="the shop that was started again takes new orders; of the old one's message it knows nothing",
        try_next="look at what the cell printed",
    )


@exercise(
    "14.2",
    title="Prove that customers were charged twice",
    hints=(
        "A charge is a row of `book` with an amount above 0. Which numbers have two such rows?",
        '`sqlite3.connect(bad_day.folder / "bank.db")`, and `GROUP BY number HAVING COUNT(*) > 1`.',
        "`SELECT number FROM book WHERE amount > 0 GROUP BY number HAVING COUNT(*) > 1`, and a set of what it finds.",
    ),
)
def the_bank_has_charged_twice(lab, twice, bad_day):
    day = trial_of(lab, bad_day)
    if running := still_running(bad_day):
        return running
    if day is None:
        return not_yet(
            "not-run",
            expected="a bad day",
            seen="none that this cluster knows of",
            why="the bank's book is a file of the trial",
            try_next="run the cell with `bad_day = trial(careless, ...)` once more",
        )
    if not isinstance(twice, (set, frozenset, list, tuple)):
        return not_yet(
            "not-a-set",
            expected="a set of order numbers",
            seen=f"`twice` is a {type(twice).__name__}",
            why="who was charged twice has a name",
            try_next="write `twice = {...}`",
        )
    truth = {number for number, rows in day.facts.book.items() if sum(row > 0 for row in rows) > 1}
    if set(twice) == truth and truth:
        return passed("The bank has booked it: twice the money, for one order each.")
    paid = {number for number, state in day.facts.states.items() if state == "paid"}
    if set(twice) == paid:
        return not_yet(
            "all-who-have-paid",
            expected="the orders that have two charges in the bank's book",
            seen="all orders that are paid",
            why="the shop's database says `paid`, once or twice the same; how often money was taken, only the bank knows",
            try_next="read the table `book` of `bank.db`",
        )
    if not twice:
        return not_yet(
            "each-charged-once",
            expected="the orders that have two charges in the bank's book",
            seen="you say that there are none",
            why="an order is `paid` in the database, and that can be set twice without a trace",
            try_next="read the table `book` of `bank.db`",
        )
    return not_yet(
        "other-orders",
        expected="the orders that have two charges in the bank's book, and no other",
        seen="other numbers",
        why="each charge is a row with an amount above 0",
        try_next="`GROUP BY number HAVING COUNT(*) > 1`",
    )


@exercise(
    "14.3",
    title="An outbox",
    hints=(
        "Both rows in one `with closing(connect()) as db, db:`. And what is marked before it is sent, nobody sends any more.",
        '`SELECT number, body FROM outbox WHERE sent = 0`, for each `producer.send(Message("orders", body, keys=number))`, and look at `result.ok`.',
        "`if result.ok:` and then, in a transaction of its own (`with db:`), `UPDATE outbox SET sent = 1 WHERE number = ?`.",
    ),
)
def the_outbox_forgets_nothing(lab, place_order, send_outbox):
    if not callable(place_order) or not callable(send_outbox):
        return not_yet(
            "not-functions",
            expected="two functions",
            seen="something else",
            why="the shop calls them",
            try_next="write `def place_order(producer, order):` and `def send_outbox(producer):`",
        )
    silent, dead, doubtful = (an_order() for _ in range(3))
    with rehearsal(lab) as (shop, _, producer), a_producer(lab, timeout_ms=1000) as hasty:
        with lab.fault("pause", "broker-a"):
            asked = Asked(hasty)
            _, error = attempt(place_order, asked, silent)
            if asked.sends:
                return not_yet(
                    "waits-for-the-broker",
                    expected="a customer who is told yes, though the broker hangs",
                    seen="a `place_order` that sends",
                    why="a send needs the broker; a row in the outbox does not",
                    try_next="write the order and the row of `outbox`, and leave the sending to `send_outbox`",
                )
            if error is not None:
                return not_yet(
                    "raises-at-once",
                    expected="a `place_order` that returns",
                    seen=f"{type(error).__name__}: {error}",
                    why="when it raises, the customer is told no",
                    try_next="call it yourself: `place_order(None, example)`",
                )
            attempt(send_outbox, hasty)  # nobody answers
        attempt(place_order, producer, dead)
        attempt(send_outbox, DeadAtTheSend())
        attempt(send_outbox, producer)  # these two are out: the next one is alone in doubt
        attempt(place_order, producer, doubtful)
        attempt(send_outbox, InDoubt(producer))
        numbers = [order["number"] for order in (silent, dead, doubtful)]
        states = read_states(shop)
        if any(states.get(number) != "open" for number in numbers):
            return not_yet(
                "no-order",
                expected="each order in the table `orders`, and `open`",
                seen="orders that are not there, or in another state",
                why="what the customer was promised has to be written down",
                try_next="`INSERT INTO orders VALUES (?, ?, 'open')`",
            )
        for _ in range(2):
            _, error = attempt(send_outbox, producer)
        if error is not None:
            return not_yet(
                "raises",
                expected="a `send_outbox` that ends well when the broker answers",
                seen=f"{type(error).__name__}: {error}",
                why="it may raise while the broker is away, not always",
                try_next="`from rmqlab.client import Producer`, then `with Producer('me', namesrv=lab.namesrv) as producer: send_outbox(producer)`",
            )
        lab.admin.await_dispatch()  # of the second copies, too
        if not eventually(lambda: all(copies(lab, "orders", number) for number in numbers), timeout_s=5):
            if all(about(lab, "orders", number) for number in numbers):
                return not_yet(
                    "no-key",
                    expected="messages with the order's number as their key",
                    seen="messages without it",
                    why="by its key support finds a message, and the ledger, too",
                    try_next='`Message("orders", body, keys=number)`',
                )
            return not_yet(
                "forgotten",
                expected="a message for each order in the end",
                seen="an order whose message was never sent again after its first send had failed",
                why="the row was marked as sent, and then the broker hung, or the process died before the send",
                try_next="send first, mark then",
            )
        if len(copies(lab, "orders", numbers[2])) < 2:
            return not_yet(
                "any-answer-will-do",
                expected="a message that is sent again after FLUSH_DISK_TIMEOUT",
                seen="it was marked as sent",
                why="an answer is no OK: the broker says that the message is not as safe as it should be (lab 07)",
                try_next="mark it only `if result.ok`",
            )
        before = sum(len(copies(lab, "orders", number)) for number in numbers)
        attempt(send_outbox, producer)
        lab.admin.await_dispatch()
        if sum(len(copies(lab, "orders", number)) for number in numbers) > before:
            return not_yet(
                "sent-for-ever",
                expected="rows that are marked once the broker has them",
                seen="all of them are sent again with each call",
                why="without a mark that is committed, nobody knows what was sent",
                try_next="`with db:` around the UPDATE: it commits",
            )
    return passed("The broker hung, the process died, the answer was no OK: each order has its message.")


@exercise(
    "14.4",
    title="Reserve once",
    hints=(
        "What comes twice must find a trace of the first time, in the transaction of the effect. And what comes again because we died has to do *all* that was left.",
        "`INSERT OR IGNORE INTO done VALUES ('stock', ?)` and its `rowcount`; the send outside of the `if`.",
        "`if db.execute(\"INSERT OR IGNORE INTO done VALUES ('stock', ?)\", (number,)).rowcount:` then the row of `moves`; after the transaction `producer.send(...)`, in each case.",
    ),
)
def each_order_is_reserved_once(lab, on_order):
    if not callable(on_order):
        return not_yet(
            "not-a-function",
            expected="a function `on_order(producer, message)`",
            seen=f"a {type(on_order).__name__}",
            why="the consumer calls it for each message",
            try_next="write `def on_order(producer, message):`",
        )
    with (
        rehearsal(lab) as (shop, _, producer),
        delivered(lab, producer, an_order(), an_order(), an_order()) as (twice, died, waiting),
    ):
        status, error = attempt(on_order, producer, twice)
        again, error_again = attempt(on_order, producer, twice)
        if (status, again) != (SUCCESS, SUCCESS):
            what = error or error_again
            return not_yet(
                "not-acknowledged",
                expected="CONSUME_SUCCESS for an order, and for the same order once more",
                seen=f"{type(what).__name__}: {what}" if what else "another answer",
                why="what was done before is done: an order that comes twice is no error",
                try_next="end with `return ConsumeStatus.CONSUME_SUCCESS`",
            )
        attempt(on_order, DeadAtTheSend(), died)
        attempt(on_order, producer, died)
        with closing(sqlite3.connect(shop, timeout=10, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            answers = []
            worker = threading.Thread(target=lambda: answers.append(attempt(on_order, producer, waiting)[0]))
            worker.start()
            worker.join(timeout=1)
            too_early = SUCCESS in answers
            db.execute("ROLLBACK")
            worker.join(timeout=15)
        if too_early:
            return not_yet(
                "acknowledged-first",
                expected="no answer as long as the database lets nobody write",
                seen="CONSUME_SUCCESS, and nothing in the database",
                why="what is acknowledged does not come again; if the process dies now, the order has no pieces",
                try_next="do the work in the callback itself, and return afterwards",
            )
        numbers = [message.keys.decode() for message in (twice, died, waiting)]
        moves = read_moves(shop)
        if any(sum(moves.get(number, ())) < -2 for number in numbers):
            return not_yet(
                "reserved-twice",
                expected="two pieces for each order",
                seen="four, for an order whose message came twice",
                why="at least once means sometimes twice",
                try_next="`INSERT OR IGNORE INTO done`, in the same transaction; reserve only if its `rowcount` is 1",
            )
        if any(moves.get(number) != (-2,) for number in numbers):
            return not_yet(
                "not-reserved",
                expected="a row `(number, -2)` in `moves` for each order",
                seen="no such row",
                why="idempotent means once, not never: also for an order at which the process has died",
                try_next='`INSERT INTO moves VALUES (?, ?)` with `-order["pieces"]`; key and move in one transaction',
            )

        def reminded(number):
            return any(copies(lab, topic, number) for topic in ("SCHEDULE_TOPIC_XXXX", "timeouts"))

        if not eventually(lambda: all(map(reminded, numbers))):
            if not reminded(numbers[0]):
                return not_yet(
                    "no-reminder",
                    expected="a message for `timeouts` for each order, with its number as the key",
                    seen="none",
                    why="without it nobody cancels an order that is not paid",
                    try_next='`producer.send(Message("timeouts", message.body, keys=number, delay_level=TIMEOUT))`',
                )
            return not_yet(
                "no-reminder-after-a-death",
                expected="a message for `timeouts` also for the order at which the process has died",
                seen="none: the pieces are reserved, and the clock is never set",
                why="it died between the two. When the order came again, it was in `done`, and the send was left out with the rest",
                try_next="put the send outside of the `if`: a second reminder does no harm, a missing one does",
            )
        waiting_for = {each.queue_id + 1 for each in copies(lab, "SCHEDULE_TOPIC_XXXX", numbers[0])}
        if 2 not in waiting_for:  # a queue for each level: ScheduleMessageService.delayLevel2QueueId
            return not_yet(
                "not-delayed",
                expected="a message that waits for level 2",
                seen="it waits for another level" if waiting_for else "it was delivered at once",
                why="the customer needs the time to pay",
                try_next="`delay_level=TIMEOUT`",
            )
    return passed("Twice, killed in the middle, kept waiting: each order has its pieces once, and its clock.")


class Meddling(Bank):
    """A bank that does something else before it answers."""

    meddle = staticmethod(lambda number: None)

    def charge(self, number, amount, card, key):
        answer = super().charge(number, amount, card, key)
        self.meddle(number)
        return answer


@exercise(
    "14.5",
    title="Charge once, or not at all",
    hints=(
        "Ask the database three times: may I still charge? was I in time (`AND state = 'open'`)? and if not: is there something to give back?",
        "`charge(order, key=number)`; the UPDATE with `AND state = 'open'`; then, whatever happened, `if state_of(number) == \"cancelled\": refund(number)`.",
        "In `on_timeout`: `if db.execute(\"UPDATE orders SET state = 'cancelled' WHERE number = ? AND state = 'open'\", (number,)).rowcount:` then the row of `moves`, in the same transaction.",
    ),
)
def money_and_time_agree(lab, on_payment, on_timeout):
    if not callable(on_payment) or not callable(on_timeout):
        return not_yet(
            "not-functions",
            expected="two functions",
            seen="something else",
            why="the consumers call them for each message",
            try_next="write `def on_payment(message):` and `def on_timeout(message):`",
        )
    with (
        rehearsal(lab) as (shop, _, producer),
        Meddling(shop.with_name("meddling.db")) as bank,
        delivered(lab, producer, an_order(), an_order("empty"), an_order(), an_order()) as messages,
    ):
        os.environ["BANK"] = bank.address
        slow, empty, late, meanwhile = messages
        numbers = [message.keys.decode() for message in messages]
        with closing(sqlite3.connect(shop, timeout=10)) as db, db:
            db.executemany("INSERT INTO orders VALUES (?, 2, 'open')", [(number,) for number in numbers])
            db.executemany("INSERT INTO moves VALUES (?, -2)", [(number,) for number in numbers])
        # the bank charges, and answers too late; the message comes again
        bank.hurt(slow=1)
        paid, broken = deliver(on_payment, slow)
        in_time = read_states(shop)[numbers[0]]
        attempt(on_timeout, slow)
        # the card is empty, and the time-out comes twice
        declined, error = deliver(on_payment, empty)
        ends = [attempt(on_timeout, empty) for _ in range(2)]
        # charged; then the payment service dies, and the time is up; then the message comes again
        bank.charge(numbers[2], 40, "valid", numbers[2])
        attempt(on_timeout, late)
        deliver(on_payment, late)
        # the time is up while the bank is working
        bank.meddle = lambda number: number == numbers[3] and attempt(on_timeout, meanwhile)
        deliver(on_payment, meanwhile)
        states, moves, book = read_states(shop), read_moves(shop), bank.book
    charged = sum(row > 0 for row in book.get(numbers[0], ()))
    if charged > 1:
        return not_yet(
            "charged-twice",
            expected="one charge for an order whose message came again",
            seen="two: the bank had charged, and answered too late",
            why="no answer is no no. For the bank, a request without a key is a new one",
            try_next="`charge(order, key=number)`",
        )
    if not charged or paid != SUCCESS or in_time != "paid":
        return not_yet(
            "not-paid",
            expected="an order that is `paid` after the bank has answered the second request",
            seen=f"{type(broken).__name__}: {broken}"
            if broken
            else "it was not charged, not acknowledged, or is still `open`",
            why="a bank that is slow once is no reason to lose a sale: the message comes again",
            try_next="let the OSError out of the callback, and set the state to `paid` after the charge",
        )
    if states[numbers[0]] != "paid":
        return not_yet(
            "cancelled-though-paid",
            expected="an order that stays `paid` when its time-out comes",
            seen=f"it is `{states[numbers[0]]}`",
            why="the message in `timeouts` is a question, and the answer is in the database",
            try_next="`AND state = 'open'`",
        )
    if declined != SUCCESS or any(status != SUCCESS for status, _ in ends):
        what = error or next((each for _, each in ends if each is not None), None)
        return not_yet(
            "not-acknowledged",
            expected="CONSUME_SUCCESS for an empty card, and for each time-out",
            seen=f"{type(what).__name__}: {what}" if what else "another answer",
            why="an empty card is an answer, not a failure: what is not acknowledged comes again, until it is dead",
            try_next="end both functions with `return ConsumeStatus.CONSUME_SUCCESS`",
        )
    if states[numbers[1]] != "cancelled" or sum(moves[numbers[1]]) < 0:
        return not_yet(
            "not-cancelled",
            expected="an order `cancelled` and its pieces back, when its time is up and nobody has paid",
            seen="it is not, or they are not",
            why="somebody else wants these pieces",
            try_next="set the state, and insert the pieces into `moves`, in one transaction",
        )
    if sum(moves[numbers[1]]) > 0:
        return not_yet(
            "returned-twice",
            expected="two pieces back",
            seen="four: the time-out came twice",
            why="at least once holds for time-outs, too",
            try_next="return the pieces only if your UPDATE has changed the order: its `rowcount` is 1 then",
        )
    if states[numbers[3]] == "paid":
        return not_yet(
            "paid-though-cancelled",
            expected="an order that stays `cancelled`",
            seen="it is `paid`, and its pieces are back in the stock",
            why="while the bank was working, the time was up; the UPDATE has to look at the state again",
            try_next="`UPDATE orders SET state = 'paid' WHERE number = ? AND state = 'open'`",
        )
    if sum(book.get(numbers[3], ())) > 0:
        return not_yet(
            "kept-the-money",
            expected="no money for an order that was cancelled while the bank was working",
            seen="the bank has charged it",
            why="the UPDATE has changed nothing, as the clock was quicker; the charge was made all the same",
            try_next="after it: if the order is `cancelled`, `refund(number)`",
        )
    if sum(book.get(numbers[2], ())) > 0:
        return not_yet(
            "kept-the-money-of-the-dead",
            expected="no money for an order that was cancelled",
            seen="the bank has charged it: then the payment service died, the time was up, and the message came again",
            why="whoever finds an order `cancelled` does not know what the one before him has done, before he died",
            try_next="`refund(number)` whenever the order is `cancelled`, also if this call has charged nothing",
        )
    return passed(
        "A slow bank, an empty card, a death after the charge, a race with the clock: money and orders agree."
    )


@exercise(
    "14.6",
    title="A hundred points",
    hints=(
        "14.3, 14.4 and 14.5 passed? Then it is all there. If not: they are quicker than a trial.",
        "`System(place_order=place_order, send_outbox=send_outbox, ...)`, and `result = trial(system, lab.cluster, seed=SEED)`.",
        "Below 100? The picture names the reason, `print(result)` what your functions raised, and `result.folder` has the database and the bank's book.",
    ),
)
def a_hundred_points(lab, result):
    from rmqlab.capstone.dangers import plan

    day = trial_of(lab, result)
    if running := still_running(result):
        return running
    if day is None:
        return not_yet(
            "never-tried",
            expected="what `trial(...)` returns",
            seen="nothing that this cluster knows of",
            why="a score can be invented; a trial leaves a database, a bank's book, and messages",
            try_next="write `result = trial(system, lab.cluster, seed=SEED)`",
        )
    reasons = list(day.score.reasons)
    if reasons:
        reason = REASONS[reasons[0]]
        return not_yet(
            reasons[0],
            expected=reason.expected,
            seen=reason.seen,
            why=reason.why,
            try_next=f"{reason.try_next}; the picture of `result` has all reasons and the orders",
        )
    dangers = tuple(each.name for each in day.happened)
    if dangers != plan(day.seed) or not all(each.took_effect for each in day.happened):
        return not_yet(
            "a-quiet-day",
            expected="a trial with all its dangers",
            seen="dangers that were left out, or that found nobody to hurt",
            why="on a quiet day the careless system has a hundred points, too",
            try_next="leave `dangers` alone, and run the trial again",
        )
    return passed("100 of 100: no order, no piece and no cent is lost, whatever happened.")
