"""What the exercises of lab 06 look at: the broker's own record of its transactions."""

from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.observe import Interest, feed

ORDERS = "orders"
ENDS = ("delivered", "rolled back", "put aside", "asked for ever")
THREE = ("lost", "dead", "slow")
PIECES = 5


def transactions(lab):
    """Return the transactions that the broker keeps, by message id."""
    seen = eventually(
        lambda: feed.read(lab.cluster, Interest(transactions=True)),
        until=lambda seen: not seen.gaps,  # a busy broker may not answer in time
        timeout_s=20,
    )
    return {each.msg_id: each for each in seen.transactions.found} if seen.transactions else {}


def visible(lab):
    """Return the ids of what consumers find in `orders`."""
    return {message.msg_id for message in lab.admin.messages(ORDERS, limit=500)}


def id_of(answer):
    """Return the message id of a learner's answer, or None."""
    msg_id = getattr(answer, "msg_id", None)
    return msg_id if isinstance(msg_id, str) else None


@exercise(
    "06.1",
    title="Predict when consumers see it",
    hints=(
        "Consumers read `orders`. When does anything get there?",
        "Run the cell below: `look_around` counts during the local transaction, and the cell once more after it.",
        "Half a message is none: `prediction = (0, 1)`.",
    ),
)
def a_half_message_is_invisible(lab, prediction, seen, first):
    if not isinstance(prediction, (list, tuple)) or len(prediction) != 2:  # noqa: PLR2004
        return not_yet(
            "not-two-numbers",
            expected="two numbers: during the local transaction, and after the commit",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is what the commit changes",
            try_next="write `prediction = (..., ...)` with two numbers",
        )
    if id_of(first) not in visible(lab):
        return not_yet(
            "not-in-the-broker",
            expected="a message that was committed",
            seen="the broker holds no such message in `orders`",
            why="the prediction is compared with what the broker did",
            try_next="run the cell that sends it once more",
        )
    if list(prediction) == list(seen):
        return passed("Stored, and yet not there: consumers see the message with the commit, not before.")
    if prediction[0]:
        return not_yet(
            "stored-is-not-visible",
            expected=f"{seen[0]} during the local transaction: the broker was asked",
            seen=f"you predict {prediction[0]}",
            why="the half message is stored in a topic of the broker's own; consumers of `orders` do not read that one",
            try_next="look at what the cell printed",
        )
    return not_yet(
        "the-commit-delivers",
        expected=f"{seen[1]} after the commit",
        seen=f"you predict {prediction[1]}",
        why="a commit puts the message into its topic, once",
        try_next="look at what the cell printed",
    )


@exercise(
    "06.2",
    title="Sell what you have",
    hints=(
        "Two ways out of `place_order`: it returns, or it raises an IntegrityError. Which status belongs to each?",
        "`try: place_order(number)`, `except sqlite3.IntegrityError: return TransactionStatus.ROLLBACK`.",
        "After the `try`: `return TransactionStatus.COMMIT`. Then `answers = sell(place)`.",
    ),
)
def database_and_topic_agree(lab, answers, in_database):
    if not isinstance(answers, dict) or not all(id_of(each) for each in answers.values()):
        return not_yet(
            "not-answers",
            expected="what `sell(place)` returns",
            seen=f"`answers` is a {type(answers).__name__}",
            why="each order has an answer of the broker, with the message's id",
            try_next="write `answers = sell(place)`",
        )
    ids = {number: id_of(each) for number, each in answers.items()}

    def record():
        known = transactions(lab)
        return {number: known[msg_id] for number, msg_id in ids.items() if msg_id in known}

    def decided():
        found = record()
        return len(found) == len(ids) and all(each.fate != "open" for each in found.values())

    eventually(decided)
    found = record()
    if not found:
        return not_yet(
            "not-in-the-broker",
            expected="five transactions that the broker has recorded",
            seen="none of them is known to it",
            why="an answer can be invented; only a half message puts something into the broker",
            try_next="write `answers = sell(place)`",
        )
    delivered = {number for number, each in found.items() if each.visible}
    unsettled = len(answers) < PIECES or any(each.fate in {"open", "given up"} for each in found.values())
    if unsettled and not delivered - in_database:
        return not_yet(
            "left-open",
            expected="an outcome for each of the five orders",
            seen="orders that were neither committed nor rolled back: the broker goes on asking",
            why="an exception is no rollback: the client reports UNKNOWN, as nobody knows what the database did; UNKNOWN "
            "says the same",
            try_next="catch the IntegrityError, and return `TransactionStatus.ROLLBACK`",
        )
    if delivered - in_database:
        return not_yet(
            "messages-without-orders",
            expected="a message for each order in the database, and for no other",
            seen="consumers see orders that the database has refused",
            why="the status that you return is all the broker knows; it does not look into your database",
            try_next="return `TransactionStatus.ROLLBACK` when `place_order` raises an IntegrityError",
        )
    if in_database - delivered:
        return not_yet(
            "orders-without-messages",
            expected="a message for each order in the database",
            seen="orders in the database of which consumers never hear",
            why="what the database has committed has to be committed at the broker, too",
            try_next="return `TransactionStatus.COMMIT` after `place_order(number)`",
        )
    if not in_database or len(delivered) == len(answers):
        return not_yet(
            "nothing-sold",
            expected="three orders in the database, and two refused",
            seen="no order was placed" if not in_database else "no order was refused",
            why="both must be seen to be right: an order that goes through, and one that does not",
            try_next="call `place_order(number)` in `place`, and run the whole cell again",
        )
    return passed("Each order in the database has its message, and the refused ones have none.")


@exercise(
    "06.3",
    title="Predict what becomes of the unanswered one",
    hints=(
        "The broker cannot know what is right. Would you throw an order away that you are not sure of?",
        "Look at `4 never` in the last picture: is it committed, or rolled back? Which topic does the cell after the check read?",
        'It lies in a topic of its own: `prediction = "put aside"`.',
    ),
)
def the_unanswered_one_is_put_aside(lab, prediction, never):
    def given_up():
        found = transactions(lab).get(never)
        return found and found.given_up

    if prediction not in ENDS:
        return not_yet(
            "another-word",
            expected=" or ".join(f"`{end}`" for end in ENDS),
            seen="another answer",
            why="these are the ends that people believe in",
            try_next="choose one of the four",
        )
    if not eventually(given_up, timeout_s=20):
        return not_yet(
            "not-ended",
            expected="a transaction about which the broker has asked for the last time",
            seen="the broker still asks, or knows no such transaction",
            why="its end is what the question is about",
            try_next="run the cells that send the transactions and wait once more",
        )
    if prediction == "put aside":
        return passed("Asked three times, then put into TRANS_CHECK_MAX_TIME_TOPIC. Nobody was told.")
    if prediction == "rolled back":
        return not_yet(
            "no-rollback",
            expected="what the broker's record shows",
            seen="no note that it was settled, and a copy in `TRANS_CHECK_MAX_TIME_TOPIC`",
            why="a rollback would throw away an order that your database may have; the broker keeps it, and leaves it to you",
            try_next="look at the last line of the picture",
        )
    if prediction == "delivered":
        return not_yet(
            "not-delivered",
            expected="what the broker's record shows",
            seen="nothing in `endings` under this id",
            why="only a commit puts a message into its topic",
            try_next="look at the last line of the picture",
        )
    return not_yet(
        "not-for-ever",
        expected="what the broker's record shows",
        seen="three copies of the half message, and no fourth",
        why="`transactionCheckMax` ends it, 15 by default",
        try_next="look at the last line of the picture",
    )


@exercise(
    "06.4",
    title="Answer the broker",
    hints=(
        "What does `placed()` tell about each of the three? And what does it tell about `slow` a moment too early?",
        "COMMIT if `number_of(message)` is in `placed()`. If not: how old is it?",
        "Not there: UNKNOWN while `age_of(message) < 6`, ROLLBACK later.",
    ),
)
def the_check_tells_the_truth(lab, sent, in_database):
    if not isinstance(sent, dict) or not all(isinstance(sent.get(name), str) for name in THREE):
        return not_yet(
            "not-three",
            expected="the ids of the three orders",
            seen=f"`sent` is a {type(sent).__name__}",
            why="each of them is looked for in the broker",
            try_next="write `sent = run_three(check)`",
        )
    known = transactions(lab)
    if not all(sent[name] in known for name in THREE):
        return not_yet(
            "not-in-the-broker",
            expected="three transactions that the broker has recorded",
            seen="ids that it does not know",
            why="an id can be invented; only a half message puts something into the broker",
            try_next="write `sent = run_three(check)`",
        )
    there = {name for name in THREE if known[sent[name]].visible}
    numbers = {name: int(known[sent[name]].keys.split("-")[-1]) for name in THREE}
    if "dead" in there:
        return not_yet(
            "order-of-nobody",
            expected="`dead` in neither place",
            seen="consumers see an order that the database does not have",
            why="that the half message exists says nothing: the local transaction may have failed, or never begun",
            try_next="answer COMMIT only for what is in `placed()`",
        )
    if "lost" not in there:
        return not_yet(
            "lost-for-ever",
            expected="`lost` in both places",
            seen="an order in the database of which consumers never hear",
            why="UNKNOWN is no answer for ever: after `transactionCheckMax` questions the message is put aside",
            try_next="answer COMMIT for what is in `placed()`",
        )
    if numbers["slow"] in in_database and "slow" not in there:
        return not_yet(
            "asked-too-soon",
            expected="`slow` in both places",
            seen="an order in the database whose message was rolled back before",
            why="when the broker asked, the local transaction was still running: what it will commit, nobody else can see yet",
            try_next="answer UNKNOWN while the message is young (`age_of(message) < 6`), ROLLBACK only later",
        )
    if known[sent["dead"]].fate not in {"rolled back", "settled"}:
        return not_yet(
            "never-decided",
            expected="`dead` rolled back",
            seen="a half message about which the check never said no",
            why="UNKNOWN is no answer for ever: the message is put aside, and somebody has to look at it by hand",
            try_next="answer ROLLBACK once the message is too old for its local transaction still to run (`age_of(message)`)",
        )
    return passed("Both or neither, for all three: the check waits while nothing is certain.")


@exercise(
    "06.5",
    title="Break it, and prove it",
    hints=(
        "The broker asks a producer of the half message's *group*. Which one is it, and who is left of it?",
        "After the kill: a `TransactionMQProducer` of the group `shop`, with `check`, started.",
        '`heir = TransactionMQProducer("shop", check, namesrv=lab.namesrv)`, `heir.start()`, `heir.queues(orders)`, then '
        "wait until `ended(orders)`.",
    ),
)
def another_instance_has_answered(lab, unlucky, killed, heir):  # noqa: ARG001 - heir: attempted or not
    key = f"killed-{killed}"
    half = [each for each in transactions(lab).values() if each.keys == key]
    if not half:
        return not_yet(
            "never-sent",
            expected=f"a half message with the key `{key}`",
            seen="the broker has none",
            why="there is nothing to save if nothing was begun",
            try_next="`unlucky = start_unlucky(killed)`, and read its line before you kill it",
        )
    poll = getattr(unlucky, "poll", None)
    if poll is None or poll() is None:
        return not_yet(
            "still-running",
            expected="a program that is dead",
            seen="it runs",
            why="as long as it lives it may answer for itself",
            try_next="`unlucky.kill()`, then `unlucky.wait()`",
        )

    def found():
        return [message for message in lab.admin.messages(ORDERS, limit=500) if message.keys == key]

    if any("TRANSACTION_CHECK_TIMES" in message.properties for message in eventually(found)):
        return passed(
            "The program is dead, and its order is out: another instance of the group has answered."
        )
    if found():
        return not_yet(
            "sent-again",
            expected="the message that the dead program has half sent",
            seen="another one with the same key",
            why="its half message is still there: it is delivered, too, as soon as somebody answers, and then there are two",
            try_next="send nothing; start a `TransactionMQProducer` of the group `shop` with your `check`",
        )
    return not_yet(
        "nobody-answered",
        expected="the order's message in `orders`",
        seen="an order in the database of which consumers never hear",
        why="the broker asks only producers that it knows, of the group that has sent the half message: this group is `shop`, "
        "and a broker knows a producer once it has touched one of the broker's topics. It asks ten times, also when nobody hears it",
        try_next='the whole cell again, in one go: after the kill `TransactionMQProducer("shop", check, namesrv=lab.namesrv)`, '
        "started, then `heir.queues(orders)`",
    )
