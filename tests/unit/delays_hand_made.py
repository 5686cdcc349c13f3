"""Delay boards made by hand, for the tests of what is drawn from them."""

from __future__ import annotations

from dataclasses import replace

from rmqlab.client.facts import StoredMessage
from rmqlab.observe import DelayLevel, Delays, Gap, Timers, Waiting

NOW_MS = 1_795_207_912_345  # the moment of the snapshot that holds them
STANDARD = ("1s", "5s", "10s", "30s", *(f"{minutes}m" for minutes in (*range(1, 11), 20, 30)), "1h", "2h")
KEYS = ("order-1", "order-2", "order-3", "", "customer-4711")


def waiting(
    level: int, offset: int, left_s: float, key: str = "order-1", broker: str = "broker-a"
) -> Waiting:
    """A message that waits for so many more seconds; the later it was stored, the higher its offset."""
    message = StoredMessage(
        topic="SCHEDULE_TOPIC_XXXX",
        broker=broker,
        queue_id=level - 1,
        queue_offset=offset,
        commit_log_offset=266 * offset,
        msg_id=f"FD00{offset:08d}",
        offset_msg_id=f"7F00{offset:08d}",
        keys=key,
        tags="unpaid",
        body=b"pay me",
        properties={"REAL_TOPIC": "orders"},
        born_ms=NOW_MS - 20_000 + offset,
        store_ms=NOW_MS - 20_000 + offset,
    )
    return Waiting(message, "orders", NOW_MS + round(1000 * left_s))


def level(
    number: int, delay: str, delivered: int = 0, stored: int = 0, broker: str = "broker-a"
) -> DelayLevel:
    """A level whose waiting messages are evenly spread over its delay."""
    empty = DelayLevel(broker, number, delay, 0, stored, delivered)
    step = empty.delay_ms / 1000 / max(1, empty.waiting)
    shown = range(delivered, min(stored, delivered + 12)) if number <= 18 else ()
    return replace(
        empty,
        next=tuple(
            waiting(number, offset, step * (place + 0.4), KEYS[offset % len(KEYS)], broker)
            for place, offset in enumerate(shown)
        ),
    )


def board(held=None, timers=(), delays=STANDARD, brokers=("broker-a",), **changes) -> Delays:
    """All levels; `held` has (delivered, stored) by number."""
    levels = [
        level(number, delay, *(held or {}).get(number, (0, 0)), broker)
        for number, delay in enumerate(delays, 1)
        for broker in brokers
    ]
    return Delays(tuple(levels), tuple(timers), **changes)


ALARMS = Timers(
    "broker-a",
    {"mails": 1, "orders": 3},
    tuple(waiting(1, number, 4000 * (number + 1), f"alarm-{number}") for number in range(3)),
)
BUSY = board({1: (12, 12), 2: (7, 9), 3: (0, 4), 5: (3, 4), 9: (0, 12_345), 18: (0, 1)}, [ALARMS])
OWN = board({2: (0, 3), 3: (1, 3)}, delays=("2s", "7s", "1d"), shared=True)
TWO_BROKERS = board({3: (0, 2)}, brokers=("broker-a", "broker-b"))
FORTY = board({4: (0, 3), 33: (0, 2)}, delays=["1m"] * 40)

# A name, and what is drawn: the delays, and the gaps of their reading.
PICTURES = {
    "delays": (BUSY, ()),
    "delays of nothing": (board(), ()),
    "delays of a silent broker": (Delays(), (Gap("broker-a", "down"),)),
    "delays of two brokers": (TWO_BROKERS, (Gap("broker-c", "paused"),)),
    "delays of own levels": (OWN, ()),
    "delays of forty levels": (FORTY, ()),
}
