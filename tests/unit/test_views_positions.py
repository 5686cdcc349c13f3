"""What the picture of flush and replication positions says."""

from __future__ import annotations

import re

import pytest
from stores_hand_made import END, STORES, copy, logs, master, slave

from rmqlab.observe import Interest
from rmqlab.views import KINDS
from rmqlab.views.looker import STILL, Looker
from rmqlab.views.sizes import amount, order_of

pytestmark = pytest.mark.unit
KIND = KINDS["positions"]


def live(snapshot):
    return KIND.draw(snapshot, {}, Looker(live=True))


def still(snapshot):
    return KIND.draw(snapshot.still(), {}, STILL)


def lengths(drawing, name):
    """How long each bar of that name is, in pixels."""
    found = re.findall(r'style="[^"]*scale\(([\d.]+),1\)" data-id="([\w-]+)"', drawing.svg)
    return [float(length) for length, bar in found if bar == name]


def test_what_is_written_and_not_on_the_disk_is_said_and_is_the_gap_between_two_bars():
    drawing = live(logs(master(flushed=END - 1400, dispatched=END - 1400)))
    assert drawing.rows[0][:4] == ("broker-a", "master", "all but 1.4 KiB", "all but 1.4 KiB")
    assert drawing.title == "Commit logs: broker-a has all but 1.4 KiB on disk"
    assert lengths(drawing, "flushed") < lengths(live(logs(master())), "flushed")


def test_a_slave_that_lacks_something_is_named_with_what_it_lacks():
    drawing = live(logs(master(copies=(copy(END - 43_210),)), slave(silent="paused")))
    assert drawing.rows[0][4] == "broker-a-s1 lacks 42 KiB, in sync"
    assert lengths(drawing, "copy-0") < lengths(drawing, "flushed")[:1]


def test_out_of_sync_is_a_word_a_sign_and_a_colour():
    drawing = live(logs(master(copies=(copy(END - 9000, in_sync=False),)), slave()))
    assert "lacks 8.8 KiB, not in sync" in drawing.svg
    assert "✗" in drawing.svg
    assert re.search(r'class="f-paused move"[^>]*data-id="copy-0"', drawing.svg)


def test_a_master_whose_slave_is_not_connected_says_so():
    assert live(logs(master(), slave())).rows[0][4] == "no slave is connected"
    assert live(logs(master())).rows[0][4] == ""


def test_two_slaves_that_cannot_be_told_apart_are_both_drawn():
    snapshot = logs(
        master(copies=(copy(name=""), copy(END - 5000, name=""))), slave(), slave(node="broker-a-s2")
    )
    drawing = live(snapshot)
    assert drawing.rows[0][4] == "a slave has all, in sync; a slave lacks 4.9 KiB, in sync"
    assert len(lengths(drawing, "copy-1")) == 1


def test_what_the_broker_rounded_is_not_shown_as_exact():
    assert live(logs(master(flushed=END - 2048, flushed_within=51))).rows[0][2] == "all but about 2.0 KiB"


def test_only_what_is_not_on_the_disk_has_the_outline_of_what_is_only_written():
    behind, level = live(logs(master(flushed=END - 2048))), live(logs(master(flushed=END)))
    assert behind.svg.count('data-id="written"') == 1
    assert "written" not in level.svg.replace("written, not on the disk", "")


def test_what_nobody_says_is_unknown_and_has_no_mark():
    drawing = live(logs(master(dispatched=None)))
    assert drawing.rows[0][3] == "unknown"
    assert "readable: " not in drawing.svg
    assert drawing.svg.count('class="f-ink move"') == 0


def test_a_silent_broker_is_drawn_as_last_seen_and_in_a_still_without_numbers():
    snapshot = logs(master(copies=(copy(),)), slave(silent="paused"))
    assert live(snapshot).rows[1][1:] == ("slave, ‖ paused", "all", "all", "", f"{END:,}")
    assert still(snapshot).rows[1] == ("broker-a-s1", "slave, ‖ paused", "", "", "")


def test_the_controllers_word_is_there():
    drawing = live(STORES["positions under a controller"][1])
    said = "the master is broker-a; in the sync-state set: broker-a; not in it: broker-a-s1"
    assert said in drawing.text
    assert said in drawing.svg


def test_a_still_is_the_same_whatever_else_the_brokers_wrote():
    def run(more):
        end = END + more
        return still(
            logs(
                master(
                    max_offset=end,
                    flushed=end - 300 - more % 7000,
                    dispatched=end,
                    copies=(copy(end - 40_000 - more),),
                    disk_used=more / 100_000,
                ),
                slave(silent="paused", max_offset=more),
            )
        )

    assert run(17) == run(9_999)
    assert "lacks 10 to 100 KiB" in run(17).text
    assert "all but 16 KiB at most" in run(17).text


def test_a_still_of_sync_flush_says_that_all_is_on_the_disk():
    assert still(logs(master(sync_flush=True))).rows[0][2] == "all"


def test_all_rows_of_one_broker_have_the_same_scale():
    drawing = live(
        logs(master(copies=(copy(END - 9_000),)), slave(max_offset=END - 9_000, flushed=END - 9_000))
    )
    (ahead, behind), (copied,) = lengths(drawing, "flushed"), lengths(drawing, "copy-0")
    assert behind == copied < ahead


def test_others_messages_are_mentioned():
    assert any("others" in note for note in live(logs(master(), shared=True)).notes)


def test_before_the_first_answer_it_says_so():
    assert "Reading …" in live(logs()).svg


def test_it_takes_no_arguments_and_asks_for_the_stores():
    assert KIND.interest({}) == Interest(stores=True)
    with pytest.raises(TypeError, match="no arguments"):
        KIND.interest({"topic": "orders"})


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (812, "812 B"), (1434, "1.4 KiB"), (23 * 1024**2, "23 MiB"), (5 * 1024**3, "5.0 GiB")],
)
def test_bytes_in_words(size, words):
    assert amount(size) == words


@pytest.mark.parametrize(
    ("size", "words"), [(1, "under 1 KiB"), (1024, "1 to 10 KiB"), (102_400, "100 to 1,000 KiB")]
)
def test_orders_of_magnitude_in_words(size, words):
    assert order_of(size) == words
