"""What the exercises of lab 00 look at."""

from rmqlab.checks import eventually, exercise, not_yet, passed

TOPIC = "orders"
FIRST_GROUP = "stock"
KEY = "order-100"


@exercise(
    "00.1",
    title="Predict what is left after receiving",
    hints=(
        "Is a queue more like a letter box that is emptied, or like a diary that is read?",
        'Look at the picture: `lab.view("queues", topic=topic)` draws what the broker holds now.',
        "The dots are all still there, so `prediction = ORDERS`.",
    ),
)
def receiving_removes_nothing(lab, prediction, sent):
    held = {message.msg_id for message in lab.admin.messages(TOPIC, limit=64 + len(sent))}
    left = sum(result.msg_id in held for result in sent)
    if isinstance(prediction, bool) or not isinstance(prediction, int):
        return not_yet(
            "not-a-number",
            expected="a whole number",
            seen=f"`prediction` is a {type(prediction).__name__}",
            why="the question is how many messages",
            try_next="write a number, such as `prediction = 1`",
        )
    if prediction < left:
        return not_yet(
            "receiving-deletes",
            expected=f"all {left} messages",
            seen=f"your prediction is {prediction}, the broker still holds {left}",
            why="a group's progress is only a number that the broker keeps beside the queue: nothing is removed",
            try_next="look at the picture once more, and at the marker of the group `stock`",
        )
    if prediction > left:
        return not_yet(
            "too-many",
            expected=f"the {left} messages that were sent",
            seen=f"your prediction is {prediction}",
            why="receiving makes no copies in the queue",
            try_next="count the orders of this run: `len(sent)`",
        )
    return passed(f"The broker still holds all {left}: receiving moves a marker and removes nothing.")


@exercise(
    "00.2",
    title="Send an order yourself",
    hints=(
        "Three steps: make a message, give it its key and its body, hand it to the producer.",
        "`Message(topic)`, `message.set_keys(...)`, `message.set_body(...)`, `producer.send_sync(message)`.",
        'Make `message = Message(topic)`, then `message.set_keys("order-100")`, `message.set_body("...")`, and '
        "`result = producer.send_sync(message)`.",
    ),
)
def my_order_is_stored(lab, result):
    msg_id = getattr(result, "msg_id", None)
    if msg_id is None:
        return not_yet(
            "not-an-answer",
            expected="what the broker answered to the send",
            seen=f"`result` is a {type(result).__name__}",
            why="a message that was made is not sent yet, and only the broker's answer has a `msg_id`",
            try_next="keep what `producer.send_sync(message)` returns",
        )

    def stored():
        return [message for message in lab.admin.messages(TOPIC) if message.msg_id == msg_id]

    found = eventually(stored, timeout_s=3)
    if not found:
        return not_yet(
            "not-in-the-broker",
            expected=f"a message with the id of `result` in the topic `{TOPIC}`",
            seen="the broker holds no such message there",
            why="an id can be invented; only a send puts a message into the broker",
            try_next="send the message to the right topic, and keep the answer in `result`",
        )
    if KEY not in found[0].keys.split():
        return not_yet(
            "no-such-key",
            expected=f"the key `{KEY}`",
            seen=f"the key `{found[0].keys}`" if found[0].keys else "a message without a key",
            why="the body is only bytes to RocketMQ: it finds a message by key only if you set one",
            try_next=f'call `message.set_keys("{KEY}")` before you send',
        )
    return passed(f"The broker holds your message, under the key {KEY}.")


@exercise(
    "00.3",
    title="Receive everything once more",
    hints=(
        "The broker remembers how far each group has come. Who has not come anywhere yet?",
        "`PushConsumer(group)` with a group that has read nothing so far; the rest as for `stock`.",
        'Set `group = "accounting"`, make an inbox, subscribe a function that puts `message.keys.decode()` into it and '
        "returns `ConsumeStatus.CONSUME_SUCCESS`, then `received = books.wait_for(ORDERS + 1)`.",
    ),
)
def another_group_reads_it_all(lab, group, received, sent):
    if not isinstance(group, str) or not isinstance(received, (list, tuple, set)):
        return not_yet(
            "wrong-types",
            expected="the group's name as a text in `group`, the keys in a list in `received`",
            seen=f"`group` is a {type(group).__name__}, `received` a {type(received).__name__}",
            why="the check asks the broker about that group, and compares",
            try_next='write `group = "..."`, and collect the keys in a list',
        )
    if group == FIRST_GROUP:
        return not_yet(
            "the-same-group",
            expected="a group of its own for accounting",
            seen=f"the group `{FIRST_GROUP}` again, which has read the orders already",
            why="progress belongs to the group, not to the consumer: a new consumer goes on where its group stopped",
            try_next="choose a group name that nobody has used yet",
        )

    first = sent[0].offset

    def read():
        # A callback that was cut off by shutdown() leaves a message behind: this notebook's first order tells enough.
        return any(queue.consumer_offset > first for queue in lab.admin.consume_stats(group, TOPIC).values())

    if not eventually(read, timeout_s=3):
        return not_yet(
            "not-read",
            expected=f"the group `{group}` past the orders that this notebook sent",
            seen="a group that has read none of them",
            why="the broker knows how far each group has come, whatever stands in `received`",
            try_next="start the consumer, wait until everything arrived, and shut it down",
        )
    if eventually(lambda: waiting_for_another_try(lab, group) > len(received) / 2, timeout_s=1):
        return not_yet(
            "not-acknowledged",
            expected="each message taken once, and done",
            seen="messages that wait to be delivered to your group again",
            why="only `ConsumeStatus.CONSUME_SUCCESS` says done; a function that returns anything else, or nothing, "
            "asks for another try",
            try_next="return `ConsumeStatus.CONSUME_SUCCESS`, and take a new group name",
        )
    unknown = set(received) - {message.keys for message in lab.admin.messages(TOPIC)}
    if not received or unknown:
        return not_yet(
            "other-keys",
            expected="the keys of the orders in `received`",
            seen="keys that no order has" if unknown else "an empty list",
            why="your group has read the messages, but not into `received`",
            try_next="put `message.keys.decode()` into the inbox, and take a new group name",
        )
    return passed("Another group, and the same messages once more: the broker kept them.")


def waiting_for_another_try(lab, group):
    """Count a group's messages that the broker keeps for another try (they wait in its schedule topic)."""
    waiting = lab.admin.messages("SCHEDULE_TOPIC_XXXX")
    return sum(message.properties.get("REAL_TOPIC") == f"%RETRY%{group}" for message in waiting)
