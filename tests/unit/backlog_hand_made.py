"""How a topic grew and its groups followed, made by hand, for the tests of the backlog's picture."""

from __future__ import annotations

from rmqlab.client.facts import Progress, QueueRef
from rmqlab.observe import GroupState, QueueState, TopicState

REFS = tuple(QueueRef("orders", "broker-a", number) for number in range(4))
_START_MS = 1_795_207_912_345


def held(produced: int, *, silent: str = "", **consumed: int) -> TopicState:
    """So many messages in four queues, and what each group has consumed of them, spread evenly."""
    queues = tuple(
        QueueState(ref, 0, _share(produced, number), silent=silent) for number, ref in enumerate(REFS)
    )
    groups = tuple(
        GroupState(
            name,
            (),
            {
                ref: Progress(_share(produced, number), _share(done, number))
                for number, ref in enumerate(REFS)
            },
        )
        for name, done in sorted(consumed.items())
    )
    return TopicState("orders", queues, groups)


def _share(whole: int, number: int) -> int:
    return whole // 4 + (number < whole % 4)


def course(seconds: int, a_second: int, **rates: int) -> tuple[tuple[int, TopicState], ...]:
    """Messages come in for half of the time; groups consume so many a second, as long as there are any."""
    moments = []
    for tick in range(seconds * 4 + 1):
        produced = int(min(tick, seconds * 2) / 4 * a_second)
        consumed = {name: min(produced, int(tick / 4 * rate)) for name, rate in rates.items()}
        moments.append((_START_MS + 250 * tick, held(produced, **consumed)))
    return tuple(moments)


_FLASH = course(60, 100, mail=100, stock=40)

# A name, and what is drawn: moments and what the topic held at each, the arguments.
PICTURES = {
    "backlog": (_FLASH, {"topic": "orders"}),
    "backlog with a mark": (_FLASH, {"topic": "orders", "groups": "stock", "mark": 1000}),
    "backlog at first sight": (_FLASH[:1], {"topic": "orders"}),
    "backlog of nobody": (course(20, 50), {"topic": "orders"}),
    "backlog of many groups": (
        course(300, 500, **{f"group-{number}": 300 - 10 * number for number in range(12)}),
        {"topic": "orders"},
    ),
    "backlog with a silent time": (
        (*_FLASH[:80], *((at, held(4000, silent="down")) for at, _ in _FLASH[80:120]), *_FLASH[120:]),
        {"topic": "orders"},
    ),
    "backlog of another topic": (_FLASH, {"topic": "payments"}),
}
