"""Wrong answers to lab 08, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong(
        "08.1",
        name="what is not flushed is lost when the broker crashes",
        misconception=True,
        expect="not-flushed-is-not-lost",
        code="prediction = 30",
    ),
    wrong("08.1", name="in words", expect="not-a-number", code='prediction = "some"'),
    wrong(
        "08.2",
        name="a shorter flush interval is as good as SYNC_FLUSH",
        misconception=True,
        expect="more-often-is-no-promise",
        code="""
            safe = lab.another(name="other", properties={"flushIntervalCommitLog": 10}, fresh=True)
            account = survive(safe, "power_loss")
        """,
    ),
    wrong(
        "08.2",
        name="SYNC_MASTER writes to the disk",
        misconception=True,
        expect="nobody-to-wait-for",
        code="""
            safe = lab.another(name="other", properties={"brokerRole": "SYNC_MASTER"}, fresh=True)
            account = survive(safe, "power_loss")
        """,
    ),
    wrong(
        "08.2",
        name="configured, and never broken",
        expect="no-power-failure",
        code="""
            safe = lab.another(name="other", properties={"flushDiskType": "SYNC_FLUSH"}, fresh=True)
            account = safe.ledger("power-loss").reconcile()
        """,
    ),
    wrong(
        "08.3",
        name="what was acknowledged cannot be lost",
        misconception=True,
        expect="acknowledged-is-not-safe",
        code="""
            gone = {entry.key for entry in ledger.reconcile().having(Verdict.FAILED_BUT_STORED)}
            other.nodes["broker-a"].kill()
            other.nodes["broker-a"].restart()
        """,
    ),
    wrong(
        "08.3",
        name="forged",
        expect="not-broken",
        code='gone = {f"order-{number}" for number in range(EARLY + LATE)}',
    ),
    wrong(
        "08.3",
        name="how many, not which",
        expect="not-a-set",
        code="""
            other.nodes["broker-a"].kill()
            other.nodes["broker-a"].restart()
            gone = ledger.reconcile().lost
        """,
    ),
    wrong(
        "08.4",
        name="a longer slaveTimeout makes the master wait",
        misconception=True,
        expect="ok-without-a-slave",
        code="""
            other.admin.update_broker_config("broker-a", slaveTimeout=2000)
            answers = orders_while_the_slave_sleeps()
            other.admin.update_broker_config("broker-a", slaveTimeout=1000)
        """,
    ),
    wrong("08.4", name="forged", expect="not-these-answers", code='answers = ["FLUSH_SLAVE_TIMEOUT"] * 3'),
    wrong(
        "08.5",
        name="the producer's own retries bridge a failover",
        misconception=True,
        expect="given-up-too-soon",
        code="""
            def send_until_stored(shop, message):
                try:
                    return shop.send(message)
                except ProducerException:
                    return None

            account = failover(send_until_stored)
        """,
    ),
    wrong(
        "08.5",
        name="a fresh message for each attempt",
        expect="new-messages",
        code="""
            def send_until_stored(shop, message):
                deadline = time.monotonic() + 30
                while time.monotonic() < deadline:
                    try:
                        return shop.send(Message("orders", "one teapot", keys="order"))
                    except ProducerException:
                        time.sleep(0.1)

            account = failover(send_until_stored)
        """,
    ),
    wrong(
        "08.6",
        name="the safest for all",
        misconception=True,
        expect="too-dear",
        code='choice = dict.fromkeys(["clicks", "orders", "payments"], "SYNC_FLUSH and a slave")',
    ),
    wrong(
        "08.6",
        name="SEND_OK is safe enough",
        misconception=True,
        expect="loses-some",
        code='choice = dict.fromkeys(["clicks", "orders", "payments"], "ASYNC_FLUSH")',
    ),
    wrong(
        "08.6",
        name="settings that nobody has tried",
        expect="no-such-row",
        code='choice = {"clicks": "oneway", "orders": "SYNC_FLUSH", "payments": "SYNC_FLUSH and a slave"}',
    ),
)
