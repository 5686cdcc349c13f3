"""Failed messages made by hand, for the tests of the retry ladder."""

from __future__ import annotations

from rmqlab.observe import Gap
from rmqlab.observe.retries import Failed, GroupRetries, Retries

NOW_MS = 1_795_207_912_345
LEVELS = (
    "1s",
    "5s",
    "10s",
    "30s",
    "1m",
    "2m",
    "3m",
    "4m",
    "5m",
    "6m",
    "7m",
    "8m",
    "9m",
    "10m",
    "20m",
    "30m",
    "1h",
    "2h",
)


def failed(number: int, times: int, where: str, key: str = "", left_ms: int = 7000) -> Failed:
    level = 2 + times if where == "waiting" else 0
    due_ms = NOW_MS + left_ms if level else 0
    return Failed(
        f"FD{number:04}", key or f"order-{number}", "orders", times, where, level, due_ms, b"12.50", number
    )


def group(*messages: Failed, **facts) -> Retries:
    dead = sum(each.where == "dead" for each in messages)
    return Retries(
        (GroupRetries("stock", messages, **({"levels": LEVELS, "dead": dead, "online": 1} | facts)),)
    )


# A name, and what is drawn: the failed messages, the gaps.
PICTURES = {
    "retries": (
        group(
            failed(1, 1, "done"),
            failed(2, 1, "again"),
            failed(3, 2, "waiting", left_ms=21_400),
            failed(4, 2, "waiting"),
            failed(5, 4, "dead"),
            most_times=3,
        ),
        (),
    ),
    "retries of sixteen": (
        group(failed(1, 5, "waiting", left_ms=200_000), failed(2, 1, "waiting"), most_times=-1),
        (),
    ),
    "no retries": (group(most_times=-1), ()),
    "retries of orderly consumers": (group(orderly=True, most_times=-1), ()),
    "crowded retries": (
        group(
            *(failed(n, 1, "waiting", left_ms=1000 * n) for n in range(1, 40)),
            *(failed(n, 1, "again") for n in range(40, 64)),
            *(
                failed(n, 2, "done", key="a key that is far too long to be drawn as it is")
                for n in range(64, 80)
            ),
            *(failed(n, 17, "dead") for n in range(80, 144)),
            dead=12_345,
            more=12_281,
        ),
        (),
    ),
    "retries that nobody reads": (Retries(), (Gap("broker-a", "paused"),)),
}
