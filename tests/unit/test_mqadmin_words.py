"""How mqadmin is called, and what its words mean: it says 0 whatever happened."""

from __future__ import annotations

import pytest

from rmqlab.errors import AdminError
from rmqlab.mqadmin import _addressed, require_success

pytestmark = pytest.mark.unit
LINE = "mqadmin topicRoute -t orders"

NO_ROUTE = """\
org.apache.rocketmq.tools.command.SubCommandException: TopicRouteSubCommand command failed
\tat org.apache.rocketmq.tools.command.topic.TopicRouteSubCommand.execute(TopicRouteSubCommand.java:76)
Caused by: org.apache.rocketmq.client.exception.MQClientException: CODE: 17  DESC: No topic route info: orders
See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.
\tat org.apache.rocketmq.client.impl.MQClientAPIImpl.getTopicRouteInfoFromNameServer(MQClientAPIImpl.java:1)
"""


def test_a_command_that_prints_its_answer_has_succeeded():
    require_success(LINE, 0, "{}", "")


def test_what_a_jvm_warns_about_is_no_failure():
    require_success(
        LINE, 0, "{}", "WARNING: A terminally deprecated method in sun.misc.Unsafe has been called"
    )


def test_a_failure_is_rocketmqs_reason_in_one_line_with_its_code():
    with pytest.raises(
        AdminError, match=r"`mqadmin topicRoute -t orders` failed: No topic route info"
    ) as caught:
        require_success(LINE, 0, "", NO_ROUTE)
    assert caught.value.code == 17
    assert "\n" not in str(caught.value)


def test_a_failure_without_a_cause_is_told_by_its_own_words():
    with pytest.raises(AdminError, match="failed: it is late"):
        require_success(LINE, 0, "", "java.lang.IllegalStateException: it is late\n\tat Somewhere.java:1\n")


def test_an_unknown_sub_command_is_told():
    with pytest.raises(AdminError, match="there is no such sub-command"):
        require_success("mqadmin topicRout", 0, "The sub command topicRout not exist.\n", "")


def test_a_wrong_option_is_told_with_where_the_right_ones_are():
    with pytest.raises(
        AdminError, match=r"Unrecognized option: -x. `mqadmin help topicRoute` lists its options"
    ):
        require_success(LINE, 1, "usage: mqadmin topicRoute ...", "Unrecognized option: -x\n")


@pytest.mark.parametrize(
    ("words", "called"),
    [
        (("topicRoute", "-t", "orders"), ["topicRoute", "-n", "host:9876", "-t", "orders"]),
        (("topicRoute", "-n", "other:1", "-t", "orders"), ["topicRoute", "-n", "other:1", "-t", "orders"]),
        (("help", "topicRoute"), ["help", "topicRoute"]),
        ((), []),
    ],
)
def test_the_nameservers_are_filled_in_where_they_belong_and_are_not_given(words, called):
    assert _addressed(words, "host:9876") == called
