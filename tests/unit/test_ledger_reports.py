"""What programs report to a ledger: complete after a kill, mergeable, and out of the program's way."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from rmqlab.errors import LedgerError
from rmqlab.ledger import Holding, reconcile
from rmqlab.ledger.journal import Answered, Delivered, Journal, Sent, read_events
from rmqlab.ledger.reports import PROPERTY, ReportingProducer, answer_of, reporting_callback

pytestmark = pytest.mark.unit


# -- the journal -------------------------------------------------------------------------------------


def test_what_several_processes_wrote_is_read_as_one(tmp_path: Path):
    first, second = Journal(tmp_path), Journal(tmp_path)
    first.write(Sent("m", "orders", "Ä", 1.5))
    second.write(Delivered("m", "stock", "b", 1, 2.5))
    first.write(Answered("m", "OK", 'a "word"\n', 3.5))
    assert sorted(read_events(tmp_path), key=lambda event: event.at) == [
        Sent("m", "orders", "Ä", 1.5),
        Delivered("m", "stock", "b", 1, 2.5),
        Answered("m", "OK", 'a "word"\n', 3.5),
    ]
    first.clear()
    assert list(read_events(tmp_path)) == []


def test_what_is_reported_while_a_ledger_is_cleared_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    journal, look = Journal(tmp_path), Path.glob
    journal.write(Sent("before", "orders", "", 1.0))
    report = threading.Thread(target=journal.write, args=(Sent("meanwhile", "orders", "", 2.0),))

    def look_late(folder: Path, pattern: str):
        if not report.ident:
            report.start()
            report.join(timeout=0.3)
        return look(folder, pattern)

    monkeypatch.setattr(Path, "glob", look_late)
    journal.clear()
    report.join()
    assert [event.entry for event in read_events(tmp_path)] == ["meanwhile"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_of_a_fork_writes_a_file_of_its_own(tmp_path: Path):
    journal = Journal(tmp_path)
    journal.write(Sent("parent", "orders", "", 1.0))
    child = os.fork()
    if child == 0:
        journal.write(Sent("child", "orders", "", 2.0))
        os._exit(0)
    os.waitpid(child, 0)
    journal.write(Sent("parent-again", "orders", "", 3.0))
    assert {event.entry for event in read_events(tmp_path)} == {"parent", "child", "parent-again"}


def test_a_file_that_is_full_is_followed_by_another(tmp_path: Path):
    journal = Journal(tmp_path)
    for number in range(3):
        journal.write(Answered(f"m{number}", "FAILED", "x" * 600_000, float(number)))
    assert [event.entry for event in sorted(read_events(tmp_path), key=lambda each: each.at)] == [
        "m0",
        "m1",
        "m2",
    ]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_line_that_a_killed_process_did_not_finish_is_left_out(tmp_path: Path):
    (tmp_path / "1.jsonl").write_text(
        '["sent", "m", "orders", "", 1.0]\n["answered", "m", "O', encoding="utf-8"
    )
    assert list(read_events(tmp_path)) == [Sent("m", "orders", "", 1.0)]


@pytest.mark.parametrize("line", ["no json", "[]", '["melted", "m"]', '["sent", "m"]', "7"])
def test_a_line_that_is_no_event_is_named(tmp_path: Path, line: str):
    (tmp_path / "1.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(LedgerError, match=r"1\.jsonl, line 1, is no event"):
        list(read_events(tmp_path))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be written"):
        Journal(tmp_path / "file").write(Sent("m", "orders", "", 1.0))


# -- reports -----------------------------------------------------------------------------------------


class FakeMessage:
    def __init__(self, topic: str, keys: str = "") -> None:
        self.told = {"KEYS": keys}
        self._handle = SimpleNamespace(topic=topic, get_property=lambda name: self.told.get(name, ""))
        self.set_property = self.told.__setitem__


class FakeProducer:
    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    def send(self, message: FakeMessage) -> object:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(status=SimpleNamespace(name=answer), msg_id="1")

    def send_batch(self, messages: tuple) -> list:
        return [SimpleNamespace(status=SimpleNamespace(name=name), msg_id=ids) for name, ids in self.answers]

    def flush(self) -> str:
        return "flushed"


def test_a_message_that_is_sent_again_keeps_its_name(tmp_path: Path):
    producer = ReportingProducer(FakeProducer(TimeoutError("no answer in time"), "OK"), Journal(tmp_path))
    message = FakeMessage("orders", "order-7")
    with pytest.raises(TimeoutError):
        producer.send(message)
    producer.send(message)
    (entry,) = reconcile(read_events(tmp_path), Holding()).entries
    assert (entry.topic, entry.key, entry.answers) == ("orders", "order-7", ["TIMEOUT", "OK"])
    assert entry.name == message.told[PROPERTY]


def test_each_message_of_a_batch_gets_its_batchs_answer(tmp_path: Path):
    producer = ReportingProducer(FakeProducer(("OK", "1,2"), ("FLUSH_DISK_TIMEOUT", "3")), Journal(tmp_path))
    producer.send_batch([FakeMessage("orders") for _ in range(3)])
    answers = [entry.answers for entry in reconcile(read_events(tmp_path), Holding()).entries]
    assert answers == [["OK"], ["OK"], ["FLUSH_DISK_TIMEOUT"]]


def test_everything_else_is_the_producers_own(tmp_path: Path):
    assert ReportingProducer(FakeProducer(), Journal(tmp_path)).flush() == "flushed"
    with pytest.raises(AttributeError):
        ReportingProducer(FakeProducer(), Journal(tmp_path)).dance()


class MessageRefusedError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (MessageRefusedError("too long"), "REFUSED"),
        (RuntimeError("wait response on the channel <127.0.0.1:10911> timeout, 3000ms"), "TIMEOUT"),
        (RuntimeError("the broker 127.0.0.1:10911 refused (code 14): service not available now"), "FAILED"),
    ],
)
def test_an_error_says_whether_the_message_may_be_stored(error: Exception, answer: str):
    assert answer_of(error) == answer


@pytest.mark.parametrize(("status", "done"), [(0, True), (1, False)])
def test_a_callback_is_reported_with_what_it_returned(tmp_path: Path, status: int, *, done: bool):
    report = reporting_callback(lambda _: status, Journal(tmp_path), "stock", "a")
    assert report(SimpleNamespace(properties={PROPERTY: "m"}, reconsume_times=2)) == status
    delivered, processed = read_events(tmp_path)
    assert (delivered.entry, delivered.times, processed.done) == ("m", 2, done)


def test_a_callback_that_raises_is_not_done_and_raises_on(tmp_path: Path):
    def fails(_message: object) -> int:
        raise ValueError("no stock")

    with pytest.raises(ValueError, match="no stock"):
        reporting_callback(fails, Journal(tmp_path), "stock", "a")(
            SimpleNamespace(properties={PROPERTY: "m"}, reconsume_times=0)
        )
    assert [event.kind for event in read_events(tmp_path)] == ["delivered", "processed"]


def test_a_message_from_elsewhere_is_not_reported(tmp_path: Path):
    assert (
        reporting_callback(lambda _: 0, Journal(tmp_path), "stock", "a")(SimpleNamespace(properties={})) == 0
    )
    assert list(read_events(tmp_path)) == []
