"""A lab object for tests of the course machinery: a file of messages stands in for the broker.

It has the same checks, hints and solutions as a real lab, and like a real cluster it outlives its kernel.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rmqlab.checks import engine
from rmqlab.places import state_dir

if TYPE_CHECKING:
    from rmqlab.checks import Verdict


@dataclass(frozen=True)
class Stored:
    """A message as the stand-in keeps it."""

    msg_id: str
    body: str


class StandInAdmin:
    """Answers what is stored."""

    def stored(self) -> list[Stored]:
        path = state_dir() / "messages.json"
        if not path.exists():
            return []
        return [Stored(**message) for message in json.loads(path.read_text(encoding="utf-8"))]


class StandInLab:
    """The learner's object, as far as checks need it."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.admin = StandInAdmin()

    def send(self, body: str) -> str:
        """Store a message and return its id, which looks like a RocketMQ client's."""
        sent = Stored(msg_id=uuid.uuid4().hex.upper(), body=body)
        kept = [*self.admin.stored(), sent]
        state_dir().mkdir(parents=True, exist_ok=True)
        text = json.dumps([{"msg_id": m.msg_id, "body": m.body} for m in kept])
        (state_dir() / "messages.json").write_text(text, encoding="utf-8")
        return sent.msg_id

    def check(self, exercise_id: str, **answers: Any) -> Verdict:
        return engine.check(self, exercise_id, answers)

    def hint(self, exercise_id: str) -> engine.Note:
        return engine.hint(self, exercise_id)

    def solution(self, exercise_id: str, *, reveal: bool = False) -> engine.Note:
        return engine.solution(self, exercise_id, reveal=reveal)


def start_lab(slug: str) -> StandInLab:
    return StandInLab(slug)


def now_ms() -> int:
    """Return something that differs in every run."""
    return time.time_ns() // 1_000_000
