"""What happened between two snapshots, in sentences: the caption of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rmqlab.observe.snapshot import GroupState, NodeState, Snapshot, TopicState


def narrate(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Say what is new in a snapshot: nodes, messages that were stored, groups that came on.

    What only one of the two knows (a topic that was not read before) is not news.
    """
    known = {node.name: node for node in before.nodes}
    sentences = [
        sentence for node in after.nodes if node.name in known for sentence in _node(known[node.name], node)
    ]
    for topic in after.topics:
        earlier = before.topic(topic.name)
        if earlier is not None:
            sentences += _topic(earlier, topic)
    return tuple(sentences)


def _node(before: NodeState, after: NodeState) -> Iterator[str]:
    if after.state != before.state:
        yield f"{after.name} is {after.state}"
    for trouble in after.troubles:
        if trouble not in before.troubles:
            yield f"{after.name}: {trouble}"
    for trouble in before.troubles:
        if trouble not in after.troubles:
            yield f"{after.name}: no longer {trouble}"
    if before.registered is not None and after.registered not in {None, before.registered}:
        yield f"the NameServer {'knows' if after.registered else 'has forgotten'} {after.name}"


def _topic(before: TopicState, after: TopicState) -> Iterator[str]:
    known = {queue.ref: queue for queue in before.queues}
    new = {
        queue.ref: queue.max_offset - known[queue.ref].max_offset
        for queue in after.queues
        if queue.ref in known and not queue.silent and not known[queue.ref].silent
    }
    stored = sum(count for count in new.values() if count > 0)
    if stored:
        where = ", ".join(sorted({ref.broker for ref, count in new.items() if count > 0}))
        yield f"{stored:,} {'message' if stored == 1 else 'messages'} stored in {after.name} on {where}"
    groups = {group.name: group for group in before.groups}
    for group in after.groups:
        yield from _group(groups.get(group.name), group)


def _group(before: GroupState | None, after: GroupState) -> Iterator[str]:
    if before is None:
        yield f"the group {after.name} is there"
        return
    if len(after.members) != len(before.members):
        verb = "has" if len(after.members) > len(before.members) else "is left with"
        members = f"{len(after.members)} {'member' if len(after.members) == 1 else 'members'}"
        yield f"{after.name} {verb} {members if after.members else 'no member'}"
    elif after.assigned != before.assigned and after.assigned:
        yield f"{after.name} shares its queues anew"
    committed = sum(
        progress.consumer_offset - before.progress[ref].consumer_offset
        for ref, progress in after.progress.items()
        if ref in before.progress
    )
    if committed > 0:
        yield f"{after.name} has committed {committed:,} more, {after.lag:,} before it"
    elif committed < 0:
        yield f"{after.name} was set back by {-committed:,}"
