"""librocketmq's functions on push consumers (include/CPushConsumer.h)."""

# A function whose C name says it all has no docstring of its own.
# ruff: noqa: D103

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.client import log
from rmqlab.client.boundary import RefusedError, Status, c_function, c_getter, handle, number, text
from rmqlab.client.consumer import BROADCASTING, CLUSTERING, PushConsumer
from rmqlab.client.java import start_jvm_in_background
from rmqlab.client.settings import State, set_once

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_THREADS = 1000  # DefaultMQPushConsumerImpl#checkConfig
_LARGEST_BATCH = 1024  # ditto


@c_getter("CreatePushConsumer")
def create_push_consumer(group: bytes | None) -> PushConsumer:
    name = text(group, "the consumer group")
    start_jvm_in_background()
    return PushConsumer(name)


@c_function("DestroyPushConsumer")
def destroy_push_consumer(consumer: Any) -> None:
    """Shut the consumer down if it runs; Python frees it."""
    handle(consumer, PushConsumer).shutdown()


@c_function("StartPushConsumer", Status.PUSH_CONSUMER_START_FAILED)
def start_push_consumer(consumer: Any) -> None:
    handle(consumer, PushConsumer).start()


@c_function("ShutdownPushConsumer")
def shutdown_push_consumer(consumer: Any) -> None:
    handle(consumer, PushConsumer).shutdown()


@c_function("SetPushConsumerGroupID")
def set_push_consumer_group_id(consumer: Any, group: bytes) -> None:
    set_once(handle(consumer, PushConsumer), "group", text(group, "the consumer group"))


@c_getter("GetPushConsumerGroupID")
def get_push_consumer_group_id(consumer: Any) -> bytes:
    return handle(consumer, PushConsumer).settings.group.encode()


@c_function("SetPushConsumerNameServerAddress")
def set_push_consumer_name_server_address(consumer: Any, address: bytes) -> None:
    set_once(handle(consumer, PushConsumer), "namesrv", text(address, "the NameServer address"))


@c_function("SetPushConsumerNameServerDomain")
def set_push_consumer_name_server_domain(consumer: Any, domain: bytes) -> None:
    set_once(handle(consumer, PushConsumer), "domain", text(domain, "the NameServer domain"))


@c_function("Subscribe")
def subscribe(consumer: Any, topic: bytes, expression: bytes) -> None:
    handle(consumer, PushConsumer).subscribe(text(topic, "the topic"), text(expression, "the tag expression"))


def _register(consumer: Any, callback: Callable[..., int] | None, *, orderly: bool) -> None:
    if callback is None:
        raise RefusedError("the callback is NULL (None)", Status.NULL_POINTER)
    handle(consumer, PushConsumer).register(callback, orderly=orderly)


@c_function("RegisterMessageCallback")
def register_message_callback(consumer: Any, callback: Callable[..., int]) -> None:
    _register(consumer, callback, orderly=False)


@c_function("RegisterMessageCallbackOrderly")
def register_message_callback_orderly(consumer: Any, callback: Callable[..., int]) -> None:
    _register(consumer, callback, orderly=True)


@c_function("UnregisterMessageCallback")
def unregister_message_callback(consumer: Any) -> None:
    handle(consumer, PushConsumer).unregister()


@c_function("UnregisterMessageCallbackOrderly")
def unregister_message_callback_orderly(consumer: Any) -> None:
    handle(consumer, PushConsumer).unregister()


def _set_before_start(consumer: Any, name: str, value: int) -> None:
    target = handle(consumer, PushConsumer)
    if target.state is not State.NEW:
        raise RefusedError(f"{target} is {target.state.value}: set {name.replace('_', ' ')} before start()")
    setattr(target, name, value)


@c_function("SetPushConsumerThreadCount")
def set_push_consumer_thread_count(consumer: Any, count: int) -> None:
    """Set how many threads call back (20)."""
    _set_before_start(consumer, "threads", number(count, "the thread count", 1, _MOST_THREADS))


@c_function("SetPushConsumerMessageBatchMaxSize")
def set_push_consumer_message_batch_max_size(consumer: Any, size: int) -> None:
    """Set how many messages one thread takes at a time (1); the callback still sees them one by one."""
    _set_before_start(consumer, "batch_size", number(size, "the batch size", 1, _LARGEST_BATCH))


@c_function("SetPushConsumerMessageModel")
def set_push_consumer_message_model(consumer: Any, model: int) -> None:
    _set_before_start(consumer, "model", number(model, "the message model", BROADCASTING, CLUSTERING))


@c_function("SetPushConsumerInstanceName")
def set_push_consumer_instance_name(consumer: Any, name: bytes) -> None:
    set_once(handle(consumer, PushConsumer), "instance", text(name, "the instance name"))


@c_function("SetPushConsumerSessionCredentials")
def set_push_consumer_session_credentials(
    consumer: Any, access_key: bytes, secret_key: bytes, channel: bytes
) -> None:
    """Sign every request; the channel is a name of Alibaba Cloud's, which brokers do not read."""
    text(channel, "the channel")
    pair = (text(access_key, "the access key"), text(secret_key, "the access secret"))
    set_once(handle(consumer, PushConsumer), "credentials", pair)


@c_function("SetPushConsumerLogPath")
def set_push_consumer_log_path(consumer: Any, path: bytes) -> None:
    handle(consumer, PushConsumer)
    log.set_folder(text(path, "the log path"))


@c_function("SetPushConsumerLogFileNumAndSize")
def set_push_consumer_log_file_num_and_size(consumer: Any, files: int, size: int) -> None:
    handle(consumer, PushConsumer)
    log.set_files(
        number(files, "the number of log files", 1), number(size, "the size of a log file", 1, 2**63 - 1)
    )


@c_function("SetPushConsumerLogLevel")
def set_push_consumer_log_level(consumer: Any, level: int) -> None:
    handle(consumer, PushConsumer)
    log.set_level(number(level, "the log level"))
