"""librocketmq's functions on producers (include/CProducer.h)."""

# A function whose C name says it all has no docstring of its own.
# ruff: noqa: D103

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmqlab.client import log
from rmqlab.client.boundary import RefusedError, Status, c_function, c_getter, handle, number, text
from rmqlab.client.java import start_jvm_in_background
from rmqlab.client.message import Batch, Message
from rmqlab.client.producer import COMPRESSION, LARGEST_BODY, SEND_TIMEOUT, Producer, Sent
from rmqlab.client.settings import set_once
from rmqlab.client.transaction import TransactionProducer

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_ID = 255  # CSendResult: char msgId[256]


def _answer(result: Any, sent: Sent) -> None:
    """Fill the caller's CSendResult."""
    c_result = result.contents
    c_result.sendStatus, msg_id, c_result.offset = sent
    c_result.msgId = msg_id.encode()[:_LONGEST_ID]  # a batch has an id a message


def _result(result: Any) -> Any:
    if result is None:
        raise RefusedError("the result is NULL", Status.NULL_POINTER)
    return result


def _new(group: bytes | None, kind: Callable[..., Producer], *arguments: Any) -> Producer:
    name = text(group, "the producer group")
    start_jvm_in_background()  # it boots while the program goes on with its settings
    return kind(name, *arguments)


@c_getter("CreateProducer")
def create_producer(group: bytes | None) -> Producer:
    return _new(group, Producer)


@c_getter("CreateOrderlyProducer")
def create_orderly_producer(group: bytes | None) -> Producer:
    """Make a producer like any other: order comes from the sharding key of each send, as in C."""
    return _new(group, Producer)


@c_getter("CreateTransactionProducer")
def create_transaction_producer(group: bytes | None, checker: Callable[..., int], user_data: Any) -> Producer:
    return _new(group, TransactionProducer, checker, user_data)


@c_function("DestroyProducer")
def destroy_producer(producer: Any) -> None:
    """Shut the producer down if it runs; Python frees it."""
    handle(producer, Producer).shutdown()


@c_function("StartProducer", Status.PRODUCER_START_FAILED)
def start_producer(producer: Any) -> None:
    handle(producer, Producer).start()


@c_function("ShutdownProducer", Status.PRODUCER_START_FAILED)
def shutdown_producer(producer: Any) -> None:
    handle(producer, Producer).shutdown()


@c_function("SetProducerNameServerAddress", Status.PRODUCER_START_FAILED)
def set_producer_name_server_address(producer: Any, address: bytes) -> None:
    set_once(handle(producer, Producer), "namesrv", text(address, "the NameServer address"))


@c_function("SetProducerNameServerDomain", Status.PRODUCER_START_FAILED)
def set_producer_name_server_domain(producer: Any, domain: bytes) -> None:
    set_once(handle(producer, Producer), "domain", text(domain, "the NameServer domain"))


@c_function("SetProducerGroupName", Status.PRODUCER_START_FAILED)
def set_producer_group_name(producer: Any, group: bytes) -> None:
    set_once(handle(producer, Producer), "group", text(group, "the producer group"))


@c_function("SetProducerInstanceName", Status.PRODUCER_START_FAILED)
def set_producer_instance_name(producer: Any, name: bytes) -> None:
    set_once(handle(producer, Producer), "instance", text(name, "the instance name"))


@c_function("SetProducerSessionCredentials", Status.PRODUCER_START_FAILED)
def set_producer_session_credentials(
    producer: Any, access_key: bytes, secret_key: bytes, channel: bytes
) -> None:
    """Sign every request; the channel is a name of Alibaba Cloud's, which brokers do not read."""
    text(channel, "the channel")
    pair = (text(access_key, "the access key"), text(secret_key, "the access secret"))
    set_once(handle(producer, Producer), "credentials", pair)


@c_function("SetProducerLogPath")
def set_producer_log_path(producer: Any, path: bytes) -> None:
    handle(producer, Producer)
    log.set_folder(text(path, "the log path"))


@c_function("SetProducerLogFileNumAndSize")
def set_producer_log_file_num_and_size(producer: Any, files: int, size: int) -> None:
    handle(producer, Producer)
    log.set_files(
        number(files, "the number of log files", 1), number(size, "the size of a log file", 1, 2**63 - 1)
    )


@c_function("SetProducerLogLevel")
def set_producer_log_level(producer: Any, level: int) -> None:
    handle(producer, Producer)
    log.set_level(number(level, "the log level"))


@c_function("SetProducerSendMsgTimeout", Status.PRODUCER_START_FAILED)
def set_producer_send_msg_timeout(producer: Any, timeout_ms: int) -> None:
    """Set how long one send may take, with all its retries, in milliseconds (3000)."""
    handle(producer, Producer).limit(SEND_TIMEOUT, number(timeout_ms, SEND_TIMEOUT.name))


@c_function("SetProducerCompressLevel", Status.PRODUCER_START_FAILED)
def set_producer_compress_level(producer: Any, level: int) -> None:
    """Set zlib's level (5) for bodies above 4 KB: 0 none, 1 fastest, 9 smallest."""
    handle(producer, Producer).limit(COMPRESSION, number(level, COMPRESSION.name))


@c_function("SetProducerMaxMessageSize", Status.PRODUCER_START_FAILED)
def set_producer_max_message_size(producer: Any, size: int) -> None:
    """Set the largest body in bytes (4 MB) that the client lets pass; the broker has a limit of its own."""
    handle(producer, Producer).limit(LARGEST_BODY, number(size, LARGEST_BODY.name))


@c_function("SendMessageSync", Status.PRODUCER_SEND_SYNC_FAILED)
def send_message_sync(producer: Any, message: Any, result: Any) -> None:
    # What every send passes through: its parts, as they are in _answer and handle, in one step.
    made = getattr(message, "_as_parameter_", message)
    if type(made) is not Message or result is None or not isinstance(producer, Producer):
        made = handle(message, Message)
        producer = handle(producer, Producer)
        result = _result(result)
    status, msg_id, offset = producer.send(made)
    c_result = result.contents
    c_result.sendStatus = status
    c_result.msgId = msg_id.encode()
    c_result.offset = offset


@c_function("SendMessageOneway", Status.PRODUCER_SEND_ONEWAY_FAILED)
def send_message_oneway(producer: Any, message: Any) -> None:
    handle(producer, Producer).send_oneway(handle(message, Message))


@c_function("SendBatchMessage", Status.PRODUCER_SEND_SYNC_FAILED)
def send_batch_message(producer: Any, batch: Any, result: Any) -> None:
    _answer(_result(result), handle(producer, Producer).send_batch(handle(batch, Batch)))


@c_function("SendMessageOrderlyByShardingKey", Status.PRODUCER_SEND_ORDERLY_FAILED)
def send_message_orderly_by_sharding_key(producer: Any, message: Any, key: bytes, result: Any) -> None:
    made = handle(message, Message)
    sent = handle(producer, Producer).send_by_sharding_key(made, text(key, "the sharding key"))
    _answer(_result(result), sent)


@c_function("SendMessageTransaction", Status.PRODUCER_SEND_TRANSACTION_FAILED)
def send_message_transaction(
    producer: Any, message: Any, execute: Callable[..., int], user_data: Any, result: Any
) -> None:
    made = handle(message, Message)
    sent = handle(producer, TransactionProducer).send_in_transaction(made, execute, user_data)
    _answer(_result(result), sent)
