"""Wrong answers to lab 11, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "11.1",
        name="the metric counts what lies there",
        misconception=True,
        expect="the-metric-knows-it-too",
        code="prediction = (7, 7)",
    ),
    wrong(
        "11.1",
        name="nobody online, no lag",
        misconception=True,
        expect="gone-with-the-consumer",
        code="prediction = (0, 0)",
    ),
    wrong(
        "11.1",
        name="no metric is a zero",
        misconception=True,
        expect="no-number-is-no-zero",
        code="prediction = (7, 0)",
    ),
    wrong("11.1", name="one number", expect="not-two-answers", code="prediction = 7"),
    wrong(
        "11.2",
        name="no news is good news",
        misconception=True,
        expect="silent-group",
        code="""
            def alarm(page, groups, limit):
                return {group for (group, _), number in lags(page).items() if number > limit}
        """,
    ),
    wrong(
        "11.2",
        name="any lag is an alarm",
        misconception=True,
        expect="at-the-limit",
        code="""
            def alarm(page, groups, limit):
                found = lags(page)
                there = {group for group, _ in found}
                return {group for (group, _), number in found.items() if number} | (set(groups) - there)
        """,
    ),
    wrong(
        "11.2",
        name="the answer of tonight",
        expect="cries-wolf",
        code="""
            def alarm(page, groups, limit):
                return {"stock", "mail"}
        """,
    ),
    wrong(
        "11.3",
        name="a lag of 0 means done",
        misconception=True,
        expect="lag-0-is-done",
        code="""
            lab.mqadmin("skipAccumulatedMessage", "-g", "stock", "-t", orders)
            start_group("stock")
            fresh = send_orders(2)
            eventually(lambda: lag("stock") == 0 and set(fresh) <= done["stock"], timeout_s=20)
            never = set()
        """,
    ),
    wrong(
        "11.3",
        name="a running group skips by itself",
        misconception=True,
        expect="nothing-skipped",
        code="""
            start_group("stock")
            fresh = send_orders(2)
            eventually(lambda: lag("stock") == 0 and set(fresh) <= done["stock"], timeout_s=20)
            never = set(night)
        """,
    ),
    wrong("11.3", name="said and not done", expect="still-there", code="never = set(night)"),
    wrong(
        "11.4",
        name="key and body are the message",
        misconception=True,
        expect="filtered-out",
        code="""
            sent_again = 0
            with PullConsumer("billing-dlq", namesrv=lab.namesrv, from_where=ConsumeFromWhere.FIRST) as dead:
                dead.subscribe("%DLQ%billing")
                for letter in dead.messages(idle_s=5):
                    shop.send(Message(bills, letter.body, keys=letter.keys.decode()))
                    sent_again += 1
        """,
    ),
    wrong(
        "11.4",
        name="to look is to take",
        misconception=True,
        expect="not-emptied",
        code="""
            sent_again = 0
            for letter in lab.admin.messages("%DLQ%billing"):
                if letter.keys in lot:
                    country = letter.properties["country"]
                    shop.send(
                        Message(
                            bills,
                            letter.body,
                            keys=letter.keys,
                            tags=letter.tags,
                            properties={"country": country},
                        )
                    )
                    sent_again += 1
        """,
    ),
    wrong("11.4", name="forged", expect="nothing-sent", code="sent_again = 3"),
    wrong(
        "11.5",
        name="reported is safe",
        misconception=True,
        expect="reported-is-safe",
        code="prediction = (0, 0)",
    ),
    wrong(
        "11.5",
        name="to stop is to kill",
        misconception=True,
        expect="a-stop-is-a-kill",
        code="prediction = (6, 6)",
    ),
    wrong(
        "11.6",
        name="a right to the topic is enough",
        misconception=True,
        expect="may-not-read",
        code="""
            granted = guarded.mqadmin(
                "createAcl",
                "-c", "DefaultCluster",
                "-s", f"User:{reporter[0]}",
                "-r", "Topic:orders",
                "-a", "Sub",
                "-d", "Allow",
            )
        """,
    ),
    wrong(
        "11.6",
        name="who reads has to write acknowledgements",
        misconception=True,
        expect="may-send",
        code="""
            granted = guarded.mqadmin(
                "createAcl",
                "-c", "DefaultCluster",
                "-s", f"User:{reporter[0]}",
                "-r", "Topic:orders,Group:report",
                "-a", "Pub,Sub",
                "-d", "Allow",
            )
        """,
    ),
    wrong(
        "11.6",
        name="all topics, it only reads",
        expect="reads-everything",
        code="""
            granted = guarded.mqadmin(
                "createAcl",
                "-c", "DefaultCluster",
                "-s", f"User:{reporter[0]}",
                "-r", "Topic:*,Group:report",
                "-a", "Sub",
                "-d", "Allow",
            )
        """,
    ),
)
