"""What the exercises of lab 10 look at: what the broker holds, the ledgers' accounts, the shop's database."""

import json
import sqlite3
from collections import Counter
from contextlib import closing

from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.errors import AdminError

READABLE = ("plain", "gift", "busy")
NAMES = (*READABLE, "boxes", "torn", "words")
DESKS = 4


def rows(database, sql):
    """Return all rows of a query to the shop's database."""
    with closing(sqlite3.connect(database, timeout=10)) as db:
        return db.execute(sql).fetchall()


def is_number(answer):
    return isinstance(answer, (int, float)) and not isinstance(answer, bool)


def is_span(answer):
    return isinstance(answer, (tuple, list)) and len(answer) == 2 and all(map(is_number, answer))


@exercise(
    "10.1",
    title="Register with a queue",
    hints=(
        "What has to be true when the customer reads *welcome*? That comes first, and at once. The rest is one message.",
        "`create(customer)` writes the row, or raises. `producer.send(Message(topic, body, keys=...))` leaves the message.",
        'Two lines: `create(customer)`, then `producer.send(Message(registrations, json.dumps(customer), keys=customer["name"]))`. '
        'Then `measure("queue", register_with_queue)`.',
    ),
)
def the_customer_waits_for_the_row_alone(lab, register, waits, database):  # noqa: ARG001 - attempted or not
    queued = waits.get("queue") if isinstance(waits, dict) else None
    if not isinstance(queued, dict) or not queued or not all(map(is_span, queued.values())):
        return not_yet(
            "not-measured",
            expected="some customers who have registered in this way",
            seen="none",
            why="the check looks at what became of them",
            try_next='run `measure("queue", register_with_queue)`',
        )

    def sent():
        return Counter(message.keys for message in lab.admin.messages("registrations", limit=1000))

    written = {name for (name,) in rows(database, "SELECT name FROM customers")}
    messages = eventually(sent, until=lambda found: found.keys() >= queued.keys(), timeout_s=2)
    if not written & queued.keys() and not messages.keys() & queued.keys():
        return not_yet(
            "nobody-has-registered",
            expected="customers in the database, and a message about each of them",
            seen="neither",
            why="times can be written down by anybody",
            try_next='let `measure("queue", register_with_queue)` write them',
        )
    if not queued.keys() <= written:
        return not_yet(
            "no-row",
            expected="each customer in the database when the function returns",
            seen="messages about customers whom nobody has written down",
            why="the customer reads *welcome*, wants to log in, and does not exist; and nobody has seen whether the name is taken",
            try_next="call `create(customer)` before you return",
        )
    if not queued.keys() <= messages.keys():
        return not_yet(
            "no-message",
            expected="a message in `registrations` for each customer, with the name as its key",
            seen="customers of whom the broker knows nothing",
            why="what only this process knows dies with it: nobody would ever send these mails again",
            try_next='send a message with `keys=customer["name"]`',
        )
    if any(messages[name] > 1 for name in queued):
        return not_yet(
            "told-though-refused",
            expected="no message for a name that is taken",
            seen="a second message about the last customer, whose second registration was refused",
            why="a message that is sent cannot be taken back: the mail goes out, whatever the database says afterwards",
            try_next="write the row first, and send when it is written",
        )

    def told():
        return Counter(name for (name,) in rows(database, "SELECT name FROM told"))

    heard = eventually(told, until=lambda found: all(found[name] > 1 for name in queued), timeout_s=10)
    if any(heard[name] < 2 for name in queued):
        return not_yet(
            "not-told",
            expected="a mail and an SMS for each customer",
            seen="customers who got none, though their message is there",
            why="the consumers read the body as JSON with a `name`",
            try_next="send `json.dumps(customer)` as the body",
        )
    first = dict(rows(database, "SELECT name, MIN(at) FROM told GROUP BY name"))
    early = sum(returned < first[name] for name, (_, returned) in queued.items())
    if early < len(queued) / 3:  # of those who do not wait, a busy machine may let some return late
        return not_yet(
            "still-waiting",
            expected="a customer who waits for the row and for a send, and for nothing else",
            seen="one who reads *welcome* only when a mail or an SMS is out",
            why="a queue saves time only if you do not wait for what comes out at its other end",
            try_next="return when the message is sent",
        )
    return passed(
        "The row, and a send. Mail and SMS came for each of them, later, and the refused one got none."
    )


@exercise(
    "10.2",
    title="Read the contract",
    hints=(
        "Two kinds of trouble: what will fail tomorrow as well, and what may be over in a second. One is parked, the other comes again.",
        "`json.loads` raises a ValueError, a missing field is a KeyError: `park(message, reason)`, then CONSUME_SUCCESS. Look at "
        '`order["version"]` before you believe the rest. ConnectionError of `ship`: RECONSUME_LATER.',
        '`try: order = json.loads(message.body)`; `if order["version"] != 1: raise ValueError(...)`; take the three fields; '
        "`except (ValueError, KeyError, TypeError) as error: park(message, repr(error)); return ConsumeStatus.CONSUME_SUCCESS`. "
        "Then `ship(number, article, pieces)`, and CONSUME_SUCCESS.",
    ),
)
def each_message_has_come_to_an_end(lab, became, database):  # noqa: ARG001 - became: attempted or not
    entries = lab.ledger("deliveries").reconcile().entries
    if len(entries) != len(NAMES):
        return not_yet(
            "never-sent",
            expected="six messages that were sent to your consumer",
            seen=f"{len(entries)} in the ledger",
            why="a result can be invented; the ledger has what was sent",
            try_next="write `became = trial(on_delivery)`",
        )
    number = {name: int(entry.key.split("-")[1]) for name, entry in zip(NAMES, entries, strict=True)}
    done = {name: bool(entry.processed) for name, entry in zip(NAMES, entries, strict=True)}
    shipped = dict(rows(database, "SELECT number, pieces FROM shipped"))
    keys = {message.keys for message in lab.admin.messages("deliveries-parked", limit=1000)}
    parked = {name for name in NAMES if f"order-{number[name]}" in keys}
    if number["boxes"] in shipped:
        return not_yet(
            "version-ignored",
            expected="version 2 parked: its `pieces` are boxes of six",
            seen="it was read as version 1, and two teapots were sent instead of twelve",
            why="all fields are there, and look right; only the version says that they mean something else",
            try_next='look at `order["version"]` first',
        )
    if {number["torn"], number["words"]} & shipped.keys():
        return not_yet(
            "guessed",
            expected="what cannot be read parked",
            seen="a parcel for an order that does not say how many pieces",
            why="somebody will get too much or too little, and nobody will know why",
            try_next='take `order["pieces"]`, and park what raises KeyError',
        )
    if "gift" in parked:
        return not_yet(
            "additions-refused",
            expected="the order with one more field shipped",
            seen="it was parked",
            why="fields are added all the time; a consumer that refuses what it does not need stops the shop at each release",
            try_next="take the fields that you need, and leave the others alone",
        )
    if "busy" in parked:
        return not_yet(
            "parked-what-could-wait",
            expected="the order `busy` shipped, a moment later",
            seen="it was parked, because the parcel service did not answer just then",
            why="parking is for what can never be read; what fails now may work in a second, and needs nobody's hand",
            try_next="for ConnectionError return RECONSUME_LATER",
        )
    if not all(done[name] for name in NAMES if name not in READABLE):
        return not_yet(
            "comes-again-and-again",
            expected="each message acknowledged in the end",
            seen="messages that nobody can read, and that come again each time",
            why="they will not get better: sixteen retries, the last after hours, and the DLQ at the end",
            try_next="`park(message, reason)`, then `return ConsumeStatus.CONSUME_SUCCESS`",
        )
    if not set(NAMES) - set(READABLE) <= parked:
        return not_yet(
            "thrown-away",
            expected="what cannot be read in the topic `deliveries-parked`",
            seen="messages that were acknowledged, and are nowhere",
            why="somebody has paid for these orders, and only these messages know it",
            try_next="call `park(message, reason)` before you acknowledge",
        )
    if not all(number[name] in shipped for name in READABLE):
        return not_yet(
            "not-shipped",
            expected="the orders `plain`, `gift` and `busy` shipped",
            seen="one of them was not",
            why="all of them are version 1, with all fields",
            try_next="look at what `trial` printed as raised",
        )
    return passed(
        "Three shipped, three parked, each acknowledged: nothing lost, nothing guessed, nothing in a circle."
    )


@exercise(
    "10.3",
    title="At the service's own pace",
    hints=(
        "How many customers does the payment service take at the same time? And who decides how many it is asked for at the same time?",
        "`threads` is that number. `pay`: `call(payment, json.loads(message.body))`, and whatever is not 200 has to come again.",
        "`threads = DESKS`, and in `pay`: `if call(payment, json.loads(message.body)) != 200: return "
        "ConsumeStatus.RECONSUME_LATER`, else CONSUME_SUCCESS. Then `flash_sale(pay, threads)`.",
    ),
)
def the_sale_is_worked_off(lab, pay, threads, database):  # noqa: ARG001 - attempted or not
    entries = lab.ledger("sale").reconcile().entries
    if not entries:
        return not_yet(
            "never-sold",
            expected="a sale that took place",
            seen="a ledger in which nothing was sent",
            why="the ledger and the service's own books decide",
            try_next="call `flash_sale(pay, threads)`",
        )
    sold = {int(entry.key.split("-")[1]) for entry in entries}
    paid = {number for (number,) in rows(database, "SELECT number FROM paid")}
    refused = sum(number in sold for (number,) in rows(database, "SELECT number FROM turned_away"))
    done = {int(entry.key.split("-")[1]) for entry in entries if entry.processed}
    if done - paid:
        return not_yet(
            "never-paid",
            expected="each order paid before it is acknowledged",
            seen="orders that were acknowledged, and that the payment service has not taken",
            why="an HTTP answer that says no raises nothing: the status has to be looked at, and 500 and 503 are no 200",
            try_next="return RECONSUME_LATER if the status is not 200",
        )
    if refused:
        return not_yet(
            "service-overrun",
            expected="a payment service that has to turn nobody away",
            seen="orders that it refused with 503, though they came out of a queue",
            why="the broker hands out as fast as it is asked; how many orders are under way at a time is the consumer's choice",
            try_next="give the consumer as many threads as the service has desks",
        )
    if sold - done:
        return not_yet(
            "not-worked-off",
            expected="each order acknowledged in the end",
            seen="orders that are still open",
            why="somebody waits for a teapot",
            try_next="return CONSUME_SUCCESS when the status is 200; `flash_sale` waits 40 s",
        )
    if busiest(entries) < DESKS:
        return not_yet(
            "idle-desks",
            expected="four orders under way at the same time",
            seen="fewer: desks stood idle while customers waited",
            why="a queue in front needs not make the service slower than it is",
            try_next="give the consumer as many threads as the service has desks",
        )
    return passed("All accepted at once, each paid once, none turned away, and no desk idle.")


def busiest(entries):
    """Return how many orders were under way at the same time, by the ledger."""
    changes = []
    for entry in entries:
        for end in entry.processed:
            began = max(each.at for each in entry.delivered if each.at <= end.at)
            changes += [(began, 1), (end.at, -1)]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most


@exercise(
    "10.4",
    title="Predict what each server knows",
    hints=(
        "Three consumers with one group name, and the default model. What are they to each other?",
        "Members of a group share the queues: three servers, three queues. How many prices lie in each?",
        "A queue each, four prices in it: `prediction = 4`.",
    ),
)
def a_group_shares_the_news(lab, prediction):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a number of prices",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is how many of the twelve",
            try_next="write `prediction = ...` with a number from 0 to 12",
        )

    def held():
        members = lab.admin.consumers("price-share")
        return [member.assigned for member in members if len(member.assigned) == 1]

    queues = eventually(held, until=lambda found: len(found) == 3, timeout_s=10)
    newest = {}
    for message in lab.admin.messages("prices", limit=4):
        newest.setdefault(message.queue, set()).add(message.keys)
    if len(queues) != 3 or any(len(newest.get(queue, ())) != 4 for (queue,) in queues):
        return not_yet(
            "not-run",
            expected="three servers online in the group `price-share`, and twelve prices in the topic",
            seen="other servers, or no prices",
            why="the prediction is compared with what the broker says of them",
            try_next="run the cell that starts the servers, then this one",
        )
    if prediction == 4:
        return passed("Each price has reached one server of the three, and each server knows a third.")
    if prediction == 12:
        return not_yet(
            "who-subscribes-gets-all",
            expected="four: each server has one of the three queues, and four prices lie in each",
            seen="you predict all twelve for each",
            why="consumers of one group share the topic's messages, whatever they need them for; that is CLUSTERING, the default",
            try_next="look at what the cell printed, and at the picture below",
        )
    return not_yet(
        "another-number",
        expected="four: each server has one of the three queues, and four prices lie in each",
        seen=f"you predict {prediction}",
        why="the queues are shared evenly",
        try_next="look at what the cell printed, and at the picture below",
    )


@exercise(
    "10.5",
    title="Read along",
    hints=(
        "The messages are still there. Whose progress stands at the end, and who has none yet?",
        '`PullConsumer("analytics", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST)` in a `with`, `subscribe(orders)`, and '
        "`messages(idle_s=5)`.",
        "In the `with`: `reader.subscribe(orders)`, then `for message in reader.messages(idle_s=5): revenue += "
        'json.loads(message.body)["amount"]`, with `revenue = 0` before.',
    ),
)
def analytics_has_read_all(lab, revenue):
    if not is_number(revenue):
        return not_yet(
            "not-a-number",
            expected="a sum of money",
            seen=f"`revenue` is a {type(revenue).__name__}",
            why="the amounts have to be added up",
            try_next="begin with `revenue = 0`",
        )
    stored = lab.admin.messages("orders", limit=100_000)
    truth = sum(json.loads(message.body)["amount"] for message in stored)

    def progress():
        try:
            found = lab.admin.consume_stats("analytics", "orders").values()
        except AdminError:  # a group that nobody has ever used
            return 0, len(stored)
        return sum(each.consumer_offset for each in found), sum(each.lag for each in found)

    read, lag = eventually(progress, until=lambda found: found[0] and not found[1])
    if not read and revenue != truth:
        return not_yet(
            "nothing-left-for-you",
            expected="all orders, read by the group `analytics`",
            seen="that group has read nothing",
            why="that logistics has consumed them took nothing away; but who joins *its* group goes on where it has stopped, at the end",
            try_next="read with a group of your own, from the first message on",
        )
    if not read:
        return not_yet(
            "nobody-has-read-them",
            expected="a sum that the group `analytics` has read",
            seen="the right sum, and no reader",
            why="the data team does not have the shop's variables: all it has is the topic",
            try_next='read the topic with `PullConsumer("analytics", ...)`',
        )
    if lag:
        return not_yet(
            "not-all",
            expected="all orders, from the first to the last",
            seen="orders that the group `analytics` has not read",
            why="a poll returns a handful of what there is, of one queue",
            try_next="take `reader.messages(idle_s=5)`: it goes on until nothing comes",
        )
    if revenue != truth:
        return not_yet(
            "another-sum",
            expected="the sum of `amount` over all orders",
            seen="another sum, though all were read",
            why="each order counts once",
            try_next='add up `json.loads(message.body)["amount"]`, beginning with 0',
        )
    if any(each.lag for each in lab.admin.consume_stats("logistics", "orders").values()):
        return not_yet(
            "logistics-disturbed",
            expected="logistics where it was: at the end",
            seen="a group `logistics` with a lag",
            why="each group has a progress of its own; whoever sets another one's back makes it work twice",
            try_next="leave the group `logistics` alone; start it again, and let it catch up",
        )
    return passed("Read from the first order on, by a group of its own. Logistics has not noticed.")
