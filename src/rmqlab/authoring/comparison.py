"""What may differ between two runs of a notebook, made comparable without hiding what must not differ.

A regular expression that makes all message ids equal would hide a duplicate. Here each side's ids are named
in the order in which they first appear in the whole notebook, <msg-1>, <msg-2>; the same id keeps its name.
"""

from __future__ import annotations

import re
from typing import Any

# A message's unique id is 16 bytes in upper-case hex with IPv4 and 28 with IPv6 (MessageClientIDSetter), an
# offset message id likewise (MessageDecoder.createMessageId); RocketMQ 5's clients write 17 (MessageIdCodec).
_MESSAGE_ID = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-F]{56}|[0-9A-F]{34}|[0-9A-F]{32})(?![0-9A-Za-z])")
# A relay's nodes have addresses of their own: 127.0.0.2 and on.
_PORT = re.compile(r"(?<![0-9.])127\.0\.0\.[0-9]{1,3}:[0-9]{2,5}(?![0-9])")

# The line in which start_lab says what the cluster runs on: the machine's affair (backends/choice.py).
_BACKEND = re.compile(r"^On (?:plain processes|containers of )[^\n]*", re.MULTILINE)


class Names:
    """The names of one side's message ids, in order of appearance; keeps them from cell to cell."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def comparable(self, output: Any) -> Any:
        """Return a copy of an output, or a part of it, with ids named, ports and backends blanked."""
        if isinstance(output, str):
            on_any_backend = _BACKEND.sub("On <backend>", output)
            return _PORT.sub("127.0.0.1:<port>", _MESSAGE_ID.sub(self._name, on_any_backend))
        if isinstance(output, dict):
            # A file has its keys sorted, a kernel's message has not: names must not depend on it. Plain text
            # goes first: nbval shows the first difference alone, and that one is the easiest to read.
            keys = sorted(output, key=lambda key: (key != "text/plain", key))
            return type(output)((key, self.comparable(output[key])) for key in keys)
        if isinstance(output, list):
            return [self.comparable(item) for item in output]
        return output

    def _name(self, match: re.Match[str]) -> str:
        return self._names.setdefault(match[0], f"<msg-{len(self._names) + 1}>")
