"""Answers with a row a queue, in the broker's own words."""

from __future__ import annotations

import pytest

from rmqlab.client.facts import QueueRef
from rmqlab.client.queue_tables import rows_of

pytestmark = pytest.mark.unit


def key(topic, queue_id, broker="broker-a"):
    return f'{{"brokerName":"{broker}","queueId":{queue_id},"topic":"{topic}"}}'


def test_each_queue_is_a_row_in_order():
    rows = ",".join(
        f'{key("%RETRY%stock", number)}:{{"lastUpdateTimestamp":0,"maxOffset":{number},"minOffset":0}}'
        for number in (10, 2)
    )
    assert rows_of(f'{{"offsetTable":{{{rows}}},"topicPutTps":0.0}}') == [
        (
            QueueRef("%RETRY%stock", "broker-a", number),
            {"lastUpdateTimestamp": 0, "maxOffset": number, "minOffset": 0},
        )
        for number in (2, 10)
    ]


@pytest.mark.parametrize("body", ['{"consumeTps":0.0,"offsetTable":{}}', "{}"])
def test_a_group_that_has_read_nothing_has_no_rows(body):
    assert rows_of(body) == []
