"""What the exercises of lab 01 look at."""

import struct

from rmqlab.checks import eventually, exercise, not_yet, passed

ORDERS = "orders"
PAYMENTS = "payments"
WORKERS = ("anna", "ben", "carla", "dora")


def is_number(answer):
    return isinstance(answer, int) and not isinstance(answer, bool)


@exercise(
    "01.1",
    title="The way to payments",
    hints=(
        "The NameServer tells where to go, and nothing is sent through it. Whose address does it tell?",
        "`ask_for_route(lab.namesrv, payments)` returns the route. The address is in `brokerDatas`, the number in `queueDatas`.",
        '`route = ask_for_route(lab.namesrv, payments)`, then `route["brokerDatas"][0]["brokerAddrs"]["0"]` and '
        '`route["queueDatas"][0]["writeQueueNums"]`.',
    ),
)
def the_route_is_read(lab, address, queues):
    (route,) = lab.admin.route(PAYMENTS)
    if address == lab.namesrv:
        return not_yet(
            "the-nameserver",
            expected="the broker's address",
            seen="the NameServer's",
            why="the NameServer is only the address book: messages go to the broker directly",
            try_next="look at `brokerAddrs` in the route",
        )
    if address != route.address:
        return not_yet(
            "another-address",
            expected="the address that the route of `payments` names",
            seen="an address at which this cluster has no broker",
            why="a broker's port can be any; clients learn it from the route and from nowhere else",
            try_next="take it from what `ask_for_route` returns",
        )
    if queues != route.write_queues:
        return not_yet(
            "another-number",
            expected="the write queues of `payments`",
            seen=f"{queues!r}",
            why="each topic has its own number of queues, chosen when it is created; the route of `orders` says nothing "
            "about `payments`",
            try_next="ask for the route of `payments`",
        )
    return passed("A producer of payments connects to the broker, and chooses among two queues.")


@exercise(
    "01.2",
    title="From the queue's offset to the bytes",
    hints=(
        "All entries have the same length. Where does the entry of message number n begin?",
        '`struct.unpack_from(">qiq", entries, ...)` reads 8, 4 and 8 bytes as big-endian numbers.',
        "`entries = (store / ...).read_bytes()`, then "
        '`place, size, _ = struct.unpack_from(">qiq", entries, found.queue_offset * 20)`.',
    ),
)
def the_entry_is_read(lab, place, size, found):
    stored = lab.admin.message(found.queue, found.queue_offset)
    true_place, true_size = stored.commit_log_offset, record_size(lab, stored)
    if place == true_place and size == true_size:
        return passed("The consume queue's entry points to the very bytes of the message in the commit log.")
    if not (is_number(place) and is_number(size)):
        return not_yet(
            "not-numbers",
            expected="two whole numbers",
            seen=f"`place` is a {type(place).__name__}, `size` a {type(size).__name__}",
            why="an entry is three numbers: place, size, hash of the tag",
            try_next="unpack the entry with `struct.unpack_from`",
        )
    if place == found.queue_offset:
        return not_yet(
            "the-queue-offset",
            expected="the message's place in the commit log",
            seen="its number in the queue",
            why="an offset counts messages of one queue; the commit log holds all queues, and is measured in bytes",
            try_next="read the entry with that number: its first 8 bytes are the place",
        )
    if place == int.from_bytes(true_place.to_bytes(8, "big"), "little"):
        return not_yet(
            "byte-order",
            expected="the entry read as big-endian",
            seen="the same bytes, read from the wrong end",
            why="Java writes the highest byte first, most processors the lowest",
            try_next='begin the format with `>`: `">qiq"`',
        )
    if place == true_place:
        return not_yet(
            "another-size",
            expected="the size that the entry names",
            seen=f"{size}, and the record has {true_size} bytes",
            why="a record is more than its body: it carries topic, properties, times and addresses too",
            try_next="take bytes 8 to 11 of the entry, in the commit log's measure",
        )
    return not_yet(
        "elsewhere",
        expected="the place where the commit log holds this message",
        seen="another place",
        why="entry number n begins at byte 20 times n of the consume queue",
        try_next="read at `found.queue_offset * 20`, in the file of queue `found.queue_id`",
    )


def record_size(lab, stored):
    """Return a message's size in the commit log: the first four bytes of its record."""
    log = lab.cluster.folder / stored.broker / "store" / "commitlog" / ("0" * 20)
    with log.open("rb") as file:
        file.seek(stored.commit_log_offset)
        return struct.unpack(">i", file.read(4))[0]


@exercise(
    "01.3",
    title="Send while the NameServer is paused",
    hints=(
        "When you visit a friend for the third time, do you look up the address?",
        "Step 1 of a send: the producer asks for the route *and keeps the answer*.",
        'The producer knows the route of `orders` already, so `prediction = "OK"`.',
    ),
)
def the_route_is_cached(lab, prediction, result):
    answer = prediction.strip().upper() if isinstance(prediction, str) else prediction

    def stored():
        return [message for message in lab.admin.messages(ORDERS) if message.msg_id == result.msg_id]

    if not eventually(stored, timeout_s=5):
        return not_yet(
            "not-run",
            expected="the order that was sent while the NameServer was paused",
            seen="the broker does not hold it",
            why="the prediction is compared with what really happened",
            try_next="run the cell that pauses the NameServer and sends, then this one",
        )
    if answer == "ERROR":
        return not_yet(
            "asks-every-time",
            expected="an ordinary `OK`",
            seen='your prediction is "error", and the broker holds the order',
            why="the producer asks for a route once and keeps it; a send goes straight to the broker",
            try_next="look at the four steps of a send again: which of them needs the NameServer?",
        )
    if answer != "OK":
        return not_yet(
            "not-an-outcome",
            expected='`"OK"` or `"error"`',
            seen=f"`{prediction!r}`",
            why="a send either gets an answer within its time-out, or ends with an error",
            try_next="decide for one of the two",
        )
    return passed(
        "The broker took the order while the NameServer stood still: the route came from the cache."
    )


@exercise(
    "01.4",
    title="Count the deliveries",
    hints=(
        "Think of teams rather than of people: who has to see an order?",
        "Every group gets every message. The members of one group share them.",
        "There are two groups, and each gets all orders: `prediction = 2 * ORDERS`.",
    ),
)
def deliveries_are_counted_by_group(lab, prediction, delivered):
    seen = sum(delivered.values())
    one_round = seen // 2
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a whole number",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is how many deliveries",
            try_next="write a number, such as `prediction = ORDERS`",
        )
    if prediction == len(delivered) * one_round:
        return not_yet(
            "one-for-each-consumer",
            expected=f"{seen} deliveries",
            seen=f"your prediction is {prediction}",
            why="that would pack each order twice: members of one group *share* its messages",
            try_next="compare what Anna and Ben received with what Carla received",
        )
    if prediction == one_round:
        return not_yet(
            "one-for-each-message",
            expected=f"{seen} deliveries",
            seen=f"your prediction is {prediction}",
            why="receiving takes nothing away from other groups: each group has its own progress",
            try_next="compare what Carla received with what was sent",
        )
    if prediction != seen:
        return not_yet(
            "another-number",
            expected=f"{seen} deliveries",
            seen=f"your prediction is {prediction}",
            why="each group gets each order once",
            try_next="count the groups, and multiply",
        )
    return passed("Each of the two groups got each order once; within stock, Anna and Ben shared.")


@exercise(
    "01.5",
    title="The right groups",
    hints=(
        "Who does the same job belongs to the same group.",
        "Anna and Ben share one group; Carla and Dora need one each.",
        '`teams = {"anna": "stock", "ben": "stock", "carla": "billing", "dora": ...}`, then `delivered = deliver(teams)`.',
    ),
)
def the_groups_fit_the_jobs(lab, teams, delivered):
    if not isinstance(teams, dict) or not isinstance(delivered, dict) or sorted(teams) != sorted(WORKERS):
        return not_yet(
            "not-four-workers",
            expected="`teams` with a group for each of anna, ben, carla and dora, and what `deliver(teams)` returned",
            seen="something else",
            why="the experiment starts one consumer for each name in `teams`",
            try_next='write `teams = {"anna": "...", "ben": "...", "carla": "...", "dora": "..."}`',
        )
    packers = {teams["anna"], teams["ben"]}
    others = {teams["carla"], teams["dora"]}
    if len(others) < 2 or packers & others:
        return not_yet(
            "one-job-shared-with-another",
            expected="every order for stock, every order for billing, every order for analytics",
            seen="two different jobs in one group: each of them misses the orders that the other gets",
            why="a group's members share the messages between them; a group stands for one job",
            try_next="give each job a group of its own",
        )
    if len(packers) > 1:
        return not_yet(
            "packed-twice",
            expected="each order packed by Anna *or* by Ben",
            seen="each order delivered to both",
            why="they are in different groups, and every group gets every message",
            try_next="put Anna and Ben into the same group",
        )

    one_round = delivered.get("carla")

    def read():
        lags = [
            sum(queue.lag for queue in queues) if queues else None
            for queues in (lab.admin.consume_stats(group, ORDERS).values() for group in {*teams.values()})
        ]
        # A callback that was cut off by shutdown() leaves a message behind; a group that did not run, a whole round.
        return is_number(one_round) and all(lag is not None and lag < one_round for lag in lags)

    if not eventually(read, timeout_s=4):
        return not_yet(
            "not-run",
            expected="three groups that have read all orders",
            seen="a group that has not",
            why="the broker knows what each group has read, whatever stands in `delivered`",
            try_next="run `delivered = deliver(teams)`",
        )
    return passed("Three groups have each read every order, and the two packers shared theirs.")
