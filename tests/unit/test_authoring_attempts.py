"""The plan for a lab's wrong answers: which cells run, in which order, with which code."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from rmqlab.authoring.folder import LabFolder, wrong_answers
from rmqlab.authoring.notebooks import attempts
from rmqlab.authoring.source import read_lab

pytestmark = pytest.mark.unit

LAB = LabFolder(Path(__file__).parents[1] / "course_fixture" / "course" / "90_stand_in")


@pytest.fixture
def planned():
    return list(attempts(read_lab(LAB.lab_py), wrong_answers(LAB)))


def test_wrong_answers_of_an_exercise_come_before_its_solution(planned):
    assert [(attempt.exercise, attempt.name) for attempt in planned if attempt.exercise] == [
        ("90.1", "forged"),
        ("90.1", "one send is enough for all"),
        ("90.1", ""),
        ("90.2", "an equal message replaces the first"),
        ("90.2", "never sends"),
        ("90.2", ""),
    ]


def test_attempt_runs_from_the_first_cell_of_the_answer_to_the_check(planned):
    forged = next(attempt for attempt in planned if attempt.name == "forged")
    assert forged.sources[0] == 'ids = ["0" * 32, "1" * 32]'
    assert forged.sources[1] == "print(ids)"
    assert forged.sources[2].startswith('lab.check("90.1"')
    assert len(forged.sources) == 3


def test_each_region_gets_its_own_text_at_its_own_indentation(planned):
    believed = next(attempt for attempt in planned if attempt.name.startswith("an equal"))
    assert believed.sources[0].startswith("prediction = 0\n")
    assert believed.sources[0].endswith('def send_again(lab):\n    return lab.send("order 0")')


def test_every_other_cell_runs_once_and_in_order(planned):
    others = [attempt.sources[0] for attempt in planned if not attempt.exercise]
    assert others[0].startswith("COUNT = 2")
    assert others[1].startswith("from stand_in")
    assert others[2] == "again, ids"


def test_code_of_several_lines_keeps_its_shape(tmp_path):
    (tmp_path / "lab.py").write_text(
        '# %%\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\nlab.check("01.1", a=a)\n', encoding="utf-8"
    )
    answer = SimpleNamespace(exercise="01.1", name="n", code=("if True:\n    a = 2\n\nelse:\n    a = 3",))
    first, _ = attempts(read_lab(tmp_path / "lab.py"), [answer])
    assert first.sources == ('if True:\n    a = 2\n\nelse:\n    a = 3\nlab.check("01.1", a=a)',)


GUESSED = """# %%
### BEGIN SOLUTION
prediction = 0
### END SOLUTION

# %%
{between}

# %%
lab.check("01.1", prediction=prediction)
"""


def cells_of(tmp_path, between, *answers):
    (tmp_path / "lab.py").write_text(GUESSED.format(between=between), encoding="utf-8")
    wrong = [SimpleNamespace(exercise="01.1", name=code, code=(code,)) for code in answers]
    return [attempt.sources for attempt in attempts(read_lab(tmp_path / "lab.py"), wrong)]


def test_what_lies_between_a_guess_and_its_check_runs_with_the_first_guess_and_with_the_solution(tmp_path):
    first, second, third, solution = cells_of(
        tmp_path, "seen = trial()", "prediction = 6", 'prediction = "six"', "prediction = [-1, {2: None}]"
    )
    assert first[1] == solution[1] == "seen = trial()"
    assert [cells[0] for cells in (second, third)] == ['prediction = "six"', "prediction = [-1, {2: None}]"]
    assert all(len(cells) == 2 and cells[1].startswith("lab.check") for cells in (second, third))


@pytest.mark.parametrize(
    ("between", "answer"),
    [
        ("print(prediction, trial())", "prediction = 7"),  # read before the check
        ("trial()", "prediction = trial()"),  # no guess
        ("trial()", "def trial():\n    return 1\n\nprediction = 7"),
        ("trial()", "import time\nprediction = 7"),
        ("trial()", "prediction = {[]: 7}"),
        ("trial()", "prediction = 7 orders"),  # no Python
    ],
)
def test_answers_that_may_change_what_lies_between_run_all_of_it(tmp_path, between, answer):
    assert {len(cells) for cells in cells_of(tmp_path, between, answer, answer)} == {3}


def test_after_an_answer_that_is_no_guess_all_of_it_runs_again(tmp_path):
    cells = cells_of(tmp_path, "trial()", "prediction = 6", "prediction = trial()", "prediction = 7")
    assert [len(each) for each in cells] == [3, 3, 3, 3]
