"""Wrong answers to lab 01, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "01.1",
        name="messages go through the NameServer",
        misconception=True,
        expect="the-nameserver",
        code="""
            address = lab.namesrv
            queues = 2
        """,
    ),
    wrong(
        "01.1",
        name="all topics have as many queues as the first",
        misconception=True,
        expect="another-number",
        code="""
            route = ask_for_route(lab.namesrv, orders)
            address = route["brokerDatas"][0]["brokerAddrs"]["0"]
            queues = route["queueDatas"][0]["writeQueueNums"]
        """,
    ),
    wrong(
        "01.1",
        name="forged",
        expect="another-address",
        code="""
            address = "127.0.0.1:10911"
            queues = 2
        """,
    ),
    wrong(
        "01.2",
        name="the offset is the place in the file",
        misconception=True,
        expect="the-queue-offset",
        code="""
            place = found.queue_offset
            size = len(found.body)
        """,
    ),
    wrong(
        "01.2",
        name="little-endian",
        expect="byte-order",
        code="""
            entries = (store / "consumequeue" / orders / str(found.queue_id) / ("0" * 20)).read_bytes()
            place, size, tag_hash = struct.unpack_from("<qiq", entries, found.queue_offset * 20)
        """,
    ),
    wrong(
        "01.2",
        name="a message's size is its body's",
        misconception=True,
        expect="another-size",
        code="""
            entries = (store / "consumequeue" / orders / str(found.queue_id) / ("0" * 20)).read_bytes()
            place, _, tag_hash = struct.unpack_from(">qiq", entries, found.queue_offset * 20)
            size = len(found.body)
        """,
    ),
    wrong("01.2", name="forged", expect="elsewhere", code="place, size = 123456, 250"),
    wrong(
        "01.3",
        name="every send asks the NameServer",
        misconception=True,
        expect="asks-every-time",
        code='prediction = "error"',
    ),
    wrong(
        "01.3",
        name="the send waits until the NameServer is back",
        misconception=True,
        expect="not-an-outcome",
        code='prediction = "it waits"',
    ),
    wrong(
        "01.4",
        name="every consumer gets every message",
        misconception=True,
        expect="one-for-each-consumer",
        code="prediction = 3 * ORDERS",
    ),
    wrong(
        "01.4",
        name="a message goes to one consumer only",
        misconception=True,
        expect="one-for-each-message",
        code="prediction = ORDERS",
    ),
    wrong("01.4", name="a guess", expect="another-number", code="prediction = 2 * ORDERS + 1"),
    wrong(
        "01.5",
        name="who wants the same messages joins the same group",
        misconception=True,
        expect="one-job-shared-with-another",
        code="""
            teams = dict.fromkeys(("anna", "ben", "carla", "dora"), "everybody")
            delivered = deliver(teams)
        """,
    ),
    wrong(
        "01.5",
        name="every consumer needs a group of its own",
        misconception=True,
        expect="packed-twice",
        code="""
            teams = {"anna": "stock", "ben": "stock-2", "carla": "billing", "dora": "analytics"}
            delivered = deliver(teams)
        """,
    ),
    wrong(
        "01.5",
        name="forged",
        expect="not-run",
        code="""
            teams = {"anna": "stock", "ben": "stock", "carla": "billing", "dora": "counting"}
            delivered = {"anna": 4, "ben": 4, "carla": 8, "dora": 8}
        """,
    ),
)
