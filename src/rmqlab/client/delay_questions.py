"""What a broker says of the messages that it holds back: delay levels, and RocketMQ 5's timers.

Delayed messages lie in a topic of RocketMQ's own, SCHEDULE_TOPIC_XXXX, level N in queue N - 1, timers in
`rmq_sys_wheel_timer`; the property REAL_TOPIC says where they are to go (ScheduleMessageService,
TimerMessageStore). `BrokerQuestions.delays` makes these questions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jpype

from rmqlab.client.java import java_class
from rmqlab.client.reasons import reason_of
from rmqlab.errors import AdminError

if TYPE_CHECKING:
    from rmqlab.client.names import Names

# Of org.apache.rocketmq.remoting.protocol.RequestCode: what a slave asks its master.
_GET_ALL_DELAY_OFFSET = 45
_GET_TIMER_METRICS = 61
_REMOTING_COMMAND = "org.apache.rocketmq.remoting.protocol.RemotingCommand"


@dataclass(frozen=True, slots=True)
class DelaySettings:
    """How long each level waits (messageDelayLevel: `1s`, `5s`, ...), and whether there are timers."""

    levels: tuple[str, ...]
    timers: bool


class DelayQuestions:
    """Questions to the broker at one address. AdminError if it does not answer or refuses."""

    def __init__(self, api: Any, address: str, timeout_ms: int, names: Names) -> None:
        self._api = api
        self._address = address
        self._timeout_ms = timeout_ms
        self._names = names

    @property
    def is_shared(self) -> bool:
        """Tell whether messages of others, outside of our namespace, are in the counts."""
        return bool(self._names.namespace)

    def settings(self) -> DelaySettings:
        """Return what the broker is configured to hold back.

        A running broker keeps the levels that it was started with, whatever the property says since.
        """
        try:
            config = self._api.getBrokerConfig(self._address, self._timeout_ms)
        except jpype.JException as error:
            raise self._refusal("configuration", error) from None
        levels = tuple(str(config.getProperty("messageDelayLevel") or "").split())
        return DelaySettings(levels, str(config.getProperty("timerWheelEnable")) == "true")

    def delivered(self) -> dict[int, int]:
        """Return for each level the offset up to which it was delivered; one that was never used is missing.

        This is what the broker knows now (ScheduleMessageService.offsetTable). What would survive a crash is
        in its delayOffset.json, written every flushDelayOffsetInterval (10 s); there is no question for it.
        """
        answer = self._ask(_GET_ALL_DELAY_OFFSET, "delay offsets")
        # fastjson writes the table's numbers without quotes, {1:0,2:7}, which is no JSON
        table = re.search(r'"offsetTable":\{([^}]*)\}', answer)
        rows = table[1].replace('"', "").split(",") if table and table[1] else []
        return {int(level): int(offset) for level, _, offset in (row.partition(":") for row in rows)}

    def timing(self) -> dict[str, int]:
        """Return how many timer messages wait for each topic (TimerMetrics), sorted; in a namespace, its own.

        AdminError where the broker has no timers (timerWheelEnable=false).
        """
        counts = json.loads(self._ask(_GET_TIMER_METRICS, "timers")).get("timingCount", {})
        shown = {self.own_topic(topic): int(each["count"]) for topic, each in counts.items()}
        return {topic: shown[topic] for topic in sorted(filter(None, shown)) if shown[topic] > 0}

    def own_topic(self, real: str) -> str:
        """Return our name for the topic that a message is to go to; empty if it is another's."""
        if self.is_shared and not self._names.is_inside(real):
            return ""
        return self._names.shown(real)

    def _ask(self, code: int, what: str) -> str:
        request = java_class(_REMOTING_COMMAND).createRequestCommand(code, None)
        try:
            answer = self._api.getRemotingClient().invokeSync(self._address, request, self._timeout_ms)
        except jpype.JException as error:
            raise self._refusal(what, error) from None
        body = answer.getBody()
        if int(answer.getCode()) != 0 or body is None:
            raise AdminError(f"Could not ask {self._address} for its {what}: {answer.getRemark()}")
        return bytes(body).decode()

    def _refusal(self, what: str, error: Any) -> AdminError:
        return AdminError(f"Could not ask {self._address} for its {what}: {reason_of(error)}")
