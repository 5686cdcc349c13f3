"""What every lab must have: each mistake in its source names file, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from rmqlab.authoring import build
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit


@pytest.fixture
def lab(root):
    return root / "course" / "90_stand_in"


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def mistake_of(root):
    with pytest.raises(CourseError) as mistake:
        build(root, execute=False)
    return str(mistake.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "remedy"),
    [
        (
            "lab.py",
            "### END SOLUTION\n\n# %%\nprint(ids)",
            "\n# %%\nprint(ids)",
            "# %%",
            "Write '### END",
        ),
        ("lab.py", ' tags=["parameters"]', "", "", "0 parameters cells. Write exactly one"),
        ("lab.py", '# lab.hint("90.2")', 'lab.hint("90.2")', "lab.hint", "Write it as a comment"),
        ("lab.py", 'lab.check("90.1",', 'lab.check("90.7",', "90.7", "90.7 has no check. Declare it"),
        (
            "lab.py",
            "again, ids",
            'lab.check("90.1", ids=ids)',
            'lab.check("90.1", ids=ids)',
            "checks 90.1 too",
        ),
        ("checks.py", '"90.2",', '"90.1",', '"90.1"', "90.1 is declared twice"),
        ("checks.py", '"A log only grows.", ', "", '"90.2"', "90.2 has 2 hints. Write three"),
        ("checks.py", '"A log only grows."', '" "', '"90.2"', "90.2 has 2 hints. Write three"),
        ("checks.py", 'title="Send"', 'title=""', '"90.1"', "90.1 has no title"),
        ("checks.py", "from rmqlab.checks", "from rmqlab.nothing", "rmqlab.nothing", "ModuleNotFoundError"),
        ("wrong.py", "WRONG_ANSWERS", "ANSWERS", "", "no WRONG_ANSWERS"),
        ("wrong.py", 'expect="nothing-sent"', 'expect="overwritten"', '"90.2"', "feedback of their own"),
        ("wrong.py", "misconception=True,\n        code='ids", "code='ids", '"90.1"', "misconception=True"),
        ("wrong.py", 'name="forged"', 'name="faked"', "", 'no answer called "forged"'),
        (
            "wrong.py",
            '("prediction = 0", \'return lab.send("order 0")\')',
            '"prediction = 0"',
            '"an equal',
            "2 solution reg",
        ),
        ("wrong.py", '"prediction = 0"', '"prediction ="', '"an equal', "is no Python"),
        ("wrong.py", '["0" * 32, "1" * 32]', "[lab.send(1)]", '"forged"', "and this calls send()"),
        ("lab.py", 'lab.check("90.1",', 'v = lab.check("90.1",', "v = lab", "verdict would not be shown"),
        (
            "lab.py",
            "before=before)",
            "before=before)\nprint()",
            'lab.check("90.1"',
            "verdict would not be shown",
        ),
        ("wrong.py", '"90.2", name="never', '"90.3", name="never', '"never', "there is no exercise 90.3"),
    ],
)
def test_authoring_mistake_names_file_line_and_remedy(  # noqa: PLR0913, PLR0917 - one row of the table
    root, lab, file, old, new, at, remedy
):
    path = lab / file
    edit(path, old, new)
    message = mistake_of(root)
    assert remedy in message
    named, line = message.split(": ")[0].rsplit(":", 1)
    assert Path(named) == path
    if at:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert at in "\n".join(lines[int(line) - 1 : int(line) + 1])


def test_two_wrong_answers_of_one_name_are_refused(root, lab):
    edit(lab / "wrong.py", '"never sends"', '"an equal message replaces the first"')
    assert "90.2 has two wrong answers called" in mistake_of(root)


def test_exercise_that_no_cell_checks_is_refused(root, lab):
    edit(lab / "lab.py", 'lab.check("90.2", prediction=prediction, send_again=send_again, more=more)', "")
    assert "belongs to no exercise" in mistake_of(root)


def test_exercise_without_a_solution_is_refused(root, lab):
    text = (lab / "lab.py").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "SOLUTION" not in line or "90" in line]
    (lab / "lab.py").write_text("\n".join(line for line in kept if "LEARNER" not in line), encoding="utf-8")
    assert "90.1 has no solution. Mark it in" in mistake_of(root)


@pytest.mark.parametrize("name", ["lab.py", "checks.py", "wrong.py"])
def test_missing_file_is_named(root, lab, name):
    (lab / name).unlink()
    assert f"{lab / name}:1: there is no such file" in mistake_of(root)


def test_unlisted_file_in_a_lab_is_refused(root, lab):
    (lab / "notes.txt").write_text("", encoding="utf-8")
    assert f"{lab / 'notes.txt'}:1: not a part of a lab" in mistake_of(root)


def test_folder_with_another_name_is_refused(root):
    (root / "course" / "drafts").mkdir()
    assert "a lab's folder is named NN_slug" in mistake_of(root)


def test_course_that_is_not_there_is_refused(tmp_path):
    assert "There is no course at" in mistake_of(tmp_path)


def test_answers_of_two_exercises_may_have_the_same_name(root, lab):
    edit(lab / "wrong.py", '"never sends"', '"forged"')
    build(root, execute=False)
