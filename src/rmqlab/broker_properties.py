"""The names that a broker's configuration file may hold: RocketMQ ignores every other without a word.

`broker_properties.json` lists them by the class that defines them; `rmqlab lock` writes it from the jars.
"""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path

from rmqlab.errors import UnknownPropertyError

LIST = Path(__file__).with_suffix(".json")


@cache
def known_properties() -> dict[str, str]:
    """Return the class that defines each property (BrokerConfig, MessageStoreConfig, ...), by name."""
    by_class: dict[str, list[str]] = json.loads(LIST.read_text(encoding="utf-8"))
    return {name: each for each, names in by_class.items() for name in names}


def require_known(names: list[str]) -> None:
    """See to it that a broker knows these properties.

    Raises:
        UnknownPropertyError: it does not know one; the message names the nearest.
    """
    for name in names:
        if name not in known_properties():
            near = difflib.get_close_matches(name, known_properties(), n=1, cutoff=0.5)
            guess = f" Did you mean {near[0]}?" if near else ""
            raise UnknownPropertyError(
                f"A broker has no property called {name!r}, and would ignore it.{guess}"
            )
