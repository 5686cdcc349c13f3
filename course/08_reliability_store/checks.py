"""What the exercises of lab 08 look at: the ledgers, which read what the brokers hold."""

from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.ledger import Answer, Verdict

ALL = 50
AFTER_FAILOVER = 30
DISASTERS = ("kill -9", "power failure", "disk gone")
NEEDS = {"clicks": DISASTERS[:1], "orders": DISASTERS[:2], "payments": DISASTERS}
CHEAPEST_FIRST = ("ASYNC_FLUSH", "SYNC_FLUSH", "SYNC_FLUSH and a slave")


def is_number(answer):
    return isinstance(answer, (int, float)) and not isinstance(answer, bool)


def restarted_since(place, account):
    """Tell whether broker-a was started again after the account's last send."""
    # A broker that has just started has no figures of its own for a second.
    figures = eventually(lambda: place.admin.runtime_stats("broker-a"), timeout_s=10)
    return int(figures["bootTimestamp"]) > max(entry.sent[-1] for entry in account.entries) * 1000


@exercise(
    "08.1",
    title="Predict what kill -9 loses",
    hints=(
        "Who keeps what was written to a file, once the process that wrote it is dead?",
        "Run the cell below: it reads the dead broker's file, and asks the ledger.",
        "The page cache belongs to the operating system, and that is well: `prediction = 0`.",
    ),
)
def the_page_cache_outlives_the_process(lab, prediction):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected=f"a number from 0 to {ALL}",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the ledger counts messages",
            try_next="write a number, such as `prediction = 10`",
        )
    account = lab.ledger("kill").reconcile()
    if account.count(Answer.ACKNOWLEDGED) < ALL or not restarted_since(lab, account):
        return not_yet(
            "not-killed",
            expected=f"a broker that was killed after it had acknowledged {ALL} orders",
            seen="a broker that has been up since, or too few orders",
            why="the prediction is compared with what the broker holds after its death",
            try_next="run the cell that kills the broker once more",
        )
    if account.lost == ALL:
        return not_yet(
            "disk-gone-since",
            expected="the broker as it was after the kill",
            seen="a broker without any of these orders: its disk was lost since, in section 3",
            why="the check asks the broker, and that one has forgotten everything",
            try_next="run the cells from the beginning of section 1 once more",
        )
    if prediction == account.lost:
        return passed("None is lost: what was handed to the operating system outlives the process.")
    if prediction:
        return not_yet(
            "not-flushed-is-not-lost",
            expected=f"{account.lost}: the ledger has found every acknowledged order",
            seen=f"your prediction is {prediction:g}",
            why="what is not on the disk is in the page cache, and that belongs to the operating system, which is alive",
            try_next="look at how many orders stand in the file of the dead broker",
        )
    return not_yet(
        "another-number",
        expected=f"{account.lost}",
        seen=f"your prediction is {prediction:g}",
        why="the ledger has asked the broker for each order",
        try_next="look at what the cell printed",
    )


@exercise(
    "08.2",
    title="Survive a power failure",
    hints=(
        "The broker should answer only when the order is on the disk. Which property says how it flushes?",
        '`flushDiskType` is `ASYNC_FLUSH` by default. `safe = lab.another(name="other", properties={"...": "..."}, fresh=True)`.',
        'Its other value is `SYNC_FLUSH`. Then `account = survive(safe, "power_loss")`.',
    ),
)
def nothing_is_lost_without_power(lab, safe, account):
    del account  # it may be made up: the ledger of the cluster is asked
    if not callable(getattr(safe, "ledger", None)):
        return not_yet(
            "not-a-cluster",
            expected="the cluster that `lab.another(...)` returns",
            seen=f"`safe` is a {type(safe).__name__}",
            why="the check asks its ledger and its broker",
            try_next='write `safe = lab.another(name="other", properties={...}, fresh=True)`',
        )
    found = safe.ledger("power-loss").reconcile()
    if found.count(Answer.ACKNOWLEDGED) < ALL or not restarted_since(safe, found):
        return not_yet(
            "no-power-failure",
            expected=f"{ALL} acknowledged orders on that cluster, and then a power failure",
            seen="a cluster whose ledger knows of none (section 4 starts another one in its place)",
            why="what would survive is a guess until something has been broken",
            try_next='write `account = survive(safe, "power_loss")`',
        )
    if not found.lost:
        return passed("The answer came after the flush: all 50 orders are on the disk, and still there.")
    if found.lost == ALL:
        return not_yet(
            "disk-gone-since",
            expected="the broker as it was after the power failure",
            seen="a broker without any of these orders: its disk was lost since, in section 3",
            why="the check asks the broker, and that one has forgotten everything",
            try_next="run your cell once more: it starts a new broker",
        )
    chosen = safe.cluster.options.get("properties", {})
    if "brokerRole" in chosen or "inSyncReplicas" in chosen:
        return not_yet(
            "nobody-to-wait-for",
            expected="acknowledged orders that are on the disk",
            seen=f"{found.lost} orders acknowledged and lost",
            why="`brokerRole` is about slaves, and this broker has none; the disk is another property's affair",
            try_next="look for the property that says how the broker flushes",
        )
    if any(name.startswith("flush") for name in chosen):
        return not_yet(
            "more-often-is-no-promise",
            expected="acknowledged orders that are on the disk",
            seen=f"{found.lost} orders acknowledged and lost",
            why="less than 16 KiB are not flushed before `flushCommitLogThoroughInterval` is over; and however often a broker "
            "flushes, it answers before it does",
            try_next="let the broker answer *after* the flush: `flushDiskType`",
        )
    return not_yet(
        "still-lost",
        expected="acknowledged orders that are on the disk",
        seen=f"{found.lost} orders acknowledged and lost",
        why="this broker answers when an order is in the page cache, and that is gone with the power",
        try_next="let the broker answer *after* the flush: `flushDiskType`",
    )


@exercise(
    "08.3",
    title="Lose acknowledged orders with kill -9",
    hints=(
        "What was acknowledged, and is not there after the kill? The ledger compares the two for you.",
        "`broker.kill()`, `broker.restart()`, `account = ledger.reconcile()`; then the keys of "
        "`account.having(Verdict.ACKNOWLEDGED_AND_LOST)`.",
        "`gone = {entry.key for entry in ledger.reconcile().having(Verdict.ACKNOWLEDGED_AND_LOST)}`, after the restart.",
    ),
)
def the_buffer_dies_with_the_process(lab, gone, other):
    if not isinstance(gone, (set, frozenset, list, tuple)):
        return not_yet(
            "not-a-set",
            expected="a set of keys",
            seen=f"`gone` is a {type(gone).__name__}",
            why="a number does not say *which* orders somebody has to call about",
            try_next="collect the `.key` of each entry in a set",
        )
    account = other.ledger("pool").reconcile()
    if not account.entries or not restarted_since(other, account):
        return not_yet(
            "not-broken",
            expected="a broker that was killed and started again after the orders",
            seen="a broker that has been up since",
            why="what would be lost is a guess as long as nothing was broken",
            try_next='call `other.nodes["broker-a"].kill()` and `.restart()`, then ask the ledger',
        )
    true = {entry.key for entry in account.having(Verdict.ACKNOWLEDGED_AND_LOST)}
    if not true:
        return not_yet(
            "nothing-was-lost",
            expected="orders that were only in the buffer of the process",
            seen="a broker that has all of them",
            why="either it was stopped in order, and has handed its buffer over, or it ran long enough to do so",
            try_next="run the cell above once more, which starts a new broker, and kill that one soon",
        )
    if set(gone) == true:
        return passed("Acknowledged, and gone with the process: they had never left its own memory.")
    if not gone:
        return not_yet(
            "acknowledged-is-not-safe",
            expected="the keys of the orders that are acknowledged and lost",
            seen="an empty set",
            why="an answer says what was true when it was given; the broker that gave it is dead, and its buffer with it",
            try_next="ask the ledger *after* the restart",
        )
    return not_yet(
        "other-keys",
        expected="the keys of the orders that are acknowledged and that the broker does not hold",
        seen="other keys",
        why="the check has asked the broker for each of them",
        try_next="take the keys from `account.having(Verdict.ACKNOWLEDGED_AND_LOST)`",
    )


@exercise(
    "08.4",
    title="An answer that does not lie",
    hints=(
        "How many brokers must have an order before it is answered? The master counts itself.",
        '`other.admin.update_broker_config("broker-a", name=value)`; the property stands in the text above.',
        "`inSyncReplicas=2`: the master and one slave. Then `answers = orders_while_the_slave_sleeps()`.",
    ),
)
def the_master_waits_for_its_slave(lab, answers, other):
    if not isinstance(answers, (list, tuple)):
        return not_yet(
            "not-answers",
            expected="what `orders_while_the_slave_sleeps()` returns",
            seen=f"`answers` is a {type(answers).__name__}",
            why="each order has an answer of its own",
            try_next="write `answers = orders_while_the_slave_sleeps()`",
        )
    account = other.ledger("asleep").reconcile()
    told = [each for entry in account.entries for each in entry.answers]
    if sorted(told) != sorted(str(each) for each in answers):
        return not_yet(
            "not-these-answers",
            expected="the answers that the broker gave to the last three orders",
            seen="others: the ledger has written down what it said",
            why="an answer can be made up; the ledger heard the broker's",
            try_next="change the property, and write `answers = orders_while_the_slave_sleeps()`",
        )
    if account.count(Answer.ACKNOWLEDGED):
        return not_yet(
            "ok-without-a-slave",
            expected="no `OK` for an order that only the master has",
            seen="`OK`, while the slave was asleep",
            why="the master waits until as many brokers have the order as `inSyncReplicas` says, and the first of them is "
            "itself; neither the role nor a longer time-out changes that",
            try_next="let it count to two",
        )
    if not account.count(Answer.DOUBTFUL):
        return not_yet(
            "no-status",
            expected="an answer of the broker: stored, but not at the slave",
            seen="errors: the program knows nothing about its orders",
            why="a producer that gives up before the broker does gets no status",
            try_next="keep `slaveTimeout` below the producer's time-out of 10 s",
        )
    return passed("OK now means two brokers. And when the slave is asleep, the broker says so.")


@exercise(
    "08.5",
    title="Bridge a failover",
    hints=(
        "The next attempt is worth something only when there is a new master. How long are you ready to wait?",
        "A loop: `try: result = shop.send(message)`, `except ProducerException`, `time.sleep(0.1)` between two attempts, and a deadline "
        "by `time.monotonic()`.",
        "Return if `result.ok`; else remember the error; when the deadline is over, raise it. Then `account = failover(send_until_stored)`.",
    ),
)
def all_orders_survive_a_failover(lab, account, other):
    del account  # it may be made up: the ledger of the cluster is asked
    found = other.ledger("failover").reconcile()
    if not found.entries:
        return not_yet(
            "nothing-sent",
            expected=f"{AFTER_FAILOVER} orders in the ledger",
            seen="none: no order has left the program",
            why="the ledger hears of each send, and of nothing else",
            try_next="call `shop.send(message)` in your function, and `failover(send_until_stored)`",
        )
    if len(found.entries) > AFTER_FAILOVER:
        return not_yet(
            "new-messages",
            expected=f"{AFTER_FAILOVER} orders, each sent again until it is stored",
            seen="more orders than that",
            why="a copy that is a new message has an id of its own: nobody can tell that it is the same order",
            try_next="send the same `message` again",
        )
    acknowledged = found.count(Answer.ACKNOWLEDGED)
    if acknowledged < AFTER_FAILOVER:
        return not_yet(
            "given-up-too-soon",
            expected=f"{AFTER_FAILOVER} orders acknowledged",
            seen=f"{acknowledged}, and nobody has the others",
            why="the producer's own attempts (`retries=2`) follow each other at once: all three are over before there is a new "
            "master",
            try_next="try again, with a moment in between, until the answer is OK",
        )
    if found.lost:
        return not_yet(
            "lost",
            expected="all acknowledged orders at the new master",
            seen=f"{found.lost} are lost",
            why="the old master answered before its replica had them",
            try_next="run the section from its first cell on, with a fresh cluster",
        )
    return passed("The master died in the middle, and all 30 orders are acknowledged and stored.")


@exercise(
    "08.6",
    title="Choose the cheapest that does",
    hints=(
        "Read each row of your table from left to right: where does the first number above 0 stand?",
        'Three entries: `choice = {"clicks": "...", "orders": "...", "payments": "..."}`, with the names of the rows.',
        "Killed: the first row loses nothing. Power: the second. Disk: only the third.",
    ),
)
def each_need_has_its_price(lab, choice, lost):
    if not isinstance(choice, dict) or set(choice) != set(NEEDS):
        return not_yet(
            "not-three-choices",
            expected='a row for each of `"clicks"`, `"orders"`, `"payments"`',
            seen=f"`choice` is a {type(choice).__name__}"
            if not isinstance(choice, dict)
            else "other messages",
            why="each of them needs something else",
            try_next='write `choice = {"clicks": "...", "orders": "...", "payments": "..."}`',
        )
    strangers = sorted(str(row) for row in choice.values() if row not in CHEAPEST_FIRST)
    if strangers:
        return not_yet(
            "no-such-row",
            expected="names of rows: " + ", ".join(f"`{row}`" for row in CHEAPEST_FIRST),
            seen=f"`{strangers[0]}`",
            why="only what was measured can be chosen",
            try_next="copy the names from the table",
        )
    missing = [(row, each) for row in CHEAPEST_FIRST for each in DISASTERS if (row, each) not in lost]
    if missing:
        return not_yet(
            "holes-in-the-table",
            expected="a number in each cell of the table",
            seen="cells without one",
            why="a choice without a measurement is an opinion",
            try_next="run the sections 1 to 5 once more",
        )
    for messages, disasters in NEEDS.items():
        losses = [each for each in disasters if lost[choice[messages], each]]
        if losses:
            return not_yet(
                "loses-some",
                expected=f"a row without losses for `{messages}`",
                seen=f"`{choice[messages]}`: {losses[0]}, {lost[choice[messages], losses[0]]} of {ALL} lost",
                why="SEND_OK is worth no more than the settings behind it",
                try_next="look for a row with 0 in that column",
            )
    for messages, disasters in NEEDS.items():
        enough = [row for row in CHEAPEST_FIRST if not any(lost[row, each] for each in disasters)]
        if choice[messages] != enough[0]:
            return not_yet(
                "too-dear",
                expected=f"the cheapest row that does for `{messages}`",
                seen=f"`{choice[messages]}`, which waits for more than that",
                why="a flush, or a slave, is paid for with every single message",
                try_next="take the first row from above that loses nothing there",
            )
    return passed("Three kinds of messages, three prices: each pays for what it needs.")
