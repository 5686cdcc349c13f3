"""Wrong answers to lab 03, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "03.1",
        name="messages are dealt out evenly",
        misconception=True,
        expect="dealt-out-evenly",
        code="prediction = [2, 2, 2, 1, 1]",
    ),
    wrong(
        "03.1",
        name="every consumer gets every message",
        misconception=True,
        expect="everybody-gets-all",
        code="prediction = [ORDERS] * 5",
    ),
    wrong("03.1", name="one packer gets it all", expect="other-numbers", code="prediction = [8, 0, 0, 0, 0]"),
    wrong(
        "03.2",
        name="the broker knows every group's progress",
        misconception=True,
        expect="the-brokers-number",
        code="""
            progress = lab.admin.consume_stats("price-cache", prices)
            behind = sum(each.lag for each in progress.values())
        """,
    ),
    wrong(
        "03.2",
        name="the members of a group have one progress",
        misconception=True,
        expect="another-server",
        code="""
            done = read_offsets("node-1")
            stats = lab.admin.topic_stats(prices)
            behind = sum(each.max_offset - done[queue.queue_id] for queue, each in stats.items())
        """,
    ),
    wrong(
        "03.2",
        name="one queue only",
        expect="another-number",
        code='behind = min(stats.max_offset for stats in lab.admin.topic_stats(prices).values()) - read_offsets("node-2")[0]',
    ),
    wrong(
        "03.3",
        name="LAST starts at the end",
        misconception=True,
        expect="last-is-the-end",
        code="prediction = 0",
    ),
    wrong("03.3", name="the last message of each queue", expect="another-number", code="prediction = 4"),
    wrong("03.4", name="forged", expect="not-offsets", code="offsets = {0: 4, 1: 4, 2: 4, 3: 4}"),
    wrong(
        "03.4",
        name="ConsumeFromWhere decides at every start",
        misconception=True,
        expect="still-at-the-end",
        code="""
            where = {"from_where": ConsumeFromWhere.TIMESTAMP, "from_time": moment}
            with PullConsumer("accounting", namesrv=lab.namesrv, **where) as again:
                offsets = {queue: again.offset_at(queue, moment) for queue in again.queues(invoices)}
                again.subscribe(invoices)
                again.poll()
        """,
    ),
    wrong(
        "03.4",
        name="sought, and not committed",
        expect="still-at-the-end",
        code="""
            with PullConsumer("accounting", namesrv=lab.namesrv, auto_commit=False) as again:
                again.assign(again.queues(invoices))
                offsets = {queue: again.offset_at(queue, moment) for queue in again.assignment}
                for queue in again.assignment:
                    again.seek(queue, offsets[queue])
        """,
    ),
    wrong(
        "03.4",
        name="a reset goes back to the beginning",
        misconception=True,
        expect="from-the-first",
        code="""
            with PullConsumer("accounting", namesrv=lab.namesrv) as again:
                again.assign(again.queues(invoices))
                again.seek_to_beginning()
                again.commit()
                offsets = {queue: again.committed(queue) for queue in again.assignment}
        """,
    ),
    wrong(
        "03.5",
        name="a property that is missing is different from 'yes'",
        misconception=True,
        expect="null-is-not-no",
        code="condition = \"gift <> 'yes'\"",
    ),
    wrong(
        "03.5",
        name="NOT turns it round",
        misconception=True,
        expect="null-is-not-no",
        code="condition = \"NOT (gift = 'yes')\"",
    ),
    wrong(
        "03.5",
        name="it is Python",
        misconception=True,
        expect="not-sql92",
        code="condition = \"gift is None or gift != 'yes'\"",
    ),
    wrong("03.5", name="everything", expect="gifts-too", code='condition = "amount > 0"'),
    wrong("03.5", name="only where nothing is said", expect="too-few", code='condition = "gift IS NULL"'),
    wrong(
        "03.6",
        name="members of a group may filter differently",
        misconception=True,
        expect="a-group-that-disagrees",
        code="""
            teams = {"anna": ("pack-team", "book"), "ben": ("pack-team", "toy")}
            delivered = pack(teams)
        """,
    ),
    wrong(
        "03.6",
        name="a wider filter for all is enough",
        misconception=True,
        expect="one-group-for-both",
        code="""
            teams = {"anna": ("all-packers", "book || toy"), "ben": ("all-packers", "book || toy")}
            delivered = pack(teams)
        """,
    ),
    wrong(
        "03.6",
        name="own groups, no filters",
        expect="other-parcels",
        code="""
            teams = {"anna": ("any-packers", "*"), "ben": ("more-packers", "*")}
            delivered = pack(teams)
        """,
    ),
    wrong(
        "03.6",
        name="forged",
        expect="not-run",
        code="""
            teams = {"anna": ("books-only", "book"), "ben": ("toys-only", "toy")}
            delivered = {"anna": {"book": 4}, "ben": {"toy": 4}}
        """,
    ),
)
