"""Solution regions of a lab.py: what they belong to, and what a learner gets instead."""

from __future__ import annotations

from textwrap import dedent

import pytest

from rmqlab.authoring.source import read_lab
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit


@pytest.fixture
def lab_of(tmp_path):
    def write(text):
        path = tmp_path / "lab.py"
        path.write_text(dedent(text), encoding="utf-8")
        return read_lab(path)

    return write


def learner_lines(lab):
    return [region.learner for region in lab.regions]


def test_solution_belongs_to_the_next_check_below_it(lab_of):
    lab = lab_of("""
        ### BEGIN SOLUTION
        a = 1
        ### END SOLUTION
        lab.check("01.1", a=a)
        ### BEGIN SOLUTION
        b = 2
        ### END SOLUTION
        ### BEGIN SOLUTION
        c = 3
        ### END SOLUTION
        lab.check("01.2", b=b, c=c)
    """)
    assert [region.exercise for region in lab.regions] == ["01.1", "01.2", "01.2"]
    assert lab.solution("01.2") == "b = 2\n\nc = 3"


def test_learner_gets_a_placeholder_for_each_name_that_later_code_needs(lab_of):
    lab = lab_of("""
        ### BEGIN SOLUTION
        message = make()
        result, queue = send(message)
        ### END SOLUTION
        lab.check("01.1", result=result, queue=queue)
    """)
    assert learner_lines(lab) == [("result = ...", "queue = ...")]


def test_name_that_later_code_binds_itself_gets_no_placeholder(lab_of):
    lab = lab_of("""
        ### BEGIN SOLUTION
        total = 0
        for n in range(3):
            total += n
        ### END SOLUTION
        for n in range(2):
            print(n)
        print([n for n in range(2)])
        lab.check("01.1", total=total)
    """)
    assert learner_lines(lab) == [("total = ...",)]


def test_name_that_only_another_solution_needs_gets_no_placeholder(lab_of):
    lab = lab_of("""
        ### BEGIN SOLUTION
        producer = start()
        ### END SOLUTION
        ### BEGIN SOLUTION
        result = producer.send()
        ### END SOLUTION
        lab.check("01.1", result=result)
    """)
    assert learner_lines(lab) == [("...",), ("result = ...",)]


def test_function_body_becomes_three_dots_at_its_indentation(lab_of):
    lab = lab_of("""
        def on_message(message):
            ### BEGIN SOLUTION
            keep(message)
            return True
            ### END SOLUTION
        lab.check("01.1", on_message=on_message)
    """)
    assert "def on_message(message):\n    ...\nlab.check" in lab.with_regions(lambda region: region.learner)


def test_author_may_write_what_the_learner_gets(lab_of):
    lab = lab_of("""
        ### BEGIN SOLUTION
        ### LEARNER: prediction = ...  # 1, 4 or 16?
        prediction = 4
        ### END SOLUTION
        lab.check("01.1", prediction=prediction)
    """)
    assert learner_lines(lab) == [("prediction = ...  # 1, 4 or 16?",)]
    assert lab.solution("01.1") == "prediction = 4"


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("### BEGIN SOLUTION\na = 1\nlab.check('01.1')\n", 1, "no end"),
        ("a = 1\n### END SOLUTION\n", 2, "without a '### BEGIN SOLUTION'"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n", 2, "Close it first"),
        ("### BEGIN SOLUTION\na = 1\n# %%\nb = 1\n### END SOLUTION\n", 3, "a cell begins inside"),
        ("### BEGIN SOLUTIONS\n", 1, "is no marker here"),
        ("### LEARNER: a = ...\n", 1, "is no marker here"),
        ("### BEGIN SOLUTION\na = 1\n### END SOLUTION\n", 1, "belongs to no exercise"),
        ("### BEGIN SOLUTION\n### END SOLUTION\nlab.check('01.1')\n", 1, "is empty"),
        (
            "if a:\n    ### BEGIN SOLUTION\n    b\nelse:\n    ### END SOLUTION\n    c\nlab.check('1')",
            2,
            "whole",
        ),
        ("a = = 1\n", 1, "Mend the syntax"),
    ],
)
def test_mistake_names_file_line_and_remedy(lab_of, tmp_path, text, line, remedy):
    with pytest.raises(CourseError) as mistake:
        lab_of(text)
    assert str(mistake.value).startswith(f"{tmp_path / 'lab.py'}:{line}: ")
    assert remedy in str(mistake.value)


def test_missing_source_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"lab\.py:1: there is no such file"):
        read_lab(tmp_path / "lab.py")
