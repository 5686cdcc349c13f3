"""Catalogues of topics made by hand, for the tests of their picture."""

from __future__ import annotations

from rmqlab.observe.catalogue import Catalogue, TopicSummary

SHOP = Catalogue(
    (
        TopicSummary("orders", 4, 1200, (("mail", 0), ("stock", 340))),
        TopicSummary("payments", 8, 90, (("ledger", 12),)),
        TopicSummary("prices", 4, 12_345),
        TopicSummary("returns", 4, None),
    )
)
THOUSAND = Catalogue(
    tuple(
        TopicSummary(
            f"topic-{number:04}-of-a-department-with-a-long-name",
            4,
            number,
            (("audit", number % 40), *(((f"group-{number}"), 3 * number) for _ in range(number % 3))),
        )
        for number in range(1000)
    )
)

# A name, and what is drawn: the catalogue, the arguments.
PICTURES = {
    "topics": (SHOP, {}),
    "a thousand topics": (THOUSAND, {}),
    "topics that match": (THOUSAND, {"match": "topic-09*", "top": 5}),
    "no topics": (None, {"match": "orders"}),
}
