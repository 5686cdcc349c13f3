"""What the exercises of lab 11 look at: offsets, metrics, dead letters, and what a user may do."""

import re
import time
from contextlib import suppress
from urllib.request import urlopen

from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.client import Message, Producer, remoting
from rocketmq.exceptions import ProducerException

ORDERS, BILLS, DLQ = "orders", "bills", "%DLQ%billing"
GROUPS = ("stock", "mail", "payment")
LIMIT = 5
LAG = "rocketmq_consumer_lag_messages"
PULL_MESSAGE, UPDATE_CONSUMER_OFFSET, NO_PERMISSION = 11, 15, 16  # RequestCode, ResponseCode


def lag(lab, group, topic=ORDERS):
    """Return how many messages of a topic lie before a group."""
    return sum(each.lag for each in lab.admin.consume_stats(group, topic).values())


def scrape(lab):
    """Read the broker's metrics."""
    with urlopen(lab.nodes["broker-a"].metrics_url, timeout=10) as page:
        return page.read().decode()


def lag_lines(page, group):
    """Return the lines of a page that hold a group's lag in `orders`."""
    return [
        line
        for line in page.splitlines()
        if line.startswith(f"{LAG}{{") and f'consumer_group="{group}"' in line and f'topic="{ORDERS}"' in line
    ]


def with_lag(page, group, number):
    """Return the page with another lag of that group, or without any (None)."""
    lines = set(lag_lines(page, group))
    return "\n".join(
        re.sub(r"} .*$", f"}} {number}", line) if line in lines else line
        for line in page.splitlines()
        if number is not None or line not in lines
    ) + "\n"  # fmt: skip


@exercise(
    "11.1",
    title="Predict the lag of a group with nobody online",
    hints=(
        "Who knows how far `stock` has come: the consumer that has gone, or the broker? And who is counted in the metric?",
        "Run the cell below: it prints what mqadmin says, and what the metric says.",
        "The broker has the group's offsets, so mqadmin counts seven; the metric is for groups that are online: `prediction = (7, None)`.",
    ),
)
def a_group_without_members_has_no_metric(lab, prediction, night):
    if not isinstance(prediction, (list, tuple)) or len(prediction) != 2:
        return not_yet(
            "not-two-answers",
            expected="two answers: what mqadmin says, and what the metric says",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is whether the two agree",
            try_next="write `prediction = (..., ...)`, with `None` for a metric that is not there",
        )
    behind = lag(lab, "stock")
    if lab.admin.consumers("stock", assignments=False) or behind != len(night):
        return not_yet(
            "not-run",
            expected="the group `stock` offline, and the orders of the night before it",
            seen="somebody is online, or other orders have come since",
            why="the prediction is compared with what the broker says",
            try_next="run the cell below the prediction once more",
        )
    (by_mqadmin, by_metric), lines = prediction, lag_lines(scrape(lab), "stock")
    if by_mqadmin == behind and by_metric is None and not lines:
        return passed(
            "The broker knows how far `stock` is, and its metric is not there: an alarm on a number would sleep."
        )
    if by_mqadmin == 0:
        return not_yet(
            "gone-with-the-consumer",
            expected="what lies between the group's offset and the end of each queue",
            seen="you predict that mqadmin says 0",
            why="the group's offsets are kept by the broker; they do not go with the consumer",
            try_next="look at what the cell printed",
        )
    if by_metric == 0:
        return not_yet(
            "no-number-is-no-zero",
            expected="a metric that is not there",
            seen="you predict that it is 0",
            why="0 would mean that everything is done; for a group without members the broker does not work the number out at all",
            try_next="look at what the cell printed",
        )
    if by_metric is not None:
        return not_yet(
            "the-metric-knows-it-too",
            expected="a metric that is not there",
            seen="you predict a number",
            why="the broker works the metric out for the groups that are online at that moment",
            try_next="look at what the cell printed",
        )
    return not_yet(
        "another-number",
        expected="the orders that came since the group was done",
        seen=f"you predict {by_mqadmin!r}",
        why="everything before them the group had done, and reported",
        try_next="look at what the cell printed",
    )


@exercise(
    "11.2",
    title="An alarm that does not sleep",
    hints=(
        "Two kinds of trouble: a number that is too large, and a number that is missing.",
        "`lags(page)` is a dictionary with keys (group, topic). Which groups are in it? Which of them are above the limit?",
        "`behind = {group for (group, _), number in lags(page).items() if number > limit}`, `there = {group for group, _ in lags(page)}`, "
        "and then each of `groups` that is in `behind` or not in `there`.",
    ),
)
def the_alarm_sees_the_silent_and_the_slow(lab, alarm):
    if not callable(alarm):
        return not_yet(
            "not-a-function",
            expected="a function `alarm(page, groups, limit)`",
            seen=f"`alarm` is a {type(alarm).__name__}",
            why="it will be asked about several scrapes",
            try_next="write `def alarm(page, groups, limit):`",
        )
    page = scrape(lab)
    if lag_lines(page, "stock") or not lag_lines(page, "payment") or lag(lab, "mail") <= LIMIT:
        return not_yet(
            "not-night",
            expected="`stock` offline, `mail` online and stuck, `payment` at work",
            seen="another state of the groups",
            why="the alarm is tried on what the broker says now",
            try_next="run the cell with `night_falls()` once more, then yours",
        )
    quiet = with_lag(with_lag(page, "mail", 0), "stock", None)
    scrapes = (
        ("now", page, {"stock", "mail"}),
        ("mail has caught up", quiet, {"stock"}),
        ("payment is behind", with_lag(quiet, "payment", LIMIT + 1), {"stock", "payment"}),
        ("payment is at the limit", with_lag(quiet, "payment", LIMIT), {"stock"}),
        ("nobody is online", with_lag(with_lag(quiet, "payment", None), "mail", None), set(GROUPS)),
    )
    for when, text, right in scrapes:
        try:
            answer = alarm(text, GROUPS, LIMIT)
            answer = set(answer)
        except Exception as error:  # noqa: BLE001  (the learner's code)
            return not_yet(
                "raises",
                expected="a set of groups",
                seen=f"{type(error).__name__} from your function, or no set",
                why="an alarm that fails is an alarm that does not ring",
                try_next="try it: `alarm(scrape(), GROUPS, LIMIT)`",
            )
        if answer != right:
            return _wrong_alarm(when, answer, right)
    return passed("It rings for who is behind and for who is silent, and for nobody else.")


def _wrong_alarm(when, answer, right):
    if "stock" not in answer:
        return not_yet(
            "silent-group",
            expected="`stock` among the groups: it has no lag in the page",
            seen="your alarm does not name it",
            why="a group with nobody online has no metric, and no number is larger than any limit",
            try_next="compare `groups` with the groups that are in the page",
        )
    if answer > right and "limit" in when:
        return not_yet(
            "at-the-limit",
            expected="an alarm above the limit",
            seen="an alarm at it",
            why="the limit is what is still allowed: `more than`",
            try_next="compare with `>`",
        )
    if answer > right:
        return not_yet(
            "cries-wolf",
            expected="nobody but those that are behind or missing",
            seen=f"when {when}, your alarm names others as well",
            why="who is woken for nothing turns the alarm off",
            try_next="ask of each group: above the limit, or not in the page?",
        )
    return not_yet(
        "misses-one",
        expected="each group that is more than `limit` behind, and each that is missing",
        seen=f"when {when}, your alarm leaves one out",
        why="the numbers are in the page, and change from scrape to scrape",
        try_next="ask of each group: above the limit, or not in the page?",
    )


@exercise(
    "11.3",
    title="Skip a backlog, and prove what it costs",
    hints=(
        "A group's progress is an offset in each queue. What happens to the messages that it jumps over?",
        '`lab.mqadmin("skipAccumulatedMessage", "-g", ..., "-t", ...)` moves it to the end. What stock has done is in `done["stock"]`.',
        'Skip, `start_group("stock")`, `send_orders(2)`, wait for `lag("stock") == 0`, and then `never = set(night) - done["stock"]`.',
    ),
)
def skipped_is_not_done(lab, never, night, worked):
    if not isinstance(never, (set, list, tuple)):
        return not_yet(
            "not-a-set",
            expected="a set of keys",
            seen=f"`never` is a {type(never).__name__}",
            why="the question is which orders",
            try_next='write `never = set(night) - done["stock"]`',
        )
    if eventually(lambda: lag(lab, "stock"), until=lambda left: left == 0):
        return not_yet(
            "still-there",
            expected="the lag of `stock` at 0",
            seen="orders that lie before the group",
            why="nothing is skipped before the group's offset is moved, and nothing new is done before the group runs",
            try_next="skip, start the group, send two orders, and wait until the lag is 0",
        )
    news = {message.keys for message in lab.admin.messages(ORDERS, limit=500)}
    after = max(int(key.removeprefix("order-")) for key in night)
    fresh = {key for key in worked if int(key.removeprefix("order-")) > after}
    if not set(night) <= news or not fresh:
        return not_yet(
            "nothing-new",
            expected="two new orders that `stock` has done since",
            seen="no such orders",
            why="a lag of 0 proves little if nobody works",
            try_next='`start_group("stock")`, then `send_orders(2)`, and wait',
        )
    skipped = set(night) - set(worked)
    if not skipped:
        return not_yet(
            "nothing-skipped",
            expected="orders of the night that `stock` was never handed",
            seen="it has done them all",
            why="who starts the group before the offset is moved lets it work them off",
            try_next="skip while the group is offline, then start it",
        )
    if set(never) == skipped:
        return passed(
            f"{len(skipped)} orders are in the topic, and `stock` will never see them. Its lag is 0."
        )
    if not never:
        return not_yet(
            "lag-0-is-done",
            expected="the orders of the night that `stock` has not done",
            seen="an empty set",
            why="a lag of 0 says that nothing lies before the group, not that the group has done what lies behind it",
            try_next='compare `night` with `done["stock"]`',
        )
    return not_yet(
        "another-set",
        expected='the keys in `night` that are not in `done["stock"]`',
        seen="another set",
        why="only what was there when the offset was moved is skipped",
        try_next='compare `night` with `done["stock"]`',
    )


@exercise(
    "11.4",
    title="Empty a dead-letter queue",
    hints=(
        "A dead letter has all that the message had. What does `billing` need in order to get it, and to work with it?",
        "The subscription is for the tag `invoice`, the program reads the property `country`. `Message(topic, body, keys=, tags=, properties=)`.",
        "For each `letter` of `dead.messages(idle_s=5)`: `shop.send(Message(bills, letter.body, keys=letter.keys.decode(), "
        'tags=letter.tags.decode(), properties={"country": letter.properties["country"]}))`.',
    ),
)
def the_letters_are_bills_again(lab, sent_again, lot, billed):
    letters = {message.keys: message for message in lab.admin.messages(DLQ, limit=500) if message.keys in lot}
    again = {
        message.keys: message
        for message in lab.admin.messages(BILLS, limit=500)
        if message.keys in letters and message.store_ms > letters[message.keys].store_ms
    }
    if not again:
        return not_yet(
            "nothing-sent",
            expected="the dead letters in `bills` once more, under their keys",
            seen="the topic has none of them since",
            why="reading a dead letter, or counting it, brings nobody a bill",
            try_next="send each letter to `bills`, with `shop.send`",
        )
    if set(again) < set(letters):
        return not_yet(
            "some-are-missing",
            expected="all three letters",
            seen=f"{len(again)} of them",
            why="what is left in the dead-letter queue is deleted with its file, some day",
            try_next="read until nothing comes any more: `dead.messages(idle_s=5)`",
        )
    if any(message.tags != "invoice" for message in again.values()):
        return not_yet(
            "filtered-out",
            expected="bills with the tag `invoice`",
            seen="bills with another tag, or without one",
            why="`billing` subscribes to that tag: without it the broker's filter drops the bill, and nobody notices",
            try_next="send the tag along: `tags=letter.tags.decode()`",
        )
    if any(message.properties.get("country") != lot[key] for key, message in again.items()):
        return not_yet(
            "no-country",
            expected="the property `country`, as it was",
            seen="bills without it, or with another",
            why="a message is key, tag and properties as well as its body",
            try_next='send it along: `properties={"country": letter.properties["country"]}`',
        )
    left = eventually(lambda: lag(lab, "billing-dlq", DLQ), until=lambda number: number == 0, timeout_s=5)
    if left or not lab.admin.consume_stats("billing-dlq", DLQ):
        return not_yet(
            "not-emptied",
            expected="the group `billing-dlq` at the end of the dead-letter queue",
            seen="a group that is not there, or letters before it",
            why="to look into a queue moves nobody's progress: whoever comes next sends the same letters once more",
            try_next='read them with `PullConsumer("billing-dlq", ...)` and `dead.subscribe("%DLQ%billing")`',
        )
    if not eventually(lambda: set(lot) <= set(billed), timeout_s=10):
        return not_yet(
            "not-billed",
            expected="three bills that `billing` has done",
            seen="bills that it has not",
            why="the letters are back, and the program fails again",
            try_next="was `mended` set? Run the whole cell once more",
        )
    return passed(f"{sent_again} letters are bills again, and the dead-letter queue is read to its end.")


@exercise(
    "11.5",
    title="Predict what comes again",
    hints=(
        "The till has reported its progress to the broker. Where does the broker keep it, and when does it write it down?",
        "Run the two cells below: they end the broker in both ways, and count.",
        "In its memory, and into a file every `flushConsumerOffsetInterval`, and when it is stopped in order: `prediction = (6, 0)`.",
    ),
)
def progress_is_in_the_brokers_memory(lab, prediction, killed, stopped):
    if (
        not isinstance(prediction, (list, tuple))
        or len(prediction) != 2
        or not all(isinstance(each, int) for each in prediction)
    ):
        return not_yet(
            "not-two-numbers",
            expected="two whole numbers: after kill -9, after a stop",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is whether it matters how a broker ends",
            try_next="write `prediction = (..., ...)` with two numbers",
        )
    stats = eventually(lambda: lab.admin.runtime_stats("broker-a"), timeout_s=10)  # it has just come back
    booted = int(stats["bootTimestamp"]) / 1000
    if time.time() - booted > 3600 or (killed, stopped) != (6, 0):
        return not_yet(
            "not-run",
            expected="a broker that has just come back, twice, and a till that was there",
            seen="another state of things",
            why="the prediction is compared with what happened",
            try_next="run the two cells below the prediction once more",
        )
    if tuple(prediction) == (killed, stopped):
        return passed("What was only in the broker's memory died with it; an orderly stop writes it down.")
    if tuple(prediction) == (0, 0):
        return not_yet(
            "reported-is-safe",
            expected="six coupons again after kill -9",
            seen="you predict none",
            why="the broker keeps the progress of groups in its memory, and writes it down now and then; messages are another matter",
            try_next="look at what the cell printed",
        )
    if prediction[1]:
        return not_yet(
            "a-stop-is-a-kill",
            expected="none after an orderly stop",
            seen=f"you predict {prediction[1]}",
            why="an orderly stop writes the progress of all groups down before the process ends",
            try_next="look at what the cell printed",
        )
    return not_yet(
        "another-number",
        expected="all that was reported since the last time it was written down",
        seen=f"you predict {prediction[0]} after kill -9",
        why="this broker writes it down every ten minutes; the six are of the last seconds",
        try_next="look at what the cell printed",
    )


def may_send(guarded, user, topic):
    """Tell whether a user gets a message into a topic, by trying; a busy broker refuses now and then."""
    with Producer("probe", namesrv=guarded.namesrv, credentials=user, retries=0) as producer:
        for _ in range(3):
            with suppress(ProducerException):
                producer.send(Message(topic, "a probe", keys="probe"))
                return True
    return False


def may_read(guarded, user, topic, group):
    """Tell whether the broker lets a user read a topic under a group's name, and report progress, by asking it."""
    place = {"consumerGroup": group, "topic": topic, "queueId": "0"}
    pull = {
        **place,
        "queueOffset": "0",
        "maxMsgNums": "1",
        "sysFlag": "4",  # PullSysFlag: it carries its subscription
        "commitOffset": "0",
        "suspendTimeoutMillis": "0",
        "subscription": "*",
        "subVersion": "0",
    }
    commit = {**place, "commitOffset": "0"}
    broker = guarded.nodes["broker-a"].address
    asked = ((PULL_MESSAGE, pull), (UPDATE_CONSUMER_OFFSET, commit))
    return all(
        remoting.ask(broker, code, fields, credentials=user).code != NO_PERMISSION for code, fields in asked
    )


@exercise(
    "11.6",
    title="Just enough rights",
    hints=(
        "To consume takes two things: a topic to read, and a group under whose name one reads.",
        "`createAcl -c DefaultCluster -s User:... -r ... -a ... -d Allow`. Resources are separated by commas.",
        '`guarded.mqadmin("createAcl", "-c", "DefaultCluster", "-s", f"User:{reporter[0]}", "-r", "Topic:orders,Group:report", "-a", "Sub", "-d", "Allow")`',
    ),
)
def the_reporter_reads_and_no_more(lab, granted, guarded, reporter):  # noqa: ARG001  (the broker is tried)
    guarded.cluster.require_alive()
    if not may_read(guarded, reporter, "orders", "report"):
        return not_yet(
            "may-not-read",
            expected="a user that reads `orders` as the group `report`",
            seen="the broker refuses it",
            why="to consume is to read a topic under a group's name: it takes a right to each, for the action `Sub`",
            try_next="name both resources: `Topic:orders,Group:report`",
        )
    if may_send(guarded, reporter, "orders"):
        return not_yet(
            "may-send",
            expected="a user that cannot send to `orders`",
            seen="the broker has taken a message from it",
            why="a report that writes orders is a surprise for everybody; to acknowledge takes no right to send",
            try_next="the action is `Sub`, alone (and this user keeps what it has: run the cell again for a new one)",
        )
    if may_read(guarded, reporter, "salaries", "report"):
        return not_yet(
            "reads-everything",
            expected="a user that cannot read `salaries`",
            seen="the broker hands it out",
            why="`Topic:*` is every topic, those that will be made tomorrow as well",
            try_next="name the topic (and this user keeps what it has: run the cell again for a new one)",
        )
    return passed("It reads `orders` in the group `report`, and nothing else: not even `salaries`.")
