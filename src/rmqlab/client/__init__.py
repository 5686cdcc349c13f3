"""Talking to RocketMQ: the JVM in this process, the classic client's library, questions to the cluster.

Names are imported on first use (PEP 562): the loader of `rocketmq.ffi` passes here, and should cost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rmqlab.client.callbacks import (
        CallbackError,
        callback_error_count,
        callback_errors,
        clear_callback_errors,
    )
    from rmqlab.client.classic.message import Message, ReceivedMessage
    from rmqlab.client.classic.producer import Producer
    from rmqlab.client.classic.pull_consumer import PullConsumer
    from rmqlab.client.classic.push_consumer import ConsumeStatus, MessageModel, PushConsumer
    from rmqlab.client.classic.results import SendResult, SendStatus, TransactionSendResult, TransactionStatus
    from rmqlab.client.classic.rules import MessageRefusedError
    from rmqlab.client.classic.transaction_producer import TransactionMQProducer
    from rmqlab.client.classic.where import ConsumeFromWhere
    from rmqlab.client.facts import Progress, QueueRef
    from rmqlab.client.java import start_jvm, start_jvm_in_background
    from rmqlab.client.providers import provider, warm_up

_HOME = {
    "CallbackError": "callbacks",
    "ConsumeFromWhere": "classic.where",
    "ConsumeStatus": "classic.push_consumer",
    "Message": "classic.message",
    "MessageModel": "classic.push_consumer",
    "MessageRefusedError": "classic.rules",
    "Producer": "classic.producer",
    "Progress": "facts",
    "PullConsumer": "classic.pull_consumer",
    "PushConsumer": "classic.push_consumer",
    "QueueRef": "facts",
    "ReceivedMessage": "classic.message",
    "SendResult": "classic.results",
    "SendStatus": "classic.results",
    "TransactionMQProducer": "classic.transaction_producer",
    "TransactionSendResult": "classic.results",
    "TransactionStatus": "classic.results",
    "callback_error_count": "callbacks",
    "callback_errors": "callbacks",
    "clear_callback_errors": "callbacks",
    "provider": "providers",
    "start_jvm": "java",
    "start_jvm_in_background": "java",
    "warm_up": "providers",
}

__all__ = [
    "CallbackError",
    "ConsumeFromWhere",
    "ConsumeStatus",
    "Message",
    "MessageModel",
    "MessageRefusedError",
    "Producer",
    "Progress",
    "PullConsumer",
    "PushConsumer",
    "QueueRef",
    "ReceivedMessage",
    "SendResult",
    "SendStatus",
    "TransactionMQProducer",
    "TransactionSendResult",
    "TransactionStatus",
    "callback_error_count",
    "callback_errors",
    "clear_callback_errors",
    "provider",
    "start_jvm",
    "start_jvm_in_background",
    "warm_up",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
