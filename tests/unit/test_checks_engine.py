"""`lab.check`, `lab.hint`, `lab.solution` on a small course: they answer and never raise."""

from __future__ import annotations

import sys
from textwrap import dedent
from types import SimpleNamespace

import pytest

from rmqlab.checks import engine, progress
from rmqlab.checks.course import find_course
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit

CHECKS = """
from rmqlab.checks import exercise, not_yet, passed
from rmqlab.errors import AdminError

HINTS = ("the idea", "the `API`", "almost code")


@exercise("00.1", title="Send", hints=HINTS)
def sent(lab, result, extra=None):
    if result == "raise":
        raise ValueError("first line\\nsecond line")
    if result == "refuse":
        raise AdminError("broker-a does not answer. Start it with lab.nodes.")
    if result == "nothing":
        return None
    if result == lab.truth:
        return passed("Stored.")
    return not_yet("not-stored", expected="e", seen="s", why="w", try_next="t")


@exercise("00.2", title="Listen", hints=HINTS)
def heard(lab, on_message):
    return passed("Heard.")
"""
LAB = """
    ### BEGIN SOLUTION
    result = send()
    ### END SOLUTION
    lab.check("00.1", result=result)
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = tmp_path / "course" / "00_small"
    folder.mkdir(parents=True)
    (folder / "checks.py").write_text(CHECKS, encoding="utf-8")
    (folder / "lab.py").write_text(dedent(LAB), encoding="utf-8")
    monkeypatch.setenv("RMQLAB_COURSE", str(tmp_path / "course"))
    monkeypatch.setenv("RMQLAB_HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def lab(course):
    return SimpleNamespace(slug="00-small", truth="stored")


def outcome_and_key(verdict):
    return verdict.outcome.value, verdict.key


def test_the_cluster_may_catch_up_before_an_answer_is_judged_and_is_left_alone_without_one(lab):
    lab.truth, caught_up = "not there yet", []

    def catch_up():
        caught_up.append(True)
        lab.truth = "stored"

    blank = engine.check(lab, "00.1", {"result": ...}, before=catch_up)
    assert (outcome_and_key(blank)[0], caught_up) == ("NOT ATTEMPTED", [])
    assert engine.check(lab, "00.1", {"result": "stored"}, before=catch_up).passed


def test_right_answer_passes_and_is_remembered(lab):
    verdict = engine.check(lab, "00.1", {"result": "stored"})
    assert (verdict.outcome.value, verdict.exercise, verdict.title) == ("PASSED", "00.1", "Send")
    assert progress.standing("00.1").passed


def test_answer_that_the_broker_does_not_bear_out_does_not_pass(lab):
    assert outcome_and_key(engine.check(lab, "00.1", {"result": "forged"})) == ("NOT YET", "not-stored")
    assert not progress.standing("00.1").passed


@pytest.mark.parametrize("answers", [{}, {"result": ...}, {"result": None}])
def test_answer_that_is_not_there_is_not_attempted(lab, answers):
    assert outcome_and_key(engine.check(lab, "00.1", answers)) == ("NOT ATTEMPTED", "not-attempted")
    assert progress.standing("00.1").attempts == 0


def test_function_whose_body_is_still_three_dots_is_not_attempted(lab):
    def on_message(message): ...

    def documented(message):
        """Keep it."""

    def written(message):
        return message

    outcomes = [
        engine.check(lab, "00.2", {"on_message": f}).outcome.value for f in (on_message, documented, written)
    ]
    assert outcomes == ["NOT ATTEMPTED", "NOT ATTEMPTED", "PASSED"]


def test_zero_false_and_empty_are_answers(lab):
    for answer in (0, False, "", []):
        assert engine.check(lab, "00.1", {"result": answer}).outcome.value == "NOT YET"


def test_misspelt_answer_is_told_how_to_call(lab):
    verdict = engine.check(lab, "00.1", {"reslut": 1})
    assert outcome_and_key(verdict) == ("ERROR", "unknown-answer")
    assert 'lab.check("00.1", result=result, extra=extra)' in verdict.message


def test_check_that_raises_is_one_line_with_its_place_and_not_the_learners_fault(lab, course):
    verdict = engine.check(lab, "00.1", {"result": "raise"})
    line = CHECKS.splitlines().index('        raise ValueError("first line\\nsecond line")') + 1
    assert outcome_and_key(verdict) == ("ERROR", "check-failed")
    assert f"00_small/checks.py:{line}, ValueError: first line)" in verdict.message
    assert "not your answer's fault" in verdict.message
    assert "\n" not in verdict.message


def test_cluster_that_refuses_says_so_in_its_own_words(lab):
    verdict = engine.check(lab, "00.1", {"result": "refuse"})
    assert outcome_and_key(verdict) == ("ERROR", "no-answer-from-the-cluster")
    assert verdict.message.endswith("broker-a does not answer. Start it with lab.nodes.")


def test_check_without_a_verdict_is_an_error(lab):
    assert outcome_and_key(engine.check(lab, "00.1", {"result": "nothing"})) == ("ERROR", "check-failed")


def test_unknown_exercise_is_an_error_that_names_the_known_ones(lab):
    verdict = engine.check(lab, "00.11", {})
    assert "only 00.1, 00.2. Did you mean '00.1'?" in verdict.message


@pytest.mark.parametrize("exercise_id", [0.1, None, ...])
def test_exercise_id_that_is_no_text_is_an_error_too(lab, exercise_id):
    assert outcome_and_key(engine.check(lab, exercise_id, {})) == ("ERROR", "no-such-exercise")
    assert "has no exercise" in engine.hint(lab, exercise_id)._repr_mimebundle_()["text/html"]


def test_lab_without_checks_is_an_error(lab, course):
    (course / "checks.py").unlink()
    assert "checks.py:1: there is no such file" in engine.check(lab, "00.1", {}).message


def test_unknown_lab_is_an_error(course):
    verdict = engine.check(SimpleNamespace(slug="77-none"), "77.1", {})
    assert outcome_and_key(verdict) == ("ERROR", "no-checks")
    assert "There are: 00-small" in verdict.message


def test_damaged_checks_are_an_error_that_names_file_and_line(lab, course):
    (course / "checks.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    assert f"{course / 'checks.py'}:1: ModuleNotFoundError" in engine.check(lab, "00.1", {}).message


def test_changed_checks_are_used_at_once(lab, course):
    engine.check(lab, "00.1", {"result": "stored"})
    (course / "checks.py").write_text(CHECKS.replace('"Stored."', '"Stored twice."'), encoding="utf-8")
    assert engine.check(lab, "00.1", {"result": "stored"}).message == "Stored twice."


def test_change_that_keeps_the_length_is_used_at_once_too(lab, course):
    for text in ("Stored.", "Storad.", "Storid."):
        (course / "checks.py").write_text(CHECKS.replace("Stored.", text), encoding="utf-8")
        assert engine.check(lab, "00.1", {"result": "stored"}).message == text
    assert sorted(path.name for path in course.iterdir()) == ["checks.py", "lab.py"]


def test_checks_may_declare_dataclasses(lab, course):
    record = "from __future__ import annotations\nimport dataclasses\n"
    record += "@dataclasses.dataclass\nclass Seen:\n    count: int\n"
    (course / "checks.py").write_text(record + CHECKS, encoding="utf-8")
    assert engine.check(lab, "00.1", {"result": "stored"}).passed


def test_notebook_built_for_other_checks_is_told_so_in_one_sentence(lab, monkeypatch):
    shell = SimpleNamespace(user_ns={"CHECKS_VERSION": "0000aaaa"})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    notice = engine.check(lab, "00.1", {"result": "forged"}).notice
    assert notice.startswith("This notebook was built for version 0000aaaa of the checks, installed is ")


def test_last_exercise_of_a_lab_says_that_all_are_passed(lab):
    assert engine.check(lab, "00.1", {"result": "stored"}).notice == ""
    verdict = engine.check(lab, "00.2", {"on_message": print})
    assert verdict.notice == "All 2 exercises of this lab are passed."


def test_progress_that_cannot_be_saved_does_not_take_the_verdict(lab, monkeypatch):
    def refuse(verdict):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress, "record_verdict", refuse)
    verdict = engine.check(lab, "00.1", {"result": "stored"})
    assert verdict.passed
    assert "No space left on device" in verdict.notice


def test_hints_come_one_after_the_other_and_then_the_way_to_the_solution(lab):
    shown = [str(engine.hint(lab, "00.1")) for _ in range(4)]
    assert [text.splitlines()[0] for text in shown] == [
        "? HINT 1 of 3  00.1 Send",
        "? HINT 2 of 3  00.1 Send",
        "? HINT 3 of 3  00.1 Send",
        "? NO MORE HINTS  00.1 Send",
    ]
    assert 'lab.solution("00.1", reveal=True)' in shown[3]
    assert "HINT 1 of 3" in str(engine.hint(lab, "00.2"))


def test_solution_is_shown_after_passing(lab):
    assert "result = send()" not in str(engine.solution(lab, "00.1"))
    engine.check(lab, "00.1", {"result": "stored"})
    assert "result = send()" in str(engine.solution(lab, "00.1"))
    assert not progress.standing("00.1").solution_seen


def test_solution_is_shown_on_request_and_that_is_remembered(lab):
    assert "result = send()" in engine.solution(lab, "00.1", reveal=True)._repr_mimebundle_()["text/html"]
    assert progress.standing("00.1").solution_seen


@pytest.mark.parametrize("ask", [engine.hint, engine.solution])
def test_hint_and_solution_of_an_unknown_exercise_say_so(lab, ask):
    assert "has no exercise '00.9'" in str(ask(lab, "00.9"))
    assert "There is no lab '77-none'" in str(ask(SimpleNamespace(slug="77-none"), "77.1"))


def test_solution_of_a_damaged_lab_says_what_is_wrong(lab, course):
    (course / "lab.py").write_text("a = = 1\n", encoding="utf-8")
    assert "lab.py:1: invalid syntax" in engine.solution(lab, "00.1", reveal=True).card.text


def test_course_is_found_above_the_working_directory(course, monkeypatch, tmp_path):
    monkeypatch.delenv("RMQLAB_COURSE")
    (tmp_path / "labs" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "labs" / "deep")
    assert find_course() == tmp_path / "course"


def test_folder_called_course_without_labs_is_passed_over(course, monkeypatch, tmp_path):
    monkeypatch.delenv("RMQLAB_COURSE")
    (tmp_path / "below" / "course").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "below")
    assert find_course() == tmp_path / "course"


def test_named_course_that_is_not_there_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("RMQLAB_COURSE", str(tmp_path / "gone"))
    verdict = engine.check(SimpleNamespace(slug="00-small"), "00.1", {})
    assert f"There is no course at {tmp_path / 'gone'}" in verdict.message
    with pytest.raises(CourseError):
        engine.lab_checks("00-small")
