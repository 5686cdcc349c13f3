"""What the exercises of lab 03 look at."""

import re

from rmqlab.checks import eventually, exercise, not_yet, passed
from rmqlab.client import ConsumeFromWhere, PullConsumer, QueueRef
from rmqlab.errors import AdminError
from rmqlab.places import state_dir


def is_number(answer):
    return isinstance(answer, int) and not isinstance(answer, bool)


@exercise(
    "03.1",
    title="Five packers on four queues",
    hints=(
        "What is dealt out is not the orders. What is it, and how many of them are there?",
        "A queue has one reader within a group. Each of the four queues got two orders.",
        "Four packers hold a queue each, with two orders, and the fifth holds none: `[2, 2, 2, 2, 0]`.",
    ),
)
def the_fifth_is_idle(lab, prediction, delivered):
    numbers = isinstance(prediction, (list, tuple)) and all(map(is_number, prediction))
    if not numbers or len(prediction) != 5:
        return not_yet(
            "not-five-numbers",
            expected="a list of five whole numbers",
            seen=f"`prediction` is {prediction!r}",
            why="there are five packers, and each gets some number of orders",
            try_next="write five numbers, such as `prediction = [3, 2, 1, 1, 1]`",
        )
    members = eventually(lambda: lab.admin.consumers("packing"), until=lambda found: len(found) == 5)
    if len(members) != 5 or len(delivered) != 5:
        return not_yet(
            "not-run",
            expected="five packers online in the group `packing`",
            seen=f"{len(members)} online",
            why="the prediction is compared with what really happened",
            try_next="run the cell with `staff` and five names, then this one",
        )
    seen = sorted(delivered.values(), reverse=True)
    foretold = sorted(prediction, reverse=True)
    orders = sum(seen)
    if foretold == seen:
        return passed(
            "Four packers had a queue each, and the fifth had none: more members than queues are a reserve."
        )
    if foretold == [orders] * 5:
        return not_yet(
            "everybody-gets-all",
            expected=f"the {orders} orders shared among the five",
            seen="your prediction has each order packed five times",
            why="members of one group share its messages; that everybody gets all is BROADCASTING, the third part of this lab",
            try_next="look at the picture: who holds which queue?",
        )
    if sum(foretold) == orders and min(foretold) > 0:
        return not_yet(
            "dealt-out-evenly",
            expected="one packer without any order",
            seen="your prediction has work for all five",
            why="RocketMQ does not deal out messages one by one: it deals out queues, and there are only four",
            try_next="count the queues in the picture, and who holds one",
        )
    return not_yet(
        "other-numbers",
        expected=f"{orders} orders on the packers that hold a queue",
        seen=f"your prediction is {prediction!r}",
        why="each queue got the same number of orders, and each queue has one reader",
        try_next="count two orders for each queue that a packer holds",
    )


@exercise(
    "03.2",
    title="How far is node-2 behind?",
    hints=(
        "Two numbers for each queue: where it ends, and how far node-2 has come. Who knows which?",
        'The ends are at the broker: `lab.admin.topic_stats(prices)`. The progress is in the file: `read_offsets("node-2")`.',
        '`offsets = read_offsets("node-2")`, then the sum of `end.max_offset - offsets[queue.queue_id]` for '
        "`queue, end in lab.admin.topic_stats(prices).items()`.",
    ),
)
def the_lag_is_on_the_client(lab, behind):
    ends = {queue.queue_id: end.max_offset for queue, end in lab.admin.topic_stats("prices").items()}
    true = {node: sum(ends.values()) - sum(own_offsets(node).values()) for node in ("node-1", "node-2")}
    at_the_broker = sum(each.lag for each in lab.admin.consume_stats("price-cache", "prices").values())
    if not is_number(behind):
        return not_yet(
            "not-a-number",
            expected="a whole number",
            seen=f"`behind` is a {type(behind).__name__}",
            why="the question is how many price changes",
            try_next="add up the four queues",
        )
    if behind == true["node-2"]:
        return passed(
            "The queues' ends came from the broker, node-2's progress from its own file: nobody else knows it."
        )
    if behind == at_the_broker:
        return not_yet(
            "the-brokers-number",
            expected="what lies between node-2's own progress and the queues' ends",
            seen=f"{behind}, all messages that the topic holds",
            why="a broadcasting group reports nothing to the broker, so for the broker it has never read anything",
            try_next='take the progress from `read_offsets("node-2")`',
        )
    if behind == true["node-1"]:
        return not_yet(
            "another-server",
            expected="node-2's progress",
            seen="node-1's: it was online all the time",
            why="in a broadcasting group each member has a progress of its own",
            try_next='read the offsets of `"node-2"`',
        )
    return not_yet(
        "another-number",
        expected="the sum of what is missing in the four queues",
        seen=f"{behind}",
        why="in each queue it is the end (`max_offset`) minus node-2's offset",
        try_next="add up all four queues, and compare with how many prices changed while it was down",
    )


def own_offsets(node):
    """Return the newest offsets of a server's file: queue id to offset."""
    files = (state_dir() / "offsets").glob(f"*@{node}-*/price-cache/offsets.json")
    newest = max(files, key=lambda file: file.stat().st_mtime).read_text()
    found = re.findall(r'"queueId":(\d+).*?\}:(\d+)', newest, re.DOTALL)
    return {int(queue_id): int(offset) for queue_id, offset in found}


@exercise(
    "03.3",
    title="LAST, on a topic's first day",
    hints=(
        "Is this topic like one that has run for months? What does the broker still have of it?",
        "Before the setting is looked at, the broker is asked for the group's progress. For a young queue it has an answer.",
        "The queues still have their very first messages, so the group gets everything: `prediction = 8`.",
    ),
)
def last_is_first_on_a_young_topic(lab, prediction, received):
    if not is_number(prediction):
        return not_yet(
            "not-a-number",
            expected="a whole number",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is how many invoices",
            try_next="write a number from 0 to 8",
        )

    def committed():
        return sum(each.consumer_offset for each in lab.admin.consume_stats("newcomers", "invoices").values())

    if not received or not eventually(committed):
        return not_yet(
            "not-run",
            expected="the group `newcomers` at the end of the topic",
            seen="a group that has not read it",
            why="the prediction is compared with what really happened, on a topic that still has its first message",
            try_next='run the cells from `delete_topic("invoices")` down to the group `newcomers`, then this one',
        )
    seen = len(received)
    if prediction == seen:
        return passed(
            "All of them: while a queue has its very first message, the broker lets a new group begin there."
        )
    if prediction == 0:
        return not_yet(
            "last-is-the-end",
            expected=f"{seen} invoices",
            seen="your prediction is 0",
            why="so it is written in many places, and it is true for old queues only: this topic still has its first message",
            try_next="read on; the next cells make the queue old, and then LAST is the end",
        )
    return not_yet(
        "another-number",
        expected=f"{seen} invoices",
        seen=f"your prediction is {prediction}",
        why="a group begins at one place in each queue: either all that is there comes, or nothing",
        try_next="compare with what the cell above has printed",
    )


@exercise(
    "03.4",
    title="Set a group back to a moment",
    hints=(
        "A group's progress is a number in each queue. Which number has the first message of that moment?",
        "`tool.offset_at(queue, moment)` finds it. `tool.assign(queues)` takes the queues, `tool.seek(queue, offset)` goes there.",
        'In `with PullConsumer("accounting", namesrv=lab.namesrv) as tool:` take `queues = tool.queues(invoices)`, `tool.assign(queues)`, '
        "build `offsets`, `tool.seek(...)` each, and `tool.commit()`.",
    ),
)
def the_group_is_set_back(lab, offsets, moment):
    if not isinstance(offsets, dict) or not all(isinstance(queue, QueueRef) for queue in offsets):
        return not_yet(
            "not-offsets",
            expected="`offsets` as a dict from queue to offset",
            seen="something else",
            why="a group has a progress of its own in each queue",
            try_next="write `offsets = {queue: tool.offset_at(queue, moment) for queue in tool.queues(invoices)}`",
        )
    stats = lab.admin.topic_stats("invoices")
    stored = [
        message for message in lab.admin.messages("invoices") if message.store_ms >= moment.timestamp() * 1000
    ]
    wanted = {
        queue: min(
            (each.queue_offset for each in stored if each.queue == queue), default=stats[queue].max_offset
        )
        for queue in stats
    }

    def committed():
        return {
            queue: each.consumer_offset
            for queue, each in lab.admin.consume_stats("accounting", "invoices").items()
        }

    found = eventually(committed, until=lambda found: found == wanted, timeout_s=2)
    if found == wanted:
        return passed("The broker has the group at the first message of that moment, in each queue.")
    if all(found.get(queue, 0) > offset for queue, offset in wanted.items()):
        return not_yet(
            "still-at-the-end",
            expected="the group `accounting` at the first message of that moment, in each queue",
            seen="the group at the end, as before",
            why="a group's saved progress counts more than ConsumeFromWhere, and a place that was sought counts once it is committed",
            try_next="assign the queues, seek in each of them, and commit",
        )
    if all(found.get(queue, 0) <= each.min_offset for queue, each in stats.items()):
        return not_yet(
            "from-the-first",
            expected="only what was stored from `moment` on",
            seen="the group at the first message of each queue",
            why="everything would be booked twice, also what was right",
            try_next="ask `tool.offset_at(queue, moment)` for the place",
        )
    return not_yet(
        "elsewhere",
        expected="in each queue the offset of the first message that was stored at `moment` or later",
        seen="other offsets at the broker",
        why="each queue has its own offset for that moment",
        try_next='compare `offsets` with `lab.admin.consume_stats("accounting", invoices)`',
    )


@exercise(
    "03.5",
    title="Everything that is no gift",
    hints=(
        "Look at sale 1. What is its `gift`? What does SQL say when something that is not there is compared?",
        "A missing property is NULL, and `NULL <> 'yes'` is not true. `gift IS NULL` is.",
        "Take those without the property, and those with another value: `gift IS NULL OR ...`.",
    ),
)
def no_gift_is_selected(lab, condition):
    if not isinstance(condition, str):
        return not_yet(
            "not-text",
            expected="a condition as text",
            seen=f"`condition` is a {type(condition).__name__}",
            why="the broker gets the condition as text, and works it out itself",
            try_next='write `condition = "gift ..."`',
        )
    held = lab.admin.messages("sales")
    gifts = {message.msg_id for message in held if message.properties.get("gift") == "yes"}
    others = {message.msg_id for message in held} - gifts
    without = {message.msg_id for message in held if "gift" not in message.properties}
    try:
        selected = selected_by(lab, condition, len(others))
    except Exception as error:
        if type(error).__name__ != "ConsumerException":
            raise
        return not_yet(
            "not-sql92",
            expected="a condition that the broker understands",
            seen="a condition that RocketMQ refuses",
            why="it is SQL92, not Python: `=` and `<>`, text in single quotes, `IS NULL` for what is missing",
            try_next="run `read_sales(sql=condition)`, and read the error",
        )
    if selected == others:
        return passed("The broker selects every sale that is no gift, also those that say nothing about it.")
    if selected & gifts:
        return not_yet(
            "gifts-too",
            expected="no gift",
            seen="a gift among what the broker selects",
            why="the condition is true for a message with `gift` = `yes`",
            try_next="run `read_sales(sql=condition)`; sales 2 and 5 are gifts",
        )
    if selected and not selected & without:
        return not_yet(
            "null-is-not-no",
            expected="also the sales without the property `gift`",
            seen="only sales that have the property",
            why="a missing property is NULL, and a comparison with NULL is neither true nor false: the message is left out",
            try_next="ask for what is missing, too: `IS NULL`",
        )
    return not_yet(
        "too-few",
        expected="all sales but the gifts",
        seen="fewer",
        why="the condition asks for more than that it is no gift",
        try_next="run `read_sales(sql=condition)`, and compare with the table of sales",
    )


def selected_by(lab, condition, expected):
    """Return the ids of what the broker selects by a condition, asked with a group of the check's own."""
    settings = {"namesrv": lab.namesrv, "auto_commit": False, "from_where": ConsumeFromWhere.FIRST}
    found = set()
    with PullConsumer("check-of-03-5", **settings) as reader:
        reader.subscribe("sales", sql=condition)
        reader.seek_to_beginning()
        # The broker learns the condition with the first heartbeat, and filters by the last one until then.
        while len(found) <= expected and (
            batch := reader.poll(timeout_ms=10_000 if len(found) < expected else 3000)
        ):
            found |= {message.id for message in batch}
    return found


@exercise(
    "03.6",
    title="A group for each filter",
    hints=(
        "Who wants something else than the others in a group?",
        "Two groups, and each of them with one filter: its tag.",
        '`teams = {"anna": ("book-packers", "book"), "ben": (...)}`, then `delivered = pack(teams)`.',
    ),
)
def the_filters_have_groups_of_their_own(lab, teams, delivered):
    if not are_teams(teams) or not isinstance(delivered, dict) or sorted(delivered) != ["anna", "ben"]:
        return not_yet(
            "not-two-workers",
            expected="`teams` with group and tags for anna and ben, and what `pack(teams)` returned",
            seen="something else",
            why="the experiment starts one consumer for each name in `teams`",
            try_next='write `teams = {"anna": ("...", "book"), "ben": ("...", "toy")}`',
        )
    (a_group, a_tags), (b_group, b_tags) = teams["anna"], teams["ben"]
    if a_group == b_group and a_tags != b_tags:
        return not_yet(
            "a-group-that-disagrees",
            expected="all eight parcels packed",
            seen="one group with two filters: the broker uses one of them for both, and parcels are lost",
            why="the broker keeps one subscription for each group and topic, the one that came last",
            try_next="give each filter a group of its own",
        )
    if a_group == b_group:
        return not_yet(
            "one-group-for-both",
            expected="books for Anna only, toys for Ben only",
            seen="a group that agrees, and whose members share books and toys by queue",
            why="within a group nobody can choose: which messages a member gets depends on its queues",
            try_next="give each of them a group of his or her own",
        )
    if a_tags.strip() != "book" or b_tags.strip() != "toy":
        return not_yet(
            "other-parcels",
            expected="the tag `book` for Anna, the tag `toy` for Ben",
            seen=f"`{a_tags}` for Anna, `{b_tags}` for Ben",
            why="every group gets every message that its filter lets through",
            try_next="let each group filter by its own tag",
        )
    if not all(has_read(lab, group) for group in (a_group, b_group)):
        return not_yet(
            "not-run",
            expected="two groups that have read the parcels",
            seen="a group that has not",
            why="the broker knows what each group has read, whatever stands in `delivered`",
            try_next="run `delivered = pack(teams)`",
        )
    if dict(delivered["anna"]) != {"book": 4} or dict(delivered["ben"]) != {"toy": 4}:
        return not_yet(
            "not-all-parcels",
            expected="four books for Anna and four toys for Ben",
            seen="other numbers in `delivered`",
            why="`delivered` is not what these teams receive",
            try_next="run `delivered = pack(teams)` once more",
        )
    return passed("Two groups, a filter each: all eight parcels arrived, and each where it should.")


def are_teams(teams):
    if not isinstance(teams, dict) or sorted(map(str, teams)) != ["anna", "ben"]:
        return False
    return all(
        isinstance(each, (tuple, list)) and len(each) == 2 and all(isinstance(part, str) for part in each)
        for each in teams.values()
    )


def has_read(lab, group):
    def progress():
        try:
            return sum(each.consumer_offset for each in lab.admin.consume_stats(group, "parcels").values())
        except AdminError:  # there is no such group
            return 0

    return eventually(progress) > 0
