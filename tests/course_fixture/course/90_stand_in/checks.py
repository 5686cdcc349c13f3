"""What the exercises of the stand-in lab look at."""

from rmqlab.checks import exercise, not_yet, passed


@exercise(
    "90.1",
    title="Send",
    hints=(
        "A message leaves when you send it, not when you make it.",
        "`lab.send(body)` returns the id.",
        "`ids = [lab.send(...) for n in range(...)]`",
    ),
)
def messages_are_stored(lab, ids, before):
    stored = {message.msg_id for message in lab.admin.stored()[before:]}
    if not isinstance(ids, list) or len(ids) != 2:
        return not_yet(
            "wrong-count",
            expected="a list of 2 ids",
            seen=f"{ids!r}" if not isinstance(ids, list) else f"{len(ids)} ids",
            why="each message that is sent gets an id of its own",
            try_next="send in a loop and keep every id",
        )
    if not stored.issuperset(ids):
        return not_yet(
            "not-stored",
            expected="each id in `ids` stored",
            seen="ids that the broker does not know",
            why="an id proves nothing; a stored message does",
            try_next="keep what `lab.send` returns",
        )
    return passed("Both messages are stored, each under its own id.")


@exercise(
    "90.2",
    title="Predict, then run",
    hints=("A log only grows.", "Count before and after.", "`prediction = 1`"),
)
def a_log_only_grows(lab, prediction, send_again, more):
    if more == 0:
        return not_yet(
            "nothing-sent",
            expected="one message more",
            seen="none",
            why="the function did not send",
            try_next="call `lab.send`",
        )
    if prediction != more:
        return not_yet(
            "overwritten",
            expected="one message more",
            seen=f"your prediction is {prediction}",
            why="equal bodies do not make equal messages: nothing is overwritten",
            try_next="count before and after",
        )
    return passed("A second message, though the body is the same.")
